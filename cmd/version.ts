/**
 * What `tsh version`, `tctl version` and `teleport version` say of this program.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };

/** This program's name as its version line begins. */
export const PRODUCT = "Latchkey";

/** This program's version, as deno.json has it. */
export const VERSION: string = config.version;

/** What `version --format=json` prints, with the names that Teleport's tools use. */
export interface VersionInfo {
  /** Semantic version. */
  version: string;
  /** Commit that the program was built from; empty where it is not known. */
  gitref: string;
  /** The runtime underneath, for example `deno2.9.6`. */
  runtime: string;
}

/** What is known of this program. */
export function versionInfo(): VersionInfo {
  return { version: VERSION, gitref: "", runtime: `deno${Deno.version.deno}` };
}

/** One line for people: `Latchkey v0.1.0 git: deno2.9.6`, in the form of Teleport's own. */
export function versionLine(info: VersionInfo = versionInfo()): string {
  return `${PRODUCT} v${info.version} git:${info.gitref} ${info.runtime}\n`;
}
