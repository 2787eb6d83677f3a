/**
 * The main job, as its user sees it: real processes, a real cluster, a software key.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Cluster } from "../support/cluster.ts";
import { type Answer, Person } from "../support/person.ts";
import type { Running } from "../support/processes.ts";

let cluster: Cluster;
let alice: Person;

Deno.test.beforeAll(async () => {
  cluster = await Cluster.start();
  alice = new Person(cluster.url, await cluster.certificate());
  await alice.acceptInvitation(await cluster.invite("alice", { logins: "root,alice" }));
});

Deno.test.afterAll(async () => {
  alice[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

/** What an answer is told that comes too late. */
function notPending(state: string): Answer {
  const message = `cannot approve a headless authentication from a non-pending state: ${state}`;
  return { status: 412, body: { error: { message } } };
}

/** Starts `tsh ls --headless` for alice and waits for its link. */
async function waiting(...args: string[]): Promise<{ tsh: Running; id: string }> {
  const tsh = cluster.tsh([
    "ls",
    "--headless",
    `--proxy=${cluster.proxy}`,
    "--user=alice",
    ...args,
  ]);
  const [, id] = await tsh.waitFor(/\/web\/headless\/([0-9a-f-]{36})\n/);
  return { tsh, id: id! };
}

Deno.test(
  "tsh ls --headless prints the guide's prompt on stderr and the guide's table on stdout",
  async () => {
    const { tsh, id } = await waiting();
    assert.equal((await alice.approve(id)).status, 200);
    const { code, stdout, stderr } = await tsh.finished();
    assert.equal(code, 0);
    assert.equal(
      stderr,
      `Complete headless authentication in your local web browser:

https://${cluster.proxy}/web/headless/${id}

or execute this command in your local terminal:

tsh headless approve --user=alice --proxy=${cluster.proxy} ${id}

`,
    );
    assert.equal(
      stdout,
      `Node Name Address         Labels
--------- --------------- -----------
server01  127.0.0.1:${cluster.nodePort} arch=x86_64
`,
    );
  },
);

Deno.test("tsh ls --headless --format=json prints the resource", async () => {
  const { tsh, id } = await waiting("--format=json");
  await alice.approve(id);
  const { code, stdout } = await tsh.finished();
  assert.equal(code, 0);
  const [node, ...more] = JSON.parse(stdout);
  assert.deepEqual(more, []);
  assert.equal(node.kind, "node");
  assert.equal(node.spec.hostname, "server01");
  assert.deepEqual(node.metadata.labels, { arch: "x86_64" });
});

Deno.test("a rejected request ends tsh with status 3, and its page knows", async () => {
  const { tsh, id } = await waiting();
  assert.equal((await alice.deny(id)).status, 200);
  const { code, stdout, stderr } = await tsh.finished();
  assert.equal(code, 3, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /ERROR: .*(denied|rejected)/);
});

Deno.test(
  "Ctrl-C withdraws the request, which its page learns, and ends tsh with 130",
  async () => {
    const { tsh, id } = await waiting();
    assert.equal((await alice.headless(id)).status, 200);
    tsh.signal("SIGINT");
    assert.equal((await tsh.finished()).code, 130);
    assert.deepEqual(await alice.approve(id), notPending("withdrawn"));
  },
);

Deno.test("a request is answered once", async () => {
  const { tsh, id } = await waiting();
  const answers = await Promise.all([alice.touch(), alice.touch()]).then((touches) =>
    Promise.all(touches.map((touch) => alice.approve(id, touch)))
  );
  const ok = { status: 200, body: { message: "ok" } };
  assert.deepEqual(answers.sort((a, b) => a.status - b.status), [ok, notPending("approved")]);
  assert.equal((await tsh.finished()).code, 0);
});

Deno.test("nobody else can see or approve alice's request", async () => {
  using mallory = new Person(cluster.url, await cluster.certificate());
  await mallory.acceptInvitation(await cluster.invite("mallory"));
  const { tsh, id } = await waiting();
  const [seen, approved] = await Promise.all([mallory.headless(id), mallory.approve(id)]);
  const body = { error: { message: "requested invalid headless session" } };
  assert.deepEqual([seen, approved], [{ status: 400, body }, { status: 404, body }]);
  await alice.approve(id);
  assert.equal((await tsh.finished()).code, 0);
});

Deno.test("nothing is written under the home directory", async () => {
  const home = await Deno.makeTempDir({ prefix: "latchkey-home-" });
  try {
    const tsh = cluster.tsh(
      ["ls", "--headless", `--proxy=${cluster.proxy}`, "--user=alice"],
      { HOME: home, XDG_DATA_HOME: "", XDG_CONFIG_HOME: "" },
    );
    const [, id] = await tsh.waitFor(/\/web\/headless\/([0-9a-f-]{36})\n/);
    await alice.approve(id!);
    assert.equal((await tsh.finished()).code, 0);
    assert.deepEqual([...Deno.readDirSync(home)], []);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
