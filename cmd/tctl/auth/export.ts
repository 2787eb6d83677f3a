import { Command, Option } from "commander";
import type { Deps } from "../../../lib/deps/mod.ts";
import {
  AUTHORITY_EXPORT_TYPES,
  type AuthorityExportType,
  authorityOfExport,
  formatAuthority,
} from "../../../lib/wire/authority_export.ts";
import type { Context } from "../context.ts";
import { addSharedFlags } from "../flags.ts";
import { runWithAdmin } from "../run_with_admin.ts";

/** What `tctl auth export` was asked. */
export interface ExportOptions {
  /** Absent for the host's and the users' keys for SSH, as in Teleport. */
  type?: AuthorityExportType;
  /** Only the key with this fingerprint, `SHA256:…`. */
  fingerprint?: string;
}

/** `tctl auth export`. */
export function exportCommand(deps: Deps): Command {
  const command = new Command("export")
    .description("Print the public keys of the cluster's certificate authorities.")
    .addOption(
      new Option("--type <type>", "Which authority, in which form").choices(AUTHORITY_EXPORT_TYPES),
    )
    .option("--fingerprint <fingerprint>", "Only the key with this fingerprint: SHA256:…")
    .action(async (options: ExportOptions) => {
      await runWithAdmin(command, deps, (context) => runExport(options, context));
    });
  return addSharedFlags(command);
}

/** Prints the authorities. */
export async function runExport(
  { type, fingerprint: wanted }: ExportOptions,
  { admin, terminal }: Context,
): Promise<void> {
  const { fingerprint, parseAuthorizedKey } = await import("../../../lib/keys/mod.ts");
  const { clusterName } = await admin.status();
  const types: AuthorityExportType[] = type === undefined ? ["host", "user"] : [type];
  let text = "";
  for (const each of types) {
    const { sshKeys, tlsCerts } = await admin.authority(authorityOfExport(each));
    text += formatAuthority(each, {
      clusterName,
      sshKeys: sshKeys.filter((key) =>
        wanted === undefined || fingerprint(parseAuthorizedKey(key)) === wanted
      ),
      tlsCerts,
    });
  }
  await terminal.stdout(text);
}
