import assert from "node:assert/strict";
import tls from "node:tls";
import { parseSshCertificate } from "../../keys/mod.ts";
import { loginCertificatesSchema } from "../../wire/web_api.ts";
import {
  type Command,
  InProcessCluster,
  newCommand,
} from "../../../tests/support/in_process_cluster.ts";
import type { Answer, Person } from "../../../tests/support/person.ts";

/** A command that waits. */
interface Waiting {
  answer: Promise<Answer>;
  /** Goes away as a killed process does. */
  leave(): void;
}

/** Posts a command over a connection of its own. */
function wait(
  cluster: InProcessCluster,
  command: Command,
  path = "/v1/webapi/headless/login",
): Waiting {
  const body = JSON.stringify(command.body);
  const socket = tls.connect({
    host: "127.0.0.1",
    port: cluster.port,
    servername: "localhost",
    ca: [cluster.certificate],
  });
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
      `Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const answer = (async () => {
    let text = "";
    for await (const chunk of socket) text += chunk;
    const [head, content] = text.split("\r\n\r\n");
    if (content === undefined) throw new Error("no answer");
    return { status: Number(head!.split(" ")[1]), body: JSON.parse(content!) };
  })();
  // Whoever needs it awaits it; a test that has failed before does not.
  answer.catch(() => {});
  return { answer, leave: () => void socket.destroy() };
}

/** An event of the stream, and when it came. */
interface Told {
  event: string;
  // deno-lint-ignore no-explicit-any -- tests reach into what comes
  data: any;
  atMs: number;
}

/** Follows a request as its page does. */
async function* follow(person: Person, id: string, signal?: AbortSignal): AsyncGenerator<Told> {
  const response = await person.open("GET", `/webapi/headless/${id}/events`, undefined, { signal });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), "text/event-stream");
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  let rest = "";
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      if (event === undefined) continue;
      const data = JSON.parse(/^data: (.*)$/m.exec(block)![1]!);
      yield { event, data, atMs: performance.now() };
    }
  }
}

async function next(events: AsyncGenerator<Told>): Promise<Told> {
  const { value, done } = await events.next();
  assert.ok(!done, "the stream has ended");
  return value;
}

Deno.test("a headless login is approved with a key, and its certificates are for its keys", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  const command = newCommand();
  const waiting = wait(cluster, command);
  const events = follow(alice, command.id);
  const { event, data } = await next(events);
  assert.equal(event, "request");
  assert.deepEqual(Object.keys(data).sort(), [
    "clientAddress",
    "clusterName",
    "createdAt",
    "expiresAt",
    "id",
    "now",
    "state",
    "user",
  ]);
  assert.equal(data.id, command.id);
  assert.equal(data.user, "alice");
  assert.equal(data.clusterName, "demo");
  assert.equal(data.clientAddress, "127.0.0.1");
  assert.equal(data.state, "pending");

  assert.equal((await alice.approve(command.id)).status, 200);
  const { status, body } = await waiting.answer;
  assert.equal(status, 200);
  const certificates = loginCertificatesSchema.parse(body);
  assert.equal(certificates.user, "alice");
  const parsed = parseSshCertificate(certificates.sshCertificate);
  assert.equal(parsed.keyId, "alice");
  assert.match(certificates.tlsCertificate, /^-----BEGIN CERTIFICATE-----/);
  assert.equal(certificates.hostSigners[0]!.clusterName, "demo");

  const end = await next(events);
  assert.equal(end.data.state, "approved");
  assert.equal(end.data.device.name, "desk key");
  assert.ok((await events.next()).done, "the stream ends with the request");
});

Deno.test("GET /webapi/headless/:id answers in Teleport's form", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  const command = newCommand();
  const waiting = wait(cluster, command);
  const { status, body } = await alice.headless(command.id);
  assert.equal(status, 200);
  const { expires, ...metadata } = body.header.metadata;
  assert.ok(Date.parse(expires) > Date.now());
  assert.deepEqual({ ...body, header: { ...body.header, metadata } }, {
    header: { kind: "headless_authentication", version: "v1", metadata: { name: command.id } },
    user: "alice",
    public_key: btoa(command.keys.sshPublicKey + "\n"),
    state: 1,
    client_ip_address: "127.0.0.1",
  });
  waiting.leave();
});

Deno.test("POST /webapi/ssh/certs is the older form of the same, with one key for both", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  const { id, body: { ssh_pub_key, tls_pub_key: _, ...rest }, keys } = newCommand();
  const body = { ...rest, pub_key: ssh_pub_key, password: "", otp_token: "" };
  const waiting = wait(cluster, { id, keys, body }, "/webapi/ssh/certs");
  await alice.approve(id);
  const { status, body: answer } = await waiting.answer;
  assert.equal(status, 200);
  assert.equal(loginCertificatesSchema.parse(answer).user, "alice");
});

Deno.test("a denied headless login is told what Teleport tells", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  const command = newCommand();
  const waiting = wait(cluster, command);
  assert.deepEqual(await alice.deny(command.id), { status: 200, body: { message: "ok" } });
  assert.deepEqual(await waiting.answer, {
    status: 403,
    body: { error: { message: "headless authentication failed" } },
  });
  const again = await alice.call("PUT", `/webapi/headless/${command.id}`, { action: "denied" });
  assert.equal(again.status, 412);
  assert.match(again.body.error.message, /non-pending state/);
});

Deno.test("a page learns within a second that the command has gone away", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  const command = newCommand();
  const waiting = wait(cluster, command);
  const events = follow(alice, command.id);
  assert.equal((await next(events)).data.state, "pending");
  const leftMs = performance.now();
  waiting.leave();
  const { data, atMs } = await next(events);
  assert.equal(data.state, "withdrawn");
  assert.ok(atMs - leftMs < 1000, `took ${atMs - leftMs} ms`);
  assert.equal((await alice.headless(command.id)).status, 400);
});

Deno.test("nobody but the user it names sees a request, and it is as unknown to others as one that is not", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  using bob = await cluster.person("bob");
  const command = newCommand();
  const waiting = wait(cluster, command);
  assert.equal((await alice.headless(command.id)).status, 200);
  const refused = {
    status: 400,
    body: { error: { message: "requested invalid headless session" } },
  };
  const unknown = newCommand();
  const answers = await Promise.all([
    bob.headless(command.id),
    bob.headless(unknown.id),
    bob.headless("no-id-at-all"),
  ]);
  for (const answer of answers) assert.deepEqual(answer, refused);
  for await (const { event, data } of follow(bob, command.id)) {
    assert.equal(event, "problem");
    assert.equal(data.code, "not_found");
  }
  waiting.leave();
});

Deno.test("a stream of events shows signs of life, and a page that leaves ends it", async () => {
  await using cluster = await InProcessCluster.start({ proxyLimits: { heartbeatMs: 50 } });
  using alice = await cluster.person();
  const command = newCommand();
  const waiting = wait(cluster, command);
  const leaving = new AbortController();
  const response = await alice.open("GET", `/webapi/headless/${command.id}/events`, undefined, {
    signal: leaving.signal,
  });
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.split(": alive").length > 3) break;
  }
  leaving.abort();
  waiting.leave();
});

Deno.test("an id that does not follow from the key is refused without telling why", async () => {
  await using cluster = await InProcessCluster.start();
  const refused = { status: 403, body: { error: { message: "headless authentication failed" } } };
  const command = newCommand();
  const other = wait(cluster, {
    ...command,
    body: { ...command.body, headless_id: newCommand().id },
  });
  assert.deepEqual(await other.answer, refused);
});

Deno.test("closing the proxy ends what waits", async () => {
  const cluster = await InProcessCluster.start();
  try {
    using alice = await cluster.person();
    const command = newCommand();
    const waiting = wait(cluster, command);
    assert.equal((await alice.headless(command.id)).status, 200);
    await cluster.proxy.close();
    await assert.rejects(waiting.answer);
  } finally {
    await cluster[Symbol.asyncDispose]();
  }
});
