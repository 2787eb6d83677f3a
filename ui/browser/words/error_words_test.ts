import assert from "node:assert/strict";
import { ApiProblem } from "../api/problem.ts";
import { apiErrorWords } from "./api_words.ts";
import { keyErrorWords, noWebauthnWords } from "./key_words.ts";

function domError(name: string, message = ""): Error {
  return new DOMException(message, name);
}

Deno.test("each error that browsers give a ceremony has words of its own", () => {
  const names = [
    "NotAllowedError",
    "InvalidStateError",
    "SecurityError",
    "ConstraintError",
    "NotSupportedError",
    "UnknownError",
  ];
  for (const ceremony of ["sign", "register"] as const) {
    const said = names.map((name) => keyErrorWords(domError(name), ceremony).said);
    assert.equal(new Set(said).size, names.length);
  }
  assert.equal(
    keyErrorWords(domError("NotAllowedError"), "sign").said,
    "The key was not used in time, or the prompt was closed.",
  );
});

Deno.test("a certificate that the browser does not trust is told apart from a closed prompt", () => {
  const error = domError(
    "NotAllowedError",
    "WebAuthn is not supported on sites with TLS certificate errors.",
  );
  assert.match(keyErrorWords(error, "sign").said, /does not trust this site's certificate/);
});

Deno.test("whatever is thrown becomes two sentences", () => {
  for (const thrown of [undefined, null, "text", 7, {}, new Error(), domError("Surprise")]) {
    const { said, next } = keyErrorWords(thrown, "sign");
    assert.match(said, /^[A-Z].*\.$/);
    assert.match(next, /^[A-Z].*\.$/);
  }
});

Deno.test("a browser without keys and an address without https are told apart", () => {
  assert.match(noWebauthnWords(true).said, /browser cannot/);
  assert.match(noWebauthnWords(false).said, /only over https/);
});

Deno.test("a cluster that cannot be reached, has had enough or has a fault says what to do", () => {
  assert.match(apiErrorWords(new ApiProblem(0, "x")).said, /cannot be reached/);
  const limited = apiErrorWords(new ApiProblem(429, "x", { retryAfterSeconds: 42 }));
  assert.equal(limited.next, "Try again in 42 seconds.");
  assert.match(apiErrorWords(new ApiProblem(503, "secret")).said, /could not do that/);
});

Deno.test("a refusal is told in the page's words where it has some, else in the server's", () => {
  const refused = { said: "No.", next: "Yes." };
  assert.equal(apiErrorWords(new ApiProblem(403, "access denied"), { refused }), refused);
  assert.equal(
    apiErrorWords(new ApiProblem(400, "password is too short: expected at least 12")).said,
    "Password is too short: expected at least 12.",
  );
});

Deno.test("a refusal of the page itself is not taken for one of what was typed", () => {
  const refused = { said: "No.", next: "Yes." };
  const said = [
    "this call is not for other origins",
    "this call is not for other sites",
    "CSRF token is missing or wrong; load the page again",
  ].map((message) => apiErrorWords(new ApiProblem(403, message), { refused }).said);
  assert.match(said[0]!, /at this address/);
  assert.equal(said[1], said[0]);
  assert.match(said[2]!, /out of date/);
});

Deno.test("a defect of the page's own is admitted", () => {
  assert.match(apiErrorWords(new TypeError("x is undefined")).said, /on this page went wrong/);
});
