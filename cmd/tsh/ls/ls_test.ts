import assert from "node:assert/strict";
import {
  answerJson,
  type Handler,
  HttpsServer,
  pingBody,
} from "../../../tests/support/https_server.ts";
import { InProcessCluster } from "../../../tests/support/in_process_cluster.ts";
import type { Person } from "../../../tests/support/person.ts";
import { ToolDeps, type ToolDepsOptions } from "../../../tests/support/tool_deps.ts";
import { runTool } from "../../tool.ts";
import { tsh } from "../mod.ts";

/** What `tsh ls` did: exit status, and every byte of both streams. */
interface Ran {
  code: number;
  out: string;
  err: string;
}

async function ls(deps: ToolDeps, ...args: string[]): Promise<Ran> {
  // Locking is for the process of a real command; this one runs other tests, too.
  const code = await runTool(tsh(deps), ["ls", "--mlock=off", ...args], deps);
  return { code, out: deps.out, err: deps.err };
}

const HEADLESS_URL = /https:\/\/\S+\/web\/headless\/(\S+)/;

/** A cluster with three nodes, and alice. */
async function withCluster(
  run: (context: {
    cluster: InProcessCluster;
    person: Person;
    /** Runs `tsh ls --headless` for alice, who answers. */
    list: (answer: "approve" | "deny", args: string[], options?: ToolDepsOptions) => Promise<Ran>;
  }) => Promise<void>,
): Promise<void> {
  await using cluster = await InProcessCluster.start();
  using person = await cluster.person("alice");
  for (const [name, address] of [["web-02", "10.0.0.2:22"], ["db", "10.0.0.9:22"]] as const) {
    await cluster.addNode(name, address);
  }
  const list = async (answer: "approve" | "deny", args: string[], options?: ToolDepsOptions) => {
    const deps = new ToolDeps(options);
    const flags = ["--headless", `--proxy=localhost:${cluster.port}`, "--user=alice", "--insecure"];
    const ran = ls(deps, ...flags, ...args);
    const [, id] = await Promise.race([
      deps.waitForErr(HEADLESS_URL),
      ran.then(({ err }) => Promise.reject(new Error(`ended without a prompt: ${err}`))),
    ]);
    await person[answer](id!);
    return await ran;
  };
  await run({ cluster, person, list });
}

/** What a tool says about a proxy that answers so. */
async function lsAt(handler: Handler, args: string[] = [], deps = new ToolDeps()): Promise<Ran> {
  await using server = await HttpsServer.start(handler);
  return await ls(
    deps,
    "--headless",
    "--insecure",
    `--proxy=${server.address}`,
    "--user=alice",
    ...args,
  );
}

Deno.test("tsh ls --headless prompts on stderr and prints the table on stdout", async () => {
  await withCluster(async ({ cluster, list }) => {
    const { code, out, err } = await list("approve", []);
    assert.equal(code, 0);
    assert.equal(
      out,
      "Node Name Address     Labels\n" +
        "--------- ----------- ------\n" +
        "db        10.0.0.9:22\n" +
        "web-02    10.0.0.2:22\n",
    );
    const id = HEADLESS_URL.exec(err)![1]!;
    assert.equal(
      err,
      `Complete headless authentication in your local web browser:

https://localhost:${cluster.port}/web/headless/${id}

or execute this command in your local terminal:

tsh headless approve --user=alice --proxy=localhost:${cluster.port} ${id}

`,
    );
  });
});

