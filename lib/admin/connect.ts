import * as tls from "node:tls";
import type { AdminIdentity } from "../auth/admin/mod.ts";
import { isToolError, messageOf, ToolError } from "../errors/mod.ts";
import { splitHostPort } from "../resources/mod.ts";
import { ALPN_HTTP2, authAlpn, clusterServerName } from "../wire/alpn.ts";
import { GrpcClient } from "../wire/grpc/mod.ts";
import type { Admin } from "./admin.ts";
import { RpcAdmin } from "./rpc_admin.ts";

/** Longest that a connection to a cluster on this machine, or near it, may take. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Where the cluster is, and with what an administrator proves who they are. */
export interface AdminTarget {
  /** `host:port` of the cluster's one port. */
  address: string;
  /** The cluster's name, which is part of the names that it answers to. */
  clusterName: string;
  /** Key and certificates from the data directory. */
  identity: AdminIdentity;
}

/**
 * Connects to the auth service of a cluster with the administrator's certificate. The cluster proves itself with a
 * certificate of its own host CA.
 *
 * @throws {ToolError} `connection` when nothing answers there, `trust` when another cluster does.
 */
export async function connectAdmin(target: AdminTarget): Promise<Admin> {
  return new RpcAdmin(await connectAuth(target), target.identity.hostCasPem);
}

/**
 * Connects to the auth service with any certificate of the cluster's host authority. The caller closes the client.
 *
 * @throws {ToolError} As {@linkcode connectAdmin}.
 */
export async function connectAuth(
  { address, clusterName, identity }: AdminTarget,
): Promise<GrpcClient> {
  // Dialled now, so that a cluster that is not there is told apart from a call that fails.
  let unused: tls.TLSSocket | undefined = await dial(address, clusterName, identity);
  return new GrpcClient({
    authority: clusterServerName(clusterName),
    connect() {
      const socket = unused;
      unused = undefined;
      return socket ?? dial(address, clusterName, identity);
    },
  });
}

function dial(
  address: string,
  clusterName: string,
  identity: AdminIdentity,
): Promise<tls.TLSSocket> {
  const target = splitHostPort(address);
  if (target === undefined || target.host === "") {
    throw new ToolError(
      "usage",
      `"${address}" is not the address of a cluster, expected host:port`,
    );
  }
  const { promise, resolve, reject } = Promise.withResolvers<tls.TLSSocket>();
  const socket = tls.connect({
    host: target.host,
    port: target.port,
    servername: clusterServerName(clusterName),
    ALPNProtocols: [authAlpn(clusterName), ALPN_HTTP2],
    cert: identity.certPem,
    key: identity.keyPem,
    ca: identity.hostCasPem,
    rejectUnauthorized: true,
  });
  const timeout = setTimeout(
    () => fail(new ToolError("connection", `no answer from ${address}`)),
    CONNECT_TIMEOUT_MS,
  );
  const fail = (error: Error) => {
    clearTimeout(timeout);
    socket.destroy();
    reject(connectionError(error, address));
  };
  socket.once("error", fail);
  socket.once("secureConnect", () => {
    clearTimeout(timeout);
    socket.off("error", fail);
    resolve(socket);
  });
  return promise;
}

function connectionError(error: Error, address: string): ToolError {
  if (isToolError(error)) return error;
  const code = "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") {
    return new ToolError("connection", `no cluster answers at ${address}: connection refused`, {
      cause: error,
    });
  }
  if (/^(?:CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|ERR_TLS_CERT)/.test(code)) {
    return new ToolError(
      "trust",
      `what answers at ${address} is another cluster: ${messageOf(error)}`,
      {
        hint: "Use the data directory of that cluster, or another --auth-server.",
        cause: error,
      },
    );
  }
  return new ToolError("connection", `cannot connect to ${address}: ${messageOf(error)}`, {
    cause: error,
  });
}
