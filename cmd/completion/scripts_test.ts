import assert from "node:assert/strict";
import { completionScript } from "./scripts.ts";
import type { Shell } from "./commands.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

async function has(shell: Shell): Promise<boolean> {
  try {
    return (await new Deno.Command(shell, { args: ["-c", "true"] }).output()).success;
  } catch {
    return false;
  }
}

/** Runs a script in a shell that has `tsh` on its PATH and nothing of the person's settings. */
async function inShell(shell: Shell, script: string): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const quiet = `exec "${Deno.execPath()}" run --quiet --no-check --allow-all "${MAIN}" tsh "$@"`;
    await Deno.writeTextFile(`${folder}/tsh`, `#!/bin/sh\n${quiet}\n`, { mode: 0o755 });
    await Deno.writeTextFile(`${folder}/completion`, completionScript("tsh", shell));
    const noSettings =
      { bash: ["--norc", "--noprofile"], zsh: ["-f"], fish: ["--no-config"] }[shell];
    const { stdout, stderr } = await new Deno.Command(shell, {
      args: [
        ...noSettings,
        "-c",
        `${shell === "fish" ? "source" : "."} ${folder}/completion\n${script}`,
      ],
      env: { PATH: `${folder}:${Deno.env.get("PATH")}`, HOME: folder },
      stdin: "null",
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "");
    return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** How each shell is asked for what it would offer. */
const ASK: Record<Shell, (...words: string[]) => string> = {
  bash: (...words) =>
    `COMP_WORDS=(tsh ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; ` +
    `_tsh_complete; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // Outside its line editor zsh offers to nobody, so the last step is listened to.
  zsh: (...words) =>
    `compadd() { print -l -- $words_found }; _files() { }; ` +
    `words=(tsh ${words.map((word) => `'${word}'`).join(" ")}); CURRENT=${words.length + 1}; ` +
    `_tsh_complete`,
  fish: (...words) => `complete -C "tsh ${words.join(" ")}" | string split --fields 1 \\t`,
};

for (const shell of ["bash", "zsh", "fish"] as const) {
  const ignore = !await has(shell);

  Deno.test({
    name: `the script for ${shell} offers commands, flags and values`,
    ignore,
    async fn() {
      assert.deepEqual(await inShell(shell, ASK[shell]("vers")), ["version"]);
      assert.deepEqual(await inShell(shell, ASK[shell]("ls", "--form")), ["--format"]);
      assert.deepEqual(await inShell(shell, ASK[shell]("ls", "--format", "j")), ["json"]);
    },
  });

  Deno.test({
    name: `the script for ${shell} runs nothing of what is typed`,
    ignore,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        const evil = `$(touch ${folder}/here)`;
        const asked = shell === "fish"
          ? `complete -C 'tsh ls ${evil} --form'`
          : ASK[shell]("ls", evil, "--form");
        await inShell(shell, asked);
        assert.deepEqual(Array.from(Deno.readDirSync(folder)), []);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
