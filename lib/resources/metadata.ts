import { z } from "zod";
import { labels, moment, resourceName, text } from "./fields.ts";

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

const rest = {
  description: text.optional(),
  labels: labels.default({}),
  expires: moment.optional(),
};

const MISSING = { error: "expected a mapping with the resource's name" };

/** Metadata of a resource whose name its writer chooses. */
export const metadata: z.ZodType<Metadata> = z.object({ name: resourceName, ...rest }, MISSING);

/** Metadata of a resource that gets a name when it has none: `""` until then. */
export const metadataOrUnnamed: z.ZodType<Metadata> = z
  .object({ name: resourceName.default(""), ...rest }, MISSING)
  .prefault({});
