import { z } from "zod";
import { ToolError } from "../../errors/mod.ts";
import { errorFromHttp } from "../status.ts";

/** Most characters of an answer's body that is looked at; certificates with many roles take some ten thousand. */
export const MAX_ANSWER_LENGTH = 4 * 1024 * 1024;

/** `{"error": {"message": …}}`, Teleport's form of every failure. */
const errorSchema = z.object({ error: z.object({ message: z.string() }) });

/**
 * Reads an answer's JSON.
 *
 * @param what The answer's name in error messages: `answer to a ping`.
 * @throws {ToolError} `bad_parameter` when it is not JSON of the schema's form, with the place.
 */
export function readAnswer<T>(schema: z.ZodType<T>, text: string, what: string): T {
  const value = parseJson(text);
  if (value === undefined) throw new ToolError("bad_parameter", `${what} is not JSON`);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue!.path.length === 0 ? "" : ` at ${issue!.path.join(".")}`;
  throw new ToolError("bad_parameter", `${what} is malformed${place}: ${issue!.message}`);
}

/**
 * The error that an answer with a status of 400 or more means. A body in another form than Teleport's (a proxy's error
 * page) is not shown, only the status.
 */
export function readError(status: number, text: string): ToolError {
  const body = errorSchema.safeParse(parseJson(text));
  return errorFromHttp(status, body.success ? body.data.error.message : "");
}

/** `undefined` when it is not JSON, or too long. */
function parseJson(text: string): unknown {
  if (text.length > MAX_ANSWER_LENGTH) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Text that Go may leave out, or write as `null` or empty: all are absent. */
export const optionalText: z.ZodType<string | undefined> = z.string().max(4096).nullish()
  .transform((text) => text || undefined);

/** A flag that Go leaves out when it is false. */
export const flag: z.ZodType<boolean> = z.boolean().nullish().transform((value) => value ?? false);

/** Text in standard base64, as Go writes a `[]byte` that holds text. */
export function base64Text(maxBytes: number): z.ZodType<string> {
  return z.string().max(4 * Math.ceil(maxBytes / 3)).transform((text, context) => {
    try {
      const bytes = Uint8Array.fromBase64(text);
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      context.addIssue({ code: "custom", message: "not UTF-8 text in base64" });
      return z.NEVER;
    }
  });
}

/** Text as Go reads a `[]byte`: standard base64 of its UTF-8. */
export function toBase64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
