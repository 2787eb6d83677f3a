import { h, setText } from "./dom.ts";

/** A labelled input with its hint and its error. */
export interface Field {
  readonly node: HTMLElement;
  readonly input: HTMLInputElement;
  /** Says what is wrong with the input, or takes it back. */
  setError(text: string | undefined): void;
}

/** What an input is. */
export interface FieldOptions {
  id: string;
  label: string;
  type: "text" | "password";
  /** What password managers go by. */
  autocomplete: string;
  hint?: string;
  value?: string;
  maxLength?: number;
  /** Id of something more that describes the input. */
  describedBy?: string;
}

/** Makes a field. */
export function field(options: FieldOptions): Field {
  const { id, label, type, autocomplete, hint, value, maxLength } = options;
  const describedBy = [hint !== undefined && `${id}-hint`, options.describedBy, `${id}-error`]
    .filter(Boolean).join(" ");
  const input = h("input", {
    id,
    name: id,
    type,
    autocomplete,
    value,
    maxlength: maxLength?.toString(),
    required: true,
    spellcheck: "false",
    autocapitalize: "none",
    "aria-describedby": describedBy,
  });
  const error = h("p", { class: "field-error", id: `${id}-error`, "aria-live": "polite" });
  const box = type === "password" ? h("div", { class: "password" }, input, reveal(input)) : input;
  return {
    input,
    node: h(
      "div",
      { class: "field" },
      h("label", { for: id }, label),
      hint !== undefined && h("p", { class: "hint", id: `${id}-hint` }, hint),
      box,
      error,
    ),
    setError(text): void {
      setText(error, text ?? "");
      if (text === undefined) input.removeAttribute("aria-invalid");
      else input.setAttribute("aria-invalid", "true");
    },
  };
}

/** Shows and hides what is typed. A toggle whose name stays and whose state changes. */
function reveal(input: HTMLInputElement): HTMLButtonElement {
  const control = h("button", {
    type: "button",
    class: "reveal",
    "aria-pressed": "false",
    "aria-label": "Show password",
  }, "Show");
  control.addEventListener("click", () => {
    const show = input.type === "password";
    input.type = show ? "text" : "password";
    control.setAttribute("aria-pressed", String(show));
    setText(control, show ? "Hide" : "Show");
  });
  return control;
}
