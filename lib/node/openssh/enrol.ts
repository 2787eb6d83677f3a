/**
 * A machine's first words with a cluster, over its web API. The token is a secret, so the cluster proves itself first:
 *
 * - by its web certificate, which the system's roots vouch for; or
 * - by a pin: the authority whose public key has this digest is fetched, and the call is made under the cluster's own name
 *   (`hex(cluster).teleport.cluster.local`), for which only that authority can have signed a certificate; or
 * - not at all, where a person insists.
 *
 * @module
 */

import { createHash, timingSafeEqual, X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import * as https from "node:https";
import * as tls from "node:tls";
import { z } from "zod";
import { messageOf, ToolError } from "../../errors/mod.ts";
import { type HostPort, joinHostPort } from "../../resources/mod.ts";
import { ALPN_HTTP1, clusterServerName } from "../../wire/alpn.ts";
import { base64Text, readAnswer, readError, toBase64 } from "../../wire/web_api.ts";

/** Longest that a call may take. */
const TIMEOUT_MS = 30_000;
/** Longest answer. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Largest certificate. */
const MAX_CERTIFICATE_BYTES = 64 * 1024;

/** How the cluster proves itself. */
export interface ClusterTrust {
  /** Teleport's pins: `sha256:` and the digest of an authority's public key, in hexadecimal. One has to fit. */
  caPins: readonly string[];
  /** Whether it need not. */
  insecure: boolean;
}

/** What a machine says of itself. */
export interface Enrolment {
  hostId: string;
  nodeName: string;
  token: string;
  additionalPrincipals: string[];
  /** authorized_keys line. */
  sshPublicKey: string;
  /** PEM. */
  tlsPublicKeyPem: string;
}

/** What it gets. */
export interface Enrolled {
  clusterName: string;
  /** One line. */
  sshCertificate: string;
  /** PEM. */
  tlsCertPem: string;
  /** The cluster's authority for hosts, PEM. */
  hostCasPem: string[];
}

const pingSchema = z.object({ cluster_name: z.string().min(1).max(255) });

const certsSchema = z.object({
  ssh: base64Text(MAX_CERTIFICATE_BYTES),
  tls: base64Text(MAX_CERTIFICATE_BYTES),
  tls_ca_certs: z.array(base64Text(MAX_CERTIFICATE_BYTES)).min(1).max(64),
});

/**
 * Enrols a machine.
 *
 * @param ownAddress Called with the address of this machine that leads to the proxy, before anything is asked; what it gives is
 * certified.
 * @throws {ToolError} `trust` when the cluster does not prove itself, `access_denied` for the token, `already_exists` for the name.
 */
export async function enrol(
  proxy: HostPort,
  trust: ClusterTrust,
  describe: (ownAddress: string) => Enrolment,
): Promise<Enrolled> {
  const web = await prove(proxy, trust);
  const ping = await call(web, { method: "GET", path: "/webapi/ping" });
  const { cluster_name: clusterName } = readAnswer(pingSchema, ping.text, "answer to a ping");
  const machine = describe(ping.ownAddress);
  const { text } = await call(web, {
    method: "POST",
    path: "/webapi/host/credentials",
    body: {
      hostID: machine.hostId,
      node_name: machine.nodeName,
      role: "Node",
      token: machine.token,
      additional_principals: machine.additionalPrincipals,
      public_tls_key: toBase64(machine.tlsPublicKeyPem),
      public_ssh_key: toBase64(machine.sshPublicKey),
    },
  });
  const certs = readAnswer(certsSchema, text, "answer to joining");
  return {
    clusterName,
    sshCertificate: certs.ssh.trim(),
    tlsCertPem: certs.tls,
    hostCasPem: certs.tls_ca_certs,
  };
}

/** A proxy, and how TLS with it is to be. */
interface Web {
  proxy: HostPort;
  options: tls.ConnectionOptions;
}

async function prove(proxy: HostPort, { caPins, insecure }: ClusterTrust): Promise<Web> {
  const anybody: Web = { proxy, options: { rejectUnauthorized: false } };
  if (caPins.length > 0) {
    const ping = await call(anybody, { method: "GET", path: "/webapi/ping" });
    const { cluster_name } = readAnswer(pingSchema, ping.text, "answer to a ping");
    const { text } = await call(anybody, {
      method: "GET",
      path: "/webapi/auth/export?type=tls-host",
    });
    const ca = pemsOf(text).filter((pem) => caPins.some((pin) => fits(pin, pem)));
    if (ca.length === 0) {
      throw new ToolError(
        "trust",
        "the cluster's certificate authority does not fit the --ca-pin",
        {
          hint:
            "Compare with: tctl status. If they are the same, somebody is between here and the cluster.",
        },
      );
    }
    return {
      proxy,
      options: { ca, servername: clusterServerName(cluster_name), ALPNProtocols: [ALPN_HTTP1] },
    };
  }
  if (insecure) return anybody;
  const system = tls.getCACertificates("system");
  return {
    proxy,
    options: { ca: system.length > 0 ? system : tls.getCACertificates("bundled") },
  };
}

function pemsOf(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

/** Whether a certificate's public key has the digest that a pin names. */
function fits(pin: string, pem: string): boolean {
  try {
    const { publicKey } = new X509Certificate(pem);
    const digest = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" }))
      .digest();
    const wanted = Uint8Array.fromHex(pin.replace(/^sha256:/, ""));
    return wanted.length === digest.length && timingSafeEqual(wanted, digest);
  } catch {
    return false;
  }
}

async function call(
  { proxy, options }: Web,
  { method, path, body }: { method: "GET" | "POST"; path: string; body?: unknown },
): Promise<{ text: string; ownAddress: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    text: string;
    ownAddress: string;
  }>();
  const json = body === undefined ? undefined : JSON.stringify(body);
  const request = https.request({
    host: proxy.host,
    port: proxy.port,
    method,
    path,
    agent: false,
    headers: {
      accept: "application/json",
      ...(json !== undefined && {
        "content-type": "application/json",
        "content-length": String(new TextEncoder().encode(json).length),
      }),
    },
    ...options,
  });
  const fail = (error: unknown) => {
    reject(error);
    request.destroy();
  };
  const timer = setTimeout(() => fail(new Error("it does not answer in time")), TIMEOUT_MS);
  request.on("error", fail);
  request.on("response", (response: IncomingMessage) => {
    const ownAddress = response.socket.localAddress ?? "";
    readBody(response).then(
      (text) => resolve({ status: response.statusCode ?? 0, text, ownAddress }),
      fail,
    );
  });
  request.end(json);
  try {
    const { status, ...answer } = await promise;
    if (status !== 200) throw readError(status, answer.text);
    return answer;
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw callError(error, joinHostPort(proxy));
  } finally {
    clearTimeout(timer);
    request.destroy();
  }
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error("its answer is too large");
    chunks.push(chunk);
  }
  return await new Blob(chunks as Uint8Array<ArrayBuffer>[]).text();
}

function callError(error: unknown, address: string): ToolError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/^(?:CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|ERR_TLS_CERT)/.test(code)) {
    return new ToolError(
      "trust",
      `the certificate of ${address} is not trusted: ${messageOf(error)}`,
      {
        hint: "Give the cluster's pin with --ca-pin; tctl status and tctl tokens add print it.",
        cause: error,
      },
    );
  }
  return new ToolError("connection", `cannot reach ${address}: ${messageOf(error)}`, {
    cause: error,
  });
}
