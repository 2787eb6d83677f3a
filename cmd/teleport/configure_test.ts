import assert from "node:assert/strict";
import fc from "fast-check";
import { ToolError } from "../../lib/errors/mod.ts";
import { parseTeleportConfig } from "../../lib/resources/mod.ts";
import { type ConfigureOptions, formatConfiguration } from "./configure.ts";

const usual: ConfigureOptions = { dataDir: "/var/lib/latchkey", nodeName: "box" };

function configure(options: Partial<ConfigureOptions>) {
  const { config, warnings } = parseTeleportConfig(
    formatConfiguration({ ...usual, ...options }),
    "f",
  );
  assert.deepEqual(warnings, []);
  return config;
}

Deno.test("formatConfiguration() makes a cluster for this machine alone", () => {
  const { teleport, auth_service, proxy_service, ssh_service } = configure({});
  assert.deepEqual(teleport, {
    nodename: "box",
    data_dir: "/var/lib/latchkey",
    log: { severity: "info", format: { output: "text" } },
  });
  assert.equal(auth_service.cluster_name, "box");
  assert.equal(auth_service.authentication?.webauthn?.rp_id, "localhost");
  assert.equal(proxy_service.web_listen_addr, "127.0.0.1:3080");
  assert.deepEqual(proxy_service.public_addr, ["localhost:3080"]);
  assert.equal(ssh_service.enabled, false);
});

Deno.test("formatConfiguration() makes a cluster for a domain", () => {
  const { auth_service, proxy_service } = configure({
    publicAddr: "proxy.example.com",
    certFile: "/etc/tls/cert.pem",
    keyFile: "/etc/tls/my key.pem",
  });
  assert.equal(auth_service.cluster_name, "proxy.example.com");
  assert.equal(auth_service.authentication?.webauthn?.rp_id, "proxy.example.com");
  assert.equal(proxy_service.web_listen_addr, "0.0.0.0:443");
  assert.deepEqual(proxy_service.public_addr, ["proxy.example.com"]);
  assert.deepEqual(proxy_service.https_keypairs, [
    { key_file: "/etc/tls/my key.pem", cert_file: "/etc/tls/cert.pem" },
  ]);
});

Deno.test("formatConfiguration() does not take an address for a domain", () => {
  const { auth_service, proxy_service } = configure({ publicAddr: "192.0.2.7:3080" });
  assert.equal(auth_service.authentication?.webauthn?.rp_id, "localhost");
  assert.equal(auth_service.cluster_name, "box");
  assert.equal(proxy_service.web_listen_addr, "0.0.0.0:3080");
});

Deno.test.each([
  [{ certFile: "/c" }, "--cert-file and --key-file belong together, expected both or none"],
  [
    { publicAddr: "https://x" },
    '--public-addr has the value "https://x", expected host or host:port',
  ],
  [
    { clusterName: "a b" },
    'cannot make a configuration of these options: auth_service.cluster_name: expected a name of letters, digits, dots and dashes, found "a b"',
  ],
])("formatConfiguration() refuses %j", (options: Partial<ConfigureOptions>, message: string) => {
  assert.throws(
    () => formatConfiguration({ ...usual, ...options }),
    new ToolError("usage", message),
  );
});

Deno.test("formatConfiguration() never makes a file that start refuses, whatever the options", () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom("no", "null", "1", "a: b", "#", "~", "@x", "'", "a\nb"),
  );
  const options = fc.record({
    clusterName: text,
    dataDir: text,
    nodeName: text,
    certFile: text,
    keyFile: text,
  });
  fc.assert(fc.property(options, (options) => {
    try {
      const { config } = parseTeleportConfig(formatConfiguration(options), "f");
      assert.equal(config.teleport.data_dir, options.dataDir);
      assert.equal(config.auth_service.cluster_name, options.clusterName);
    } catch (error) {
      assert.ok(error instanceof ToolError && error.code === "usage", String(error));
    }
  }));
});
