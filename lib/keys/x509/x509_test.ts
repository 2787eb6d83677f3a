import assert from "node:assert/strict";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import fc from "fast-check";
import { realDeps } from "../../deps/mod.ts";
import { generateKeyPair } from "../mod.ts";
import {
  certificateDer,
  createCa,
  createWebCertificate,
  type Identity,
  identityFromCertificate,
  isIssuedBy,
  issueCertificate,
} from "./mod.ts";

const deps = realDeps();
const NOW = deps.clock.now();
const MINUTE = 60_000;

const ALICE: Identity = {
  user: "alice",
  roles: ["access", "editor"],
  logins: ["root", "alice"],
  routeToCluster: "example.com",
  traits: { logins: ["root", "alice"], empty: [] },
  teleportCluster: "example.com",
  mfaVerified: "6ff9c3e0-4c79-4d3c-9f2d-1d5b7f3e0a11",
  loginIp: "127.0.0.1",
};

const userCa = await createCa({ clusterName: "example.com", kind: "user", nowMs: NOW }, deps);
const hostCa = await createCa({ clusterName: "example.com", kind: "host", nowMs: NOW }, deps);
const pair = generateKeyPair();

function issue(changes: Partial<Parameters<typeof issueCertificate>[0]> = {}): Promise<string> {
  return issueCertificate({
    ca: userCa,
    publicKeyPem: pair.publicKeyPem,
    identity: ALICE,
    notBeforeMs: NOW - MINUTE,
    notAfterMs: NOW + MINUTE,
    ...changes,
  }, deps);
}

