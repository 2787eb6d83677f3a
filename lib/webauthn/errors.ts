import { ToolError } from "../errors/mod.ts";

/**
 * A special kind of `not_found`: the user has devices, and all of them were registered to other relying party ids. Give
 * the cluster its old `rp_id` back, or reset the user (most likely all users).
 */
export class InvalidCredentialsError extends ToolError {
  /** Name of the class. */
  override readonly name: string = "InvalidCredentialsError";

  /** The error; its message is Teleport's. */
  constructor() {
    super("not_found", "user has only invalid WebAuthn registrations, consider a user reset", {
      hint:
        "Give the cluster the rp_id back that the devices were registered with, or reset the user.",
    });
  }
}
