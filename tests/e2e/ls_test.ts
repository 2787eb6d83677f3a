/**
 * The main job, as its user sees it: real processes, a real cluster, a software key.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Cluster } from "../support/cluster.ts";
import { Person } from "../support/person.ts";
import type { Running } from "../support/processes.ts";

await using stack = new AsyncDisposableStack();

/** The cluster that these tests share, with alice registered; made by the first that needs it. */
let shared: Promise<{ cluster: Cluster; alice: Person }> | undefined;
function setUp(): Promise<{ cluster: Cluster; alice: Person }> {
  return shared ??= (async () => {
    const cluster = stack.use(await Cluster.start());
    const alice = stack.use(new Person(cluster.url, await cluster.certificate()));
    await alice.acceptInvitation(await cluster.invite("alice", { logins: "root,alice" }));
    return { cluster, alice };
  })();
}

/** Tests share a cluster, so what one opens another closes. */
const sharing = { sanitizeOps: false, sanitizeResources: false };

async function waiting(cluster: Cluster, ...args: string[]): Promise<{ tsh: Running; id: string }> {
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
  sharing,
  async () => {
    const { cluster, alice } = await setUp();
    const { tsh, id } = await waiting(cluster);
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
      `Node Name Address        Labels      
--------- -------------- ----------- 
server01  127.0.0.1:3022 arch=x86_64 

`,
    );
  },
);

Deno.test("tsh ls --headless --format=json prints the resource", sharing, async () => {
  const { cluster, alice } = await setUp();
  const { tsh, id } = await waiting(cluster, "--format=json");
  await alice.approve(id);
  const { code, stdout } = await tsh.finished();
  assert.equal(code, 0);
  const [node, ...more] = JSON.parse(stdout);
  assert.deepEqual(more, []);
  assert.equal(node.kind, "node");
  assert.equal(node.spec.hostname, "server01");
  assert.deepEqual(node.metadata.labels, { arch: "x86_64" });
});

Deno.test("a rejected request ends tsh with status 3, and its page knows", sharing, async () => {
  const { cluster, alice } = await setUp();
  const { tsh, id } = await waiting(cluster);
  assert.equal((await alice.deny(id)).status, 200);
  const { code, stdout, stderr } = await tsh.finished();
  assert.equal(code, 3, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /ERROR: .*(denied|rejected)/);
});

Deno.test(
  "Ctrl-C withdraws the request, which its page learns, and ends tsh with 130",
  sharing,
  async () => {
    const { cluster, alice } = await setUp();
    const { tsh, id } = await waiting(cluster);
    assert.equal((await alice.headless(id)).status, 200);
    tsh.signal("SIGINT");
    assert.equal((await tsh.finished()).code, 130);
    const refused = await alice.approve(id);
    assert.notEqual(refused.status, 200);
  },
);

Deno.test("a request is answered once", sharing, async () => {
  const { cluster, alice } = await setUp();
  const { tsh, id } = await waiting(cluster);
  const answers = await Promise.all([alice.touch(), alice.touch()]).then((touches) =>
    Promise.all(touches.map((touch) => alice.approve(id, touch)))
  );
  assert.deepEqual(answers.map((answer) => answer.status === 200).sort(), [false, true]);
  assert.equal((await tsh.finished()).code, 0);
});

Deno.test("nobody else can see or approve alice's request", sharing, async () => {
  const { cluster, alice } = await setUp();
  using mallory = new Person(cluster.url, await cluster.certificate());
  await mallory.acceptInvitation(await cluster.invite("mallory"));
  const { tsh, id } = await waiting(cluster);
  const [seen, approved] = await Promise.all([mallory.headless(id), mallory.approve(id)]);
  assert.notEqual(seen.status, 200);
  assert.notEqual(approved.status, 200);
  await alice.approve(id);
  assert.equal((await tsh.finished()).code, 0);
});

Deno.test("nothing is written under the home directory", sharing, async () => {
  const { cluster, alice } = await setUp();
  const home = await Deno.makeTempDir({ prefix: "latchkey-home-" });
  try {
    const tsh = cluster.tsh(
      ["ls", "--headless", `--proxy=${cluster.proxy}`, "--user=alice"],
      { HOME: home, XDG_DATA_HOME: "", XDG_CONFIG_HOME: "" },
    );
    const [, id] = await tsh.waitFor(/\/web\/headless\/([0-9a-f-]{36})\n/);
    await alice.approve(id!);
    assert.equal((await tsh.finished()).code, 0);
    // Deno's own cache of compiled code is the runtime's, not the tool's.
    const written = [...Deno.readDirSync(home)].map((entry) => entry.name)
      .filter((name) => name !== ".cache");
    assert.deepEqual(written, []);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("the cluster is taken down", sharing, () => stack.disposeAsync());
