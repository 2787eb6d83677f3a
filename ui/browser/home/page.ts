import { Store } from "../core/store.ts";
import type { PageContext } from "../context.ts";
import { mount } from "../core/region.ts";
import { loginPath } from "../navigation.ts";
import { apiErrorWords } from "../words/api_words.ts";
import { type HomeEvent, type HomeState, INITIAL, step } from "./machine.ts";
import { homeRegions } from "./view.ts";

/** Starts the home page: who is signed in, what to do here, sign out. */
export function startHome({ api, session, clock, root, clusterName }: PageContext): void {
  const store = new Store<HomeState, HomeEvent>(INITIAL, step);
  const toLogin = (ended: boolean): void => location.replace(loginPath("/web", { ended }));
  const load = async (): Promise<void> => {
    const held = session.held();
    try {
      const current = await api.currentUser();
      const expiresAtMs = session.load()?.expiresAtMs;
      if (current === undefined || expiresAtMs === undefined) return toLogin(held);
      store.send({ type: "signed_in", user: current.user, expiresAtMs, nowMs: clock.now() });
    } catch (error) {
      store.send({ type: "failed", problem: apiErrorWords(error) });
    }
  };
  const signOut = async (): Promise<void> => {
    store.send({ type: "sign_out" });
    try {
      await api.signOut();
      toLogin(false);
    } catch (error) {
      store.send({ type: "failed", problem: apiErrorWords(error) });
    }
  };
  if (session.load() === undefined) return toLogin(session.held());
  mount(
    root,
    store,
    homeRegions({ clusterName, proxyAddress: location.host }, {
      signOut: () => void signOut(),
      retry: () => {
        store.send({ type: "retry" });
        void load();
      },
    }),
  );
  void load();
  setInterval(() => store.send({ type: "tick", nowMs: clock.now() }), 30_000);
}
