import { h, isBlocked, setBlocked, setText } from "../core/dom.ts";
import { field } from "../core/field.ts";
import { button, heading, problemRegion, statement } from "../core/parts.ts";
import { nothing, type Part, Region } from "../core/region.ts";
import { touchPanel } from "../core/touch_panel.ts";
import { noWebauthnWords } from "../words/key_words.ts";
import { durationWords } from "../words/time_words.ts";
import { type LoginState, waitMs } from "./machine.ts";

/** What a person can do on the page. */
export interface LoginActions {
  signIn(user: string, password: string): void;
  signInPasswordless(): void;
  stop(): void;
}

/** What the page knows beforehand. */
export interface LoginView {
  clusterName: string;
  /** Whether the cluster allows signing in without a password. */
  passwordless: boolean;
  /** A line that says why one is here, if there is more to say than "sign in". */
  reason?: string;
}

/** The page where keys cannot be used. */
export function keylessStatement<S>(): Part<S> {
  const words = noWebauthnWords(globalThis.isSecureContext);
  return statement({
    picture: "key",
    tone: "problem",
    title: words.said,
    body: [words.next, "Everything here is protected by a security key, so there is no other way."],
  });
}

/** The page's regions from top to bottom. */
export function loginRegions(view: LoginView, actions: LoginActions): Region<LoginState>[] {
  return [
    new Region<LoginState>(
      (state) => state.step === "done" ? "done" : "title",
      (state) =>
        state.step === "done"
          ? { node: h("p", { class: "quiet" }, "Signed in. One moment …") }
          : titlePart(view),
    ),
    problemRegion((state) => state.problem),
    // The form stays while the key is awaited, out of sight, so that nothing has to be typed twice.
    new Region<LoginState>(() => "form", () => formPart(view, actions)),
    new Region<LoginState>(
      (state) => state.step === "form" || state.step === "done" ? "" : "touch",
      (state) => state.step === "form" || state.step === "done" ? nothing() : touchPart(actions),
    ),
  ];
}

function titlePart(view: LoginView): Part<LoginState> {
  return {
    node: h(
      "div",
      { class: "flow" },
      heading("h1", `Sign in to ${view.clusterName}`),
      view.reason !== undefined && h("p", { class: "lead" }, view.reason),
    ),
  };
}

function formPart(view: LoginView, actions: LoginActions): Part<LoginState> {
  const user = field({
    id: "username",
    label: "User name",
    type: "text",
    autocomplete: view.passwordless ? "username webauthn" : "username",
    maxLength: 256,
  });
  const password = field({
    id: "password",
    label: "Password",
    type: "password",
    autocomplete: "current-password",
  });
  const submit = h(
    "button",
    { type: "submit", class: "button button-primary", "data-rest": "" },
    h("span", {}, "Sign in with security key"),
  );
  const wait = h("p", { class: "hint", "aria-live": "off" });
  const passwordless = button("Sign in without a password", {
    kind: "plain",
    press: actions.signInPasswordless,
  });
  const submitted = (event: Event): void => {
    event.preventDefault();
    user.setError(user.input.value.trim() === "" ? "Type your user name." : undefined);
    password.setError(password.input.value === "" ? "Type your password." : undefined);
    const missing = [user, password].find(({ input }) => input.hasAttribute("aria-invalid"));
    if (missing !== undefined) return missing.input.focus();
    if (!isBlocked(submit)) actions.signIn(user.input.value.trim(), password.input.value);
  };
  const node = h(
    "form",
    // Without its script the form must not put a password into an address.
    { class: "flow", method: "post", action: "/web/login", novalidate: true, onsubmit: submitted },
    user.node,
    password.node,
    h("div", { class: "actions actions-stack" }, submit, wait),
    view.passwordless && h("p", { class: "or" }, h("span", {}, "or")),
    view.passwordless && h(
      "div",
      { class: "actions actions-stack" },
      passwordless,
      h(
        "p",
        { class: "hint" },
        "For a key that you registered as passwordless: it knows who you are.",
      ),
    ),
  );
  return {
    node,
    update(state): void {
      node.hidden = state.step !== "form";
      const left = waitMs(state);
      setText(wait, left > 0 ? `You can try again in ${durationWords(left)}.` : "");
      wait.hidden = left === 0;
      setBlocked(submit, left > 0);
      setBlocked(passwordless, left > 0);
    },
  };
}

function touchPart(actions: LoginActions): Part<LoginState> {
  const panel = touchPanel({ words: "The touch signs you in.", stop: actions.stop });
  return {
    node: panel.node,
    focus: panel.focus,
    update(state): void {
      if (state.step !== "form" && state.step !== "done") panel.show(state.step);
    },
  };
}
