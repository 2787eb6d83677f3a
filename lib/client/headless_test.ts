import assert from "node:assert/strict";
import { answerJson, type Handler, HttpsServer } from "../../tests/support/https_server.ts";
import { ToolDeps } from "../../tests/support/tool_deps.ts";
import { FakeClock } from "../../tests/support/fake_deps.ts";
import { realDeps } from "../deps/mod.ts";
import { generateKeyPair } from "../keys/mod.ts";
import { createCa, issueCertificate } from "../keys/x509/mod.ts";
import { headlessId, isHeadlessId } from "../wire/mod.ts";
import { loginCertificatesBody } from "../wire/web_api/certificates.ts";
import { HEADLESS_WAIT_MS, headlessLogin, newHeadlessRequest } from "./headless.ts";
import { WebClient } from "./http.ts";

const now = () => Math.floor(Date.now() / 1000) * 1000;
const failure = (message: string) => ({ error: { message } });
const GO_404: Handler = (_request, response) =>
  void response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found\n");

/** Logs in alice at a cluster that answers so. */
async function login(
  handler: Handler,
  { deps = new ToolDeps(), request = newHeadlessRequest() } = {},
) {
  await using server = await HttpsServer.start(handler);
  const endpoint = { host: "localhost", port: server.port };
  const web = new WebClient(endpoint, { rejectUnauthorized: false }, { userAgent: "test/1" });
  const options = { user: "alice", signal: deps.process.interrupted() };
  return await headlessLogin(web, request, options, deps);
}

/** The body of a login that succeeds, with a certificate for `publicKeyPem`. */
async function certificates(
  publicKeyPem: string,
  validity = { notBeforeMs: now() - 60_000, notAfterMs: now() + 60_000 },
): Promise<unknown> {
  const deps = realDeps();
  const ca = await createCa({ clusterName: "demo", kind: "user", nowMs: Date.now() }, deps);
  const identity = {
    user: "alice",
    roles: ["access"],
    logins: ["root"],
    routeToCluster: "demo",
    traits: {},
    teleportCluster: "demo",
  };
  return loginCertificatesBody({
    user: "alice",
    sshCertificate: "ssh-ed25519-cert-v01@openssh.com AAAA",
    tlsCertificate: await issueCertificate({ ca, publicKeyPem, identity, ...validity }, deps),
    hostSigners: [{
      clusterName: "demo",
      checkingKeys: ["ssh-ed25519 AAAA"],
      tlsCerts: [ca.certPem],
    }],
  });
}

Deno.test("newHeadlessRequest() makes another key each time, and its id", () => {
  const first = newHeadlessRequest();
  assert.ok(isHeadlessId(first.id));
  assert.equal(first.id, headlessId(first.keys.sshPublicKey));
  assert.notEqual(first.id, newHeadlessRequest().id);
});

Deno.test("headlessLogin() sends both public keys and takes the certificates", async () => {
  const request = newHeadlessRequest();
  const bodies: Record<string, unknown>[] = [];
  const credentials = await login(async (incoming, response) => {
    assert.equal(`${incoming.method} ${incoming.url}`, "POST /webapi/headless/login");
    bodies.push(JSON.parse(await incoming.text()));
    answerJson(response, 200, await certificates(request.keys.publicKeyPem));
  }, { request });
  assert.equal(credentials.user, "alice");
  assert.equal(credentials.keys, request.keys);
  assert.equal(credentials.hostSigners[0]!.clusterName, "demo");
  assert.deepEqual(bodies, [{
    user: "alice",
    headless_id: request.id,
    ssh_pub_key: btoa(request.keys.sshPublicKey + "\n"),
    tls_pub_key: btoa(request.keys.publicKeyPem),
    ttl: 12 * 3600 * 1e9,
    compatibility: "",
    RouteToCluster: "",
    KubernetesCluster: "",
  }]);
});

Deno.test("headlessLogin() falls back to the older endpoint", async () => {
  const request = newHeadlessRequest();
  const paths: string[] = [];
  const credentials = await login(async (incoming, response) => {
    paths.push(incoming.url!);
    if (incoming.url !== "/webapi/ssh/certs") return GO_404(incoming, response);
    const body = JSON.parse(await incoming.text());
    assert.equal(body.pub_key, btoa(request.keys.sshPublicKey + "\n"));
    answerJson(response, 200, await certificates(request.keys.publicKeyPem));
  }, { request });
  assert.equal(credentials.user, "alice");
  assert.deepEqual(paths, ["/webapi/headless/login", "/webapi/ssh/certs"]);
});

