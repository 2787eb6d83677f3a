/**
 * `teleport join openssh`: machines with an sshd of their own become nodes, and are as before when that fails.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Cluster, RUNS_SSHD } from "../support/cluster.ts";
import { Machine } from "../support/node/machine.ts";
import { Visitor } from "../support/node/visitor.ts";

const ignore = !RUNS_SSHD;
/** The cluster that the tests share logs what its node does, so a read of its output begins in one test and ends in another. */
const sanitizeOps = false;

let cluster: Cluster;
let token: string;
let pin: string;

Deno.test.beforeAll(async () => {
  if (ignore) return;
  cluster = await Cluster.start();
  token = (await cluster.tctl("tokens", "add", "--type=node", "--format=text")).stdout.trim();
  pin = /sha256:[0-9a-f]{64}/.exec((await cluster.tctl("status")).stdout)![0];
  const file = `${cluster.folder}/role.yaml`;
  await Deno.writeTextFile(
    file,
    "kind: role\nversion: v6\nmetadata: { name: web-root }\n" +
      "spec: { allow: { logins: [root], node_labels: { role: web } } }\n",
  );
  assert.equal((await cluster.tctl("create", file)).code, 0);
});

Deno.test.afterAll(async () => {
  if (!ignore) await cluster[Symbol.asyncDispose]();
});

/** Joins, and says why not. */
async function joined(machine: Machine, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await machine.join(
    cluster.proxy,
    token,
    `--ca-pin=${pin}`,
    ...args,
  );
  assert.equal(code, 0, stderr);
  return stdout;
}

/** What becomes of a machine that does not get to join: nothing. */
async function unchanged(machine: Machine, act: () => Promise<void>): Promise<void> {
  const before = await machine.files();
  await act();
  assert.deepEqual(await machine.files(), before);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: machine.port });
  const greeting = new Uint8Array(8);
  await connection.read(greeting);
  assert.equal(new TextDecoder().decode(greeting), "SSH-2.0-");
}

async function nodes(): Promise<string> {
  return (await cluster.tctl("nodes", "ls", "--verbose")).stdout;
}

Deno.test({
  name: "a machine that has joined is listed with its labels, and decides by them",
  ignore,
  sanitizeOps,
  async fn() {
    await using machine = await Machine.start();
    const keys = () =>
      new Deno.Command("ssh-keyscan", { args: ["-p", `${machine.port}`, "127.0.0.1"] }).output();
    const before = (await keys()).stdout;
    const said = await joined(machine, "--node-name=web-1", "--labels=role=web,env=prod");
    assert.match(said, /web-1 has joined cluster demo, and is listed at 127\.0\.0\.1:\d+\.\n/);
    assert.match(
      await nodes(),
      new RegExp(`web-1 .* 127\\.0\\.0\\.1:${machine.port} +env=prod,role=web`),
    );
    // Whoever knows the host by its key goes on knowing it.
    assert.deepEqual((await keys()).stdout, before);

    const where = { port: machine.port, alias: "web-1" };
    await using ann = await Visitor.invite(cluster, "ann", { roles: "web-root" });
    // The machine learns of new people when it asks.
    assert.equal((await machine.teleport(["node", "refresh"])).code, 0);
    const key = await ann.loginKey();
    const { code, stdout, stderr } = await ann.ssh(key, "root", "echo in", where);
    assert.deepEqual([code, stdout], [0, "in\n"], stderr);
    assert.equal((await ann.ssh(key, "root", "echo in")).code, 255, "not at another node");
    assert.equal((await ann.ssh(key, "root", "echo in", { ...where, alias: "web-2" })).code, 255);

    const uuid = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec((await nodes()).match(/web-1.*/)![0])![0];
    assert.equal((await cluster.tctl("rm", `node/${uuid}`)).code, 0);
    const removed = await machine.teleport(["node", "refresh"]);
    assert.equal(removed.code, 1);
    assert.match(removed.stderr, /ERROR: cluster demo no longer knows this machine\n/);
    assert.equal((await ann.ssh(key, "root", "echo in", where)).code, 255);
    assert.doesNotMatch(await nodes(), /web-1/);
  },
});

