/**
 * Versions of Teleport: whether a cluster is one that this client can talk to, and whether the cluster thinks so, too.
 *
 * @module
 */

import { ToolError } from "../errors/mod.ts";

/** The newest Teleport whose wire this client was written for; what a cluster's minimum is compared with. */
export const COMPATIBLE_VERSION = "19.0.0";

/** First Teleport with headless login. */
const FIRST_HEADLESS_VERSION = "12.2.0";

/** A version as semver has it: numbers, and the pre-release that comes before the release itself. */
interface Version {
  numbers: readonly [number, number, number];
  preRelease: string;
}

/**
 * Whether version `a` is older than `b` (semver §11; of pre-releases only that they come before the release).
 *
 * @returns `false` also when one of them cannot be read: an unknown version is no reason to refuse.
 */
export function isOlder(a: string, b: string): boolean {
  const [first, second] = [parse(a), parse(b)];
  if (first === undefined || second === undefined) return false;
  for (let index = 0; index < 3; index++) {
    const difference = first.numbers[index]! - second.numbers[index]!;
    if (difference !== 0) return difference < 0;
  }
  return first.preRelease !== "" && second.preRelease === "";
}

/**
 * Refuses a cluster that has no headless login at all.
 *
 * @throws {ToolError} `not_implemented`
 */
export function requireHeadlessVersion(serverVersion: string): void {
  if (!isOlder(serverVersion, FIRST_HEADLESS_VERSION)) return;
  throw new ToolError(
    "not_implemented",
    `the cluster runs version ${serverVersion}, which has no headless login`,
    {
      hint:
        `Headless login came with Teleport ${FIRST_HEADLESS_VERSION}; the cluster needs an upgrade.`,
    },
  );
}

/**
 * What to tell a person whose cluster asks for a newer client than this one.
 *
 * @param minClientVersion As ping has it; empty when the cluster does not care.
 * @returns `undefined` when all is well.
 */
export function clientTooOldWarning(minClientVersion: string): string | undefined {
  if (minClientVersion === "" || !isOlder(COMPATIBLE_VERSION, minClientVersion)) return undefined;
  return `the cluster asks for a client of version ${minClientVersion} or newer, and this one speaks ` +
    `what version ${COMPATIBLE_VERSION} speaks. Some things may not work; --skip-version-check hides this.`;
}

function parse(text: string): Version | undefined {
  const match = /^v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(text);
  if (match === null) return undefined;
  return {
    numbers: [Number(match[1]), Number(match[2]), Number(match[3])],
    preRelease: match[4] ?? "",
  };
}
