/** An attribute's value. `false` and `undefined` leave it out; a function listens to the event of that name. */
export type Attribute = string | boolean | undefined | ((event: Event) => void);

/** What goes inside an element. `undefined` and `false` are left out. */
export type Child = Node | string | undefined | false;

function apply(element: Element, attributes: Record<string, Attribute>, children: Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) element.setAttribute(name, "");
    else if (typeof value === "string") element.setAttribute(name, value);
  }
  for (const child of children) {
    if (child !== undefined && child !== false) element.append(child);
  }
}

/**
 * Makes an element. Text is always text: nothing is parsed as HTML anywhere in these pages.
 *
 * `style` attributes are not possible, the Content-Security-Policy forbids them.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Attribute> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, attributes, children);
  return element;
}

/** Makes an SVG element. */
export function svg(
  tag: string,
  attributes: Record<string, Attribute> = {},
  ...children: Child[]
): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  apply(element, attributes, children);
  return element;
}

/** Changes an element's text only when it differs, so that assistive technology and selections are left alone. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes a control unusable without taking it out of the tab order, so that focus is not lost and its state can be heard.
 * Handlers must ask {@linkcode isBlocked}.
 */
export function setBlocked(control: HTMLElement, blocked: boolean): void {
  if (blocked) control.setAttribute("aria-disabled", "true");
  else control.removeAttribute("aria-disabled");
}

/** Whether {@linkcode setBlocked} has made the control unusable. */
export function isBlocked(control: HTMLElement): boolean {
  return control.getAttribute("aria-disabled") === "true";
}
