import type { Terminal } from "../deps/mod.ts";
import { printable } from "./printable.ts";
import { truncateToWidth } from "./width.ts";

/** Carriage return, and erase to the end of the line (ECMA-48 §8.3.41). */
const ERASE_LINE = "\r\x1b[K";

/**
 * One line on standard error that changes while something is awaited. Where standard error is not a terminal it writes
 * nothing at all.
 */
export class StatusLine implements AsyncDisposable {
  readonly #terminal: Terminal;
  readonly #text: () => string;
  #timer: ReturnType<typeof setInterval> | undefined;
  #shown = "";
  #writing: Promise<void> = Promise.resolve();

  /**
   * Shows the line and keeps it up to date until disposed, which erases it.
   *
   * @param text The line now; asked every second.
   */
  constructor(terminal: Terminal, text: () => string) {
    this.#terminal = terminal;
    this.#text = text;
    if (!terminal.stderrIsTerminal) return;
    this.#show();
    this.#timer = setInterval(() => this.#show(), 1000);
  }

  #show(): void {
    // Three columns stay free: for the `^C` that a terminal shows, and because a full line may begin a new one.
    const columns = (this.#terminal.columns() ?? 80) - 3;
    const line = truncateToWidth(printable(this.#text()), columns);
    if (line === this.#shown) return;
    this.#shown = line;
    this.#write(ERASE_LINE + line);
  }

  #write(text: string): void {
    this.#writing = this.#writing.then(() => this.#terminal.stderr(text));
  }

  /** Stops and erases the line. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#write(ERASE_LINE);
    await this.#writing;
  }
}
