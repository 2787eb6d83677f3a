import { fromBinary } from "@bufbuild/protobuf";
import { Duplex } from "node:stream";
import { messageOf, ToolError } from "../errors/mod.ts";
import type { ClientCall } from "../wire/grpc/client_call.ts";
import { ProxySSHResponseSchema } from "../wire/gen/transport_pb.ts";
import { frameParts, framePayload, SSH_FIELD } from "../wire/transport_frames.ts";

/** The bytes of a session with a node's SSH server, carried by a ProxySSH call. */
export class NodeStream extends Duplex {
  readonly #call: ClientCall;
  #first: Uint8Array | undefined;
  #isReading = false;

  /**
   * Takes over a call whose first request has been sent.
   *
   * @param first Bytes that the node has sent already.
   */
  constructor(call: ClientCall, first: Uint8Array) {
    super({ allowHalfOpen: true });
    this.#call = call;
    this.#first = first;
  }

  /** Called by the stream when it wants more. */
  override _read(): void {
    if (!this.#isReading) this.#readOn();
  }

  async #readOn(): Promise<void> {
    this.#isReading = true;
    try {
      let wantsMore = true;
      while (wantsMore) {
        const bytes = this.#first ?? await nextBytes(this.#call);
        this.#first = undefined;
        if (bytes === undefined) this.push(null);
        wantsMore = bytes !== undefined && this.push(bytes);
      }
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(messageOf(error)));
    } finally {
      this.#isReading = false;
    }
  }

  /** Called by the stream with what is to be sent. */
  override _write(
    chunk: Uint8Array,
    _encoding: string,
    done: (error?: Error | null) => void,
  ): void {
    this.#call.send(...frameParts(SSH_FIELD, chunk)).then(() => done(), done);
  }

  /** Called by the stream when there is no more to send. */
  override _final(done: (error?: Error | null) => void): void {
    this.#call.closeSend();
    done();
  }

  /** Called by the stream at its end. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#call.cancel();
    done(error);
  }
}

/**
 * The next bytes that a node sends in a ProxySSH call, or `undefined` when it has ended.
 *
 * @throws {ToolError} What the call ended with.
 */
export async function nextBytes(call: ClientCall): Promise<Uint8Array | undefined> {
  for (;;) {
    const message = await call.receive();
    if (message === undefined) return undefined;
    const bytes = framePayload(SSH_FIELD, message) ?? payloadOf(message);
    if (bytes !== undefined && bytes.length > 0) return bytes;
  }
}

/** The bytes of a message that holds something else, too: the first one has details of the cluster. */
function payloadOf(message: Uint8Array): Uint8Array | undefined {
  try {
    const { frame } = fromBinary(ProxySSHResponseSchema, message);
    return frame.case === "ssh" ? frame.value.payload : undefined;
  } catch (cause) {
    throw new ToolError("bad_parameter", "malformed message in a stream to a node", { cause });
  }
}

/**
 * Makes a stream of a ProxySSH call once the node has said its first word: only then is it known that there is somebody.
 *
 * @throws {ToolError} `connection` when it ends before that, or what the call ended with.
 */
export async function openNodeStream(call: ClientCall): Promise<NodeStream> {
  const first = await nextBytes(call);
  if (first !== undefined) return new NodeStream(call, first);
  throw new ToolError("connection", "the node's SSH server ended the connection before it began");
}
