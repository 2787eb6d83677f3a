import type { Backend } from "../backend/mod.ts";
import type { Deps } from "../deps/mod.ts";
import type { AuthPreferenceSpec } from "../resources/mod.ts";
import type { AuthLimits } from "./limits.ts";
import type { PasswordCost } from "./passwords.ts";

/** What the auth service is made from. */
export interface AuthOptions {
  /** Where everything is kept. It stays the caller's: closing the auth service does not close it. */
  backend: Backend;
  /** For the audit log, the administrator's identity and the host's id. */
  dataDir: string;
  /** The cluster's name; part of its certificates, so it must not change later. */
  clusterName: string;
  /** Where people reach the proxy, `host` or `host:port`, for invitation links. Asked each time, for it may be chosen late. */
  proxyAddress: () => string;
  /**
   * The section `authentication` of the configuration file. When it is there it is written over what is stored, as in
   * Teleport; when not, what is stored counts, and defaults where nothing is.
   */
  authentication?: AuthPreferenceSpec;
  /** The relying party id when none was ever configured; `localhost` by default. */
  defaultRpId?: string;
  /** Where limits differ from DEFAULT_LIMITS. */
  limits?: Partial<AuthLimits>;
  /** Cost of new password hashes. Less than the default is for tests. */
  passwordCost?: PasswordCost;
  /** Time and randomness. */
  deps: Pick<Deps, "clock" | "random">;
}
