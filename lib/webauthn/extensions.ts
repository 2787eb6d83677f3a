import { ToolError } from "../errors/mod.ts";
import type { ChallengeExtensions, SessionData } from "./types.ts";

/** Scopes whose challenges may be answered more than once. */
function mayAllowReuse(extensions: ChallengeExtensions): boolean {
  return extensions.scope === "ADMIN_ACTION";
}

/** Whether a stored challenge may be answered more than once. */
export function allowsReuse(extensions: ChallengeExtensions): boolean {
  return extensions.allowReuse === "YES" && mayAllowReuse(extensions);
}

/**
 * What a challenge is asked for, at begin.
 *
 * @throws {ToolError} `bad_parameter` when it is missing, asks for reuse in a scope that has none, or for a user
 * verification that does not exist.
 */
export function checkRequestedExtensions(
  extensions: ChallengeExtensions | null | undefined,
): asserts extensions is ChallengeExtensions {
  checkPresent(extensions, "requested");
  const { userVerificationRequirement } = extensions;
  if (
    userVerificationRequirement !== undefined &&
    !["required", "preferred", "discouraged"].includes(userVerificationRequirement)
  ) {
    throw new ToolError("bad_parameter", "user verification requirement is not one of WebAuthn's");
  }
  if (extensions.allowReuse === "YES" && !mayAllowReuse(extensions)) {
    throw new ToolError(
      "bad_parameter",
      `mfa challenges with scope ${extensions.scope} cannot allow reuse`,
    );
  }
}

/** What an answer is demanded to have, at finish. Throws `bad_parameter` when it is missing. */
export function checkPresent(
  extensions: ChallengeExtensions | null | undefined,
  which: "requested" | "required",
): asserts extensions is ChallengeExtensions {
  if (extensions === undefined || extensions === null) {
    throw new ToolError("bad_parameter", `${which} challenge extensions must be supplied`);
  }
}

/**
 * Judges a stored challenge by what the action demands:
 *
 * - its scope, unless `UNSPECIFIED` is demanded, which takes any;
 * - that it cannot be answered again, unless reuse is fine here. `UNSPECIFIED` counts as `NO`; `YES` takes both kinds.
 *
 * @throws {ToolError} `access_denied`
 */
export function checkStoredExtensions(
  session: SessionData,
  required: ChallengeExtensions,
): ChallengeExtensions {
  const stored = session.challengeExtensions;
  if (stored === undefined) {
    throw new ToolError("access_denied", "the challenge was not made for a login");
  }
  if (required.scope !== "UNSPECIFIED" && required.scope !== stored.scope) {
    throw new ToolError(
      "access_denied",
      `required scope "${required.scope}" is not satisfied by the given webauthn session with scope "${stored.scope}"`,
    );
  }
  if (required.allowReuse !== "YES" && stored.allowReuse === "YES") {
    throw new ToolError(
      "access_denied",
      "the given webauthn session allows reuse, but reuse is not permitted in this context",
    );
  }
  return stored;
}
