/**
 * `deno task test`: every check and every test, then one line of totals.
 *
 * `deno task check` runs the first part alone (`--checks`). Exits 0 only when nothing failed.
 *
 * @module
 */

import { countJunit, type Totals } from "./support/runner/junit.ts";
import { ensurePackages } from "./support/runner/packages.ts";

const deno = Deno.execPath();

/** One command of the check; its output is shown only when it fails. */
interface Check {
  name: string;
  args: string[];
}

async function modules(): Promise<string[]> {
  const found: string[] = [];
  for await (const room of Deno.readDir("lib")) {
    const path = `lib/${room.name}/mod.ts`;
    if (await Deno.stat(path).then(() => true, () => false)) found.push(path);
  }
  return found.sort();
}

async function checks(): Promise<Check[]> {
  return [
    { name: "fmt", args: ["fmt", "--check", "--quiet"] },
    { name: "lint", args: ["lint", "--quiet"] },
    { name: "types", args: ["check", "--quiet"] },
    { name: "doc lint", args: ["doc", "--lint", "--quiet", ...await modules()] },
    { name: "generated files are current", args: ["task", "--quiet", "generate", "--check"] },
  ];
}

async function runCheck(check: Check): Promise<boolean> {
  const started = performance.now();
  const output = await new Deno.Command(deno, {
    args: check.args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).output();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${check.name} ... ${output.success ? "ok" : "FAILED"} (${seconds} s)`);
  if (!output.success) {
    await Deno.stderr.write(output.stdout);
    await Deno.stderr.write(output.stderr);
  }
  return output.success;
}

/** Runs all tests; `filters` are files or folders, all when there are none. */
async function runTests(filters: string[]): Promise<Totals> {
  const report = await Deno.makeTempFile({ prefix: "latchkey-junit-", suffix: ".xml" });
  try {
    const status = await new Deno.Command(deno, {
      args: [
        "test",
        "-A",
        "--no-check",
        "--parallel",
        "--quiet",
        `--junit-path=${report}`,
        ...filters,
      ],
      stdin: "null",
    }).spawn().status;
    const totals = countJunit(await Deno.readTextFile(report).catch(() => ""));
    // A crash, a leak outside a test or no test at all must not pass for success.
    if (!status.success && totals.failed === 0) totals.failed++;
    if (status.success && totals.passed === 0) totals.failed++;
    return totals;
  } finally {
    await Deno.remove(report);
  }
}

async function main(args: string[]): Promise<number> {
  const checksOnly = args.includes("--checks");
  const filters = args.filter((arg) => !arg.startsWith("--"));
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  if (filters.length === 0) {
    for (const check of await checks()) totals[await runCheck(check) ? "passed" : "failed"]++;
  }
  if (!checksOnly) {
    const advice = await ensurePackages();
    if (advice !== undefined) {
      console.error(advice);
      totals.failed++;
    } else {
      const tests = await runTests(filters);
      totals.passed += tests.passed;
      totals.failed += tests.failed;
      totals.skipped += tests.skipped;
    }
  }
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : "";
  console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
  return totals.failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
