/**
 * Who is on the other side, when there may be proxies between.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";
import { ToolError } from "../errors/mod.ts";

/** Entries of one X-Forwarded-For that are looked at, from the right. */
const MAX_HOPS = 16;

/**
 * An IP address in the form that limits, logs and certificates use: IPv4 also where it comes as `::ffff:192.0.2.1`,
 * without a zone.
 *
 * @returns `undefined` when `text` is not an address.
 */
export function normalizeAddress(text: string): string | undefined {
  const bare = text.split("%", 1)[0]!.toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1];
  if (mapped !== undefined && isIP(mapped) === 4) return mapped;
  return isIP(bare) === 0 ? undefined : bare;
}

/** The proxies in front of this one, whose word about a client's address counts. */
export class TrustedProxies {
  readonly #list = new BlockList();

  /**
   * @param proxies Addresses and networks: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`.
   * @throws `bad_parameter` for anything else.
   */
  constructor(proxies: readonly string[]) {
    for (const entry of proxies) {
      const [network, bits, ...rest] = entry.split("/");
      const version = isIP(network!);
      const width = version === 4 ? 32 : 128;
      const prefix = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : NaN;
      if (version === 0 || rest.length > 0 || !(prefix <= width)) {
        throw new ToolError("bad_parameter", `not an address or network of a proxy: "${entry}"`);
      }
      this.#list.addSubnet(network!, prefix, version === 4 ? "ipv4" : "ipv6");
    }
  }

  /** Whether `address` is one of them. */
  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 4 ? "ipv4" : "ipv6");
  }

  /**
   * The client's address: the peer's own, unless the peer is one of the proxies. Then it is the rightmost address of
   * `X-Forwarded-For` that is not one of the proxies: everything to its left is what a stranger wrote.
   *
   * @param peer Address of the TCP connection.
   * @param forwardedFor Values of all `X-Forwarded-For` headers, joined by commas.
   */
  clientAddress(peer: string, forwardedFor: string | undefined): string {
    let client = normalizeAddress(peer) ?? peer;
    const hops = (forwardedFor ?? "").split(",").slice(-MAX_HOPS);
    while (hops.length > 0 && this.has(client)) {
      const hop = normalizeAddress(withoutPort(hops.pop()!.trim()));
      if (hop === undefined) break;
      client = hop;
    }
    return client;
  }
}

/** Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
}
