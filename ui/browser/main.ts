/**
 * Where the pages' script begins: reads which page the shell is, and starts it.
 *
 * @module
 */

import { ApiClient } from "./api/client.ts";
import { csrfToken } from "./api/csrf.ts";
import { Fields } from "./api/fields.ts";
import { SessionStore } from "./api/session.ts";
import { WebApi } from "./api/web_api.ts";
import type { PageContext } from "./context.ts";
import { h } from "./core/dom.ts";
import { statement } from "./core/parts.ts";
import type { Part } from "./core/region.ts";
import { startHeadless } from "./headless/page.ts";
import { startHome } from "./home/page.ts";
import { startInvite } from "./invite/page.ts";
import { startLogin } from "./login/page.ts";
import { realClock } from "./platform.ts";
import { browserSecurityKey } from "./security_key.ts";

function start(root: HTMLElement): void {
  const data = new Fields(JSON.parse(root.dataset.page ?? "null"));
  const params = data.object("params");
  const clusterName = data.text("clusterName");
  const session = new SessionStore(localStorage, realClock);
  const context: PageContext = {
    clusterName,
    session,
    api: new WebApi(new ApiClient(session, csrfToken), session),
    key: browserSecurityKey,
    clock: realClock,
    root,
    setTitle: (title) => document.title = `${title} · ${clusterName} · latchkey`,
  };
  const passwordless = params.raw("passwordless") === true;
  switch (data.text("page")) {
    case "login":
      return startLogin(context, { passwordless });
    case "invite":
      return startInvite(context, { token: params.text("token"), passwordless });
    case "headless":
      return startHeadless(context, { id: params.text("id") });
    case "home":
      return startHome(context);
  }
}

// A page that comes back from the browser's memory shows what was true then.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

const root = document.getElementById("page");
if (root !== null) {
  try {
    start(root);
  } catch (error) {
    root.replaceChildren(cannotStart().node);
    throw error;
  }
}

/** Mostly a browser that lets this site keep nothing: asking it for its storage throws. */
function cannotStart(): Part<null> {
  return statement({
    picture: "unplugged",
    tone: "problem",
    title: "This page cannot start here",
    body: [
      "Your browser may be set to let this site keep nothing. Allow cookies for it, also in a private " +
      "window, and load the page again.",
      h(
        "div",
        { class: "actions" },
        h("a", { class: "button button-primary", href: "" }, "Load again"),
      ),
    ],
  });
}
