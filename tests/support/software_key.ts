/**
 * A security key and the browser in front of it, in software: for tests, the demo and the bench. Never for people, whose
 * keys it would keep in plain memory.
 *
 * It does what an authenticator of CTAP 2.1 and a client of WebAuthn L3 do (§6.3.2, §6.3.3, §5.1.3, §5.1.4), except that
 * it believes the `origin` that it is told. Every call can be told to do one thing wrong.
 *
 * @example
 * ```ts
 * import { SoftwareKey } from "./software_key.ts";
 * import type { RegistrationFlow } from "../../lib/webauthn/mod.ts";
 *
 * async function register(flow: RegistrationFlow) {
 *   const key = new SoftwareKey();
 *   const { publicKey } = await flow.begin("alice", false);
 *   const creationResponse = await key.create(publicKey, "https://example.com");
 *   return await flow.finish({ user: "alice", deviceName: "key", creationResponse, passwordless: false });
 * }
 * ```
 *
 * @module
 */

import { encodeCBOR } from "@levischuck/tiny-cbor";
import { type KeyObject, randomBytes } from "node:crypto";
import type {
  CreationOptions,
  CredentialAssertionResponse,
  CredentialCreationResponse,
  RequestOptions,
} from "../../lib/wire/webauthn.ts";
import { type Algorithm, COSE_NUMBERS, newKeyPair, signWith } from "./software_key_algorithms.ts";
import { attest, type Attester } from "./software_key_attestation.ts";
import {
  concat,
  flipLastBit,
  fromBase64Url,
  sha256,
  toBase64Url,
  uint16,
} from "./software_key_bytes.ts";

export type { Algorithm } from "./software_key_algorithms.ts";
export type { Attester } from "./software_key_attestation.ts";

/** What kind of key it is. */
export interface SoftwareKeyOptions {
  /** Algorithms it can do, most wanted by it first; `["ES256"]` by default. */
  algorithms?: Algorithm[];
  /**
   * What it says of itself: nothing (`none`, the default), signed by the new credential (`self`), by its maker in format
   * `packed` or in that of the old U2F keys (`u2f`); the last two need an `attester`.
   */
  attestation?: "none" | "self" | "packed" | "u2f";
  attester?: Attester;
  /** Whether it can tell its owner from others, by PIN or fingerprint; true by default. */
  canVerifyUser?: boolean;
  /** Whether it counts signatures (true by default); if not, the counter is always 0. */
  counts?: boolean;
  /** Its model, 16 bytes. */
  aaguid?: Uint8Array;
  /** Credentials may be copied (BE), and are (BS), as those of a phone; false by default. */
  synced?: boolean;
}

/** One thing to do wrong, or a few. */
export interface Wrongness {
  /** Fields of the client data, over the right ones. */
  clientData?: Record<string, unknown>;
  /** Client data altogether. */
  clientDataJSON?: Uint8Array;
  /** Signs for this relying party id instead. */
  rpId?: string;
  userPresent?: boolean;
  userVerified?: boolean;
  backupEligible?: boolean;
  backedUp?: boolean;
  counter?: number;
  /** Signs for this challenge with one bit of the signature flipped. */
  badSignature?: boolean;
  /** Names this credential instead of the one that signs. */
  credentialId?: Uint8Array;
  /** `null`: none. */
  userHandle?: Uint8Array | null;
  /** COSE number to write into the new public key or the attestation statement. */
  keyAlgorithm?: number;
  statementAlgorithm?: number;
  /** Changes the bytes before they are signed. */
  editAuthenticatorData?: (bytes: Uint8Array) => Uint8Array;
  /** Changes the bytes of the attestation object. */
  editAttestationObject?: (bytes: Uint8Array) => Uint8Array;
  /** Signs although no listed credential, or an excluded one, is on this key. */
  ignoreLists?: boolean;
}

/** A credential on the key. */
interface Stored {
  id: Uint8Array;
  /** Relying party id, or app id of a U2F credential. */
  rpId: string;
  userHandle: Uint8Array;
  resident: boolean;
  algorithm: Algorithm;
  privateKey: KeyObject;
}

const AT = 0x40;

/** A security key and a browser in software. */
export class SoftwareKey {
  readonly #options: SoftwareKeyOptions;
  readonly #aaguid: Uint8Array;
  readonly #credentials: Stored[] = [];
  /** Signatures so far. Set it back to play a cloned key. */
  counter = 0;

