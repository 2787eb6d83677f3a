/**
 * The web's certificates: where they come from, and which of them a visitor sees.
 *
 * @module
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { dirname } from "node:path";
import { getLogger } from "@logtape/logtape";
import { messageOf, ToolError } from "../../errors/mod.ts";

const log = getLogger(["latchkey", "proxy"]);

/** Files are read this long after their last change, so that both of a pair are in place. */
const SETTLE_MS = 250;
/** Largest certificate or key file, in bytes. */
const MAX_FILE_BYTES = 256 * 1024;

/** A certificate chain and its private key. */
export interface KeyPair {
  /** PEM, the server's own certificate first. */
  certPem: string;
  /** PEM. */
  keyPem: string;
}

/** Certificates that may change while the proxy runs. */
export interface CertificateSource {
  /** The pairs in use, at least one; the first is for visitors who ask for a name that none is for. */
  current(): readonly KeyPair[];
  /** Calls `listener` after each change; gives what ends that. */
  onChange(listener: () => void): () => void;
}

/** A source that never changes. */
export function fixedCertificates(pairs: readonly KeyPair[]): CertificateSource {
  return { current: () => pairs, onChange: () => () => {} };
}

/** A source that reads files; ends when disposed of. */
export interface CertificateFiles extends CertificateSource, Disposable {
  /** Reads the files now, as when they change; what is broken is logged. */
  reload(): Promise<void>;
}

/**
 * Reads certificates and keys from files (`https_keypairs` of teleport.yaml), and reads them again when they change,
 * whether they are written in place or swapped as links are. A pair that is broken when it changes is logged, and the
 * one before stays in use.
 *
 * @throws `bad_parameter`, naming the file, when one cannot be read or a key is not its certificate's.
 */
export async function watchCertificateFiles(
  files: readonly { certFile: string; keyFile: string }[],
): Promise<CertificateFiles> {
  if (files.length === 0) throw new ToolError("bad_parameter", "no certificate files are named");
  const read = () => Promise.all(files.map(readKeyPair));
  const folders = new Set(files.flatMap((pair) => [dirname(pair.certFile), dirname(pair.keyFile)]));
  const watcher = Deno.watchFs([...folders], { recursive: false });
  const listeners = new Set<() => void>();
  let pairs: KeyPair[];
  try {
    pairs = await read();
  } catch (error) {
    watcher.close();
    throw error;
  }
  let settling: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  async function reload(): Promise<void> {
    try {
      const next = await read();
      if (closed || JSON.stringify(next) === JSON.stringify(pairs)) return;
      pairs = next;
      log.info("certificates have changed and were read again");
      for (const listener of listeners) listener();
    } catch (error) {
      log.error("certificates have changed but stay as they were: {error}", { error });
    }
  }

  async function follow(): Promise<void> {
    for await (const event of watcher) {
      if (event.kind === "access") continue;
      clearTimeout(settling);
      settling = setTimeout(() => void reload(), SETTLE_MS);
    }
  }
  follow().catch((error) => log.error("cannot watch certificates: {error}", { error }));

  return {
    current: () => pairs,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    reload,
    [Symbol.dispose]() {
      closed = true;
      clearTimeout(settling);
      watcher.close();
    },
  };
}

async function readKeyPair(
  { certFile, keyFile }: { certFile: string; keyFile: string },
): Promise<KeyPair> {
  const certPem = await readText(certFile);
  const keyPem = await readText(keyFile);
  const certificate = attempt(certFile, "a certificate", () => new X509Certificate(certPem));
  const key = attempt(keyFile, "an unencrypted private key", () => createPrivateKey(keyPem));
  if (!certificate.checkPrivateKey(key)) {
    throw new ToolError("bad_parameter", `${keyFile} is not the key of ${certFile}`);
  }
  return { certPem, keyPem };
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_FILE_BYTES) throw new Error(`${size} bytes are too many`);
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new ToolError("bad_parameter", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

function attempt<T>(path: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new ToolError("bad_parameter", `${path} does not hold ${what} in PEM`, { cause });
  }
}

/**
 * The pair for a visitor.
 *
 * @param serverName Whom the ClientHello asks for.
 */
export function certificateFor<T extends { certificate: X509Certificate }>(
  pairs: readonly T[],
  serverName: string | undefined,
): T {
  const match = serverName === undefined
    ? undefined
    : pairs.find(({ certificate }) => certificate.checkHost(serverName) !== undefined);
  return match ?? pairs[0]!;
}
