import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { ADMIN, AuthCluster, CLIENT } from "../../../tests/support/auth_cluster.ts";
import {
  generateKeyPair,
  parseAuthorizedKey,
  parseSshCertificate,
  verifySshCertificate,
} from "../../keys/mod.ts";
import { AUDIT_EVENTS } from "../audit/events.ts";
import type { Auth, Caller, HostJoinRequest } from "../auth.ts";
import { HOST_CERTIFICATE_TTL_MS } from "./hosts.ts";

const TOKEN = "a".repeat(40);
const HOUR_MS = 3_600_000;

function request(fields: Partial<HostJoinRequest> = {}): HostJoinRequest {
  const { sshPublicKey, publicKeyPem } = generateKeyPair();
  return {
    token: TOKEN,
    hostId: crypto.randomUUID(),
    nodeName: "web-1",
    sshPublicKey,
    tlsPublicKeyPem: publicKeyPem,
    additionalPrincipals: ["192.0.2.7"],
    ...fields,
  };
}

async function open(): Promise<AuthCluster> {
  const cluster = await AuthCluster.open();
  const expiresAtMs = cluster.clock.now() + HOUR_MS;
  await cluster.auth.joinTokens.create(ADMIN, { token: TOKEN, expiresAtMs });
  return cluster;
}

/** Joins, and gives who the machine is from then on. */
async function join(
  auth: Auth,
  fields: Partial<HostJoinRequest> = {},
): Promise<Caller & { kind: "host" }> {
  const { tlsCertificate } = await auth.hosts.join(request(fields), CLIENT);
  const der = new Uint8Array(new X509Certificate(tlsCertificate).raw);
  const caller = await auth.callerFromCertificate(der, CLIENT);
  assert.equal(caller.kind, "host");
  return caller as Caller & { kind: "host" };
}

function node(name: string, hostname = "web-1", labels: Record<string, string> = {}) {
  return {
    kind: "node" as const,
    sub_kind: "openssh" as const,
    version: "v2" as const,
    metadata: { name, labels },
    spec: { addr: "192.0.2.7:22", hostname, public_addrs: [], version: "" },
  };
}

Deno.test("a machine with a token gets certificates for its names, of the host authority", async () => {
  await using cluster = await open();
  const { auth, clock } = cluster;
  const asked = request();
  const { sshCertificate, expiresAtMs, hostCa } = await auth.hosts.join(asked, CLIENT);
  const certificate = parseSshCertificate(sshCertificate);
  verifySshCertificate(certificate, {
    caKeys: hostCa.checkingKeys.map((line) => parseAuthorizedKey(line)),
    kind: "host",
    principal: "web-1",
    nowMs: clock.now(),
  });
  const { hostId } = asked;
  assert.deepEqual(certificate.principals, [
    `${hostId}.${hostCa.clusterName}`,
    hostId,
    `web-1.${hostCa.clusterName}`,
    "web-1",
    "localhost",
    "127.0.0.1",
    "::1",
    "192.0.2.7",
  ]);
  assert.equal(expiresAtMs, clock.now() + HOST_CERTIFICATE_TTL_MS);
  assert.equal(certificate.validBeforeMs, expiresAtMs);
});

Deno.test("a token that is wrong, removed or expired lets nobody join, all alike", async () => {
  await using cluster = await open();
  const { auth, clock } = cluster;
  const refused = { code: "access_denied", message: "the token is not valid, or has expired" };
  for (const token of ["", "b".repeat(40), "x".repeat(5_000)]) {
    await assert.rejects(auth.hosts.join(request({ token }), CLIENT), refused);
  }
  const id = (await auth.joinTokens.list(ADMIN))[0]!.id;
  // The id, which administrators see, is not the token.
  await assert.rejects(auth.hosts.join(request({ token: id }), CLIENT), refused);
  await auth.joinTokens.delete(ADMIN, id);
  await assert.rejects(auth.hosts.join(request(), CLIENT), refused);
  const token = "c".repeat(40);
  await auth.joinTokens.create(ADMIN, { token, expiresAtMs: clock.now() + HOUR_MS });
  await auth.hosts.join(request({ token }), CLIENT);
  clock.advance(HOUR_MS);
  await assert.rejects(auth.hosts.join(request({ token, nodeName: "b" }), CLIENT), refused);
  assert.deepEqual(await auth.joinTokens.list(ADMIN), []);
});

Deno.test("tokens are kept as hashes, and are no invitations", async () => {
  await using cluster = await open();
  const items = await cluster.backend.range("/");
  const decoder = new TextDecoder();
  assert.ok(!items.some(({ key, value }) => (key + decoder.decode(value)).includes(TOKEN)));
  await assert.rejects(cluster.auth.registration.invitation(TOKEN, CLIENT), { code: "not_found" });
  for (const token of ["short", "with space".repeat(9)]) {
    await assert.rejects(
      cluster.auth.joinTokens.create(ADMIN, { token, expiresAtMs: cluster.clock.now() + 1 }),
      { code: "bad_parameter" },
    );
  }
});

