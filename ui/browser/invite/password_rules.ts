/** Shortest password, in characters. The auth service has the same rules and the last word (`lib/auth/passwords.ts`). */
export const MIN_PASSWORD_LENGTH = 12;
/** Longest password, in bytes of UTF-8. */
export const MAX_PASSWORD_BYTES = 128;

/** A rule as it stands for what has been typed. */
export interface RuleState {
  words: string;
  met: boolean;
}

/** Every rule, met or not. A password is good when all are met. */
export function passwordRules(password: string): RuleState[] {
  const normal = password.normalize("NFC");
  const length = Array.from(normal).length;
  const bytes = new TextEncoder().encode(normal).length;
  return [
    {
      words: `At least ${MIN_PASSWORD_LENGTH} characters`,
      met: length >= MIN_PASSWORD_LENGTH,
    },
    {
      words: `At most ${MAX_PASSWORD_BYTES} characters (accented ones and emoji count for more)`,
      met: bytes > 0 && bytes <= MAX_PASSWORD_BYTES,
    },
  ];
}
