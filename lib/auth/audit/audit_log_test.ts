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
