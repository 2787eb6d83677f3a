/**
 * A command that ended as it should, with an exit status that is not 0: that of a remote command, for example. Nothing is
 * printed for it.
 */
export class ExitStatus extends Error {
  override readonly name: string = "ExitStatus";
  /** 1 to 255. */
  readonly status: number;

  /** Ends the tool with `status`. */
  constructor(status: number) {
    super(`exit status ${status}`);
    this.status = status;
  }
}
