import { z } from "zod";
import { ToolError } from "../errors/mod.ts";
import type { Path, Position, YamlDocument, YamlValue } from "./yaml.ts";

/** Most errors of one document that are told at once. */
const MAX_ERRORS = 5;

/** A key that the schema does not have, and where it stands. */
export interface UnknownKey {
  /** Dotted path, as people write it: `proxy_service.acme`. */
  name: string;
  position: Position;
}

/**
 * What `document` means by `schema`. A key with nothing behind it (`labels:`) counts as absent.
 *
 * @param onUnknownKey Hears of each key that the schema does not have; by default such a key is an error.
 * @throws {ToolError} `bad_parameter` with a line for each error: `file:line:column: field: expected …, found …`.
 */
export function applySchema<T>(
  document: YamlDocument,
  schema: z.ZodType<T>,
  onUnknownKey?: (key: UnknownKey) => void,
): T {
  const found: { position: Position; message: string }[] = [];
  const say = (position: Position, message: string) => found.push({ position, message });
  visitUnknownKeys(document, schema, [], (key, known) => {
    if (onUnknownKey !== undefined) onUnknownKey(key);
    else {say(
        key.position,
        `${key.name}: there is no such field, known here are ${known.join(", ")}`,
      );}
  });
  const value = withoutNulls(document.value);
  const result = schema.safeParse(value);
  for (const issue of result.error?.issues ?? []) {
    say(document.positionOf(issue.path), describeIssue(issue, value));
  }
  const errors = found.sort((a, b) => byPosition(a.position, b.position)).map((error) =>
    `${document.file}:${error.position.line}:${error.position.column}: ${error.message}`
  );
  if (errors.length > MAX_ERRORS) errors.splice(MAX_ERRORS, Infinity, "… and more");
  if (errors.length > 0 || !result.success) {
    throw new ToolError("bad_parameter", errors.join("\n"));
  }
  return result.data;
}

function byPosition(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column;
}

function describeIssue(issue: z.core.$ZodIssue, root: unknown): string {
  const found = issue.path.reduce<unknown>(
    (value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step],
    root,
  );
  const field = dotted(issue.path);
  const prefix = field === "" ? "" : `${field}: `;
  if (!issue.message.startsWith("expected ")) return prefix + issue.message;
  if (found === undefined) return `${prefix}is missing, ${issue.message}`;
  return `${prefix}${issue.message}, found ${describeValue(found)}`;
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 60 ? value.slice(0, 60) + "…" : value);
}

/** `spec.addr`, `https_keypairs[0].key_file`. */
function dotted(path: Path): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === "number"
        ? `${text}[${step}]`
        : text
        ? `${text}.${String(step)}`
        : String(step),
    "",
  );
}

function withoutNulls(value: YamlValue): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value ?? undefined;
  return Object.fromEntries(
    Object.entries(value).filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );
}

/** Walks mappings and lists as far as the schema describes them as objects. */
function visitUnknownKeys(
  document: YamlDocument,
  schema: z.core.$ZodType,
  path: Path,
  visit: (key: UnknownKey, known: string[]) => void,
): void {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) {
    const items = path.reduce<unknown>((value, step) => (value as never)?.[step], document.value);
    if (!Array.isArray(items)) return;
    items.forEach((_, index) => visitUnknownKeys(document, inner.element, [...path, index], visit));
  } else if (inner instanceof z.ZodObject) {
    const shape = inner.shape as Record<string, z.core.$ZodType>;
    for (const { key, position } of document.keysAt(path)) {
      const field = Object.hasOwn(shape, key) ? shape[key] : undefined;
      if (field === undefined) {
        visit({ name: dotted([...path, key]), position }, Object.keys(shape));
      } else visitUnknownKeys(document, field, [...path, key], visit);
    }
  }
}

/** Takes off what only changes whether or how a value is there. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let at = schema;
  while (true) {
    if (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodPrefault) {
      at = at.unwrap();
    } else if (at instanceof z.ZodPipe) at = at.in;
    else return at;
  }
}
