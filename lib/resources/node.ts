import type { Metadata } from "./metadata.ts";

/** An SSH node: an address behind the proxy at which an sshd answers. */
export interface NodeResource {
  kind: "node";
  /** `openssh` for a machine with its own sshd, empty for the `ssh_service` of a `teleport` process. */
  sub_kind: "" | "openssh";
  version: "v2";
  /** `metadata.name` is a UUID, or a name that an administrator chose. */
  metadata: Metadata;
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
