import { z } from "zod";
import { ToolError } from "../errors/mod.ts";
import { filledText, hostAndPort, text } from "./fields.ts";
import { type Metadata, metadataOrUnnamed } from "./metadata.ts";

/** An SSH node: an address behind the proxy at which an sshd answers. */
export interface NodeResource {
  /** What this is. */
  kind: "node";
  /** `openssh` for a machine with its own sshd, empty for the `ssh_service` of a `teleport` process. */
  sub_kind: "" | "openssh";
  /** Version of this form. */
  version: "v2";
  /** `metadata.name` is a UUID, or a name that an administrator chose. */
  metadata: Metadata;
  /** What the node is. */
  spec: {
    /** Where the proxy dials the node, `host:port`. */
    addr: string;
    /** The name that people type and `tsh ls` shows. */
    hostname: string;
    /** Other addresses by which the node may be dialled, `host:port` each. */
    public_addrs: string[];
    /** Version of the node's software, empty when unknown. */
    version: string;
  };
}

/** A host name as it stands in commands: `login@hostname:path` must stay readable to programs. */
const hostname = filledText.refine((value) => /^[^\s/@:,'"\\-][^\s/@:,'"\\]{0,254}$/.test(value), {
  error: "expected a host name, without spaces, quotes, / @ : or a leading -",
});

/** What a node must look like. A node without a name has the name `""`. */
export const nodeSchema: z.ZodType<NodeResource> = z.object({
  kind: z.literal("node"),
  sub_kind: z.enum(["", "openssh"], { error: "expected openssh, or nothing" }).default(""),
  version: z.literal("v2", { error: "expected v2" }),
  metadata: metadataOrUnnamed,
  spec: z.object({
    addr: hostAndPort,
    hostname,
    public_addrs: z.array(hostAndPort, { error: "expected a list of addresses" }).default([]),
    version: text.default(""),
  }, { error: "expected a mapping with addr and hostname" }),
});

/**
 * Checks a node that came over the network.
 *
 * @throws {ToolError} `bad_parameter` that names the field.
 */
export function checkNode(value: unknown): NodeResource {
  const result = nodeSchema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new ToolError("bad_parameter", `the node's ${path.join(".")} is wrong: ${message}`);
}