Deno.test("a machine cannot join as one that is there already", async () => {
  await using cluster = await open();
  const { auth } = cluster;
  const { hostId } = await join(auth);
  await auth.nodes.upsert(ADMIN, node(hostId));
  const taken = { code: "already_exists" };
  await assert.rejects(auth.hosts.join(request({ hostId, nodeName: "b" }), CLIENT), taken);
  await assert.rejects(auth.hosts.join(request({ nodeName: "WEB-1" }), CLIENT), taken);
  await assert.rejects(
    auth.hosts.join(request({ hostId: auth.hostId, nodeName: "b" }), CLIENT),
    taken,
  );
  await assert.rejects(auth.hosts.join(request({ hostId: "../x" }), CLIENT), {
    code: "bad_parameter",
  });
  for (const nodeName of ["*", "a b", "-x", "a,b"]) {
    await assert.rejects(auth.hosts.join(request({ nodeName }), CLIENT), { code: "bad_parameter" });
  }
});

Deno.test("a host speaks for itself alone", async () => {
  await using cluster = await open();
  const { auth } = cluster;
  const host = await join(auth);
  const other = crypto.randomUUID();
  await auth.nodes.upsert(ADMIN, node(other, "other"));
  const denied = { code: "access_denied" };
  await assert.rejects(auth.nodes.upsert(host, node(other, "web-1")), denied);
  await assert.rejects(auth.nodes.upsert(host, node(host.hostId, "other")), denied);
  await assert.rejects(auth.nodes.delete(host, host.hostId), denied);
  await assert.rejects(auth.hosts.policy(host, other), denied);
  await assert.rejects(auth.users.list(host), denied);
  await assert.rejects(auth.users.current(host), denied);
  await assert.rejects(auth.joinTokens.list(host), denied);
  await assert.rejects(
    auth.hosts.certify(host, { sshPublicKey: "", principals: ["x"], ttlMs: 1 }),
    denied,
  );
  assert.deepEqual((await auth.nodes.list(host, {})).nodes, []);
  await auth.nodes.upsert(host, node(host.hostId));
  await auth.hosts.policy(host, host.hostId);
});

Deno.test("a host that was removed is nobody, and its certificate does not bring it back", async () => {
  await using cluster = await open();
  const { auth } = cluster;
  const { tlsCertificate } = await auth.hosts.join(request(), CLIENT);
  const der = new Uint8Array(new X509Certificate(tlsCertificate).raw);
  const host = await auth.callerFromCertificate(der, CLIENT) as Caller & { kind: "host" };
  const keys = { ...generateKeyPair(), additionalPrincipals: [] };
  const renewal = { ...keys, tlsPublicKeyPem: keys.publicKeyPem };
  await auth.hosts.renew(host, renewal);
  // Its node has not been listed, or no longer is: its name is enough.
  await auth.nodes.delete(ADMIN, host.hostId);
  await assert.rejects(auth.callerFromCertificate(der, CLIENT), { code: "access_denied" });
  await assert.rejects(auth.hosts.renew(host, renewal), { code: "access_denied" });
  await assert.rejects(auth.nodes.upsert(host, node(host.hostId)), { code: "access_denied" });
  await assert.rejects(auth.nodes.delete(ADMIN, host.hostId), { code: "not_found" });
});

Deno.test("a policy names who may log in there and nobody else", async () => {
  await using cluster = await open();
  const { auth } = cluster;
  await auth.roles.upsert(ADMIN, {
    kind: "role",
    version: "v6",
    metadata: { name: "prod", labels: {} },
    spec: {
      options: { forward_agent: false, port_forwarding: true, max_session_ttl: "30h" },
      allow: { logins: ["root"], node_labels: { env: ["prod"] } },
      deny: { logins: [], node_labels: {} },
    },
  });
  await auth.users.create(ADMIN, { name: "ann", roles: ["prod"], logins: [] });
  await auth.users.create(ADMIN, { name: "ben", roles: ["access"], logins: ["ben"] });
  await auth.users.create(ADMIN, { name: "cleo", roles: ["auditor"], logins: ["cleo"] });
  await auth.users.create(ADMIN, { name: "dan", roles: ["access"], logins: ["dan"] });
  await auth.users.setLocked(ADMIN, "dan", true);
  const of = async (labels: Record<string, string>) => {
    const { users, roles } = await auth.hosts.policyOf(ADMIN, { node: "x", labels });
    return [Object.keys(users), roles.map(({ metadata }) => metadata.name)];
  };
  assert.deepEqual(await of({ env: "prod" }), [["ann", "ben"], ["access", "prod"]]);
  assert.deepEqual(await of({ env: "dev" }), [["ben"], ["access"]]);
  await auth.roles.delete(ADMIN, "prod");
  assert.deepEqual(await of({ env: "prod" }), [["ben"], ["access"]]);
});

Deno.test("policyChanges() tells of users, roles and settings, and ends", async () => {
  await using cluster = await open();
  const { auth } = cluster;
  const end = new AbortController();
  const changes = auth.hosts.policyChanges(ADMIN, end.signal)[Symbol.asyncIterator]();
  await changes.next();
  await auth.users.create(ADMIN, { name: "ann", roles: ["access"], logins: [] });
  assert.equal((await changes.next()).done, false);
  await auth.users.setLocked(ADMIN, "ann", true);
  assert.equal((await changes.next()).done, false);
  const last = changes.next();
  end.abort();
  assert.equal((await last).done, true);
});

Deno.test("joining is in the audit log, without the token", async () => {
  await using cluster = await open();
  await join(cluster.auth);
  const events = await cluster.audit();
  const types = events.map(({ event }) => event);
  for (const kind of ["joinTokenCreated", "hostJoined"] as const) {
    assert.ok(types.includes(AUDIT_EVENTS[kind][0]), kind);
  }
  assert.ok(!JSON.stringify(events).includes(TOKEN));
});
