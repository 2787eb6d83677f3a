import type { PageContext } from "../context.ts";
import { mount, Region } from "../core/region.ts";
import { Store } from "../core/store.ts";
import { safeRedirect } from "../navigation.ts";
import { LoginController } from "./controller.ts";
import { keylessStatement, loginRegions } from "./view.ts";

/** Why a person was sent here, where there is a reason. */
export function loginReason(target: string, ended: boolean): string | undefined {
  const forRequest = target.startsWith("/web/headless/");
  if (ended) {
    return forRequest
      ? "Your session has ended. Sign in again to answer the request that is waiting."
      : "Your session has ended. Sign in again to go on.";
  }
  return forRequest ? "Sign in to see the request that is waiting for you." : undefined;
}

/** Starts the sign-in page. */
export function startLogin(context: PageContext, params: { passwordless: boolean }): void {
  const { api, key, clock, root } = context;
  const query = new URLSearchParams(location.search);
  const target = safeRedirect(query.get("redirect_uri"), location.origin);
  if (!key.supported()) {
    const store = new Store<null, never>(null, (state) => state);
    return mount(root, store, [new Region(() => "", () => keylessStatement())]);
  }
  const leave = (): void => location.replace(target);
  const controller = new LoginController({ api, key, clock, leave });
  const view = {
    clusterName: context.clusterName,
    passwordless: params.passwordless,
    reason: loginReason(target, query.has("ended")),
  };
  mount(
    root,
    controller.store,
    loginRegions(view, {
      signIn: (user, password) => void controller.signIn(user, password),
      signInPasswordless: () => void controller.signInPasswordless(),
      stop: () => controller.stop(),
    }),
  );
  root.querySelector<HTMLInputElement>("#username")?.focus();
  setInterval(() => controller.tick(), 1000);
  void controller.leaveIfSignedIn();
  if (params.passwordless) void controller.offerAutofill(new AbortController().signal);
}
