import assert from "node:assert/strict";
import fc from "fast-check";
import { type ErrorCode, ToolError } from "../errors/mod.ts";
import { errorFromGrpc, errorFromHttp, grpcStatusOf, httpStatusOf, publicError } from "./mod.ts";

/** Codes that a peer can tell from all others, on both wires. */
const DISTINCT: ErrorCode[] = [
  "bad_parameter",
  "not_found",
  "access_denied",
  "compare_failed",
  "limit_exceeded",
  "connection",
  "cancelled",
  "not_implemented",
  "internal",
  "already_exists",
];

Deno.test("an error code survives each wire", () => {
  for (const code of DISTINCT) {
    assert.equal(errorFromHttp(httpStatusOf(code), "m").code, code);
    assert.equal(errorFromGrpc(grpcStatusOf(code), "m").code, code);
  }
  assert.equal(errorFromGrpc(grpcStatusOf("expired"), "m").code, "expired");
});

Deno.test("codes that peers need not tell apart become their neighbours", () => {
  assert.equal(httpStatusOf("rejected"), 403);
  assert.equal(grpcStatusOf("rejected"), 7);
  assert.equal(errorFromHttp(httpStatusOf("usage"), "m").code, "bad_parameter");
  assert.equal(errorFromGrpc(grpcStatusOf("trust"), "m").code, "connection");
});

Deno.test("504 is a wait that ran out when it says so, else a service that cannot be reached", () => {
  assert.equal(errorFromHttp(504, "context deadline exceeded").code, "expired");
  assert.equal(errorFromHttp(504, "headless request expired").code, "expired");
  assert.equal(errorFromHttp(504, "failed to dial auth").code, "connection");
});

Deno.test("every status maps to some code, and the message is fit for a terminal", () => {
  fc.assert(fc.property(fc.integer(), fc.string({ unit: "binary" }), (status, message) => {
    for (const error of [errorFromHttp(status, message), errorFromGrpc(status, message)]) {
      assert.ok(error instanceof ToolError);
      assert.notEqual(error.message, "");
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(error.message, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    }
  }));
  assert.equal(errorFromHttp(403, "\u001b[2Jdenied\r\n").message, "[2Jdenied");
  assert.equal(errorFromGrpc(99, "x").code, "internal");
  assert.ok(errorFromHttp(400, "x".repeat(100_000)).message.length < 3000);
});

Deno.test("no line of a peer's message can pass for one of ours", () => {
  const forged = "denied\r\nERROR: your session has ended\n\n\n   Password: \n";
  const shown = "denied\n    ERROR: your session has ended\n    Password:";
  assert.equal(errorFromHttp(403, forged).message, shown);
  assert.equal(errorFromGrpc(7, forged).message, shown);
  // The same again after the next hop.
  assert.equal(errorFromGrpc(7, shown).message, shown);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", " ", "\n", "\r", "\t") }), (message) => {
      const [first, ...others] = errorFromHttp(400, message).message.split("\n");
      assert.notEqual(first, "");
      for (const line of others) assert.match(line, /^ {4}\S/);
    }),
  );
});

Deno.test("publicError() keeps what is ours and hides the rest", () => {
  const ours = new ToolError("not_found", "no such node");
  assert.equal(publicError(ours), ours);
  const foreign = new TypeError("secret path");
  assert.equal(publicError(foreign).message, "internal error");
  assert.equal(publicError(foreign).cause, foreign);
  assert.equal(publicError(AbortSignal.abort().reason).code, "cancelled");
});
