import { isIP } from "node:net";
import { z } from "zod";
import type { Backend, Change, Condition } from "../../backend/mod.ts";
import { ToolError } from "../../errors/mod.ts";
import { Records } from "../records.ts";
import { hostNameKey } from "../store_keys.ts";

/** The form of a host's id. */
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Each host has these for itself; nobody owns them. */
const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/** Names in the form in which they are compared, each once, without those that every host has. */
export function comparable(names: Iterable<string>): Set<string> {
  return new Set(Array.from(names, (name) => name.toLowerCase())).difference(LOOPBACK);
}

/**
 * Refuses names that would be taken for something else than a node's name, and more than the one IP address by which the
 * machine is reached.
 *
 * @throws {ToolError} `bad_parameter`.
 */
export function checkNames({ nodeName, additionalPrincipals }: {
  nodeName: string;
  additionalPrincipals: readonly string[];
}): void {
  const name = nodeName.toLowerCase();
  if (LOOPBACK.has(name) || isIP(name) !== 0 || UUID.test(name)) {
    throw new ToolError(
      "bad_parameter",
      `a node cannot be named "${nodeName}": that is an address or the form of a UUID`,
      { hint: "Choose another --node-name." },
    );
  }
  const addresses = additionalPrincipals.filter((principal) => isIP(principal) !== 0);
  if (comparable(addresses).size > 1) {
    throw new ToolError(
      "bad_parameter",
      "the certificate of a node names one IP address, the one where it is reached",
      { hint: "Give that one as --address, and host names only as --additional-principals." },
    );
  }
}

/** Whose names are whose: each belongs to one host, for as long as that host's record exists. */
export class HostNameStore {
  readonly #records: Records<string>;

  /** Names kept in `backend`. */
  constructor(backend: Backend) {
    this.#records = new Records(backend, "host name", z.string());
  }

  /** The id of the host that a name belongs to, and that name; the first one that belongs to any. */
  async owner(names: Iterable<string>): Promise<{ name: string; hostId: string } | undefined> {
    for (const name of names) {
      const found = await this.#records.find(hostNameKey(name));
      if (found !== undefined) return { name, hostId: found.value };
    }
    return undefined;
  }

  /** The parts of an atomic write that gives free names to a host. */
  claim(
    names: ReadonlySet<string>,
    hostId: string,
  ): { conditions: Condition[]; changes: Change[] } {
    const keys = Array.from(names, hostNameKey);
    return {
      conditions: keys.map((key) => ({ key, exists: false })),
      changes: keys.map((key) => ({ put: this.#records.encode(key, hostId) })),
    };
  }

  /** The parts that make them free again. */
  release(names: ReadonlySet<string>): Change[] {
    return Array.from(names, (name) => ({ delete: hostNameKey(name) }));
  }
}
