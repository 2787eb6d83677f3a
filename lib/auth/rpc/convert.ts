/**
 * Values of the auth service as protobuf messages, and back. Messages say what Teleport's say; what they cannot say is left
 * out.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ToolError } from "../../errors/mod.ts";
import type { NodeResource, RoleConditions, RoleResource } from "../../resources/mod.ts";
import type { MFADevice } from "../../webauthn/mod.ts";
import {
  type AuthPreferenceV2Schema,
  type CertAuthorityV2Schema,
  type HeadlessAuthenticationSchema,
  HeadlessAuthenticationState,
  type MFADeviceSchema,
  RequireMFAType,
  type RoleConditions as RoleConditionsMessage,
  type RoleConditionsSchema,
  type RoleV6,
  type RoleV6Schema,
  type ServerV2,
  type ServerV2Schema,
  type UserTokenV3Schema,
  type UserV2,
  type UserV2Schema,
} from "../../wire/gen/types_pb.ts";
import type {
  AuthPreference,
  CertificateAuthority,
  HeadlessRequest,
  Invitation,
  User,
} from "../auth.ts";

/** The one namespace; older clients insist on it. */
const NAMESPACE = "default";

/** A user, without secrets. */
export function userToMessage(user: User): MessageInitShape<typeof UserV2Schema> {
  return {
    kind: "user",
    version: "v2",
    metadata: { name: user.name, namespace: NAMESPACE },
    spec: {
      roles: user.roles,
      traits: { values: { logins: { values: user.logins } } },
      status: { isLocked: user.locked },
      createdBy: { time: timestampFromMs(user.createdAtMs) },
    },
  };
}

/** A new user as a client describes one. */
export function userFromMessage(
  { metadata, spec }: UserV2,
): { name: string; roles: string[]; logins: string[] } {
  return {
    name: metadata?.name ?? "",
    roles: spec?.roles ?? [],
    logins: spec?.traits?.values["logins"]?.values ?? [],
  };
}

/** An invitation: the only message that holds its token. */
export function invitationToMessage(
  invitation: Invitation,
  { isReset, nowMs }: { isReset: boolean; nowMs: number },
): MessageInitShape<typeof UserTokenV3Schema> {
  return {
    kind: "user_token",
    subKind: isReset ? "password" : "invite",
    version: "v3",
    metadata: {
      name: invitation.token,
      namespace: NAMESPACE,
      expires: timestampFromMs(invitation.expiresAtMs),
    },
    spec: { user: invitation.user, url: invitation.url, created: timestampFromMs(nowMs) },
  };
}

/** A node. */
export function nodeToMessage(node: NodeResource): MessageInitShape<typeof ServerV2Schema> {
  const { name, description, labels, expires } = node.metadata;
  const { addr, hostname, public_addrs, version } = node.spec;
  return {
    kind: "node",
    subKind: node.sub_kind,
    version: "v2",
    metadata: {
      name,
      namespace: NAMESPACE,
      labels,
      ...(description !== undefined && { description }),
      ...(expires !== undefined && { expires: timestampFromMs(Date.parse(expires)) }),
    },
    spec: { addr, hostname, publicAddrs: public_addrs, version },
  };
}

/** A node as a client describes one; not checked yet. Labels whose value a command prints count as labels. */
export function nodeFromMessage({ subKind, metadata, spec }: ServerV2): NodeResource {
  const expiresAtMs = momentOf(metadata?.expires);
  const printed = Object.entries(spec?.cmdLabels ?? {}).map(([name, { result }]) => [name, result]);
  return {
    kind: "node",
    sub_kind: subKind === "openssh" ? "openssh" : "",
    version: "v2",
    metadata: {
      name: metadata?.name ?? "",
      labels: { ...metadata?.labels, ...Object.fromEntries(printed) },
      ...(metadata?.description && { description: metadata.description }),
      ...(expiresAtMs !== undefined && { expires: new Date(expiresAtMs).toISOString() }),
    },
    spec: {
      addr: spec?.addr ?? "",
      hostname: spec?.hostname ?? "",
      public_addrs: spec?.publicAddrs ?? [],
      version: spec?.version ?? "",
    },
  };
}

