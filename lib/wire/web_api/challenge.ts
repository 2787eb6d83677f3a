import { z } from "zod";
import { type CredentialAssertion, credentialAssertionSchema } from "../webauthn.ts";
import { flag } from "./body.ts";

/** What a challenge may be used for, and its number on both wires (`teleport.mfa.v1.ChallengeScope`). */
export const CHALLENGE_SCOPES = {
  UNSPECIFIED: 0,
  LOGIN: 1,
  PASSWORDLESS_LOGIN: 2,
  HEADLESS_LOGIN: 3,
  MANAGE_DEVICES: 4,
  ACCOUNT_RECOVERY: 5,
  USER_SESSION: 6,
  ADMIN_ACTION: 7,
  CHANGE_PASSWORD: 8,
} as const;

/** Name of a challenge's scope. */
export type ChallengeScopeName = keyof typeof CHALLENGE_SCOPES;

/** The scope of a number; one that is not known here is `undefined`, and must be refused. */
export function challengeScopeOf(number: number): ChallengeScopeName | undefined {
  for (const [name, value] of Object.entries(CHALLENGE_SCOPES)) {
    if (value === number) return name as ChallengeScopeName;
  }
  return undefined;
}

/** The answer to `POST /webapi/mfa/login/begin` and `POST /webapi/mfa/authenticatechallenge`. */
export interface MfaChallenge {
  /** For a security key. */
  webauthn?: CredentialAssertion;
  /** Whether a one-time code would do. */
  totp: boolean;
}

/** Reads an {@linkcode MfaChallenge}. */
export const mfaChallengeSchema: z.ZodType<MfaChallenge> = z.object({
  webauthn_challenge: credentialAssertionSchema.nullish(),
  totp_challenge: flag,
}).transform((fields) => ({
  webauthn: fields.webauthn_challenge ?? undefined,
  totp: fields.totp_challenge,
}));

/** The body of `POST /webapi/mfa/authenticatechallenge`. */
export function authenticateChallengeBody(
  { scope, allowReuse = false, userVerificationRequirement = "" }: {
    scope: ChallengeScopeName;
    allowReuse?: boolean;
    userVerificationRequirement?: string;
  },
): Record<string, unknown> {
  return {
    challenge_scope: CHALLENGE_SCOPES[scope],
    challenge_allow_reuse: allowReuse,
    user_verification_requirement: userVerificationRequirement,
  };
}
