import { z } from "zod";

/** A token bucket: `burst` at once, and one more every `refill_ms`. */
export interface RateConfig {
  /** How many at once. */
  burst: number;
  /** Milliseconds after which one more is allowed. */
  refill_ms: number;
}

/** Limits of the auth service that are token buckets. Not in Teleport's file. */
export type AuthRateName =
  | "sign_in_per_address"
  | "sign_in_per_name_and_address"
  | "sign_in_per_name"
  | "passwordless_total"
  | "invitation_per_address"
  | "headless_per_address"
  | "headless_per_name_and_address"
  | "headless_per_name"
  | "headless_looks_per_user"
  | "challenges_per_user";

/** Limits of the auth service on things at the same time. Not in Teleport's file. */
export type AuthCountName =
  | "waiting_per_address"
  | "waiting_per_name"
  | "waiting_total"
  | "headless_records_per_user"
  | "known_addresses_per_user"
  | "sessions_per_user"
  | "rate_limit_entries"
  | "password_concurrency"
  | "password_queue";

/** What differs from the limits of the auth service. */
export type AuthLimitsConfig =
  & { [K in AuthRateName]?: RateConfig }
  & { [K in AuthCountName]?: number };

/** What differs from the limits of the proxy. Not in Teleport's file. */
export interface ProxyLimitsConfig {
  /** Connections at the same time. */
  connections?: number;
  /** Connections at the same time from one address. */
  connections_per_address?: number;
}

const count = z.int({ error: "expected a whole number" }).min(1, { error: "expected at least 1" })
  .max(10_000_000, { error: "expected at most 10000000" });
const section = { error: "expected a mapping" };
const rate: z.ZodType<RateConfig> = z.object({ burst: count, refill_ms: count }, {
  error: "expected a mapping with burst and refill_ms",
});

/** What `auth_service.limits` must look like. Names are those of the auth service, with underscores. */
export const authLimits: z.ZodType<AuthLimitsConfig> = z.object(
  {
    sign_in_per_address: rate.optional(),
    sign_in_per_name_and_address: rate.optional(),
    sign_in_per_name: rate.optional(),
    passwordless_total: rate.optional(),
    invitation_per_address: rate.optional(),
    headless_per_address: rate.optional(),
    headless_per_name_and_address: rate.optional(),
    headless_per_name: rate.optional(),
    headless_looks_per_user: rate.optional(),
    challenges_per_user: rate.optional(),
    waiting_per_address: count.optional(),
    waiting_per_name: count.optional(),
    waiting_total: count.optional(),
    headless_records_per_user: count.optional(),
    known_addresses_per_user: count.optional(),
    sessions_per_user: count.optional(),
    rate_limit_entries: count.optional(),
    password_concurrency: count.optional(),
    password_queue: count.optional(),
  } satisfies Record<AuthRateName | AuthCountName, z.ZodType>,
  section,
);

/** What `proxy_service.limits` must look like. */
export const proxyLimits: z.ZodType<ProxyLimitsConfig> = z.object(
  { connections: count.optional(), connections_per_address: count.optional() },
  section,
);
