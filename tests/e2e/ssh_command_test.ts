import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { SshAuthority } from "../support/ssh/authority.ts";
import { SshWorld } from "../support/ssh/world.ts";

const { login } = SshWorld;

Deno.test("tsh ssh runs commands on nodes", async (t) => {
  await using world = await SshWorld.start();
  const lone = await world.addNode("lone");
  const evil = SshAuthority.generate();
  await world.addNode("evil", { authority: evil });
  await world.addNode("stranger", { names: ["somebody-else"] });
  for (const name of ["server01", "server02"]) {
    const { port } = world.node(name);
    world.nodes.push({ uuid: crypto.randomUUID(), hostname: "twin", port });
  }
  world.nodes.push({ uuid: crypto.randomUUID(), hostname: "down", port: 1 });

  await t.step("stdin, stdout and stderr are the remote's, to the byte", async () => {
    const input = randomBytes(3_000_000);
    const child = world.spawn(["ssh", `${login}@server01`, "tee /dev/stderr"], { stdin: "piped" });
    const writer = child.stdin.getWriter();
    const [, stdout, stderr, { code }] = await Promise.all([
      writer.write(input).then(() => writer.close()),
      new Response(child.stdout).bytes(),
      new Response(child.stderr).bytes(),
      child.status,
    ]);
    assert.equal(code, 0);
    assert.ok(input.equals(stdout));
    const own = new TextEncoder().encode("waiting for approval\n");
    assert.ok(input.equals(stderr.subarray(own.length)));
  });

  await t.step(
    "the exit status is the remote's, and what follows the host belongs to it",
    async () => {
      const exit = await world.run(["ssh", `${login}@server01`, "exit 7"]);
      assert.deepEqual(exit, { code: 7, stdout: "", stderr: "" });
      const flags = ["printf", "'%s|'", "-t", "--proxy", "x", "-o", "--", "'a  b'"];
      const echoed = await world.run(["ssh", `${login}@server01`, ...flags]);
      assert.deepEqual(echoed, { code: 0, stdout: "-t|--proxy|x|-o|--|a  b|", stderr: "" });
      const dashes = await world.run(["ssh", `${login}@server01`, "--", "echo", "$((1+1))"]);
      assert.equal(dashes.stdout, "2\n");
      const killed = await world.run(["ssh", `${login}@server01`, "kill -9 $$"]);
      assert.equal(killed.code, 255);
    },
  );

  await t.step(
    "the login comes from the destination, the flag, the variable, the system",
    async () => {
      const asked = async (args: string[], env: Record<string, string> = {}) =>
        (await world.run(["ssh", ...args, "true"], { env })).stderr.split("\n")[0];
      const denied = (name: string) => `ERROR: access denied to ${name} connecting to server01`;
      const env = { TELEPORT_LOGIN: "variable" };
      assert.equal(await asked(["--login", "flag", "typed@server01"], env), denied("typed"));
      assert.equal(await asked(["-l", "flag", "server01"], env), denied("flag"));
      assert.equal(await asked(["server01"], env), denied("variable"));
      const own = await world.run(["ssh", "server01", "id -un"]);
      assert.deepEqual(own, { code: 0, stdout: `${login}\n`, stderr: "" });
    },
  );

  await t.step("a login that one does not have is refused with those that one has", async () => {
    const { code, stderr } = await world.run(["ssh", "toor@server01", "id"]);
    assert.equal(code, 255);
    assert.equal(
      stderr,
      "ERROR: access denied to toor connecting to server01\n" +
        `Logins that you have: ${login}, nosuchuser. Name one as login@host or with --login.\n`,
    );
  });

  await t.step("a login that the node refuses is refused in the same words", async () => {
    const { code, stderr } = await world.run(["ssh", "nosuchuser@server01", "id"]);
    assert.deepEqual([code, stderr], [
      255,
      "ERROR: access denied to nosuchuser connecting to server01\n",
    ]);
  });

  await t.step("a node goes by name, UUID, address and labels", async () => {
    const { uuid, port } = world.node("server01");
    for (
      const host of [
        "server01",
        uuid,
        "env=prod,role=web",
        `127.0.0.1:${lone.port}`,
      ]
    ) {
      const { code, stderr } = await world.run(["ssh", `${login}@${host}`, "true"]);
      assert.deepEqual([code, stderr], [0, ""], host);
    }
    const ported = await world.run(["ssh", "-p", String(port), `${login}@server01`, "true"]);
    assert.deepEqual([ported.code, ported.stderr], [0, ""]);
    const shared = await world.run(["ssh", `${login}@127.0.0.1:${port}`, "true"]);
    assert.match(shared.stderr, /^ERROR: 2 nodes match 127\.0\.0\.1:\d+, and one is needed/);
  });

  await t.step("several nodes that match are listed and refused, in one order", async () => {
    const { code, stderr, stdout } = await world.run(["ssh", `${login}@env=prod`, "true"]);
    assert.deepEqual([code, stdout], [255, ""]);
    assert.match(stderr, /^ERROR: 2 nodes match env=prod, and one is needed:\n {2}server01 {2}127/);
    const twin = await world.run(["ssh", `${login}@twin`, "true"]);
    assert.match(twin.stderr, /^ERROR: 2 nodes match twin, and one is needed:\n {2}twin {2}127/);
  });

  await t.step("a node that is not there, or does not answer, is said to be so", async () => {
    const unknown = await world.run(["ssh", `${login}@nosuch`, "true"]);
    assert.equal(unknown.code, 255);
    assert.match(unknown.stderr, /^ERROR: no node nosuch that you may reach\n/);
    const none = await world.run(["ssh", `${login}@env=test`, "true"]);
    assert.match(none.stderr, /^ERROR: no node env=test that you may reach\n/);
    const down = await world.run(["ssh", `${login}@down`, "true"]);
    assert.equal(down.code, 255);
    assert.match(down.stderr, /^ERROR: cannot reach down \(127\.0\.0\.1:1\)\n/);
  });

  await t.step(
    "a host of another authority, or with another's certificate, is refused",
    async () => {
      const other = await world.run(["ssh", `${login}@evil`, "true"]);
      assert.equal(other.code, 255);
      assert.match(other.stderr, /^ERROR: evil is not trusted: it has no host certificate of the/);
      const stranger = await world.run(["ssh", `${login}@stranger`, "true"]);
      assert.match(stranger.stderr, /^ERROR: stranger is not trusted: .*not a listed principal/);
      const none = await world.run(["ssh", `${login}@server01`, "true"], {
        world: { hostAuthorityKeys: [] },
      });
      assert.match(none.stderr, /^ERROR: the cluster named no certificate authority for its hosts/);
    },
  );

  await t.step("options that would undo the safety are refused before the login", async () => {
    for (
      const args of [
        ["-o", "ProxyCommand=touch x"],
        ["-oproxycommand touch x"],
        ["-o", "StrictHostKeyChecking no"],
        ["-o", "Include /tmp/x"],
        ["-o", "Match all"],
        ["-F", "/tmp/x"],
        ["-i", "/tmp/x"],
        ["-J", "evil"],
        ["-S", "/tmp/x"],
        ["-f"],
      ]
    ) {
      const { code, stderr } = await world.run(["ssh", ...args, `${login}@server01`, "true"]);
      assert.equal(code, 2, args.join(" "));
      assert.doesNotMatch(stderr, /waiting/);
    }
    const dash = await world.run(["ssh", "--", "-oProxyCommand=touch x", "true"]);
    assert.equal(dash.code, 2);
  });

  await t.step("options that ssh itself refuses end the login", async () => {
    const { code, stderr } = await world.run(
      ["ssh", "-o", "Compression=perhaps", `${login}@server01`, "true"],
      { world: { approvalMs: 60_000 } },
    );
    assert.equal(code, 2);
    assert.match(stderr, /unsupported option "perhaps"|[Bb]ad yes\/no argument/);
    assert.match(stderr, /ERROR: OpenSSH did not accept these options/);
  });

  await t.step("without ssh it says what to install", async () => {
    const { code, stderr } = await world.run(["ssh", `${login}@server01`, "true"], {
      env: { PATH: "/nonexistent" },
    });
    assert.equal(code, 1);
    assert.match(stderr, /^ERROR: cannot find "ssh" on the PATH\nInstall OpenSSH/);
  });

  await t.step("a certificate that has expired is said to have", async () => {
    const { code, stderr } = await world.run(["ssh", `${login}@server01`, "true"], {
      world: { lifetimeMs: -1000 },
    });
    assert.deepEqual([code, stderr], [
      255,
      "ERROR: the certificate expired before the connection was made\nRun the command again.\n",
    ]);
  });

  await t.step("a session outlives its certificate", async () => {
    const { code, stdout } = await world.run(["ssh", `${login}@server01`, "sleep 4; echo still"], {
      world: { lifetimeMs: 2500 },
    });
    assert.deepEqual([code, stdout], [0, "still\n"]);
  });

  assert.deepEqual(world.leftovers(), []);
});