  constructor(options: SoftwareKeyOptions = {}) {
    this.#options = options;
    const attested = options.attestation === "packed" || options.attestation === "self";
    this.#aaguid = options.aaguid ?? (attested ? randomBytes(16) : new Uint8Array(16));
  }

  /** Model of the key, 16 bytes. */
  get aaguid(): Uint8Array {
    return this.#aaguid;
  }

  /** `navigator.credentials.create({ publicKey: options })` on a page of `origin`. */
  create(
    options: CreationOptions,
    origin: string,
    wrong: Wrongness = {},
  ): Promise<CredentialCreationResponse> {
    return attempt(() => this.#create(options, origin, wrong));
  }

  /** `navigator.credentials.get({ publicKey: options })` on a page of `origin`. */
  get(
    options: RequestOptions,
    origin: string,
    wrong: Wrongness = {},
  ): Promise<CredentialAssertionResponse> {
    return attempt(() => this.#get(options, origin, wrong));
  }

  /** Registers by the old U2F protocol, for an app id; what a server would have kept. */
  registerU2f(appId: string): { keyHandle: Uint8Array; publicKeyCbor: Uint8Array } {
    const { privateKey, cose } = newKeyPair("ES256");
    const id = randomBytes(64);
    const userHandle = new Uint8Array();
    this.#credentials.push(
      { id, rpId: appId, userHandle, resident: false, algorithm: "ES256", privateKey },
    );
    return { keyHandle: id, publicKeyCbor: encodeCBOR(cose) };
  }

  #create(
    options: CreationOptions,
    origin: string,
    wrong: Wrongness,
  ): CredentialCreationResponse {
    const rpId = options.rp.id ?? new URL(origin).hostname;
    const excluded = (options.excludeCredentials ?? []).some(({ id }) => this.#find(id, rpId));
    if (excluded && !wrong.ignoreLists) {
      throw new DOMException("a credential of the list is on this key", "InvalidStateError");
    }
    const algorithm = this.#chooseAlgorithm(options);
    const selection = options.authenticatorSelection ?? {};
    const resident = (selection.residentKey ?? (selection.requireResidentKey ? "required" : "")) ===
      "required";
    const { privateKey, cose } = newKeyPair(algorithm);
    const credential: Stored = {
      id: randomBytes(32),
      rpId,
      userHandle: fromBase64Url(options.user.id),
      resident,
      algorithm,
      privateKey,
    };
    if (wrong.keyAlgorithm !== undefined) cose.set(3, wrong.keyAlgorithm);

    const clientDataJSON = clientData("webauthn.create", options.challenge, { origin, wrong });
    const authenticatorData = edit(
      concat(
        this.#header(rpId, selection.userVerification, { wrong, moreFlags: AT }),
        this.#options.attestation === "u2f" ? new Uint8Array(16) : this.#aaguid,
        uint16(credential.id.length),
        credential.id,
        encodeCBOR(cose),
      ),
      wrong.editAuthenticatorData,
    );
    const attestationObject = edit(
      encodeCBOR(
        new Map<string, unknown>([
          ...attest({
            kind: this.#options.attestation ?? "none",
            attester: this.#options.attester,
            credential,
            cose,
            authenticatorData,
            clientDataJSON,
            badSignature: wrong.badSignature ?? false,
            algorithm: wrong.statementAlgorithm,
          }),
          ["authData", authenticatorData],
        ]) as Parameters<typeof encodeCBOR>[0],
      ),
      wrong.editAttestationObject,
    );
    this.#credentials.push(credential);
    const id = toBase64Url(wrong.credentialId ?? credential.id);
    return {
      id,
      rawId: id,
      type: "public-key",
      response: {
        clientDataJSON: toBase64Url(clientDataJSON),
        attestationObject: toBase64Url(attestationObject),
        transports: ["usb"],
      },
      clientExtensionResults: options.extensions?.credProps ? { credProps: { rk: resident } } : {},
    };
  }

  #get(options: RequestOptions, origin: string, wrong: Wrongness): CredentialAssertionResponse {
    const rpId = options.rpId ?? new URL(origin).hostname;
    const credential = this.#choose(options, rpId, wrong);
    const isU2f = credential.rpId !== rpId;
    const clientDataJSON = clientData("webauthn.get", options.challenge, { origin, wrong });
    const authenticatorData = edit(
      this.#header(credential.rpId, options.userVerification, { wrong }),
      wrong.editAuthenticatorData,
    );
    const signature = signWith(
      credential.algorithm,
      credential.privateKey,
      concat(authenticatorData, sha256(clientDataJSON)),
    );
    const userHandle = wrong.userHandle === undefined
      ? (credential.resident ? credential.userHandle : null)
      : wrong.userHandle;
    const id = toBase64Url(wrong.credentialId ?? credential.id);
    return {
      id,
      rawId: id,
      type: "public-key",
      response: {
        clientDataJSON: toBase64Url(clientDataJSON),
        authenticatorData: toBase64Url(authenticatorData),
        signature: toBase64Url(wrong.badSignature ? flipLastBit(signature) : signature),
        ...(userHandle === null ? {} : { userHandle: toBase64Url(userHandle) }),
      },
      clientExtensionResults: isU2f ? { appid: true } : {},
    };
  }

