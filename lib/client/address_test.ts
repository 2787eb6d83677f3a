import assert from "node:assert/strict";
import fc from "fast-check";
import { ToolError } from "../errors/mod.ts";
import { isLoopback, joinHostPort, parseHostPort, parseProxyAddress } from "./address.ts";

Deno.test.each([
  ["proxy.example.com", "proxy.example.com", undefined, 3023],
  ["proxy.example.com:3080", "proxy.example.com", 3080, 3023],
  ["proxy.example.com:443,3024", "proxy.example.com", 443, 3024],
  ["proxy.example.com:,3024", "proxy.example.com", undefined, 3024],
  ["proxy.example.com:443,", "proxy.example.com", 443, 3023],
  ["proxy.example.com: 443 , 3024", "proxy.example.com", 443, 3024],
  ["  Proxy.Example.COM:3080 ", "proxy.example.com", 3080, 3023],
  ["127.0.0.1:3080", "127.0.0.1", 3080, 3023],
  ["::1", "::1", undefined, 3023],
  ["[::1]", "::1", undefined, 3023],
  ["[::1]:3080", "::1", 3080, 3023],
  ["[2001:DB8:0::7]:443,3023", "2001:db8::7", 443, 3023],
  ["https://proxy.example.com", "proxy.example.com", 443, 3023],
  ["https://proxy.example.com:3080/web/login?x=1#y", "proxy.example.com", 3080, 3023],
  ["HTTPS://[::1]:3080/", "::1", 3080, 3023],
  ["münchen.example:443", "xn--mnchen-3ya.example", 443, 3023],
])("parseProxyAddress(%o)", (text, host, webPort, sshPort) => {
  assert.deepEqual(parseProxyAddress(text), { typed: text.trim(), host, webPort, sshPort });
});

Deno.test.each([
  ["", /is empty/],
  ["   ", /is empty/],
  ["http://proxy.example.com", /http is not https/],
  ["ssh://proxy.example.com:22", /ssh is not https/],
  ["proxy.example.com:0", /0 is not a port/],
  ["proxy.example.com:65536", /65536 is not a port/],
  ["proxy.example.com:http", /http is not a port/],
  ["proxy.example.com:1,2,3", /more than two ports/],
  ["proxy.example.com:443,x", /x is not a port/],
  [":443", /"" is not a host name/],
  ["[127.0.0.1]:443", /not host and port/],
  ["[::1", /not host and port|not a host name/],
  ["[::1]443", /not host and port|not a host name/],
  ["gggg::1", /not a host name/],
  ["alice@proxy.example.com", /not a host name/],
  ["proxy example.com", /not a host name/],
  ["proxy.example.com/path", /not a host name/],
  ["a\nb", /not a host name/],
  ["https://", /not a host name/],
])("parseProxyAddress(%o) is refused", (text, words) => {
  assert.throws(
    () => parseProxyAddress(text),
    (error) => error instanceof ToolError && error.code === "usage" && words.test(error.message),
  );
});

Deno.test("parseProxyAddress() takes any text without another kind of error", () => {
  const text = fc.string({ unit: fc.constantFrom(..."a1:[],/@.-% \n\0ü:https") });
  fc.assert(fc.property(text, (address) => {
    try {
      const { host, webPort } = parseProxyAddress(address);
      assert.notEqual(host, "");
      assert.ok(webPort === undefined || (webPort >= 1 && webPort <= 65535));
    } catch (error) {
      assert.ok(error instanceof ToolError, String(error));
    }
  }));
});

Deno.test("parseHostPort() reads what joinHostPort() writes", () => {
  for (
    const [host, port] of [["proxy.example.com", 443], ["::1", 3080], ["10.0.0.1", 1]] as const
  ) {
    assert.deepEqual(parseHostPort(joinHostPort(host, port)), { host, port });
  }
  for (const text of ["", "proxy", "proxy:", "proxy:x", "a b:1", "[::1]", "::1"]) {
    assert.equal(parseHostPort(text), undefined, text);
  }
});

Deno.test("isLoopback() knows this machine's names and nobody else's", () => {
  for (const host of ["localhost", "a.localhost", "127.0.0.1", "127.8.9.10", "::1"]) {
    assert.ok(isLoopback(host), host);
  }
  for (const host of ["localhost.example.com", "10.0.0.1", "127.example.com", "::2", "128.0.0.1"]) {
    assert.ok(!isLoopback(host), host);
  }
});
