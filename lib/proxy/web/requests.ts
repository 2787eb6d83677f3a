/**
 * Bodies that the web API takes, with Teleport's names. Fields that are not named are ignored: clients of other versions
 * send more.
 *
 * @module
 */

import { z } from "zod";
import { base64Text } from "../../wire/web_api.ts";
import {
  type CredentialAssertionResponse,
  credentialAssertionResponseSchema,
  type CredentialCreationResponse,
  credentialCreationResponseSchema,
} from "../../wire/webauthn.ts";

/** Longest user name that is looked at. */
const MAX_NAME = 256;
/** Longest password, in UTF-8 bytes before base64. */
const MAX_PASSWORD_BYTES = 1024;
/** An RSA key of 16384 bits as an authorized_keys line, or a PEM of it, with room to spare. */
const MAX_KEY_BYTES = 8 * 1024;

const absent = z.union([z.null(), z.literal("")]).transform(() => undefined);
const name = z.string().max(MAX_NAME);
const optionalName = absent.or(name.min(1)).optional();
const assertion = credentialAssertionResponseSchema;
const optionalAssertion = z.null().transform(() => undefined).or(assertion).optional();

const optionalKey = absent.or(base64Text(MAX_KEY_BYTES)).optional();

/** Keys and wishes of whoever wants certificates. */
const certificateFields = {
  /** authorized_keys line; newer clients. */
  ssh_pub_key: optionalKey,
  /** authorized_keys line; older clients, who use the one key for TLS too. */
  pub_key: optionalKey,
  /** SubjectPublicKeyInfo in PEM. */
  tls_pub_key: optionalKey,
  /** Nanoseconds; a Go `time.Duration`, beyond what a double holds exactly. */
  ttl: z.number().nonnegative().nullish(),
};

/** `POST /webapi/mfa/login/begin` */
export interface LoginBegin {
  user?: string;
  pass?: string;
  passwordless?: boolean;
}

/** Reads a {@linkcode LoginBegin}. */
export const loginBeginSchema: z.ZodType<LoginBegin> = z.object({
  user: optionalName,
  pass: z.string().max(MAX_PASSWORD_BYTES).optional(),
  passwordless: z.boolean().optional(),
});

/** `POST /webapi/mfa/login/finishsession` */
export interface FinishSession {
  user?: string;
  webauthnAssertionResponse: CredentialAssertionResponse;
}

/** Reads a {@linkcode FinishSession}. */
export const finishSessionSchema: z.ZodType<FinishSession> = z.object({
  user: optionalName,
  webauthnAssertionResponse: assertion,
});

/** Keys for which certificates are asked. */
export interface CertificateKeys {
  sshPublicKey: string;
  tlsPublicKeyPem?: string;
  ttlMs?: number;
}

type CertificateFields = z.infer<z.ZodObject<typeof certificateFields>>;

function keysOf(fields: CertificateFields, context: z.RefinementCtx): CertificateKeys {
  const sshPublicKey = fields.ssh_pub_key ?? fields.pub_key;
  if (sshPublicKey === undefined) {
    context.addIssue({ code: "custom", path: ["ssh_pub_key"], message: "missing parameter" });
    return z.NEVER;
  }
  return {
    sshPublicKey,
    tlsPublicKeyPem: fields.tls_pub_key,
    // Zero is Go's way to say nothing.
    ttlMs: fields.ttl ? fields.ttl / 1e6 : undefined,
  };
}

/** `POST /webapi/mfa/login/finish` */
export interface LoginFinish extends CertificateKeys {
  user?: string;
  response: CredentialAssertionResponse;
}

/** Reads a {@linkcode LoginFinish}. */
export const loginFinishSchema: z.ZodType<LoginFinish> = z.object({
  user: optionalName,
  webauthn_challenge_response: assertion,
  ...certificateFields,
}).transform((fields, context) => ({
  user: fields.user,
  response: fields.webauthn_challenge_response,
  ...keysOf(fields, context),
}));

/** `POST /webapi/headless/login`, and `POST /webapi/ssh/certs` of older clients. */
export interface HeadlessLogin extends CertificateKeys {
  user: string;
  id: string;
}

/** Reads a {@linkcode HeadlessLogin}. */
export const headlessLoginSchema: z.ZodType<HeadlessLogin> = z.object({
  user: name.min(1, "missing parameter"),
  headless_id: z.string().min(1, "missing parameter").max(64),
  ...certificateFields,
}).transform((fields, context) => ({
  user: fields.user,
  id: fields.headless_id,
  ...keysOf(fields, context),
}));

/** `POST /webapi/mfa/token/:token/registerchallenge` */
export interface RegisterChallenge {
  deviceType: "webauthn";
  deviceUsage: "mfa" | "passwordless";
}

/** Reads a {@linkcode RegisterChallenge}. */
export const registerChallengeSchema: z.ZodType<RegisterChallenge> = z.object({
  deviceType: z.literal("webauthn"),
  deviceUsage: absent.transform(() => "mfa" as const).or(z.enum(["mfa", "passwordless"])).default(
    "mfa",
  ),
});

/** `PUT /webapi/users/password/token` */
export interface FinishRegistration {
  token: string;
  password?: string;
  deviceName: string;
  webauthnCreationResponse: CredentialCreationResponse;
}

/** Reads a {@linkcode FinishRegistration}. */
export const finishRegistrationSchema: z.ZodType<FinishRegistration> = z.object({
  token: z.string().min(1).max(256),
  /** Base64 of the password's UTF-8. */
  password: absent.or(base64Text(MAX_PASSWORD_BYTES)).optional(),
  deviceName: z.string().max(256).default(""),
  webauthnCreationResponse: credentialCreationResponseSchema,
});

/** `POST /webapi/mfa/authenticatechallenge` */
export interface AuthenticateChallenge {
  /** `teleport.mfa.v1.ChallengeScope`; 0 when the client knows of none. */
  scope: number;
  /** Whether it may be answered more than once. */
  allowReuse: boolean;
  userVerificationRequirement: "required" | "preferred" | "discouraged" | undefined;
}

/** Reads an {@linkcode AuthenticateChallenge}. */
export const authenticateChallengeSchema: z.ZodType<AuthenticateChallenge> = z.object({
  challenge_scope: z.number().int().nullish(),
  challenge_allow_reuse: z.boolean().nullish(),
  user_verification_requirement: absent.or(z.enum(["required", "preferred", "discouraged"]))
    .optional(),
}).transform((fields) => ({
  scope: fields.challenge_scope ?? 0,
  allowReuse: fields.challenge_allow_reuse ?? false,
  userVerificationRequirement: fields.user_verification_requirement,
}));

/** `PUT /webapi/headless/:id` */
export type HeadlessAnswer =
  | { action: "denied" }
  | { action: "accept"; response: CredentialAssertionResponse };

/** Reads a {@linkcode HeadlessAnswer}. */
export const headlessAnswerSchema: z.ZodType<HeadlessAnswer> = z.object({
  action: z.enum(["accept", "denied"]),
  webauthnAssertionResponse: optionalAssertion,
  /** Newer clients. */
  mfaResponse: z.object({ webauthn_response: optionalAssertion }).nullish(),
}).transform((fields, context) => {
  if (fields.action === "denied") return { action: "denied" as const };
  const response = fields.webauthnAssertionResponse ?? fields.mfaResponse?.webauthn_response;
  if (response === undefined) {
    context.addIssue({
      code: "custom",
      path: ["webauthnAssertionResponse"],
      message: "missing parameter",
    });
    return z.NEVER;
  }
  return { action: "accept" as const, response };
});
