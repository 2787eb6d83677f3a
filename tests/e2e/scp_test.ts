import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Pty } from "../support/pty.ts";
import { SshWorld } from "../support/ssh/world.ts";

const { login } = SshWorld;
const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;

/** Names that some tool or other would read as something else. */
const ODD_NAMES = [
  "a b",
  "-rf",
  "it's",
  'q"uote',
  "new\nline",
  "semi;colon",
  "$(id)",
  "`id`",
  "ü",
  "back\\slash",
  "co:lon",
];

/** Whether two trees are the same, with modes and times. */
async function sameTrees(left: string, right: string): Promise<void> {
  const list = async (folder: string) => {
    const script =
      `cd "$1" && find . -printf '%P %m %T@ %y\\0' | sed -z 's/\\.[0-9]* \\(.\\)$/ \\1/' | sort -z`;
    const { stdout } = await new Deno.Command("sh", { args: ["-c", script, "sh", folder] })
      .output();
    return new TextDecoder().decode(stdout).split("\0");
  };
  assert.deepEqual(await list(right), await list(left));
  const { code } = await new Deno.Command("diff", { args: ["-r", left, right] }).output();
  assert.equal(code, 0);
}

Deno.test("tsh scp copies", async (t) => {
  await using world = await SshWorld.start();
  const { folder } = world;
  const fresh = (name: string) => {
    const path = `${folder}/${name}`;
    Deno.mkdirSync(path);
    return path;
  };
  const big = `${folder}/big`;
  await Deno.writeFile(big, randomBytes(100 * 1024 * 1024));
  const same = async (left: string, right: string) =>
    assert.equal((await new Deno.Command("cmp", { args: [left, right] }).output()).code, 0);
  const ok = { code: 0, stdout: "", stderr: "" };

  await t.step("100 MB to a node, from one, and between two, each with one login", async () => {
    const [up, across, down] = [`${folder}/up`, `${folder}/across`, `${folder}/down`];
    assert.deepEqual(await world.run(["scp", big, `${login}@server01:${up}`]), ok);
    await same(big, up);
    const nodes = [`${login}@server01:${up}`, `${login}@server02:${across}`];
    const between = world.tsh(["scp", ...nodes]);
    const { code, stderr } = await between.finished();
    assert.deepEqual([code, stderr], [0, "waiting for approval\n"]);
    await same(big, across);
    assert.deepEqual(await world.run(["scp", `${login}@server02:${across}`, down]), ok);
    await same(big, down);
  });

  await t.step("a tree of 1,000 files, there and back, with modes and times", async () => {
    const tree = fresh("tree");
    for (let i = 0; i < 1000; i++) {
      const path = `${tree}/${i % 37}`;
      await Deno.mkdir(path, { recursive: true });
      await Deno.writeFile(`${path}/file ${i}`, randomBytes(i * 3));
    }
    await Deno.chmod(`${tree}/0/file 0`, 0o640);
    await Deno.utime(`${tree}/1/file 1`, 1_000_000_000, 1_000_000_000);
    await Deno.utime(`${tree}/2`, 1_000_000_000, 1_000_000_000);
    const [there, back] = [`${folder}/tree_there`, `${folder}/tree_back`];
    assert.deepEqual(await world.run(["scp", "-rp", tree, `${login}@server01:${there}`]), ok);
    await sameTrees(tree, there);
    assert.deepEqual(await world.run(["scp", "-r", "-p", `${login}@server01:${there}`, back]), ok);
    await sameTrees(tree, back);
  });

  await t.step(
    "names with blanks, quotes, newlines, dashes and colons, in all directions",
    async () => {
      const from = fresh("odd");
      for (const name of ODD_NAMES) await Deno.writeTextFile(`${from}/${name}`, name);
      const [there, across, back] = [fresh("odd_there"), fresh("odd_across"), fresh("odd_back")];
      const local = ODD_NAMES.map((name) => name === "co:lon" ? `./${name}` : name);
      const up = await world.run(["scp", "--", ...local, `${login}@server01:${there}`], {
        cwd: from,
      });
      assert.deepEqual(up, ok);
      // scp matches remote names as patterns, so a backslash is written twice.
      const remote = (host: string, dir: string) =>
        ODD_NAMES.map((name) => `${login}@${host}:${dir}/${name.replaceAll("\\", "\\\\")}`);
      const between = [...remote("server01", there), `${login}@server02:${across}`];
      assert.deepEqual(await world.run(["scp", ...between]), ok);
      assert.deepEqual(await world.run(["scp", ...remote("server02", across), back]), ok);
      for (const copy of [there, across, back]) {
        for (const name of ODD_NAMES) {
          assert.equal(
            await Deno.readTextFile(`${copy}/${name}`),
            name,
          );
        }
      }
      const colon = await world.run(["scp", "co:lon", `${login}@server01:${there}`], { cwd: from });
      assert.match(colon.stderr, /ERROR: no node co that you may reach/);
    },
  );

  await t.step("several hosts at once, home directories, labels and wildcards", async () => {
    const there = fresh("several");
    for (const name of ["one.txt", "two.txt"]) await Deno.writeTextFile(`${there}/${name}`, name);
    const to = fresh("several_to");
    const { uuid } = world.node("server02");
    const from = [`role=web:${there}/one.*`, `${uuid}:${there}/two.txt`];
    assert.deepEqual(await world.run(["scp", "-l", login, ...from, to]), ok);
    assert.deepEqual([...Deno.readDirSync(to)].map(({ name }) => name).sort(), [
      "one.txt",
      "two.txt",
    ]);
  });

  await t.step(
    "what cannot be copied is said, the rest is copied, and the status is 1",
    async () => {
      const there = fresh("partial");
      await Deno.writeTextFile(`${there}/good`, "good");
      const to = fresh("partial_to");
      const from = [`${login}@server01:${there}/missing`, `${login}@server01:${there}/good`];
      const { code, stderr } = await world.run(["scp", ...from, to]);
      assert.equal(code, 1);
      assert.match(stderr, /^scp: \S+\/missing: No such file or directory\n$/);
      assert.equal(await Deno.readTextFile(`${to}/good`), "good");
      const quiet = await world.run(["scp", "-q", from[0]!, to]);
      assert.deepEqual([quiet.code, quiet.stderr], [1, stderr]);
    },
  );

  await t.step("local mistakes are said before anybody is asked", async () => {
    const said = async (...args: string[]) => {
      const { code, stderr } = await world.tsh(["scp", ...args]).finished();
      assert.doesNotMatch(stderr, /waiting/);
      return [code, stderr.split("\n")[0]];
    };
    const to = `${login}@server01:/tmp/`;
    assert.deepEqual(await said("/nonexistent/x", to), [
      1,
      'ERROR: there is no file "/nonexistent/x" that can be read',
    ]);
    assert.deepEqual(await said(folder, to), [2, `ERROR: "${folder}" is a directory`]);
    assert.deepEqual(await said("a", "b"), [2, "ERROR: none of these places is on a node"]);
    assert.deepEqual(await said(to), [2, "ERROR: scp needs at least two places: from… and to"]);
    for (const flag of ["-S", "-F", "-J", "-i", "-D", "-O"]) {
      assert.equal((await said(flag, "/tmp/x", big, to))[0], 2, flag);
    }
    const option = await said("-o", "ProxyCommand=x", big, to);
    assert.match(String(option[1]), /the option ProxyCommand is not allowed here/);
    assert.equal((await said("--", "-oProxyCommand=x:/y", big, to))[0], 2);
  });

  await t.step("a host that is not trusted, or denies the login, is refused", async () => {
    await world.addNode("stranger", { names: ["somebody-else"] });
    const stranger = await world.run(["scp", big, `${login}@stranger:/tmp/never`]);
    assert.equal(stranger.code, 255);
    assert.match(stranger.stderr, /^ERROR: stranger is not trusted/);
    const denied = await world.run(["scp", big, "nosuchuser@server01:/tmp/never"]);
    assert.equal(denied.code, 255);
    assert.match(denied.stderr, /^ERROR: access denied to nosuchuser connecting to server01\n/);
  });

  await t.step("a terminal shows a progress bar, -q none", async () => {
    const args = ["scp", big, `${login}@server01:${folder}/bar`];
    await using pty = new Pty(world.command(args), world.environment());
    assert.equal(await pty.finished(), 0);
    assert.match(pty.output, /big +100% +100MB/);
    await using quiet = new Pty(
      world.command(["scp", "-q", ...args.slice(1)]),
      world.environment(),
    );
    assert.equal(await quiet.finished(), 0);
    assert.equal(quiet.output, "waiting for approval\r\n");
  });

  await t.step("Ctrl-C in the middle leaves nothing but part of the file", async () => {
    const args = ["scp", "-o", "RekeyLimit=16K", big, `${login}@server01:${folder}/part`];
    await using pty = new Pty(world.command(args), world.environment());
    await pty.see(/\d%/);
    await pty.type("\u0003");
    assert.equal(await pty.finished(), 130);
  });

  assert.deepEqual(world.leftovers(), []);
});

