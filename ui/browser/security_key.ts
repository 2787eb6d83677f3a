import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
  WebAuthnAbortService,
} from "@simplewebauthn/browser";
import type {
  CredentialAssertion,
  CredentialAssertionResponse,
  CredentialCreation,
  CredentialCreationResponse,
} from "../../lib/wire/webauthn.ts";

/** The security key, through the browser. One ceremony at a time: a new one ends the one before. */
export interface SecurityKey {
  /** Whether this browser, at this address, can use keys. */
  supported(): boolean;
  /** Whether the browser can offer keys where the user name is typed. */
  autofillSupported(): Promise<boolean>;
  /** Has a challenge signed. `autofill`: only if the person picks a key from the name field's suggestions. */
  sign(
    challenge: CredentialAssertion,
    options: { signal: AbortSignal; autofill?: boolean },
  ): Promise<CredentialAssertionResponse>;
  /** Has a new credential made. */
  register(
    challenge: CredentialCreation,
    options: { signal: AbortSignal },
  ): Promise<CredentialCreationResponse>;
}

/** The real one. */
export const browserSecurityKey: SecurityKey = {
  supported: () => browserSupportsWebAuthn() && globalThis.isSecureContext,
  autofillSupported: () => browserSupportsWebAuthnAutofill(),
  sign({ publicKey }, { signal, autofill = false }) {
    return abortable(signal, () =>
      startAuthentication({
        optionsJSON: publicKey as Parameters<typeof startAuthentication>[0]["optionsJSON"],
        useBrowserAutofill: autofill,
      }));
  },
  register({ publicKey }, { signal }) {
    return abortable(signal, () =>
      startRegistration({
        optionsJSON: publicKey as Parameters<typeof startRegistration>[0]["optionsJSON"],
      }));
  },
};

/** The library keeps the only handle on the running ceremony; this ties it to a signal of ours. */
async function abortable<T>(signal: AbortSignal, ceremony: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const cancel = (): void => WebAuthnAbortService.cancelCeremony();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    return await ceremony();
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}
