import { getLogger } from "@logtape/logtape";
import type { Deps } from "../../deps/mod.ts";
import { messageOf } from "../../errors/mod.ts";
import { AUDIT_FILE_BYTES, AUDIT_FILES } from "../limits.ts";
import { AUDIT_EVENTS, type AuditDetails, type AuditKind } from "./events.ts";
import { RotatingFile } from "./rotating_file.ts";

const log = getLogger(["latchkey", "auth", "audit"]);

/** Events that wait for the disk; more are counted and dropped, so that a full disk does not become full memory. */
const MAX_WAITING = 10_000;

/** Longest text from outside that is kept (user agents, names that strangers typed). */
const MAX_TEXT_LENGTH = 256;

/** When the log begins a new file, and how many files it keeps. */
export interface AuditRotation {
  /** Size of a file at which a new one is begun, in bytes. */
  fileBytes: number;
  /** Files that are kept, the one that is written included; at least 1. */
  files: number;
}

/**
 * The audit log: JSON lines in `<data directory>/log/events.jsonl` (mode 0600), appended. Strangers cause events, so it is
 * bounded: what would grow past 32 MiB becomes `events.1.jsonl`, that one `events.2.jsonl`, and so on; of ten files
 * the oldest goes. Whoever wants to keep more copies those files away.
 *
 * `emit` only puts the line into a queue; one write is under way at a time and takes all that waits, so no login waits for
 * the disk and lines are never mixed. `close` writes what is left.
 */
export class AuditLog implements AsyncDisposable {
  readonly #files: RotatingFile;
  readonly #clusterName: string;
  readonly #deps: Pick<Deps, "clock" | "random">;
  #waiting: string[] = [];
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #closed = false;

  private constructor(
    files: RotatingFile,
    clusterName: string,
    deps: Pick<Deps, "clock" | "random">,
  ) {
    this.#files = files;
    this.#clusterName = clusterName;
    this.#deps = deps;
  }

  /** Opens the log below `dataDir`, making it (mode 0600, its directory 0700) when it is missing. */
  static async open(
    dataDir: string,
    clusterName: string,
    deps: Pick<Deps, "clock" | "random">,
    rotation: AuditRotation = { fileBytes: AUDIT_FILE_BYTES, files: AUDIT_FILES },
  ): Promise<AuditLog> {
    await Deno.mkdir(`${dataDir}/log`, { recursive: true, mode: 0o700 });
    const files = await RotatingFile.open(
      (index) => `${dataDir}/log/events${index === 0 ? "" : `.${index}`}.jsonl`,
      rotation,
    );
    return new AuditLog(files, clusterName, deps);
  }

  /** Records an event. Never throws and never waits. */
  emit(kind: AuditKind, details: AuditDetails): void {
    if (this.#closed) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(this.#line(kind, details));
    this.#writing ??= this.#write();
  }

  /** Resolves when all that was recorded before is on its way to the disk. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Writes what is left and lets go of the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.flush();
    this.#files.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #write(): Promise<void> {
    try {
      // First to the end of the event loop's turn: what happens together is written together.
      await Promise.resolve();
      while (this.#waiting.length > 0) {
        const lines = this.#waiting;
        this.#waiting = [];
        await this.#files.write(lines);
        if (this.#dropped > 0) {
          log.error("{count} audit events were dropped: the log could not be written fast enough", {
            count: this.#dropped,
          });
          this.#dropped = 0;
        }
      }
    } catch (error) {
      log.error("audit log cannot be written: {reason}", { reason: messageOf(error) });
    } finally {
      this.#writing = undefined;
    }
  }

  #line(kind: AuditKind, details: AuditDetails): string {
    const [event, code] = AUDIT_EVENTS[kind];
    const { device, address, userAgent, requestId, actor, expiresAtMs, ...rest } = details;
    const fields = {
      event,
      code,
      uid: this.#deps.random.uuid(),
      time: new Date(this.#deps.clock.now()).toISOString(),
      cluster_name: this.#clusterName,
      ...rest,
      "addr.remote": address,
      user_agent: userAgent,
      headless_authentication_id: requestId,
      updated_by: actor,
      expires: expiresAtMs === undefined ? undefined : new Date(expiresAtMs).toISOString(),
      mfa_device: device && {
        mfa_device_name: device.name,
        mfa_device_uuid: device.id,
        mfa_device_type: device.kind === "webauthn" ? "WebAuthn" : "U2F",
      },
    };
    return JSON.stringify(
      fields,
      (_, value) =>
        typeof value === "string" && value.length > MAX_TEXT_LENGTH
          ? value.slice(0, MAX_TEXT_LENGTH) + "…"
          : value,
    ) + "\n";
  }
}
