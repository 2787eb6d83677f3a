/**
 * `deno task compile [--target TRIPLE|all] [--output DIR]`: the single binary.
 *
 * The binary is `tsh`; under the name `tctl` or `teleport` (a link or a copy) it is that tool. Deno takes the runtime it
 * appends the program to from its own download host; `DENORT_BIN` names one that is here already.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { versionLine } from "../version.ts";
import { HELPER_MODULES, TOOL_MODULES } from "../which_tool.ts";

/** What `deno compile` can build for. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** A runtime that is here already. */
const named = Deno.env.get("DENORT_BIN") || undefined;

/** One binary to make. */
export interface CompilePlan {
  target: string;
  output: string;
}

/**
 * What to build for these arguments.
 *
 * @throws Error when the target is not one of {@linkcode TARGETS} or `all`.
 */
export function planCompile(args: string[], host: string): CompilePlan[] {
  const { values } = parseArgs({
    args,
    options: {
      target: { type: "string", default: host },
      output: { type: "string", default: "dist" },
    },
  });
  const wanted = values.target === "all" ? [...TARGETS] : [values.target];
  return wanted.map((target) => {
    if (!TARGETS.some((known) => known === target)) {
      throw new Error(`unknown target "${target}"; expected one of ${TARGETS.join(", ")} or all`);
    }
    const suffix = target.includes("windows") ? ".exe" : "";
    return { target, output: `${values.output}/${target}/tsh${suffix}` };
  });
}

/** What to tell a person when the runtime for `target` could not be had. */
export function missingRuntimeAdvice(target: string): string {
  return `Deno's runtime (denort ${Deno.version.deno}) for ${target} is missing: it is neither in Deno's cache nor\n` +
    `could it be downloaded. Either run this once where Deno's download host can be reached, or fetch\n` +
    `denort-${target}.zip of that release elsewhere, unpack it, and name it:\n` +
    `  DENORT_BIN=/path/to/denort deno task compile --target ${target}`;
}

async function compile(plan: CompilePlan): Promise<boolean> {
  const scratch = await Deno.makeTempDir({ prefix: "latchkey-compile-" });
  try {
    const name = plan.output.split("/").at(-1)!;
    const output = await new Deno.Command(Deno.execPath(), {
      args: [
        "compile",
        "--quiet",
        "--allow-all",
        "--no-check",
        `--target=${plan.target}`,
        `--output=${scratch}/${name}`,
        ...[...Object.values(TOOL_MODULES), ...Object.values(HELPER_MODULES)]
          .map((module) => `--include=${module}`),
        "main.ts",
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).output();
    if (!output.success) {
      const stderr = new TextDecoder().decode(output.stderr);
      console.error(stderr.split("\nStack backtrace")[0]!.trimEnd());
      if (named === undefined && /denort|dns error|error sending request/i.test(stderr)) {
        console.error(missingRuntimeAdvice(plan.target));
      }
      return false;
    }
    if (plan.target === Deno.build.target && !await runs(`${scratch}/${name}`)) {
      const runtime = named === undefined ? "the runtime" : `DENORT_BIN (${named})`;
      console.error(
        `ERROR: the binary does not run: ${runtime} is not denort ${Deno.version.deno}`,
      );
      return false;
    }
    const folder = plan.output.slice(0, plan.output.lastIndexOf("/"));
    await Deno.mkdir(folder, { recursive: true });
    await Deno.copyFile(`${scratch}/${name}`, plan.output);
    console.log(`${plan.output} (link or copy it as tctl and teleport)`);
    return true;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Whether a binary for this machine is the program: another runtime makes a file that is something else. */
async function runs(binary: string): Promise<boolean> {
  const command = new Deno.Command(binary, { args: ["version"], stdin: "null" });
  const { success, stdout } = await command.output();
  return success && new TextDecoder().decode(stdout) === versionLine();
}

async function main(): Promise<number> {
  let plans: CompilePlan[];
  try {
    plans = planCompile(Deno.args, Deno.build.target);
    if (named !== undefined && plans.length > 1) {
      throw new Error("DENORT_BIN is the runtime of one target; name that with --target");
    }
    if (named !== undefined && !await Deno.stat(named).then((file) => file.isFile, () => false)) {
      throw new Error(`DENORT_BIN names ${named}, which is not a file`);
    }
  } catch (error) {
    console.error(`ERROR: ${error instanceof Error ? error.message : error}`);
    return 2;
  }
  let failed = 0;
  for (const plan of plans) if (!await compile(plan)) failed++;
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
