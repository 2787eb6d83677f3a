/**
 * Where to go after signing in: only pages of this site, and not the sign-in page itself.
 *
 * @param wanted `redirect_uri` as it came, a path or a whole address.
 * @param origin Origin of this page.
 */
export function safeRedirect(wanted: string | null, origin: string): string {
  const home = "/web";
  if (wanted === null || wanted.length > 2048 || !URL.canParse(wanted, origin)) return home;
  const url = new URL(wanted, origin);
  const ours = url.origin === origin && (url.pathname === home || url.pathname.startsWith("/web/"));
  if (!ours || /^\/web\/login\/?$/.test(url.pathname)) return home;
  return url.pathname + url.search;
}

/** The sign-in page that comes back to `path`. `ended`: because a session has ended, which it then says. */
export function loginPath(path: string, { ended }: { ended: boolean }): string {
  const query = new URLSearchParams({ redirect_uri: path });
  if (ended) query.set("ended", "1");
  return `/web/login?${query}`;
}
