import assert from "node:assert/strict";
import { WaitingRoom } from "./waiting_room.ts";

const LIMITS = { waitingPerAddress: 3, waitingPerName: 4, waitingTotal: 10 };

Deno.test("one id has one place, which is free again afterwards", () => {
  const room = new WaitingRoom(LIMITS);
  const leave = room.enter("/a", "alice", "192.0.2.1");
  assert.ok(leave);
  assert.equal(room.enter("/a", "alice", "192.0.2.2"), undefined);
  leave();
  leave();
  assert.equal(room.size, 0);
  assert.ok(room.enter("/a", "alice", "192.0.2.2"));
});

Deno.test("places are limited by address, by name and in all, for known and unknown alike", () => {
  const room = new WaitingRoom(LIMITS);
  const full = {
    code: "limit_exceeded",
    message: "too many headless logins are waiting, try again later",
  };
  for (let i = 0; i < 3; i++) room.enter(`/a${i}`, `user${i}`, "192.0.2.1");
  assert.throws(() => room.enter("/b", "other", "192.0.2.1"), full);
  assert.throws(() => room.enter("/b", "other", "::ffff:192.0.2.1"), full);
  for (let i = 0; i < 4; i++) room.enter(`/c${i}`, "alice", `192.0.2.${10 + i}`);
  assert.throws(() => room.enter("/d", "alice", "192.0.2.99"), full);
  for (let i = 0; i < 3; i++) room.enter(`/e${i}`, `u${i}`, `192.0.2.${20 + i}`);
  assert.throws(() => room.enter("/f", "somebody", "192.0.2.200"), full);
});

Deno.test("places given back can be taken again, thousands of times", () => {
  const room = new WaitingRoom(LIMITS);
  for (let i = 0; i < 5_000; i++) room.enter(`/${i}`, "alice", "192.0.2.1")!();
  assert.equal(room.size, 0);
});