Deno.test("a full disk on either side is said, with status 1", { ignore: !isRoot }, async () => {
  await using world = await SshWorld.start();
  const disk = `${world.folder}/disk`;
  await Deno.mkdir(disk);
  const mount = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk],
  }).output();
  if (!mount.success) return; // a container that may not mount
  try {
    const big = `${world.folder}/big`;
    await Deno.writeFile(big, new Uint8Array(3 * 1024 * 1024));
    const up = await world.run(["scp", big, `${login}@server01:${disk}/up`]);
    assert.equal(up.code, 1);
    assert.match(up.stderr, /scp: .*(Failure|No space)/);
    await Deno.remove(`${disk}/up`);
    const down = await world.run(["scp", `${login}@server01:${big}`, `${disk}/down`]);
    assert.equal(down.code, 1);
    assert.match(down.stderr, /No space left on device/);
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
  }
});

Deno.test("a node that vanishes in the middle of a copy ends it", async () => {
  await using world = await SshWorld.start();
  const big = `${world.folder}/big`;
  await Deno.writeFile(big, new Uint8Array(200 * 1024 * 1024));
  const to = `${world.folder}/to`;
  const tsh = world.tsh(["scp", big, `${login}@server01:${to}`]);
  const { port } = world.node("server01");
  while (!await Deno.stat(to).then(({ size }) => size > 0, () => false)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // The session's own sshd, found by its connection.
  const { stdout } = await new Deno.Command("ss", {
    args: ["-tnpH", "state", "established", `sport = :${port}`],
  }).output();
  for (const [, pid] of new TextDecoder().decode(stdout).matchAll(/pid=(\d+)/g)) {
    Deno.kill(Number(pid), "SIGKILL");
  }
  const { code, stderr } = await tsh.finished();
  assert.notEqual(code, 0);
  assert.match(stderr, /Connection closed|lost connection|closed by remote host|Broken pipe/);
  assert.deepEqual(world.leftovers(), []);
});
