/** Pieces shorter than this are put together, so that data which comes byte by byte takes little more than its bytes. */
const JOIN_BELOW_BYTES = 4096;

/** Most bytes that are put together into one piece. */
const JOINED_BYTES = 16 * 1024;

/** A piece is copied when it is less than this share of the memory that it would hold on to. */
const COPY_BELOW_SHARE = 1 / 4;

/**
 * Data of a stream that has come and that nobody has read. What it takes is in proportion to the data, however a peer
 * cuts it into frames: a piece is a view of the connection's input where it makes up much of it, and a copy elsewhere.
 */
export class ReceivedBytes {
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  /** The memory of the last piece when it is ours to add to. */
  #tail: Uint8Array | undefined;

  /** How many bytes wait. */
  get length(): number {
    return this.#bytes;
  }

  /** Takes bytes that came. */
  push(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (bytes.length < JOIN_BELOW_BYTES) return this.#append(bytes);
    const isPart = bytes.length < bytes.buffer.byteLength * COPY_BELOW_SHARE;
    this.#pieces.push(isPart ? bytes.slice() : bytes);
    this.#tail = undefined;
  }

  /** The next piece. */
  shift(): Uint8Array | undefined {
    const piece = this.#pieces.shift();
    if (piece === undefined) return undefined;
    this.#bytes -= piece.length;
    if (this.#pieces.length === 0) this.#tail = undefined;
    return piece;
  }

  /** Drops everything; gives how much that was. */
  clear(): number {
    const bytes = this.#bytes;
    this.#pieces = [];
    this.#bytes = 0;
    this.#tail = undefined;
    return bytes;
  }

  #append(bytes: Uint8Array): void {
    const last = this.#tail === undefined ? undefined : this.#pieces.at(-1);
    const length = (last?.length ?? 0) + bytes.length;
    if (last === undefined || length > JOINED_BYTES) {
      this.#tail = bytes.slice();
      this.#pieces.push(this.#tail);
      return;
    }
    if (this.#tail!.length < length) {
      const larger = new Uint8Array(Math.min(2 * length, JOINED_BYTES));
      larger.set(last);
      this.#tail = larger;
    }
    this.#tail!.set(bytes, last.length);
    this.#pieces[this.#pieces.length - 1] = this.#tail!.subarray(0, length);
  }
}
