/**
 * What ssh itself has to say, kept apart from what the remote side writes to standard error.
 *
 * ssh writes its own messages to a log file when one is named (`-E`), and this "file" is a named pipe in the private
 * directory: nothing is stored, and each line comes as it is written. Linux with the GNU C library; elsewhere ssh's
 * messages stay on its standard error.
 *
 * @module
 */

const SYMBOLS = {
  mkfifo: { parameters: ["buffer", "u32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Longest line that is kept; the rest of a longer one is dropped. */
const MAX_LINE_LENGTH = 4096;

/** Ends the reading: ssh never logs a zero byte. */
const END = "\0";

/** A named pipe whose lines are read while others write them. */
export class LogPipe implements AsyncDisposable {
  /** Path of the pipe. */
  readonly path: string;
  readonly #done: Promise<void>;

  private constructor(path: string, done: Promise<void>) {
    this.path = path;
    this.#done = done;
  }

  /** Makes the pipe at `path` and calls `onLine` with each line; `undefined` where there are no named pipes. */
  static open(path: string, onLine: (line: string) => void): LogPipe | undefined {
    if (Deno.build.os !== "linux" || !makePipe(path)) return undefined;
    // Opened both ways, so that opening does not wait for a writer, and reading does not end with the first one.
    const file = Deno.openSync(path, { read: true, write: true });
    return new LogPipe(path, readLines(file, onLine));
  }

  /** Waits until all that was written before has been read, and stops. */
  async [Symbol.asyncDispose](): Promise<void> {
    using end = await Deno.open(this.path, { write: true });
    await end.write(new TextEncoder().encode(`\n${END}\n`));
    await this.#done;
  }
}

async function readLines(file: Deno.FsFile, onLine: (line: string) => void): Promise<void> {
  using reader = file;
  const splitter = new LineSplitter();
  const buffer = new Uint8Array(16 * 1024);
  while (true) {
    const count = await reader.read(buffer);
    if (count === null) return;
    for (const line of splitter.push(buffer.subarray(0, count))) {
      if (line === END) return;
      if (line !== "") onLine(line);
    }
  }
}

/** Cuts bytes into lines, without their ends. */
export class LineSplitter {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** Takes what has come, and gives the lines that are whole. */
  push(bytes: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop()!.slice(0, MAX_LINE_LENGTH);
    return lines.map((line) => line.replace(/\r$/, "").slice(0, MAX_LINE_LENGTH));
  }

  /** What came after the last line's end. */
  end(): string {
    const rest = this.#rest;
    this.#rest = "";
    return rest;
  }
}

function makePipe(path: string): boolean {
  try {
    const libc = Deno.dlopen("libc.so.6", SYMBOLS);
    try {
      return libc.symbols.mkfifo(new TextEncoder().encode(path + "\0"), 0o600) === 0;
    } finally {
      libc.close();
    }
  } catch {
    return false;
  }
}
