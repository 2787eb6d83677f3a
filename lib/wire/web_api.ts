/**
 * Bodies of the web API as its clients write and read them, with Teleport's names. What the cluster reads of them is in
 * `lib/proxy/web/requests.ts`; a test holds the two together.
 *
 * Readers are lenient as the protocol asks: fields that are not named are ignored, and `null` or an empty string, as Go
 * writes what is absent, count as absent. Every string and list is bounded.
 *
 * @module
 */

export * from "./web_api/body.ts";
export * from "./web_api/certificates.ts";
export * from "./web_api/challenge.ts";
export * from "./web_api/headless.ts";
export * from "./web_api/login.ts";
export * from "./web_api/ping.ts";