/** A device, without keys. */
export function deviceToMessage(device: MFADevice): MessageInitShape<typeof MFADeviceSchema> {
  return {
    kind: "mfa_device",
    subKind: device.kind === "webauthn" ? "WebAuthn" : "U2F",
    version: "v1",
    metadata: { name: device.name, namespace: NAMESPACE },
    id: device.id,
    addedAt: timestampFromMs(device.addedAtMs),
    lastUsed: timestampFromMs(device.lastUsedMs),
    device: device.kind === "webauthn"
      ? {
        case: "webauthn",
        value: {
          credentialId: device.webauthn.credentialId,
          attestationType: device.webauthn.attestationType,
          aaguid: device.webauthn.aaguid,
          signatureCounter: device.webauthn.signatureCounter,
          residentKey: device.webauthn.residentKey,
          credentialRpId: device.webauthn.credentialRpId,
        },
      }
      : {
        case: "u2f",
        value: { keyHandle: device.u2f.keyHandle, counter: device.u2f.counter },
      },
  };
}

/**
 * A headless request. Teleport's message has no word for one that ended unanswered: its clusters have forgotten it by then.
 *
 * @throws {ToolError} `not_found` for those.
 */
export function headlessToMessage(
  request: HeadlessRequest,
): MessageInitShape<typeof HeadlessAuthenticationSchema> {
  const { PENDING, APPROVED, DENIED } = STATES;
  const state = { pending: PENDING, approved: APPROVED, denied: DENIED }[
    request.state as "pending" | "approved" | "denied"
  ];
  if (state === undefined) {
    const what = request.state === "expired" ? "has expired" : "was withdrawn by its command";
    throw new ToolError("not_found", `headless authentication ${what}`);
  }
  return {
    header: {
      kind: "headless_authentication",
      version: "v1",
      metadata: {
        name: request.id,
        namespace: NAMESPACE,
        expires: timestampFromMs(request.expiresAtMs),
      },
    },
    user: request.user,
    publicKey: new TextEncoder().encode(request.sshPublicKey + "\n"),
    state,
    clientIpAddress: request.clientAddress,
    ...(request.device && {
      mfaDevice: { id: request.device.id, metadata: { name: request.device.name } },
    }),
  };
}

const STATES = {
  PENDING: HeadlessAuthenticationState.PENDING,
  DENIED: HeadlessAuthenticationState.DENIED,
  APPROVED: HeadlessAuthenticationState.APPROVED,
} as const;

/** The authentication settings. */
export function authPreferenceToMessage(
  preference: AuthPreference,
): MessageInitShape<typeof AuthPreferenceV2Schema> {
  const { webauthn, u2f } = preference;
  return {
    kind: "cluster_auth_preference",
    version: "v2",
    metadata: { name: "cluster-auth-preference", namespace: NAMESPACE },
    spec: {
      type: preference.type,
      secondFactor: "webauthn",
      connectorName: preference.connectorName,
      allowLocalAuth: { value: preference.allowLocalAuth },
      allowPasswordless: { value: preference.allowPasswordless },
      allowHeadless: { value: preference.allowHeadless },
      lockingMode: "best_effort",
      requireMfaType: mfaTypeOf(preference.requireSessionMfa),
      webauthn: {
        rpId: webauthn.rpId,
        attestationAllowedCas: webauthn.attestationAllowedCas ?? [],
        attestationDeniedCas: webauthn.attestationDeniedCas ?? [],
      },
      ...(u2f && { u2f: { appId: u2f.appId } }),
    },
  };
}

/** A role. */
export function roleToMessage({ metadata, spec }: RoleResource): MessageInitShape<
  typeof RoleV6Schema
