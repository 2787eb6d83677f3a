import { isIPv4, isIPv6 } from "node:net";

/**
 * What an address counts as in limits: an IPv4 address as itself, also when written as `::ffff:192.0.2.1`; an IPv6 address as
 * its /64, because that is what one household or machine is given (RFC 6177 §2). Anything else counts as itself, cut to a
 * sane length.
 */
export function limitAddress(address: string): string {
  if (isIPv4(address)) return address;
  const bare = address.split("%", 1)[0]!;
  if (!isIPv6(bare)) return address.slice(0, 64);
  const groups = expand(bare);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [high, low] = [groups[6]!, groups[7]!];
    return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  }
  return groups.slice(0, 4).map((group) => group.toString(16)).join(":") + "::/64";
}

/** What a name and an address count as together. */
export function limitPair(name: string, address: string): string {
  // Addresses have no spaces, so no two pairs read the same.
  return `${limitAddress(address).replaceAll(" ", "")} ${name}`;
}

/** The eight groups of a valid IPv6 address. */
function expand(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text = dotted === null ? address : dotted[1] +
    ((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16) + ":" +
    ((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16);
  const [before, after] = text.split("::").map((half) =>
    half === "" ? [] : half.split(":").map((group) => parseInt(group, 16))
  );
  if (after === undefined) return before!;
  return [...before!, ...new Array(8 - before!.length - after.length).fill(0), ...after];
}
