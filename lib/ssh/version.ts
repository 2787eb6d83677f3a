import { ToolError } from "../errors/mod.ts";

/** A version of OpenSSH: major, minor. */
export type OpensshVersion = readonly [major: number, minor: number];

/** `ssh -V` prints `OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026`. */
const BANNER = /\bOpenSSH(?:_for_Windows)?_(\d{1,3})\.(\d{1,3})/;

/** scp's first version with SFTP. */
const SFTP_SINCE: OpensshVersion = [8, 7];

/**
 * Reads what `ssh -V` prints.
 *
 * @returns `undefined` when it is not OpenSSH's.
 */
export function parseOpensshVersion(banner: string): OpensshVersion | undefined {
  const match = BANNER.exec(banner);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/**
 * Asks `ssh` for its version.
 *
 * @param program Absolute path of ssh.
 * @throws {ToolError} `not_implemented` when it is another program than OpenSSH's.
 */
export async function opensshVersion(program: string): Promise<OpensshVersion> {
  const { stderr } = await new Deno.Command(program, { args: ["-V"], stdin: "null" }).output();
  const version = parseOpensshVersion(new TextDecoder().decode(stderr));
  if (version !== undefined) return version;
  throw new ToolError("not_implemented", `${program} is not OpenSSH`, {
    hint: "Put OpenSSH's client first on the PATH.",
  });
}

/** Whether `version` is `since` or later. */
export function isAtLeast(version: OpensshVersion, since: OpensshVersion): boolean {
  return version[0] > since[0] || (version[0] === since[0] && version[1] >= since[1]);
}

/**
 * Refuses an scp that would show file names to a remote shell.
 *
 * @throws {ToolError} `not_implemented`
 */
export function requireSftp(version: OpensshVersion): void {
  if (isAtLeast(version, SFTP_SINCE)) return;
  throw new ToolError("not_implemented", `scp of OpenSSH ${version.join(".")} cannot use SFTP`, {
    hint: `Install OpenSSH ${SFTP_SINCE.join(".")} or later.`,
  });
}
