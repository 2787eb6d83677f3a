import assert from "node:assert/strict";
import fc from "fast-check";
import { type Place, WaitingRoom } from "./waiting_room.ts";

const LIMITS = { waitingPerAddress: 3, waitingPerName: 4, waitingTotal: 10 };
const FULL = {
  code: "limit_exceeded",
  message: "too many headless logins are waiting, try again later",
};

/** A room, and who had to leave it. */
function open(limits = LIMITS) {
  const room = new WaitingRoom(limits);
  const evicted: string[] = [];
  const enter = (key: string, name: string, address: string, isKnown = false): Place => {
    const place = room.enter({ key, name, address, isKnown });
    assert.ok(place);
    place.onEvicted = () => evicted.push(key);
    return place;
  };
  return { room, evicted, enter };
}

Deno.test("one id has one place, which is free again afterwards", () => {
  const { room, enter } = open();
  const { leave } = enter("/a", "alice", "192.0.2.1");
  const twice = { key: "/a", name: "alice", address: "192.0.2.2", isKnown: false };
  assert.equal(room.enter(twice), undefined);
  leave();
  leave();
  assert.equal(room.size, 0);
  assert.ok(room.enter(twice));
});

Deno.test("places are limited by address, also in its other spelling", () => {
  const { evicted, enter } = open();
  for (let i = 0; i < 3; i++) enter(`/a${i}`, `user${i}`, "192.0.2.1");
  assert.throws(() => enter("/b", "other", "192.0.2.1"), FULL);
  assert.throws(() => enter("/b", "other", "::ffff:192.0.2.1"), FULL);
  assert.deepEqual(evicted, []);
});

Deno.test("where a name has no place left, the address with most makes room, its oldest first", () => {
  const { room, evicted, enter } = open();
  enter("/single", "alice", "192.0.2.1");
  for (let i = 0; i < 3; i++) enter(`/many${i}`, "alice", "192.0.2.2");
  enter("/new", "alice", "192.0.2.3");
  enter("/newer", "alice", "192.0.2.4");
  assert.deepEqual(evicted, ["/many0", "/many1"]);
  assert.equal(room.size, 4);
  // Now each address has one: nobody has to go for a second one of the same address,
  assert.throws(() => enter("/second", "alice", "192.0.2.3"), FULL);
  // and the oldest of all for the first one of another.
  enter("/newest", "alice", "192.0.2.5");
  assert.deepEqual(evicted.slice(2), ["/single"]);
});

Deno.test("what a person has seen stays, and what is known to the name goes last", () => {
  const { evicted, enter } = open({ ...LIMITS, waitingPerAddress: 4 });
  const [seen, ...others] = ["/s", "/1", "/2"].map((key) => enter(key, "alice", "192.0.2.2"));
  seen!.keep();
  enter("/k", "alice", "192.0.2.9", true);
  enter("/3", "alice", "192.0.2.3");
  enter("/4", "alice", "192.0.2.4");
  assert.deepEqual(evicted, ["/1", "/2"]);
  // Strangers go for one who is known, even from an address with more; never the other way.
  enter("/k2", "alice", "192.0.2.9", true);
  enter("/k3", "alice", "192.0.2.9", true);
  assert.deepEqual(evicted, ["/1", "/2", "/3", "/4"]);
  assert.throws(() => enter("/5", "alice", "192.0.2.5"), FULL);
  assert.throws(() => enter("/k4", "alice", "192.0.2.9", true), FULL);
  enter("/k5", "alice", "192.0.2.10", true);
  assert.deepEqual(evicted.slice(4), ["/k"]);
  for (const place of [seen!, ...others]) place.leave();
  enter("/6", "alice", "192.0.2.6");
});

Deno.test("where there is no place left at all, the address with most makes room", () => {
  const { room, evicted, enter } = open({ ...LIMITS, waitingPerName: 100 });
  for (let n = 0; n < 3; n++) {
    for (let i = 0; i < 3; i++) enter(`/${n}.${i}`, `user${i}`, `192.0.2.${n}`);
  }
  enter("/single", "bob", "192.0.2.8");
  enter("/alice", "alice", "192.0.2.9");
  assert.deepEqual(evicted, ["/0.0"]);
  assert.equal(room.size, 10);
  // A place for the name, which is full, makes one among all: one goes, not two.
  const both = open({ waitingPerAddress: 2, waitingPerName: 2, waitingTotal: 2 });
  both.enter("/1", "alice", "192.0.2.1");
  both.enter("/2", "alice", "192.0.2.1");
  both.enter("/3", "alice", "192.0.2.2");
  assert.deepEqual(both.evicted, ["/1"]);
});

Deno.test("places given back can be taken again, thousands of times", () => {
  const { room, enter } = open();
  for (let i = 0; i < 5_000; i++) enter(`/${i}`, "alice", "192.0.2.1").leave();
  assert.equal(room.size, 0);
});

Deno.test("whatever happens, no limit is exceeded, who is seen stays, and all places come back", () => {
  const visit = fc.record({
    name: fc.constantFrom("alice", "bob", "nosuch"),
    address: fc.constantFrom("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"),
    isKnown: fc.boolean(),
    then: fc.constantFrom("stay", "keep", "leave"),
  });
  fc.assert(fc.property(fc.array(visit, { maxLength: 60 }), (visits) => {
    const { room, evicted, enter } = open();
    const inside = new Map<string, { place: Place; name: string; address: string }>();
    const kept = new Set<string>();
    visits.forEach(({ name, address, isKnown, then }, index) => {
      const key = `/${index}`;
      const before = evicted.length;
      try {
        inside.set(key, { place: enter(key, name, address, isKnown), name, address });
      } catch {
        assert.equal(evicted.length, before, "nobody goes for one who is not let in");
        return;
      }
      if (then === "keep") kept.add(key);
      if (then === "keep") inside.get(key)!.place.keep();
      for (const gone of evicted.slice(before)) inside.delete(gone);
      assert.ok(evicted.length <= before + 1);
      if (then === "leave") {
        inside.get(key)!.place.leave();
        inside.delete(key);
      }
      const all = [...inside.values()];
      assert.equal(room.size, all.length);
      assert.ok(all.length <= LIMITS.waitingTotal);
      assert.ok(all.filter((one) => one.name === name).length <= LIMITS.waitingPerName);
      assert.ok(all.filter((one) => one.address === address).length <= LIMITS.waitingPerAddress);
    });
    assert.ok(evicted.every((key) => !kept.has(key)));
    for (const { place } of inside.values()) place.leave();
    assert.equal(room.size, 0);
  }));
});
