/**
 * What tests of headless logins share.
 *
 * @module
 */

import { type AuthCluster, settle } from "./auth_cluster.ts";

/** The one refusal. */
export const DENIED = { code: "access_denied", message: "headless authentication failed" };
/** The one answer about what one may not know. */
export const UNKNOWN = { code: "not_found", message: "requested invalid headless session" };

/** Lets the clock pass a deadline and the timer notice. */
export async function pass(cluster: AuthCluster, ms: number): Promise<void> {
  await settle();
  cluster.clock.advance(ms);
  await new Promise((resolve) => setTimeout(resolve, 150));
}

/** Keys of the headless records. */
export async function headlessItems(cluster: AuthCluster): Promise<string[]> {
  return (await cluster.backend.range("/headless/")).map(({ key }) => key);
}

/** Changes a stored record behind the service's back, as another process would. */
export async function edit(
  cluster: AuthCluster,
  key: string,
  change: Record<string, unknown>,
): Promise<void> {
  const item = await cluster.backend.get(key);
  const record = { ...JSON.parse(new TextDecoder().decode(item.value)), ...change };
  await cluster.backend.put({ key, value: new TextEncoder().encode(JSON.stringify(record)) });
}
