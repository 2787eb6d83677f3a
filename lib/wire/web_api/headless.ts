import { z } from "zod";
import type { CredentialAssertionResponse } from "../webauthn.ts";
import { base64Text, optionalText } from "./body.ts";
import { type CertificateWish, certificateWishBody } from "./certificates.ts";

/** Path of the headless login since Teleport 15. */
export const HEADLESS_LOGIN_PATH = "/webapi/headless/login";

/** Path of the headless login before; to be tried when the newer one answers 404. */
export const SSH_CERTS_PATH = "/webapi/ssh/certs";

/** What a waiting command asks for. */
export interface HeadlessLoginRequest extends CertificateWish {
  /** Whose certificates. */
  user: string;
  /** `headlessId(sshPublicKey)`. */
  id: string;
}

/** The body for {@linkcode HEADLESS_LOGIN_PATH}. */
export function headlessLoginBody(request: HeadlessLoginRequest): Record<string, unknown> {
  const { user, id, ...wish } = request;
  return { user, headless_id: id, ...certificateWishBody(wish, "both") };
}

/** The body for {@linkcode SSH_CERTS_PATH}: one key for SSH and TLS. */
export function sshCertsBody(request: HeadlessLoginRequest): Record<string, unknown> {
  const { user, id, ...wish } = request;
  return {
    user,
    password: "",
    otp_token: "",
    headless_id: id,
    ...certificateWishBody(wish, "single"),
  };
}

/** Numbers of `types.HeadlessAuthenticationState`. */
export const HEADLESS_STATES = ["unspecified", "pending", "denied", "approved"] as const;

/** The answer to `GET /webapi/headless/:id`. */
export interface HeadlessAuthentication {
  /** The request's id. */
  id: string;
  /** The user who is asked. */
  user: string;
  /** authorized_keys line of the waiting command. */
  sshPublicKey?: string;
  /** What became of it. */
  state: (typeof HEADLESS_STATES)[number];
  /** Where the waiting command is, perhaps with a port. */
  clientAddress?: string;
  /** When it stops waiting, RFC 3339. */
  expires?: string;
}

/** Reads a {@linkcode HeadlessAuthentication}. */
export const headlessAuthenticationSchema: z.ZodType<HeadlessAuthentication> = z.object({
  header: z.object({ metadata: z.object({ name: z.string().max(256), expires: optionalText }) }),
  user: z.string().max(1024),
  public_key: base64Text(16 * 1024).nullish(),
  state: z.number().int().nullish(),
  client_ip_address: optionalText,
}).transform((fields) => ({
  id: fields.header.metadata.name,
  user: fields.user,
  sshPublicKey: fields.public_key?.trimEnd() || undefined,
  state: HEADLESS_STATES[fields.state ?? 0] ?? "unspecified",
  clientAddress: fields.client_ip_address,
  expires: fields.header.metadata.expires,
}));

/** The body of `PUT /webapi/headless/:id`; older and newer clusters look for the assertion under different names. */
export function headlessAnswerBody(
  answer: { action: "denied" } | { action: "accept"; response: CredentialAssertionResponse },
): Record<string, unknown> {
  if (answer.action === "denied") return { action: "denied" };
  return {
    action: "accept",
    webauthnAssertionResponse: answer.response,
    mfaResponse: { webauthn_response: answer.response },
  };
}