  #chooseAlgorithm({ pubKeyCredParams }: CreationOptions): Algorithm {
    const mine = this.#options.algorithms ?? ["ES256"];
    for (const { alg } of pubKeyCredParams) {
      const found = mine.find((algorithm) => COSE_NUMBERS[algorithm] === alg);
      if (found !== undefined) return found;
    }
    throw new DOMException("no algorithm in common", "NotSupportedError");
  }

  /** The listed credential that is on this key, or the newest discoverable one. */
  #choose(options: RequestOptions, rpId: string, wrong: Wrongness): Stored {
    const { allowCredentials = [], extensions } = options;
    const listed = allowCredentials.length > 0 && !wrong.ignoreLists;
    const found = listed
      ? allowCredentials.map(({ id }) => this.#find(id, rpId) ?? this.#find(id, extensions?.appid))
        .find((credential) => credential !== undefined)
      : this.#credentials.findLast((credential) =>
        credential.rpId === rpId && (credential.resident || wrong.ignoreLists)
      );
    if (found === undefined) throw new DOMException("no credential", "NotAllowedError");
    return found;
  }

  #find(id: string, rpId: string | undefined): Stored | undefined {
    return this.#credentials.find((credential) =>
      credential.rpId === rpId && toBase64Url(credential.id) === id
    );
  }

  /** rpIdHash, flags and counter (WebAuthn L3 §6.1). */
  #header(
    rpId: string,
    userVerification: string | undefined,
    { wrong, moreFlags = 0 }: { wrong: Wrongness; moreFlags?: number },
  ): Uint8Array {
    const { canVerifyUser = true, counts = true, synced = false } = this.#options;
    const wanted = userVerification !== "discouraged";
    if (userVerification === "required" && !canVerifyUser && wrong.userVerified === undefined) {
      throw new DOMException("this key cannot verify its user", "NotAllowedError");
    }
    const flags = bit(0x01, wrong.userPresent ?? true) |
      bit(0x04, wrong.userVerified ?? (wanted && canVerifyUser)) |
      bit(0x08, wrong.backupEligible ?? synced) |
      bit(0x10, wrong.backedUp ?? synced) | moreFlags;
    if (counts) this.counter++;
    const counter = new Uint8Array(4);
    new DataView(counter.buffer).setUint32(0, wrong.counter ?? (counts ? this.counter : 0));
    return concat(sha256(wrong.rpId ?? rpId), new Uint8Array([flags]), counter);
  }
}

/** Errors come as rejections, as a browser's do. */
async function attempt<T>(work: () => T): Promise<T> {
  await Promise.resolve();
  return work();
}

function clientData(
  type: string,
  challenge: string,
  { origin, wrong }: { origin: string; wrong: Wrongness },
): Uint8Array {
  return wrong.clientDataJSON ?? new TextEncoder().encode(
    JSON.stringify({ type, challenge, origin, crossOrigin: false, ...wrong.clientData }),
  );
}

function edit(bytes: Uint8Array, by: ((bytes: Uint8Array) => Uint8Array) | undefined): Uint8Array {
  return by === undefined ? bytes : by(bytes);
}

function bit(value: number, on: boolean): number {
  return on ? value : 0;
}
