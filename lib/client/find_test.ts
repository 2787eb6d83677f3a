import assert from "node:assert/strict";
import {
  answerJson,
  type Handler,
  HttpsServer,
  pingBody,
} from "../../tests/support/https_server.ts";
import { ToolDeps } from "../../tests/support/tool_deps.ts";
import { realDeps } from "../deps/mod.ts";
import { createCa, issueCertificate } from "../keys/x509/mod.ts";
import { generateKeyPair } from "../keys/mod.ts";
import { parseProxyAddress } from "./address.ts";
import { type FindOptions, findProxy, type FoundProxy } from "./find.ts";

const DAY_MS = 24 * 3600 * 1000;

/** Certificates know whole seconds. */
const now = () => Math.floor(Date.now() / 1000) * 1000;

const OPTIONS: FindOptions = {
  connector: "headless",
  insecure: true,
  userAgent: "test/1",
  signal: new AbortController().signal,
};

function find(address: string, options: Partial<FindOptions> = {}, deps = new ToolDeps()) {
  return findProxy(parseProxyAddress(address), { ...OPTIONS, ...options }, deps);
}

/** What a proxy that answers so is found to be. */
async function findAt(handler: Handler, options: Partial<FindOptions> = {}): Promise<FoundProxy> {
  await using server = await HttpsServer.start(handler);
  return await find(server.address, options);
}

const answering = (body: unknown, status = 200): Handler => (_request, response) =>
  answerJson(response, status, body);

Deno.test("findProxy() reads what the proxy says of its cluster", async () => {
  const paths: (string | undefined)[] = [];
  const { answer } = await findAt((request, response) => {
    paths.push(request.url);
    answerJson(response, 200, pingBody({ publicAddr: "proxy.example.com:3080" }));
  });
  assert.deepEqual(paths, ["/webapi/ping/headless"]);
  const { dateMs, ...rest } = answer;
  assert.ok(Math.abs(dateMs! - Date.now()) < 5000);
  assert.deepEqual(rest, {
    clusterName: "demo",
    serverVersion: "14.0.0-dev",
    minClientVersion: "",
    authType: "local",
    connectorName: "headless",
    allowHeadless: true,
    webAddress: { host: "proxy.example.com", port: 3080 },
  });
});

Deno.test("findProxy() asks for the cluster's default when no connector is named", async () => {
  const { answer } = await findAt((request, response) => {
    assert.equal(request.url, "/webapi/ping");
    answerJson(response, 200, pingBody({ connector: "", allowHeadless: false }));
  }, { connector: undefined });
  assert.equal(answer.connectorName, "");
  assert.equal(answer.allowHeadless, false);
});

Deno.test("findProxy() takes the address that answered when the cluster names none, or nonsense", async () => {
  for (const publicAddr of ["", "x y:1", "host:port", "\x1b[2J:443"]) {
    const { answer } = await findAt(answering(pingBody({ publicAddr })));
    assert.equal(answer.webAddress.host, "localhost");
  }
});

Deno.test("findProxy() refuses what is no Teleport proxy", async () => {
  const strangers: Handler[] = [
    (_request, response) => void response.writeHead(200).end("<html>hello</html>"),
    (_request, response) => void response.writeHead(404).end("404 page not found"),
    (_request, response) => void response.writeHead(302, { location: "/login" }).end(),
    answering({ status: "ok" }),
    answering([]),
    answering({ ...pingBody() as object, cluster_name: 7 }),
    (_request, response) => void response.writeHead(200).end("\xff\xfe"),
  ];
  for (const stranger of strangers) {
    await assert.rejects(findAt(stranger), {
      code: "connection",
      message: /cannot understand what https:\/\/localhost:\d+ answers; is it a Teleport proxy\?/,
    });
  }
});

Deno.test("findProxy() passes on what the cluster says of a connector that it does not have", async () => {
  const message = "invalid connector name: nosuch; valid options: ";
  await assert.rejects(findAt(answering({ error: { message } }, 400), { connector: "nosuch" }), {
    code: "bad_parameter",
    message: message.trim(),
  });
});

