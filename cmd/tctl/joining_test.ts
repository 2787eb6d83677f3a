/** Tokens, authorities and host certificates, against a real cluster. */

import assert from "node:assert/strict";
import { withCluster } from "../../tests/support/tctl.ts";

Deno.test("tctl tokens: added, listed by id, removed by id or by itself", () =>
  withCluster(async (run) => {
    assert.deepEqual(await run("tokens", "ls"), [0, "No active tokens found.\n", ""]);
    const [code, out, err] = await run("tokens", "add", "--type=node", "--ttl=2h");
    assert.equal(code, 0, err);
    const token = /^The invite token: ([0-9a-f]{40})\nThis token will expire in 120 minutes\.$/m
      .exec(out)![1]!;
    assert.match(
      out,
      new RegExp(
        `> teleport join openssh \\\\\n   --proxy-server=localhost:\\d+ \\\\\n   --token=${token} \\\\\n` +
          `   --ca-pin=sha256:[0-9a-f]{64}\n`,
      ),
    );
    const [, listed] = await run("tokens", "ls");
    const id = /^([0-9a-f]{16})\s+Node\s+\d{4}-\d\d-\d\dT[\d:]+Z \(2h\)$/m.exec(listed)![1]!;
    assert.ok(!listed.includes(token) && !token.includes(id));
    assert.deepEqual(await run("tokens", "rm", id), [0, "Token has been deleted\n", ""]);
    assert.equal((await run("tokens", "rm", id))[0], 1);

    const [, second] = await run("tokens", "add", "--type=node", "--format=text");
    assert.deepEqual(await run("tokens", "rm", second.trim()), [0, "Token has been deleted\n", ""]);
    assert.deepEqual(await run("tokens", "ls"), [0, "No active tokens found.\n", ""]);
  }));

Deno.test("tctl tokens add refuses other types, and lives that are too long", () =>
  withCluster(async (run) => {
    const [code, , err] = await run("tokens", "add", "--type=app");
    assert.equal(code, 2);
    assert.match(err, /Expected node/);
    const [late, , why] = await run("tokens", "add", "--type=node", "--ttl=721h");
    assert.equal(late, 1);
    assert.equal(why, "ERROR: a join token can be good for at most 720h\n");
  }));

Deno.test("tctl auth export prints the forms of known_hosts, authorized_keys and PEM", () =>
  withCluster(async (run) => {
    const key = "ssh-ed25519 [A-Za-z0-9+/=]+";
    const host = `@cert-authority demo,\\*\\.demo ${key} type=host\\n`;
    const user = `cert-authority ${key} clustername=demo&type=user\\n`;
    const pem = "-----BEGIN CERTIFICATE-----\\n[^-]+-----END CERTIFICATE-----\\n";
    const cases: [args: string[], form: string][] = [
      [["--type=host"], host],
      [["--type=user"], user],
      [["--type=openssh"], user],
      [[], host + user],
      [["--type=tls-host"], pem],
      [["--type=tls-user"], pem],
      [["--type=user", "--fingerprint=SHA256:none"], ""],
    ];
    for (const [args, form] of cases) {
      const [code, out, err] = await run("auth", "export", ...args);
      assert.equal(code, 0, err);
      assert.match(out, new RegExp(`^${form}$`));
    }
    assert.equal((await run("auth", "export", "--type=kubernetes"))[0], 2);
  }));

Deno.test("tctl auth sign writes a key and a certificate that ssh-keygen reads", () =>
  withCluster(async (run, { dataDir }) => {
    const file = `${dataDir}/host`;
    const sign = (...args: string[]) =>
      run(
        "auth",
        "sign",
        "--format=openssh",
        "--host=a.example.com,192.0.2.7",
        `--out=${file}`,
        ...args,
      );
    assert.deepEqual(await sign(), [
      0,
      `\nThe credentials have been written to ${file}, ${file}-cert.pub\n`,
      "",
    ]);
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    const shown = async () => {
      const { stdout } = await new Deno.Command("ssh-keygen", {
        args: ["-L", "-f", `${file}-cert.pub`],
      })
        .output();
      return new TextDecoder().decode(stdout);
    };
    const text = await shown();
    assert.match(text, /ssh-ed25519-cert-v01@openssh\.com host certificate/);
    assert.match(text, /Valid: after .*|Valid: from .* to forever/);
    assert.match(text, /Principals:\s+a\.example\.com\s+192\.0\.2\.7\s/);
    const [code, , err] = await sign();
    assert.equal(code, 1);
    assert.match(err, new RegExp(`ERROR: ${file} exists already\n`));
    assert.equal((await sign("--overwrite", "--ttl=1h"))[0], 0);
    assert.match(await shown(), /Valid: from \S+ to 20/);
    const { success } = await new Deno.Command("ssh-keygen", { args: ["-y", "-f", file] }).output();
    assert.ok(success);
  }));

Deno.test("tctl create and rm: roles, but none that is built in or still not known", () =>
  withCluster(async (run, cluster) => {
    const file = `${cluster.dataDir}/role.yaml`;
    const write = (name: string) =>
      Deno.writeTextFile(
        file,
        `kind: role\nversion: v6\nmetadata: { name: ${name}, labels: { team: a } }\n` +
          "spec:\n  options: { require_session_mfa: yes, max_session_ttl: 8h }\n" +
          "  allow: { logins: [root], node_labels: { env: [prod, dev] } }\n  deny: { logins: [admin] }\n",
      );
    await write("ops");
    assert.deepEqual(await run("create", file), [0, "role ops has been created\n", ""]);
    assert.deepEqual(cluster.auth.roles.find("ops"), {
      kind: "role",
      version: "v6",
      metadata: { name: "ops", labels: { team: "a" } },
      spec: {
        options: {
          forward_agent: false,
          port_forwarding: true,
          max_session_ttl: "28800s",
          require_session_mfa: true,
        },
        allow: { logins: ["root"], node_labels: { env: ["prod", "dev"] } },
        deny: { logins: ["admin"], node_labels: {} },
      },
    });
    assert.equal((await run("users", "add", "eve", "--roles=ops"))[0], 0);
    assert.deepEqual(await run("rm", "role/ops"), [0, "role ops has been deleted\n", ""]);
    assert.equal((await run("rm", "role/ops"))[0], 1);
    assert.match((await run("users", "add", "fay", "--roles=ops"))[2], /role ops is not found/);
    await write("access");
    assert.match((await run("create", file))[2], /role "access" is built in/);
    assert.match((await run("rm", "role/access"))[2], /role "access" is built in/);
  }));
