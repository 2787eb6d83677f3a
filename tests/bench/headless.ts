/**
 * The auth service under a crowd, in this process: 10,000 headless logins that wait, one of them approved among all the
 * others; and 10,000 nodes listed.
 *
 * Limits are raised by configuration, as the output says: with the usual ones nobody could make 10,000 wait.
 *
 * @module
 */

import { type AuthLimits, openAuth } from "../../lib/auth/mod.ts";
import type { Auth, Caller, HeadlessLoginRequest } from "../../lib/auth/mod.ts";
import { openSqliteBackend } from "../../lib/backend/mod.ts";
import { realDeps } from "../../lib/deps/mod.ts";
import { generateKeyPair } from "../../lib/keys/mod.ts";
import { headlessId } from "../../lib/wire/mod.ts";
import { SoftwareKey } from "../support/software_key.ts";
import { Figure, type Line } from "./figures.ts";

const CROWD = 10_000;
const RUNS = 21;
const ORIGIN = "https://localhost:3080";
const PASSWORD = "correct horse battery";
const CLIENT = { address: "192.0.2.10" };
const ADMIN: Caller = { kind: "admin", client: CLIENT };

const RAISED: Partial<AuthLimits> = {
  headlessPerAddress: { burst: 1_000_000, refillMs: 1 },
  headlessPerNameAndAddress: { burst: 1_000_000, refillMs: 1 },
  headlessPerName: { burst: 1_000_000, refillMs: 1 },
  headlessLooksPerUser: { burst: 1_000_000, refillMs: 1 },
  challengesPerUser: { burst: 1_000_000, refillMs: 1 },
  waitingPerAddress: 1_000_000,
  waitingPerName: 1_000_000,
  waitingTotal: 1_000_000,
  headlessRecordsPerUser: 1_000,
};

/** Alice, registered and signed in. */
async function signUp(auth: Auth, key: SoftwareKey): Promise<Caller> {
  await auth.users.create(ADMIN, { name: "alice", roles: ["access"], logins: ["root"] });
  const { token } = await auth.users.invite(ADMIN, "alice", { reset: false });
  const { publicKey } = await auth.registration.challenge(token, { passwordless: false }, CLIENT);
  const session = await auth.registration.finish({
    token,
    password: PASSWORD,
    deviceName: "key",
    creationResponse: await key.create(publicKey, ORIGIN),
  }, CLIENT);
  return await auth.signIn.authenticate(session, CLIENT);
}

interface Waiting {
  request: HeadlessLoginRequest;
  result: ReturnType<Auth["headless"]["login"]>;
  controller: AbortController;
}

function wait(auth: Auth): Waiting {
  const { sshPublicKey } = generateKeyPair();
  const controller = new AbortController();
  const request = { user: "alice", id: headlessId(sshPublicKey), sshPublicKey };
  const result = auth.headless.login(request, CLIENT, controller.signal);
  result.catch(() => {});
  return { request, result, controller };
}

/** Bytes in use after everything that can go has gone. */
async function usedBytes(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void };
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    gc?.();
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** Milliseconds from the answer to the certificates, with the parts before it apart. */
async function approveOne(
  auth: Auth,
  { caller, key, waiting }: { caller: Caller; key: SoftwareKey; waiting: Waiting },
): Promise<{ lookMs: number; approveMs: number }> {
  const { id } = waiting.request;
  const started = performance.now();
  await auth.headless.get(caller, id);
  const lookMs = performance.now() - started;
  const { publicKey } = await auth.mfa.challenge(caller, { scope: "HEADLESS_LOGIN" });
  const response = await key.get(publicKey, ORIGIN);
  const touched = performance.now();
  await auth.headless.update(caller, id, { state: "approved", response });
  await waiting.result;
  return { lookMs, approveMs: performance.now() - touched };
}

async function approvals(auth: Auth, caller: Caller, key: SoftwareKey) {
  const looks = new Figure();
  const approved = new Figure();
  for (let run = 0; run < RUNS; run++) {
    const { lookMs, approveMs } = await approveOne(auth, { caller, key, waiting: wait(auth) });
    // The first run loads the cryptography.
    if (run === 0) continue;
    looks.add(lookMs);
    approved.add(approveMs);
  }
  return { looks, approved };
}

