import assert from "node:assert/strict";
import fc from "fast-check";
import { isToolError } from "../../errors/mod.ts";
import { parseUserOption } from "./user_option.ts";

Deno.test.each([
  ["Compression=yes", { name: "Compression", value: "yes" }],
  ["compression yes", { name: "Compression", value: "yes" }],
  ["  SERVERALIVEINTERVAL =  15 ", { name: "ServerAliveInterval", value: "15" }],
  ["SetEnv=GREETING=hello", { name: "SetEnv", value: "GREETING=hello" }],
  ['LocalForward "8080 localhost:80"', { name: "LocalForward", value: '"8080 localhost:80"' }],
])("parseUserOption() takes %s", (text, expected) => {
  assert.deepEqual(parseUserOption(text), expected);
});

Deno.test.each([
  "ProxyCommand=touch /tmp/x",
  "proxycommand touch /tmp/x",
  "\tPROXYCOMMAND\t=\ttouch /tmp/x",
  "ProxyJump=evil",
  "IdentityAgent=SSH_AUTH_SOCK",
  "IdentityFile=/root/.ssh/id_rsa",
  "CertificateFile=x",
  "StrictHostKeyChecking=no",
  "stricthostkeychecking accept-new",
  "UserKnownHostsFile=/dev/null",
  "GlobalKnownHostsFile=/dev/null",
  "KnownHostsCommand=/bin/echo",
  "ControlMaster=auto",
  "ControlPath=/tmp/c",
  "LocalCommand=id",
  "PermitLocalCommand=yes",
  "Include=/tmp/evil",
  "Match exec id",
  "Host *",
  "HostKeyAlias=other",
  "PKCS11Provider=/tmp/evil.so",
  "XAuthLocation=/tmp/evil",
  "VerifyHostKeyDNS=yes",
  "User=root",
])("parseUserOption() refuses %s and says why", (text) => {
  assert.throws(() => parseUserOption(text), (error) => {
    assert.ok(isToolError(error, "usage"));
    return /^the option \w+ is not allowed here: \w/.test(error.message);
  });
});

Deno.test.each([
  "",
  "Compression",
  "=yes",
  "Compression=",
  "Compression==yes",
  '"ProxyCommand" touch /tmp/x',
  "Compression=yes\nProxyCommand=touch /tmp/x",
  "Compression=yes\rProxyCommand=touch /tmp/x",
  "Compression\fyes",
  "# Compression=yes",
  "Proxy\u0000Command=x",
  "NoSuchOption=1",
])("parseUserOption() refuses the malformed or unknown %j", (text) => {
  assert.throws(() => parseUserOption(text), (error) => isToolError(error, "usage"));
});

Deno.test.each([
  "StrictHostKeyChecking=yes",
  "ControlMaster=No",
  "PasswordAuthentication no",
  "ProxyJump=none",
])("parseUserOption() drops %s, which holds anyway", (text) => {
  assert.equal(parseUserOption(text), undefined);
});

Deno.test("parseUserOption() gives one line whose first word ssh reads as the same option", () => {
  const names = fc.constantFrom("Compression", "proxycommand", "Include", "SetEnv", "user");
  const glue = fc.constantFrom("=", " ", " = ", "\t", "\n", '"', "\r", "\v");
  fc.assert(fc.property(names, glue, fc.string(), (name, between, rest) => {
    try {
      const option = parseUserOption(name + between + rest);
      if (option === undefined) return;
      assert.equal(option.name.toLowerCase(), name.toLowerCase());
      assert.doesNotMatch(option.value, /[\n\r\v\f]/);
    } catch (error) {
      assert.ok(isToolError(error, "usage"));
    }
  }));
});
