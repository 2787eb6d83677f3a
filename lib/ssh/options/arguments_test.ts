import assert from "node:assert/strict";
import fc from "fast-check";
import { configFile, proxyCommand, safetyArguments, shellQuote } from "./arguments.ts";
import { parseUserOption } from "./user_option.ts";
import { userArguments } from "./arguments.ts";

const paths = { config: "/dev/null", knownHosts: "/p/known_hosts", agentSocket: "/p/agent" };

/** What ssh makes of a command line. */
async function settings(args: string[]): Promise<Map<string, string>> {
  const { success, stdout, stderr } = await new Deno.Command("ssh", { args: ["-G", ...args] })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return new Map(lines.map((line) => line.split(/ (.*)/s) as [string, string]));
}

Deno.test("ssh keeps the safe settings whatever comes after them", async () => {
  const safe = safetyArguments(paths, { way: "pass", proxyCommand: proxyCommand("pass", "/p/s") });
  const hostile = [
    "ProxyCommand=evil",
    "IdentityAgent=/evil",
    "IdentityFile=/evil",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/evil",
    "GlobalKnownHostsFile=/evil",
    "KnownHostsCommand=/evil",
    "ControlMaster=auto",
    "ControlPath=/evil",
    "PermitLocalCommand=yes",
    "PreferredAuthentications=password",
    "VerifyHostKeyDNS=yes",
    "UpdateHostKeys=yes",
  ].flatMap((option) => ["-o", option]);
  const read = await settings([...safe, ...hostile, "server01"]);
  assert.equal(read.get("proxycommand"), proxyCommand("pass", "/p/s"));
  assert.equal(read.get("identityagent"), "/p/agent");
  assert.equal(read.get("stricthostkeychecking"), "true");
  assert.equal(read.get("userknownhostsfile"), "/p/known_hosts");
  assert.equal(read.get("globalknownhostsfile"), "/dev/null");
  assert.equal(read.get("controlmaster"), "false");
  assert.equal(read.get("permitlocalcommand"), "no");
  assert.equal(read.get("preferredauthentications"), "publickey");
  assert.equal(read.get("verifyhostkeydns"), "false");
  assert.equal(read.get("updatehostkeys"), "false");
  assert.equal(read.get("knownhostscommand"), undefined);
  assert.equal(read.get("controlpath"), undefined);
});

Deno.test("ssh reads a person's option as it was checked", async () => {
  const options = ["setenv A=b", "LocalForward=8080 localhost:80", "compression YES"];
  const read = await settings([
    ...userArguments(options.map((text) => parseUserOption(text)!)),
    "server01",
  ]);
  assert.equal(read.get("setenv"), "A=b");
  assert.equal(read.get("localforward"), "8080 [localhost]:80");
  assert.equal(read.get("compression"), "yes");
});

Deno.test("the configuration file gives each of two hosts its own name and way", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(
      file,
      configFile([
        { token: "Web01", certifiedName: "web01.internal", proxyCommand: "'one' '%%'" },
        { token: "db", certifiedName: "2001:db8::1", proxyCommand: "two" },
      ], [9, 2]),
    );
    const web = await settings(["-F", file, "Web01"]);
    assert.equal(web.get("hostkeyalias"), "web01.internal");
    assert.equal(web.get("proxycommand"), "'one' '%%'");
    assert.match(web.get("ciphers")!, /^aes128-gcm@openssh.com,/);
    const db = await settings(["-F", file, "-o", "Ciphers=aes256-ctr", "db"]);
    assert.equal(db.get("hostkeyalias"), "2001:db8::1");
    assert.equal(db.get("ciphers"), "aes256-ctr");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test.each(["a b", "x\nProxyCommand evil", "-x", "", "$(id)", "a,b"])(
  "the configuration file refuses %j as a name that the cluster gave",
  (certifiedName) => {
    assert.throws(() => configFile([{ token: "a", certifiedName, proxyCommand: "x" }], [9, 2]));
  },
);

Deno.test("shellQuote() gives back every word through /bin/sh", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string().filter((word) => !word.includes("\0"))),
      async (words) => {
        const script = `for word in ${
          words.map(shellQuote).join(" ")
        }; do printf '%s\\0' "$word"; done`;
        const { stdout } = await new Deno.Command("/bin/sh", { args: ["-c", script] }).output();
        const decoded = new TextDecoder("utf-8", { ignoreBOM: true }).decode(stdout);
        assert.deepEqual(
          decoded.split("\0").slice(0, -1),
          words.map((word) => word.toWellFormed()),
        );
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("only versions with the slow post-quantum key exchange are told another", () => {
  const file = (version: [number, number]) => configFile([], version);
  assert.match(file([9, 0]), /KexAlgorithms \^curve25519-sha256/);
  assert.match(file([9, 8]), /KexAlgorithms/);
  assert.doesNotMatch(file([8, 9]), /KexAlgorithms/);
  assert.doesNotMatch(file([9, 9]), /KexAlgorithms/);
  assert.doesNotMatch(file([10, 1]), /KexAlgorithms/);
});
