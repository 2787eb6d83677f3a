import { stringify } from "yaml";
import type { z } from "zod";
import { applySchema } from "./apply_schema.ts";
import { type ClusterAuthPreference, clusterAuthPreferenceSchema } from "./auth_preference.ts";
import { type NodeResource, nodeSchema } from "./node.ts";
import { type RoleResource, roleSchema } from "./role.ts";
import { type UserResource, userSchema } from "./user.ts";
import { type Position, readYaml } from "./yaml.ts";

/** Anything that an administrator writes. */
export type Resource = NodeResource | UserResource | RoleResource | ClusterAuthPreference;

/** A resource, and where in its file it began. */
export interface PlacedResource {
  /** What it says. */
  resource: Resource;
  /** `file:line:column`, for messages about it. */
  place: string;
}

const SCHEMAS: { readonly [K in Resource["kind"]]: z.ZodType<Resource & { kind: K }> } = {
  node: nodeSchema,
  user: userSchema,
  role: roleSchema,
  cluster_auth_preference: clusterAuthPreferenceSchema,
};

/** Names of all kinds. */
export const RESOURCE_KINDS: readonly string[] = Object.keys(SCHEMAS);

/**
 * Reads all resources of a YAML file, all or none.
 *
 * @param text The file's content, one or more documents.
 * @param file Its name, for messages.
 * @throws {ToolError} `bad_parameter` that names file, line and column, and what was expected there.
 */
export function parseResources(text: string, file: string): PlacedResource[] {
  return readYaml(text, file).map((document) => {
    const start = document.positionOf([]);
    const kind = document.value !== null && typeof document.value === "object" &&
        !Array.isArray(document.value)
      ? document.value["kind"]
      : undefined;
    if (typeof kind !== "string" || !isKind(kind)) {
      const what = kind === undefined
        ? "this is no resource, it has no kind"
        : `resources of kind ${JSON.stringify(kind)} are not known`;
      throw document.error(
        kind === undefined ? start : document.positionOf(["kind"]),
        `${what}, expected one of ${RESOURCE_KINDS.join(", ")}`,
      );
    }
    const resource = applySchema<Resource>(document, SCHEMAS[kind]);
    return { resource, place: placeOf(file, start) };
  });
}

/** A resource as YAML that {@linkcode parseResources} reads; fields that say nothing are left out. */
export function formatResource(resource: Resource): string {
  const { kind, version, metadata, spec } = resource;
  const subKind = "sub_kind" in resource && resource.sub_kind !== ""
    ? { sub_kind: resource.sub_kind }
    : {};
  return stringify({
    kind,
    ...subKind,
    version,
    metadata: withoutEmpty(metadata),
    spec: withoutEmpty(spec),
  });
}

function isKind(kind: string): kind is Resource["kind"] {
  return Object.hasOwn(SCHEMAS, kind);
}

function placeOf(file: string, { line, column }: Position): string {
  return `${file}:${line}:${column}`;
}

function withoutEmpty(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) =>
      value !== undefined && value !== "" &&
      !(typeof value === "object" && value !== null && Object.keys(value).length === 0)
    ),
  );
}
