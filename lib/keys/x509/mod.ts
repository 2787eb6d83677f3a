/**
 * X.509 for the cluster: certificate authorities, the certificates they issue, and who a client certificate stands for.
 *
 * Only the server side may import this: the library underneath takes as long to load as a whole `tsh version`.
 *
 * @module
 */

export {
  BACKDATE_MS,
  CA_TTL_MS,
  type CaKind,
  type CertificateAndKey,
  type CreateCa,
  createCa,
} from "./ca.ts";
export * from "./chain.ts";
export * from "./identity.ts";
export { type IssueCertificate, issueCertificate } from "./issue.ts";
export type { SubjectAttribute } from "./subject.ts";
export * from "./web.ts";
