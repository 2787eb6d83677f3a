import assert from "node:assert/strict";
import { SshWorld } from "../support/ssh/world.ts";

const { login } = SshWorld;

async function sh(
  world: SshWorld,
  script: string,
  env: Record<string, string> = {},
): Promise<void> {
  const { code, stderr, stdout } = await new Deno.Command("sh", {
    args: ["-ec", script],
    cwd: world.folder,
    clearEnv: true,
    env: world.environment({ env }),
    stdin: "null",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
}

Deno.test("rsync runs over tsh ssh", async () => {
  await using world = await SshWorld.start();
  const rsh = world.command(["ssh"]).join(" ");
  await sh(
    world,
    `
    mkdir -p from/sub; echo one > from/a; echo two > "from/sub/b c"; head -c 3000000 /dev/urandom > from/data
    rsync -a -e "$RSH" from/ ${login}@server01:$PWD/there/
    diff -r from there
    echo more >> from/a
    rsync -a -e "$RSH -o Compression=yes" from/ ${login}@server01:$PWD/there/
    rsync -a -e "$RSH -l ${login}" server02:$PWD/there/ back/
    diff -r from back
    `,
    { RSH: rsh },
  );
});

Deno.test("git runs over tsh ssh", async () => {
  await using world = await SshWorld.start();
  await sh(
    world,
    `
    git init -q --bare "project one.git"
    git clone -q "${login}@server01:$PWD/project one.git" work 2>&1
    cd work; git config user.email a@example.com; git config user.name A
    echo text > file; git add file; git commit -qm first; git push -q origin HEAD
    git ls-remote "ssh://${login}@server02$OLDPWD/project%20one.git" || git ls-remote "${login}@server02:$OLDPWD/project one.git" | grep -q HEAD
    `,
    { GIT_SSH_COMMAND: world.command(["ssh"]).join(" "), HOME: world.folder },
  );
});
