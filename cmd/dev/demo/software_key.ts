import type { Cluster } from "../../../tests/support/cluster.ts";
import { Person } from "../../../tests/support/person.ts";
import { showTable, startWaitingCommand } from "./waiting_command.ts";

/** The demo without a person: a key in software plays alice's. */
export async function softwareKeyDemo(cluster: Cluster): Promise<void> {
  console.log("Nobody is at a terminal, so a software key plays alice's security key.\n");
  using alice = new Person(cluster.url, await cluster.certificate());
  console.log("$ tctl users add alice --roles=access,editor --logins=root,alice");
  const invitation = await cluster.invite("alice", {
    roles: "access,editor",
    logins: "root,alice",
  });
  await alice.acceptInvitation(invitation);
  console.log(
    "alice has opened her invitation, chosen a password and registered the software key.\n",
  );

  const command = await startWaitingCommand(cluster);
  await refuseForgery(alice, command.id);
  const { status, body } = await alice.approve(command.id);
  if (status !== 200) throw new Error(`the approval was refused: ${JSON.stringify(body)}`);
  console.log("\nalice has opened the link and approved with the software key.");
  await showTable(command);
}

/** A demo that would also succeed with a broken lock shows nothing: the cluster must refuse a forged signature. */
async function refuseForgery(alice: Person, id: string): Promise<void> {
  const assertion = await alice.touch();
  const bytes = Uint8Array.fromBase64(assertion.response.signature, { alphabet: "base64url" });
  bytes[bytes.length - 1]! ^= 1;
  const signature = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  const forged = { ...assertion, response: { ...assertion.response, signature } };
  const { status } = await alice.approve(id, forged);
  if (status === 200) throw new Error("the cluster accepted a forged signature");
  console.log("\nA forged signature was refused, as it must be.");
}
