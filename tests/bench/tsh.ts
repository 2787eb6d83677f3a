/**
 * What a person feels: how long `tsh` takes, and how much memory it holds while it waits.
 *
 * A real Go tsh on this class of machine: 76 ms for `version`, 329 ms to the prompt, 1,080 ms from approval to table, 200 ms
 * more with 10,000 nodes, 236 MB resident while it waits.
 *
 * @module
 */

import { Cluster } from "../support/cluster.ts";
import { Person } from "../support/person.ts";
import { startTool } from "../support/processes.ts";
import { Figure, type Line } from "./figures.ts";

const GO = { versionMs: 76, promptMs: 329, tableMs: 1080, tenThousandMs: 1280, residentMb: 236 };
const RUNS = 9;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function emptyDeno(): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-check", file] }).output();
  await Deno.remove(file);
}

/** One `tsh ls --headless` from start to table. */
async function headlessLs(cluster: Cluster, alice: Person) {
  const started = performance.now();
  const tsh = cluster.tsh(["ls", "--headless", `--proxy=${cluster.proxy}`, "--user=alice"]);
  const [, id] = await tsh.waitFor(/\/web\/headless\/([0-9a-f-]{36})\n/);
  const promptMs = performance.now() - started;
  await alice.headless(id!);
  const touch = await alice.touch();
  await new Promise((wake) => setTimeout(wake, 300));
  const status = await Deno.readTextFile(`/proc/${tsh.pid}/status`);
  const residentMb = Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
  const approved = performance.now();
  await alice.call("PUT", `/webapi/headless/${id}`, {
    action: "accept",
    webauthnAssertionResponse: touch,
  });
  const { code, stderr } = await tsh.finished();
  if (code !== 0) throw new Error(stderr);
  return { promptMs, residentMb, tableMs: performance.now() - approved };
}

/** Registers `count` nodes with tctl. */
async function createNodes(cluster: Cluster, count: number): Promise<void> {
  const documents = Array.from({ length: count }, (_, index) =>
    `kind: node
sub_kind: openssh
version: v2
metadata:
  name: ${crypto.randomUUID()}
  labels: { env: ${index % 2 ? "prod" : "stage"}, number: "${index}" }
spec:
  addr: 10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:22
  hostname: node-${String(index).padStart(5, "0")}
`);
  for (let from = 0; from < count; from += 2500) {
    const file = `${cluster.folder}/nodes.yaml`;
    await Deno.writeTextFile(file, documents.slice(from, from + 2500).join("---\n"));
    const { code, stderr } = await cluster.tctl("create", file);
    if (code !== 0) throw new Error(stderr);
  }
}

/** Runs the bench. */
export async function run(): Promise<Line[]> {
  await using cluster = await Cluster.start();
  using alice = new Person(cluster.url, await cluster.certificate());
  await alice.acceptInvitation(await cluster.invite("alice", { logins: "root,alice" }));

  const empty = new Figure();
  const version = new Figure();
  for (let round = 0; round < RUNS; round++) {
    empty.add(await timed(emptyDeno));
    version.add(await timed(() => startTool("tsh", ["version"]).finished()));
  }
  const prompt = new Figure();
  const table = new Figure();
  const resident = new Figure();
  for (let round = 0; round < RUNS; round++) {
    const figures = await headlessLs(cluster, alice);
    prompt.add(figures.promptMs);
    table.add(figures.tableMs);
    resident.add(figures.residentMb);
  }
  await createNodes(cluster, 10_000);
  const many = new Figure();
  for (let round = 0; round < 5; round++) many.add((await headlessLs(cluster, alice)).tableMs);

  const ofGo = (figure: Figure, go: number) => `${(figure.median / go).toFixed(2)} of Go's ${go}`;
  return [
    { what: "an empty Deno program", value: empty.describe("ms"), ratio: "" },
    { what: "tsh version", value: version.describe("ms"), ratio: ofGo(version, GO.versionMs) },
    { what: "tsh ls to prompt", value: prompt.describe("ms"), ratio: ofGo(prompt, GO.promptMs) },
    { what: "approval to table", value: table.describe("ms"), ratio: ofGo(table, GO.tableMs) },
    {
      what: "approval to table, 10,000 nodes",
      value: many.describe("ms"),
      ratio: ofGo(many, GO.tenThousandMs),
    },
    {
      what: "resident while it waits",
      value: resident.describe("MB"),
      ratio: ofGo(resident, GO.residentMb),
    },
  ];
}
