/**
 * What clients ask first: who is there, and how one signs in.
 *
 * @module
 */

import type { AuthPreference } from "../../auth/mod.ts";
import { ToolError } from "../../errors/mod.ts";
import type { PublicAddress } from "../public_address.ts";
import { MIN_CLIENT_VERSION, SERVER_VERSION } from "../versions.ts";
import type { WebContext, WebRequest } from "./context.ts";

/** Names of connectors that every cluster has; others are identity providers, which this one knows none of. */
const CONNECTORS = new Set(["local", "passwordless", "headless"]);

/** `GET /webapi/ping`: with the cluster's default connector. */
export async function ping(c: WebRequest, context: WebContext): Promise<Response> {
  const preference = await context.auth.settings.authPreference();
  const auth = authSettings(preference, preference.connectorName);
  return c.json({ auth, ...clusterSettings(context), min_client_version: MIN_CLIENT_VERSION });
}

/** `GET /webapi/ping/:connector`: with the connector that a client was told to use. */
export async function pingConnector(c: WebRequest, context: WebContext): Promise<Response> {
  const connector = c.req.param("connector") ?? "";
  if (!CONNECTORS.has(connector)) {
    throw new ToolError("bad_parameter", "invalid connector name", {
      hint: `Connectors are ${[...CONNECTORS].join(", ")}.`,
    });
  }
  const auth = authSettings(await context.auth.settings.authPreference(), connector);
  return c.json({ auth, ...clusterSettings(context), min_client_version: "" });
}

/** `GET /webapi/find`: as ping, but without a look at the store. */
export function find(c: WebRequest, context: WebContext): Response {
  const auth = { type: "", private_key_policy: "", device_trust: {}, has_motd: false };
  return c.json({ auth, ...clusterSettings(context), min_client_version: MIN_CLIENT_VERSION });
}

/** Settings that do not apply are left out, as Teleport leaves them out. */
function authSettings(preference: AuthPreference, connector: string): Record<string, unknown> {
  const { secondFactors, webauthn, u2f } = preference;
  const usesWebauthn = secondFactors.includes("webauthn");
  return {
    type: preference.type,
    second_factor: secondFactorOf(secondFactors),
    second_factors: secondFactors,
    ...(usesWebauthn ? { preferred_local_mfa: "webauthn" } : {}),
    ...(preference.allowPasswordless ? { allow_passwordless: true } : {}),
    ...(preference.allowHeadless ? { allow_headless: true } : {}),
    local: { name: connector },
    ...(usesWebauthn ? { webauthn: { rp_id: webauthn.rpId } } : {}),
    ...(u2f === undefined ? {} : { u2f: { app_id: u2f.appId } }),
    private_key_policy: "none",
    device_trust: { disabled: true },
    has_motd: false,
  };
}

/** The single value that clients knew before there was a list. */
function secondFactorOf(secondFactors: readonly string[]): string {
  const [only, ...others] = secondFactors;
  if (only === undefined) return "off";
  return others.length === 0 ? only : "on";
}

function clusterSettings({ auth, publicAddress }: WebContext): Record<string, unknown> {
  return {
    proxy: proxySettings(publicAddress),
    server_version: SERVER_VERSION,
    cluster_name: auth.settings.clusterName,
    automatic_upgrades: false,
  };
}

/** Everything is on one port. */
function proxySettings({ hostPort }: PublicAddress): Record<string, unknown> {
  return {
    kube: { enabled: false },
    ssh: {
      listen_addr: hostPort,
      tunnel_listen_addr: hostPort,
      web_listen_addr: hostPort,
      public_addr: hostPort,
    },
    db: {},
    tls_routing_enabled: true,
    assist_enabled: false,
  };
}
