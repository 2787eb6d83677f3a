/** How many test cases a JUnit report holds, by outcome. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** The test files of a report in which something failed. */
export function failedFiles(xml: string): string[] {
  const suites = xml.matchAll(/<testsuite\b[^>]*\bname="([^"]*)"[^>]*>([\s\S]*?)<\/testsuite>/g);
  return [...suites].filter((suite) => countJunit(suite[2]!).failed > 0).map((suite) => suite[1]!);
}

/** Counts the cases of a JUnit report as `deno test --junit-path` writes it: a file, so nothing here is hostile. */
export function countJunit(xml: string): Totals {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  for (const match of xml.matchAll(/<testcase\b[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const body = match[1] ?? "";
    if (/<(failure|error)\b/.test(body)) totals.failed++;
    else if (/<skipped\b/.test(body)) totals.skipped++;
    else totals.passed++;
  }
  return totals;
}
