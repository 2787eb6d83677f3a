import assert from "node:assert/strict";
import { NodeDirectory } from "./directory.ts";

const ignore = Deno.build.os === "windows" || Deno.uid() !== 0;
/** Who owns nothing else here. */
const STRANGER = 65534;

/** In a directory of root's, itself in a sticky one when that is how temporary files are kept. */
async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "latchkey-safe-" }));
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Opening `path` is refused because of `at`, and nothing is made. */
async function refused(path: string, at: string, mode: string, uid = 0): Promise<void> {
  const before = await Deno.stat(path).catch(() => undefined);
  await assert.rejects(NodeDirectory.open(path), (error: Error & { code?: string }) => {
    assert.equal(error.code, "access_denied");
    assert.ok(
      error.message.includes(`: ${at} belongs to uid ${uid} with mode ${mode},`),
      error.message,
    );
    return true;
  });
  assert.equal((await Deno.stat(path).catch(() => undefined))?.mode, before?.mode);
}

Deno.test({
  name: "a node's directory is refused below one of another user, whatever its own owner",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const above = `${folder}/above`;
      await Deno.mkdir(`${above}/between/node`, { recursive: true, mode: 0o755 });
      await NodeDirectory.open(`${above}/between/node`);
      await Deno.chown(above, STRANGER, STRANGER);
      await refused(`${above}/between/node`, above, "0755", STRANGER);
      await refused(`${above}/missing/node`, above, "0755", STRANGER);
      await Deno.chmod(above, 0o1777);
      await refused(`${above}/between/node`, above, "1777", STRANGER);
    }),
});

Deno.test({
  name:
    "a node's directory is refused where a group or others can write, unless files there are safe",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const above = `${folder}/above`;
      await Deno.mkdir(above);
      for (const mode of [0o775, 0o757]) {
        await Deno.chmod(above, mode);
        await refused(`${above}/node`, above, mode.toString(8).padStart(4, "0"));
      }
      await Deno.chmod(above, 0o1777);
      await NodeDirectory.open(`${above}/node`);
      await NodeDirectory.open(`${above}/node`);
      // Others could have put files into a sticky directory itself, or made the one that lies in it.
      await refused(above, above, "1777");
      await Deno.chown(`${above}/node`, STRANGER, STRANGER);
      await refused(`${above}/node`, `${above}/node`, "0700", STRANGER);
    }),
});

Deno.test({
  name: "a link on the way is followed when it, and all that it leads through, is root's",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const theirs = `${folder}/theirs`;
      await Deno.mkdir(`${folder}/ours`, { mode: 0o755 });
      await Deno.mkdir(`${theirs}/deep`, { recursive: true, mode: 0o755 });
      await Deno.symlink("ours/../ours", `${folder}/link`);
      await Deno.symlink(`${folder}/ours`, `${theirs}/link`);
      await Deno.symlink("theirs/deep", `${folder}/down`);
      await NodeDirectory.open(`${folder}/link/node`);
      await NodeDirectory.open(`${theirs}/link/node`);
      await NodeDirectory.open(`${folder}/down/node`);

      await Deno.chown(theirs, STRANGER, STRANGER);
      await refused(`${theirs}/link/node`, theirs, "0755", STRANGER);
      await refused(`${folder}/down/node`, theirs, "0755", STRANGER);
      await new Deno.Command("chown", { args: ["-h", `${STRANGER}`, `${folder}/link`] }).output();
      await refused(`${folder}/link/node`, `${folder}/link`, "0777", STRANGER);

      await Deno.symlink("round", `${folder}/round`);
      await assert.rejects(NodeDirectory.open(`${folder}/round/node`), {
        code: "bad_parameter",
        message: /^too many symbolic links in /,
      });
    }),
});
