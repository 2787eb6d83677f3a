import assert from "node:assert/strict";
import { SshWorld, type TshOptions } from "../support/ssh/world.ts";

const { login } = SshWorld;
const isLinux = Deno.build.os === "linux";
const isRoot = isLinux && Deno.uid() === 0;

/** What tsh and all its children write, as strace shows it, as one string of their bytes. */
async function writtenBy(world: SshWorld, args: string[], options: TshOptions): Promise<string> {
  const trace = `${world.folder}/trace`;
  const { success, stderr } = await new Deno.Command("strace", {
    // Sockets are left out by the descriptor's name: what is signed goes to ssh, what is asked to the cluster.
    args: ["-f", "-yy", "-s", "65536", "-xx", "-e", "trace=write,pwrite64,writev,pwritev,pwritev2"]
      .concat(["-o", trace, ...world.command(args)]),
    clearEnv: true,
    env: world.environment(options),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const text = await Deno.readTextFile(trace);
  const bytes = text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g);
  return [...bytes].map(([, hex]) => hex!.replaceAll("\\x", "")).join("\n");
}

/** Words that begin a private key: PKCS #8 and OpenSSH, as text and in DER (RFC 8410 §7). */
const MARKS = ["-----BEGIN PRIVATE KEY", "-----BEGIN OPENSSH PRIVATE KEY", "openssh-key-v1"]
  .map((mark) => new TextEncoder().encode(mark).toHex())
  .concat("302e020100300506032b6570");

Deno.test("neither tsh ssh nor tsh scp nor their children write a private key", {
  ignore: !isLinux,
}, async (t) => {
  await using world = await SshWorld.start();
  const holdsKey = (written: string) => MARKS.some((mark) => written.includes(mark));
  const from = `${world.folder}/from`;
  await Deno.writeTextFile(from, "contents");

  await t.step("ssh", async () => {
    const written = await writtenBy(world, ["ssh", `${login}@server01`, "echo seen"], {});
    assert.ok(written.includes(new TextEncoder().encode("seen").toHex()), "the trace sees output");
    assert.ok(!holdsKey(written));
  });
  await t.step("scp", async () => {
    const to = `${world.folder}/to`;
    assert.ok(!holdsKey(await writtenBy(world, ["scp", from, `${login}@server01:${to}`], {})));
  });
  await t.step("a key that is planted is found", async () => {
    const planted = `${world.folder}/planted`;
    const options = { world: { plantKeyIn: planted } };
    assert.ok(holdsKey(await writtenBy(world, ["ssh", `${login}@server01`, "true"], options)));
  });
});

/** Tries all sockets of a command that waits; prints what each gave. */
const INTRUDER = `
import glob, os, socket, sys
for path in sorted(glob.glob(sys.argv[1] + "/tsh-*/*")) or [sys.argv[1]]:
    name = os.path.basename(path)
    if name not in ("agent", "host0"): continue
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(5)
    try: s.connect(path)
    except OSError:
        print(name, "refused")
        continue
    try:
        s.sendall(b"\\0\\0\\0\\1\\x0b")
        print(name, "answered" if s.recv(100) else "closed")
    except OSError: print(name, "closed")
`;

Deno.test("nobody but the command's own children gets anything from its sockets", {
  ignore: !isLinux,
}, async (t) => {
  await using world = await SshWorld.start();
  await using tsh = world.tsh(["ssh", `${login}@server01`, "echo begun; sleep 30"]);
  await tsh.waitFor(/begun/, { stream: "stdout" });
  const intrude = async (prefix: string[], dir = world.runtimeDir) => {
    const [program, ...args] = [...prefix, "/usr/bin/python3", "-c", INTRUDER, dir];
    const { stdout } = await new Deno.Command(program!, { args, stderr: "inherit" }).output();
    return new TextDecoder().decode(stdout);
  };

  await t.step("another process of the same user is turned away", async () => {
    // setsid does not change the ancestry: this test is no child of the command.
    assert.equal(await intrude(["setsid", "-w"]), "agent closed\nhost0 closed\n");
  });

  await t.step({ name: "another user finds no way in", ignore: !isRoot, fn: anotherUser });
  async function anotherUser(): Promise<void> {
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    // As bad as it gets: somebody has opened all folders on the way.
    const [name] = world.leftovers();
    for (const path of [`${world.runtimeDir}/..`, world.runtimeDir]) await Deno.chmod(path, 0o755);
    assert.equal(await intrude(nobody), "");
    await Deno.chmod(`${world.runtimeDir}/${name}`, 0o755);
    assert.equal(await intrude(nobody), "agent refused\nhost0 refused\n");
    for (const socket of ["agent", "host0"]) {
      await Deno.chmod(`${world.runtimeDir}/${name}/${socket}`, 0o777);
    }
    assert.equal(await intrude(nobody), "agent closed\nhost0 closed\n");
  }
});

Deno.test("ssh and scp run clean under a locked tsh", { ignore: !isRoot }, async (t) => {
  await using world = await SshWorld.start();
  const env = { TELEPORT_MLOCK_MODE: "strict" };

  function statusOf(pid: string): Map<string, string> {
    const lines = Deno.readTextFileSync(`/proc/${pid}/status`).split("\n");
    return new Map(lines.map((line) => line.split(/:\s*/) as [string, string]));
  }

  function childrenOf(pid: number): string[] {
    const { stdout } = new Deno.Command("pgrep", { args: ["-P", String(pid)] }).outputSync();
    return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  }

  function checkClean(pid: string): void {
    const status = statusOf(pid);
    assert.deepEqual(
      ["VmLck", "NoNewPrivs", "Seccomp"].map((name) => status.get(name)),
      ["0 kB", "0", "0"],
      status.get("Name"),
    );
  }

  await t.step("ssh", async () => {
    await using tsh = world.tsh(["ssh", `${login}@server01`, "echo begun; sleep 30"], { env });
    await tsh.waitFor(/begun/, { stream: "stdout" });
    assert.equal(statusOf(String(tsh.pid)).get("NoNewPrivs"), "1");
    assert.notEqual(statusOf(String(tsh.pid)).get("VmLck"), "0 kB");
    const [ssh, ...more] = childrenOf(tsh.pid);
    assert.deepEqual(more, []);
    assert.equal(statusOf(ssh!).get("Name"), "ssh");
    checkClean(ssh!);
  });

  await t.step("scp and its ssh", async () => {
    const options = { env, world: { approvalMs: 60_000 } };
    await using tsh = world.tsh(["scp", "/etc/hostname", `${login}@server01:/dev/null`], options);
    await tsh.waitFor(/waiting/);
    const [scp] = childrenOf(tsh.pid);
    let inner: string[] = [];
    for (let attempt = 0; attempt < 100 && inner.length === 0; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      inner = childrenOf(Number(scp));
    }
    for (const pid of [scp!, ...inner]) checkClean(pid);
  });

  await t.step("a lock that is refused is strict before there is a key", async () => {
    const command = world.command(["ssh", `${login}@server01`, "true"]);
    const { code, stderr } = await new Deno.Command("setpriv", {
      args: [
        "--bounding-set=-ipc_lock",
        "--inh-caps=-ipc_lock",
        "prlimit",
        "--memlock=65536",
        ...command,
      ],
      clearEnv: true,
      env: world.environment({ env }),
    }).output();
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stderr), /^ERROR: cannot allocate memory\n/);
  });

  assert.deepEqual(world.leftovers(), []);
});
