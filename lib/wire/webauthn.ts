/**
 * What a WebAuthn ceremony says over the wire: the JSON forms of WebAuthn L3 (§5.1.8 `…OptionsJSON`, §5.1
 * `…ResponseJSON`), wrapped in `publicKey` as a browser's `navigator.credentials` wants them.
 *
 * Every byte field is base64url without padding. The schemas also take standard base64 and padding, because tools written
 * in Go send that, and answer with base64url. They bound every string and list: they read input from strangers.
 *
 * @module
 */

import { z } from "zod";

/** Most bytes of a credential id (WebAuthn L3 §4, "Credential ID"). */
export const MAX_CREDENTIAL_ID_BYTES = 1023;
/** Most bytes of a user handle (WebAuthn L3 §5.4.3). */
export const MAX_USER_HANDLE_BYTES = 64;
/** Most bytes of a challenge taken from a server; ours have 32. */
export const MAX_CHALLENGE_BYTES = 1024;
/** Most bytes of `clientDataJSON`: a challenge, an origin and what clients may add. */
export const MAX_CLIENT_DATA_BYTES = 8 * 1024;
/** Most bytes of authenticator data: 37, a credential id, a COSE key (ML-DSA-87 has 2.6 kB) and extensions. */
export const MAX_AUTHENTICATOR_DATA_BYTES = 8 * 1024;
/** Most bytes of a signature (ML-DSA-87 has 4.6 kB, RSA-8192 1 kB). */
export const MAX_SIGNATURE_BYTES = 8 * 1024;
/** Most bytes of an attestation object, whose statement may hold a chain of certificates. */
export const MAX_ATTESTATION_OBJECT_BYTES = 64 * 1024;

/** Bytes in base64url without padding (RFC 4648 §5). */
export type Base64Url = string;

/** WebAuthn L3 §5.8.6. */
export type UserVerification = "required" | "preferred" | "discouraged";

/** Names one credential (WebAuthn L3 §5.8.3). */
export interface CredentialDescriptor {
  /** The only type there is. */
  type: "public-key";
  /** The credential's id. */
  id: Base64Url;
  /** Ways to reach it: `usb`, `nfc`, … */
  transports?: string[];
}

/** Options of `navigator.credentials.get` (WebAuthn L3 §5.5, `PublicKeyCredentialRequestOptionsJSON`). */
export interface RequestOptions {
  /** Random bytes to be signed. */
  challenge: Base64Url;
  /** Milliseconds. */
  timeout?: number;
  /** Relying party id; the page's host when absent. */
  rpId?: string;
  /** Empty or absent: any discoverable credential of the relying party. */
  allowCredentials?: CredentialDescriptor[];
  /** Whether the authenticator should know who touches it. */
  userVerification?: UserVerification;
  /** `appid` lets credentials of the old U2F protocol sign (WebAuthn L2 §10.1). */
  extensions?: { appid?: string };
}

/** What a server asks to be signed. */
export interface CredentialAssertion {
  /** For `navigator.credentials.get`. */
  publicKey: RequestOptions;
}

/** What a client answers about extensions. Unsigned: never decide on it alone. */
export interface ClientExtensionResults {
  /** The assertion was made for the `appid` instead of the relying party's id. */
  appid?: boolean;
  /** `rk`: whether the new credential is discoverable (WebAuthn L3 §10.1.3). */
  credProps?: { rk?: boolean };
}

/** The answer to a {@linkcode CredentialAssertion} (`AuthenticationResponseJSON`). */
export interface CredentialAssertionResponse {
  /** The credential's id; the same as `rawId`. */
  id: Base64Url;
  /** The credential's id. */
  rawId: Base64Url;
  /** The only type there is. */
  type: "public-key";
  /** What client and authenticator say. */
  response: {
    clientDataJSON: Base64Url;
    authenticatorData: Base64Url;
    signature: Base64Url;
    /** The user's WebAuthn id, which discoverable credentials hold. */
    userHandle?: Base64Url;
  };
  /** What the client did about extensions. */
  clientExtensionResults: ClientExtensionResults;
}

/** Options of `navigator.credentials.create` (WebAuthn L3 §5.4, `PublicKeyCredentialCreationOptionsJSON`). */
export interface CreationOptions {
  /** The relying party. */
  rp: { id?: string; name: string };
  /** Whose credential it will be; `id` is the WebAuthn id. */
  user: { id: Base64Url; name: string; displayName: string };
  /** Random bytes to be signed. */
  challenge: Base64Url;
  /** Acceptable algorithms, COSE numbers, most wanted first. */
  pubKeyCredParams: { type: "public-key"; alg: number }[];
  /** Milliseconds. */
  timeout?: number;
  /** Credentials that the user has already: an authenticator that holds one refuses to make another. */
  excludeCredentials?: CredentialDescriptor[];
  /** What kind of authenticator, and of credential. */
  authenticatorSelection?: {
    authenticatorAttachment?: "platform" | "cross-platform";
    /** The older form of `residentKey`, for clients of WebAuthn L1. */
    requireResidentKey?: boolean;
    residentKey?: "required" | "preferred" | "discouraged";
    userVerification?: UserVerification;
  };
  /** Whether the authenticator should say who made it. */
  attestation?: "none" | "indirect" | "direct" | "enterprise";
  /** `credProps`: tell whether the credential is discoverable. */
  extensions?: { credProps?: boolean };
}

/** What a server asks a new credential to be. */
export interface CredentialCreation {
  /** For `navigator.credentials.create`. */
  publicKey: CreationOptions;
}

