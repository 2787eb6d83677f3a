import { Fields } from "../api/fields.ts";

/** How far a request has come. */
export const STATES = ["pending", "approved", "denied", "withdrawn", "expired"] as const;

/** A headless request as its user sees it. Times are the server's, milliseconds since the Unix epoch. */
export interface HeadlessRequest {
  id: string;
  user: string;
  clusterName: string;
  clientAddress: string;
  state: typeof STATES[number];
  createdAtMs: number;
  expiresAtMs: number;
  /** When it was answered, withdrawn or expired. */
  endedAtMs?: number;
  /** Name of the key that approved it. */
  deviceName?: string;
}

/** Reads the data of a `request` event: the request, and the server's clock when it was sent. */
export function parseRequestEvent(data: string): { request: HeadlessRequest; nowMs: number } {
  const fields = new Fields(JSON.parse(data));
  return {
    nowMs: fields.time("now"),
    request: {
      id: fields.text("id"),
      user: fields.text("user"),
      clusterName: fields.text("clusterName"),
      clientAddress: fields.text("clientAddress"),
      state: fields.oneOf("state", STATES),
      createdAtMs: fields.time("createdAt"),
      expiresAtMs: fields.time("expiresAt"),
      endedAtMs: fields.optionalTime("endedAt"),
      deviceName: fields.optionalObject("device")?.text("name"),
    },
  };
}
