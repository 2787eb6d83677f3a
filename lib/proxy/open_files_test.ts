import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { rawRequest, type RawTarget } from "../../tests/support/raw_http.ts";

const ROOT = new URL("../../", import.meta.url);

interface Limited extends RawTarget, AsyncDisposable {
  kill(): void;
}

/** A cluster in a process that may open so few files. */
async function startWithFiles(files: number): Promise<Limited> {
  const TMPDIR = await Deno.makeTempDir({ prefix: "latchkey-files-" });
  const program = `
    import { InProcessCluster } from "${ROOT}tests/support/in_process_cluster.ts";
    const proxyLimits = { connectionsPerAddress: 100_000 };
    const { port, certificate } = await InProcessCluster.start({ proxyLimits });
    console.log(JSON.stringify({ port, certificate }));`;
  const child = new Deno.Command("sh", {
    args: ["-c", `ulimit -n ${files} && exec "$0" "$@"`, Deno.execPath(), "eval", program],
    cwd: ROOT,
    env: { TMPDIR },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  return {
    ...JSON.parse(text),
    kill: () => child.kill("SIGKILL"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(TMPDIR, { recursive: true });
    },
  };
}

Deno.test({
  name: "more connections than there may be open files do not end the listener",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using cluster = await startWithFiles(400);
    const sockets: net.Socket[] = [];
    for (let i = 0; i < 1500; i++) {
      const socket = net.connect(cluster.port, "127.0.0.1");
      socket.on("error", () => {});
      sockets.push(socket);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    await Promise.all(sockets.map((socket) => {
      const closed = socket.closed ? undefined : once(socket, "close");
      socket.destroy();
      return closed;
    }));
    // A listener that has died does not even refuse.
    const late = setTimeout(() => cluster.kill(), 10_000);
    assert.equal((await rawRequest(cluster, "GET", "/webapi/ping")).status, 200);
    clearTimeout(late);
  },
});
