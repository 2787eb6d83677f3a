/**
 * A node as tsh prints it in JSON and YAML: the resource, with the names, order and omissions of Teleport's own.
 *
 * @module
 */

import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Rotation, ServerV2 } from "../wire/gen/types_pb.ts";

/** A value that JSON can hold; integers beyond 2^53 are bigint. */
export type ResourceValue =
  | string
  | number
  | bigint
  | boolean
  | ResourceValue[]
  | { [key: string]: ResourceValue };

/** A resource: kind, version, metadata, spec. */
export type Resource = { [key: string]: ResourceValue };

/** The resource that `server` is. */
export function nodeResource(server: ServerV2): Resource {
  const { metadata, spec } = server;
  return withoutAbsent({
    kind: server.kind,
    sub_kind: server.subKind || undefined,
    version: server.version,
    metadata: withoutAbsent({
      name: metadata?.name ?? "",
      description: metadata?.description || undefined,
      labels: nonEmpty(sorted(metadata?.labels ?? {})),
      expires: metadata?.expires === undefined ? undefined : goTime(metadata.expires),
      id: metadata?.id || undefined,
      revision: metadata?.revision || undefined,
    }),
    spec: withoutAbsent({
      addr: spec?.addr ?? "",
      public_addr: spec?.publicAddr || undefined,
      hostname: spec?.hostname ?? "",
      cmd_labels: nonEmpty(sorted(commandLabels(server))),
      rotation: rotationResource(spec?.rotation),
      use_tunnel: spec?.useTunnel || undefined,
      version: spec?.version ?? "",
      public_addrs: spec?.publicAddrs.length ? spec.publicAddrs : undefined,
    }),
  });
}

/** Static labels, and what the commands of dynamic ones printed last. */
export function allLabels(server: ServerV2): Record<string, string> {
  const labels: [string, string][] = Object.entries(server.metadata?.labels ?? {});
  for (const [key, label] of Object.entries(server.spec?.cmdLabels ?? {})) {
    labels.push([key, label.result]);
  }
  return Object.fromEntries(labels);
}

function commandLabels(server: ServerV2): Record<string, ResourceValue> {
  const labels = Object.entries(server.spec?.cmdLabels ?? {});
  return Object.fromEntries(
    labels.map(([key, { period, command, result }]) => [key, {
      period: goDuration(period),
      command: [...command],
      result,
    }]),
  );
}

/** Teleport always prints it, with Go's zero time for what never happened. */
function rotationResource(rotation: Rotation | undefined): Resource {
  const { schedule } = rotation ?? {};
  return withoutAbsent({
    state: rotation?.state || undefined,
    phase: rotation?.phase || undefined,
    mode: rotation?.mode || undefined,
    current_id: rotation?.currentId ?? "",
    started: goTime(rotation?.started),
    grace_period: rotation?.gracePeriod ? goDuration(rotation.gracePeriod) : undefined,
    last_rotated: goTime(rotation?.lastRotated),
    schedule: {
      update_clients: goTime(schedule?.updateClients),
      update_servers: goTime(schedule?.updateServers),
      standby: goTime(schedule?.standby),
    },
  });
}

function withoutAbsent(fields: { [key: string]: ResourceValue | undefined }): Resource {
  return Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, ResourceValue] =>
      field[1] !== undefined
    ),
  );
}

function nonEmpty(record: Resource): Resource | undefined {
  return Object.keys(record).length === 0 ? undefined : record;
}

/** Go writes maps sorted by key. */
function sorted(record: { [key: string]: ResourceValue }): Resource {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
}

/** RFC 3339 with as many digits of a second as there are, up to nine. */
function goTime(timestamp: Timestamp | undefined): string {
  if (timestamp === undefined) return "0001-01-01T00:00:00Z";
  const date = new Date(Number(timestamp.seconds) * 1000);
  if (Number.isNaN(date.getTime())) return "0001-01-01T00:00:00Z";
  const fraction = String(timestamp.nanos).padStart(9, "0").replace(/0+$/, "");
  return date.toISOString().replace(/\.\d+Z$/, fraction === "" ? "Z" : `.${fraction}Z`);
}

/** A Go duration: `1h0m0s`, `1m30.5s`, `250ms`. */
function goDuration(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? "-" : "";
  const rest = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (rest === 0n) return "0s";
  if (rest < 1_000n) return `${sign}${rest}ns`;
  if (rest < 1_000_000n) return `${sign}${decimal(rest, 3)}µs`;
  if (rest < 1_000_000_000n) return `${sign}${decimal(rest, 6)}ms`;
  const hours = rest / 3_600_000_000_000n;
  const minutes = rest / 60_000_000_000n % 60n;
  const seconds = `${decimal(rest % 60_000_000_000n, 9)}s`;
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

/** `value` with its last `digits` digits behind the point, without zeros at the end. */
function decimal(value: bigint, digits: number): string {
  const text = value.toString().padStart(digits + 1, "0");
  const fraction = text.slice(-digits).replace(/0+$/, "");
  return fraction === "" ? text.slice(0, -digits) : `${text.slice(0, -digits)}.${fraction}`;
}