Deno.test({
  name: "a configuration that includes no directory gets one line at its beginning",
  ignore,
  sanitizeOps,
  async fn() {
    await using machine = await Machine.start("# by hand\n");
    await joined(machine, "--node-name=plain");
    const [first, second] = (await Deno.readTextFile(machine.config)).split("\n");
    assert.equal(first, `Include "${machine.dataDir}/openssh/sshd.conf"`);
    assert.equal(second, "# by hand");
    await using ben = await Visitor.invite(cluster, "ben", { logins: "root" });
    assert.equal((await machine.teleport(["node", "refresh"])).code, 0);
    const where = { port: machine.port, alias: "plain" };
    assert.equal((await ben.ssh(await ben.headlessKey(), "root", "echo in", where)).code, 0);
    const again = await machine.join(cluster.proxy, token, `--ca-pin=${pin}`);
    assert.match(again.stderr, /ERROR: this machine has joined already/);
  },
});

Deno.test({
  name: "certificates are renewed when they are due, and open sessions go on",
  ignore,
  sanitizeOps,
  async fn() {
    await using machine = await Machine.start();
    await joined(machine, "--node-name=renewed");
    await using cleo = await Visitor.invite(cluster, "cleo", { logins: "root" });
    const where = { port: machine.port, alias: "renewed" };
    assert.equal((await machine.teleport(["node", "refresh"])).code, 0);
    const key = await cleo.loginKey();
    const session = cleo.ssh(key, "root", "sleep 3; echo still here", where);
    const paths = ["node.json", "ssh_host-cert.pub"].map((name) =>
      `${machine.dataDir}/openssh/${name}`
    );
    const before = await Promise.all(paths.map((path) => Deno.readTextFile(path)));
    await Deno.writeTextFile(
      paths[0]!,
      JSON.stringify({ ...JSON.parse(before[0]!), renewAtMs: 0 }),
    );
    const { code, stdout, stderr } = await machine.teleport(["node", "refresh"]);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /renewed is listed in cluster demo, and knows its rules for .*with new certificates/,
    );
    assert.notEqual(await Deno.readTextFile(paths[1]!), before[1]);
    assert.equal((await cleo.ssh(key, "root", "echo in", where)).stdout, "in\n");
    assert.equal((await session).stdout, "still here\n");
    // The new certificate for the cluster works, too.
    assert.equal((await machine.teleport(["node", "refresh"])).code, 0);
  },
});

Deno.test({
  name: "without proof of the cluster nothing is sent and nothing changes",
  ignore,
  sanitizeOps,
  async fn() {
    await using machine = await Machine.start();
    await unchanged(machine, async () => {
      const wrong = await machine.join(cluster.proxy, token, `--ca-pin=sha256:${"0".repeat(64)}`);
      assert.equal(wrong.code, 1);
      assert.match(
        wrong.stderr,
        /ERROR: the cluster's certificate authority does not fit the --ca-pin\n/,
      );
      const untrusted = await machine.join(cluster.proxy, token);
      assert.equal(untrusted.code, 1);
      assert.match(untrusted.stderr, /ERROR: the certificate of localhost:\d+ is not trusted/);
    });
  },
});

Deno.test({
  name: "a wrong token, and a name that is taken, are refused, and nothing changes",
  ignore,
  sanitizeOps,
  async fn() {
    await using machine = await Machine.start();
    await unchanged(machine, async () => {
      const wrong = await machine.join(cluster.proxy, "0".repeat(40), `--ca-pin=${pin}`);
      assert.match(wrong.stderr, /ERROR: the token is not valid, or has expired\n/);
      const taken = await machine.join(
        cluster.proxy,
        token,
        `--ca-pin=${pin}`,
        "--node-name=Server01",
      );
      assert.match(taken.stderr, /ERROR: there is a node named "Server01" already\n/);
    });
  },
});

Deno.test({
  name: "a restart that fails is undone",
  ignore,
  sanitizeOps,
  async fn() {
    const configs = {
      "undone-1": "Include DIR/sshd_config.d/*.conf\n",
      "undone-2": "# nothing included\n",
    };
    for (const [name, config] of Object.entries(configs)) {
      await using machine = await Machine.start(config);
      await unchanged(machine, async () => {
        const { code, stderr } = await machine.join(
          cluster.proxy,
          token,
          `--ca-pin=${pin}`,
          `--node-name=${name}`,
          "--sshd-restart-command=echo no >&2; exit 1",
        );
        assert.equal(code, 1);
        assert.match(stderr, /ERROR: .*the command that restarts sshd failed: no/);
      });
      assert.doesNotMatch(await nodes(), /undone/);
    }
  },
});

