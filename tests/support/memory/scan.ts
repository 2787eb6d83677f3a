/**
 * Looks through the memory of another process, as root or as its own user: every mapping, every page that holds something.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** One mapping of a process (proc_pid_smaps(5)). */
export interface Mapping {
  start: number;
  end: number;
  /** As `rw-p`. */
  access: string;
  /** File, or `[heap]` and the like; empty for anonymous memory. */
  name: string;
  residentBytes: number;
  /** VmFlags: `lo` locked, `dd` not in core dumps, `wf` wiped in a child. */
  flags: ReadonlySet<string>;
}

/** Where something was found. */
export interface Found {
  /** Name of the needle. */
  needle: string;
  address: number;
  mapping: Mapping;
}

const PAGE_BYTES = 4096;
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Bit of a pagemap entry: the page is in memory (proc_pid_pagemap(5)). */
const PRESENT = 1n << 63n;

/** The mappings of a process. */
export function mappingsOf(pid: number): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of Deno.readTextFileSync(`/proc/${pid}/smaps`).split("\n")) {
    const header = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)$/.exec(line);
    if (header !== null) {
      const [, start, end, access, name] = header;
      mappings.push({
        start: parseInt(start!, 16),
        end: parseInt(end!, 16),
        access: access!,
        name: name!,
        residentBytes: 0,
        flags: new Set(),
      });
      continue;
    }
    const mapping = mappings.at(-1);
    if (mapping === undefined) continue;
    if (line.startsWith("Rss:")) mapping.residentBytes = Number(/\d+/.exec(line)![0]) * 1024;
    if (line.startsWith("VmFlags:")) mapping.flags = new Set(line.slice(8).trim().split(/\s+/));
  }
  return mappings;
}

/**
 * Finds byte strings in a process.
 *
 * @param needles Name → bytes.
 * @throws {Deno.errors.PermissionDenied} When the kernel lets nobody look.
 */
export function scanProcess(pid: number, needles: Readonly<Record<string, Uint8Array>>): Found[] {
  using memory = Deno.openSync(`/proc/${pid}/mem`);
  using pagemap = Deno.openSync(`/proc/${pid}/pagemap`);
  const longest = Math.max(...Object.values(needles).map((needle) => needle.length));
  const found: Found[] = [];
  for (const mapping of mappingsOf(pid)) {
    if (!mapping.access.startsWith("r") || mapping.residentBytes === 0) continue;
    for (const [start, end] of presentRanges(pagemap, mapping)) {
      for (let at = start; at < end; at += CHUNK_BYTES) {
        const bytes = readAt(memory, at, Math.min(CHUNK_BYTES + longest - 1, end - at));
        for (const [needle, wanted] of Object.entries(needles)) {
          let index = bytes.indexOf(wanted);
          for (; index >= 0 && index < CHUNK_BYTES; index = bytes.indexOf(wanted, index + 1)) {
            found.push({ needle, address: at + index, mapping });
          }
        }
      }
    }
  }
  return found;
}

/** Bytes of a process at an address; fewer where the memory ends. */
export function readMemory(pid: number, address: number, length: number): Uint8Array {
  using memory = Deno.openSync(`/proc/${pid}/mem`);
  return readAt(memory, address, length);
}

function readAt(memory: Deno.FsFile, address: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  memory.seekSync(address, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < length) {
    let count: number | null;
    try {
      count = memory.readSync(bytes.subarray(filled));
    } catch {
      break; // unmapped meanwhile
    }
    if (count === null || count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

/** Runs of pages that hold something; the rest would read as zeros, and there are gigabytes of it. */
function* presentRanges(
  pagemap: Deno.FsFile,
  { start, end }: Mapping,
): Generator<[start: number, end: number]> {
  const entriesAtOnce = 1 << 16;
  let runStart: number | undefined;
  for (let at = start; at < end; at += entriesAtOnce * PAGE_BYTES) {
    const count = Math.min(entriesAtOnce, (end - at) / PAGE_BYTES);
    const bytes = new Uint8Array(count * 8);
    pagemap.seekSync((at / PAGE_BYTES) * 8, Deno.SeekMode.Start);
    const read = pagemap.readSync(bytes) ?? 0;
    const entries = new BigUint64Array(bytes.buffer, 0, Math.floor(read / 8));
    for (const [index, entry] of entries.entries()) {
      const page = at + index * PAGE_BYTES;
      if ((entry & PRESENT) !== 0n) runStart ??= page;
      else if (runStart !== undefined) {
        yield [runStart, page];
        runStart = undefined;
      }
    }
  }
  if (runStart !== undefined) yield [runStart, end];
}
