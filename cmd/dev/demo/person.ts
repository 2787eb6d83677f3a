import type { Cluster } from "../../../tests/support/cluster.ts";
import { showTable, startWaitingCommand } from "./waiting_command.ts";

/** The demo for a person at a terminal, with their own key in their own browser. */
export async function personDemo(cluster: Cluster, interrupted: AbortSignal): Promise<void> {
  const invitation = await cluster.invite("alice", {
    roles: "access,editor",
    logins: "root,alice",
  });
  console.log(`You are alice, and an administrator has just run:

  $ tctl users add alice --roles=access,editor --logins=root,alice

1. Open your invitation in a browser on this machine, choose a password and register your key
   (a security key, or this computer's or phone's passkey). The certificate was made a moment ago
   for this demo alone, so let the browser continue past its warning.

   ${invitation}
`);
  await registered(cluster, interrupted);
  console.log(`\nYou are registered.

2. Somewhere else, on a machine without a key, you run a command. It waits; open its link and approve.
`);
  const command = await startWaitingCommand(cluster);
  const withdraw = () => command.tsh.signal("SIGINT");
  interrupted.addEventListener("abort", withdraw);
  try {
    await showTable(command);
  } finally {
    interrupted.removeEventListener("abort", withdraw);
  }
  console.log("That was it. The certificate it used lives one minute; the key is gone already.");
}

/** Waits until alice can sign in: the audit log then says that a key was added. */
async function registered(cluster: Cluster, interrupted: AbortSignal): Promise<void> {
  console.log("Waiting for you to register (Ctrl-C ends the demo) …");
  while (true) {
    interrupted.throwIfAborted();
    const log = await Deno.readTextFile(`${cluster.folder}/data/log/events.jsonl`).catch(() => "");
    if (/"event":"mfa\.add"/.test(log)) return;
    await new Promise((wake) => setTimeout(wake, 300));
  }
}