Deno.test({
  name:
    "a configuration that overrules us, believes another authority or is broken is left as it is",
  ignore,
  sanitizeOps,
  async fn() {
    const cases: [config: string, words: RegExp][] = [
      [
        "TrustedUserCAKeys none\nInclude DIR/sshd_config.d/*.conf\n",
        /ERROR: .* overrules the lines that were added/,
      ],
      [
        "TrustedUserCAKeys DIR/host_key.pub\nInclude DIR/sshd_config.d/*.conf\n",
        /ERROR: .* says already: TrustedUserCAKeys /,
      ],
      [
        "AuthorizedPrincipalsFile DIR/princ_%u\nInclude DIR/sshd_config.d/*.conf\n",
        /ERROR: .* overrules the lines that were added/,
      ],
      [
        "AuthorizedPrincipalsCommandUser nobody\nInclude DIR/sshd_config.d/*.conf\n",
        /ERROR: .* overrules the lines that were added/,
      ],
    ];
    for (const [index, [config, words]] of cases.entries()) {
      await using machine = await Machine.start(config);
      await unchanged(machine, async () => {
        const { code, stderr } = await machine.join(
          cluster.proxy,
          token,
          `--ca-pin=${pin}`,
          `--node-name=overruled-${index}`,
        );
        assert.equal(code, 1);
        assert.match(stderr, words);
      });
    }
    await using machine = await Machine.start();
    await Deno.writeTextFile(machine.config, "NoSuchKeyword yes\n", { append: true });
    await unchanged(machine, async () => {
      const { stderr } = await machine.join(cluster.proxy, token, `--ca-pin=${pin}`);
      assert.match(stderr, /ERROR: sshd refuses the configuration .*NoSuchKeyword/);
    });
  },
});

Deno.test({
  name: "a Match block that decides who may log in is refused by file and line, wherever it is",
  ignore,
  sanitizeOps,
  async fn() {
    await using machine = await Machine.start();
    const included = `${machine.folder}/sshd_config.d/50-own.conf`;
    const join = () => machine.join(cluster.proxy, token, `--ca-pin=${pin}`, "--node-name=matched");
    for (
      const line of [
        "AuthorizedPrincipalsCommand /bin/echo root",
        "AuthorizedPrincipalsFile /etc/hosts",
        "TrustedUserCAKeys /etc/hosts",
      ]
    ) {
      await Deno.writeTextFile(included, `# own\nMatch User root\n  ${line}\n`);
      await unchanged(machine, async () => {
        const { code, stderr } = await join();
        assert.equal(code, 1);
        assert.ok(
          stderr.includes(`ERROR: ${included}, line 3, says in a Match block: ${line}\n`),
          stderr,
        );
      });
    }
    assert.doesNotMatch(await nodes(), /matched/);
    await Deno.writeTextFile(included, "# own\nMatch User root\n  PermitTTY yes\n");
    const { code, stderr } = await join();
    assert.equal(code, 0, stderr);
  },
});

Deno.test({
  name: "a file of principals that the machine has lets nobody in whom the cluster denies",
  ignore,
  sanitizeOps,
  async fn() {
    await using machine = await Machine.start(
      // The file lies below /tmp, which sshd would not take it from.
      "Include DIR/sshd_config.d/*.conf\nAuthorizedPrincipalsFile DIR/princ_%u\nStrictModes no\n",
    );
    await Deno.writeTextFile(`${machine.folder}/princ_root`, "root\n");
    await joined(machine, "--node-name=princ", "--labels=role=db");
    await using eve = await Visitor.invite(cluster, "eve", { roles: "web-root" });
    assert.equal((await machine.teleport(["node", "refresh"])).code, 0);
    const key = await eve.loginKey();
    const login = () => eve.ssh(key, "root", "echo in", { port: machine.port, alias: "princ" });
    assert.equal((await login()).code, 255);

    // Without our line the file does let her in.
    const dropIn = `${machine.folder}/sshd_config.d/00-latchkey.conf`;
    const lines = await Deno.readTextFile(dropIn);
    await Deno.writeTextFile(dropIn, lines.replace("AuthorizedPrincipalsFile none\n", ""));
    Deno.kill(Number(await Deno.readTextFile(`${machine.folder}/pid`)), "SIGHUP");
    for (let tries = 0; (await login()).code !== 0; tries++) assert.ok(tries < 20);
  },
});
