/**
 * The flags of `tsh` that hold for every command.
 *
 * @module
 */

import { type Command, Option } from "commander";
import type { Environment } from "../../lib/deps/mod.ts";
import { ToolError } from "../../lib/errors/mod.ts";
import { MLOCK_MODES, type MlockMode, parseMlockMode } from "../../lib/memory/mod.ts";
import { addSharedOptions, type OptionValues, readOptions, type SharedOption } from "../options.ts";

/** Name of the connector that means headless login. */
export const HEADLESS_CONNECTOR = "headless";

/** Longest `--ttl`, so that it fits in nanoseconds exactly: 2^53 ns are 150,119 minutes. */
const MAX_TTL_MINUTES = 150_000;

const SHARED: readonly SharedOption[] = [
  {
    option: () => new Option("-l, --login <login>", "Remote host login"),
    env: "TELEPORT_LOGIN",
  },
  {
    option: () => new Option("--proxy <address>", "Teleport proxy address"),
    env: "TELEPORT_PROXY",
  },
  {
    option: () => new Option("--user <name>", "Teleport user, defaults to the current local user"),
    env: "TELEPORT_USER",
  },
  { option: () => new Option("--ttl <minutes>", "Minutes to live for a session") },
  {
    option: () =>
      new Option(
        "--insecure",
        "Do not verify the proxy's certificate and host name; for test environments",
      ),
  },
  {
    option: () => new Option("--auth <connector>", "Name of the authentication connector to use"),
    env: "TELEPORT_AUTH",
  },
  {
    option: () => new Option("--headless", "Use headless login; short for --auth=headless"),
    env: "TELEPORT_HEADLESS",
  },
  { option: () => new Option("--no-headless", "Do not use headless login") },
  {
    option: () =>
      new Option("--mlock <mode>", `Lock the process in memory: ${MLOCK_MODES.join(", ")}`),
    env: "TELEPORT_MLOCK_MODE",
  },
  {
    option: () =>
      new Option("--skip-version-check", "Skip version checking between server and client"),
  },
  {
    option: () => new Option("-d, --debug", "Say on standard error what is done, and why it fails"),
  },
];

/** What the shared flags say. */
export interface SharedFlags {
  /** Login on the remote host. */
  login: string | undefined;
  /** The proxy's address, as typed. */
  proxy: string | undefined;
  /** The Teleport user. */
  user: string | undefined;
  /** Wanted lifetime of the session. */
  ttlMinutes: number | undefined;
  /** Believe anyone to be the proxy. */
  insecure: boolean;
  /** Connector to sign in with; `headless` when --headless says so. */
  connector: string | undefined;
  /** How to lock the process in memory. */
  mlock: MlockMode;
  /** Say nothing of versions. */
  skipVersionCheck: boolean;
  /** Say what is done. */
  debug: boolean;
}

/** Declares the shared flags on `command`. */
export function addSharedFlags(command: Command): Command {
  addSharedOptions(command, SHARED);
  return command;
}

/** The flags that hold for `command`, its own among them. */
export function flagValues(command: Command, env: Environment): OptionValues {
  return readOptions(command, SHARED, env);
}

/**
 * What the shared flags say to `command`.
 *
 * @throws {ToolError} `usage` for values that are none, and for flags that contradict one another.
 */
export function readSharedFlags(command: Command, env: Environment): SharedFlags {
  const values = flagValues(command, env);
  return {
    login: values.text("login"),
    proxy: values.text("proxy"),
    user: values.text("user"),
    ttlMinutes: readTtl(values.text("ttl")),
    insecure: values.switch("insecure"),
    connector: readConnector(values),
    mlock: readMlockMode(values),
    skipVersionCheck: values.switch("skipVersionCheck"),
    debug: values.switch("debug"),
  };
}

/**
 * Refuses a command line that asks for headless login of a command that cannot use it. TELEPORT_HEADLESS alone is no such
 * wish: it stands in the environment of every command.
 *
 * @throws {ToolError} `usage`, in tsh's words.
 */
export function refuseHeadless(command: Command, env: Environment): void {
  const values = flagValues(command, env);
  if (values.source("headless") !== "flag" || !values.switch("headless")) return;
  throw new ToolError(
    "usage",
    "Headless login is not supported for this command. " +
      "Only 'tsh ls', 'tsh ssh', and 'tsh scp' are supported.",
  );
}

function readConnector(values: OptionValues): string | undefined {
  const auth = values.text("auth");
  if (!values.switch("headless")) return auth;
  if (auth !== undefined && auth !== HEADLESS_CONNECTOR) {
    // A flag outranks a variable: only two flags, or two variables, contradict one another.
    if (values.source("auth") === "flag" && values.source("headless") === "env") return auth;
    if (values.source("auth") === "flag" || values.source("headless") === "env") {
      throw new ToolError("usage", "either --headless or --auth can be specified, not both");
    }
  }
  return HEADLESS_CONNECTOR;
}

/** An empty flag is a mistake and not silently less protection: `--mlock=$MODE` where MODE is not set. */
function readMlockMode(values: OptionValues): MlockMode {
  switch (values.source("mlock")) {
    case "flag":
      return parseMlockMode(values.text("mlock") ?? "", "--mlock");
    case "env":
      return parseMlockMode(values.text("mlock") ?? "auto", "TELEPORT_MLOCK_MODE");
    case "default":
      return "auto";
  }
}

function readTtl(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const minutes = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : NaN;
  if (!(minutes <= MAX_TTL_MINUTES)) {
    throw new ToolError(
      "usage",
      `--ttl has the value "${text}", expected minutes between 1 and ${MAX_TTL_MINUTES}`,
    );
  }
  return minutes;
}
