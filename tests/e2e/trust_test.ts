import assert from "node:assert/strict";
import { freePort, runTool } from "../support/processes.ts";

const ls = () => ["ls", "--headless", `--proxy=localhost:${freePort()}`, "--user=alice"];

Deno.test.each([
  ["SSL_CERT_FILE", "/nonexistent/ca.pem"],
  ["SSL_CERT_FILE", "/"],
  ["SSL_CERT_DIR", "/nonexistent"],
])("tsh says which authorities it cannot read when %s is %s", async (name, value) => {
  const { code, stdout, stderr } = await runTool("tsh", ls(), {
    env: { SSL_CERT_FILE: "", SSL_CERT_DIR: "", [name]: value },
  });
  assert.equal(stdout, "");
  assert.ok(stderr.startsWith("ERROR: "), stderr);
  assert.doesNotMatch(stderr, /defect|internal/);
  assert.equal(code, 1);
  if (name === "SSL_CERT_FILE") {
    assert.match(stderr, new RegExp(`^ERROR: cannot read SSL_CERT_FILE \\(${value}\\)\n`));
  }
});

Deno.test("an empty SSL_CERT_FILE counts as unset", async () => {
  const env = { SSL_CERT_FILE: "", SSL_CERT_DIR: "" };
  const { code, stderr } = await runTool("tsh", ls(), { env });
  assert.match(stderr, /^ERROR: nothing listens at localhost:/);
  assert.equal(code, 1);
});
