import assert from "node:assert/strict";
import { fakeDeps } from "../../../tests/support/fake_deps.ts";
import { AuditLog } from "./audit_log.ts";

async function inDirectory(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "latchkey-audit-" });
  try {
    await work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const lines = async (dir: string): Promise<Record<string, unknown>[]> =>
  (await Deno.readTextFile(`${dir}/log/events.jsonl`)).split("\n").slice(0, -1)
    .map((line) => JSON.parse(line));

Deno.test("an event has Teleport's fields", () =>
  inDirectory(async (dir) => {
    const log = await AuditLog.open(dir, "demo", fakeDeps());
    log.emit("loginSucceeded", {
      user: "alice",
      success: true,
      method: "local",
      address: "192.0.2.1",
      userAgent: "browser",
      device: { id: "d", name: "key", kind: "webauthn" },
    });
    await log.close();
    const [{ uid, ...event }] = await lines(dir) as [Record<string, unknown>];
    assert.match(String(uid), /^[0-9a-f-]{36}$/);
    assert.deepEqual(event, {
      event: "user.login",
      code: "T1000I",
      time: "2026-01-15T12:00:00.000Z",
      cluster_name: "demo",
      user: "alice",
      success: true,
      method: "local",
      "addr.remote": "192.0.2.1",
      user_agent: "browser",
      mfa_device: {
        mfa_device_name: "key",
        mfa_device_uuid: "d",
        mfa_device_type: "WebAuthn",
      },
    });
  }));

Deno.test("thousands at once are all written, in order, a line each", () =>
  inDirectory(async (dir) => {
    const log = await AuditLog.open(dir, "demo", fakeDeps());
    for (let i = 0; i < 5_000; i++) {
      log.emit("loginFailed", { user: `user${i}` });
      if (i % 1000 === 0) await log.flush();
    }
    await log.close();
    log.emit("loginFailed", { user: "too late" });
    assert.deepEqual(
      (await lines(dir)).map(({ user }) => user),
      Array.from({ length: 5_000 }, (_, i) => `user${i}`),
    );
  }));

Deno.test("an event does not wait for the disk, and memory is bounded", () =>
  inDirectory(async (dir) => {
    const log = await AuditLog.open(dir, "demo", fakeDeps());
    const start = performance.now();
    for (let i = 0; i < 20_000; i++) log.emit("loginFailed", { user: "x" });
    assert.ok(performance.now() - start < 2_000);
    await log.close();
    assert.equal((await lines(dir)).length, 10_000);
  }));

Deno.test("what a stranger typed makes no second line and no long one", () =>
  inDirectory(async (dir) => {
    const log = await AuditLog.open(dir, "demo", fakeDeps());
    log.emit("loginFailed", { user: 'a\n{"event":"forged"}', userAgent: "x".repeat(100_000) });
    await log.close();
    const events = await lines(dir);
    assert.equal(events.length, 1);
    assert.equal(events[0]!.event, "user.login");
    assert.ok(JSON.stringify(events[0]).length < 2_000);
  }));

Deno.test("an existing log is appended to", () =>
  inDirectory(async (dir) => {
    for (let i = 0; i < 2; i++) {
      await using log = await AuditLog.open(dir, "demo", fakeDeps());
      log.emit("userCreated", { user: "alice" });
    }
    assert.equal((await lines(dir)).length, 2);
  }));

/** What each file says, newest first: the users of its events. */
async function filesOf(dir: string): Promise<Record<string, string[]>> {
  const names = [];
  for await (const { name } of Deno.readDir(`${dir}/log`)) names.push(name);
  const users = async (name: string) =>
    (await Deno.readTextFile(`${dir}/log/${name}`)).split("\n").slice(0, -1)
      .map((line): string => JSON.parse(line).user);
  return Object.fromEntries(
    await Promise.all(names.sort().map(async (name) => [name, await users(name)])),
  );
}

Deno.test("a file that has its size becomes an older one, of so many, also after a restart", () =>
  inDirectory(async (dir) => {
    const deps = fakeDeps();
    for (let i = 0; i < 9; i++) {
      // Two events fit into a file.
      await using log = await AuditLog.open(dir, "demo", deps, { fileBytes: 400, files: 3 });
      log.emit("loginFailed", { user: `user${i}` });
    }
    assert.deepEqual(await filesOf(dir), {
      "events.1.jsonl": ["user6", "user7"],
      "events.2.jsonl": ["user4", "user5"],
      "events.jsonl": ["user8"],
    });
    if (Deno.build.os === "windows") return;
    for (const name of ["events.jsonl", "events.1.jsonl"]) {
      assert.equal((await Deno.stat(`${dir}/log/${name}`)).mode! & 0o777, 0o600);
    }
  }));

Deno.test("failed sign-ins without end take so much of the disk and no more, and lose no line between files", () =>
  inDirectory(async (dir) => {
    const limits = { fileBytes: 100_000, files: 4 };
    const log = await AuditLog.open(dir, "demo", fakeDeps(), limits);
    for (let i = 0; i < 6_000; i++) {
      log.emit("loginFailed", { user: `${i}` });
      if (i % 500 === 0) await log.flush();
    }
    await log.close();
    const files = await filesOf(dir);
    assert.deepEqual(Object.keys(files), [
      "events.1.jsonl",
      "events.2.jsonl",
      "events.3.jsonl",
      "events.jsonl",
    ]);
    for (const name of Object.keys(files)) {
      assert.ok((await Deno.stat(`${dir}/log/${name}`)).size <= limits.fileBytes, name);
    }
    const kept = ["events.3.jsonl", "events.2.jsonl", "events.1.jsonl", "events.jsonl"]
      .flatMap((name) => files[name]!.map(Number));
    assert.deepEqual(kept, Array.from(kept, (_, index) => kept[0]! + index));
    assert.equal(kept.at(-1), 5_999);
  }));

Deno.test("where no new file can be begun the old one goes on", () =>
  inDirectory(async (dir) => {
    const log = await AuditLog.open(dir, "demo", fakeDeps(), { fileBytes: 400, files: 2 });
    // A directory that is not empty cannot be replaced.
    await Deno.mkdir(`${dir}/log/events.1.jsonl/x`, { recursive: true });
    for (let i = 0; i < 10; i++) {
      log.emit("loginFailed", { user: `user${i}` });
      await log.flush();
    }
    await log.close();
    assert.equal((await lines(dir)).length, 10);
  }));
