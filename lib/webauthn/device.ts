import type { MFADevice } from "./types.ts";

/** The id by which the device is asked for: credential id or U2F key handle. */
export function credentialIdOf(device: MFADevice): Uint8Array {
  return device.kind === "webauthn" ? device.webauthn.credentialId : device.u2f.keyHandle;
}

/** The device's public key, a COSE key. */
export function publicKeyOf(device: MFADevice): Uint8Array {
  return device.kind === "webauthn" ? device.webauthn.publicKeyCbor : device.u2f.publicKeyCbor;
}

/** Whether the credential is known to be discoverable. */
export function isResident(device: MFADevice): boolean {
  return device.kind === "webauthn" && device.webauthn.residentKey;
}

/** What became of a signature counter. */
export interface CounterJudgement {
  stored: number;
  received: number;
  /** What to store: the higher one. */
  kept: number;
  /** It did not grow, although the authenticator counts: a sign of a clone. */
  wentBack: boolean;
}

/**
 * WebAuthn L3 §7.2 step 22: a counter must grow, unless both are 0 (the authenticator does not count). An answer to a
 * reusable challenge may come again as it is, so there the same counter is no sign of anything.
 */
export function judgeCounter(
  device: MFADevice,
  received: number,
  { reusable }: { reusable: boolean },
): CounterJudgement {
  const stored = device.kind === "webauthn" ? device.webauthn.signatureCounter : device.u2f.counter;
  const counts = received !== 0 || stored !== 0;
  const grew = received > stored || (reusable && received === stored);
  return { stored, received, kept: Math.max(stored, received), wentBack: counts && !grew };
}

/**
 * The device after a login. A device that signed in without a user name is resident, whatever was thought at its
 * registration; one that has no relying party id yet gets the one that it just signed for.
 */
export function updateDevice(
  device: MFADevice,
  { counter, lastUsedMs, rpId, passwordless }: {
    counter: number;
    lastUsedMs: number;
    rpId: string;
    passwordless: boolean;
  },
): MFADevice {
  if (device.kind === "u2f") return { ...device, lastUsedMs, u2f: { ...device.u2f, counter } };
  const { webauthn } = device;
  return {
    ...device,
    lastUsedMs,
    webauthn: {
      ...webauthn,
      signatureCounter: counter,
      residentKey: webauthn.residentKey || passwordless,
      credentialRpId: webauthn.credentialRpId === "" ? rpId : webauthn.credentialRpId,
    },
  };
}