Deno.test("headlessLogin() says that a cluster knows neither endpoint", async () => {
  await assert.rejects(login(GO_404), {
    code: "not_implemented",
    message: "the cluster has no headless login",
  });
});

Deno.test.each([
  [403, "headless authentication failed", "rejected", 3],
  [504, "context deadline exceeded", "expired", 4],
  [500, "rpc error: code = DeadlineExceeded desc = context deadline exceeded", "expired", 4],
  [429, "too many requests", "limit_exceeded", 1],
  [400, "missing headless authentication id", "bad_parameter", 1],
  [502, "no auth server", "connection", 1],
  [500, "boom", "internal", 1],
])("headlessLogin() answered %d %o is %o", async (status, message, code, exitCode) => {
  await assert.rejects(
    login((_request, response) => answerJson(response, status, failure(message))),
    { code, exitCode },
  );
});

Deno.test("headlessLogin() passes on when to try again", async () => {
  await assert.rejects(
    login((_request, response) => {
      response.setHeader("retry-after", "42");
      answerJson(response, 429, failure("too many requests are waiting"));
    }),
    { retryAfterSeconds: 42, message: "too many requests are waiting" },
  );
});

Deno.test("headlessLogin() says that the cluster went away while it waited", async () => {
  await assert.rejects(login((request) => void request.socket.destroy()), {
    code: "connection",
    message: /^the cluster went away while the request waited/,
    hint: /Run the command again/,
  });
});

Deno.test("headlessLogin() takes a connection that ends after three minutes for what it is", async () => {
  const clock = new FakeClock();
  const deps = new ToolDeps({ clock });
  await assert.rejects(
    login((request) => {
      clock.advance(HEADLESS_WAIT_MS);
      request.socket.destroy();
    }, { deps }),
    { code: "expired", message: "nobody approved the headless login within 3 minutes" },
  );
});

Deno.test("headlessLogin() closes the connection on Ctrl-C, which withdraws the request", async () => {
  const deps = new ToolDeps();
  const gone = Promise.withResolvers<void>();
  const handler: Handler = (request) => {
    request.socket.on("close", () => gone.resolve());
    deps.interrupt("SIGINT");
  };
  await assert.rejects(login(handler, { deps }), { name: "InterruptedError", exitCode: 130 });
  await gone.promise;
});

Deno.test("headlessLogin() refuses a certificate for another key", async () => {
  const other = generateKeyPair().publicKeyPem;
  await assert.rejects(
    login(async (_request, response) => answerJson(response, 200, await certificates(other))),
    { code: "trust", message: "the cluster's certificate is for another key than ours" },
  );
});

Deno.test("headlessLogin() names the clock when the certificate is of another time", async () => {
  for (
    const [validity, words] of [
      [{ notBeforeMs: now() + 60_000, notAfterMs: now() + 180_000 }, /is not valid before/],
      [{ notBeforeMs: now() - 180_000, notAfterMs: now() - 60_000 }, /expired at/],
    ] as const
  ) {
    const request = newHeadlessRequest();
    const answer = login(async (_incoming, response) => {
      answerJson(response, 200, await certificates(request.keys.publicKeyPem, validity));
    }, { request });
    await assert.rejects(answer, { code: "trust", message: words, hint: /clock/ });
  }
});

Deno.test("headlessLogin() refuses answers that are malformed", async () => {
  const strangers: Handler[] = [
    (_request, response) => void response.writeHead(200).end("ok"),
    (_request, response) => answerJson(response, 200, {}),
    (_request, response) =>
      answerJson(response, 200, { username: "alice", cert: "%", tls_cert: "" }),
    async (_request, response) => {
      const body = await certificates(generateKeyPair().publicKeyPem) as Record<string, unknown>;
      answerJson(response, 200, { ...body, tls_cert: btoa("no certificate") });
    },
  ];
  for (const stranger of strangers) {
    await assert.rejects(login(stranger), { code: "bad_parameter" });
  }
});

Deno.test("no error of a login holds the private key", async () => {
  const request = newHeadlessRequest();
  const secret = new TextDecoder().decode(request.keys.privateKeyPem).split("\n")[1]!;
  try {
    await login((_request, response) => answerJson(response, 403, failure("no")), { request });
  } catch (error) {
    assert.ok(!Deno.inspect(error, { depth: 10 }).includes(secret));
  }
});
