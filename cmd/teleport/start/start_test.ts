/** `teleport start` as a process: what it leaves, what it refuses, how it ends. */

import assert from "node:assert/strict";
import * as tls from "node:tls";
import { realDeps } from "../../../lib/deps/mod.ts";
import { createWebCertificate } from "../../../lib/keys/x509/mod.ts";
import { freePort, type Running, runTool, startTool } from "../../../tests/support/processes.ts";

const deps = realDeps();

/** A folder with a configuration, and the means to start it. */
interface Place {
  folder: string;
  dataDir: string;
  port: number;
  configure(yaml: { proxy?: string; rest?: string }): Promise<void>;
  start(): Running;
}

async function inPlace(test: (place: Place) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  const dataDir = `${folder}/data`;
  const place: Place = {
    folder,
    dataDir,
    port,
    configure: ({ proxy = "", rest = "" }) =>
      Deno.writeTextFile(
        `${folder}/teleport.yaml`,
        `version: v3
teleport: {data_dir: ${dataDir}, nodename: server01}
auth_service: {cluster_name: demo}
proxy_service:
  web_listen_addr: 127.0.0.1:${port}
${proxy}
${rest}
`,
      ),
    start: () =>
      startTool("teleport", ["start", "-c", `${folder}/teleport.yaml`], { env: { HOME: folder } }),
  };
  try {
    await place.configure({});
    await test(place);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function filesOf(directory: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const mode = ((await Deno.stat(`${directory}/${name}`)).mode! & 0o777).toString(8);
    names.push(`${mode} ${name}`);
    if (isDirectory) {
      names.push(
        ...(await filesOf(`${directory}/${name}`)).map((below) => below.replace(" ", ` ${name}/`)),
      );
    }
  }
  return names.sort();
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

/** The fingerprint of the certificate that the port shows. */
function shownCertificate(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = tls.connect({
    host: "127.0.0.1",
    port,
    servername: "localhost",
    rejectUnauthorized: false,
  }, () => {
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.once("close", () => resolve(fingerprint256));
    socket.destroy();
  });
  socket.once("error", reject);
  return promise;
}

Deno.test("teleport start tells that it is ready, keeps its files private, and ends in order at SIGTERM", () =>
  inPlace(async ({ start, dataDir, port }) => {
    await using teleport = start();
    await teleport.waitFor(new RegExp(`cluster demo is ready at https://localhost:${port}`));
    assert.match(teleport.stderr, /WARN .* rp_id is localhost/);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(`${dataDir}/runtime.json`)), {
      pid: teleport.pid,
      address: `127.0.0.1:${port}`,
      clusterName: "demo",
    });
    assert.equal((await Deno.stat(dataDir)).mode! & 0o777, 0o700);
    const loose = (await filesOf(dataDir)).filter((line) => !/^[67]00 /.test(line));
    assert.deepEqual(loose, []);

    const { code, stdout, stderr } = await teleport.stop();
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /stopping: interrupted by SIGTERM/);
    const left = (await filesOf(dataDir)).map((line) => line.split(" ")[1]!);
    assert.ok(!left.includes("runtime.json") && !left.includes("latchkey.sqlite-wal"), left.join());
  }));

Deno.test("teleport start refuses a data directory that is in use, naming the process", () =>
  inPlace(async ({ start, folder, dataDir }) => {
    await using first = start();
    await first.waitFor(/is ready/);
    const { code, stdout, stderr } = await runTool("teleport", [
      "start",
      "-c",
      `${folder}/teleport.yaml`,
    ]);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      new RegExp(`ERROR: data directory ${dataDir} is already in use by pid ${first.pid}\n`),
    );
    assert.ok(await exists(`${dataDir}/runtime.json`));
  }));

Deno.test("teleport start refuses a port that is in use, and leaves nothing behind", () =>
  inPlace(async ({ start, dataDir, port }) => {
    using _listener = Deno.listen({ hostname: "127.0.0.1", port });
    const { code, stderr } = await start().finished();
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(`ERROR: cannot listen on 127.0.0.1:${port}: the address is in use\n`),
    );
    assert.equal(await exists(dataDir), false);
  }));

Deno.test("teleport start refuses a port that is in use also where there is a cluster, and starts later", () =>
  inPlace(async ({ start, port, dataDir }) => {
    {
      await using first = start();
      await first.waitFor(/is ready/);
    }
    {
      using _listener = Deno.listen({ hostname: "127.0.0.1", port });
      const { code, stderr } = await start().finished();
      assert.equal(code, 1);
      assert.match(stderr, /ERROR: .*127\.0\.0\.1:\d+/);
      assert.equal(await exists(`${dataDir}/runtime.json`), false);
    }
    await using again = start();
    await again.waitFor(/is ready/);
  }));

