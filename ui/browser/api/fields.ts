/** An answer that is not what was agreed. */
export class MalformedAnswer extends Error {
  override readonly name: string = "MalformedAnswer";
}

/** Reads fields of JSON that a server sent, each checked. Small, because every visitor loads it. */
export class Fields {
  readonly #record: Record<string, unknown>;

  /** Throws {@linkcode MalformedAnswer} when `value` is not an object. */
  constructor(value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new MalformedAnswer("answer is not an object");
    }
    this.#record = value as Record<string, unknown>;
  }

  /** A string. */
  text(name: string): string {
    const value = this.#record[name];
    if (typeof value !== "string") throw new MalformedAnswer(`${name} is not a string`);
    return value;
  }

  /** A string, or `undefined` when it is absent or null. */
  optionalText(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined;
  }

  /** A finite number. */
  number(name: string): number {
    const value = this.#record[name];
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw new MalformedAnswer(`${name} is not a number`);
    }
    return value;
  }

  /** An RFC 3339 time, as milliseconds since the Unix epoch. */
  time(name: string): number {
    const ms = Date.parse(this.text(name));
    if (Number.isNaN(ms)) throw new MalformedAnswer(`${name} is not a time`);
    return ms;
  }

  /** An RFC 3339 time, or `undefined` when it is absent or null. */
  optionalTime(name: string): number | undefined {
    return this.has(name) ? this.time(name) : undefined;
  }

  /** One of the given strings. */
  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.text(name);
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw new MalformedAnswer(`${name} is none of ${choices.join(", ")}`);
    return choice;
  }

  /** An object. */
  object(name: string): Fields {
    return new Fields(this.#record[name]);
  }

  /** An object, or `undefined` when it is absent or null. */
  optionalObject(name: string): Fields | undefined {
    return this.has(name) ? this.object(name) : undefined;
  }

  /** Whether the field is there and not null. */
  has(name: string): boolean {
    return this.#record[name] !== undefined && this.#record[name] !== null;
  }

  /** The field as it came. */
  raw(name: string): unknown {
    return this.#record[name];
  }
}
