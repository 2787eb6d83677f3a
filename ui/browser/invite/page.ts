import type { PageContext } from "../context.ts";
import { mount, Region } from "../core/region.ts";
import { Store } from "../core/store.ts";
import { keylessStatement } from "../login/view.ts";
import { InviteController } from "./controller.ts";
import type { InviteState } from "./machine.ts";
import { inviteRegions } from "./view.ts";

const TITLES: Record<InviteState["screen"], string> = {
  loading: "Invitation",
  form: "Invitation",
  gone: "Invitation no longer good",
  refused: "Invitation",
  done: "You are set up",
};

/** Starts the invitation page. */
export function startInvite(
  context: PageContext,
  params: { token: string; passwordless: boolean },
): void {
  const { api, key, clock, root, clusterName, setTitle } = context;
  if (!key.supported()) {
    const store = new Store<null, never>(null, (state) => state);
    return mount(root, store, [new Region(() => "", () => keylessStatement())]);
  }
  const controller = new InviteController({ api, key, clock, token: params.token });
  const view = { clusterName, passwordless: params.passwordless, proxyAddress: location.host };
  mount(
    root,
    controller.store,
    inviteRegions(view, {
      choose: (passwordless) => controller.choose(passwordless),
      register: (password, deviceName) => void controller.register(password, deviceName),
      stop: () => controller.stop(),
      retry: () => void controller.load(),
    }),
  );
  controller.store.subscribe((state) => setTitle(TITLES[state.screen]));
  setInterval(() => controller.tick(), 1000);
  void controller.load();
}
