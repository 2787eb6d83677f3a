/**
 * What a node's own decision costs at each login: the helper as sshd starts it, beside a Deno that does nothing; and a whole
 * login beside one at a plain sshd that asks nobody.
 *
 * @module
 */

import { createPrivateKey } from "node:crypto";
import type { NodePolicy } from "../../lib/auth/access/mod.ts";
import { realDeps } from "../../lib/deps/mod.ts";
import {
  formatSshCertificate,
  generateKeyPair,
  issueSshCertificate,
  type KeyPair,
  parseAuthorizedKey,
} from "../../lib/keys/mod.ts";
import { NodeDirectory } from "../../lib/node/directory.ts";
import { writePrincipalsCommand } from "../../lib/node/principals_command.ts";
import { Cluster, RUNS_SSHD } from "../support/cluster.ts";
import { Visitor } from "../support/node/visitor.ts";
import { Sshd } from "../support/ssh/sshd.ts";
import { SshAuthority } from "../support/ssh/authority.ts";
import { Figure, type Line } from "./figures.ts";

const RUNS = 30;

/** Milliseconds that a program takes. */
async function time(program: string, args: string[], expected: string): Promise<number> {
  const before = performance.now();
  const { stdout } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const took = performance.now() - before;
  if (new TextDecoder().decode(stdout) !== expected) throw new Error(`${program}: wrong answer`);
  return took;
}

function policy(ca: KeyPair, users: number): NodePolicy {
  const names = Array.from({ length: users }, (_, i) => `user${i}@example.com`);
  const user = { roles: ["ops"], logins: ["alice"], certificatesFromMs: 0 };
  return {
    version: 1,
    clusterName: "demo",
    node: crypto.randomUUID(),
    labels: { env: "prod" },
    userCaKeys: [ca.sshPublicKey],
    requireSessionMfa: false,
    users: Object.fromEntries(["alice", ...names].map((name) => [name, user])),
    roles: [{
      kind: "role",
      version: "v6",
      metadata: { name: "ops", labels: {} },
      spec: {
        options: { forward_agent: false, port_forwarding: true, max_session_ttl: "30h" },
        allow: { logins: ["root"], node_labels: { "*": ["*"] } },
        deny: { logins: [], node_labels: {} },
      },
    }],
    issuedAtMs: Date.now(),
    expiresAtMs: Date.now() + 3_600_000,
  };
}

function certificateOf(ca: KeyPair): string {
  const line = formatSshCertificate(issueSshCertificate({
    kind: "user",
    serial: 1n,
    keyId: "alice",
    principals: ["root"],
    validAfterMs: Date.now() - 60_000,
    validBeforeMs: Date.now() + 3_600_000,
    criticalOptions: {},
    extensions: {
      "teleport-roles": JSON.stringify({ version: "v1", roles: ["ops"] }),
      "teleport-traits": JSON.stringify({ logins: ["alice"] }),
    },
    publicKey: parseAuthorizedKey(generateKeyPair().sshPublicKey),
    caKey: createPrivateKey(ca.privateKeyPem),
    nonce: crypto.getRandomValues(new Uint8Array(32)),
  }));
  return line.split(" ")[1]!;
}

async function helper(folder: string): Promise<Line[]> {
  const ca = generateKeyPair();
  const directory = await NodeDirectory.open(`${folder}/node`);
  await writePrincipalsCommand(directory, realDeps());
  const certificate = certificateOf(ca);
  await Deno.writeTextFile(`${folder}/nothing.ts`, "");
  const [small, large, nothing] = [new Figure(), new Figure(), new Figure()];
  const few = JSON.stringify(policy(ca, 10));
  const many = JSON.stringify(policy(ca, 10_000));
  for (let i = -3; i < RUNS; i++) {
    const ask = async (text: string) => {
      await directory.write(directory.policy, text);
      return await time("/bin/sh", [directory.principals, "root", certificate], "root\n");
    };
    const took = [
      await ask(few),
      await ask(many),
      await time(Deno.execPath(), ["run", "--no-config", "--no-check", `${folder}/nothing.ts`], ""),
    ];
    // The first ones warm the caches.
    if (i >= 0) [small, large, nothing].forEach((figure, at) => figure.add(took[at]!));
  }
  const beside = (figure: Figure) =>
    `${(figure.median / nothing.median).toFixed(1)} of a bare Deno`;
  return [
    { what: "principals command", value: small.describe("ms"), ratio: beside(small) },
    { what: "… with 10,000 users", value: large.describe("ms"), ratio: beside(large) },
    { what: "a Deno that does nothing", value: nothing.describe("ms"), ratio: "1" },
  ];
}

async function logins(): Promise<Line[]> {
  if (!RUNS_SSHD) return [];
  await using cluster = await Cluster.start();
  await using visitor = await Visitor.invite(cluster, "alice", { logins: "root" });
  const key = await visitor.loginKey();
  const authority = SshAuthority.generate();
  await using plain = await Sshd.start({
    hostAuthority: authority,
    userAuthority: authority,
    names: ["server01"],
  });
  const keys = generateKeyPair();
  const plainKey = await visitor.keep(
    keys,
    authority.certify("user", keys.sshPublicKey, ["root"], {
      toMs: Date.now() + 3_600_000,
    }),
  );
  await Deno.writeTextFile(
    `${visitor.folder}/known_hosts`,
    `@cert-authority * ${authority.publicKey}\n`,
    { append: true },
  );
  const [deciding, asking] = [new Figure(), new Figure()];
  for (let i = -1; i < RUNS / 2; i++) {
    const ours = await time("ssh", [...visitor.sshArgs(key, "root"), "echo in"], "in\n");
    const theirs = await time(
      "ssh",
      [...visitor.sshArgs(plainKey, "root", { port: plain.port }), "echo in"],
      "in\n",
    );
    if (i < 0) continue;
    deciding.add(ours);
    asking.add(theirs);
  }
  return [
    {
      what: "login at a node, stock ssh",
      value: deciding.describe("ms"),
      ratio: `${(deciding.median / asking.median).toFixed(1)} of a plain sshd`,
    },
    { what: "login at an sshd that asks nobody", value: asking.describe("ms"), ratio: "1" },
  ];
}

/** Measures. */
export async function run(): Promise<Line[]> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey-bench-" });
  try {
    return [...await helper(folder), ...await logins()];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
