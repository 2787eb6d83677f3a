import assert from "node:assert/strict";
import {
  ADMIN,
  AuthCluster,
  CLIENT,
  ORIGIN,
  PASSWORD,
  startLogin,
  type TestUser,
} from "../../tests/support/auth_cluster.ts";

const DENIED = { code: "access_denied" };
const LIMITED = { code: "limit_exceeded" };

async function signInFrom(cluster: AuthCluster, user: TestUser, address: string): Promise<unknown> {
  const { signIn } = cluster.auth;
  const { publicKey } = await signIn.begin({ user: user.name, password: PASSWORD }, { address });
  const response = await user.key.get(publicKey, ORIGIN);
  return await signIn.finish({ user: user.name, response }, { address });
}

/** Guesses from one address after the other until the name has had too much. */
async function exhaust(cluster: AuthCluster, user: string): Promise<number> {
  for (let tried = 0;; tried++) {
    assert.ok(tried < 2_000, "guesses from many addresses have no bound");
    try {
      await cluster.auth.signIn.begin({ user, password: "wrong" }, { address: address(tried) });
    } catch (error) {
      if ((error as { code: string }).code === "limit_exceeded") return tried;
    }
  }
}

const address = (n: number) => `198.18.${n >> 8}.${n & 255}`;

Deno.test("junk answers to challenges keep nobody out", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const other = await cluster.addUser("other");
  const { signIn } = cluster.auth;
  const { publicKey } = await signIn.begin({ user: "other", password: PASSWORD }, CLIENT);
  const response = await other.key.get(publicKey, ORIGIN);
  for (let n = 0; n < 50; n++) {
    for (let i = 0; i < 10; i++) {
      const junk = signIn.finish({ user: "alice", response }, { address: address(n) });
      await assert.rejects(junk, DENIED);
    }
  }
  await signInFrom(cluster, alice, "203.0.113.5");
});

Deno.test("one address cannot use up a name, known or not, for the others", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  for (const user of ["alice", "nosuch"]) {
    const attempt = (address: string) =>
      cluster.auth.signIn.begin({ user, password: "wrong" }, { address });
    const from = user === "alice" ? "2001:db8:1::" : "2001:db8:2::";
    for (let i = 0; i < 10; i++) await assert.rejects(attempt(`${from}${i + 1}`), DENIED);
    await assert.rejects(attempt(`${from}99`), { ...LIMITED, retryAfterSeconds: 6 });
    await assert.rejects(attempt("203.0.113.5"), DENIED);
  }
  await signInFrom(cluster, alice, "203.0.113.6");
});

Deno.test("guesses from many addresses are bounded, the same for names known or not", async () => {
  await using cluster = await AuthCluster.open();
  await cluster.addUser("alice");
  const tried = await exhaust(cluster, "alice");
  assert.equal(tried, 300);
  assert.equal(await exhaust(cluster, "nosuch"), tried);
});

Deno.test("guesses from many addresses do not keep the person out where they got in before", async () => {
  await using cluster = await AuthCluster.open({ store: "sqlite" });
  const alice = await cluster.addUser("alice");
  await signInFrom(cluster, alice, "2001:db8:5::1");
  await exhaust(cluster, "alice");
  await assert.rejects(signInFrom(cluster, alice, "203.0.113.9"), LIMITED);
  // The same household, and where the invitation was used.
  await signInFrom(cluster, alice, "2001:db8:5::2");
  await signInFrom(cluster, alice, CLIENT.address);
  // That helps alice, nobody else, and does not make her address a place to guess from.
  await assert.rejects(
    cluster.auth.signIn.begin({ user: "nosuch", password: "x" }, CLIENT),
    DENIED,
  );
  const guess = () => cluster.auth.signIn.begin({ user: "alice", password: "wrong" }, CLIENT);
  for (let i = 0; i < 9; i++) await assert.rejects(guess(), DENIED);
  await assert.rejects(guess(), LIMITED);
  await cluster.restart();
  await exhaust(cluster, "alice");
  await signInFrom(cluster, alice, "2001:db8:5::3");
});

Deno.test("addresses are remembered for a month, so many, not in clear, and not beyond a reset", async () => {
  await using cluster = await AuthCluster.open({ limits: { knownAddressesPerUser: 2 } });
  const remembered = async () => (await cluster.backend.range("/known_addresses/")).length;
  const alice = await cluster.addUser("alice");
  for (const address of ["203.0.113.1", "203.0.113.2"]) {
    cluster.clock.advance(60_000);
    await signInFrom(cluster, alice, address);
  }
  assert.equal(await remembered(), 2);
  const stored = (await cluster.backend.range("/known_addresses/"))
    .map(({ key, value }) => key + new TextDecoder().decode(value)).join();
  assert.doesNotMatch(stored, /203\.0\.113/);
  await exhaust(cluster, "alice");
  await signInFrom(cluster, alice, "203.0.113.1");
  await assert.rejects(signInFrom(cluster, alice, CLIENT.address), LIMITED);

  await cluster.auth.users.setLocked(ADMIN, "alice", true);
  assert.equal(await remembered(), 0);
  await cluster.auth.users.setLocked(ADMIN, "alice", false);
  // It is an address like all others again, until guesses leave an attempt.
  await assert.rejects(signInFrom(cluster, alice, "203.0.113.1"), LIMITED);
  cluster.clock.advance(1_000);
  await signInFrom(cluster, alice, "203.0.113.1");
  assert.equal(await remembered(), 1);
  cluster.clock.advance(30 * 24 * 3_600_000);
  assert.equal(await remembered(), 0);
  await signInFrom(cluster, alice, "203.0.113.1");
  await cluster.auth.users.invite(ADMIN, "alice", { reset: true });
  assert.equal(await remembered(), 0);
});

Deno.test("many headless logins in one name, from few addresses, leave attempts for others", async () => {
  await using cluster = await AuthCluster.open();
  const alice = await cluster.addUser("alice");
  const client = (address: string) => ({ client: { address } });
  const malformed = { sshPublicKey: "ssh-ed25519 AAAA", id: "x" };
  for (let n = 0; n < 5; n++) {
    for (let i = 0; i < 60; i++) {
      const { result } = startLogin(cluster.auth, "alice", {
        ...malformed,
        ...client(`198.51.100.${n}`),
      });
      await assert.rejects(result, { code: i < 30 ? "bad_parameter" : "limit_exceeded" });
    }
  }
  const login = startLogin(cluster.auth, "alice", client("203.0.113.5"));
  await alice.approve(login.id);
  assert.equal((await login.result).user, "alice");

  // From many addresses they are bounded, but for where the name got in before.
  let tried = 0;
  for (let code = ""; code !== "limit_exceeded"; tried++) {
    assert.ok(tried < 2_000);
    const { result } = startLogin(cluster.auth, "alice", {
      ...malformed,
      ...client(address(tried)),
    });
    code = await result.then(() => "", (error) => error.code);
  }
  await assert.rejects(startLogin(cluster.auth, "alice", client("203.0.113.77")).result, LIMITED);
  const again = startLogin(cluster.auth, "alice", client("203.0.113.5"));
  // Whichever ends first: a command that is refused would be looked for in vain.
  await Promise.race([again.result, alice.approve(again.id)]);
  assert.equal((await again.result).user, "alice");
});
