import { getLogger } from "@logtape/logtape";
import { messageOf } from "../../errors/mod.ts";

const log = getLogger(["latchkey", "auth", "audit"]);

/** Lines that are written at once; so many fit into any file that is worth keeping. */
const LINES_AT_ONCE = 256;

/** A file that lines are appended to (mode 0600). When it has its size it is renamed and a new one begun. */
export class RotatingFile {
  readonly #pathOf: (index: number) => string;
  readonly #fileBytes: number;
  readonly #files: number;
  #file: Deno.FsFile;
  #size: number;

  private constructor(
    pathOf: (index: number) => string,
    { fileBytes, files, file, size }: {
      fileBytes: number;
      files: number;
      file: Deno.FsFile;
      size: number;
    },
  ) {
    this.#pathOf = pathOf;
    this.#fileBytes = fileBytes;
    this.#files = files;
    this.#file = file;
    this.#size = size;
  }

  /** Opens the file `pathOf(0)`, making it when it is missing; those before it become `pathOf(1)` and so on. */
  static async open(
    pathOf: (index: number) => string,
    limits: { fileBytes: number; files: number },
  ): Promise<RotatingFile> {
    const file = await openToAppend(pathOf(0));
    const { size } = await file.stat();
    return new RotatingFile(pathOf, { ...limits, file, size });
  }

  /** Appends lines, each whole in one file. Wait for the end before calling it again. */
  async write(lines: readonly string[]): Promise<void> {
    for (let start = 0; start < lines.length; start += LINES_AT_ONCE) {
      const text = lines.slice(start, start + LINES_AT_ONCE).join("");
      let bytes = new TextEncoder().encode(text);
      if (this.#size > 0 && this.#size + bytes.length > this.#fileBytes) await this.#rotate();
      while (bytes.length > 0) {
        const written = await this.#file.write(bytes);
        this.#size += written;
        bytes = bytes.subarray(written);
      }
    }
  }

  /** Lets go of the file. */
  close(): void {
    this.#file.close();
  }

  /** Begins a new file; goes on with the old one where that cannot be done, which beats losing what is to be written. */
  async #rotate(): Promise<void> {
    let next: Deno.FsFile | undefined;
    try {
      for (let index = this.#files - 1; index > 0; index--) await this.#shift(index);
      if (this.#files === 1) await Deno.remove(this.#pathOf(0));
      next = await openToAppend(this.#pathOf(0));
    } catch (error) {
      log.error("audit log cannot begin a new file: {reason}", { reason: messageOf(error) });
    }
    // Not tried again before as much again was written: what fails now would fail with each event.
    this.#size = 0;
    if (next === undefined) return;
    this.#file.close();
    this.#file = next;
  }

  /** Makes the file before that of `index` the one of `index`, in place of what was there. */
  async #shift(index: number): Promise<void> {
    try {
      await Deno.rename(this.#pathOf(index - 1), this.#pathOf(index));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

async function openToAppend(path: string): Promise<Deno.FsFile> {
  return await Deno.open(path, { append: true, create: true, mode: 0o600 });
}
