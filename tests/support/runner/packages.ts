/**
 * What the suite needs beside Deno: real peers from Debian. They are installed where that is allowed, and named exactly
 * where it is not.
 *
 * @module
 */

/** A Debian package and the file that shows it is there. */
export interface DebianPackage {
  name: string;
  /** Any of these paths proves it. */
  provides: string[];
  /** What tests use it for. */
  why: string;
}

/** Everything the suite uses. */
export const PACKAGES: DebianPackage[] = [
  { name: "openssh-server", provides: ["/usr/sbin/sshd"], why: "real SSH servers" },
  {
    name: "openssh-client",
    provides: ["/usr/bin/ssh-keygen"],
    why: "ssh, and ssh-keygen as a judge of certificates",
  },
  { name: "openssl", provides: ["/usr/bin/openssl"], why: "a judge of X.509 certificates" },
  { name: "chromium", provides: ["/usr/bin/chromium"], why: "a real browser with WebAuthn" },
  { name: "tmux", provides: ["/usr/bin/tmux"], why: "a real terminal" },
  { name: "strace", provides: ["/usr/bin/strace"], why: "seeing every file that is written" },
  { name: "rsync", provides: ["/usr/bin/rsync"], why: "copying over tsh ssh" },
  { name: "git", provides: ["/usr/bin/git"], why: "cloning over tsh ssh" },
  { name: "iproute2", provides: ["/usr/bin/ss", "/bin/ss"], why: "finding a session's process" },
  { name: "procps", provides: ["/usr/bin/pgrep"], why: "seeing that no process is left" },
  { name: "python3", provides: ["/usr/bin/python3"], why: "python-fido2, an independent client" },
  {
    name: "python3-pip",
    provides: ["/usr/bin/pip3", "/usr/lib/python3/dist-packages/pip"],
    why: "installing python-fido2",
  },
];

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The packages of `wanted` of which nothing is found. */
export function missingPackages(
  wanted: DebianPackage[] = PACKAGES,
  isThere: (path: string) => boolean = exists,
): DebianPackage[] {
  return wanted.filter((wish) => !wish.provides.some(isThere));
}

/** What to tell a person who has to install `missing`. */
export function installAdvice(missing: DebianPackage[]): string {
  const reasons = missing.map((wish) => `  ${wish.name}: ${wish.why}`).join("\n");
  const names = missing.map((wish) => wish.name).join(" ");
  return `these Debian packages are missing:\n${reasons}\nInstall them with:\n` +
    `  sudo apt-get install --no-install-recommends ${names}`;
}

async function aptGet(...args: string[]): Promise<boolean> {
  const status = await new Deno.Command("apt-get", {
    args,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn().status;
  return status.success;
}

/**
 * Installs what is missing, as root on Debian.
 *
 * @returns `undefined` when all is there, else what to tell the person.
 */
export async function ensurePackages(): Promise<string | undefined> {
  const missing = missingPackages();
  if (missing.length === 0) return undefined;
  const names = missing.map((wish) => wish.name);
  const mayInstall = Deno.uid() === 0 && exists("/usr/bin/apt-get");
  if (!mayInstall) return installAdvice(missing);
  console.error(`installing ${names.join(" ")}`);
  await aptGet("update", "-qq");
  await aptGet("install", "-y", "-qq", "--no-install-recommends", ...names);
  const still = missingPackages();
  return still.length === 0 ? undefined : installAdvice(still);
}
