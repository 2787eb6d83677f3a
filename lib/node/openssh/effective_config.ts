import { ToolError } from "../../errors/mod.ts";
import { checkConfig, run } from "../sshd/program.ts";

/**
 * What of a machine's own sshd matters for joining, as sshd itself understands its configuration (`sshd -T`) outside of Match
 * blocks.
 */
export interface EffectiveConfig {
  /** Private keys of the host that can be read by sshd, in sshd's order. */
  hostKeys: string[];
  /** The first port that it listens on. */
  port: number;
  /** File with the pid of the running one; absent when there is none. */
  pidFile?: string;
  /** File of the authority for users that it believes already; absent when it believes none. */
  trustedUserCaKeys?: string;
  /** Command that it asks for principals already; absent when there is none. */
  authorizedPrincipalsCommand?: string;
  /** As whom it runs that command. */
  authorizedPrincipalsCommandUser?: string;
  /** File that it looks for principals in before it runs the command; absent when there is none. */
  authorizedPrincipalsFile?: string;
}

/**
 * Asks sshd what a configuration means.
 *
 * @throws {ToolError} `bad_parameter`, in sshd's words, when the configuration is broken already.
 */
export async function readEffectiveConfig(sshd: string, config: string): Promise<EffectiveConfig> {
  await checkConfig(sshd, config);
  const { success, stdout, stderr } = await run(sshd, ["-T", "-f", config]);
  if (!success) {
    throw new ToolError(
      "bad_parameter",
      `sshd does not say what ${config} means: ${stderr.trim().slice(0, 500)}`,
    );
  }
  return parseEffectiveConfig(stdout);
}

/** Reads the output of `sshd -T`: lines of a keyword in lower case and its value. */
export function parseEffectiveConfig(text: string): EffectiveConfig {
  const values = (keyword: string) =>
    text.split("\n").filter((line) => line.startsWith(`${keyword} `))
      .map((line) => line.slice(keyword.length + 1).trim());
  const filled = (keyword: string) => values(keyword).find((value) => value !== "none");
  const pidFile = filled("pidfile");
  const trustedUserCaKeys = filled("trustedusercakeys");
  const authorizedPrincipalsCommand = filled("authorizedprincipalscommand");
  const authorizedPrincipalsCommandUser = filled("authorizedprincipalscommanduser");
  const authorizedPrincipalsFile = filled("authorizedprincipalsfile");
  return {
    hostKeys: values("hostkey"),
    port: Number(values("port")[0] ?? 22),
    ...(pidFile !== undefined && { pidFile }),
    ...(trustedUserCaKeys !== undefined && { trustedUserCaKeys }),
    ...(authorizedPrincipalsCommand !== undefined && { authorizedPrincipalsCommand }),
    ...(authorizedPrincipalsCommandUser !== undefined && { authorizedPrincipalsCommandUser }),
    ...(authorizedPrincipalsFile !== undefined && { authorizedPrincipalsFile }),
  };
}