/** The answer to a {@linkcode CredentialCreation} (`RegistrationResponseJSON`). */
export interface CredentialCreationResponse {
  /** The new credential's id; the same as `rawId`. */
  id: Base64Url;
  /** The credential's id. */
  rawId: Base64Url;
  /** The only type there is. */
  type: "public-key";
  /** What client and authenticator say. */
  response: {
    clientDataJSON: Base64Url;
    attestationObject: Base64Url;
    transports?: string[];
  };
  /** What the client did about extensions. */
  clientExtensionResults: ClientExtensionResults;
}

/**
 * Base64 in either alphabet, padded or not, of 1 to `maxBytes` bytes; gives base64url without padding. Bits that say
 * nothing must be 0, so that every reader after this one sees the same bytes.
 */
function bytes(maxBytes: number): z.ZodType<Base64Url> {
  return z.string().max(4 * Math.ceil(maxBytes / 3), `longer than ${maxBytes} bytes`)
    .regex(/^(?:[A-Za-z0-9_-]+|[A-Za-z0-9+/]+)={0,2}$/, "not base64 or base64url")
    .transform((text) => text.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_"))
    .refine((text) => Math.floor(text.length * 3 / 4) <= maxBytes, `longer than ${maxBytes} bytes`)
    .refine(isCanonical, "not canonical base64");
}

/** RFC 4648 §3.5. */
function isCanonical(text: Base64Url): boolean {
  try {
    const decoded = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return decoded.toBase64({ alphabet: "base64url", omitPadding: true }) === text;
  } catch {
    return false;
  }
}

/** `null` and the empty string, as Go clients write an absent byte field, count as absent. */
function optionalBytes(maxBytes: number): z.ZodType<Base64Url | undefined> {
  return z.union([z.null(), z.literal("")]).transform(() => undefined).or(bytes(maxBytes))
    .optional();
}

const credentialId = bytes(MAX_CREDENTIAL_ID_BYTES);
const transports = z.array(z.string().max(32)).max(16).nullish().transform((list) =>
  list ?? undefined
);
const userVerification = z.enum(["required", "preferred", "discouraged"]);

const descriptor = z.object({ type: z.literal("public-key"), id: credentialId, transports });

const extensionResults = z.object({
  appid: z.boolean().optional(),
  credProps: z.object({ rk: z.boolean().optional() }).optional(),
}).nullish();

/** What both kinds of answer have: Teleport's own clients say `extensions`, browsers `clientExtensionResults`. */
const credentialFields = {
  id: credentialId,
  rawId: credentialId,
  type: z.literal("public-key"),
  clientExtensionResults: extensionResults,
  extensions: extensionResults,
};

/** Moves the two names of the extension results into one. */
function mergeExtensionResults<
  T extends {
    clientExtensionResults?: ClientExtensionResults | null;
    extensions?: ClientExtensionResults | null;
  },
>({ clientExtensionResults, extensions, ...rest }: T) {
  return { ...rest, clientExtensionResults: clientExtensionResults ?? extensions ?? {} };
}

/** Reads a {@linkcode CredentialAssertionResponse} from a stranger. */
export const credentialAssertionResponseSchema: z.ZodType<CredentialAssertionResponse> = z.object({
  ...credentialFields,
  response: z.object({
    clientDataJSON: bytes(MAX_CLIENT_DATA_BYTES),
    authenticatorData: bytes(MAX_AUTHENTICATOR_DATA_BYTES),
    signature: bytes(MAX_SIGNATURE_BYTES),
    userHandle: optionalBytes(MAX_USER_HANDLE_BYTES),
  }),
}).transform(mergeExtensionResults);

/** Reads a {@linkcode CredentialCreationResponse} from a stranger. */
export const credentialCreationResponseSchema: z.ZodType<CredentialCreationResponse> = z.object({
  ...credentialFields,
  response: z.object({
    clientDataJSON: bytes(MAX_CLIENT_DATA_BYTES),
    attestationObject: bytes(MAX_ATTESTATION_OBJECT_BYTES),
    transports,
  }),
}).transform(mergeExtensionResults);

/** Reads a {@linkcode CredentialAssertion} from a server. */
export const credentialAssertionSchema: z.ZodType<CredentialAssertion> = z.object({
  publicKey: z.object({
    challenge: bytes(MAX_CHALLENGE_BYTES),
    timeout: z.number().int().nonnegative().optional(),
    rpId: z.string().max(253).optional(),
    allowCredentials: z.array(descriptor).max(256).nullish().transform((list) => list ?? undefined),
    userVerification: userVerification.optional(),
    extensions: z.object({ appid: z.string().max(2048).optional() }).optional(),
  }),
});

/** Reads a {@linkcode CredentialCreation} from a server. */
export const credentialCreationSchema: z.ZodType<CredentialCreation> = z.object({
  publicKey: z.object({
    rp: z.object({ id: z.string().max(253).optional(), name: z.string().max(256) }),
    user: z.object({
      id: bytes(MAX_USER_HANDLE_BYTES),
      name: z.string().max(1024),
      displayName: z.string().max(1024),
    }),
    challenge: bytes(MAX_CHALLENGE_BYTES),
    pubKeyCredParams: z.array(z.object({ type: z.literal("public-key"), alg: z.number().int() }))
      .max(64),
    timeout: z.number().int().nonnegative().optional(),
    excludeCredentials: z.array(descriptor).max(256).nullish().transform((list) =>
      list ?? undefined
    ),
    authenticatorSelection: z.object({
      authenticatorAttachment: z.enum(["platform", "cross-platform"]).optional(),
      requireResidentKey: z.boolean().optional(),
      residentKey: z.enum(["required", "preferred", "discouraged"]).optional(),
      userVerification: userVerification.optional(),
    }).optional(),
    attestation: z.enum(["none", "indirect", "direct", "enterprise"]).optional(),
    extensions: z.object({ credProps: z.boolean().optional() }).optional(),
  }),
});
