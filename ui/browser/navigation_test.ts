import assert from "node:assert/strict";
import fc from "fast-check";
import { loginPath, safeRedirect } from "./navigation.ts";

const ORIGIN = "https://proxy.example.com:3080";

Deno.test("signing in leads back to pages of this site, by path or by address", () => {
  const request = "/web/headless/86172f78-af7c-5935-a7c1-ed06b94f17dc";
  assert.equal(safeRedirect(request, ORIGIN), request);
  assert.equal(safeRedirect(ORIGIN + request, ORIGIN), request);
  assert.equal(safeRedirect("/web", ORIGIN), "/web");
});

Deno.test("everything else leads home", () => {
  const elsewhere = [
    null,
    "",
    "/",
    "/webapi/ping",
    "/webx/y",
    "//evil.example/web/x",
    "https://evil.example/web/x",
    "https://proxy.example.com/web/x",
    "http://proxy.example.com:3080/web/x",
    "https://proxy.example.com:3080@evil.example/web/x",
    "\\\\evil.example\\web\\x",
    "/\\evil.example/web/x",
    "javascript:alert(1)",
    "/web/../webapi/x",
    "/web/login",
    "/web/login/?redirect_uri=/web/login",
    "https://[",
    "/web/" + "x".repeat(3000),
  ];
  for (const wanted of elsewhere) assert.equal(safeRedirect(wanted, ORIGIN), "/web", `${wanted}`);
});

Deno.test("no input leads off this site", () => {
  const piece = fc.constantFrom("/", "\\", "web", "..", ":", "@", "evil.example", "?", "#", "%2f");
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 10 }).map((list) => list.join("")),
  );
  fc.assert(fc.property(text, (wanted) => {
    const url = new URL(safeRedirect(wanted, ORIGIN), ORIGIN);
    assert.equal(url.origin, ORIGIN);
    assert.match(url.pathname, /^\/web(\/|$)/);
  }));
});

Deno.test("the way to the sign-in page remembers the way back", () => {
  const path = loginPath("/web/headless/x?y=1&z", { ended: true });
  const query = new URL(path, ORIGIN).searchParams;
  assert.equal(query.get("redirect_uri"), "/web/headless/x?y=1&z");
  assert.equal(query.get("ended"), "1");
});
