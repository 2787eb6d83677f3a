/** How a call is made. */
export interface CallOptions {
  /** Ends the call when aborted. Its reason is thrown if it is a `ToolError`. */
  signal?: AbortSignal;
  /** Ends the call, on both sides, after so many milliseconds. */
  timeoutMs?: number;
  /** Headers beside those of gRPC itself; names in lower case. */
  metadata?: Readonly<Record<string, string>>;
}
