/**
 * What reaches the outside: clock, randomness, environment, terminal, process.
 *
 * Code takes the narrowest slice it needs (`Pick<Deps, "clock">`), so a test can hand it another. A lint rule keeps
 * `Date.now`, `Math.random`, `Deno.env`, `Deno.exit` and the like to this folder and to tests.
 *
 * @module
 */

export * from "./deps.ts";
export { realClock, realDeps } from "./real.ts";
