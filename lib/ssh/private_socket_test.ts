import assert from "node:assert/strict";
import { PrivateDirectory, PrivateSocket } from "./private_socket.ts";

const env = { get: (name: string) => Deno.env.get(name) };

/** Connects from a process of its own, and tells what it could read. */
const CONNECT = `
import os, socket, sys, time
if sys.argv[2] == "orphan":
    forker = os.getpid()
    if os.fork() > 0: os._exit(0)
    while os.getppid() == forker: time.sleep(0.01)
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try: print(s.recv(100).decode() or "closed")
except OSError: print("closed")
`;

async function connectFrom(path: string, kind: "child" | "orphan"): Promise<string> {
  const command = new Deno.Command("python3", { args: ["-c", CONNECT, path, kind] });
  const { stdout, stderr } = await command.output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("a private socket serves its own child and turns an orphan of the same user away", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using directory = await PrivateDirectory.create({ env });
  await using socket = await PrivateSocket.listen(directory.file("s"), (peer) => peer.end("hello"));
  assert.equal(await connectFrom(socket.path, "child"), "hello");
  assert.equal(await connectFrom(socket.path, "orphan"), "closed");
  assert.equal(socket.refused, 1);
});

Deno.test("a private directory has mode 0700, its socket 0600, and both are gone afterwards", async () => {
  let path: string;
  {
    await using directory = await PrivateDirectory.create({ env });
    path = directory.path;
    await using socket = await PrivateSocket.listen(directory.file("s"), (peer) => peer.end());
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o700);
    assert.equal(Deno.statSync(socket.path).mode! & 0o777, 0o600);
  }
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
});

Deno.test("a private directory is made in XDG_RUNTIME_DIR first", async () => {
  const place = await Deno.makeTempDir();
  try {
    await using directory = await PrivateDirectory.create({
      env: { get: (name) => name === "XDG_RUNTIME_DIR" ? place : undefined },
    });
    assert.ok(directory.path.startsWith(place));
  } finally {
    await Deno.remove(place, { recursive: true });
  }
});

Deno.test.each([
  ["told to exit", "Deno.exit(3)", 3],
  ["an error that nobody catches", "setTimeout(() => { throw new Error('x') })", 1],
  ["a rejection that nobody catches", "Promise.reject(new Error('x'))", 1],
])("a private directory is gone after %s", async (_name, end, status) => {
  const place = await Deno.makeTempDir();
  try {
    const module = new URL("./private_socket.ts", import.meta.url).href;
    const script = `import { PrivateDirectory } from ${JSON.stringify(module)};
      await PrivateDirectory.create({ env: { get: () => ${JSON.stringify(place)} } });
      const [{ name }] = Deno.readDirSync(${JSON.stringify(place)});
      console.log(name);
      ${end};`;
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", script],
      stderr: "null",
    }).output();
    assert.equal(code, status);
    assert.match(new TextDecoder().decode(stdout), /^tsh-/);
    assert.deepEqual([...Deno.readDirSync(place)], []);
  } finally {
    await Deno.remove(place, { recursive: true });
  }
});

Deno.test("a private directory is never made where another user could put another in its place", {
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
}, async () => {
  const place = await Deno.makeTempDir();
  const create = () =>
    PrivateDirectory.create({
      env: { get: (name) => name === "XDG_RUNTIME_DIR" ? `${place}/run` : undefined },
    });
  const isInPlace = async () => {
    await using directory = await create();
    return directory.path.startsWith(place);
  };
  try {
    await Deno.mkdir(`${place}/run`, { mode: 0o700 });
    assert.ok(await isInPlace());
    await Deno.chown(`${place}/run`, 65534, 65534);
    assert.ok(!await isInPlace(), "owned by another user");
    await Deno.chown(`${place}/run`, 0, 0);
    await Deno.chmod(`${place}/run`, 0o777);
    assert.ok(!await isInPlace(), "writable by others");
    await Deno.chmod(`${place}/run`, 0o1777);
    assert.ok(await isInPlace(), "sticky");
    await Deno.chown(place, 65534, 65534);
    assert.ok(!await isInPlace(), "below another user's folder");
  } finally {
    await Deno.remove(place, { recursive: true });
  }
});
