import { z } from "zod";
import type { Backend } from "../backend/mod.ts";
import { messageOf, ToolError } from "../errors/mod.ts";
import { type AuthPreferenceSpec, isRpId } from "../resources/mod.ts";
import type { AuthPreference, Settings } from "./auth.ts";
import { type Found, Records } from "./records.ts";
import { authPreferenceKey } from "./store_keys.ts";

/** What is stored was checked when it was written, so only its shape matters here. */
const specSchema: z.ZodType<AuthPreferenceSpec> = z.object({
  type: z.literal("local"),
  second_factor: z.literal("webauthn").optional(),
  second_factors: z.array(z.literal("webauthn")).optional(),
  webauthn: z.object({
    rp_id: z.string(),
    attestation_allowed_cas: z.array(z.string()).optional(),
    attestation_denied_cas: z.array(z.string()).optional(),
  }).optional(),
  u2f: z.object({ app_id: z.string() }).optional(),
  connector_name: z.string().optional(),
  headless: z.boolean().optional(),
  passwordless: z.boolean().optional(),
  local_auth: z.boolean().optional(),
  require_session_mfa: z.boolean().optional(),
});

/** Most bytes of a file of attestation CAs. */
const MAX_CA_FILE_BYTES = 1024 * 1024;

/** What the settings are made from. */
export interface SettingsOptions {
  clusterName: string;
  /** The relying party id when none is configured: the proxy's host name. */
  defaultRpId: string;
}

/** The cluster's authentication settings, kept in the backend so that every process, and a restart, sees the same. */
export class SettingsService implements Settings {
  readonly #backend: Backend;
  readonly #records: Records<AuthPreferenceSpec>;
  readonly #options: SettingsOptions;

  /** Settings kept in `backend`. */
  constructor(backend: Backend, options: SettingsOptions) {
    this.#backend = backend;
    this.#records = new Records(backend, "auth preference", specSchema);
    this.#options = options;
  }

  get clusterName(): string {
    return this.#options.clusterName;
  }

  async authPreference(): Promise<AuthPreference> {
    return this.fill((await this.find())?.value);
  }

  /** The settings as stored, if any were. */
  find(): Promise<Found<AuthPreferenceSpec> | undefined> {
    return this.#records.find(authPreferenceKey);
  }

  /**
   * Stores settings; files of attestation CAs are read now, so that every process sees the same.
   *
   * @throws {ToolError} `bad_parameter` when they contradict themselves or a file cannot be read; then nothing changes.
   */
  async write(spec: AuthPreferenceSpec): Promise<void> {
    check(this.fill(spec));
    const stored = { ...spec };
    if (spec.webauthn !== undefined) {
      const { attestation_allowed_cas: allowed, attestation_denied_cas: denied } = spec.webauthn;
      stored.webauthn = {
        ...spec.webauthn,
        ...(allowed && { attestation_allowed_cas: await Promise.all(allowed.map(certificates)) }),
        ...(denied && { attestation_denied_cas: await Promise.all(denied.map(certificates)) }),
      };
    }
    await this.#backend.put(this.#records.encode(authPreferenceKey, stored));
  }

  /** The settings with Teleport's defaults: headless and passwordless follow from WebAuthn. */
  fill(spec: AuthPreferenceSpec = { type: "local" }): AuthPreference {
    const { attestation_allowed_cas, attestation_denied_cas } = spec.webauthn ?? {};
    return {
      type: "local",
      secondFactors: spec.second_factors ?? ["webauthn"],
      webauthn: {
        rpId: spec.webauthn?.rp_id ?? this.#options.defaultRpId,
        rpName: this.#options.clusterName,
        ...(attestation_allowed_cas && { attestationAllowedCas: attestation_allowed_cas }),
        ...(attestation_denied_cas && { attestationDeniedCas: attestation_denied_cas }),
      },
      ...(spec.u2f && { u2f: { appId: spec.u2f.app_id } }),
      connectorName: spec.connector_name ?? "",
      allowHeadless: spec.headless ?? true,
      allowPasswordless: spec.passwordless ?? true,
      allowLocalAuth: spec.local_auth ?? true,
      requireSessionMfa: spec.require_session_mfa ?? false,
    };
  }
}

function check({ webauthn: { rpId }, connectorName, ...preference }: AuthPreference): void {
  if (!isRpId(rpId)) {
    throw new ToolError("bad_parameter", `webauthn.rp_id "${rpId.slice(0, 253)}" is not a domain`);
  }
  if (connectorName === "headless" && !preference.allowHeadless) {
    throw new ToolError("bad_parameter", "connector_name headless contradicts headless: false");
  }
  if (connectorName === "passwordless" && !preference.allowPasswordless) {
    const message = "connector_name passwordless contradicts passwordless: false";
    throw new ToolError("bad_parameter", message);
  }
}

/** PEM text as it is, or the content of the file that is named. */
async function certificates(textOrPath: string): Promise<string> {
  if (textOrPath.trimStart().startsWith("-----BEGIN")) return textOrPath;
  try {
    const { size } = await Deno.stat(textOrPath);
    if (size > MAX_CA_FILE_BYTES) throw new ToolError("bad_parameter", "it is larger than 1 MiB");
    const text = await Deno.readTextFile(textOrPath);
    if (!text.includes("-----BEGIN CERTIFICATE-----")) {
      throw new ToolError("bad_parameter", "it holds no PEM certificate");
    }
    return text;
  } catch (cause) {
    throw new ToolError(
      "bad_parameter",
      `cannot read attestation CAs from ${textOrPath}: ${messageOf(cause)}`,
      { cause },
    );
  }
}