Deno.test("tsh ls --headless shows on a terminal how long it waits, and leaves nothing of it", async () => {
  await withCluster(async ({ list }) => {
    const { code, out, err } = await list("approve", ["--format=names"], { columns: 100 });
    assert.equal(code, 0);
    assert.equal(out, "db\nweb-02\n");
    // deno-lint-ignore no-control-regex
    assert.match(err, /\r\x1b\[KWaiting for approval, 3:00 left \(Ctrl-C withdraws\)/);
    assert.ok(err.endsWith("\r\x1b[K"));
  });
});

Deno.test("tsh ls finds the nodes that are asked for", async () => {
  await withCluster(async ({ list }) => {
    const names = async (...args: string[]) => {
      const { code, out } = await list("approve", ["--format=names", ...args]);
      assert.equal(code, 0);
      return out;
    };
    assert.equal(await names("--search=web"), "web-02\n");
    assert.equal(await names('--query=name == "db"'), "db\n");
    const none = await list("approve", ["env=prod"]);
    assert.equal(none.out, "Node Name Address Labels\n--------- ------- ------\n");
    assert.match(none.err, /No nodes to show/);
    const wrong = await list("approve", ["--query=labels["]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /\nERROR: cannot parse the query: /);
    assert.equal(wrong.out, "");
  });
});

Deno.test("tsh ls tells a rejection by its exit status", async () => {
  await withCluster(async ({ list }) => {
    const { code, out, err } = await list("deny", []);
    assert.equal(code, 3);
    assert.equal(out, "");
    assert.match(err, /\nERROR: the headless login was rejected\nIf nobody rejected it, /);
  });
});

Deno.test("tsh ls withdraws the request on Ctrl-C", async () => {
  await withCluster(async ({ cluster, person }) => {
    const deps = new ToolDeps();
    const flags = ["--headless", `--proxy=localhost:${cluster.port}`, "--user=alice", "--insecure"];
    const ran = ls(deps, ...flags);
    const [, id] = await deps.waitForErr(HEADLESS_URL);
    const before = await person.headless(id!);
    assert.equal(before.status, 200);
    deps.interrupt("SIGINT");
    const { code, out, err } = await ran;
    const after = await person.approve(id!);
    assert.notEqual(after.status, 200);
    assert.equal(code, 130);
    assert.equal(out, "");
    assert.match(err, /\nERROR: interrupted by SIGINT\nThe headless request is withdrawn\.\n$/);
  });
});

Deno.test("tsh ls ends with 143 when it is told to terminate", async () => {
  const deps = new ToolDeps();
  const { code } = await lsAt(
    (request, response) => {
      if (request.method === "GET") return answerJson(response, 200, pingBody());
      deps.interrupt("SIGTERM");
    },
    [],
    deps,
  );
  assert.equal(code, 143);
});

Deno.test("tsh ls refuses a cluster that does not allow headless login, before it prompts", async () => {
  const { code, out, err } = await lsAt((_request, response) => {
    answerJson(response, 200, pingBody({ allowHeadless: false }));
  });
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.equal(
    err,
    "ERROR: headless disallowed by cluster settings\n" +
      "The cluster's administrator can allow it in cluster_auth_preference (headless: true).\n",
  );
});

Deno.test("tsh ls refuses a cluster that is too old, and warns of one that wants a newer tsh", async () => {
  const old = await lsAt((_request, response) => {
    answerJson(response, 200, pingBody({ serverVersion: "11.3.1" }));
  });
  assert.equal(old.code, 1);
  assert.match(old.err, /^ERROR: the cluster runs version 11\.3\.1, which has no headless login\n/);
  const handler: Handler = (request, response) => {
    if (request.method === "GET") {
      return answerJson(response, 200, pingBody({ minClientVersion: "99.0.0" }));
    }
    answerJson(response, 403, { error: { message: "headless authentication failed" } });
  };
  const warned = await lsAt(handler);
  assert.equal(warned.code, 3);
  assert.match(warned.err, /^WARN: the cluster asks for a client of version 99\.0\.0 or newer/);
  const quiet = await lsAt(handler, ["--skip-version-check"]);
  assert.doesNotMatch(quiet.err, /WARN/);
});

Deno.test("tsh ls finds the clock that is off before it bothers anyone", async () => {
  const { code, err } = await lsAt((_request, response) => {
    response.setHeader("date", new Date(Date.now() + 600_000).toUTCString());
    answerJson(response, 200, pingBody());
  });
  assert.equal(code, 1);
  assert.match(err, /^ERROR: this machine's clock is 10 minutes behind the cluster's/);
});

Deno.test("tsh ls without --headless follows the cluster's default", async () => {
  const ping = (connector: string): Handler => (request, response) => {
    if (request.method === "GET") {
      assert.equal(request.url, "/webapi/ping");
      return answerJson(response, 200, pingBody({ connector }));
    }
    answerJson(response, 504, { error: { message: "context deadline exceeded" } });
  };
  await using local = await HttpsServer.start(ping(""));
  const refused = await ls(
    new ToolDeps(),
    "--insecure",
    `--proxy=${local.address}`,
    "--user=alice",
  );
  assert.equal(refused.code, 1);
  assert.match(refused.err, /^ERROR: not signed in to demo\nUse --headless/);
  await using headless = await HttpsServer.start(ping("headless"));
  const waited = await ls(
    new ToolDeps(),
    "--insecure",
    `--proxy=${headless.address}`,
    "--user=alice",
  );
  assert.equal(waited.code, 4);
  assert.match(waited.err, /ERROR: nobody approved the headless login within 3 minutes\n/);
});

Deno.test("tsh ls takes proxy, user and headless from the environment", async () => {
  await using server = await HttpsServer.start(async (request, response) => {
    if (request.method === "GET") return answerJson(response, 200, pingBody());
    const { user } = JSON.parse(await request.text());
    answerJson(response, 400, { error: { message: `the user is ${user}` } });
  });
  const env = { TELEPORT_PROXY: server.address, TELEPORT_HEADLESS: "true", TELEPORT_USER: "bob" };
  const fromEnv = await ls(new ToolDeps({ env, osUser: "carol" }), "--insecure");
  assert.match(fromEnv.err, /tsh headless approve --user=bob /);
  assert.match(fromEnv.err, /ERROR: the user is bob\n/);
  const empty = { ...env, TELEPORT_USER: "" };
  const fromSystem = await ls(new ToolDeps({ env: empty, osUser: "carol" }), "--insecure");
  assert.match(fromSystem.err, /ERROR: the user is carol\n/);
  const fromFlag = await ls(new ToolDeps({ env }), "--insecure", "--user=dave");
  assert.match(fromFlag.err, /ERROR: the user is dave\n/);
});

Deno.test.each([
  [["--headless", "--user=a"], /^ERROR: No proxy address specified, missed --proxy flag\?\n/],
  [["--headless", "--proxy=x:y:z", "--user=a"], /^ERROR: cannot use "x:y:z" as proxy address/],
  [["--headless", "--proxy=x"], /^ERROR: the Teleport user is not known\n.*TELEPORT_USER/],
  [
    ["--headless", "--auth=local"],
    /^ERROR: either --headless or --auth can be specified, not both\n/,
  ],
  [["--format=xml"], /^ERROR: option '-f, --format <format>' argument 'xml' is invalid\./],
  [["--mlock=maybe"], /^ERROR: --mlock has the unknown value "maybe", expected one of off, auto,/],
  [["--ttl=soon"], /^ERROR: --ttl has the value "soon", expected minutes/],
  [["--ttl=0"], /^ERROR: --ttl has the value "0", expected minutes/],
  [["--proxi=x"], /^ERROR: unknown option '--proxi=x'\n\(Did you mean --proxy\?\)\n/],
  [["nolabel"], /^ERROR: cannot read labels "nolabel": "nolabel" is not key=value\n/],
  [["a=b", "c=d"], /^ERROR: too many arguments/],
])("tsh ls %o is a mistake on the command line", async (args, words) => {
  const { code, out, err } = await ls(new ToolDeps(), ...args);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, words);
});

