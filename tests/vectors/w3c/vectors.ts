/**
 * The test vectors of WebAuthn Level 3, made anew.
 *
 * Source: W3C, Web Authentication: An API for accessing Public Key Credentials, Level 3, section "Test Vectors"
 * (https://www.w3.org/TR/webauthn-3/#sctn-test-vectors). That section tells how each value is derived from one seed, so
 * this makes them by that recipe instead of carrying a copy; `w3c_webauthn_l3_test.ts` compares the SHA-256 of each with
 * that of the published one. To make is also to be able to change: some vectors are verified a second time with the
 * one thing set right that keeps the library from verifying them.
 *
 * @module
 */

import { type CBORType, encodeCBOR } from "@levischuck/tiny-cbor";
import { concat, sha256, toBase64Url, uint16 } from "../../support/software_key_bytes.ts";
import { uncompressed, VectorCa } from "./certificates.ts";
import { Drawer } from "./drawer.ts";
import { CURVES, publicPoint, signDeterministically } from "./ecdsa.ts";
import { pointOf, type VectorAlgorithm, type VectorKey, vectorKey } from "./keys.ts";
import {
  androidKeyExtension,
  appleExtension,
  revocationExtension,
  tpmAttestation,
  tpmExtensions,
} from "./statements.ts";

/** One credential's registration and assertion. */
export interface Vector {
  name: string;
  credentialId: Uint8Array;
  registration: {
    challenge: Uint8Array;
    clientDataJSON: Uint8Array;
    attestationObject: Uint8Array;
  };
  authentication: {
    challenge: Uint8Array;
    clientDataJSON: Uint8Array;
    authenticatorData: Uint8Array;
    signature: Uint8Array;
  };
}

/** Where a vector is made unlike the published one. */
export interface Variation {
  /** The model that the authenticator names. */
  aaguid?: Uint8Array;
  /** Adds the CA's certificate to the statement. */
  withRoot?: boolean;
  /** The TPM's manufacturer, as TCG's registry writes it. */
  tpmManufacturer?: string;
  /** Where Android's certificate says that its revocation list is. */
  revocationUrl?: string;
}

type Attestation = "none" | "packed-self" | "packed" | "tpm" | "android-key" | "apple" | "fido-u2f";

interface Recipe {
  attestation: Attestation;
  algorithm: VectorAlgorithm;
  /** Fields of the client data. */
  crossOrigin?: boolean;
  topOrigin?: string;
  credentialIdBytes?: number;
  challengeBytes?: number;
}

const RECIPES: Readonly<Record<string, Recipe>> = {
  "none.ES256": { attestation: "none", algorithm: "ES256" },
  "packed-self.ES256": { attestation: "packed-self", algorithm: "ES256" },
  "none.ES256.crossOrigin": { attestation: "none", algorithm: "ES256", crossOrigin: true },
  "none.ES256.topOrigin": {
    attestation: "none",
    algorithm: "ES256",
    crossOrigin: true,
    topOrigin: "https://example.com",
  },
  "none.ES256.long-credential-id": {
    attestation: "none",
    algorithm: "ES256",
    credentialIdBytes: 1023,
  },
  "packed.ES256": { attestation: "packed", algorithm: "ES256" },
  "packed.ES384": { attestation: "packed", algorithm: "ES384" },
  "packed.ES512": { attestation: "packed", algorithm: "ES512", challengeBytes: 128 },
  "packed.RS256": { attestation: "packed", algorithm: "RS256" },
  "packed.EdDSA": { attestation: "packed", algorithm: "EdDSA" },
  "packed.Ed448": { attestation: "packed", algorithm: "Ed448" },
  "tpm.ES256": { attestation: "tpm", algorithm: "ES256" },
  "android-key.ES256": { attestation: "android-key", algorithm: "ES256" },
  "apple.ES256": { attestation: "apple", algorithm: "ES256" },
  "fido-u2f.ES256": { attestation: "fido-u2f", algorithm: "ES256" },
};

/** Names of all vectors, in the specification's order. */
export const VECTOR_NAMES: readonly string[] = Object.keys(RECIPES);

/** The relying party of all vectors. */
export const VECTOR_RP_ID = "example.org";

const UP = 0x01;
const UV = 0x04;
const BE = 0x08;
const BS = 0x10;
const AT = 0x40;

/** The CA of all vectors. */
export const vectorCa: VectorCa = new VectorCa();

