import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { PrivateDirectory, PrivateSocket } from "../private_socket.ts";
import { GO_AHEAD } from "./mod.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

/** Starts the helper as ssh does, its standard output being a socket whose descriptor python keeps. */
const RECEIVE = `
import array, os, socket, subprocess, sys
near, far = socket.socketpair()
helper = subprocess.Popen(sys.argv[1:], stdin=far, stdout=far)
far.close()
data, control, _, _ = near.recvmsg(1, socket.CMSG_LEN(4))
helper.wait()
if not control: sys.exit("nothing was passed")
connection = socket.socket(fileno=array.array("i", control[0][2])[0])
connection.sendall(b"question\\n")
print(connection.makefile().readline().strip())
`;

async function withSocket(
  serve: (text: string) => string,
  use: (path: string) => Promise<void>,
  check?: () => boolean,
): Promise<void> {
  await using directory = await PrivateDirectory.create({ env: { get: () => undefined } });
  await using socket = await PrivateSocket.listen(directory.file("s"), (peer) => {
    peer.on("error", () => {});
    peer.write(GO_AHEAD);
    peer.once("data", (bytes) => peer.end(serve(new TextDecoder().decode(bytes))));
  }, check);
  await use(socket.path);
}

const helper = (
  way: string,
  path: string,
) => [Deno.execPath(), "run", "-A", "--quiet", main, way, path];

Deno.test("the helper passes the connection and ends", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await withSocket((text) => `answer to ${text}`, async (path) => {
    const { stdout, stderr } = await new Deno.Command("python3", {
      args: ["-c", RECEIVE, ...helper("pass", path)],
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "");
    assert.equal(new TextDecoder().decode(stdout), "answer to question\n");
  });
});

Deno.test("the helper passes nothing when it is not let in", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await withSocket((text) => text, async (path) => {
    const { stderr } = await new Deno.Command("python3", {
      args: ["-c", RECEIVE, ...helper("pass", path)],
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "nothing was passed\n");
  }, () => false);
});

Deno.test("the helper relays where descriptors cannot be passed", async () => {
  await withSocket((text) => `answer to ${text}`, async (path) => {
    const [program, ...args] = helper("relay", path);
    const child = new Deno.Command(program!, { args, stdin: "piped", stdout: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("question\n"));
    assert.equal(await new Response(child.stdout).text(), "answer to question\n");
    assert.equal((await child.status).code, 0);
    await writer.close().catch(() => {});
  });
});

Deno.test("the helper tells a person that it is not for them", async () => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", main],
  }).output();
  assert.equal(code, 1);
  assert.match(new TextDecoder().decode(stderr), /this is for ssh alone/);
});
