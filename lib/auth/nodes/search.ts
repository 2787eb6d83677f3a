import type { NodeResource } from "../../resources/mod.ts";

/**
 * Whether each of `words` is part of the node's name, host name, an address, or a label's name or value, whatever the case: as
 * `tsh ls --search` has it.
 */
export function matchesSearch(node: NodeResource, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const { metadata, spec } = node;
  const fields = [
    ...Object.entries(metadata.labels).flat(),
    metadata.name,
    spec.hostname,
    spec.addr,
    ...spec.public_addrs,
  ].map((field) => field.toLowerCase());
  return words.every((word) => {
    const wanted = word.toLowerCase();
    return fields.some((field) => field.includes(wanted));
  });
}
