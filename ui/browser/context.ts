import type { SessionStore } from "./api/session.ts";
import type { WebApi } from "./api/web_api.ts";
import type { Clock } from "./platform.ts";
import type { SecurityKey } from "./security_key.ts";

/** What every page is given. */
export interface PageContext {
  clusterName: string;
  api: WebApi;
  session: SessionStore;
  key: SecurityKey;
  clock: Clock;
  /** Where the page draws. */
  root: HTMLElement;
  /** Sets the document's title: the page's own part, before cluster and product. */
  setTitle(title: string): void;
}
