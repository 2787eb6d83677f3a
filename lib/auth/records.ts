import { z } from "zod";
import type { Backend, Item, NewItem } from "../backend/mod.ts";
import { isToolError, ToolError } from "../errors/mod.ts";

/** Bytes inside a record: base64url in JSON. {@linkcode Records.encode} writes them so by itself. */
export const bytesField: z.ZodType<Uint8Array<ArrayBuffer>> = z.string().transform((text, ctx) => {
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch {
    ctx.addIssue("not base64url");
    return z.NEVER;
  }
});

/** A record as found, with the item that holds it. */
export interface Found<T> {
  value: T;
  item: Item;
}

/** Records of one kind in the backend: JSON, checked when read. */
export class Records<T> {
  readonly #backend: Backend;
  readonly #schema: z.ZodType<T>;
  readonly #kind: string;

  /** `kind` names the records in errors: `user`, `web session`. */
  constructor(backend: Backend, kind: string, schema: z.ZodType<T>) {
    this.#backend = backend;
    this.#schema = schema;
    this.#kind = kind;
  }

  /** The item that holds `value`. */
  encode(key: string, value: T, expiresAtMs?: number): NewItem {
    const text = JSON.stringify(
      value,
      (_, field) =>
        field instanceof Uint8Array
          ? field.toBase64({ alphabet: "base64url", omitPadding: true })
          : field,
    );
    const item: NewItem = { key, value: new TextEncoder().encode(text) };
    if (expiresAtMs !== undefined) item.expiresAtMs = expiresAtMs;
    return item;
  }

  /** What `item` holds. Throws `internal` when it is damaged. */
  decode(item: Item): T {
    try {
      return this.#schema.parse(JSON.parse(new TextDecoder().decode(item.value)));
    } catch (cause) {
      throw new ToolError("internal", `stored ${this.#kind} is damaged`, { cause });
    }
  }

  /** The record at `key`, if there is one. */
  async find(key: string): Promise<Found<T> | undefined> {
    let item: Item;
    try {
      item = await this.#backend.get(key);
    } catch (error) {
      if (isToolError(error, "not_found")) return undefined;
      throw error;
    }
    return { item, value: this.decode(item) };
  }

  /** All records below `prefix`. */
  async list(prefix: string, limit?: number): Promise<Found<T>[]> {
    const items = await this.#backend.range(prefix, limit === undefined ? {} : { limit });
    return items.map((item) => ({ item, value: this.decode(item) }));
  }
}
