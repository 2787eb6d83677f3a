import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import type { Deps } from "../../../lib/deps/mod.ts";
import { messageOf } from "../../../lib/errors/mod.ts";
import { createWebCertificate } from "../../../lib/keys/x509/mod.ts";
import type { KeyPair } from "../../../lib/proxy/mod.ts";

const log = getLogger(["latchkey", "teleport"]);

/** Teleport's names for the same files, so that what looks for them finds ours. */
const CERTIFICATE_FILE = "webproxy_cert.pem";
const KEY_FILE = "webproxy_key.pem";

/** A certificate with less life than this left is replaced at a start. */
const MIN_LIFE_MS = 30 * 24 * 3_600_000;

/**
 * The self-signed certificate of a cluster that was given none: the one in the data directory, or a new one when there is
 * none, when it is not for `host`, soon ends, or does not fit its key (a kill between the two files).
 *
 * tsh on the same machine trusts the file, so a cluster of this machine needs no `--insecure`.
 *
 * @param host The host of the public address.
 */
export async function openWebCertificate(
  dataDir: string,
  host: string,
  deps: Pick<Deps, "clock" | "random">,
): Promise<KeyPair> {
  const stored = await readPair(dataDir);
  if (stored !== undefined && isGood(stored, host, deps.clock.now())) return stored;
  const made = await createWebCertificate({ names: [host], nowMs: deps.clock.now() }, deps);
  await writePrivate(join(dataDir, KEY_FILE), made.keyPem);
  await writePrivate(join(dataDir, CERTIFICATE_FILE), made.certPem);
  log.info("made a self-signed web certificate for {host}", { host });
  return made;
}

async function readPair(dataDir: string): Promise<KeyPair | undefined> {
  try {
    const [certPem, keyPem] = await Promise.all(
      [CERTIFICATE_FILE, KEY_FILE].map((name) => Deno.readTextFile(join(dataDir, name))),
    );
    return { certPem: certPem!, keyPem: keyPem! };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function isGood({ certPem, keyPem }: KeyPair, host: string, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(certPem);
    const isFor = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
    return isFor !== undefined && certificate.checkPrivateKey(createPrivateKey(keyPem)) &&
      Date.parse(certificate.validTo) > nowMs + MIN_LIFE_MS;
  } catch (error) {
    log.warn("the web certificate in the data directory is replaced: {reason}", {
      reason: messageOf(error),
    });
    return false;
  }
}

async function writePrivate(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text, { mode: 0o600 });
  await Deno.rename(`${path}.new`, path);
}
