const NAME = "__Host-grv_csrf";

/** The value of cookie `name` in a `Cookie` header or `document.cookie`. */
export function cookieValue(cookies: string, name: string): string | undefined {
  for (const pair of cookies.split(";")) {
    const [key, ...value] = pair.trim().split("=");
    if (key === name) return value.join("=");
  }
  return undefined;
}

/**
 * The token that shows the server that a page of its own site makes the call: the value of a cookie, repeated in a header.
 * Where the server has set none, the page makes one: another site can neither read nor write it (`__Host-`).
 */
export function csrfToken(): string {
  const existing = cookieValue(document.cookie, NAME);
  if (existing !== undefined && existing !== "") return existing;
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const token = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  document.cookie = `${NAME}=${token}; Path=/; Secure; SameSite=Strict`;
  return token;
}
