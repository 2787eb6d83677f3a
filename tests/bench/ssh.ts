/**
 * `tsh ssh` and `tsh scp` on the embedded cluster, the copies beside plain `scp` straight to the same node with the same kind
 * of certificate, both in sftp mode.
 *
 * A real Go tsh takes about 1.4 s from approval to the output of `echo`, and 1.5 s for 100 MB.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { Cluster } from "../support/cluster.ts";
import { Person } from "../support/person.ts";
import type { Running } from "../support/processes.ts";
import { Pty } from "../support/pty.ts";
import { Figure, type Line } from "./figures.ts";

const RUNS = 5;
/** Characters typed for the echo: about as long as one copy. */
const TYPED = 60;
const COPY_BYTES = 100 * 1000 * 1000;
const GO = { firstOutputMs: 1400, copyMs: 1500 };

/** What a bench needs of the world. */
interface World {
  cluster: Cluster;
  alice: Person;
}

/** Approves a waiting command; the time of the approval. */
async function approve({ alice }: World, tsh: Running): Promise<number> {
  const [, id] = await tsh.waitFor(/\/web\/headless\/([0-9a-f-]{36})\n/);
  await alice.headless(id!);
  const touch = await alice.touch();
  await new Promise((wake) => setTimeout(wake, 300));
  const approved = performance.now();
  await alice.call("PUT", `/webapi/headless/${id}`, {
    action: "accept",
    webauthnAssertionResponse: touch,
  });
  return approved;
}

/** Milliseconds from the approval to the end of the command, and to its first output if there is any. */
async function timed(world: World, args: string[]): Promise<{ endMs: number; firstMs: number }> {
  const [verb, ...rest] = args;
  const flags = [verb!, "--headless", `--proxy=${world.cluster.proxy}`, "--user=alice"];
  const tsh = world.cluster.tsh([...flags, ...rest]);
  const approved = await approve(world, tsh);
  const first = tsh.waitFor(/./, { stream: "stdout" }).then(() => performance.now(), () => NaN);
  const { code, stderr } = await tsh.finished();
  if (code !== 0) throw new Error(`tsh ${args.join(" ")}: ${stderr}`);
  return { endMs: performance.now() - approved, firstMs: await first - approved };
}

/** Plain OpenSSH with a certificate of hours, past the proxy. */
class PlainSsh {
  readonly #options: string[];

  private constructor(options: string[]) {
    this.#options = options;
  }

  static async signIn({ cluster, alice }: World): Promise<PlainSsh> {
    const key = `${cluster.folder}/plain`;
    await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key]);
    const publicKey = (await Deno.readTextFile(`${key}.pub`)).trim() + "\n";
    await Deno.writeTextFile(`${key}-cert.pub`, await alice.signInForTool("alice", publicKey));
    return new PlainSsh([
      ...["-F", "none", "-i", key, "-o", "StrictHostKeyChecking=no"],
      ...["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"],
      ...["-o", "Ciphers=aes128-gcm@openssh.com", "-o", "KexAlgorithms=curve25519-sha256"],
      ...["-o", `Port=${cluster.nodePort}`],
    ]);
  }

  /** Milliseconds of `program` with these operands. */
  async timed(program: "ssh" | "scp", operands: string[]): Promise<number> {
    const started = performance.now();
    await execute(program, [...this.#options, ...operands]);
    return performance.now() - started;
  }
}

async function execute(program: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
}

async function writeRandom(path: string, bytes: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const chunk = new Uint8Array(65_536);
  for (let left = bytes; left > 0; left -= chunk.length) {
    crypto.getRandomValues(chunk);
    await file.write(chunk.subarray(0, Math.min(left, chunk.length)));
  }
}

/** Milliseconds from a typed character to its echo, in a session while a large copy runs through the same proxy. */
async function typingEcho(world: World, local: string): Promise<Figure> {
  const { cluster, alice } = world;
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  await using pty = new Pty(
    [
      ...[Deno.execPath(), "run", "-A", "--no-check", "--quiet", main],
      ...[
        "ssh",
        "--headless",
        `--proxy=${cluster.proxy}`,
        "--user=alice",
        "-t",
        "root@server01",
        "cat",
      ],
    ],
    { ...Deno.env.toObject(), SSL_CERT_FILE: `${cluster.folder}/data/webproxy_cert.pem` },
  );
  const [, id] = await pty.see(/\/web\/headless\/([0-9a-f-]{36})\r\n/);
  await alice.approve(id!);
  await pty.type("begin\r");
  await pty.see(/begin\r\nbegin/);
  const copy = timed(world, ["scp", "-q", local, `root@server01:${local}.load`]);
  const figure = new Figure();
  for (let round = 0; round < TYPED; round++) {
    const letter = String.fromCharCode(97 + round % 26);
    const typed = performance.now();
    await pty.type(letter);
    await pty.see(new RegExp(letter));
    figure.add(performance.now() - typed);
    await new Promise((wake) => setTimeout(wake, 15));
  }
  await copy;
  return figure;
}

/** Runs the bench. */
export async function run(): Promise<Line[]> {
  await using cluster = await Cluster.start();
  using alice = new Person(cluster.url, await cluster.certificate());
  await alice.acceptInvitation(await cluster.invite("alice", { logins: "root" }));
  const world = { cluster, alice };
  const plain = await PlainSsh.signIn(world);

  const login = new Figure();
  const first = new Figure();
  for (let round = 0; round < RUNS; round++) {
    login.add(await plain.timed("ssh", ["root@127.0.0.1", "echo hi"]));
    first.add((await timed(world, ["ssh", "root@server01", "echo hi"])).firstMs);
  }

  const local = `${cluster.folder}/hundred`;
  const remote = `${cluster.folder}/copied`;
  await writeRandom(local, COPY_BYTES);
  const up = { plain: new Figure(), ours: new Figure() };
  const down = { plain: new Figure(), ours: new Figure() };
  for (let round = 0; round < RUNS; round++) {
    up.plain.add(await plain.timed("scp", ["-s", local, `root@127.0.0.1:${remote}`]));
    up.ours.add((await timed(world, ["scp", "-q", local, `root@server01:${remote}`])).endMs);
    down.plain.add(await plain.timed("scp", ["-s", `root@127.0.0.1:${remote}`, local]));
    down.ours.add((await timed(world, ["scp", "-q", `root@server01:${remote}`, local])).endMs);
  }

  const echo = await typingEcho(world, local);

  const copy = (what: string, { plain, ours }: { plain: Figure; ours: Figure }): Line[] => [
    { what: `plain scp of 100 MB ${what}`, value: plain.describe("ms"), ratio: "" },
    {
      what: `tsh scp of 100 MB ${what}`,
      value: ours.describe("ms"),
      ratio: `${(plain.median / ours.median).toFixed(2)} of plain scp's throughput, ` +
        `${(ours.median / GO.copyMs).toFixed(2)} of Go's ${GO.copyMs}`,
    },
  ];
  return [
    { what: "plain ssh, a login and echo", value: login.describe("ms"), ratio: "" },
    {
      what: "approval to first output",
      value: first.describe("ms"),
      ratio: `${(first.median / GO.firstOutputMs).toFixed(2)} of Go's ${GO.firstOutputMs}, ` +
        `${(first.median / login.median).toFixed(2)} plain logins`,
    },
    ...copy("up", up),
    ...copy("down", down),
    {
      what: "typing echo while 100 MB are copied",
      value: echo.describe("ms"),
      ratio: `${(echo.median / 20).toFixed(2)} of the 20 ms that a person notices`,
    },
  ];
}
