/**
 * What every handler of the web has at hand.
 *
 * @module
 */

import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { Auth, Caller, ClientInfo } from "../../auth/mod.ts";
import type { Deps } from "../../deps/mod.ts";
import type { TrustedProxies } from "../client_address.ts";
import type { ProxyLimits } from "../limits.ts";
import type { PublicAddress } from "../public_address.ts";

/** The parts of a running proxy that handlers use. */
export interface WebContext {
  auth: Auth;
  deps: Pick<Deps, "clock" | "random">;
  limits: ProxyLimits;
  trustedProxies: TrustedProxies;
  publicAddress: PublicAddress;
}

/** Types of what a request carries through hono. */
export interface WebEnv {
  Bindings: HttpBindings;
  Variables: {
    /** Who is on the other side. */
    client: ClientInfo;
    /** The page's Content-Security-Policy nonce. */
    nonce: string;
  };
}

/** A request on its way. */
export type WebRequest = Context<WebEnv>;

/** Somebody who is signed in. */
export type UserCaller = Caller & { kind: "user" };
