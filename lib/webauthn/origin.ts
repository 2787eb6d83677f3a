import { ToolError } from "../errors/mod.ts";

/**
 * Verifies that a page of `origin` may use credentials of `rpId` (WebAuthn L3 §13.4.9): its host is the relying party's
 * id or a subdomain of it, and it came over https, or over http from this machine (`localhost`).
 *
 * An explicit default port is fine: tools that drive a key themselves state the proxy's address with its port.
 *
 * @throws {ToolError} `access_denied`
 */
export function validateOrigin(origin: string, rpId: string): void {
  const url = parseOrigin(origin);
  if (url === undefined) throw denied(origin, "is not an origin");
  const host = url.hostname;
  const id = rpId.toLowerCase();
  if (host !== id && !host.endsWith(`.${id}`)) {
    throw denied(origin, `does not belong to the relying party ${JSON.stringify(rpId)}`);
  }
  const local = host === "localhost" || host.endsWith(".localhost");
  if (url.protocol !== "https:" && !(url.protocol === "http:" && local)) {
    throw denied(origin, "is not https");
  }
}

/** Scheme, host and port, and nothing else. */
function parseOrigin(origin: string): URL | undefined {
  if (!/^https?:\/\/[\w-]+(?:\.[\w-]+)*(?::[0-9]{1,5})?$/.test(origin)) return undefined;
  return URL.parse(origin) ?? undefined;
}

function denied(origin: string, why: string): ToolError {
  return new ToolError("access_denied", `origin ${JSON.stringify(origin.slice(0, 256))} ${why}`);
}
