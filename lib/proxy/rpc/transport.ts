/**
 * `teleport.transport.v1.TransportService`: byte streams through the proxy, to a node's SSH server and to the auth service.
 *
 * 1. The first message names the target; it may carry bytes already.
 * 2. The caller is asked for at each call: a connection may outlive its user.
 * 3. ProxySSH answers with the cluster's details before the first byte, then bytes go both ways.
 *
 * @module
 */

import { type Duplex, duplexPair } from "node:stream";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Auth, Caller, ClientInfo } from "../../auth/mod.ts";
import type { RpcPeer } from "../../auth/rpc/mod.ts";
import { isToolError, messageOf, ToolError } from "../../errors/mod.ts";
import {
  ProxyClusterRequestSchema,
  ProxySSHRequestSchema,
  ProxySSHResponseSchema,
  TransportService,
} from "../../wire/gen/transport_pb.ts";
import type { BytesCall, GrpcServer } from "../../wire/grpc/mod.ts";
import {
  CLUSTER_REQUEST_FIELD,
  CLUSTER_RESPONSE_FIELD,
  frameParts,
  framePayload,
  SSH_FIELD,
} from "../../wire/transport_frames.ts";
import type { ConnectionCaps } from "../tls/connection_caps.ts";
import { dial } from "./dial.ts";
import { relay } from "./relay.ts";

type Call = BytesCall<RpcPeer>;

/** What the service needs. */
export interface TransportOptions {
  auth: Auth;
  /** What connections there may be. */
  caps: ConnectionCaps;
  /** How long a node may take to answer, in milliseconds. */
  dialMs: number;
  /** Takes a stream in which TLS with the auth service is spoken. */
  acceptAuth: (stream: Duplex, client: ClientInfo) => void;
}

const DETAILS = { fipsEnabled: false };

/** Adds the service's methods to a server. */
export function registerTransport(server: GrpcServer<RpcPeer>, options: TransportOptions): void {
  server.register(TransportService, {
    getClusterDetails: async (_, call) => {
      await callerOf(options.auth, call);
      return { details: DETAILS };
    },
  });
  server.registerBytes(TransportService.method.proxySSH, (call) => proxySsh(call, options));
  server.registerBytes(TransportService.method.proxyCluster, (call) => proxyCluster(call, options));
}

function callerOf(auth: Auth, { context }: Pick<Call, "context">): Promise<Caller> {
  return auth.callerFromCertificate(context.certificate, context.client);
}

async function proxySsh(call: Call, { auth, caps, dialMs }: TransportOptions): Promise<void> {
  const caller = await callerOf(auth, call);
  const { dialTarget, frame } = readMessage(ProxySSHRequestSchema, await first(call));
  if (dialTarget === undefined) throw new ToolError("bad_parameter", "the dial target is missing");
  checkCluster(auth, dialTarget.cluster);
  const { node, address } = await auth.nodes.resolve(caller, dialTarget.hostPort)
    .catch(unavailable);
  const leave = caps.admit(undefined);
  if (leave === undefined) {
    throw new ToolError("limit_exceeded", "the proxy has too many connections");
  }
  try {
    const socket = await dial(address, {
      name: node.spec.hostname,
      timeoutMs: dialMs,
      signal: call.signal,
    });
    const details = create(ProxySSHResponseSchema, { details: DETAILS });
    await carry(call, socket, {
      hello: toBinary(ProxySSHResponseSchema, details),
      initial: frame.case === "ssh" ? frame.value.payload : undefined,
      read: (message) => framePayload(SSH_FIELD, message) ?? sshPayload(message),
      field: SSH_FIELD,
    });
  } finally {
    leave();
  }
}

/** As Teleport answers an unknown host: UNAVAILABLE, which is also what a host that is down is. */
function unavailable(error: unknown): never {
  if (!isToolError(error, "not_found")) throw error;
  throw new ToolError("connection", error.message, { cause: error });
}

function sshPayload(message: Uint8Array): Uint8Array | undefined {
  const { frame } = readMessage(ProxySSHRequestSchema, message);
  return frame.case === "ssh" ? frame.value.payload : undefined;
}

async function proxyCluster(call: Call, { auth, acceptAuth }: TransportOptions): Promise<void> {
  await callerOf(auth, call);
  const { cluster, frame } = readMessage(ProxyClusterRequestSchema, await first(call));
  checkCluster(auth, cluster);
  const [near, far] = duplexPair();
  acceptAuth(far, call.context.client);
  try {
    await carry(call, near, {
      initial: frame?.payload,
      read: (message) =>
        framePayload(CLUSTER_REQUEST_FIELD, message) ??
          readMessage(ProxyClusterRequestSchema, message).frame?.payload,
      field: CLUSTER_RESPONSE_FIELD,
    });
  } finally {
    // The two ends of a pair do not learn of one another's destruction.
    far.destroy();
  }
}

function checkCluster(auth: Auth, cluster: string): void {
  if (cluster === "" || cluster === auth.settings.clusterName) return;
  throw new ToolError("not_found", `cluster "${cluster.slice(0, 255)}" is not found`);
}

async function first(call: Call): Promise<Uint8Array> {
  const message = await call.receive();
  if (message === undefined) throw new ToolError("bad_parameter", "the first message is missing");
  return message;
}

function readMessage<T extends Parameters<typeof fromBinary>[0]>(
  schema: T,
  message: Uint8Array,
): ReturnType<typeof fromBinary<T>> {
  try {
    return fromBinary<T>(schema, message);
  } catch (cause) {
    throw new ToolError("bad_parameter", "a message is malformed", { cause });
  }
}

/** What {@linkcode carry} needs to know of a method's messages. */
interface Carried {
  /** A message to send before any bytes. */
  hello?: Uint8Array;
  /** Bytes that came with the first message. */
  initial: Uint8Array | undefined;
  /** The bytes of a message; `undefined` for one that has none for us. */
  read: (message: Uint8Array) => Uint8Array | undefined;
  /** Field of the answers' bytes. */
  field: number;
}

async function carry(call: Call, stream: Duplex, carried: Carried): Promise<void> {
  const destroy = () => void stream.destroy();
  call.signal.addEventListener("abort", destroy, { once: true });
  try {
    if (carried.hello !== undefined) await call.send(carried.hello);
    for await (const bytes of relay(incoming(call, carried), stream)) {
      await call.send(...frameParts(carried.field, bytes));
    }
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw new ToolError("connection", `the other side is gone: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    call.signal.removeEventListener("abort", destroy);
    stream.destroy();
  }
}

async function* incoming(call: Call, { initial, read }: Carried): AsyncGenerator<Uint8Array> {
  if (initial !== undefined) yield initial;
  for (;;) {
    const message = await call.receive();
    if (message === undefined) return;
    const payload = read(message);
    if (payload !== undefined) yield payload;
  }
}
