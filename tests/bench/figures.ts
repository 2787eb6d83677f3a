/** Numbers that several runs gave. */
export class Figure {
  readonly #values: number[] = [];

  /** Adds one run's value. */
  add(value: number): void {
    this.#values.push(value);
  }

  /** The value in the middle. */
  get median(): number {
    const sorted = this.#values.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? NaN;
  }

  /** Smallest, median and largest, in `unit`. */
  describe(unit: string): string {
    const round = (value: number) => value.toFixed(value >= 100 ? 0 : value >= 1 ? 1 : 3);
    const low = Math.min(...this.#values);
    const high = Math.max(...this.#values);
    return `${round(this.median)} ${unit} (${round(low)} to ${round(high)})`;
  }
}

/** One line of the result. */
export interface Line {
  what: string;
  value: string;
  /** In proportion to something measured in the same run, or to a goal. */
  ratio: string;
}

/** Lays lines out in columns. */
export function layOut(lines: Line[]): string {
  const what = Math.max(...lines.map((line) => line.what.length));
  const value = Math.max(...lines.map((line) => line.value.length));
  return lines.map((line) =>
    `${line.what.padEnd(what)}  ${line.value.padEnd(value)}  ${line.ratio}`.trimEnd()
  ).join("\n");
}
