import { z } from "zod";
import { textList } from "./fields.ts";
import { logins } from "./login.ts";
import { type Metadata, metadata } from "./metadata.ts";

/** A person. Passwords, devices and sessions are not part of the resource. */
export interface UserResource {
  /** What this is. */
  kind: "user";
  /** Version of this form. */
  version: "v2";
  /** The name is what the person signs in with. */
  metadata: Metadata;
  /** What the person has. */
  spec: {
    /** Names of roles. */
    roles: string[];
    traits: {
      /** Operating system logins. */
      logins: string[];
    };
  };
}

/** What a user must look like. */
export const userSchema: z.ZodType<UserResource> = z.object({
  kind: z.literal("user"),
  version: z.literal("v2", { error: "expected v2" }),
  metadata,
  spec: z.object({
    roles: textList.default([]),
    traits: z.object({ logins: logins.default([]) }, { error: "expected a mapping" }).prefault(
      {},
    ),
  }, { error: "expected a mapping with roles" }),
});
