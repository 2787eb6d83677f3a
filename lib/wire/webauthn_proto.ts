/**
 * WebAuthn messages between their two forms: JSON as browsers speak it (`webauthn.ts`), protobuf as the auth service
 * speaks it (`gen/webauthn_pb.ts`).
 *
 * What comes out of protobuf came from a peer: it is checked with the same schemas as JSON.
 *
 * @module
 */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ToolError } from "../errors/mod.ts";
import {
  type CredentialAssertion as AssertionMessage,
  type CredentialAssertionResponse as ResponseMessage,
  CredentialAssertionResponseSchema,
  CredentialAssertionSchema,
  type CredentialDescriptor as DescriptorMessage,
} from "./gen/webauthn_pb.ts";
import {
  type Base64Url,
  type CredentialAssertion,
  type CredentialAssertionResponse,
  credentialAssertionResponseSchema,
  credentialAssertionSchema,
} from "./webauthn.ts";

/** A challenge as the auth service says it. */
export function assertionToProto({ publicKey: options }: CredentialAssertion): AssertionMessage {
  const publicKey: MessageInitShape<typeof CredentialAssertionSchema>["publicKey"] = {
    challenge: bytesOf(options.challenge),
    timeoutMs: BigInt(options.timeout ?? 0),
    rpId: options.rpId ?? "",
    allowCredentials: (options.allowCredentials ?? []).map(({ type, id }) => ({
      type,
      id: bytesOf(id),
    })),
    userVerification: options.userVerification ?? "",
  };
  if (options.extensions?.appid !== undefined) {
    publicKey.extensions = { appId: options.extensions.appid };
  }
  return create(CredentialAssertionSchema, { publicKey });
}

/**
 * A challenge from the auth service.
 *
 * @throws {ToolError} `bad_parameter` when it is not one.
 */
export function assertionFromProto(message: AssertionMessage): CredentialAssertion {
  const options = message.publicKey;
  const appid = options?.extensions?.appId;
  return check(credentialAssertionSchema, "WebAuthn challenge", {
    publicKey: options && {
      challenge: textOf(options.challenge),
      timeout: options.timeoutMs === 0n ? undefined : Number(options.timeoutMs),
      rpId: options.rpId || undefined,
      allowCredentials: options.allowCredentials.length === 0
        ? undefined
        : options.allowCredentials.map(descriptorFromProto),
      userVerification: options.userVerification || undefined,
      extensions: appid ? { appid } : undefined,
    },
  });
}

/** An answer as the auth service takes it. */
export function assertionResponseToProto(answer: CredentialAssertionResponse): ResponseMessage {
  const { response, clientExtensionResults } = answer;
  return create(CredentialAssertionResponseSchema, {
    type: answer.type,
    rawId: bytesOf(answer.rawId),
    response: {
      clientDataJson: bytesOf(response.clientDataJSON),
      authenticatorData: bytesOf(response.authenticatorData),
      signature: bytesOf(response.signature),
      userHandle: response.userHandle === undefined
        ? new Uint8Array()
        : bytesOf(response.userHandle),
    },
    extensions: { appId: clientExtensionResults.appid ?? false },
  });
}

/**
 * An answer from a client of the auth service.
 *
 * @throws {ToolError} `bad_parameter` when it is not one.
 */
export function assertionResponseFromProto(message: ResponseMessage): CredentialAssertionResponse {
  const { response, extensions } = message;
  const id = textOf(message.rawId);
  return check(credentialAssertionResponseSchema, "WebAuthn answer", {
    id,
    rawId: id,
    type: message.type,
    response: response && {
      clientDataJSON: textOf(response.clientDataJson),
      authenticatorData: textOf(response.authenticatorData),
      signature: textOf(response.signature),
      userHandle: response.userHandle.length === 0 ? undefined : textOf(response.userHandle),
    },
    clientExtensionResults: extensions?.appId ? { appid: true } : {},
  });
}

function descriptorFromProto({ type, id }: DescriptorMessage): { type: string; id: Base64Url } {
  return { type, id: textOf(id) };
}

function check<T>(
  schema: { safeParse(value: unknown): { success: boolean; data?: T } },
  what: string,
  value: unknown,
): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new ToolError("bad_parameter", `${what} is malformed`);
  return result.data!;
}

function bytesOf(text: Base64Url): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch (cause) {
    throw new ToolError("bad_parameter", "WebAuthn bytes are not base64url", { cause });
  }
}

function textOf(bytes: Uint8Array): Base64Url {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
