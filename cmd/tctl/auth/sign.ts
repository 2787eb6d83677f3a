import { Command, Option } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import { messageOf, ToolError } from "../../../lib/errors/mod.ts";
import { printable } from "../../../lib/terminal/mod.ts";
import { parseDuration } from "../../duration.ts";
import type { Context } from "../context.ts";
import { addSharedFlags } from "../flags.ts";
import { collectWords } from "../lists.ts";
import { runWithAdmin } from "../run_with_admin.ts";

/** What `tctl auth sign` was asked. */
export interface SignOptions {
  /** Names and addresses of the host. */
  hosts: string[];
  /** Path of the private key; the certificate is put beside it, with `-cert.pub` behind its name. */
  out: string;
  /** Absent for a certificate that does not expire. */
  ttlMs?: number;
  overwrite: boolean;
}

/** `tctl auth sign`. */
export function signCommand(deps: Deps): Command {
  const command = new Command("sign")
    .description(
      "Make a host key with a certificate of the cluster, for a machine with its own sshd.",
    )
    .addOption(
      new Option("--host <names>", "Names and addresses of the host, between commas")
        .argParser(collectWords).makeOptionMandatory(),
    )
    .addOption(
      new Option("--format <format>", "Format of the files").choices(["openssh"])
        .makeOptionMandatory(),
    )
    .requiredOption("-o, --out <file>", "Path of the private key")
    .addOption(
      new Option("--ttl <duration>", "Life of the certificate; without it, it does not expire")
        .argParser(parseDuration),
    )
    .option("--overwrite", "Overwrite files that exist")
    .action(
      async (
        given: { host: string[]; out: string; ttl?: number; overwrite?: true },
      ) => {
        const { host: hosts, out, ttl, overwrite = false } = given;
        const options = { hosts, out, overwrite, ...(ttl !== undefined && { ttlMs: ttl }) };
        await runWithAdmin(command, deps, (context) => runSign(options, context));
      },
    );
  return addSharedFlags(command);
}

/** Makes the key, has it certified, and writes both. */
export async function runSign(
  { hosts, out, ttlMs, overwrite }: SignOptions,
  { admin, terminal }: Context,
): Promise<void> {
  const certificateFile = `${out}-cert.pub`;
  if (!overwrite) { for (const path of [out, certificateFile]) await refuseExisting(path); }
  const { generateKeyPair, openSshPrivateKey } = await import("../../../lib/keys/mod.ts");
  const { privateKeyPem, sshPublicKey } = generateKeyPair();
  const certificate = await admin.certifyHost({
    sshPublicKey,
    principals: hosts,
    ...(ttlMs !== undefined && { ttlMs }),
  });
  await write(out, openSshPrivateKey(privateKeyPem), 0o600);
  await write(certificateFile, `${certificate}\n`, 0o644);
  await terminal.stdout(
    `\nThe credentials have been written to ${printable(`${out}, ${certificateFile}`)}\n`,
  );
}

async function refuseExisting(path: string): Promise<void> {
  if (!await Deno.lstat(path).then(() => true, () => false)) return;
  throw new ToolError("already_exists", `${path} exists already`, {
    hint: "Name another file with --out, or replace it with --overwrite.",
  });
}

/** In one step, and never through a link that lies there. */
async function write(path: string, text: string, mode: number): Promise<void> {
  try {
    const temporary = `${path}.new`;
    await Deno.remove(temporary).catch(() => {});
    await Deno.writeTextFile(temporary, text, { mode, createNew: true });
    await Deno.rename(temporary, path);
  } catch (cause) {
    throw new ToolError("bad_parameter", `cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}
