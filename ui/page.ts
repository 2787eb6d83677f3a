/**
 * The HTML shell that the server sends. It holds no data of anybody's: the page's script asks for that.
 *
 * @module
 */

/** Which page, and what its address says. Nothing here needs the server to know who asks. */
export type PageParams =
  /** `passwordless`: whether the cluster allows signing in without a password. */
  | { page: "login"; params: { passwordless: boolean } }
  | { page: "invite"; params: { token: string; passwordless: boolean } }
  | { page: "headless"; params: { id: string } }
  | { page: "home"; params: Record<string, never> }
  | { page: "not_found"; params: Record<string, never> };

/** A page to render. */
export type PageRequest = PageParams & {
  clusterName: string;
  /** The nonce of this answer's Content-Security-Policy. */
  nonce: string;
};

/** Addresses of what the shell refers to. */
export interface AssetPaths {
  script: string;
  style: string;
  icon: string;
}

const TITLES: Record<PageRequest["page"], string> = {
  login: "Sign in",
  invite: "Invitation",
  headless: "Approve a command",
  home: "Start",
  not_found: "No such page",
};

const NOT_FOUND = `
      <h1>There is no such page</h1>
      <p>The address may be mistyped, or cut short when it was copied.</p>
      <p>If it came from a terminal, copy the whole line that begins with <code>https://</code>. An invitation or a
        request that has ended keeps its page: this is not what you see then.</p>
      <p class="actions"><a class="button button-primary" href="/web">Go to the start page</a></p>`;

const LOADING = `
      <p class="quiet">Loading …</p>
      <p class="late">This takes longer than it should. <a href="">Load the page again</a>.</p>
      <noscript>
        <h1>This page needs JavaScript</h1>
        <p>It is how the page talks to your security key. Allow it for this site and load the page again. Nothing is
          loaded from any other site.</p>
      </noscript>`;

/** Makes `text` safe between tags and inside a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

/** The wordmark: a latch's bolt and its keyhole. Inline, so that it takes the text's colour. */
const MARK =
  `<svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false"><path d="M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2Zm7 4.5a3 3 0 0 0-1.5 5.6L9.75 17h4.5l-.75-3.9A3 3 0 0 0 12 7.5Z" fill="currentColor" fill-rule="evenodd"/></svg>`;

/** Renders the shell of a page. */
export function renderShell(request: PageRequest, assets: AssetPaths): string {
  const { page, params } = request;
  const cluster = escapeHtml(request.clusterName);
  const nonce = escapeHtml(request.nonce);
  const data = escapeHtml(JSON.stringify({ clusterName: request.clusterName, page, params }));
  const script = page === "not_found"
    ? ""
    : `\n    <script type="module" src="${assets.script}" nonce="${nonce}"></script>`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="referrer" content="no-referrer">
    <meta name="robots" content="noindex">
    <title>${TITLES[page]} · ${cluster} · latchkey</title>
    <link rel="icon" href="${assets.icon}" type="image/svg+xml">
    <link rel="stylesheet" href="${assets.style}" nonce="${nonce}">${script}
  </head>
  <body>
    <header class="masthead">
      <a class="wordmark" href="/web">${MARK}<span>latchkey</span></a>
      <p class="cluster"><span class="visually-hidden">Cluster: </span>${cluster}</p>
    </header>
    <main id="page" data-page="${data}">${page === "not_found" ? NOT_FOUND : LOADING}
    </main>
    <div id="announcer" class="visually-hidden" role="status"></div>
  </body>
</html>
`;
}
