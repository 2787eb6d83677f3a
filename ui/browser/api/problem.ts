/** A call that failed. */
export class ApiProblem extends Error {
  override readonly name: string = "ApiProblem";
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** When trying again makes sense, where the server says so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: number,
    message: string,
    options: { retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Whether `error` is an {@linkcode ApiProblem} with one of these statuses. */
export function hasStatus(error: unknown, ...statuses: number[]): error is ApiProblem {
  return error instanceof ApiProblem && statuses.includes(error.status);
}
