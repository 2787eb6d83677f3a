/**
 * The helper as a program of its own, for `deno run`.
 *
 * @module
 */

import { realClock } from "../../deps/mod.ts";
import { runAsProgram } from "./mod.ts";

if (import.meta.main) Deno.exitCode = await runAsProgram(Deno.args, { clock: realClock });
