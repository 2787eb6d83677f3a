import { x509 } from "./library.ts";

/** Object identifiers of subject attributes (RFC 5280 appendix A, X.520). */
export const SUBJECT = {
  commonName: "2.5.4.3",
  serialNumber: "2.5.4.5",
  locality: "2.5.4.7",
  streetAddress: "2.5.4.9",
  organization: "2.5.4.10",
  organizationalUnit: "2.5.4.11",
  postalCode: "2.5.4.17",
} as const;

/** One attribute of a name: object identifier and text. */
export type SubjectAttribute = readonly [oid: string, value: string];

/**
 * A distinguished name, one attribute to an RDN, all UTF-8.
 *
 * The library would take plain strings too, but gives quotes, backslashes and a leading `#` in them a meaning of their
 * own, which no user name may have.
 */
export function distinguishedName(attributes: readonly SubjectAttribute[]): x509.Name {
  return new x509.Name(attributes.map(([oid, value]) => ({ [oid]: [{ utf8String: value }] })));
}

/** The values of an attribute, in their order. */
export function subjectValues(name: x509.Name, oid: string): string[] {
  return name.getField(oid);
}