Deno.test("findProxy() trusts a local cluster whose certificate is at hand, and no other", async () => {
  await using server = await HttpsServer.start(answering(pingBody()));
  const home = await Deno.makeTempDir();
  try {
    const deps = new ToolDeps({ homeDir: home });
    await assert.rejects(find(server.address, { insecure: false }, deps), { code: "trust" });
    await Deno.mkdir(`${home}/.local/share/latchkey`, { recursive: true });
    const file = `${home}/.local/share/latchkey/webproxy_cert.pem`;
    await Deno.writeTextFile(file, "nothing of use");
    await assert.rejects(find(server.address, { insecure: false }, deps), { code: "trust" });
    await Deno.writeTextFile(file, server.certificate);
    await find(server.address, { insecure: false }, deps);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("findProxy() says how to trust a certificate that it does not", async () => {
  await using server = await HttpsServer.start(answering(pingBody()));
  await assert.rejects(find(server.address, { insecure: false }), {
    code: "trust",
    message: /the certificate of localhost:\d+ is not trusted/,
    hint: /--insecure.*SSL_CERT_FILE.*SSL_CERT_DIR/,
  });
});

/** A server whose certificate a local CA issued, and that CA in a data directory. */
async function withLocalCa(
  certificate: { names: string[]; fromMs: number; ttlMs: number },
  run: (server: HttpsServer, deps: ToolDeps) => Promise<void>,
): Promise<void> {
  const deps = realDeps();
  const ca = await createCa({ clusterName: "test", kind: "host", nowMs: Date.now() }, deps);
  const keys = generateKeyPair();
  const certPem = await issueCertificate({
    ca,
    publicKeyPem: keys.publicKeyPem,
    identity: {
      user: "proxy.test",
      roles: ["Proxy"],
      logins: [],
      routeToCluster: "test",
      traits: {},
      teleportCluster: "test",
    },
    names: certificate.names,
    notBeforeMs: certificate.fromMs,
    notAfterMs: certificate.fromMs + certificate.ttlMs,
  }, deps);
  const own = { certPem, keyPem: keys.privateKeyPem };
  await using server = await HttpsServer.start(answering(pingBody()), own);
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${home}/latchkey`);
    await Deno.writeTextFile(`${home}/latchkey/webproxy_cert.pem`, ca.certPem);
    await run(server, new ToolDeps({ env: { XDG_DATA_HOME: home } }));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("findProxy() tells a certificate that has expired from one that is not trusted", async () => {
  const expired = { names: ["localhost"], fromMs: now() - 9 * DAY_MS, ttlMs: DAY_MS };
  await withLocalCa(expired, async (server, deps) => {
    await assert.rejects(find(server.address, { insecure: false }, deps), {
      code: "trust",
      message: /the certificate of localhost:\d+ expired at .*, and this machine's clock says/,
      hint: /clock is off, or the cluster's administrator must renew/,
    });
  });
});

Deno.test("findProxy() tells a certificate of the future", async () => {
  const future = { names: ["localhost"], fromMs: now() + 9 * DAY_MS, ttlMs: DAY_MS };
  await withLocalCa(future, async (server, deps) => {
    await assert.rejects(find(server.address, { insecure: false }, deps), {
      code: "trust",
      message: /is not valid before .*, and this machine's clock says/,
    });
  });
});

Deno.test("findProxy() tells a certificate for another name", async () => {
  const other = { names: ["proxy.example.com"], fromMs: now(), ttlMs: DAY_MS };
  await withLocalCa(other, async (server, deps) => {
    await assert.rejects(find(server.address, { insecure: false }, deps), {
      code: "trust",
      message: /the certificate of localhost:\d+ is for another name/,
    });
  });
});

Deno.test("findProxy() reports all ports when no proxy is at any", async () => {
  await assert.rejects(find("nosuch.invalid"), {
    code: "connection",
    message: /no Teleport proxy at nosuch\.invalid:443 or nosuch\.invalid:3080: /,
    hint: /proxy's address/,
  });
});

Deno.test("findProxy() takes the first port that answers as a Teleport proxy, and leaves the others", async () => {
  const left = Promise.withResolvers<void>();
  await using silent = await HttpsServer.start((request) => {
    request.socket.on("close", () => left.resolve());
  });
  await using stranger = await HttpsServer.start((_request, response) => {
    response.writeHead(200).end("<html></html>");
  });
  await using proxy = await HttpsServer.start(async (_request, response) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    answerJson(response, 200, pingBody());
  });
  const defaultPorts = [silent.port, stranger.port, proxy.port];
  const found = await find("localhost", { defaultPorts });
  assert.equal(found.web.endpoint.port, proxy.port);
  await left.promise;
});

Deno.test("findProxy() tells of the certificate that is not trusted before all else", async () => {
  await using proxy = await HttpsServer.start(answering(pingBody()));
  await assert.rejects(find("localhost", { insecure: false, defaultPorts: [1, proxy.port] }), {
    code: "trust",
    message: new RegExp(`localhost:${proxy.port} is not trusted`),
  });
});

Deno.test("findProxy() stops when told to", async () => {
  await using server = await HttpsServer.start(() => {});
  const deps = new ToolDeps();
  const found = find(server.address, { signal: deps.process.interrupted() });
  setTimeout(() => deps.interrupt("SIGTERM"), 20);
  await assert.rejects(found, { name: "InterruptedError", exitCode: 143 });
});
