import { Http2Stream, type StreamOwner } from "./stream.ts";

/** How many streams that we ended are remembered, whose last frames may still be under way. */
const MAX_REMEMBERED_STREAMS = 256;

/** The streams of a connection: those that live, and what is known of those that were. */
export class StreamTable {
  readonly #isClient: boolean;
  readonly #live = new Map<number, Http2Stream>();
  readonly #endedByUs = new Set<number>();
  #nextOwn = 1;
  #lastOfPeer = 0;
  #lastAccepted = 0;

  /** For a connection without streams. */
  constructor(isClient: boolean) {
    this.#isClient = isClient;
  }

  /** How many live. */
  get size(): number {
    return this.#live.size;
  }

  /** Highest id of the peer's streams that was accepted. */
  get lastAccepted(): number {
    return this.#lastAccepted;
  }

  /** Those that live; a copy, so that they may be removed meanwhile. */
  all(): Http2Stream[] {
    return [...this.#live.values()];
  }

  /** The live stream of that id. */
  get(id: number): Http2Stream | undefined {
    return this.#live.get(id);
  }

  /** Whether this very stream lives. */
  has(stream: Http2Stream): boolean {
    return this.#live.get(stream.id) === stream;
  }

  /** Client: the next stream. */
  addOwn(owner: StreamOwner, windows: { sendWindow: number; receiveWindow: number }): Http2Stream {
    const stream = new Http2Stream(owner, { id: this.#nextOwn, ...windows });
    this.#nextOwn += 2;
    this.#live.set(stream.id, stream);
    return stream;
  }

  /** Server: the client has begun a stream, whether it is accepted or not. False when it may not have this id. */
  begin(id: number): boolean {
    if (id % 2 === 0 || id <= this.#lastOfPeer) return false;
    this.#lastOfPeer = id;
    return true;
  }

  /** Server: accepts the stream that was begun. */
  accept(
    owner: StreamOwner,
    id: number,
    windows: { sendWindow: number; receiveWindow: number },
  ): Http2Stream {
    const stream = new Http2Stream(owner, { id, ...windows });
    this.#lastAccepted = id;
    this.#live.set(id, stream);
    return stream;
  }

  /** Forgets a live stream; false when it does not live. */
  remove(stream: Http2Stream): boolean {
    return this.has(stream) && this.#live.delete(stream.id);
  }

  /** Forgets all. */
  clear(): void {
    this.#live.clear();
  }

  /** Whether a stream of this id has been, so that frames for it may still be under way. */
  isKnown(id: number): boolean {
    if (id === 0) return false;
    const isOwn = id % 2 === (this.#isClient ? 1 : 0);
    return isOwn ? this.#isClient && id < this.#nextOwn : id <= this.#lastOfPeer;
  }

  /** Notes that we ended a stream before the peer had said everything. */
  rememberEnded(id: number): void {
    this.#endedByUs.add(id);
    for (const oldest of this.#endedByUs) {
      if (this.#endedByUs.size <= MAX_REMEMBERED_STREAMS) break;
      this.#endedByUs.delete(oldest);
    }
  }

  /** Whether we ended that stream, not long ago. */
  endedByUs(id: number): boolean {
    return this.#endedByUs.has(id);
  }
}
