import assert from "node:assert/strict";
import { Pty } from "../support/pty.ts";
import { SshWorld } from "../support/ssh/world.ts";

const { login } = SshWorld;

function terminal(world: SshWorld, args: string[], options = {}): Pty {
  return new Pty(world.command(args), world.environment(options));
}

/** Processes whose command line names the runtime directory: ssh, scp, helpers. */
function children(world: SshWorld): string[] {
  const { stdout } = new Deno.Command("pgrep", { args: ["-af", world.runtimeDir] }).outputSync();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

async function eventually(check: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 100 && !check(); attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(check());
}

Deno.test("tsh ssh in a terminal", async (t) => {
  await using world = await SshWorld.start();

  await t.step(
    "a shell has the terminal's size, follows it, and ends with its status",
    async () => {
      await using pty = terminal(world, ["ssh", `${login}@server01`]);
      await pty.type("PS1='pro''mpt> '; unset PROMPT_COMMAND\n");
      await pty.see(/prompt> $/);
      await pty.type("stty size\n");
      await pty.see(/^24 80\r\n/m);
      await pty.resize(40, 132);
      await pty.type("sleep 0.2; stty size\n");
      await pty.see(/^40 132\r\n/m);
      await pty.type("exit 5\n");
      assert.equal(await pty.finished(), 5);
      assert.match(pty.output, /Connection to server01 closed\.[\r\n]+$/);
    },
  );

  await t.step("keys go through raw, Ctrl-C to the remote", async () => {
    await using pty = terminal(world, ["ssh", "-t", `${login}@server01`, "cat -v; echo after"]);
    await pty.see(/waiting for approval/);
    await pty.type("\t\u0016\u0001é\n");
    await pty.see(/\t\^AM-CM-\)\r\n|\^A/);
    await pty.type("\u0003");
    await pty.see(/\^C/);
    assert.equal(await pty.finished(), 130);
  });

  await t.step("a remote program that catches Ctrl-C goes on", async () => {
    const script = "trap 'echo caught' INT; echo ready; read x; echo got \\$x";
    await using pty = terminal(world, ["ssh", "-t", `${login}@server01`, `bash -c "${script}"`]);
    await pty.see(/ready/);
    await pty.type("\u0003");
    await pty.see(/caught/);
    await pty.type("line\n");
    await pty.see(/got line/);
    assert.equal(await pty.finished(), 0);
  });

  await t.step("Ctrl-C ends a command without a terminal of its own", async () => {
    await using pty = terminal(world, ["ssh", `${login}@server01`, "echo begun; sleep 60"]);
    await pty.see(/begun/);
    await pty.type("\u0003");
    assert.equal(await pty.finished(), 130);
  });

  await t.step("Ctrl-C while waiting leaves nothing", async () => {
    const options = { world: { approvalMs: 60_000 } };
    await using pty = terminal(world, ["ssh", `${login}@server01`], options);
    await pty.see(/waiting for approval/);
    await eventually(() => world.leftovers().length === 1);
    await pty.type("\u0003");
    assert.equal(await pty.finished(), 130);
    assert.deepEqual(world.leftovers(), []);
    assert.deepEqual(children(world), []);
  });

  await t.step("a terminal that goes away takes everything with it", async () => {
    await using pty = terminal(world, ["ssh", `${login}@server01`]);
    await pty.type("echo rea''dy\n");
    await pty.see(/ready/);
    await pty.hangUp();
    await pty.finished();
    await eventually(() => world.leftovers().length === 0 && children(world).length === 0);
  });

  await t.step("a second Ctrl-C at once still leaves nothing", async () => {
    const options = { world: { approvalMs: 60_000 } };
    await using pty = terminal(world, ["ssh", `${login}@server01`], options);
    await pty.see(/waiting for approval/);
    await pty.type("\u0003\u0003\u0003");
    assert.equal(await pty.finished(), 130);
    assert.deepEqual(world.leftovers(), []);
  });

  await t.step("~^Z gives the shell back, and fg the session", async () => {
    const quoted = world.command(["ssh", `${login}@server01`]).join(" ");
    await using pty = new Pty(["bash", "--norc", "-i"], world.environment());
    await pty.type(`${quoted}\n`);
    await pty.see(/waiting for approval/);
    await pty.type("echo remo''te\n");
    await pty.see(/remote/);
    await pty.type("\n~\u001a");
    await pty.see(/Stopped/);
    await pty.type("echo lo''cal; fg\n");
    await pty.see(/local/);
    await pty.type("\necho aga''in; exit 6\n");
    await pty.see(/again/);
    await pty.see(/Connection to server01 closed/);
    await pty.type("exit $?\n");
    assert.equal(await pty.finished(), 6);
  });

  await t.step("messages of ssh begin at the first column while the terminal is raw", async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const forward = `127.0.0.1:${taken.addr.port}:127.0.0.1:1`;
    const args = ["ssh", "-t", "-L", forward, `${login}@server01`, "sleep 0.5; echo done"];
    await using pty = terminal(world, args);
    // When the terminal turns raw between our look and our word, there is a carriage return too many, which nobody sees.
    await pty.see(/Address already in use\r+\n/);
    await pty.see(/done/);
    assert.equal(await pty.finished(), 0);
    assert.doesNotMatch(pty.output, /[^\r]\n/);
  });

  assert.deepEqual(world.leftovers(), []);
});

Deno.test("signals end tsh ssh and leave nothing", async (t) => {
  await using world = await SshWorld.start();
  for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130], ["SIGHUP", 129]] as const) {
    await t.step(`${signal} while waiting`, async () => {
      const tsh = world.tsh(["ssh", `${login}@server01`, "true"], {
        world: { approvalMs: 60_000 },
      });
      await tsh.waitFor(/waiting/);
      tsh.signal(signal);
      assert.equal((await tsh.finished()).code, code);
    });
    await t.step(`${signal} in a session`, async () => {
      const tsh = world.tsh(["ssh", `${login}@server01`, "echo begun; sleep 60"]);
      await tsh.waitFor(/begun/, { stream: "stdout" });
      tsh.signal(signal);
      assert.equal((await tsh.finished()).code, code);
    });
  }
  assert.deepEqual(world.leftovers(), []);
  assert.deepEqual(children(world), []);
});

Deno.test("a node that vanishes in the middle of a session ends it with 255", async () => {
  await using world = await SshWorld.start();
  const tsh = world.tsh(["ssh", `${login}@server01`, "echo $PPID; sleep 60"]);
  const [, pid] = await tsh.waitFor(/^(\d+)\n/, { stream: "stdout" });
  Deno.kill(Number(pid), "SIGKILL");
  const { code, stderr } = await tsh.finished();
  assert.equal(code, 255);
  assert.match(stderr, /closed by remote host|Broken pipe|reset/);
  assert.deepEqual(world.leftovers(), []);
});
