import assert from "node:assert/strict";
import fc from "fast-check";
import { ToolError } from "../../errors/mod.ts";
import {
  decodeMessage,
  encodeMessage,
  errorOfResponse,
  errorOfTrailers,
  errorTrailers,
  OK_TRAILERS,
} from "./status.ts";
import { formatTimeout, parseTimeout } from "./timeout.ts";

Deno.test("grpc-timeout is written and read as PROTOCOL-HTTP2.md says", () => {
  assert.equal(formatTimeout(1500), "1500m");
  assert.equal(formatTimeout(0), "0m");
  assert.equal(formatTimeout(-5), "0m");
  assert.equal(formatTimeout(99_999_999), "99999999m");
  assert.equal(formatTimeout(100_000_000), "100000S");
  assert.equal(formatTimeout(Infinity), "99999999H");
  const cases: [string, number | undefined][] = [
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3000],
    ["4m", 4],
    ["5000u", 5],
    ["6000000n", 6],
    ["", undefined],
    ["5", undefined],
    ["S", undefined],
    ["-1S", undefined],
    ["1.5S", undefined],
    ["123456789m", undefined],
    ["1s", undefined],
    ["1S ", undefined],
  ];
  for (const [text, ms] of cases) assert.equal(parseTimeout(text), ms, text);
});

Deno.test("a timeout that is written is never longer than asked for, and hardly shorter", () => {
  fc.assert(fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (ms) => {
    const read = parseTimeout(formatTimeout(ms))!;
    assert.ok(read <= ms && read >= ms - Math.max(1, ms / 1000), `${ms} → ${read}`);
  }));
});

Deno.test("grpc-message brings any text across in printable ASCII", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (message) => {
    const encoded = encodeMessage(message);
    assert.match(encoded, /^[\x20-\x7e]*$/);
    assert.equal(encoded.trim(), encoded);
    assert.equal(decodeMessage(encoded), message);
  }));
  assert.equal(encodeMessage("100 %\n«ü»"), "100 %25%0A%C2%AB%C3%BC%C2%BB");
});

Deno.test("a malformed grpc-message is not lost", () => {
  assert.equal(decodeMessage("50% of%ZZ%4"), "50% of%ZZ%4");
  assert.equal(decodeMessage("%ff"), "\ufffd");
});

Deno.test("grpc-message stays short enough for a header", () => {
  assert.ok(encodeMessage("ü".repeat(100_000)).length <= 3 * 4096);
});

Deno.test("trailers say how a call went", () => {
  assert.equal(errorOfTrailers(OK_TRAILERS), undefined);
  const error = errorOfTrailers(
    errorTrailers(new ToolError("compare_failed", "somebody was quicker", { hint: "secret" })),
  );
  assert.deepEqual([error?.code, error?.message, error?.hint], [
    "compare_failed",
    "somebody was quicker",
    undefined,
  ]);
  for (const status of ["", "x", "-1", "1e3", "999"]) {
    assert.equal(errorOfTrailers([["grpc-status", status]])?.code, "internal", status);
  }
  assert.equal(errorOfTrailers([])?.code, "internal");
});

Deno.test("answers that are not gRPC's are known by status and type", () => {
  const of = (status: string, type: string) =>
    errorOfResponse([[":status", status], ["content-type", type]])?.code;
  assert.equal(of("200", "application/grpc"), undefined);
  assert.equal(of("200", "application/grpc+proto"), undefined);
  assert.equal(of("200", "text/html"), "internal");
  assert.equal(of("200", "application/grpc-web"), "internal");
  assert.equal(of("404", "text/plain"), "not_implemented");
  assert.equal(of("503", "text/html"), "connection");
  assert.equal(of("401", "text/html"), "access_denied");
});
