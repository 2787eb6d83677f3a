/**
 * HTTP by hand: every header and byte as the test wants it, which no client library allows.
 *
 * @module
 */

import tls from "node:tls";

/** Where to, and whom to trust. */
export interface RawTarget {
  /** Port on 127.0.0.1. */
  port: number;
  /** PEM. */
  certificate: string;
}

/** An answer. */
export interface RawAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** A TLS connection to the target. */
export function rawConnect(target: RawTarget, options: tls.ConnectionOptions = {}): tls.TLSSocket {
  return tls.connect({
    host: "127.0.0.1",
    port: target.port,
    servername: "localhost",
    ca: [target.certificate],
    ALPNProtocols: ["http/1.1"],
    ...options,
  });
}

/** Sends bytes as they are and gives everything that comes back until the server hangs up. */
export async function rawExchange(
  target: RawTarget,
  ...parts: (string | Uint8Array)[]
): Promise<string> {
  const socket = rawConnect(target);
  for (const part of parts) socket.write(part);
  let text = "";
  try {
    for await (const chunk of socket) text += chunk as Uint8Array & { toString(): string };
  } catch (error) {
    // A server may well reset what it does not want to hear; what it said before that counts.
    if ((error as { code?: string }).code !== "ECONNRESET") throw error;
  } finally {
    socket.destroy();
  }
  return text;
}

/** One request with just these headers, and its answer. */
export async function rawRequest(
  target: RawTarget,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> {
  const length = body === undefined ? {} : { "Content-Length": String(byteLength(body)) };
  const all = { Host: `localhost:${target.port}`, Connection: "close", ...length, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return parseAnswer(
    await rawExchange(target, `${method} ${path} HTTP/1.1\r\n${lines}\r\n${body ?? ""}`),
  );
}

/** Reads an answer that ends with the connection. */
export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) throw new Error(`not an answer: ${JSON.stringify(text)}`);
  const [statusLine, ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Headers(
    lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
  return { status: Number(statusLine!.split(" ")[1]), headers, text: text.slice(end + 4) };
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
