import assert from "node:assert/strict";
import fc from "fast-check";
import { isToolError } from "../../errors/mod.ts";
import { checkLogin, type Destination, parseDestination, parsePort } from "./destination.ts";

const uuid = "1ecb44a4-752f-4db5-9d98-c429b761497f";

Deno.test.each<[string, Partial<Destination>]>([
  ["server01", { login: undefined, node: { kind: "name", name: "server01" }, port: undefined }],
  ["alice@server01", { login: "alice", typed: "server01" }],
  ["alice@corp.example@server01", { login: "alice@corp.example", typed: "server01" }],
  ["web.example.com:2222", { node: { kind: "name", name: "web.example.com" }, port: 2222 }],
  ["10.0.0.11", { node: { kind: "address", address: "10.0.0.11" }, port: undefined }],
  ["root@10.0.0.11:22", {
    login: "root",
    node: { kind: "address", address: "10.0.0.11" },
    port: 22,
  }],
  ["[2001:db8::1]:22", { node: { kind: "address", address: "2001:db8::1" }, port: 22 }],
  ["2001:db8::1", { node: { kind: "address", address: "2001:db8::1" }, port: undefined }],
  [uuid.toUpperCase(), { node: { kind: "uuid", uuid } }],
])("parseDestination() reads %s", (text, expected) => {
  const read = parseDestination(text);
  assert.deepEqual({ ...read, ...expected }, read);
});

Deno.test.each([
  ["env=prod", "env=prod"],
  ["root@env=prod, team=data base", "env=prod, team=data base"],
  ["owner=bob@example.com", "owner=bob@example.com"],
])("parseDestination() leaves the labels of %s as they are", (text, labels) => {
  assert.deepEqual(parseDestination(text).node, { kind: "labels", labels });
});

Deno.test.each([
  "",
  "alice@",
  "-oProxyCommand=touch /tmp/x",
  "alice@-oProxyCommand=x",
  "-l@server01",
  "@server01",
  "server 01",
  "server01;id",
  "$(id)",
  "`id`",
  "a\nHostKeyAlias b",
  "%h",
  "server01:0",
  "server01:x",
  "server01:99999",
  "alice;id@server01",
])("parseDestination() refuses %j", (text) => {
  assert.throws(() => parseDestination(text), (error) => isToolError(error, "usage"));
});

Deno.test("no host that is taken can be an option, leave its line or expand in ssh", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    let read: Destination;
    try {
      read = parseDestination(text);
    } catch (error) {
      assert.ok(isToolError(error, "usage"));
      return;
    }
    if (read.login !== undefined) assert.doesNotMatch(read.login, /^-|[\s'"`$;|&]/);
    if (read.node.kind === "name") assert.match(read.node.name, /^[A-Za-z0-9_][A-Za-z0-9._-]*$/);
  }));
});

Deno.test("checkLogin() and parsePort() keep good values", () => {
  assert.equal(checkLogin("svc_web-1.x@corp"), "svc_web-1.x@corp");
  assert.equal(parsePort("22", "-p"), 22);
  assert.throws(() => parsePort("0", "-p"), /-p has the value "0"/);
});
