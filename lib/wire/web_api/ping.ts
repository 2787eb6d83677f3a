import { z } from "zod";
import { flag, optionalText } from "./body.ts";

/** How one signs in to the cluster. */
export interface PingAuth {
  /** `local`, or the kind of an identity provider. */
  type: string;
  /** `off`, `otp`, `webauthn`, `on`, `optional`. */
  secondFactor?: string;
  /** Whether there is a passwordless login. */
  allowPasswordless: boolean;
  /** Whether there is a headless login. Clusters older than 13 do not say, which counts as no. */
  allowHeadless: boolean;
  /** Name of the connector that was asked for, or of the default one. */
  localName?: string;
  /** The relying party that security keys sign for. */
  webauthnRpId?: string;
  /** The app id of devices of the U2F protocol. */
  u2fAppId?: string;
  /** Whether there is a message of the day, to be read before signing in. */
  hasMessageOfTheDay: boolean;
}

/** How one reaches the cluster. */
export interface PingProxy {
  /** Whether all services are on one port, told apart by ALPN. */
  tlsRoutingEnabled: boolean;
  /** Address of the web port that clients are told to use. */
  publicAddr?: string;
  /** Address that the web port listens on. */
  webListenAddr?: string;
  /** Address that the SSH port listens on. */
  sshListenAddr?: string;
  /** Address of the SSH port that clients are told to use. */
  sshPublicAddr?: string;
}

/** The answer to `GET /webapi/ping` and `GET /webapi/ping/:connector`. */
export interface PingResponse {
  /** How one signs in to the cluster. */
  auth: PingAuth;
  /** How one reaches the cluster. */
  proxy: PingProxy;
  /** Version of Teleport's protocol. */
  serverVersion: string;
  /** Oldest client that is welcome. */
  minClientVersion?: string;
  /** Absent from `GET /webapi/find` of very old clusters only. */
  clusterName: string;
}

/** Reads a {@linkcode PingResponse}. */
export const pingResponseSchema: z.ZodType<PingResponse> = z.object({
  auth: z.object({
    type: z.string().max(64),
    second_factor: optionalText,
    allow_passwordless: flag,
    allow_headless: flag,
    local: z.object({ name: optionalText }).nullish(),
    webauthn: z.object({ rp_id: optionalText }).nullish(),
    u2f: z.object({ app_id: optionalText }).nullish(),
    has_motd: flag,
  }),
  proxy: z.object({
    ssh: z.object({
      listen_addr: optionalText,
      web_listen_addr: optionalText,
      public_addr: optionalText,
      ssh_public_addr: optionalText,
    }).nullish(),
    tls_routing_enabled: flag,
  }),
  server_version: z.string().max(64),
  min_client_version: optionalText,
  cluster_name: z.string().min(1).max(255),
}).transform(({ auth, proxy, ...rest }) => ({
  auth: {
    type: auth.type,
    secondFactor: auth.second_factor,
    allowPasswordless: auth.allow_passwordless,
    allowHeadless: auth.allow_headless,
    localName: auth.local?.name,
    webauthnRpId: auth.webauthn?.rp_id,
    u2fAppId: auth.u2f?.app_id,
    hasMessageOfTheDay: auth.has_motd,
  },
  proxy: {
    tlsRoutingEnabled: proxy.tls_routing_enabled,
    publicAddr: proxy.ssh?.public_addr,
    webListenAddr: proxy.ssh?.web_listen_addr,
    sshListenAddr: proxy.ssh?.listen_addr,
    sshPublicAddr: proxy.ssh?.ssh_public_addr,
  },
  serverVersion: rest.server_version,
  minClientVersion: rest.min_client_version,
  clusterName: rest.cluster_name,
}));
