/**
 * The helper as a program of its own, for `deno run`.
 *
 * @module
 */

import { runAsProgram } from "./mod.ts";

if (import.meta.main) await runAsProgram(Deno.args);
