/**
 * The pages, for the server that sends them: a shell of HTML for each, and the files that the shell refers to.
 *
 * The browser's side is in `ui/browser/`, bundled into `ui/dist/` by `deno task generate:ui` and imported from there as
 * text, so that it is part of the program also after `deno compile`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import script from "./dist/app.js" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };
import style from "./style.css" with { type: "text" };
import { type PageRequest, renderShell } from "./page.ts";

export type { PageParams, PageRequest } from "./page.ts";

/** A file that pages load. Its name changes with its content, so it may be cached for ever. */
export interface Asset {
  /** The `Content-Type` header. */
  contentType: string;
  /** The file, uncompressed. */
  body: Uint8Array<ArrayBuffer>;
}

/** An asset's path: 16 hex digits of its SHA-256 are enough to tell builds apart. */
function hashedPath(name: string, extension: string, text: string): string {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return `/web/assets/${name}-${hash}.${extension}`;
}

const paths = {
  script: hashedPath("app", "js", script),
  style: hashedPath("style", "css", style),
  icon: hashedPath("icon", "svg", icon),
};

function asset(contentType: string, text: string): Asset {
  return { contentType, body: new TextEncoder().encode(text) };
}

/** Every asset by its path. */
export const assets: ReadonlyMap<string, Asset> = new Map([
  [paths.script, asset("text/javascript; charset=utf-8", script)],
  [paths.style, asset("text/css; charset=utf-8", style)],
  [paths.icon, asset("image/svg+xml", icon)],
]);

/**
 * Renders a page.
 *
 * @example
 * ```ts
 * import { renderPage } from "./mod.ts";
 * const html = renderPage({
 *   page: "headless",
 *   params: { id: "86172f78-af7c-5935-a7c1-ed06b94f17dc" },
 *   clusterName: "example.com",
 *   nonce: "r4nd0m",
 * });
 * ```
 */
export function renderPage(request: PageRequest): string {
  return renderShell(request, paths);
}
