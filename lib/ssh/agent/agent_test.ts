import assert from "node:assert/strict";
import fc from "fast-check";
import { type AgentKey, answerAgentMessage, isUserAuthentication } from "./agent.ts";
import {
  AGENT_MESSAGE,
  agentMessage,
  AgentMessageReader,
  MAX_MESSAGE_BYTES,
  sshConcat,
} from "./message.ts";

const certificateBlob = new TextEncoder().encode("not really a certificate");
const key: AgentKey = {
  certificateBlob,
  comment: "alice",
  sign: (data) => sshConcat("ssh-test", data.slice(0, 3)),
};

/** What ssh signs (RFC 4252 §7). */
function authentication(
  { service = "ssh-connection", method = "publickey", blob = certificateBlob, hostKey = false } =
    {},
): Uint8Array {
  const parts = [
    sshConcat("session id"),
    Uint8Array.of(50),
    sshConcat("alice", service, method),
    Uint8Array.of(1),
    sshConcat("ssh-ed25519-cert-v01@openssh.com", blob),
    ...(hostKey ? [sshConcat("host key")] : []),
  ];
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function signRequest(data: Uint8Array, blob = certificateBlob): Uint8Array {
  return agentMessage(AGENT_MESSAGE.signRequest, sshConcat(blob, data, 0)).slice(4);
}

const failure = agentMessage(AGENT_MESSAGE.failure);

Deno.test("the agent lists its certificate", () => {
  const answer = answerAgentMessage(key, Uint8Array.of(AGENT_MESSAGE.requestIdentities));
  assert.deepEqual(answer, agentMessage(12, sshConcat(1, certificateBlob, "alice")));
});

Deno.test("the agent signs a login, also a host-bound one", () => {
  const data = authentication();
  const expected = agentMessage(14, sshConcat(sshConcat("ssh-test", data.slice(0, 3))));
  assert.deepEqual(answerAgentMessage(key, signRequest(data)), expected);
  const bound = authentication({ method: "publickey-hostbound-v00@openssh.com", hostKey: true });
  assert.equal(answerAgentMessage(key, signRequest(bound))[4], AGENT_MESSAGE.signResponse);
});

Deno.test.each([
  ["another key", signRequest(authentication(), new Uint8Array(5))],
  ["a login with another key", signRequest(authentication({ blob: new Uint8Array(4) }))],
  ["another service", signRequest(authentication({ service: "ssh-userauth" }))],
  ["another method", signRequest(authentication({ method: "hostbased" }))],
  ["a file (SSHSIG)", signRequest(new TextEncoder().encode("SSHSIG"))],
  ["bytes after the login", signRequest(Uint8Array.from([...authentication(), 0]))],
  ["a request to add a key", Uint8Array.of(17, 0, 0, 0, 0)],
  ["an extension", Uint8Array.of(27)],
  ["nothing", new Uint8Array()],
])("the agent refuses %s", (_name, message) => {
  assert.deepEqual(answerAgentMessage(key, message), failure);
});

Deno.test("a truncated login is never signed, and no bytes crash the agent", () => {
  const whole = authentication();
  for (let length = 0; length < whole.length; length++) {
    assert.equal(isUserAuthentication(whole.subarray(0, length), certificateBlob), false);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    assert.ok(answerAgentMessage(key, bytes).length >= 5);
  }));
});

Deno.test("AgentMessageReader cuts messages wherever the chunks end", () => {
  const messages = [Uint8Array.of(11), sshConcat("abc"), new Uint8Array(300)];
  const stream = Uint8Array.from(
    messages.flatMap((message) => [...agentMessage(message[0]!, message.slice(1))]),
  );
  fc.assert(fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
    const reader = new AgentMessageReader();
    const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
    const read = edges.slice(1).flatMap((edge, index) =>
      reader.push(stream.subarray(edges[index], edge))
    );
    assert.deepEqual(read.map((message) => [...message]), messages.map((message) => [...message]));
  }));
});

Deno.test("AgentMessageReader refuses empty and oversized messages", () => {
  assert.throws(() => new AgentMessageReader().push(new Uint8Array(4)), /0 bytes/);
  const huge = new Uint8Array(4);
  new DataView(huge.buffer).setUint32(0, MAX_MESSAGE_BYTES + 1);
  assert.throws(() => new AgentMessageReader().push(huge), /262145 bytes/);
});
