import { z } from "zod";
import { ToolError } from "../errors/mod.ts";
import { MAX_CHALLENGE_BYTES } from "../wire/webauthn.ts";
import { fromBase64Url, toBase64Url } from "./bytes.ts";

/** What the client (a browser) says of a ceremony (WebAuthn L3 §5.8.1). */
export interface ClientData {
  type: string;
  challenge: Uint8Array;
  origin: string;
}

/** More fields may come and are ignored, as §5.8.1 asks. */
const schema = z.object({
  type: z.string().max(64),
  challenge: z.string().min(1).max(Math.ceil(MAX_CHALLENGE_BYTES * 4 / 3)),
  origin: z.string().max(2048),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.unknown().optional(),
});

/**
 * Reads `clientDataJSON` and verifies what does not depend on the relying party: `type`, and that the page was not in
 * another site's frame (this cluster's pages never are).
 *
 * @throws {ToolError} `bad_parameter` when malformed or of the other type, `access_denied` when from a frame.
 */
export function parseClientData(
  bytes: Uint8Array,
  expectedType: "webauthn.create" | "webauthn.get",
): ClientData {
  let parsed: z.infer<typeof schema>;
  let challenge: Uint8Array;
  try {
    parsed = schema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
    challenge = fromBase64Url(parsed.challenge);
  } catch (cause) {
    throw new ToolError("bad_parameter", "malformed client data", { cause });
  }
  if (toBase64Url(challenge) !== parsed.challenge) {
    throw new ToolError("bad_parameter", "malformed client data: challenge is not base64url");
  }
  if (parsed.type !== expectedType) {
    throw new ToolError(
      "bad_parameter",
      `client data is of type ${JSON.stringify(parsed.type)}, expected "${expectedType}"`,
    );
  }
  if (parsed.crossOrigin === true || parsed.topOrigin !== undefined) {
    throw new ToolError("access_denied", "the page that asked was inside another site's frame");
  }
  return { type: parsed.type, challenge, origin: parsed.origin };
}