Deno.test("teleport start refuses a broken configuration with file, line and column", () =>
  inPlace(async ({ start, configure, folder, dataDir }) => {
    await configure({ rest: "ssh_service: {labels: {port: 22}}" });
    const { code, stderr } = await start().finished();
    assert.equal(code, 1);
    assert.equal(
      stderr,
      `ERROR: ${folder}/teleport.yaml:7:30: ssh_service.labels.port: expected a string (put numbers, true and ` +
        "false in quotes), found 22\n",
    );
    assert.equal(await exists(dataDir), false);
  }));

Deno.test("teleport start warns of each key it does not have, with its line", () =>
  inPlace(async ({ start, configure, folder }) => {
    await configure({
      proxy: "  kube_listen_addr: 0.0.0.0:3026",
      rest: "db_service: {enabled: yes}",
    });
    await using teleport = start();
    await teleport.waitFor(/is ready/);
    const warned = teleport.stderr.split("\n").filter((line) => line.includes("has no effect"));
    assert.deepEqual(warned.map((line) => line.slice(line.indexOf("] ") + 2)), [
      `${folder}/teleport.yaml:6:3: proxy_service.kube_listen_addr is not known to this program and has no effect`,
      `${folder}/teleport.yaml:7:1: db_service is not known to this program and has no effect`,
    ]);
  }));

Deno.test("teleport start refuses a data directory that is not ours, and does not touch it", () =>
  inPlace(async ({ start, dataDir }) => {
    await Deno.mkdir(dataDir);
    await Deno.writeTextFile(`${dataDir}/thesis.tex`, "x");
    const { code, stderr } = await start().finished();
    assert.equal(code, 1);
    assert.match(
      stderr,
      /ERROR: .* is not a data directory of latchkey: it has no latchkey\.sqlite, but holds thesis\.tex\n/,
    );
    assert.deepEqual((await filesOf(dataDir)).map((line) => line.split(" ")[1]), ["thesis.tex"]);
  }));

Deno.test("teleport start logs JSON lines when told to", () =>
  inPlace(async ({ start, dataDir, folder, port }) => {
    await Deno.writeTextFile(
      `${folder}/teleport.yaml`,
      `version: v3
teleport: {data_dir: ${dataDir}, log: {severity: WARN, format: {output: json}}}
proxy_service: {web_listen_addr: '127.0.0.1:${port}', public_addr: proxy.example.com}
`,
    );
    await using teleport = start();
    await waitForFile(`${dataDir}/runtime.json`);
    const { stderr } = await teleport.stop();
    assert.equal(stderr, "", "nothing to warn of with a domain");
    await Deno.writeTextFile(`${folder}/teleport.yaml`, "acme: x\n", { append: true });
    await using again = start();
    const [line] = await again.waitFor(/.*\n/);
    const { level, component, message } = JSON.parse(line);
    assert.deepEqual([level, component], ["warn", "teleport"]);
    assert.match(message, /acme is not known/);
  }));

async function waitForFile(path: string): Promise<void> {
  for (let i = 0; i < 500 && !await exists(path); i++) {
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

Deno.test("teleport start after kill -9 keeps its certificate and starts at once", () =>
  inPlace(async ({ start, port, dataDir }) => {
    const first = start();
    await first.waitFor(/is ready/);
    const before = await shownCertificate(port);
    const { pid } = JSON.parse(await Deno.readTextFile(`${dataDir}/runtime.json`));
    assert.equal(pid, first.pid);
    first.signal("SIGKILL");
    await first.finished();
    await using second = start();
    await second.waitFor(/is ready/);
    assert.equal(await shownCertificate(port), before);
    assert.equal(JSON.parse(await Deno.readTextFile(`${dataDir}/runtime.json`)).pid, second.pid);
  }));

Deno.test("teleport start uses https_keypairs, reads them again at SIGHUP and when they change, and goes on", () =>
  inPlace(async ({ start, configure, folder, port }) => {
    const writePair = async () => {
      const pair = await createWebCertificate(
        { names: ["localhost"], nowMs: deps.clock.now() },
        deps,
      );
      await Deno.writeTextFile(`${folder}/key.pem`, pair.keyPem);
      await Deno.writeTextFile(`${folder}/cert.pem`, pair.certPem);
    };
    const shownAfter = async (before: string) => {
      for (let i = 0; i < 300; i++) {
        const now = await shownCertificate(port);
        if (now !== before) return now;
        await new Promise((wake) => setTimeout(wake, 20));
      }
      assert.fail("the certificate stays the same");
    };
    await configure({
      proxy: `  https_keypairs: [{key_file: ${folder}/key.pem, cert_file: ${folder}/cert.pem}]`,
    });
    const missing = await start().finished();
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, new RegExp(`ERROR: cannot read ${folder}/(cert|key)\\.pem: `));
    assert.equal(await exists(`${folder}/data`), false);

    await writePair();
    await using teleport = start();
    await teleport.waitFor(/is ready/);
    const first = await shownCertificate(port);
    await writePair();
    const second = await shownAfter(first);
    await writePair();
    teleport.signal("SIGHUP");
    await shownAfter(second);
    const { code } = await teleport.stop();
    assert.equal(code, 0);
  }));
