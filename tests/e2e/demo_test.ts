import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs the demo of a checkout as CI does: no terminal, a temporary directory of its own. */
async function runDemo(
  checkout: string,
): Promise<{ code: number; stdout: string; stderr: string; left: string[] }> {
  const temp = await Deno.makeTempDir({ prefix: "latchkey-demo-" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "demo"],
      cwd: checkout,
      env: { CI: "true", TMPDIR: temp, NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const left = [...Deno.readDirSync(temp)].map((entry) => entry.name);
    return {
      code,
      stdout: new TextDecoder().decode(stdout),
      stderr: new TextDecoder().decode(stderr),
      left,
    };
  } finally {
    await Deno.remove(temp, { recursive: true });
  }
}

/** Processes whose command line names `text`. */
function processesNaming(text: string): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    try {
      const line = Deno.readTextFileSync(`/proc/${entry.name}/cmdline`).replaceAll("\0", " ");
      if (line.includes(text)) found.push(line);
    } catch { /* it has ended */ }
  }
  return found;
}

/** Copies what the program is made of into `folder`. */
async function copyCheckout(folder: string): Promise<void> {
  const { success } = await new Deno.Command("cp", {
    args: ["-r", "main.ts", "deno.json", "deno.lock", "cmd", "lib", "ui", "tests", folder],
    cwd: root,
  }).output();
  assert.ok(success);
}

Deno.test("the demo ends by itself with the table, says who played alice, and leaves nothing", async () => {
  const { code, stdout, stderr, left } = await runDemo(root);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /software key/);
  assert.match(stdout, /A forged signature was refused/);
  assert.match(stdout, /^Node Name Address +Labels/m);
  assert.match(stdout, /^server01 /m);
  assert.deepEqual(left, []);
  assert.deepEqual(processesNaming("latchkey-demo-"), []);
});

Deno.test("the demo fails when the server stops verifying signatures", async () => {
  const folder = await Deno.makeTempDir({ prefix: "latchkey-patched-" });
  try {
    await copyCheckout(folder);
    // The cryptography is the library's; here is one that is content with every signature.
    const config = JSON.parse(await Deno.readTextFile(`${folder}/deno.json`));
    const library = config.imports["@simplewebauthn/server"];
    await Deno.writeTextFile(
      `${folder}/gullible.ts`,
      `export * from "${library}";
import { verifyAuthenticationResponse as verify } from "${library}";
export const verifyAuthenticationResponse = async (options: Parameters<typeof verify>[0]) => ({
  ...await verify(options),
  verified: true,
});
`,
    );
    config.imports["@simplewebauthn/server"] = "./gullible.ts";
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
    const { code, stderr } = await runDemo(folder);
    assert.equal(code, 1);
    assert.match(stderr, /The demo failed: the cluster accepted a forged signature/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
