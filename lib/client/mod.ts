/**
 * A cluster as tsh sees it: finding the proxy, signing in, asking the auth service.
 *
 * What is needed only once somebody has approved (gRPC, protobuf) is loaded by {@linkcode Cluster} and not from here, so
 * that the person sees the prompt as soon as may be.
 *
 * @module
 */

export {
  DEFAULT_PROXY_PORTS,
  joinHostPort,
  parseProxyAddress,
  type ProxyAddress,
} from "./address.ts";
export { checkClock } from "./clock.ts";
export { Cluster, preloadCluster, preloadTransport, type SshLogin } from "./cluster.ts";
export { type FindOptions, findProxy, type FoundProxy } from "./find.ts";
export {
  type Credentials,
  HEADLESS_WAIT_MS,
  headlessLogin,
  type HeadlessRequest,
  newHeadlessRequest,
} from "./headless.ts";
export { type WebAnswer, type WebCall, WebClient } from "./http.ts";
export { parseLabels, parseSearchKeywords } from "./labels.ts";
export type { HostSigner, LoginCertificates } from "../wire/web_api/certificates.ts";
export type { Endpoint } from "./network_error.ts";
export type { Resource, ResourceValue } from "./node_resource.ts";
export type { Node, NodeQuery } from "./nodes.ts";
export type { PingAnswer } from "./ping.ts";
export { type Trust, WEB_CERTIFICATE_FILE } from "./trust.ts";
export { clientTooOldWarning, requireHeadlessVersion } from "./version.ts";
