/** One event of a `text/event-stream`. */
export interface StreamEvent {
  type: string;
  data: string;
}

/** Most characters of one event; a server that sends more is not ours. */
const MAX_EVENT_LENGTH = 64 * 1024;

/**
 * Takes a `text/event-stream` apart (HTML Standard §9.2.6). `EventSource` cannot send an Authorization header, so the
 * stream is read with fetch.
 */
export class EventStreamParser {
  #rest = "";
  #type = "";
  #data: string[] = [];
  #length = 0;

  /** The events that `text` completes. Throws a RangeError when an event grows out of bounds. */
  push(text: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    if (this.#rest.length > MAX_EVENT_LENGTH) throw new RangeError("event too long");
    for (const line of lines) {
      const event = this.#line(line.endsWith("\r") ? line.slice(0, -1) : line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #line(line: string): StreamEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#type = value;
    if (field === "data") {
      this.#length += value.length;
      if (this.#length > MAX_EVENT_LENGTH) throw new RangeError("event too long");
      this.#data.push(value);
    }
    return undefined;
  }

  #dispatch(): StreamEvent | undefined {
    const event = { type: this.#type || "message", data: this.#data.join("\n") };
    const complete = this.#data.length > 0;
    this.#type = "";
    this.#data = [];
    this.#length = 0;
    return complete ? event : undefined;
  }
}

/**
 * Reads an event stream to its end.
 *
 * @param silenceMs A stream that is silent for longer, heartbeats included, has died without saying so: throws.
 */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  { silenceMs }: { silenceMs: number },
): AsyncGenerator<StreamEvent> {
  const parser = new EventStreamParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await withTimeout(reader.read(), silenceMs);
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Also tells the server that nobody listens any more.
    reader.cancel().catch(() => undefined);
  }
}

async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("the stream fell silent")), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