async function openssl(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command("openssl", { args, stdin: "null" })
    .output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

async function withFiles(
  files: Record<string, string>,
  work: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "latchkey-x509-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${dir}/${name}`, text);
    }
    await work(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("openssl verifies what issueCertificate() made, for client and server use, and under no other CA", async () => {
  const names = ["6578616d706c652e636f6d.teleport.cluster.local", "127.0.0.1", "::1"];
  const files = {
    "ca.pem": userCa.certPem,
    "other.pem": hostCa.certPem,
    "cert.pem": await issue({ names }),
  };
  await withFiles(files, async (dir) => {
    for (const purpose of ["sslclient", "sslserver"]) {
      const { code, text } = await openssl(
        ...[
          "verify",
          "-x509_strict",
          "-CAfile",
          `${dir}/ca.pem`,
          "-purpose",
          purpose,
          `${dir}/cert.pem`,
        ],
      );
      assert.equal(code, 0, text);
    }
    for (
      const check of [["-verify_hostname", names[0]!], ["-verify_ip", "127.0.0.1"], [
        "-verify_ip",
        "::1",
      ]]
    ) {
      assert.equal(
        (await openssl("verify", "-CAfile", `${dir}/ca.pem`, ...check, `${dir}/cert.pem`)).code,
        0,
        check[1],
      );
    }
    assert.notEqual(
      (await openssl("verify", "-CAfile", `${dir}/other.pem`, `${dir}/cert.pem`)).code,
      0,
    );
    const { text } = await openssl(
      "x509",
      "-in",
      `${dir}/cert.pem`,
      "-noout",
      "-subject",
      "-nameopt",
      "utf8,sep_multiline",
    );
    assert.equal(
      text,
      [
        "subject=",
        "    CN=alice",
        "    O=access",
        "    O=editor",
        "    L=root",
        "    L=alice",
        "    street=example.com",
        '    postalCode={"logins":["root","alice"],"empty":[]}',
        "    1.3.9999.1.7=example.com",
        "    1.3.9999.1.8=6ff9c3e0-4c79-4d3c-9f2d-1d5b7f3e0a11",
        "    1.3.9999.1.9=127.0.0.1",
        "    1.3.9999.1.15=none",
        "",
      ].join("\n"),
    );
  });
});

Deno.test("identityFromCertificate() gives back what was certified", async () => {
  const der = certificateDer(await issue());
  const { notBeforeMs, notAfterMs, ...identity } = identityFromCertificate(der);
  assert.deepEqual(identity, { ...ALICE, usage: [] });
  assert.equal(notBeforeMs, Math.floor((NOW - MINUTE) / 1000) * 1000);
  assert.equal(notAfterMs, Math.floor((NOW + MINUTE) / 1000) * 1000);
});

Deno.test("identityFromCertificate() gives back any names, with no character of a special meaning", async () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
  const odd = fc.oneof(
    name,
    fc.constantFrom(
      '"quoted"',
      "#0c0161",
      "a,CN=root",
      "a\\,b",
      "a+O=editor",
      " space ",
      "\\0a",
      "alice\n",
      "日本",
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      odd,
      fc.array(odd, { minLength: 1, maxLength: 4 }),
      fc.array(odd, { maxLength: 4 }),
      async (user, roles, logins) => {
        const certificate = await issue({
          identity: { ...ALICE, user, roles, logins, traits: { logins } },
        });
        const identity = identityFromCertificate(certificateDer(certificate));
        assert.deepEqual([identity.user, identity.roles, identity.logins, identity.traits.logins], [
          user,
          roles,
          logins,
          logins,
        ]);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("identityFromCertificate() refuses what is no identity", async () => {
  const web = await createWebCertificate({ nowMs: NOW }, deps);
  const good = certificateDer(await issue());
  const bad: [what: string, der: Uint8Array][] = [
    ["nothing", new Uint8Array()],
    ["noise", new Uint8Array(500).fill(0x30)],
    ["a web certificate", certificateDer(web.certPem)],
    ["too much", new Uint8Array(70_000)],
  ];
  for (const [what, der] of bad) {
    assert.throws(() => identityFromCertificate(der), { code: "access_denied" }, what);
  }
  fc.assert(fc.property(fc.nat(good.length - 1), (length) => {
    assert.throws(() => identityFromCertificate(good.subarray(0, length)), {
      code: "access_denied",
    });
  }));
  fc.assert(fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
    const changed = new Uint8Array(good);
    changed[at] = byte;
    try {
      identityFromCertificate(changed);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "access_denied");
    }
  }));
});

Deno.test("issueCertificate() refuses bad keys, bad names and empty identities", async () => {
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({
    type: "spki",
    format: "pem",
  }) as string;
  const bad: Partial<Parameters<typeof issueCertificate>[0]>[] = [
    { publicKeyPem: weak },
    { publicKeyPem: "" },
    { publicKeyPem: pair.privateKeyPem },
    { publicKeyPem: pair.publicKeyPem.replace("MCow", "MCoW") },
    { publicKeyPem: "x".repeat(10_000) },
    { names: ["a b"] },
    { names: [""] },
    { notAfterMs: NOW - MINUTE },
    { identity: { ...ALICE, user: "" } },
    { identity: { ...ALICE, roles: [] } },
    { identity: { ...ALICE, teleportCluster: "" } },
  ];
  for (const changes of bad) await assert.rejects(issue(changes), { code: "bad_parameter" });
});

Deno.test("isIssuedBy() tells the user CA from the host CA", async () => {
  const certificate = await issue();
  assert.ok(isIssuedBy(certificate, [hostCa.certPem, userCa.certPem]));
  assert.ok(isIssuedBy(certificateDer(certificate), [userCa.certPem]));
  assert.ok(!isIssuedBy(certificate, [hostCa.certPem]));
  assert.ok(!isIssuedBy(certificate, []));
  assert.ok(!isIssuedBy("nonsense", [userCa.certPem]));
  // The same name, another key.
  const twin = await createCa({ clusterName: "example.com", kind: "user", nowMs: NOW }, {
    random: { bytes: () => new Uint8Array(16) },
  });
  const twin2 = await createCa({ clusterName: "example.com", kind: "user", nowMs: NOW }, {
    random: { bytes: () => new Uint8Array(16) },
  });
  assert.equal(
    new X509Certificate(twin.certPem).subject,
    new X509Certificate(twin2.certPem).subject,
  );
  assert.ok(!isIssuedBy(await issue({ ca: twin }), [twin2.certPem]));
});

/** One TLS connection; what the server knows of the client, or why there is none. */
async function connect(
  server: tls.TlsOptions,
  client: tls.ConnectionOptions,
): Promise<{ authorized: boolean; peer: string }> {
  const listener = tls.createServer(server);
  listener.on("tlsClientError", () => {});
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  try {
    const accepted = once(listener, "secureConnection") as Promise<[tls.TLSSocket]>;
    const socket = tls.connect({
      ...client,
      host: "127.0.0.1",
      port: (listener.address() as AddressInfo).port,
    });
    try {
      const failed = once(socket, "error").then(([error]) => Promise.reject(error));
      await Promise.race([once(socket, "secureConnect"), failed]);
      const [peer] = await Promise.race([accepted, failed]);
      const result = {
        authorized: peer.authorized,
        peer: peer.getPeerCertificate()?.subject?.CN ?? "",
      };
      const closed = once(peer, "close");
      socket.end();
      peer.end();
      await closed;
      return result;
    } finally {
      socket.destroy();
    }
  } finally {
    await new Promise((done) => listener.close(done));
  }
}

Deno.test("node:tls takes the certificates at both ends of mutual TLS", async () => {
  const host = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const cert = await issue({
    ca: hostCa,
    publicKeyPem: host.publicKey.export({ type: "spki", format: "pem" }) as string,
    identity: { ...ALICE, user: "uuid.example.com", roles: ["Proxy"] },
    names: ["name.teleport.cluster.local"],
  });
  const key = host.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const server = {
    cert,
    key,
    ca: [userCa.certPem, hostCa.certPem],
    requestCert: true,
    rejectUnauthorized: true,
  };
  const client = { ca: hostCa.certPem, servername: "name.teleport.cluster.local" };
  const result = await connect(server, { ...client, cert: await issue(), key: pair.privateKeyPem });
  assert.deepEqual(result, { authorized: true, peer: "alice" });
  await assert.rejects(connect(server, { ...client, servername: "other.teleport.cluster.local" }));
});

Deno.test("createWebCertificate() is trusted for its names when it is at hand, and nothing but a server's", async () => {
  const web = await createWebCertificate(
    { names: ["proxy.example.com", "10.0.0.1"], nowMs: NOW },
    deps,
  );
  const server = { cert: web.certPem, key: web.keyPem };
  for (const servername of ["localhost", "proxy.example.com"]) {
    await connect(server, { ca: web.certPem, servername });
  }
  await assert.rejects(connect(server, { ca: web.certPem, servername: "evil.example.com" }));
  await assert.rejects(connect(server, { servername: "localhost" }));
  const certificate = new X509Certificate(web.certPem);
  assert.equal(certificate.ca, false);
  assert.equal(
    certificate.subjectAltName,
    "DNS:proxy.example.com, IP Address:10.0.0.1, DNS:localhost, IP Address:127.0.0.1, IP Address:::1",
  );
  await withFiles({ "cert.pem": web.certPem }, async (dir) => {
    const file = `${dir}/cert.pem`;
    assert.equal((await openssl("verify", "-CAfile", file, "-purpose", "sslserver", file)).code, 0);
    assert.notEqual(
      (await openssl("verify", "-CAfile", file, "-purpose", "sslclient", file)).code,
      0,
    );
  });
});

Deno.test("Deno's own TLS trusts the web certificate by file, as --insecure's better sister", async () => {
  const web = await createWebCertificate({ nowMs: NOW }, deps);
  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    cert: web.certPem,
    key: web.keyPem,
    onListen: () => {},
  }, () => new Response("ok"));
  try {
    using client = Deno.createHttpClient({ caCerts: [web.certPem] });
    const response = await fetch(`https://localhost:${server.addr.port}/`, { client });
    assert.equal(await response.text(), "ok");
  } finally {
    await server.shutdown();
  }
});
