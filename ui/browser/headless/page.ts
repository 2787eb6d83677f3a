import type { PageContext } from "../context.ts";
import { mount } from "../core/region.ts";
import { loginPath } from "../navigation.ts";
import { HeadlessController } from "./controller.ts";
import { webRequestSource } from "./source.ts";
import { headlessRegions, headlessTitle } from "./view.ts";

/** Starts the page that answers a headless request. Signs in first, and comes back. */
export function startHeadless(context: PageContext, params: { id: string }): void {
  const { api, session, key, clock, root, setTitle } = context;
  const here = location.pathname;
  // Whoever had a session when the page began, and has none any more, is told so.
  const ended = session.held();
  const signIn = (): void => {
    session.clear();
    location.replace(loginPath(here, { ended }));
  };
  if (session.load() === undefined) return signIn();
  const source = webRequestSource(api, params.id);
  const controller = new HeadlessController(
    { source, key, clock, signIn },
    new AbortController().signal,
  );
  mount(
    root,
    controller.store,
    headlessRegions({
      keySupported: controller.keySupported,
      approve: () => void controller.approve(),
      stop: () => controller.stop(),
      reject: () => void controller.reject(),
      retry: () => void controller.retry(),
      switchUser: () =>
        void api.signOut().catch(() => session.clear()).finally(() =>
          location.replace(loginPath(here, { ended: false }))
        ),
    }),
  );
  controller.store.subscribe((state) => setTitle(headlessTitle(state)));
  void controller.run();
}
