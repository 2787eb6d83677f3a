import assert from "node:assert/strict";
import { countJunit, failedFiles } from "./junit.ts";
import { installAdvice, missingPackages, PACKAGES } from "./packages.ts";

Deno.test("countJunit() counts passes, failures and skips", () => {
  const xml = `<testsuites><testsuite>
    <testcase name="a" time="1"/>
    <testcase name="b"><failure message="x">boom</failure></testcase>
    <testcase name="c"><skipped/></testcase>
    <testcase name="d"></testcase>
  </testsuite></testsuites>`;
  assert.deepEqual(countJunit(xml), { passed: 2, failed: 1, skipped: 1 });
});

Deno.test("failedFiles() names the files in which something failed", () => {
  const suite = (name: string, body: string) =>
    `<testsuite name="${name}" tests="1">${body}</testsuite>`;
  const xml = `<testsuites name="deno test" tests="3">${
    suite("./a_test.ts", `<testcase name="a"><failure message="x">no</failure></testcase>`)
  }${suite("./b_test.ts", `<testcase name="b"></testcase>`)}</testsuites>`;
  assert.deepEqual(failedFiles(xml), ["./a_test.ts"]);
});

Deno.test("missingPackages() names what no path proves, and the advice can be typed", () => {
  const missing = missingPackages(PACKAGES, (path) => path !== "/usr/sbin/sshd");
  assert.deepEqual(missing.map((wish) => wish.name), ["openssh-server"]);
  assert.match(
    installAdvice(missing),
    /apt-get install --no-install-recommends openssh-server$/,
  );
});
