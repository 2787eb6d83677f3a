/** Collects a flag that may be repeated and holds words between commas: `--roles=a,b --roles=c`. */
export function collectWords(text: string, before: string[] | undefined): string[] {
  return [
    ...before ?? [],
    ...text.split(",").map((word) => word.trim()).filter((word) => word !== ""),
  ];
}
