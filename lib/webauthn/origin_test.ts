import { throws } from "node:assert/strict";
import { validateOrigin } from "./origin.ts";

Deno.test("validateOrigin() takes the relying party's host and its subdomains over https", () => {
  const good: [origin: string, rpId: string][] = [
    ["https://example.com", "example.com"],
    ["https://example.com:3080", "example.com"],
    ["https://example.com:443", "example.com"],
    ["https://EXAMPLE.com", "example.com"],
    ["https://example.com", "Example.COM"],
    ["https://proxy.example.com", "example.com"],
    ["https://a.b.example.com:3080", "example.com"],
    ["https://localhost:3080", "localhost"],
    ["http://localhost:8080", "localhost"],
    ["http://app.localhost", "localhost"],
  ];
  for (const [origin, rpId] of good) validateOrigin(origin, rpId);
});

Deno.test("validateOrigin() refuses everything else", () => {
  const bad: [origin: string, rpId: string][] = [
    ["https://evilexample.com", "example.com"],
    ["https://example.com.evil.org", "example.com"],
    ["https://com", "example.com"],
    ["https://example.org", "example.com"],
    ["https://example.com.", "example.com"],
    ["https://.example.com", "example.com"],
    ["http://example.com", "example.com"],
    ["http://localhost.evil.org", "localhost"],
    ["http://notlocalhost", "localhost"],
    ["http://127.0.0.1", "localhost"],
    ["https://example.com@evil.org", "example.com"],
    ["https://evil.org#.example.com", "example.com"],
    ["https://evil.org/.example.com", "example.com"],
    ["https://evil.org\\.example.com", "example.com"],
    ["https://evil.org?.example.com", "example.com"],
    ["https://example.com/", "example.com"],
    ["https://example.com/path", "example.com"],
    ["https://user@example.com", "example.com"],
    ["https://example.com:99999", "example.com"],
    ["https://example.com:", "example.com"],
    [" https://example.com", "example.com"],
    ["https://example.com\n", "example.com"],
    ["https://exämple.com", "xn--exmple-cua.com"],
    ["HTTPS://example.com", "example.com"],
    ["ftp://example.com", "example.com"],
    ["android:apk-key-hash:abc", "example.com"],
    ["null", "example.com"],
    ["example.com", "example.com"],
    ["", "example.com"],
    ["https://", "example.com"],
  ];
  for (const [origin, rpId] of bad) {
    throws(() => validateOrigin(origin, rpId), { code: "access_denied" }, origin);
  }
});
