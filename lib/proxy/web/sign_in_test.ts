import assert from "node:assert/strict";
import { generateKeyPair, parseSshCertificate } from "../../keys/mod.ts";
import { loginCertificatesSchema, loginFinishBody } from "../../wire/web_api.ts";
import { InProcessCluster } from "../../../tests/support/in_process_cluster.ts";
import { rawRequest } from "../../../tests/support/raw_http.ts";

const PASSWORD = "correct horse battery";

Deno.test("an invited person chooses a password, registers a key and is signed in", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = cluster.browser();
  const link = await cluster.invite("alice");
  const token = link.split("/").at(-1)!;
  const invitation = await alice.call("GET", `/webapi/users/password/token/${token}`);
  assert.equal(invitation.status, 200);
  assert.deepEqual(Object.keys(invitation.body).sort(), ["expiry", "tokenId", "user"]);
  assert.equal(invitation.body.user, "alice");
  const leftMs = Date.parse(invitation.body.expiry) - Date.now();
  assert.ok(leftMs > 3_590_000 && leftMs <= 3_600_000, `${leftMs} ms left`);

  await alice.acceptInvitation(link);
  assert.deepEqual(await alice.call("GET", "/webapi/user/status"), {
    status: 200,
    body: { user: "alice", clusterName: "demo" },
  });
  const again = await alice.call("GET", `/webapi/users/password/token/${token}`);
  assert.equal(again.status, 404);
});

Deno.test("the session's cookie and token are both needed, and neither outlives the sign-out", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  using again = cluster.browser();
  const begun = await again.call("POST", "/webapi/mfa/login/begin", {
    user: "alice",
    pass: PASSWORD,
  });
  // The first visit to a page gives the token against CSRF; without one, nothing.
  assert.equal(begun.status, 403);
  const challenge = await rawRequest(cluster, "POST", "/webapi/mfa/login/begin", {
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user: "alice", pass: PASSWORD }),
  });
  assert.equal(challenge.status, 200);
  const options = JSON.parse(challenge.text).webauthn_challenge.publicKey;
  const finished = await rawRequest(cluster, "POST", "/webapi/mfa/login/finishsession", {
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      user: "alice",
      webauthnAssertionResponse: await alice.key.get(options, cluster.url),
    }),
  });
  assert.equal(finished.status, 200);
  const [cookie, ...others] = finished.headers.getSetCookie();
  assert.deepEqual(others, []);
  assert.match(cookie!, /^__Host-session=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  const { type, token, expires_in, sessionExpires, sessionInactiveTimeout } = JSON.parse(
    finished.text,
  );
  assert.equal(type, "Bearer");
  assert.ok(expires_in > 0 && sessionInactiveTimeout > 0);
  assert.ok(Math.abs(Date.parse(sessionExpires) - Date.now() - expires_in * 1000) < 2000);

  const Cookie = cookie!.split(";")[0]!;
  const Authorization = `Bearer ${token}`;
  const status = (headers: Record<string, string>) =>
    rawRequest(cluster, "GET", "/webapi/user/status", { headers });
  const refused = async (headers: Record<string, string>, message: string) => {
    const { status: code, text } = await status(headers);
    assert.deepEqual([code, JSON.parse(text)], [403, { error: { message } }]);
  };
  assert.equal((await status({ Cookie, Authorization })).status, 200);
  await refused({ Authorization }, "missing session cookie");
  await refused({ Cookie }, "need auth");
  assert.equal((await status({ Cookie, Authorization: "Bearer nonsense" })).status, 403);
  assert.equal((await status({ Cookie: "__Host-session=nonsense", Authorization })).status, 403);

  const out = await rawRequest(cluster, "DELETE", "/webapi/sessions/web", {
    headers: { Cookie, Authorization },
  });
  assert.deepEqual([out.status, JSON.parse(out.text)], [200, { message: "ok" }]);
  assert.match(out.headers.getSetCookie()[0]!, /^__Host-session=; Max-Age=0;/);
  assert.equal((await status({ Cookie, Authorization })).status, 403);
});

Deno.test("signing in works with password and key, and with the key alone", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = cluster.browser();
  await alice.acceptInvitation(await cluster.invite("alice"), { passwordless: true });
  await alice.signInPasswordless();
  assert.equal((await alice.call("GET", "/webapi/user/status")).body.user, "alice");
  using bob = await cluster.person("bob");
  await bob.signIn("bob");
  assert.equal((await bob.call("GET", "/webapi/user/status")).body.user, "bob");
});

Deno.test("a tool gets certificates for its own keys", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  const { body: begun } = await alice.call("POST", "/webapi/mfa/login/begin", {
    user: "alice",
    pass: PASSWORD,
  });
  const keys = generateKeyPair();
  const body = loginFinishBody({
    user: "alice",
    response: await alice.key.get(begun.webauthn_challenge.publicKey, cluster.url),
    sshPublicKey: keys.sshPublicKey,
    tlsPublicKeyPem: keys.publicKeyPem,
    ttlMs: 60_000,
  }, "both");
  const answer = await rawRequest(cluster, "POST", "/v1/webapi/mfa/login/finish", {
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200);
  const certificates = loginCertificatesSchema.parse(JSON.parse(answer.text));
  assert.equal(parseSshCertificate(certificates.sshCertificate).keyId, "alice");
});

Deno.test("a wrong password and an unknown user fail alike", async () => {
  await using cluster = await InProcessCluster.start();
  using _alice = await cluster.person();
  const attempt = (user: string) =>
    rawRequest(cluster, "POST", "/webapi/mfa/login/begin", {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user, pass: "wrong horse battery" }),
    });
  const [known, unknown] = [await attempt("alice"), await attempt("nobody")];
  assert.equal(known.status, 403);
  assert.deepEqual([unknown.status, unknown.text], [known.status, known.text]);
});

Deno.test("too many attempts are told when to try again", async () => {
  await using cluster = await InProcessCluster.start({
    authLimits: { signInPerAddress: { burst: 2, refillMs: 30_000 } },
  });
  const attempt = () =>
    rawRequest(cluster, "POST", "/webapi/mfa/login/begin", {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user: "nobody", pass: "wrong horse battery" }),
    });
  assert.equal((await attempt()).status, 403);
  assert.equal((await attempt()).status, 403);
  const limited = await attempt();
  assert.equal(limited.status, 429);
  const seconds = Number(limited.headers.get("Retry-After"));
  assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 30, `${seconds} s`);
});
