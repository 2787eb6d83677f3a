import assert from "node:assert/strict";
import { ADMIN, AuthCluster, CLIENT } from "../../../tests/support/auth_cluster.ts";
import { generateKeyPair, parseSshCertificate } from "../../keys/mod.ts";
import type { NodeResource } from "../../resources/mod.ts";
import type { Caller, HostJoinRequest } from "../auth.ts";
import { comparable } from "./host_names.ts";

const TOKEN = "a".repeat(40);
const TAKEN = { code: "already_exists" };
const BAD = { code: "bad_parameter" };
const DENIED = { code: "access_denied" };

async function open(): Promise<AuthCluster> {
  const cluster = await AuthCluster.open();
  const expiresAtMs = cluster.clock.now() + 3_600_000;
  await cluster.auth.joinTokens.create(ADMIN, { token: TOKEN, expiresAtMs });
  return cluster;
}

function keys(additionalPrincipals: string[]) {
  const { sshPublicKey, publicKeyPem } = generateKeyPair();
  return { sshPublicKey, tlsPublicKeyPem: publicKeyPem, additionalPrincipals };
}

/** Joins, and gives who the machine is from then on. */
async function join(
  { auth }: AuthCluster,
  nodeName: string,
  principals: string[] = [],
  fields: Partial<HostJoinRequest> = {},
): Promise<Caller & { kind: "host" }> {
  const hostId = crypto.randomUUID();
  const request = { token: TOKEN, hostId, nodeName, ...keys(principals), ...fields };
  await auth.hosts.join(request, CLIENT);
  return { kind: "host", hostId, client: CLIENT };
}

function node(
  name: string,
  hostname: string,
  addr: string,
  publicAddrs: string[] = [],
): NodeResource {
  return {
    kind: "node",
    sub_kind: "openssh",
    version: "v2",
    metadata: { name, labels: {} },
    spec: { addr, hostname, public_addrs: publicAddrs, version: "" },
  };
}

/** Tries all that would make a machine pass for `server01`, which is reached at 192.0.2.1. */
async function refusesPretenders(cluster: AuthCluster, hostId: string): Promise<void> {
  const names = ["server01", "SERVER01", "server01.demo", `${hostId}.demo`];
  for (const name of names) await assert.rejects(join(cluster, name), TAKEN, name);
  for (const name of [...names, hostId, "192.0.2.1", "Alias.example"]) {
    await assert.rejects(join(cluster, "evil", ["fine", name]), TAKEN, name);
  }
  // What was refused has claimed nothing.
  await join(cluster, "fine", ["server01.example", "192.0.2.9"]);
}

Deno.test("nobody passes for a machine that has joined, even while it is not listed", async () => {
  await using cluster = await open();
  const { hostId } = await join(cluster, "Server01", ["192.0.2.1", "alias.example"]);
  await refusesPretenders(cluster, hostId);
});

Deno.test("nobody passes for a node that is listed without having joined", async () => {
  await using cluster = await open();
  const hostId = crypto.randomUUID();
  await cluster.auth.nodes.upsert(
    ADMIN,
    node(hostId, "Server01", "192.0.2.1:22", ["alias.example:22"]),
  );
  await refusesPretenders(cluster, hostId);
});

Deno.test("nobody passes for the cluster's own machine", async () => {
  await using cluster = await open();
  const { hostId } = cluster.auth;
  for (const name of [hostId, `${hostId}.demo`]) {
    await assert.rejects(join(cluster, "evil", [name]), TAKEN);
  }
  await join(cluster, "evil", [crypto.randomUUID()]);
});

Deno.test("a node's name is no address and no UUID, and it has one address", async () => {
  await using cluster = await open();
  const id = crypto.randomUUID();
  for (const name of ["localhost", "LocalHost", "127.0.0.1", "192.0.2.5", "2001:db8::1", id]) {
    await assert.rejects(join(cluster, name), BAD, name);
  }
  await assert.rejects(join(cluster, id.toUpperCase()), BAD);
  await assert.rejects(join(cluster, "a", ["192.0.2.5", "192.0.2.6"]), BAD);
  await join(cluster, "a", ["192.0.2.5", "a.example", "127.0.0.1"]);
  // What every machine has belongs to none.
  await join(cluster, "b", ["127.0.0.1", "localhost", "::1"]);
});

Deno.test("of machines that join under one name at once, one gets it", async () => {
  await using cluster = await open();
  const results = await Promise.allSettled(["twin", "TWIN", "Twin"].map((n) => join(cluster, n)));
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
  for (const result of results) {
    if (result.status === "rejected") assert.equal(result.reason.code, "already_exists");
  }
});

Deno.test("removing a machine frees its names, and the refusal says how", async () => {
  await using cluster = await open();
  const { hostId } = await join(cluster, "server01", ["192.0.2.1"]);
  const other = await join(cluster, "other");
  await assert.rejects(join(cluster, "server01"), {
    message: 'there is a node named "server01" already',
    hint: new RegExp(`tctl rm node/${hostId}`),
  });
  await cluster.auth.nodes.delete(ADMIN, other.hostId);
  await assert.rejects(join(cluster, "server01"), TAKEN);
  await cluster.auth.nodes.delete(ADMIN, hostId);
  await join(cluster, "server01", ["192.0.2.1"]);
});

Deno.test("a renewed certificate has the names that the machine joined with, or fewer", async () => {
  await using cluster = await open();
  const { hosts } = cluster.auth;
  const host = await join(cluster, "evil", ["192.0.2.7", "evil.example"]);
  for (const name of ["server01", "server01.demo", "192.0.2.8"]) {
    await assert.rejects(hosts.renew(host, keys(["192.0.2.7", name])), DENIED, name);
  }
  for (const principals of [["192.0.2.7", "evil.example"], ["192.0.2.7"], []]) {
    const { sshCertificate } = await hosts.renew(host, keys(principals));
    const named = comparable(parseSshCertificate(sshCertificate).principals);
    for (const name of ["192.0.2.7", "evil.example"]) {
      assert.equal(named.has(name), principals.includes(name), name);
    }
  }
});

Deno.test("a machine is listed only at addresses that it joined with", async () => {
  await using cluster = await open();
  const { nodes } = cluster.auth;
  const host = await join(cluster, "evil", ["192.0.2.7", "evil.example"]);
  const upsert = (addr: string, publicAddrs: string[] = []) =>
    nodes.upsert(host, node(host.hostId, "evil", addr, publicAddrs));
  await assert.rejects(upsert("192.0.2.7:22", ["server01:22"]), DENIED);
  await assert.rejects(upsert("server01:22"), DENIED);
  await assert.rejects(upsert("127.0.0.1:22"), DENIED);
  assert.deepEqual((await nodes.list(ADMIN, {})).nodes, []);
  await upsert("192.0.2.7:22", ["evil.example:22", "EVIL:2222", "evil.demo:22"]);
  assert.equal((await nodes.resolve(ADMIN, "evil.example:22")).node.metadata.name, host.hostId);
  const local = await join(cluster, "local", ["127.0.0.1"]);
  await nodes.upsert(local, node(local.hostId, "local", "127.0.0.1:22"));
});
