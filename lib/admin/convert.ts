/**
 * Messages of the auth service as values of this program, and back.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ToolError } from "../errors/mod.ts";
import {
  checkNode,
  type NodeResource,
  type RoleConditions,
  type RoleResource,
} from "../resources/mod.ts";
import {
  RequireMFAType,
  type RoleConditionsSchema,
  type RoleV6Schema,
  type ServerV2,
  type ServerV2Schema,
  type UserTokenV3,
  type UserV2,
  type UserV2Schema,
} from "../wire/gen/types_pb.ts";
import type { AdminInvitation, AdminUser } from "./admin.ts";

/** Name of the trait that holds operating system logins. */
const LOGINS_TRAIT = "logins";
/** The one namespace; older clusters insist on it. */
export const NAMESPACE = "default";

/** A new user as the auth service takes it. */
export function messageOfUser(
  { name, roles, logins }: { name: string; roles: string[]; logins: string[] },
): MessageInitShape<typeof UserV2Schema> {
  return {
    kind: "user",
    version: "v2",
    metadata: { name, namespace: NAMESPACE },
    spec: { roles, traits: { values: { [LOGINS_TRAIT]: { values: logins } } } },
  };
}

/** A user as the auth service gives it. */
export function userOfMessage({ metadata, spec }: UserV2): AdminUser {
  const createdAtMs = momentOf(spec?.createdBy?.time);
  return {
    name: metadata?.name ?? "",
    roles: spec?.roles ?? [],
    logins: spec?.traits?.values[LOGINS_TRAIT]?.values ?? [],
    ...(createdAtMs !== undefined && { createdAtMs }),
    locked: spec?.status?.isLocked ?? false,
  };
}

/** An invitation as the auth service gives it. */
export function invitationOfMessage({ subKind, metadata, spec }: UserTokenV3): AdminInvitation {
  const expiresAtMs = momentOf(metadata?.expires);
  if (spec === undefined || expiresAtMs === undefined || !URL.canParse(spec.url)) {
    throw new ToolError(
      "connection",
      "the cluster's answer makes no sense: an invitation without URL or end",
    );
  }
  return {
    token: metadata!.name,
    kind: subKind === "password" ? "password" : "invite",
    user: spec.user,
    url: spec.url,
    createdAtMs: momentOf(spec.created) ?? expiresAtMs,
    expiresAtMs,
  };
}

/** A node as the auth service takes it. */
export function messageOfNode(node: NodeResource): MessageInitShape<typeof ServerV2Schema> {
  const { name, description, labels, expires } = node.metadata;
  const { addr, hostname, public_addrs, version } = node.spec;
  return {
    kind: node.kind,
    subKind: node.sub_kind,
    version: node.version,
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

/** A role as the auth service takes it. */
export function messageOfRole(
  { version, metadata, spec: { options, allow, deny } }: RoleResource,
): MessageInitShape<typeof RoleV6Schema> {
  const { name, description, labels } = metadata;
  return {
    kind: "role",
    version,
    metadata: {
      name,
      namespace: NAMESPACE,
      labels,
      ...(description !== undefined && { description }),
    },
    spec: {
      options: {
        forwardAgent: options.forward_agent,
        portForwarding: { value: options.port_forwarding },
        maxSessionTtl: nanosecondsOf(options.max_session_ttl),
        requireMfaType: options.require_session_mfa ? RequireMFAType.SESSION : RequireMFAType.OFF,
      },
      allow: messageOfConditions(allow),
      deny: messageOfConditions(deny),
    },
  };
}

function messageOfConditions(
  { logins, node_labels }: RoleConditions,
): MessageInitShape<typeof RoleConditionsSchema> {
  const labels = Object.entries(node_labels).map(([name, values]) => [name, { values }]);
  return { logins, nodeLabels: { values: Object.fromEntries(labels) } };
}

/** `30h0m0s` in nanoseconds. */
function nanosecondsOf(duration: string): bigint {
  const [, hours = "0", minutes = "0", seconds = "0"] =
    /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration) ?? [];
  return (BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds)) * 1_000_000_000n;
}

/**
 * A node as the auth service gives it.
 *
 * @throws {ToolError} `bad_parameter` for one that no cluster should have.
 */
export function nodeOfMessage({ subKind, metadata, spec }: ServerV2): NodeResource {
  const expiresAtMs = momentOf(metadata?.expires);
  return checkNode({
    kind: "node",
    sub_kind: subKind,
    version: "v2",
    metadata: {
      name: metadata?.name,
      labels: metadata?.labels,
      ...(metadata?.description && { description: metadata.description }),
      ...(expiresAtMs !== undefined && { expires: new Date(expiresAtMs).toISOString() }),
    },
    spec: {
      addr: spec?.addr,
      hostname: spec?.hostname,
      public_addrs: spec?.publicAddrs,
      version: spec?.version,
    },
  });
}

/** Go's zero time, year 1, means that nothing was said. */
function momentOf(timestamp: Timestamp | undefined): number | undefined {
  return timestamp === undefined || timestamp.seconds <= 0n ? undefined : timestampMs(timestamp);
}
