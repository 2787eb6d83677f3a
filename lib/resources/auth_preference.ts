import { isIP } from "node:net";
import { z } from "zod";
import { filledText, flag } from "./fields.ts";
import { type Metadata, metadata } from "./metadata.ts";

/**
 * How people prove who they are: the `spec` of a `cluster_auth_preference`, and `auth_service.authentication` in
 * `teleport.yaml`. What is absent has not been said; the cluster fills it in.
 */
export interface AuthPreferenceSpec {
  /** Users of the cluster itself; there are no others. */
  type: "local";
  /** The older form of `second_factors`. */
  second_factor?: "webauthn";
  /** What is asked for beside the password. */
  second_factors?: "webauthn"[];
  /** How security keys are used. */
  webauthn?: {
    /** The domain that security keys are registered for. */
    rp_id: string;
    /** CA certificates as PEM text, or paths of files that hold them. */
    attestation_allowed_cas?: string[];
    /** As `attestation_allowed_cas`, for makers whose keys are refused. */
    attestation_denied_cas?: string[];
  };
  /** For devices that are older than WebAuthn. */
  u2f?: {
    /** The app id that U2F devices were registered for before there was WebAuthn. */
    app_id: string;
  };
  /** The connector that a login without `--auth` uses: `local`, `passwordless` or `headless`. */
  connector_name?: string;
  /** Whether headless logins are allowed. */
  headless?: boolean;
  /** Whether a key alone may sign in. */
  passwordless?: boolean;
  /** Whether users of the cluster itself may sign in. */
  local_auth?: boolean;
  /** Whether nodes take only certificates for which somebody has just touched a key. */
  require_session_mfa?: boolean;
}

/** The cluster's authentication settings as a resource; there is one, named `cluster-auth-preference`. */
export interface ClusterAuthPreference {
  /** What this is. */
  kind: "cluster_auth_preference";
  /** Version of this form. */
  version: "v2";
  /** The name is always `cluster-auth-preference`. */
  metadata: Metadata;
  /** The settings. */
  spec: AuthPreferenceSpec;
}

/** Whether `text` can be a WebAuthn relying party id: a domain, not an address, URL or port (WebAuthn L3 §5.1.2). */
export function isRpId(text: string): boolean {
  return text.length <= 253 && isIP(text) === 0 &&
    /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/.test(text) &&
    !/\.?\d+$/.test(text);
}

/** A certificate or a path: the only text that may have several lines. */
const certificate = z.string({ error: "expected a PEM certificate or the path of one" })
  .max(64 * 1024, { error: "expected a certificate of at most 64 KiB" });
const certificates = z.array(certificate, {
  error: "expected a list of PEM certificates or paths",
});

const ONLY_WEBAUTHN = "expected webauthn, the one second factor that this cluster has";

/** What the settings must look like, and not contradict each other. */
export const authPreferenceSpec: z.ZodType<AuthPreferenceSpec> = z.object({
  type: z.literal("local", { error: "expected local, the one type that this cluster has" })
    .default("local"),
  second_factor: z.literal("webauthn", { error: ONLY_WEBAUTHN }).optional(),
  second_factors: z.array(z.literal("webauthn", { error: ONLY_WEBAUTHN }), {
    error: "expected a list, like [webauthn]",
  }).min(1, { error: ONLY_WEBAUTHN }).optional(),
  webauthn: z.object({
    rp_id: filledText.refine(isRpId, {
      error: "expected a domain, like example.com, without https:// and port",
    }),
    attestation_allowed_cas: certificates.optional(),
    attestation_denied_cas: certificates.optional(),
  }, { error: "expected a mapping with rp_id" }).optional(),
  u2f: z.object({ app_id: filledText }, { error: "expected a mapping with app_id" }).optional(),
  connector_name: z.enum(["", "local", "passwordless", "headless"], {
    error: "expected local, passwordless or headless",
  }).optional(),
  headless: flag.optional(),
  passwordless: flag.optional(),
  local_auth: flag.optional(),
  require_session_mfa: flag.optional(),
}, { error: "expected a mapping" }).superRefine((spec, context) => {
  for (const name of ["headless", "passwordless"] as const) {
    if (spec.connector_name !== name || spec[name] !== false) continue;
    context.addIssue({
      code: "custom",
      path: ["connector_name"],
      message: `${name} cannot be the default while ${name} is disabled`,
    });
  }
});

/** What the resource must look like. */
export const clusterAuthPreferenceSchema: z.ZodType<ClusterAuthPreference> = z.object({
  kind: z.literal("cluster_auth_preference"),
  version: z.literal("v2", { error: "expected v2" }),
  metadata,
  spec: authPreferenceSpec,
});
