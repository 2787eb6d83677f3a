import { ToolError } from "../errors/mod.ts";
import { type CborMap, decodeCbor } from "./cbor.ts";

/** Formats whose statement is understood (WebAuthn L3 §8). `android-safetynet` is left out: its service has ended. */
export const ATTESTATION_FORMATS: readonly string[] = [
  "none",
  "packed",
  "tpm",
  "android-key",
  "apple",
  "fido-u2f",
];

/** What an authenticator says of itself at a registration (WebAuthn L3 §6.5.4). */
export interface AttestationObject {
  /** Format of the statement: `none`, `packed`, … */
  format: string;
  statement: CborMap;
  authenticatorData: Uint8Array;
  /** Certificates of the statement, the authenticator's first; absent where the format or the statement has none. */
  certificates?: Uint8Array[];
}

/** Most certificates in one statement. Real ones have at most four. */
const MAX_CERTIFICATES = 8;

/**
 * Reads an attestation object: a CBOR map of `fmt` (text), `attStmt` (map) and `authData` (bytes).
 *
 * @throws {ToolError} `bad_parameter`
 */
export function parseAttestationObject(bytes: Uint8Array): AttestationObject {
  const map = decodeCbor(bytes);
  if (!(map instanceof Map)) throw malformed("not a map");
  const [format, statement, authenticatorData] = ["fmt", "attStmt", "authData"].map((name) =>
    map.get(name)
  );
  if (typeof format !== "string") throw malformed("no format");
  if (!ATTESTATION_FORMATS.includes(format)) {
    throw new ToolError("bad_parameter", `attestation format ${quote(format)} not supported`);
  }
  if (!(statement instanceof Map)) throw malformed("no statement");
  if (!(authenticatorData instanceof Uint8Array)) throw malformed("no authenticator data");

  const chain = statement.get("x5c");
  if (chain === undefined) return { format, statement, authenticatorData };
  if (!Array.isArray(chain) || chain.length === 0 || chain.length > MAX_CERTIFICATES) {
    throw malformed(`x5c is not a list of 1 to ${MAX_CERTIFICATES} certificates`);
  }
  const certificates = chain.filter((certificate) => certificate instanceof Uint8Array);
  if (certificates.length !== chain.length) throw malformed("a certificate that is not bytes");
  return { format, statement, authenticatorData, certificates };
}

/** A stranger's words, short and without anything that a terminal would obey. */
function quote(text: string): string {
  return JSON.stringify(text.slice(0, 32));
}

function malformed(what: string): ToolError {
  return new ToolError("bad_parameter", `malformed attestation object: ${what}`);
}
