/**
 * `tsh ssh` and `tsh scp` the whole way: a real login approved by a person, the proxy's stream, the cluster's own sshd.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Cluster, RUNS_SSHD } from "../support/cluster.ts";
import { Person } from "../support/person.ts";
import { type Finished, startTool } from "../support/processes.ts";

let cluster: Cluster;
let alice: Person;

/** sshd wants to be root; elsewhere these are counted as skipped. sshd's log comes while tests run. */
const onNode = { ignore: !RUNS_SSHD, sanitizeOps: false };

Deno.test.beforeAll(async () => {
  cluster = await Cluster.start();
  alice = new Person(cluster.url, await cluster.certificate());
  await alice.acceptInvitation(await cluster.invite("alice", { logins: "root" }));
});

Deno.test.afterAll(async () => {
  alice[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

/** Runs a headless command and approves it once. */
async function approved(verb: string, args: string[], stdin?: string): Promise<Finished> {
  const flags = [verb, "--headless", `--proxy=${cluster.proxy}`, "--user=alice"];
  const tsh = startTool("tsh", [...flags, ...args], {
    env: { HOME: cluster.folder, SSL_CERT_FILE: `${cluster.folder}/data/webproxy_cert.pem` },
    stdin,
  });
  const [, id] = await tsh.waitFor(/\/web\/headless\/([0-9a-f-]{36})\n/);
  assert.equal((await alice.approve(id!)).status, 200);
  return await tsh.finished();
}

/** What a command said after the prompt. */
function saidAfterPrompt({ stderr }: Finished): string {
  return stderr.slice(stderr.lastIndexOf("tsh headless approve")).split("\n").slice(2).join("\n");
}

Deno.test(
  "tsh ssh runs a command, keeps its streams apart and ends with its status",
  onNode,
  async () => {
    const script = "cat; echo to stderr >&2; exit 7";
    const finished = await approved("ssh", ["root@server01", script], "first\nsecond");
    assert.equal(finished.stdout, "first\nsecond");
    assert.equal(saidAfterPrompt(finished), "to stderr\n");
    assert.equal(finished.code, 7);
  },
);

Deno.test("tsh ssh finds a node by its labels", onNode, async () => {
  const finished = await approved("ssh", ["root@arch=x86_64", "echo found"]);
  assert.deepEqual([finished.code, finished.stdout], [0, "found\n"]);
});

Deno.test(
  "tsh ssh refuses a login that alice does not have, with those she has",
  onNode,
  async () => {
    const finished = await approved("ssh", ["nobody@server01", "true"]);
    assert.equal(finished.code, 255);
    assert.match(
      saidAfterPrompt(finished),
      /^ERROR: access denied to nobody connecting to server01\nLogins that you have: root\./,
    );
  },
);

Deno.test("tsh scp copies up, from node to node and down, byte for byte", onNode, async () => {
  const folder = `${cluster.folder}/copy of 'files'`;
  await Deno.mkdir(folder);
  const bytes = crypto.getRandomValues(new Uint8Array(50_000));
  await Deno.writeFile(`${folder}/a b`, bytes);
  const ends = [
    [`${folder}/a b`, `root@server01:${folder}/up`],
    [`root@server01:${folder}/up`, `root@server01:${folder}/across`],
    [`root@server01:${folder}/across`, `${folder}/down`],
  ];
  for (const [from, to] of ends) {
    const finished = await approved("scp", ["-q", from!, to!]);
    assert.equal(finished.code, 0, finished.stderr);
    assert.equal(saidAfterPrompt(finished), "");
  }
  assert.deepEqual(await Deno.readFile(`${folder}/down`), bytes);
});

Deno.test(
  "a locked memory and a real node get along, and nothing is left in the temporary folder",
  onNode,
  async () => {
    const temp = await Deno.makeTempDir();
    try {
      const tsh = cluster.tsh(
        [
          ...["ssh", "--headless", "--mlock=strict", `--proxy=${cluster.proxy}`, "--user=alice"],
          ...["root@server01", "grep -E 'NoNewPrivs|Seccomp:' /proc/self/status"],
        ],
        { TMPDIR: temp, XDG_RUNTIME_DIR: temp },
      );
      const [, id] = await tsh.waitFor(/\/web\/headless\/([0-9a-f-]{36})\n/);
      await alice.approve(id!);
      const { code, stdout } = await tsh.finished();
      assert.equal(code, 0);
      assert.equal(stdout, "NoNewPrivs:\t0\nSeccomp:\t0\n");
      assert.deepEqual([...Deno.readDirSync(temp)], []);
    } finally {
      await Deno.remove(temp, { recursive: true });
    }
  },
);
