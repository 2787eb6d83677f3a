/**
 * The ssh-agent protocol (draft-ietf-sshm-ssh-agent), as far as an agent with one certificate needs it.
 *
 * A message is `uint32 length | byte type | contents`; a string is `uint32 length | bytes` (RFC 4251 §5).
 *
 * @module
 */

import { ToolError } from "../../errors/mod.ts";

/** Message numbers (draft-ietf-sshm-ssh-agent §5.1). */
export const AGENT_MESSAGE = {
  failure: 5,
  requestIdentities: 11,
  identitiesAnswer: 12,
  signRequest: 13,
  signResponse: 14,
} as const;

/** Longest message taken from a client: OpenSSH's own agent draws the line at 256 KiB (AGENT_MAX_LEN). */
export const MAX_MESSAGE_BYTES = 256 * 1024;

/** Joins parts: a number becomes a uint32, text and bytes become strings. */
export function sshConcat(...parts: (number | string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const fields = parts.map((part) =>
    typeof part === "string" ? new TextEncoder().encode(part) : part
  );
  const size = fields.reduce<number>(
    (sum, part) => sum + 4 + (typeof part === "number" ? 0 : part.length),
    0,
  );
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of fields) {
    view.setUint32(at, typeof part === "number" ? part : part.length);
    at += 4;
    if (typeof part !== "number") {
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}

/** A whole message: length, type, contents. */
export function agentMessage(type: number, contents: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = new Uint8Array(5 + contents.length);
  new DataView(bytes.buffer).setUint32(0, 1 + contents.length);
  bytes[4] = type;
  bytes.set(contents, 5);
  return bytes;
}

/** Cuts a stream of bytes into messages. */
export class AgentMessageReader {
  #pending: Uint8Array = new Uint8Array();

  /**
   * Takes what has arrived and gives the messages that are whole, each `byte type | contents`.
   *
   * @throws {ToolError} `bad_parameter` for an empty or too long message; the connection cannot go on after that.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const bytes = new Uint8Array(this.#pending.length + chunk.length);
    bytes.set(this.#pending);
    bytes.set(chunk, this.#pending.length);
    const view = new DataView(bytes.buffer);
    const messages: Uint8Array[] = [];
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = view.getUint32(at);
      if (length === 0 || length > MAX_MESSAGE_BYTES) {
        throw new ToolError(
          "bad_parameter",
          `agent message of ${length} bytes, expected 1 to ${MAX_MESSAGE_BYTES}`,
        );
      }
      if (bytes.length - at - 4 < length) break;
      messages.push(bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.#pending = bytes.slice(at);
    return messages;
  }
}
