import { z } from "zod";
import { ToolError } from "../errors/mod.ts";
import { flag, text, textOrList } from "./fields.ts";
import { allowedLogins, deniedLogins } from "./login.ts";
import { type Metadata, metadata } from "./metadata.ts";

/** What a role grants (`allow`) or takes away (`deny`). */
export interface RoleConditions {
  /** Operating system logins; `{{internal.logins}}` stands for the user's own. */
  logins: string[];
  /** Labels that a node must all have, with one of the values. */
  node_labels: Record<string, string[]>;
}

/** What a person may do. */
export interface RoleResource {
  /** What this is. */
  kind: "role";
  /** Version of this form; the parts that are read here are the same in all. */
  version: "v3" | "v4" | "v5" | "v6" | "v7";
  /** Its name is what users are given. */
  metadata: Metadata;
  /** What the role does. */
  spec: {
    options: {
      forward_agent: boolean;
      port_forwarding: boolean;
      /** Longest life of a certificate, as a duration: `30h0m0s`. */
      max_session_ttl: string;
      /** Nodes take only certificates for which somebody has just touched a key. */
      require_session_mfa?: boolean;
    };
    allow: RoleConditions;
    deny: RoleConditions;
  };
}

const conditions = (logins: z.ZodType<string[]>) =>
  z.object({
    logins: logins.default([]),
    node_labels: z.record(z.string(), textOrList, {
      error: "expected a mapping of labels to values",
    }).default({}),
  }, { error: "expected a mapping" }).prefault({});

const duration = text.refine((value) => /^(?=.)(\d+h)?(\d+m)?(\d+s)?$/.test(value), {
  error: "expected a duration like 30h or 1h30m",
});

/** What a role must look like. */
export const roleSchema: z.ZodType<RoleResource> = z.object({
  kind: z.literal("role"),
  version: z.enum(["v3", "v4", "v5", "v6", "v7"], { error: "expected v3 to v7" }),
  metadata,
  spec: z.object({
    options: z.object({
      forward_agent: flag.default(false),
      port_forwarding: flag.default(true),
      max_session_ttl: duration.default("30h0m0s"),
      require_session_mfa: flag.optional(),
    }, { error: "expected a mapping" }).prefault({}),
    allow: conditions(allowedLogins),
    deny: conditions(deniedLogins),
  }, { error: "expected a mapping with allow, deny and options" }).prefault({}),
});

/**
 * Checks a role that came over the network.
 *
 * @throws {ToolError} `bad_parameter` that names the field.
 */
export function checkRole(value: unknown): RoleResource {
  const result = roleSchema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new ToolError("bad_parameter", `the role's ${path.join(".")} is wrong: ${message}`);
}
