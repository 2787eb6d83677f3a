/**
 * A cluster, alice with her key, and an ordinary user of this machine who runs `tsh` for her.
 *
 * @module
 */

import { Cluster } from "../cluster.ts";
import { Person } from "../person.ts";
import { OrdinaryUser } from "./ordinary_user.ts";

/** These tests play other users, which takes root on Linux; elsewhere they are counted as skipped. */
export const asRoot: { ignore: boolean } = {
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
};

/** All three. */
export class MemoryWorld implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly alice: Person;
  readonly user: OrdinaryUser;

  private constructor(cluster: Cluster, alice: Person, user: OrdinaryUser) {
    this.cluster = cluster;
    this.alice = alice;
    this.user = user;
  }

  /** Starts the cluster, signs alice up, copies the program. */
  static async start(): Promise<MemoryWorld> {
    await using rest = new AsyncDisposableStack();
    const user = rest.use(await OrdinaryUser.create());
    const cluster = rest.use(await Cluster.start());
    const alice = rest.use(new Person(cluster.url, await cluster.certificate()));
    await alice.acceptInvitation(await cluster.invite("alice", { logins: "root,alice" }));
    rest.move();
    return new MemoryWorld(cluster, alice, user);
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.alice[Symbol.dispose]();
    await this.cluster[Symbol.asyncDispose]();
    await this.user[Symbol.asyncDispose]();
  }
}
