import { z } from "zod";
import { splitHostPort } from "./address.ts";

/** Longest string that a resource or the configuration holds, certificates apart. */
const MAX_TEXT_LENGTH = 1024;

/** Control characters, which could move a reader's cursor: such text is shown in terminals. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;

function oneLine(error: string): z.ZodType<string> {
  return z.string({ error })
    .refine((value) => value.length <= MAX_TEXT_LENGTH && !CONTROL.test(value), {
      error: `expected at most ${MAX_TEXT_LENGTH} characters on one line`,
    });
}

/** A string of one line. */
export const text: z.ZodType<string> = oneLine("expected a string");

/** A string of one line that says something. */
export const filledText: z.ZodType<string> = text
  .refine((value) => value.trim() !== "", { error: "expected a string that is not empty" });

/** The name of a resource: it stands in paths and in commands like `tctl rm node/NAME`. */
export const resourceName: z.ZodType<string> = text
  .refine((value) => /^[^\s/][^/]{0,254}$/.test(value) && value === value.trim(), {
    error: "expected a name of at most 255 characters, without / and spaces around it",
  });

/** A list of strings. */
export const textList: z.ZodType<string[]> = z.array(filledText, {
  error: "expected a list of strings",
});

/** A string, or a list of them. */
export const textOrList: z.ZodType<string[]> = z.union([filledText, textList], {
  error: "expected a string or a list of strings",
}).transform((value) => typeof value === "string" ? [value] : value);

/** `true` or `false`, also in the words that YAML 1.1 had and Teleport's documentation uses. */
export const flag: z.ZodType<boolean> = z.union(
  [z.boolean(), z.enum(["yes", "no", "on", "off", "y", "n"])],
  { error: "expected yes or no" },
).transform((value) => value === true || value === "yes" || value === "on" || value === "y");

/** `host:port`. */
export const hostAndPort: z.ZodType<string> = text
  .refine((value) => {
    const address = splitHostPort(value);
    return address !== undefined && address.host !== "" && address.port > 0;
  }, { error: "expected a host and a port, like 192.0.2.7:22" });

/** A key of a label, as Teleport allows it. */
const LABEL_KEY = /^[a-zA-Z0-9/._*:-]+$/;

/** Labels: words to words. */
export const labels: z.ZodType<Record<string, string>> = z.record(
  z.string(),
  oneLine("expected a string (put numbers, true and false in quotes)"),
  { error: "expected a mapping of labels to values, like env: prod" },
).superRefine((value, context) => {
  for (const key of Object.keys(value)) {
    if (key.length <= 255 && LABEL_KEY.test(key)) continue;
    context.addIssue({
      code: "custom",
      path: [key],
      message: `the label's name may hold only letters, digits and / . _ * : -`,
    });
  }
});

/** A moment: RFC 3339, kept in UTC. */
export const moment: z.ZodType<string> = text
  .refine(
    (value) =>
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
      !Number.isNaN(Date.parse(value)),
    { error: "expected a date and time like 2026-11-23T16:00:00Z" },
  )
  .transform((value) => new Date(value).toISOString());
