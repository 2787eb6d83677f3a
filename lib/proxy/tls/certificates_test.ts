import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import tls from "node:tls";
import { realDeps } from "../../deps/mod.ts";
import { createWebCertificate } from "../../keys/x509/mod.ts";
import { InProcessCluster } from "../../../tests/support/in_process_cluster.ts";
import { type CertificateSource, type KeyPair, watchCertificateFiles } from "./certificates.ts";

function newPair(name: string): Promise<KeyPair> {
  return createWebCertificate({ names: [name], nowMs: Date.now() }, realDeps());
}

async function write(files: { certFile: string; keyFile: string }, pair: KeyPair): Promise<void> {
  await Deno.writeTextFile(files.certFile, pair.certPem);
  await Deno.writeTextFile(files.keyFile, pair.keyPem);
}

class Folder implements AsyncDisposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  files(name: string): { certFile: string; keyFile: string } {
    return { certFile: join(this.path, `${name}.pem`), keyFile: join(this.path, `${name}.key`) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

async function newFolder(): Promise<Folder> {
  return new Folder(await Deno.makeTempDir({ prefix: "latchkey-certificates-" }));
}

function changed(source: CertificateSource): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = source.onChange(resolve);
  return promise.finally(stop);
}

Deno.test("watchCertificateFiles() reads files again when they change", async () => {
  await using folder = await newFolder();
  const files = folder.files("web");
  const [first, second] = [await newPair("a.example"), await newPair("a.example")];
  await write(files, first);
  using source = await watchCertificateFiles([files]);
  assert.deepEqual(source.current(), [first]);
  const news = changed(source);
  await write(files, second);
  await news;
  assert.deepEqual(source.current(), [second]);
});

Deno.test("watchCertificateFiles() follows files that are swapped as links are", async () => {
  await using folder = await newFolder();
  const files = folder.files("live");
  const [first, second] = [await newPair("a.example"), await newPair("a.example")];
  await write(folder.files("1"), first);
  await write(folder.files("2"), second);
  const link = async (turn: string) => {
    for (const file of ["certFile", "keyFile"] as const) {
      await Deno.symlink(folder.files(turn)[file], `${files[file]}.new`);
      await Deno.rename(`${files[file]}.new`, files[file]);
    }
  };
  await link("1");
  using source = await watchCertificateFiles([files]);
  const news = changed(source);
  await link("2");
  await news;
  assert.deepEqual(source.current(), [second]);
});

Deno.test("watchCertificateFiles() keeps what it has while the files are broken", async () => {
  await using folder = await newFolder();
  const files = folder.files("web");
  const [first, second] = [await newPair("a.example"), await newPair("a.example")];
  await write(files, first);
  using source = await watchCertificateFiles([files]);
  const news = changed(source);
  // The certificate is there, its key is not yet: not a pair.
  await Deno.writeTextFile(files.certFile, second.certPem);
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.deepEqual(source.current(), [first]);
  await Deno.writeTextFile(files.keyFile, second.keyPem);
  await news;
  assert.deepEqual(source.current(), [second]);
});

Deno.test("watchCertificateFiles() names the file that is wrong", async (t) => {
  await using folder = await newFolder();
  const pair = await newPair("a.example");
  const files = folder.files("web");
  const refuses = async (what: string, made: KeyPair, words: RegExp) => {
    await t.step(what, async () => {
      await write(files, made);
      await assert.rejects(watchCertificateFiles([files]), {
        code: "bad_parameter",
        message: words,
      });
    });
  };
  const other = await newPair("a.example");
  await refuses("another's key", { ...pair, keyPem: other.keyPem }, /web\.key is not the key of/);
  await refuses("no certificate", { ...pair, certPem: "x" }, /web\.pem does not hold a cert/);
  await refuses("no key", { ...pair, keyPem: "x" }, /web\.key does not hold an unencrypted/);
  await refuses("too large", { ...pair, keyPem: "x".repeat(300_000) }, /cannot read .*web\.key/);
  await t.step("no file", async () => {
    const gone = folder.files("gone");
    await assert.rejects(watchCertificateFiles([gone]), { message: /cannot read .*gone\.pem/ });
  });
});

/** Serial number of the certificate that a visitor who asks for `servername` is shown. */
async function shown(cluster: InProcessCluster, servername: string): Promise<string> {
  const socket = tls.connect({
    host: "127.0.0.1",
    port: cluster.port,
    servername,
    rejectUnauthorized: false,
  });
  await once(socket, "secureConnect");
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return new X509Certificate(raw).serialNumber;
}

Deno.test("a visitor sees the certificate for the name they ask for, and the newest one", async () => {
  const serial = (pair: KeyPair) => new X509Certificate(pair.certPem).serialNumber;
  const [one, two, newer] = [
    await newPair("one.example"),
    await newPair("two.example"),
    await newPair("two.example"),
  ];
  let pairs = [one, two];
  const listeners = new Set<() => void>();
  await using cluster = await InProcessCluster.start({
    certificates: {
      current: () => pairs,
      onChange(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
  });
  assert.equal(await shown(cluster, "one.example"), serial(one));
  assert.equal(await shown(cluster, "two.example"), serial(two));
  assert.equal(await shown(cluster, "three.example"), serial(one), "the first for all others");
  pairs = [one, newer];
  for (const listener of listeners) listener();
  assert.equal(await shown(cluster, "two.example"), serial(newer));
});
