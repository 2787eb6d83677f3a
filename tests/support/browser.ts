/**
 * Real Chromium with a virtual security key, for tests of pages.
 *
 * @module
 */

import type { BrowserContext, Page } from "playwright-core";
import { type Chromium, plugIn, type VirtualKey } from "./chromium.ts";

/** How a visitor differs from the usual one. */
export interface VisitorOptions {
  /** URL of the cluster, without a slash at the end. */
  url: string;
  colorScheme?: "light" | "dark";
  viewport?: { width: number; height: number };
  /** Runs in the page before its own script. */
  before?: string;
  /**
   * `internal` (a platform authenticator) makes Chromium offer keys in the name field, and at once picks one: the key
   * of a `usb` visitor is used only when asked for.
   */
  transport?: "usb" | "internal";
}

/** A person at a browser of their own: cookies, storage, one page and one key. */
export class Visitor implements AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What went wrong inside the page: exceptions, and what its security policy refused. */
  readonly faults: string[] = [];
  readonly #url: string;
  /** The key in this person's hand. */
  readonly key: VirtualKey;

  private constructor(
    context: BrowserContext,
    page: Page,
    parts: { url: string; key: VirtualKey },
  ) {
    this.context = context;
    this.page = page;
    this.#url = parts.url;
    this.key = parts.key;
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("console", (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) {
        this.faults.push(message.text());
      }
    });
  }

  /** Sits down at `browser`. */
  static async arrive(browser: Chromium, options: VisitorOptions): Promise<Visitor> {
    const { url, colorScheme, viewport, before, transport } = options;
    const page = await browser.page({
      ignoreHTTPSErrors: true,
      colorScheme,
      viewport,
      locale: "en-GB",
    });
    if (before !== undefined) await page.context().addInitScript(before);
    page.setDefaultTimeout(10_000);
    return new Visitor(page.context(), page, { url, key: await plugIn(page, { transport }) });
  }

  /** Goes to a path of the cluster, or to a whole address. */
  async go(address: string): Promise<void> {
    await this.page.goto(new URL(address, this.#url).href);
  }

  /** Accepts an invitation on its page, and ends signed in on the page that says so. */
  async acceptInvitation(
    link: string,
    { password = "correct horse battery", deviceName = "blue key" } = {},
  ): Promise<void> {
    const { page } = this;
    await page.goto(link);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByLabel("Name of this key").fill(deviceName);
    await page.getByRole("button", { name: "Register security key" }).click();
    await page.getByRole("heading", { name: /^You are set up/ }).waitFor();
  }

  /** The page's heading, once it is `name`. */
  async heading(name: string | RegExp): Promise<void> {
    await this.page.getByRole("heading", { level: 1, name }).waitFor();
  }

  /** Text of what has the focus. */
  focused(): Promise<string> {
    return this.page.evaluate("document.activeElement?.textContent?.trim() ?? ''");
  }

  /** Presses a button. */
  async press(name: string | RegExp): Promise<void> {
    const exact = typeof name === "string";
    await this.page.getByRole("button", exact ? { name, exact } : { name }).click();
  }

  /** Saves a picture under LATCHKEY_SHOTS, if that names a folder: for people to look at. */
  async picture(name: string): Promise<void> {
    const folder = Deno.env.get("LATCHKEY_SHOTS");
    if (folder) await this.page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  }

  /** Leaves. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
  }
}
