import type { Cluster } from "../../../tests/support/cluster.ts";
import type { Running } from "../../../tests/support/processes.ts";

/** A `tsh ls --headless` that waits for approval. */
export interface WaitingCommand {
  tsh: Running;
  /** The link it printed. */
  link: string;
  /** Id of the request, the link's last part. */
  id: string;
}

/** Starts `tsh ls --headless` for alice and waits until it has printed its link. */
export async function startWaitingCommand(cluster: Cluster): Promise<WaitingCommand> {
  const args = ["ls", "--headless", `--proxy=${cluster.proxy}`, "--user=alice"];
  console.log(`$ tsh ${args.join(" ")}`);
  const tsh = cluster.tsh(args);
  const [link, id] = await tsh.waitFor(/https:\/\/\S+\/web\/headless\/([0-9a-f-]{36})/);
  console.log(tsh.stderr.trimEnd());
  return { tsh, link, id: id! };
}

/** Waits for the table and prints it. Throws when the command fails or shows no server. */
export async function showTable(command: WaitingCommand): Promise<void> {
  const { code, stdout, stderr } = await command.tsh.finished();
  if (code !== 0) throw new Error(`tsh ls ended with ${code}: ${stderr.trim()}`);
  if (!stdout.includes("server01")) throw new Error(`tsh ls shows no server01:\n${stdout}`);
  console.log(`\n${stdout}`);
}
