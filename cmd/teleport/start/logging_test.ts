import assert from "node:assert/strict";
import { getLogger, type LogRecord } from "@logtape/logtape";
import { realDeps, type Terminal } from "../../../lib/deps/mod.ts";
import { ToolError } from "../../../lib/errors/mod.ts";
import { formatJson, formatText, startLogging } from "./logging.ts";

function record(message: readonly unknown[], rest: Partial<LogRecord> = {}): LogRecord {
  return {
    category: ["latchkey", "proxy"],
    level: "warning",
    message,
    rawMessage: "",
    timestamp: Date.UTC(2026, 10, 23, 15, 51, 26, 123),
    properties: {},
    ...rest,
  };
}

Deno.test("formatText() writes time, level, component and message", () => {
  assert.equal(
    formatText(record(["listening on ", "127.0.0.1:3080", ""]), false),
    "2026-11-23T15:51:26.123Z WARN  [proxy] listening on 127.0.0.1:3080\n",
  );
});

Deno.test("formatText() keeps a line a line, whatever a stranger is called", () => {
  const line = formatText(record(["user ", "eve\n2026 ERROR [auth] \x1b[2Jbroken", ""]), false);
  assert.equal(line.indexOf("\n"), line.length - 1);
  assert.ok(!line.includes("\x1b"));
});

Deno.test("formatText() tells the causes of an error", () => {
  const error = new ToolError("internal", "the store cannot be written", {
    cause: new Error("disk full"),
  });
  assert.match(
    formatText(record(["cannot save: ", error, ""]), false),
    /cannot be written: disk full\n$/,
  );
});

Deno.test("formatText() colours the level only when asked to", () => {
  assert.ok(formatText(record(["x"]), true).includes("\x1b[33m"));
});

Deno.test("formatJson() writes one object a line, with the values by name", () => {
  const line = formatJson(
    record(["port ", 3080, ""], {
      properties: { port: 3080, error: new Error("x"), circular: {} },
    }),
  );
  assert.ok(line.endsWith("\n") && !line.slice(0, -1).includes("\n"));
  assert.deepEqual(JSON.parse(line), {
    timestamp: "2026-11-23T15:51:26.123Z",
    level: "warn",
    component: "proxy",
    message: "port 3080",
    fields: { port: 3080, error: "x", circular: "{}" },
  });
});

Deno.test("startLogging() writes what is loud enough, in order, and all of it before it ends", async () => {
  let written = "";
  const terminal: Terminal = {
    ...realDeps().terminal,
    stderrIsTerminal: false,
    async stderr(text) {
      await new Promise((wake) => setTimeout(wake, written === "" ? 5 : 0));
      written += text;
    },
  };
  const log = getLogger(["latchkey", "test"]);
  {
    await using _ = await startLogging({ severity: "info", format: "text" }, {
      env: { get: () => undefined },
      terminal,
    });
    log.info("first {n}", { n: 1 });
    log.debug("not this");
    log.warn("second");
  }
  assert.deepEqual(written.split("\n").map((line) => line.slice(25)), [
    "INFO  [test] first 1",
    "WARN  [test] second",
    "",
  ]);
  log.error("nobody listens any more");
  assert.ok(!written.includes("nobody"));
});
