import type {
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import type { EncodedMessage, ServerCall, ServiceHandlers } from "../../wire/grpc/mod.ts";
import type { Auth, Caller, ClientInfo } from "../auth.ts";

/** What the proxy knows of a connection to the auth service. */
export interface RpcPeer {
  /** The client's certificate, DER, which TLS has verified against the cluster's authorities. */
  certificate: Uint8Array;
  /** Where the connection comes from. */
  client: ClientInfo;
}

/** Who makes a call, and until when. */
export interface RpcContext {
  /** The caller as the certificate proves it, at this call: a connection may outlive its user. */
  caller: Caller;
  /** Aborted when the caller goes away or its deadline is over. */
  signal: AbortSignal;
}

/** What answers a method, once it is known who calls. */
export type RpcHandler<M> = M extends DescMethodUnary<infer I, infer O> ? (
    request: MessageShape<I>,
    context: RpcContext,
  ) => Promise<MessageInitShape<O> | EncodedMessage>
  : M extends DescMethodServerStreaming<infer I, infer O>
    ? (request: MessageShape<I>, context: RpcContext) => AsyncIterable<MessageInitShape<O>>
  : never;

/** Handlers of a service, by the methods' names; those that are missing are not implemented. */
export type RpcHandlers<S extends GenService<GenServiceMethods>> = {
  [Name in keyof S["method"]]?: RpcHandler<S["method"][Name]>;
};

/** Puts the question who calls before each handler, so that none can forget it. */
export function authenticated<S extends GenService<GenServiceMethods>>(
  service: S,
  auth: Pick<Auth, "callerFromCertificate">,
  handlers: RpcHandlers<S>,
): ServiceHandlers<S, RpcPeer> {
  const contextOf = async (
    { context: { certificate, client }, signal }: ServerCall<RpcPeer>,
  ): Promise<RpcContext> => ({
    caller: await auth.callerFromCertificate(certificate, client),
    signal,
  });
  const wrapped = Object.entries(handlers).map(([name, handler]) => {
    if (service.method[name]?.methodKind === "unary") {
      const answer = handler as (request: unknown, context: RpcContext) => Promise<unknown>;
      return [
        name,
        async (request: unknown, call: ServerCall<RpcPeer>) =>
          await answer(request, await contextOf(call)),
      ];
    }
    const answer = handler as (request: unknown, context: RpcContext) => AsyncIterable<unknown>;
    return [
      name,
      async function* (request: unknown, call: ServerCall<RpcPeer>) {
        yield* answer(request, await contextOf(call));
      },
    ];
  });
  return Object.fromEntries(wrapped);
}
