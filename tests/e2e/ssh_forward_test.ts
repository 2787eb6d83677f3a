import assert from "node:assert/strict";
import { freePort } from "../support/processes.ts";
import { SshWorld, type TshOptions } from "../support/ssh/world.ts";

const { login } = SshWorld;

/** Answers every connection with what it says, in capitals. */
function shouter(): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const connection of listener) {
      const buffer = new Uint8Array(1000);
      const count = await connection.read(buffer) ?? 0;
      const text = new TextDecoder().decode(buffer.subarray(0, count)).toUpperCase();
      await connection.write(new TextEncoder().encode(text));
      connection.close();
    }
  })();
  return listener;
}

async function ask(port: number, bytes: Uint8Array): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(bytes);
      let text = "";
      const buffer = new Uint8Array(1000);
      for (let count; (count = await connection.read(buffer)) !== null;) {
        text += new TextDecoder().decode(buffer.subarray(0, count));
      }
      return text;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error("nobody listens");
}

const hello = new TextEncoder().encode("hello");

Deno.test("tsh ssh forwards ports and agents", async (t) => {
  await using world = await SshWorld.start();
  using service = shouter();
  const target = `127.0.0.1:${service.addr.port}`;

  async function whileForwarding(
    args: string[],
    use: () => Promise<void>,
    options: TshOptions = {},
  ): Promise<void> {
    await using tsh = world.tsh(["ssh", "-N", ...args, `${login}@server01`], options);
    await use();
    tsh.signal("SIGTERM");
    assert.equal((await tsh.finished()).code, 143);
  }

  await t.step("-L brings a port of the node's side here", async () => {
    const port = freePort();
    await whileForwarding(["-L", `127.0.0.1:${port}:${target}`], async () => {
      assert.equal(await ask(port, hello), "HELLO");
    });
  });

  await t.step("-R takes a port of this side there", async () => {
    const port = freePort();
    await whileForwarding(["-R", `127.0.0.1:${port}:${target}`], async () => {
      assert.equal(await ask(port, hello), "HELLO");
    });
  });

  await t.step("-D is a SOCKS server", async () => {
    const port = freePort();
    await whileForwarding(["-D", `127.0.0.1:${port}`], async () => {
      // SOCKS 4 (RFC 1928's forerunner): version, connect, port, address, no user.
      const { port: to } = service.addr;
      const request = Uint8Array.of(4, 1, to >> 8, to & 255, 127, 0, 0, 1, 0, ...hello);
      assert.match(await ask(port, request), /HELLO$/);
    });
  });

  await t.step(
    "a forward that cannot be is said, and is an error when asked to be one",
    async () => {
      const args = ["-L", `127.0.0.1:${service.addr.port}:x:1`, "-o", "ExitOnForwardFailure=yes"];
      const { code, stderr } = await world.run(["ssh", ...args, `${login}@server01`, "true"]);
      assert.equal(code, 255);
      assert.match(stderr, /Address already in use\n/);
    },
  );

  const list = ["ssh-add", "-l"];
  await t.step("without -A no agent is there", async () => {
    const env = { SSH_AUTH_SOCK: "/nonexistent/agent" };
    const { code, stderr } = await world.run(["ssh", `${login}@server01`, ...list], { env });
    assert.equal(code, 2);
    assert.match(stderr, /Could not open a connection to your authentication agent/);
  });

  await t.step("-A forwards one's own agent, not the login's key", async () => {
    await using agent = await startAgent(world);
    for (const flags of [["-A"], ["-o", "ForwardAgent=$SSH_AUTH_SOCK"]]) {
      const { stdout } = await world.run(["ssh", ...flags, `${login}@server01`, ...list], {
        env: { SSH_AUTH_SOCK: agent.path },
      });
      assert.match(stdout, /own key \(ED25519\)\n$/);
      assert.doesNotMatch(stdout, /CERT/);
    }
  });

  await t.step("-A without an agent says so and goes on", async () => {
    const { code, stderr } = await world.run(["ssh", "-A", `${login}@server01`, "true"]);
    const warning = "WARN: there is no agent to forward: SSH_AUTH_SOCK is not set\n";
    assert.deepEqual([code, stderr], [0, warning]);
  });

  await t.step("the login's key is forwarded when it is asked for by name", async () => {
    const args = ["-o", "ForwardAgent=headless", `${login}@server01`];
    const { stdout } = await world.run(["ssh", ...args, ...list]);
    assert.match(stdout, /ED25519-CERT/);
    // It lists and logs in, and signs nothing else.
    const file = `${world.folder}/document`;
    const sign =
      `ssh-add -L >${file}.pub; echo text >${file}; ssh-keygen -q -Y sign -n file -f ${file}.pub ${file}`;
    const signing = await world.run(["ssh", ...args, sign]);
    assert.notEqual(signing.code, 0);
    assert.match(signing.stderr, /agent refused operation/);
  });

  assert.deepEqual(world.leftovers(), []);
});

async function startAgent(world: SshWorld): Promise<AsyncDisposable & { path: string }> {
  const path = `${world.folder}/agent`;
  const key = `${world.folder}/own_key`;
  const process = new Deno.Command("ssh-agent", {
    args: ["-D", "-a", path],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.getReader();
  await reader.read();
  await new Deno.Command("ssh-keygen", {
    args: ["-q", "-t", "ed25519", "-N", "", "-C", "own key", "-f", key],
  }).output();
  await new Deno.Command("ssh-add", {
    args: [key],
    env: { SSH_AUTH_SOCK: path },
    stderr: "null",
  }).output();
  return {
    path,
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
      await reader.cancel();
    },
  };
}