/** Makes the vector of that name. The order of the draws is the recipe's. */
export function makeVector(name: string, variation: Variation = {}): Vector {
  const recipe = RECIPES[name];
  if (recipe === undefined) throw new RangeError(`no vector ${name}`);
  const { attestation, challengeBytes = 32, credentialIdBytes = 32 } = recipe;
  const drawer = new Drawer(name);

  const challenge = drawer.draw(challengeBytes);
  const key = vectorKey(recipe.algorithm, drawer);
  const clientDataJSON = clientData("webauthn.create", { challenge, recipe, drawer });
  const drawnAaguid = drawer.draw(16);
  const credentialId = drawer.draw(credentialIdBytes);
  const drawnFlags = attestation === "fido-u2f" ? 0 : drawer.draw(1)[0]! & (UV | BE | BS);
  const flags = drawnFlags & BE ? drawnFlags : drawnFlags & ~BS;
  const authenticatorData = concat(
    header(UP | AT | flags),
    variation.aaguid ?? drawnAaguid,
    uint16(credentialId.length),
    credentialId,
    encodeCBOR(key.cose),
  );
  const statement = attest({
    attestation,
    key,
    drawer,
    credentialId,
    authenticatorData,
    clientDataHash: sha256(clientDataJSON),
    variation,
  });
  const attestationObject = encodeCBOR(
    new Map<string, CBORType>([...statement, ["authData", authenticatorData]]),
  );

  const second = drawer.draw(challengeBytes);
  const secondClientData = clientData("webauthn.get", { challenge: second, recipe, drawer });
  const secondFlags = drawer.draw(1)[0]! & (flags & BE ? UV | BS : UV);
  const secondData = header(
    UP | (attestation === "fido-u2f" ? 0 : secondFlags) | (flags & BE),
  );
  return {
    name,
    credentialId,
    registration: { challenge, clientDataJSON, attestationObject },
    authentication: {
      challenge: second,
      clientDataJSON: secondClientData,
      authenticatorData: secondData,
      signature: key.sign(concat(secondData, sha256(secondClientData))),
    },
  };
}

/** rpIdHash, flags, and a counter of 0. */
function header(flags: number): Uint8Array {
  return concat(sha256(VECTOR_RP_ID), new Uint8Array([flags, 0, 0, 0, 0]));
}

function clientData(
  type: string,
  { challenge, recipe, drawer }: { challenge: Uint8Array; recipe: Recipe; drawer: Drawer },
): Uint8Array {
  const hasMore = drawer.draw(1)[0]! & 1;
  const more =
    "clientDataJSON may be extended with additional fields in the future, such as this: ";
  return new TextEncoder().encode(JSON.stringify({
    type,
    challenge: toBase64Url(challenge),
    origin: `https://${VECTOR_RP_ID}`,
    crossOrigin: recipe.crossOrigin ?? false,
    ...(recipe.topOrigin === undefined ? {} : { topOrigin: recipe.topOrigin }),
    ...(hasMore ? { extraData: more + toBase64Url(drawer.draw(16)) } : {}),
  }));
}

/** `fmt` and `attStmt`. */
function attest({ attestation, key, drawer, variation, ...given }: {
  attestation: Attestation;
  key: VectorKey;
  drawer: Drawer;
  credentialId: Uint8Array;
  authenticatorData: Uint8Array;
  clientDataHash: Uint8Array;
  variation: Variation;
}): [string, CBORType][] {
  const statement = (format: string, ...fields: [string, CBORType][]): [string, CBORType][] => [
    ["fmt", format],
    ["attStmt", new Map(fields)],
  ];
  const { authenticatorData, clientDataHash, credentialId } = given;
  const signed = concat(authenticatorData, clientDataHash);
  const chain = (certificate: Uint8Array): [string, CBORType] => [
    "x5c",
    variation.withRoot ? [certificate, vectorCa.certificate] : [certificate],
  ];
  if (attestation === "none") return statement("none");
  if (attestation === "packed-self") {
    return statement("packed", ["alg", -7], ["sig", key.sign(signed)]);
  }
  if (attestation === "android-key" || attestation === "apple") {
    const extension = attestation === "apple"
      ? appleExtension(sha256(signed))
      : androidKeyExtension(clientDataHash);
    const extensions = variation.revocationUrl === undefined
      ? [extension]
      : [extension, revocationExtension(variation.revocationUrl)];
    const serial = drawer.draw(16);
    const x5c = chain(vectorCa.issue({ serial, point: pointOf(key), extensions }));
    return attestation === "apple"
      ? statement("apple", x5c)
      : statement("android-key", ["alg", -7], ["sig", key.sign(signed)], x5c);
  }

  const privateKey = drawer.draw(32);
  const serial = drawer.draw(16);
  const sign = (data: Uint8Array) => signDeterministically(CURVES["P-256"], privateKey, data);
  const point = uncompressed(publicPoint(CURVES["P-256"], privateKey));
  if (attestation === "packed") {
    const x5c = chain(vectorCa.issue({ serial, point }));
    return statement("packed", ["alg", -7], ["sig", sign(signed)], x5c);
  }
  if (attestation === "fido-u2f") {
    const x5c = chain(vectorCa.issue({ serial, point }));
    const zero = new Uint8Array([0]);
    const data = concat(zero, sha256(VECTOR_RP_ID), clientDataHash, credentialId, pointOf(key));
    return statement("fido-u2f", ["sig", sign(data)], x5c);
  }
  const extensions = tpmExtensions(variation.tpmManufacturer ?? "id:00000000");
  const { pubArea, certInfo } = tpmAttestation(key, sha256(signed));
  return statement(
    "tpm",
    ["alg", -7],
    ["sig", sign(certInfo)],
    ["ver", "2.0"],
    chain(vectorCa.issue({ serial, point, extensions, emptySubject: true })),
    ["pubArea", pubArea],
    ["certInfo", certInfo],
  );
}
