import { h } from "../core/dom.ts";
import { field } from "../core/field.ts";
import { icon } from "../core/icons.ts";
import type { Part } from "../core/region.ts";
import type { InviteState } from "./machine.ts";
import { passwordRules } from "./password_rules.ts";

/** Most characters of a key's name. */
const MAX_NAME_LENGTH = 64;

/** What the form can do. */
export interface FormActions {
  choose(passwordless: boolean): void;
  register(password: string, deviceName: string): void;
}

/** The invited person's form: how to sign in, the password, the key's name. */
export function formPart(
  user: string,
  view: { passwordless: boolean },
  actions: FormActions,
): Part<InviteState> {
  const password = passwordField();
  const deviceName = field({
    id: "device-name",
    label: "Name of this key",
    type: "text",
    autocomplete: "off",
    hint: "So that you can tell it from others later.",
    value: "security key",
    maxLength: MAX_NAME_LENGTH,
  });
  const method = methodChoice(actions.choose);
  const submit = h(
    "button",
    { type: "submit", class: "button button-primary", "data-rest": "" },
    h("span", {}, "Register security key"),
  );
  let passwordless = false;
  const submitted = (event: Event): void => {
    event.preventDefault();
    password.setError(
      passwordless || password.good() ? undefined : "Choose a password that keeps to these rules.",
    );
    const name = deviceName.input.value.trim();
    deviceName.setError(name === "" ? "Give the key a name." : undefined);
    const wrong = [password, deviceName].find(({ input }) => input.hasAttribute("aria-invalid"));
    if (wrong !== undefined) return wrong.input.focus();
    actions.register(password.input.value, name);
  };
  const node = h(
    "form",
    { class: "flow", method: "post", action: "/web/login", novalidate: true, onsubmit: submitted },
    // For password managers, which file a new password under the name that stands before it.
    h("input", {
      class: "visually-hidden",
      name: "username",
      autocomplete: "username",
      value: user,
      readonly: true,
      tabindex: "-1",
      "aria-hidden": "true",
    }),
    view.passwordless && method,
    password.node,
    deviceName.node,
    h("div", { class: "actions" }, submit),
  );
  return {
    node,
    update(state): void {
      if (state.screen !== "form") return;
      node.hidden = state.step !== "form";
      passwordless = state.passwordless;
      password.node.hidden = passwordless;
      password.input.disabled = passwordless;
      if (passwordless) password.setError(undefined);
    },
  };
}

function passwordField(): ReturnType<typeof field> & { good(): boolean } {
  const made = field({
    id: "password",
    label: "Password",
    type: "password",
    autocomplete: "new-password",
    describedBy: "password-rules",
  });
  const list = h("ul", { class: "rules", id: "password-rules" });
  const items = passwordRules("").map((rule) => {
    const state = h("span", { class: "visually-hidden" });
    const item = h("li", {}, icon("check"), h("span", {}, rule.words), state);
    list.append(item);
    return { item, state };
  });
  const check = (): boolean => {
    const rules = passwordRules(made.input.value);
    rules.forEach((rule, index) => {
      const { item, state } = items[index]!;
      item.classList.toggle("met", rule.met);
      state.textContent = rule.met ? ", met" : ", not yet met";
    });
    const good = rules.every((rule) => rule.met);
    if (good) made.setError(undefined);
    return good;
  };
  made.input.addEventListener("input", check);
  check();
  made.node.append(list);
  return { ...made, good: check };
}

function methodChoice(choose: (passwordless: boolean) => void): HTMLElement {
  const option = (
    { value, label, hint, checked }: {
      value: string;
      label: string;
      hint: string;
      checked: boolean;
    },
  ): HTMLElement => {
    const id = `method-${value}`;
    return h(
      "div",
      { class: "choice" },
      h("input", {
        type: "radio",
        id,
        name: "method",
        value,
        checked,
        "aria-describedby": `${id}-hint`,
        onchange: () => choose(value === "passwordless"),
      }),
      h("label", { for: id }, label),
      h("p", { class: "hint", id: `${id}-hint` }, hint),
    );
  };
  return h(
    "fieldset",
    { class: "choices" },
    h("legend", {}, "How do you want to sign in?"),
    option({
      value: "password",
      label: "Password and security key",
      hint: "You type your password, then touch the key.",
      checked: true,
    }),
    option({
      value: "passwordless",
      label: "Security key alone, without a password",
      hint:
        "The key asks for its PIN or your fingerprint and knows who you are. It must be able to.",
      checked: false,
    }),
  );
}
