import assert from "node:assert/strict";
import { ToolError } from "../errors/mod.ts";
import { defaultTeleportConfig, parseTeleportConfig } from "./mod.ts";

function refusal(text: string): string {
  try {
    parseTeleportConfig(text, "teleport.yaml");
  } catch (error) {
    assert.ok(error instanceof ToolError, String(error));
    return error.message;
  }
  assert.fail(`it was read: ${text}`);
}

Deno.test("parseTeleportConfig() reads every key that design.md lists", () => {
  const { config, warnings } = parseTeleportConfig(
    `version: v3
teleport:
  nodename: server01
  data_dir: /var/lib/latchkey
  log: {output: stderr, severity: DEBUG, format: {output: json}}
auth_service:
  enabled: yes
  cluster_name: example
  listen_addr: 0.0.0.0:3025
  proxy_listener_mode: multiplex
  authentication:
    type: local
    second_factor: webauthn
    webauthn: {rp_id: example.com}
    connector_name: headless
    headless: true
    passwordless: off
  limits:
    headless_per_address: {burst: 20000, refill_ms: 1}
    waiting_per_address: 20000
proxy_service:
  enabled: true
  web_listen_addr: 0.0.0.0:443
  public_addr: [proxy.example.com, 'proxy.example.com:3080']
  https_keypairs:
  - key_file: /k.pem
    cert_file: /c.pem
  trusted_proxies: [10.0.0.0/8]
  limits: {connections_per_address: 20000}
ssh_service:
  enabled: "yes"
  listen_addr: 0.0.0.0:3022
  labels: {env: prod}
`,
    "teleport.yaml",
  );
  assert.deepEqual(warnings, []);
  assert.deepEqual(config, {
    version: "v3",
    teleport: {
      nodename: "server01",
      data_dir: "/var/lib/latchkey",
      log: { output: "stderr", severity: "debug", format: { output: "json" } },
    },
    auth_service: {
      enabled: true,
      cluster_name: "example",
      listen_addr: "0.0.0.0:3025",
      proxy_listener_mode: "multiplex",
      authentication: {
        type: "local",
        second_factor: "webauthn",
        webauthn: { rp_id: "example.com" },
        connector_name: "headless",
        headless: true,
        passwordless: false,
      },
      limits: {
        headless_per_address: { burst: 20000, refill_ms: 1 },
        waiting_per_address: 20000,
      },
    },
    proxy_service: {
      enabled: true,
      web_listen_addr: "0.0.0.0:443",
      public_addr: ["proxy.example.com", "proxy.example.com:3080"],
      https_keypairs: [{ key_file: "/k.pem", cert_file: "/c.pem" }],
      trusted_proxies: ["10.0.0.0/8"],
      limits: { connections_per_address: 20000 },
    },
    ssh_service: { enabled: true, listen_addr: "0.0.0.0:3022", labels: { env: "prod" } },
  });
});

Deno.test("parseTeleportConfig() takes what is not said from the defaults", () => {
  assert.deepEqual(parseTeleportConfig("version: v3\n", "f").config, defaultTeleportConfig());
  const { config } = parseTeleportConfig(
    "version: v3\nteleport:\nauth_service:\nproxy_service: {}\nssh_service:\n  labels:\n    # none yet\n",
    "f",
  );
  assert.deepEqual(config, {
    ...defaultTeleportConfig(),
    ssh_service: { enabled: true, labels: {} },
  });
  assert.equal(defaultTeleportConfig().ssh_service.enabled, false);
});

Deno.test("parseTeleportConfig() warns of each key it does not have, with its place, and goes on", () => {
  const { config, warnings } = parseTeleportConfig(
    `version: v3
teleport:
  nodename: a
  ca_pin: "sha256:x"
  log: {severity: INFO, format: {extra_fields: [level]}}
auth_service:
  tokens: ["node:abc"]
  authentication: {webauthn: {rp_id: localhost, disabled: true}}
proxy_service:
  acme: {enabled: "yes", email: a@example.com}
  https_keypairs: [{key_file: k, cert_file: c, password: x}]
kubernetes_service: {enabled: yes}
`,
    "/etc/teleport.yaml",
  );
  assert.equal(config.teleport.nodename, "a");
  const means = "is not known to this program and has no effect";
  assert.deepEqual(
    warnings,
    [
      `/etc/teleport.yaml:4:3: teleport.ca_pin ${means}`,
      `/etc/teleport.yaml:5:34: teleport.log.format.extra_fields ${means}`,
      `/etc/teleport.yaml:7:3: auth_service.tokens ${means}`,
      `/etc/teleport.yaml:8:49: auth_service.authentication.webauthn.disabled ${means}`,
      `/etc/teleport.yaml:10:3: proxy_service.acme ${means}`,
      `/etc/teleport.yaml:11:48: proxy_service.https_keypairs[0].password ${means}`,
      `/etc/teleport.yaml:12:1: kubernetes_service ${means}`,
    ],
  );
});

