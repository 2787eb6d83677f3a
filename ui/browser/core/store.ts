/** Moves a page from one state to the next. Pure: no clock, network or document. */
export type Step<S, E> = (state: S, event: E) => S;

/** Holds a page's state and tells who draws it when it changed. */
export class Store<S, E> {
  readonly #step: Step<S, E>;
  #state: S;
  #listeners: ((state: S) => void)[] = [];

  constructor(initial: S, step: Step<S, E>) {
    this.#state = initial;
    this.#step = step;
  }

  get state(): S {
    return this.#state;
  }

  /** Applies `event`. A step that gives back the same object means that nothing changed. */
  send(event: E): void {
    const next = this.#step(this.#state, event);
    if (next === this.#state) return;
    this.#state = next;
    for (const listener of this.#listeners) listener(next);
  }

  /** Calls `listener` after each change. */
  subscribe(listener: (state: S) => void): void {
    this.#listeners.push(listener);
  }
}
