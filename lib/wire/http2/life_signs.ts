import { ToolError } from "../../errors/mod.ts";
import { ConnectionError, ErrorCode } from "./frames.ts";

/** What {@linkcode LifeSigns} needs. Times in milliseconds; what is absent is not looked at. */
export interface LifeSignsOptions {
  /** How long the peer may take to say that it speaks HTTP/2. */
  greetingMs: number | undefined;
  /** Silence after which the peer is asked for a sign of life, and again until it counts as gone. */
  keepAliveMs: number | undefined;
  /** Asks the peer for a sign of life; resolves when it is there. */
  ping: () => Promise<void>;
  /** The peer has not greeted. */
  onNoGreeting: (error: ConnectionError) => void;
  /** The peer has not answered. */
  onGone: (error: ToolError) => void;
}

/** Notices a peer that never greets, and one that went away without a word. */
export class LifeSigns {
  readonly #greeting: ReturnType<typeof setTimeout> | undefined;
  readonly #keepAlive: ReturnType<typeof setInterval> | undefined;
  /** Whether anything has come since the last look. */
  #heard = true;
  #asked = false;

  /** Begins to watch. */
  constructor({ greetingMs, keepAliveMs, ping, onNoGreeting, onGone }: LifeSignsOptions) {
    if (greetingMs !== undefined) {
      this.#greeting = setTimeout(() => onNoGreeting(noGreeting()), greetingMs);
    }
    if (keepAliveMs !== undefined) {
      this.#keepAlive = setInterval(() => {
        const isSilent = !this.#heard;
        this.#heard = false;
        if (!isSilent) return;
        if (this.#asked) return onGone(new ToolError("connection", "peer gives no sign of life"));
        this.#asked = true;
        ping().then(() => this.#asked = false);
      }, keepAliveMs);
    }
  }

  /** Something has come. */
  heard(): void {
    this.#heard = true;
  }

  /** The peer speaks HTTP/2. */
  greeted(): void {
    clearTimeout(this.#greeting);
  }

  /** Watches no more. */
  stop(): void {
    clearTimeout(this.#greeting);
    clearInterval(this.#keepAlive);
  }
}

function noGreeting(): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, "peer does not say that it speaks HTTP/2");
}
