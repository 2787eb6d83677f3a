import type { Admin } from "../../lib/admin/mod.ts";
import type { Deps } from "../../lib/deps/mod.ts";

/** What a command of tctl has at hand when it runs: the cluster, and where to print. */
export type Context = Pick<Deps, "clock" | "random" | "terminal"> & {
  /** The cluster, as an administrator. */
  admin: Admin;
};