> {
  return {
    kind: "role",
    version: "v6",
    metadata: {
      name: metadata.name,
      namespace: NAMESPACE,
      labels: metadata.labels,
      description: metadata.description ?? "",
    },
    spec: {
      options: {
        forwardAgent: spec.options.forward_agent,
        portForwarding: { value: spec.options.port_forwarding },
        maxSessionTtl: nanosecondsOf(spec.options.max_session_ttl),
        certificateFormat: "standard",
        requireMfaType: mfaTypeOf(spec.options.require_session_mfa),
      },
      allow: conditionsToMessage(spec.allow),
      deny: conditionsToMessage(spec.deny),
    },
  };
}

function mfaTypeOf(isRequired: boolean | undefined): RequireMFAType {
  return isRequired ? RequireMFAType.SESSION : RequireMFAType.OFF;
}

/**
 * A role as a client describes one; not checked yet.
 *
 * @throws {ToolError} `not_implemented` for what this cluster would not obey: such a role must not look as if it held.
 */
export function roleFromMessage({ metadata, version, spec }: RoleV6): RoleResource {
  const { options, allow, deny } = spec ?? {};
  const mfaType = options?.requireMfaType ?? RequireMFAType.OFF;
  if (mfaType !== RequireMFAType.OFF && mfaType !== RequireMFAType.SESSION) {
    throw new ToolError("not_implemented", "this cluster does not have roles with hardware keys");
  }
  const ttl = options?.maxSessionTtl ?? 0n;
  return {
    kind: "role",
    version: version as RoleResource["version"],
    metadata: {
      name: metadata?.name ?? "",
      labels: { ...metadata?.labels },
      ...(metadata?.description && { description: metadata.description }),
    },
    spec: {
      options: {
        forward_agent: options?.forwardAgent ?? false,
        port_forwarding: options?.portForwarding?.value ?? true,
        max_session_ttl: ttl > 0n ? `${ttl / 1_000_000_000n}s` : "30h0m0s",
        ...(mfaType === RequireMFAType.SESSION && { require_session_mfa: true }),
      },
      allow: conditionsFromMessage(allow),
      deny: conditionsFromMessage(deny),
    },
  };
}

function conditionsFromMessage(conditions: RoleConditionsMessage | undefined): RoleConditions {
  if (conditions?.nodeLabelsExpression) {
    throw new ToolError("not_implemented", "this cluster does not have node_labels_expression");
  }
  const labels = Object.entries(conditions?.nodeLabels?.values ?? {});
  return {
    logins: conditions?.logins ?? [],
    node_labels: Object.fromEntries(labels.map(([name, { values }]) => [name, values])),
  };
}

function conditionsToMessage(
  { logins, node_labels }: RoleConditions,
): MessageInitShape<typeof RoleConditionsSchema> {
  const values = Object.fromEntries(
    Object.entries(node_labels).map(([name, patterns]) => [name, { values: patterns }]),
  );
  return { logins, nodeLabels: { values } };
}

/** A certificate authority's public side. */
export function authorityToMessage(
  { kind, clusterName, checkingKeys, tlsCerts }: CertificateAuthority,
): MessageInitShape<typeof CertAuthorityV2Schema> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return {
    kind: "cert_authority",
    subKind: kind,
    version: "v2",
    metadata: { name: clusterName, namespace: NAMESPACE },
    spec: {
      type: kind,
      clusterName,
      activeKeys: {
        ssh: checkingKeys.map((key) => ({ publicKey: bytes(key + "\n") })),
        tls: tlsCerts.map((cert) => ({ cert: bytes(cert) })),
      },
    },
  };
}

/** `30h0m0s` in nanoseconds. */
function nanosecondsOf(duration: string): bigint {
  const [, hours = "0", minutes = "0", seconds = "0"] =
    /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration) ?? [];
  return (BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds)) * 1_000_000_000n;
}

/** Go's zero time, year 1, means that nothing was said. */
function momentOf(timestamp: Timestamp | undefined): number | undefined {
  return timestamp === undefined || timestamp.seconds <= 0n ? undefined : timestampMs(timestamp);
}
