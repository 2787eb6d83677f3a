import { z } from "zod";
import type { Backend } from "../../backend/mod.ts";
import type { HeadlessRequest, HeadlessState } from "../auth.ts";
import { Records } from "../records.ts";

/** The mark that somebody signed in looks at (or for) a request; the waiting command puts its details in its place. */
interface Stub {
  state: "stub";
}

/** A request that was looked at, as stored. */
export interface RequestRecord {
  state: HeadlessState;
  sshPublicKey: string;
  clientAddress: string;
  createdAtMs: number;
  expiresAtMs: number;
  endedAtMs?: number | undefined;
  device?: { id: string; name: string } | undefined;
  /** The user's epoch at the approval: a reset since then takes the approval back. */
  epoch?: string | undefined;
  /** Set by the waiting command when it takes the approval: from then on the certificate counts as issued. */
  claimed: boolean;
  /** The process that the command waits in. */
  owner: { host: string; instance: string };
  /** The waiting command: two that wait with one id differ in this. */
  waiter: string;
}

/** What is stored of a headless request. */
export type HeadlessRecord = Stub | RequestRecord;

const recordSchema: z.ZodType<HeadlessRecord> = z.discriminatedUnion("state", [
  z.object({ state: z.literal("stub") }),
  z.object({
    state: z.enum(["pending", "approved", "denied", "withdrawn", "expired"]),
    sshPublicKey: z.string(),
    clientAddress: z.string(),
    createdAtMs: z.number(),
    expiresAtMs: z.number(),
    endedAtMs: z.number().optional(),
    device: z.object({ id: z.string(), name: z.string() }).optional(),
    epoch: z.string().optional(),
    claimed: z.boolean(),
    owner: z.object({ host: z.string(), instance: z.string() }),
    waiter: z.string(),
  }),
]);

/** Headless requests in `backend`. */
export function headlessRecords(backend: Backend): Records<HeadlessRecord> {
  return new Records(backend, "headless request", recordSchema);
}

/** Whether nothing can change any more. */
export function isFinal(state: HeadlessState): boolean {
  return state !== "pending";
}

/** The request as people see it: one that nobody ended in time has expired. */
export function presentRequest(
  id: string,
  user: string,
  record: RequestRecord,
  nowMs: number,
): HeadlessRequest {
  const { sshPublicKey, clientAddress, createdAtMs, expiresAtMs, endedAtMs, device } = record;
  const overdue = record.state === "pending" && nowMs >= expiresAtMs;
  const end = overdue ? expiresAtMs : endedAtMs;
  return {
    id,
    user,
    sshPublicKey,
    clientAddress,
    state: overdue ? "expired" : record.state,
    createdAtMs,
    expiresAtMs,
    ...(end !== undefined && { endedAtMs: end }),
    ...(device && { device }),
  };
}
