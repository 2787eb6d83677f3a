/**
 * The cluster's log: lines on standard error, for people or for machines.
 *
 *     2026-11-23T15:51:26.123Z INFO  [proxy] listening on 127.0.0.1:3080
 *     {"timestamp":"2026-11-23T15:51:26.123Z","level":"info","component":"proxy","message":"listening on …"}
 *
 * @module
 */

import { styleText } from "node:util";
import { configure, type LogLevel, type LogRecord, reset } from "@logtape/logtape";
import type { Deps } from "../../../lib/deps/mod.ts";
import { messageOf } from "../../../lib/errors/mod.ts";
import type { LogSeverity } from "../../../lib/resources/mod.ts";
import { printable } from "../../../lib/terminal/mod.ts";

/** How the log looks. */
export interface LogOptions {
  severity: LogSeverity;
  format: "text" | "json";
}

/** Longest value that is put into a line. */
const MAX_VALUE_LENGTH = 2_000;

/** Starts the log. It ends, with everything written, when disposed of. There is one log in a process. */
export async function startLogging(
  { severity, format }: LogOptions,
  { env, terminal }: Pick<Deps, "env" | "terminal">,
): Promise<AsyncDisposable> {
  const paint = terminal.stderrIsTerminal && env.get("NO_COLOR") === undefined;
  const formatRecord = format === "json"
    ? formatJson
    : (record: LogRecord) => formatText(record, paint);
  // One write at a time, or lines would run into one another.
  let written: Promise<void> = Promise.resolve();
  await configure({
    reset: true,
    sinks: {
      stderr: (record) => {
        const line = formatRecord(record);
        written = written.then(() => terminal.stderr(line)).catch(() => {});
      },
    },
    loggers: [
      {
        category: "latchkey",
        sinks: ["stderr"],
        lowestLevel: severity === "warn" ? "warning" : severity,
      },
      { category: ["logtape", "meta"], sinks: ["stderr"], lowestLevel: "error" },
    ],
  });
  return {
    async [Symbol.asyncDispose]() {
      await reset();
      await written;
    },
  };
}

const COLOURS: Partial<Record<LogLevel, Parameters<typeof styleText>[0]>> = {
  trace: "gray",
  debug: "gray",
  warning: "yellow",
  error: "red",
  fatal: "red",
};

/** One line for people. What came from elsewhere cannot break out of it. */
export function formatText(record: LogRecord, paint: boolean): string {
  const name = record.level === "warning" ? "WARN" : record.level.toUpperCase();
  const colour = paint ? COLOURS[record.level] : undefined;
  const level = name.padEnd(5);
  const time = new Date(record.timestamp).toISOString();
  const shown = colour === undefined ? level : styleText(colour, level, { validateStream: false });
  return `${time} ${shown} [${componentOf(record)}] ${printable(messageText(record))}\n`;
}

/** One line for machines: the message, and the values in it by their names. */
export function formatJson(record: LogRecord): string {
  const fields = Object.entries(record.properties).map(([name, value]) => [name, plain(value)]);
  return JSON.stringify({
    timestamp: new Date(record.timestamp).toISOString(),
    level: record.level === "warning" ? "warn" : record.level,
    component: componentOf(record),
    message: messageText(record),
    ...(fields.length > 0 && { fields: Object.fromEntries(fields) }),
  }) + "\n";
}

function componentOf({ category }: LogRecord): string {
  return category.slice(1).join("/") || category.join("/");
}

function messageText({ message }: LogRecord): string {
  // Odd parts are values.
  return message.map((part, index) => index % 2 === 0 ? String(part) : valueText(part)).join("");
}

function valueText(value: unknown): string {
  const text = value instanceof Error
    ? errorText(value)
    : typeof value === "string"
    ? value
    : JSON.stringify(plain(value));
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
}

/** The message and those of its causes: the log is the one place where causes may be told. */
function errorText(error: Error): string {
  const texts: string[] = [];
  let at: unknown = error;
  for (let depth = 0; at !== undefined && at !== null && depth < 8; depth++) {
    texts.push(messageOf(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return texts.join(": ");
}

function plain(value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (value instanceof Error) return errorText(value);
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