async function nodes(auth: Auth, caller: Caller): Promise<Line[]> {
  const writes = Array.from({ length: CROWD }, (_, index) =>
    auth.nodes.upsert(ADMIN, {
      kind: "node",
      sub_kind: "openssh",
      version: "v2",
      metadata: {
        name: crypto.randomUUID(),
        labels: { env: index % 2 ? "prod" : "stage", number: String(index) },
      },
      spec: {
        addr: `192.0.2.7:${1024 + index}`,
        hostname: `node-${index}`,
        public_addrs: [],
        version: "",
      },
    }));
  const started = performance.now();
  await Promise.all(writes);
  const writtenMs = performance.now() - started;
  const all = new Figure();
  const page = new Figure();
  const query = new Figure();
  const timed = async (figure: Figure, work: () => Promise<unknown>) => {
    const before = performance.now();
    await work();
    figure.add(performance.now() - before);
  };
  for (let run = 0; run < RUNS; run++) {
    await timed(all, () => auth.nodes.list(caller, {}));
    await timed(page, () => auth.nodes.list(caller, { limit: 1000, startKey: "node-5" }));
    const predicateExpression = 'labels["env"] == "prod" && hasPrefix(name, "node-99")';
    await timed(query, () => auth.nodes.list(caller, { predicateExpression }));
  }
  return [
    { what: "10,000 nodes written at once", value: `${writtenMs.toFixed(0)} ms`, ratio: "" },
    {
      what: "all of them listed by access",
      value: all.describe("ms"),
      ratio: "real tsh: 200 ms more",
    },
    { what: "a page of 1,000", value: page.describe("ms"), ratio: "" },
    { what: "a query over all", value: query.describe("ms"), ratio: "" },
  ];
}

/** Measures everything. */
export async function run(): Promise<Line[]> {
  const dataDir = await Deno.makeTempDir({ prefix: "latchkey-bench-" });
  const deps = realDeps();
  try {
    await using backend = openSqliteBackend(dataDir, deps);
    await using auth = await openAuth({
      backend,
      dataDir,
      clusterName: "bench",
      proxyAddress: () => "localhost:3080",
      limits: RAISED,
      deps,
    });
    const key = new SoftwareKey();
    const caller = await signUp(auth, key);
    const alone = await approvals(auth, caller, key);

    // Keys first: making them is the clients' work.
    const pairs = Array.from({ length: CROWD }, () => generateKeyPair().sshPublicKey);
    const before = await usedBytes();
    const started = performance.now();
    const crowd = pairs.map((sshPublicKey) => {
      const controller = new AbortController();
      const request = { user: "alice", id: headlessId(sshPublicKey), sshPublicKey };
      const result = auth.headless.login(request, CLIENT, controller.signal);
      result.catch(() => {});
      return { result, controller };
    });
    await new Promise((resolve) => setTimeout(resolve, 0));
    const enteredMs = performance.now() - started;
    const eachBytes = (await usedBytes() - before) / CROWD;
    const among = await approvals(auth, caller, key);

    const leaving = performance.now();
    for (const { controller } of crowd) controller.abort();
    await Promise.allSettled(crowd.map(({ result }) => result));
    const leftMs = performance.now() - leaving;
    const times = (among.approved.median / alone.approved.median).toFixed(1);
    return [
      {
        what: "limits",
        value: "raised by configuration",
        ratio: "waiting per name and address, rates, records",
      },
      { what: "10,000 logins begin to wait", value: `${enteredMs.toFixed(0)} ms`, ratio: "" },
      { what: "memory of each", value: `${(eachBytes / 1024).toFixed(1)} KiB`, ratio: "" },
      { what: "details shown, nobody else waiting", value: alone.looks.describe("ms"), ratio: "" },
      {
        what: "details shown, among 10,000",
        value: among.looks.describe("ms"),
        ratio: "real Teleport: 1,300 to 1,700 ms",
      },
      { what: "approved to certificates, alone", value: alone.approved.describe("ms"), ratio: "" },
      {
        what: "approved to certificates, among 10,000",
        value: among.approved.describe("ms"),
        ratio: `${times} times alone; real Teleport: about 1,000 ms`,
      },
      { what: "10,000 go away", value: `${leftMs.toFixed(0)} ms`, ratio: "" },
      ...await nodes(auth, caller),
    ];
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
