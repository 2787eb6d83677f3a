/**
 * Debian's Chromium, headless, with virtual security keys (the `WebAuthn` domain of the DevTools protocol).
 *
 * @module
 */

import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

/** No sandbox: tests run as root in containers, and open only our own pages. The rest keeps it off the network. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What a virtual key can do. */
export interface VirtualKeyOptions {
  /** Discoverable credentials; true by default. */
  hasResidentKey?: boolean;
  /** PIN or fingerprint; true by default. */
  hasUserVerification?: boolean;
  /** Whether its user is who they say; true by default. */
  isUserVerified?: boolean;
  /** `usb` (the default), or `internal` for one built into the machine. */
  transport?: "usb" | "internal";
}

/** A virtual security key that is plugged into one page. */
export interface VirtualKey {
  /** What is on it. */
  credentials(): Promise<
    { credentialId: string; isResidentCredential: boolean; signCount: number }[]
  >;
  /** Lets its user verification succeed or fail from now on. */
  setUserVerified(isUserVerified: boolean): Promise<void>;
  /** Sets the counter of its first credential, to play a cloned key. */
  setSignCount(signCount: number): Promise<void>;
  /** Whether it is touched as soon as it is asked; it is at first. */
  touches(enabled: boolean): Promise<void>;
  /** Removes every credential: a key that no cluster knows. */
  clear(): Promise<void>;
  /** Pulls it out. */
  remove(): Promise<void>;
}

/** A running browser. */
export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Starts it. */
  static async start(): Promise<Chromium> {
    const browser = await chromium.launch({
      executablePath: EXECUTABLE,
      args: FLAGS,
      headless: true,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    return new Chromium(browser);
  }

  /** A page in a profile of its own. */
  async page(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext(options);
    return await context.newPage();
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** Plugs a new virtual key into a page. It is touched by itself whenever asked. */
export async function plugIn(page: Page, options: VirtualKeyOptions = {}): Promise<VirtualKey> {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable", { enableUI: false });
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      transport: options.transport ?? "usb",
      hasResidentKey: options.hasResidentKey ?? true,
      hasUserVerification: options.hasUserVerification ?? true,
      isUserVerified: options.isUserVerified ?? true,
      automaticPresenceSimulation: true,
    },
  });
  const list = async () =>
    (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
  return {
    credentials: list,
    setUserVerified: async (isUserVerified) => {
      await session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
    },
    setSignCount: async (signCount) => {
      const [credential] = await list();
      if (credential === undefined) throw new Error("there is no credential on the key");
      await session.send("WebAuthn.removeCredential", {
        authenticatorId,
        credentialId: credential.credentialId,
      });
      await session.send("WebAuthn.addCredential", {
        authenticatorId,
        credential: { ...credential, signCount },
      });
    },
    touches: async (enabled) => {
      await session.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled });
    },
    clear: async () => {
      await session.send("WebAuthn.clearCredentials", { authenticatorId });
    },
    remove: async () => {
      await session.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
    },
  };
}
