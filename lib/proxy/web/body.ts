/**
 * Request bodies: bounded before they are parsed, parsed before they are believed.
 *
 * @module
 */

import type { z } from "zod";
import { ToolError } from "../../errors/mod.ts";
import type { WebRequest } from "./context.ts";
import { WebError } from "./errors.ts";

/** How a body is read. */
export interface BodyOptions {
  /** Most bytes. */
  maxBytes: number;
  /** Take a request without a body for `{}`: clients of 2023 send some that way. */
  mayBeEmpty?: boolean;
}

/**
 * Reads a JSON body.
 *
 * @throws 400 for what is not JSON or not of the schema's shape, 413 for too many bytes, announced or sent, 415 for
 * another content type or encoding.
 */
export async function readJson<T>(
  c: WebRequest,
  schema: z.ZodType<T>,
  options: BodyOptions,
): Promise<T> {
  checkLength(c.req.header("Content-Length"), options.maxBytes);
  if (c.req.header("Content-Encoding") !== undefined) {
    throw new WebError(415, "bad_parameter", "an encoded body is not understood");
  }
  const type = c.req.header("Content-Type");
  // A page of another site can send the types of forms without asking first; this one it cannot.
  if (type !== undefined && !/^application\/json\s*(;|$)/i.test(type)) {
    throw new WebError(415, "bad_parameter", "the body has to be application/json");
  }
  const text = await readText(c, options.maxBytes);
  if (text === "" && options.mayBeEmpty) return parse(schema, {});
  if (type === undefined) {
    throw new WebError(415, "bad_parameter", "the body has to be application/json");
  }
  return parse(schema, parseJson(text));
}

function checkLength(announced: string | undefined, maxBytes: number): void {
  if (announced !== undefined && Number(announced) > maxBytes) throw tooLarge(maxBytes);
}

function tooLarge(maxBytes: number): WebError {
  return new WebError(413, "limit_exceeded", `the body is over ${maxBytes} bytes`);
}

async function readText(c: WebRequest, maxBytes: number): Promise<string> {
  const body = c.req.raw.body;
  if (body === null) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decode(decoder);
      bytes += value.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      text += decode(decoder, value);
    }
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError("cancelled", "the body broke off", { cause: error });
  } finally {
    reader.releaseLock();
  }
}

function decode(decoder: TextDecoder, bytes?: Uint8Array): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch (cause) {
    throw new ToolError("bad_parameter", "the body is not UTF-8", { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The cause would quote the body, and with it a password, in the log.
    throw new ToolError("bad_parameter", "the body is not JSON");
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.join(".");
  throw new ToolError("bad_parameter", field === "" ? issue.message : `${field}: ${issue.message}`);
}