Deno.test.each([
  [
    "version: v3\nauth_service: {limits: {waiting_total: many}}",
    'teleport.yaml:2:40: auth_service.limits.waiting_total: expected a whole number, found "many"',
  ],
  [
    "version: v3\nauth_service: {limits: {sign_in_per_name: 5}}",
    "teleport.yaml:2:43: auth_service.limits.sign_in_per_name: expected a mapping with burst and refill_ms, found 5",
  ],
  [
    "version: v3\nproxy_service: {limits: {connections: 0}}",
    "teleport.yaml:2:39: proxy_service.limits.connections: expected at least 1, found 0",
  ],
  ["", "teleport.yaml is empty, expected at least version: v3"],
  ["teleport: {}", "teleport.yaml:1:1: version: is missing, expected v3"],
  ["version: v2", 'teleport.yaml:1:10: version: expected v3, found "v2"'],
  ["just text", 'teleport.yaml:1:1: expected a mapping with version: v3, found "just text"'],
  ["version: v3\n---\nversion: v3", "teleport.yaml:3:1: there is a second document, expected one"],
  ["version: v3\nteleport: [a]", "teleport.yaml:2:11: teleport: expected a mapping, found a list"],
  [
    "version: v3\nteleport:\n  nodename: 5",
    "teleport.yaml:3:13: teleport.nodename: expected a string, found 5",
  ],
  [
    "version: v3\nteleport: {log: {severity: LOUD}}",
    'teleport.yaml:2:28: teleport.log.severity: expected one of TRACE, DEBUG, INFO, WARN, ERROR, found "LOUD"',
  ],
  [
    "version: v3\nproxy_service:\n  enabled: maybe",
    'teleport.yaml:3:12: proxy_service.enabled: expected yes or no, found "maybe"',
  ],
  [
    "version: v3\nproxy_service:\n  web_listen_addr: localhost",
    'teleport.yaml:3:20: proxy_service.web_listen_addr: expected an address and a port to listen on, like 0.0.0.0:3080, found "localhost"',
  ],
  [
    "version: v3\nproxy_service:\n  web_listen_addr: 0.0.0.0:99999",
    'teleport.yaml:3:20: proxy_service.web_listen_addr: expected an address and a port to listen on, like 0.0.0.0:3080, found "0.0.0.0:99999"',
  ],
  [
    "version: v3\nproxy_service:\n  public_addr: [a.example.com, 'https://b']",
    "teleport.yaml:3:16: proxy_service.public_addr: expected a host name, or one with a port, like proxy.example.com:443, found a list",
  ],
  [
    "version: v3\nproxy_service:\n  https_keypairs:\n  - key_file: a\n",
    "teleport.yaml:4:5: proxy_service.https_keypairs[0].cert_file: is missing, expected a string",
  ],
  [
    "version: v3\nauth_service: {proxy_listener_mode: separate}",
    'teleport.yaml:2:37: auth_service.proxy_listener_mode: expected multiplex: everything is on one port here, found "separate"',
  ],
  [
    "version: v3\nauth_service: {cluster_name: 'a b'}",
    'teleport.yaml:2:30: auth_service.cluster_name: expected a name of letters, digits, dots and dashes, found "a b"',
  ],
  [
    "version: v3\nteleport: {data_dir: 1, nodename: 2}\nssh_service: {labels: 3}",
    "teleport.yaml:2:22: teleport.data_dir: expected a string, found 1",
  ],
  [
    "version: v3\nteleport:\n  nodename: a\n bad",
    "teleport.yaml:4:1: all mapping items must start at the same column",
  ],
])("parseTeleportConfig() refuses %j", (text: string, expected: string) => {
  assert.ok(refusal(text).startsWith(expected), refusal(text));
});

Deno.test("parseTeleportConfig() tells all mistakes at once, but not without end", () => {
  const text = "version: v3\nteleport: {data_dir: 1, nodename: 2}\nssh_service: {labels: 3}";
  assert.deepEqual(refusal(text).split("\n").map((line) => line.split(" ")[1]), [
    "teleport.data_dir:",
    "teleport.nodename:",
    "ssh_service.labels:",
  ]);
  const many = Array.from({ length: 30 }, () => "{}").join(", ");
  const lines = refusal(`version: v3\nproxy_service: {https_keypairs: [${many}]}`).split("\n");
  assert.equal(lines.length, 6);
  assert.equal(lines.at(-1), "… and more");
});
