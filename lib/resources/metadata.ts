/** What every resource says about itself. Field names are those of the YAML, so that a resource round-trips. */
export interface Metadata {
  /** Unique among the resources of its kind. */
  name: string;
  /** Free text for people. */
  description?: string;
  /** Labels, by which resources are found and roles grant access. */
  labels: Record<string, string>;
  /** When the resource stops to exist (RFC 3339, UTC); absent when it never does. */
  expires?: string;
}
