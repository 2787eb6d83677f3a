import assert from "node:assert/strict";
import { fakeDeps } from "../../tests/support/fake_deps.ts";
import { checkPassword, PasswordHasher } from "./passwords.ts";

const CHEAP = { ln: 4, r: 8, p: 1 };
const options = { concurrency: 2, maxQueue: 2, cost: CHEAP };
const hasher = () => new PasswordHasher(fakeDeps(), options);

Deno.test("a password fits its own hash and no other", async () => {
  const stored = await hasher().hash("correct horse battery");
  assert.match(stored, /^\$scrypt\$ln=4,r=8,p=1\$[\w-]{22}\$[\w-]{43}$/);
  assert.ok(await hasher().verify("correct horse battery", stored));
  assert.ok(!await hasher().verify("correct horse batterz", stored));
  assert.ok(!await hasher().verify("", stored));
  assert.notEqual(await hasher().hash("correct horse battery"), stored);
});

Deno.test("new passwords cost N=2^15, r=8, p=3, and older hashes keep their own cost", async () => {
  const costly = new PasswordHasher(fakeDeps(), { concurrency: 1, maxQueue: 1 });
  const stored = await costly.hash("correct horse battery");
  assert.match(stored, /^\$scrypt\$ln=15,r=8,p=3\$/);
  assert.ok(await hasher().verify("correct horse battery", stored));
});

Deno.test("composed and decomposed letters are the same password", async () => {
  const stored = await hasher().hash("caf\u00e9 au lait, s'il vous pla\u00eet");
  assert.ok(await hasher().verify("cafe\u0301 au lait, s'il vous plai\u0302t", stored));
});

Deno.test("nothing fits where there is no password, not even the empty one", async () => {
  for (const password of ["", "x", "x".repeat(1000)]) {
    assert.ok(!await hasher().verify(password, undefined));
  }
});

Deno.test("what is too long fits nothing, also not what it begins with", async () => {
  // 43 letters of three UTF-16 units each when decomposed: 129 units, 86 bytes composed.
  const password = "\u0390".repeat(43);
  const stored = await hasher().hash(password);
  assert.ok(await hasher().verify(password.normalize("NFD"), stored));
  assert.ok(!await hasher().verify(password.normalize("NFD") + "x", stored));
  assert.ok(!await hasher().verify(password + "x".repeat(500), stored));
});

Deno.test("an unknown user costs the same as a known one", async () => {
  const real = new PasswordHasher(fakeDeps(), { concurrency: 1, maxQueue: 1 });
  const stored = await real.hash("correct horse battery");
  const measure = async (hash: string | undefined) => {
    let best = Infinity;
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      await real.verify("wrong horse battery", hash);
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };
  const [known, unknown] = [await measure(stored), await measure(undefined)];
  assert.ok(unknown > known / 2 && unknown < known * 2, `${known} ms and ${unknown} ms`);
});

Deno.test("a flood is turned away, and those who wait get their turn", async () => {
  const slow = new PasswordHasher(fakeDeps(), {
    concurrency: 1,
    maxQueue: 2,
    cost: { ln: 12, r: 8, p: 1 },
  });
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, () => slow.verify("x", undefined)),
  );
  const done = results.filter(({ status }) => status === "fulfilled");
  assert.equal(done.length, 3);
  for (const result of results) {
    if (result.status === "rejected") assert.equal(result.reason.code, "limit_exceeded");
  }
  assert.equal(await slow.verify("x", undefined), false);
});

Deno.test("those who are probably no strangers go first, and strangers make room for them", async () => {
  const slow = new PasswordHasher(fakeDeps(), {
    concurrency: 1,
    maxQueue: 3,
    cost: { ln: 12, r: 8, p: 1 },
  });
  const order: string[] = [];
  const verify = (name: string, isPreferred: boolean) =>
    slow.verify("x", undefined, { isPreferred }).then(
      () => order.push(name),
      (error) => order.push(`${name}: ${error.code}`),
    );
  await Promise.all([
    ...["a", "b", "c", "d"].map((name) => verify(name, false)),
    verify("alice", true),
    verify("e", false),
    verify("bob", true),
    verify("carol", true),
    verify("dave", true),
  ]);
  const refused = ["d", "e", "c", "b", "dave"].map((name) => `${name}: limit_exceeded`);
  assert.deepEqual(order.filter((name) => name.includes(":")).sort(), refused.sort());
  assert.deepEqual(order.filter((name) => !name.includes(":")), ["a", "alice", "bob", "carol"]);
});

Deno.test("checkPassword() wants 12 characters and at most 128 bytes", () => {
  checkPassword("x".repeat(12));
  checkPassword("x".repeat(128));
  checkPassword("\u{1f511}".repeat(12));
  assert.throws(() => checkPassword("x".repeat(11)), { message: /at least 12 characters/ });
  assert.throws(() => checkPassword("e\u0301".repeat(11)), { code: "bad_parameter" });
  assert.throws(() => checkPassword("x".repeat(129)), { message: /at most 128 bytes/ });
  assert.throws(() => checkPassword("\u{1f511}".repeat(33)), { message: /at most 128 bytes/ });
});
