import assert from "node:assert/strict";
import { hostname } from "node:os";
import { DEFAULT_LIMITS } from "../../../lib/auth/mod.ts";
import { realDeps } from "../../../lib/deps/mod.ts";
import { DEFAULT_PROXY_LIMITS } from "../../../lib/proxy/mod.ts";
import { parseTeleportConfig } from "../../../lib/resources/mod.ts";
import { type ClusterSettings, dialAddress, resolveSettings } from "./settings.ts";

const deps = {
  process: realDeps().process,
  env: { get: (name: string) => name === "XDG_DATA_HOME" ? "/xdg" : undefined },
};

function settings(yaml: string, options: { dataDir?: string } = {}): ClusterSettings {
  return resolveSettings(parseTeleportConfig(`version: v3\n${yaml}`, "f").config, options, deps);
}

Deno.test("resolveSettings() serves this machine alone when nothing is said", () => {
  const { clusterName, ...rest } = settings("");
  assert.equal(clusterName, hostname().replace(/[^A-Za-z0-9._-]/g, "-"));
  assert.deepEqual(rest, {
    dataDir: "/xdg/latchkey",
    listen: { host: "127.0.0.1", port: 3080 },
    publicAddr: "localhost",
    defaultRpId: "localhost",
    authentication: undefined,
    keypairs: [],
    trustedProxies: [],
    authLimits: {},
    proxyLimits: {},
    node: undefined,
  });
});

Deno.test.each([
  [
    "public_addr: proxy.example.com:443",
    "0.0.0.0:3080",
    "proxy.example.com:443",
    "proxy.example.com",
  ],
  ["public_addr: proxy.example.com", "0.0.0.0:3080", "proxy.example.com", "proxy.example.com"],
  ["public_addr: [a.example, b.example]", "0.0.0.0:3080", "a.example", "a.example"],
  ["public_addr: localhost:4000", "127.0.0.1:3080", "localhost:4000", "localhost"],
  ["public_addr: 192.0.2.7:443", "0.0.0.0:3080", "192.0.2.7:443", "localhost"],
  ["web_listen_addr: ':443'", ":443", "localhost", "localhost"],
  ["web_listen_addr: '[::1]:0'", "::1:0", "localhost", "localhost"],
])(
  "resolveSettings() with %s listens on %s",
  (proxy: string, listen: string, publicAddr: string, rpId: string) => {
    const found = settings(`proxy_service: {${proxy}}`);
    assert.equal(`${found.listen.host}:${found.listen.port}`, listen);
    assert.equal(found.publicAddr, publicAddr);
    assert.equal(found.defaultRpId, rpId);
  },
);

Deno.test("resolveSettings() lets the command line choose the data directory", () => {
  assert.equal(settings("teleport: {data_dir: /a}").dataDir, "/a");
  assert.equal(settings("teleport: {data_dir: /a}", { dataDir: "/b" }).dataDir, "/b");
  assert.equal(settings("", { dataDir: "c" }).dataDir, `${Deno.cwd()}/c`);
});

Deno.test("resolveSettings() makes a node of this machine when ssh_service says so", () => {
  const yaml = "teleport: {nodename: server01}\nssh_service: {labels: {arch: x86_64}}";
  assert.deepEqual(settings(yaml).node, {
    hostname: "server01",
    listen: { host: "127.0.0.1", port: 3022 },
    labels: { arch: "x86_64" },
  });
  assert.deepEqual(settings("ssh_service: {listen_addr: '192.0.2.7:22'}").node?.listen, {
    host: "192.0.2.7",
    port: 22,
  });
  assert.equal(settings("ssh_service: {enabled: no}").node, undefined);
});

Deno.test("resolveSettings() refuses a cluster without auth or proxy", () => {
  for (const service of ["auth_service", "proxy_service"]) {
    assert.throws(() => settings(`${service}: {enabled: no}`), { code: "bad_parameter" });
  }
});

Deno.test("resolveSettings() passes limits on, by names that the services have", () => {
  const yaml = `auth_service:
  limits: {headless_per_address: {burst: 9, refill_ms: 2}, waiting_total: 7}
proxy_service:
  limits: {connections: 5, connections_per_address: 3}`;
  const { authLimits, proxyLimits } = settings(yaml);
  assert.deepEqual(authLimits, { headlessPerAddress: { burst: 9, refillMs: 2 }, waitingTotal: 7 });
  assert.deepEqual(proxyLimits, { connections: 5, connectionsPerAddress: 3 });
});

Deno.test("every limit of the auth service can be set in teleport.yaml", () => {
  const auth = Object.entries(DEFAULT_LIMITS).map(([name, value]) =>
    `${snake(name)}: ${typeof value === "number" ? 5 : "{burst: 5, refill_ms: 5}"}`
  );
  const { authLimits } = settings(`auth_service: {limits: {${auth.join(", ")}}}`);
  assert.deepEqual(Object.keys(authLimits).sort(), Object.keys(DEFAULT_LIMITS).sort());
  for (const name of ["connections", "connectionsPerAddress"]) {
    assert.ok(name in DEFAULT_PROXY_LIMITS);
  }
});

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

Deno.test("dialAddress() never names all interfaces", () => {
  assert.equal(dialAddress({ host: "0.0.0.0", port: 1 }), "127.0.0.1:1");
  assert.equal(dialAddress({ host: "", port: 1 }), "127.0.0.1:1");
  assert.equal(dialAddress({ host: "::", port: 1 }), "[::1]:1");
  assert.equal(dialAddress({ host: "192.0.2.7", port: 1 }), "192.0.2.7:1");
});
