import assert from "node:assert/strict";
import { authAlpn, clusterServerName } from "../../wire/alpn.ts";
import { Alert, routeOf } from "./routes.ts";

const AUTH = authAlpn("example.com");
const NAME = clusterServerName("example.com");

Deno.test.each(
  [
    { alpn: [], name: undefined, to: "web" },
    { alpn: ["http/1.1"], name: "proxy.example.com", to: "web" },
    { alpn: ["h2", "http/1.1"], name: "proxy.example.com", to: "web" },
    { alpn: ["\x0a\x0a", "http/1.1"], name: "proxy.example.com", to: "web" },
    { alpn: ["h2"], name: undefined, to: "nowhere" },
    { alpn: [AUTH], name: undefined, to: "auth" },
    { alpn: [AUTH, "h2"], name: NAME, to: "auth" },
    { alpn: ["h2", AUTH], name: "proxy.example.com", to: "auth" },
    { alpn: ["http/1.1"], name: NAME, to: "cluster_web" },
    { alpn: ["http/1.1", "h2"], name: NAME, to: "auth" },
    { alpn: [], name: NAME, to: "auth" },
    { alpn: ["h2"], name: NAME, to: "auth" },
    { alpn: ["teleport-proxy-ssh-grpc", "h2"], name: NAME, to: "transport" },
    { alpn: ["teleport-proxy-ssh", "teleport-proxy-ssh-grpc"], name: undefined, to: "transport" },
    { alpn: ["teleport-reversetunnel"], name: "proxy.example.com", to: "probe" },
    { alpn: ["teleport-proxy-ssh"], name: undefined, to: "nowhere" },
    { alpn: ["teleport-postgres", "h2"], name: undefined, to: "nowhere" },
    { alpn: [authAlpn("other")], name: undefined, to: "nowhere" },
    { alpn: ["teleport-auth@", "h2"], name: NAME, to: "nowhere" },
    { alpn: ["h2"], name: clusterServerName("other"), to: "nowhere" },
    { alpn: ["imap"], name: undefined, to: "nowhere" },
  ] as const,
)("routeOf() sends $alpn for $name to $to", ({ alpn, name, to }) => {
  const route = routeOf({ alpnProtocols: [...alpn], serverName: name }, "example.com");
  assert.equal(route.to, to);
});

Deno.test("routeOf() tells an unknown name from an unknown protocol", () => {
  assert.deepEqual(routeOf({ alpnProtocols: ["imap"], serverName: undefined }, "a"), {
    to: "nowhere",
    alert: Alert.NO_APPLICATION_PROTOCOL,
  });
  assert.deepEqual(routeOf({ alpnProtocols: [], serverName: clusterServerName("b") }, "a"), {
    to: "nowhere",
    alert: Alert.UNRECOGNIZED_NAME,
  });
});
