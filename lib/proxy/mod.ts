/**
 * The proxy: one TCP port for pages, web API and RPCs of the cluster.
 *
 * @module
 */

export { listenError } from "./tls/listener.ts";
export { DEFAULT_PROXY_LIMITS, type ProxyLimits } from "./limits.ts";
export { type Proxy, type ProxyOptions, startProxy } from "./proxy.ts";
export {
  type CertificateFiles,
  type CertificateSource,
  fixedCertificates,
  type KeyPair,
  watchCertificateFiles,
} from "./tls/certificates.ts";
