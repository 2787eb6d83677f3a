import type { Words } from "./words.ts";

/** What the key was asked to do. */
export type Ceremony = "sign" | "register";

/** `name` and `message` of anything thrown. */
function describe(error: unknown): { name: string; message: string } {
  if (typeof error !== "object" || error === null) return { name: "", message: String(error) };
  const { name, message } = error as { name?: unknown; message?: unknown };
  return { name: String(name ?? ""), message: String(message ?? "") };
}

const OTHER_ADDRESS: Words = {
  said: "The browser keeps your security key away from this address.",
  next:
    "The key belongs to the cluster's own address. Open the cluster there; your administrator knows it.",
};

const UNTRUSTED: Words = {
  said:
    "The browser does not trust this site's certificate, so it keeps your security key away from it.",
  next: "Ask your administrator for a certificate that browsers trust.",
};

/**
 * Puts an error of `navigator.credentials` into words (WebAuthn L3 §5.1.3 and §5.1.4 list the names). Browsers fold many causes into
 * NotAllowedError on purpose, so that a site cannot find out which keys exist.
 */
export function keyErrorWords(error: unknown, ceremony: Ceremony): Words {
  const { name, message } = describe(error);
  if (/certificate/i.test(message)) return UNTRUSTED;
  switch (name) {
    case "NotAllowedError":
      return {
        said: "The key was not used in time, or the prompt was closed.",
        next: ceremony === "sign"
          ? "Try again with a key that is registered here."
          : "Try again when the key is at hand.",
      };
    case "InvalidStateError":
      return ceremony === "register"
        ? { said: "This key is registered for you already.", next: "Use another one." }
        : { said: "This key cannot answer now.", next: "Take it out, put it back and try again." };
    case "SecurityError":
      return OTHER_ADDRESS;
    case "ConstraintError":
      return {
        said: "This key cannot check that it is you.",
        next: ceremony === "register"
          ? "Set a PIN or fingerprint on it, use another key, or choose password and security key."
          : "Set a PIN or fingerprint on it, or use another key.",
      };
    case "NotSupportedError":
      return {
        said: "This key speaks no language that the cluster knows.",
        next: "Use a newer key.",
      };
    default:
      return {
        said: "The key or the browser could not finish.",
        next: "Take the key out, put it back and try again.",
      };
  }
}

/** Words for a browser, or an address, without WebAuthn. */
export function noWebauthnWords(secureContext: boolean): Words {
  return secureContext
    ? {
      said: "This browser cannot use security keys.",
      next:
        "Open this page in a current Chrome, Edge, Firefox or Safari, here or on another device.",
    }
    : {
      said: "Browsers use security keys only over https.",
      next: "Open this page at an address that begins with https://.",
    };
}
