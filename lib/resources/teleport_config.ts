import { z } from "zod";
import { splitHostPort } from "./address.ts";
import { applySchema, type UnknownKey } from "./apply_schema.ts";
import { type AuthPreferenceSpec, authPreferenceSpec } from "./auth_preference.ts";
import { filledText, flag, labels, textOrList } from "./fields.ts";
import {
  authLimits,
  type AuthLimitsConfig,
  proxyLimits,
  type ProxyLimitsConfig,
} from "./limits_config.ts";
import { readYaml } from "./yaml.ts";
import { ToolError } from "../errors/mod.ts";

/** How loud the log is. */
export type LogSeverity = "trace" | "debug" | "info" | "warn" | "error";

/** `teleport.yaml`, version v3: the keys of Teleport's own file that this program has. What is absent was not said. */
export interface TeleportConfig {
  /** Version of this form. */
  version: "v3";
  /** What concerns the whole process. */
  teleport: {
    /** Name of this machine; the host's own when absent. */
    nodename?: string;
    data_dir?: string;
    log: {
      output?: "stderr";
      severity: LogSeverity;
      format: { output?: "text" | "json" };
    };
  };
  /** Users, certificates, decisions. */
  auth_service: {
    enabled: boolean;
    cluster_name?: string;
    /** Read for Teleport's sake: auth answers on the proxy's port. */
    listen_addr?: string;
    /** Everything on one port is the one way here. */
    proxy_listener_mode?: "multiplex";
    authentication?: AuthPreferenceSpec;
    /** Not in Teleport's file. */
    limits: AuthLimitsConfig;
  };
  /** The one port: web pages and calls. */
  proxy_service: {
    enabled: boolean;
    /** `host:port` to listen on. */
    web_listen_addr?: string;
    /** How people and tools reach the proxy, `host` or `host:port`; the first one is told to others. */
    public_addr: string[];
    https_keypairs: { key_file: string; cert_file: string }[];
    /** Addresses and networks of proxies whose X-Forwarded-For is believed. Not in Teleport's file. */
    trusted_proxies: string[];
    /** Not in Teleport's file. */
    limits: ProxyLimitsConfig;
  };
  /** This machine as a node. */
  ssh_service: {
    enabled: boolean;
    /** `host:port` where this machine's sshd listens; 127.0.0.1:3022 when absent. */
    listen_addr?: string;
    labels: Record<string, string>;
  };
}

/** A configuration, and what in it has no meaning here. */
export interface LoadedConfig {
  /** What the file says, with defaults where it says nothing. */
  config: TeleportConfig;
  /** One line for each key that this program does not have, naming the key and its place. */
  warnings: string[];
}

const SEVERITIES: Readonly<Record<string, LogSeverity>> = {
  trace: "trace",
  debug: "debug",
  info: "info",
  information: "info",
  warn: "warn",
  warning: "warn",
  err: "error",
  error: "error",
};

const severity: z.ZodType<LogSeverity> = filledText
  .refine((value) => Object.hasOwn(SEVERITIES, value.toLowerCase()), {
    error: "expected one of TRACE, DEBUG, INFO, WARN, ERROR",
  })
  .transform((value) => SEVERITIES[value.toLowerCase()]!);

/** An address to listen on; port 0 lets the system choose. */
const listenAddress = filledText.refine((value) => splitHostPort(value) !== undefined, {
  error: "expected an address and a port to listen on, like 0.0.0.0:3080",
});

/** How others reach the proxy. */
const publicAddress = textOrList.superRefine((addresses, context) => {
  for (const address of addresses) {
    const split = splitHostPort(address, 443);
    if (split !== undefined && split.host !== "" && split.port > 0) continue;
    context.addIssue({
      code: "custom",
      message: "expected a host name, or one with a port, like proxy.example.com:443",
    });
  }
});

const section = { error: "expected a mapping" };

const schema: z.ZodType<TeleportConfig> = z.object({
  version: z.literal("v3", { error: "expected v3" }),
  teleport: z.object({
    nodename: filledText.refine((value) => !/[\s/@:]/.test(value), {
      error: "expected a host name",
    }).optional(),
    data_dir: filledText.optional(),
    log: z.object({
      output: z.literal("stderr", { error: "expected stderr, where the log always goes" })
        .optional(),
      severity: severity.default("info"),
      format: z.object({
        output: z.enum(["text", "json"], { error: "expected text or json" }).optional(),
      }, section).prefault({}),
    }, section).prefault({}),
  }, section).prefault({}),
  auth_service: z.object({
    enabled: flag.default(true),
    cluster_name: filledText.refine((value) => /^[a-zA-Z0-9._-]{1,255}$/.test(value), {
      error: "expected a name of letters, digits, dots and dashes",
    }).optional(),
    listen_addr: listenAddress.optional(),
    proxy_listener_mode: z.literal("multiplex", {
      error: "expected multiplex: everything is on one port here",
    }).optional(),
    authentication: authPreferenceSpec.optional(),
    limits: authLimits.default({}),
  }, section).prefault({}),
  proxy_service: z.object({
    enabled: flag.default(true),
    web_listen_addr: listenAddress.optional(),
    public_addr: publicAddress.default([]),
    https_keypairs: z.array(
      z.object({ key_file: filledText, cert_file: filledText }, {
        error: "expected a mapping with key_file and cert_file",
      }),
      { error: "expected a list of key_file and cert_file" },
    ).default([]),
    trusted_proxies: textOrList.default([]),
    limits: proxyLimits.default({}),
  }, section).prefault({}),
  ssh_service: z.object({
    enabled: flag.default(true),
    listen_addr: listenAddress.optional(),
    labels: labels.default({}),
  }, section).default({ enabled: false, labels: {} }),
}, { error: "expected a mapping with version: v3" });

/**
 * Reads `teleport.yaml`. A key that this program does not have is a warning, never silently obeyed or dropped; a wrong
 * value is an error.
 *
 * @param text The file's content.
 * @param file Its name, for messages.
 * @throws {ToolError} `bad_parameter` with `file:line:column`, what was wrong and what was expected.
 */
export function parseTeleportConfig(text: string, file: string): LoadedConfig {
  const [document, second] = readYaml(text, file);
  if (document === undefined) {
    throw new ToolError("bad_parameter", `${file} is empty, expected at least version: v3`, {
      hint: "teleport configure prints a file to start from.",
    });
  }
  if (second !== undefined) {
    throw second.error(second.positionOf([]), "there is a second document, expected one");
  }
  const unknown: UnknownKey[] = [];
  const config = applySchema(document, schema, (key) => unknown.push(key));
  const warnings = unknown.map(({ name, position }) =>
    `${file}:${position.line}:${position.column}: ${name} is not known to this program and has no effect`
  );
  return { config, warnings };
}

/** The configuration when there is no file. */
export function defaultTeleportConfig(): TeleportConfig {
  return schema.parse({ version: "v3" });
}
