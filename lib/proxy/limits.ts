/**
 * How much of everything the proxy takes from strangers, in one place. README.md names those that people meet, so change
 * them together. What is tried and by whom is limited in `lib/auth`; this is about connections and bytes.
 *
 * @module
 */

/** The limits of the proxy. Times in milliseconds. */
export interface ProxyLimits {
  /** Connections at the same time. Each needs a file descriptor: see `ulimit -n`. */
  connections: number;
  /**
   * Connections at the same time from one address (IPv6: from one /64). Configured proxies are not held to it, because
   * everybody's connections come from them.
   */
  connectionsPerAddress: number;
  /** From the connection to the whole ClientHello. */
  clientHelloMs: number;
  /** From the ClientHello to the end of the TLS handshake; and where RPCs are spoken, from there to HTTP/2's first words. */
  handshakeMs: number;
  /** From a request's first byte to the end of its headers. */
  headersMs: number;
  /** From a request's first byte to the end of its body; and from an RPC's beginning to the end of its request. */
  requestMs: number;
  /** How long a connection waits for the next request. */
  idleMs: number;
  /** A request's line and headers together. */
  headerBytes: number;
  /** A request's body. */
  bodyBytes: number;
  /** All that a connection may send for one request: its headers, its body, and what the body is wrapped in. */
  requestBytes: number;
  /**
   * Requests that a web connection may have under way. Browsers and tools send one after the other; whoever sends more
   * without waiting for answers gets this many, so that a connection is worth no more than a few requests.
   */
  pipelinedRequests: number;
  /** RPCs that a connection may have under way. */
  callsPerConnection: number;
  /** Between two signs of life on a stream of events. Intermediaries cut what is quiet, some after 30 s. */
  heartbeatMs: number;
  /** How long a node may take to answer a connection attempt. */
  dialMs: number;
  /** How long `close()` waits for requests under way. */
  closeMs: number;
}

const SECOND_MS = 1_000;

/** The limits when nothing else is configured. */
export const DEFAULT_PROXY_LIMITS: Readonly<ProxyLimits> = {
  connections: 15_000,
  connectionsPerAddress: 256,
  clientHelloMs: 10 * SECOND_MS,
  handshakeMs: 10 * SECOND_MS,
  headersMs: 10 * SECOND_MS,
  requestMs: 20 * SECOND_MS,
  idleMs: 60 * SECOND_MS,
  headerBytes: 16 * 1024,
  bodyBytes: 64 * 1024,
  requestBytes: 512 * 1024,
  pipelinedRequests: 8,
  callsPerConnection: 100,
  heartbeatMs: 10 * SECOND_MS,
  dialMs: 10 * SECOND_MS,
  closeMs: 5 * SECOND_MS,
};