Deno.test("tsh ls cannot sign in with other connectors yet, and says so at once", async () => {
  const { code, err } = await ls(new ToolDeps(), "--auth=github", "--proxy=x", "--user=a");
  assert.equal(code, 1);
  assert.match(
    err,
    /^ERROR: this version cannot sign in with the connector "github"\nUse --headless/,
  );
});

Deno.test("tsh ls --debug says what was done, and why it failed", async () => {
  const { err } = await lsAt((request, response) => {
    if (request.method === "GET") return answerJson(response, 200, pingBody());
    request.socket.destroy();
  }, ["--debug"]);
  assert.match(err, /^DEBUG +\d+ ms {2}memory lock: mode off, not asked for\n/);
  assert.match(err, /DEBUG .* is the proxy of cluster demo, version 14\.0\.0-dev\n/);
  assert.match(err, /\ncode: connection\ncaused by: ToolError/);
});

Deno.test("tsh ls --cluster names a cluster that the login does not lead to", async () => {
  await withCluster(async ({ list }) => {
    const { code, out, err } = await list("approve", ["--cluster=nosuch"]);
    assert.equal(code, 1);
    assert.equal(out, "");
    assert.match(
      err,
      /\nERROR: cluster "nosuch" not found\nClusters that this login leads to: demo\.\n/,
    );
  });
});

Deno.test("tsh ls writes nothing under the home directory", async () => {
  const home = await Deno.makeTempDir();
  try {
    await withCluster(async ({ list }) => {
      const { code } = await list("approve", [], { homeDir: home, env: { HOME: home } });
      assert.equal(code, 0);
    });
    assert.deepEqual(Array.from(Deno.readDirSync(home)), []);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
