import assert from "node:assert/strict";
import { SSH_FAILED, SshError, SshMessages } from "./messages.ts";

function messages(): SshMessages {
  return new SshMessages([{ token: "node", typed: "env=prod" }]);
}

Deno.test.each([
  ["alice@node: Permission denied (publickey).", "access denied to alice connecting to env=prod"],
  [
    "No ED25519 host key is known for web01 and you have requested strict checking.",
    "env=prod is not trusted: it has no host certificate of the cluster's certificate authority",
  ],
  [
    "Connection closed by UNKNOWN port 65535",
    "the SSH server of env=prod ended the connection before it began",
  ],
  [
    "Connection closed by /run/user/1000/tsh-31130/host0 port 0",
    "the SSH server of env=prod ended the connection before it began",
  ],
  [
    "kex_exchange_identification: Connection closed by remote host",
    "the SSH server of env=prod ended the connection before it began",
  ],
  ["proxy dialer did not pass back a connection", "ssh could not be handed the connection"],
])("SshMessages turns %j into words of our own", (line, message) => {
  const read = messages();
  assert.equal(read.take(line), undefined);
  assert.ok(read.trouble instanceof SshError);
  assert.equal(read.trouble.message, message);
  assert.equal(read.trouble.exitCode, SSH_FAILED);
});

Deno.test("SshMessages keeps what is wrong with a certificate", () => {
  const read = messages();
  assert.equal(read.take("Certificate invalid: expired"), undefined);
  read.take("Host key verification failed.");
  assert.equal(
    read.trouble?.message,
    "env=prod is not trusted: its host certificate is not valid for it: expired",
  );
});

Deno.test("SshMessages shows everything else, and names the host as it was typed", () => {
  const read = messages();
  const line = "channel 3: open failed: connect failed: Connection refused";
  assert.equal(read.take(line), line);
  assert.equal(
    read.take("Received disconnect from UNKNOWN port 65535:2: Too many failures"),
    "Received disconnect from env=prod:2: Too many failures",
  );
  assert.equal(read.trouble, undefined);
});

Deno.test("SshMessages calls scp by its name, and hides that it lost a connection which failed", () => {
  const read = messages();
  assert.equal(read.take("/usr/bin/scp: x: Permission denied"), "scp: x: Permission denied");
  assert.equal(read.take("/usr/bin/scp: Connection closed"), "scp: Connection closed");
  read.take("Host key verification failed.");
  assert.equal(read.take("/usr/bin/scp: Connection closed"), undefined);
});

Deno.test("SshMessages names the one of several hosts that is not trusted", () => {
  const read = new SshMessages([{ token: "a", typed: "a" }, { token: "b", typed: "b" }]);
  read.take("No ED25519 host key is known for b and you have requested strict checking.");
  read.take("Host key verification failed.");
  assert.match(read.trouble!.message, /^b is not trusted/);
});
