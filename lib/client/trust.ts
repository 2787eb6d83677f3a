/**
 * Whom the client believes to be the proxy.
 *
 * 1. With `--insecure`, anyone.
 * 2. The system's roots, which are what SSL_CERT_FILE and SSL_CERT_DIR name where they are set; Mozilla's roots, which
 *    come with Deno, only where the system has none.
 * 3. For a proxy on this machine also the certificate that a cluster on this machine keeps in its data directory, if
 *    this user can read it, so that a local cluster needs no `--insecure`.
 *
 * @module
 */

import * as tls from "node:tls";
import type { Deps, Environment } from "../deps/mod.ts";
import { ToolError } from "../errors/mod.ts";
import { isLoopback } from "./address.ts";

/** Name of the file in a cluster's data directory that holds its web certificate, Teleport's and ours. */
export const WEB_CERTIFICATE_FILE = "webproxy_cert.pem";

/** Where Teleport keeps its data unless told otherwise. */
const TELEPORT_DATA_DIR = "/var/lib/teleport";

/** Largest certificate file that is read. */
const MAX_CERTIFICATE_BYTES = 1024 * 1024;

/** TLS options that say whom to trust. */
export type Trust = { rejectUnauthorized: false } | { ca: string[] };

/**
 * Whom to trust when connecting to `host`.
 *
 * @throws {ToolError} `trust` when SSL_CERT_FILE or SSL_CERT_DIR names what cannot be read.
 */
export async function trustFor(
  host: string,
  options: { insecure: boolean },
  deps: Pick<Deps, "env" | "process">,
): Promise<Trust> {
  if (options.insecure) return { rejectUnauthorized: false };
  const roots = systemRoots(deps.env);
  if (!isLoopback(host)) return { ca: roots };
  const local = await Promise.all(localCertificateFiles(deps).map(readCertificates));
  return { ca: [...local.flat(), ...roots] };
}

/** The roots of the system, or Mozilla's where it has none. */
function systemRoots(env: Environment): string[] {
  let system: string[];
  try {
    system = tls.getCACertificates("system");
  } catch (cause) {
    const named = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
      .flatMap((name) => env.get(name) === undefined ? [] : [`${name} (${env.get(name)})`]);
    const what = named.length > 0 ? named.join(" or ") : "the system's certificate authorities";
    throw new ToolError("trust", `cannot read ${what}`, {
      cause,
      hint:
        "SSL_CERT_FILE names a file of PEM certificates, SSL_CERT_DIR a directory of such files. " +
        "Correct it, or unset it to use the system's own.",
    });
  }
  return system.length > 0 ? system : tls.getCACertificates("bundled");
}

/** Files that may hold the web certificate of a cluster on this machine. */
export function localCertificateFiles(deps: Pick<Deps, "env" | "process">): string[] {
  const home = deps.process.homeDir();
  const dataHome = deps.env.get("XDG_DATA_HOME") ??
    (home === undefined ? undefined : `${home}/.local/share`);
  return [
    ...(dataHome === undefined ? [] : [`${dataHome}/latchkey/${WEB_CERTIFICATE_FILE}`]),
    `${TELEPORT_DATA_DIR}/${WEB_CERTIFICATE_FILE}`,
  ];
}

/** The PEM certificates in a file; none when it cannot be read, which is the usual case. */
async function readCertificates(path: string): Promise<string[]> {
  try {
    const { size, isFile } = await Deno.stat(path);
    if (!isFile || size > MAX_CERTIFICATE_BYTES) return [];
    const text = await Deno.readTextFile(path);
    return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  } catch {
    return [];
  }
}
