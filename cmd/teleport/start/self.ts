import type { Caller } from "../../../lib/auth/mod.ts";

/** This process, which needs no certificate to speak to its own auth service. */
export const SELF: Caller = { kind: "admin", client: { address: "127.0.0.1" } };
