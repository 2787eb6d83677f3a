import assert from "node:assert/strict";
import { cookieValue } from "./csrf.ts";
import { SessionStore } from "./session.ts";

function storage(): Map<string, string> & {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
} {
  const map = new Map<string, string>();
  return Object.assign(map, {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  });
}

Deno.test("a session is good until its time has come, and is then still known to have been", () => {
  let nowMs = 1000;
  const sessions = new SessionStore(storage(), { now: () => nowMs });
  assert.equal(sessions.load(), undefined);
  assert.equal(sessions.held(), false);
  sessions.save("token", 60);
  assert.equal(sessions.load()?.token, "token");
  nowMs += 60_000;
  assert.equal(sessions.load(), undefined);
  assert.equal(sessions.held(), true);
  sessions.clear();
  assert.equal(sessions.held(), false);
});

Deno.test("whatever else is stored counts as no session", () => {
  for (const value of ["", "{", "null", "7", "{}", '{"token":7,"expiresAtMs":9}', "[]"]) {
    const store = storage();
    store.setItem("latchkey.session", value);
    assert.equal(new SessionStore(store, { now: () => 0 }).load(), undefined, value);
  }
});

Deno.test("a cookie is found by its whole name, with `=` in its value", () => {
  const cookies = "a=1; __Host-grv_csrf=ab=cd; __Host-grv_csrf2=no; empty=";
  assert.equal(cookieValue(cookies, "__Host-grv_csrf"), "ab=cd");
  assert.equal(cookieValue(cookies, "empty"), "");
  assert.equal(cookieValue(cookies, "grv_csrf"), undefined);
  assert.equal(cookieValue("", "a"), undefined);
});
