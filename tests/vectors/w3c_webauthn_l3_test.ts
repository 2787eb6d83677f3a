/**
 * The test vectors of WebAuthn Level 3 against our flows: each registration, then its assertion.
 *
 * Source: https://www.w3.org/TR/webauthn-3/#sctn-test-vectors, whose recipe `w3c/vectors.ts` follows.
 *
 * Nine of the fifteen are verified as they are. The other six, and why:
 *
 * | vector | refused by | because |
 * |---|---|---|
 * | none.ES256.crossOrigin, none.ES256.topOrigin | us | our pages are never in another site's frame |
 * | packed.Ed448 | us | nothing here can verify Ed448, so it is never offered |
 * | tpm.ES256 | the library | its TPM's manufacturer is in no registry |
 * | android-key.ES256 | the library | its statement leaves the root out |
 * | fido-u2f.ES256 | the library | its aaguid is not zero, as those of U2F keys are |
 *
 * The last three are verified again with just that set right.
 *
 * @module
 */

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { SettingsService, verifyRegistrationResponse } from "@simplewebauthn/server";
import { LoginFlow, type MFADevice, RegistrationFlow } from "../../lib/webauthn/mod.ts";
import type { Random } from "../../lib/deps/mod.ts";
import { concat, flipLastBit, sha256, toBase64Url } from "../support/software_key_bytes.ts";
import { WebauthnSite } from "../support/webauthn_site.ts";
import {
  makeVector,
  type Variation,
  type Vector,
  VECTOR_NAMES,
  VECTOR_RP_ID,
  vectorCa,
} from "./w3c/vectors.ts";

/**
 * SHA-256 of the published vectors: credential id, then challenge, clientDataJSON and attestationObject of the
 * registration, then challenge, clientDataJSON, authenticatorData and signature of the authentication.
 */
const PUBLISHED: Readonly<Record<string, string>> = {
  "none.ES256": "d6ce121cff3ce63e64d314e977df4614ac2bd48ebfbe7d3c1295a9238fbb1258",
  "packed-self.ES256": "727a97f1725b90b85f3a0a9b8026329db68a5204fc38e9e028c241ac365b290d",
  "none.ES256.crossOrigin": "70b020e99f44470b65eb30faaba25b1a8be8cf9c31873bbb4599bc6fa0e10650",
  "none.ES256.topOrigin": "4c4401e0827077f3443846085165ae2a60af79e181887f3505bb887ac497a1fc",
  "none.ES256.long-credential-id":
    "6d93c757a1643b237b2e9480ddfb2d7edcb42acd8c0682afb7a32c6790fd052f",
  "packed.ES256": "d78cc423f0c6ba617a835ed66a7eb19f4608c69a261a99de90f8d2d5a12ff3ae",
  "packed.ES384": "a903b88e8fe77d8e99c058ca38e048b010ea5166e4d60f8251ad4741a0786e62",
  "packed.ES512": "8766203c7a68a5ccd711bc6eac74d850fb5c6a3971969eff4a29c4a7d0aadcb4",
  "packed.RS256": "e7cf9d5adebdff9391fa3745c365fab7c432302855d38217b62bc720d7e51dda",
  "packed.EdDSA": "e2668f99183ef1fec714757202f93ed15528566deae4fedb8ce764be10e22cb1",
  "packed.Ed448": "8c64518dd65ee5f65e1a311c3ff410b73b59a3410a21cce6cc06ea9a3c8db24b",
  "tpm.ES256": "ea1977d6108fa7fb2b927c4f0f8281a6acca3e354d2a08776c85b805b9db01dc",
  "android-key.ES256": "153322a070be5b65f8119c14c846777fdf62beb3d3e009492c295272264ac410",
  "apple.ES256": "5b9453b1876e6a9fb0931b8be2c6b781fedbc2cd1632c81ed485677fb0f9a90e",
  "fido-u2f.ES256": "d6abd4e1c2ad02cbb5f943b925f3b973bdd8b7daf93ef7f3319a2c1f5d232cd0",
};

/** Vectors that are refused as published: the words, ours or the library's. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  "none.ES256.crossOrigin": /inside another site's frame/,
  "none.ES256.topOrigin": /inside another site's frame/,
  "packed.Ed448": /has algorithm -53, expected one of/,
  "tpm.ES256": /Could not match TPM manufacturer "id:00000000"/,
  "android-key.ES256": /while validating certificate path \(Android Key\)/,
  "fido-u2f.ES256": /AAGUID .* was not expected value/,
};

/** What makes the library verify them all the same. The TPM's becomes FIDO's manufacturer for tests. */
const SET_RIGHT: Readonly<Record<string, Variation>> = {
  "tpm.ES256": { tpmManufacturer: "id:FFFFF1D0" },
  "android-key.ES256": { withRoot: true },
  "fido-u2f.ES256": { aaguid: new Uint8Array(16) },
};

const CA_PEM =
  `-----BEGIN CERTIFICATE-----\n${vectorCa.certificate.toBase64()}\n-----END CERTIFICATE-----`;

/** The vectors' CA stands in for Apple's and Google's roots, which the library knows by heart. */
async function withVectorRoots<T>(work: () => Promise<T>): Promise<T> {
  const formats = ["apple", "android-key"] as const;
  const before = formats.map((identifier) => SettingsService.getRootCertificates({ identifier }));
  for (const identifier of formats) {
    SettingsService.setRootCertificates({
      identifier,
      certificates: [new Uint8Array(vectorCa.certificate)],
    });
  }
  try {
    return await work();
  } finally {
    for (const [index, identifier] of formats.entries()) {
      SettingsService.setRootCertificates({ identifier, certificates: before[index]! });
    }
  }
}

/** A site whose challenges are the vector's. */
function siteOf(vector: Vector, lists: { attestationAllowedCas?: string[] } = {}) {
  const site = new WebauthnSite({ webauthn: { rpId: VECTOR_RP_ID, ...lists } });
  const { identity, webauthn, clock } = site;
  const challenging = (challenge: Uint8Array) => {
    const random: Random = {
      bytes: () => new Uint8Array(challenge),
      uuid: () => crypto.randomUUID(),
    };
    return { identity, webauthn, deps: { clock, random } };
  };
  return {
    site,
    registration: new RegistrationFlow(challenging(vector.registration.challenge)),
    login: new LoginFlow(challenging(vector.authentication.challenge)),
  };
}

/** Both ceremonies of a vector. */
async function verify(
  vector: Vector,
  lists?: { attestationAllowedCas?: string[] },
): Promise<MFADevice> {
  const { registration, login } = siteOf(vector, lists);
  const id = toBase64Url(vector.credentialId);
  const credential = { id, rawId: id, type: "public-key", clientExtensionResults: {} } as const;
  await registration.begin("alice", false);
  const { clientDataJSON, attestationObject } = vector.registration;
  await registration.finish({
    user: "alice",
    deviceName: vector.name,
    passwordless: false,
    creationResponse: {
      ...credential,
      response: {
        clientDataJSON: toBase64Url(clientDataJSON),
        attestationObject: toBase64Url(attestationObject),
      },
    },
  });
  await login.begin("alice", { scope: "LOGIN" });
  const { authentication } = vector;
  const { device } = await login.finish("alice", {
    ...credential,
    response: {
      clientDataJSON: toBase64Url(authentication.clientDataJSON),
      authenticatorData: toBase64Url(authentication.authenticatorData),
      signature: toBase64Url(authentication.signature),
    },
  }, { scope: "LOGIN" });
  return device;
}

function digest({ credentialId, registration, authentication }: Vector): string {
  return sha256(concat(
    credentialId,
    registration.challenge,
    registration.clientDataJSON,
    registration.attestationObject,
    authentication.challenge,
    authentication.clientDataJSON,
    authentication.authenticatorData,
    authentication.signature,
  )).toHex();
}

/** The words of an error and of everything under it. */
function allMessages(error: unknown): string {
  return error instanceof Error ? `${error.message}; ${allMessages(error.cause)}` : "";
}

Deno.test("the vectors that are made here are the published ones, byte for byte", () => {
  deepEqual(
    Object.fromEntries(VECTOR_NAMES.map((name) => [name, digest(makeVector(name))])),
    PUBLISHED,
  );
});

for (const name of VECTOR_NAMES) {
  const refused = REFUSED[name];
  if (refused === undefined) {
    Deno.test(`W3C vector ${name} is verified`, async () => {
      const device = await withVectorRoots(() => verify(makeVector(name)));
      ok(device.kind === "webauthn");
      equal(device.webauthn.attestationType, name.replace(/(-self)?\..*/, ""));
    });

    Deno.test(`W3C vector ${name} is refused with a bit of its assertion flipped`, async () => {
      const vector = makeVector(name);
      const { authentication } = vector;
      const signature = flipLastBit(authentication.signature);
      await rejects(
        withVectorRoots(() =>
          verify({ ...vector, authentication: { ...authentication, signature } })
        ),
        { code: "access_denied", message: /bad signature/ },
      );
    });
  } else {
    Deno.test(`W3C vector ${name} is refused, for the reason known`, async () => {
      await rejects(
        withVectorRoots(() => verify(makeVector(name))),
        (error) => refused.test(allMessages(error)),
      );
    });
  }
}

for (const [name, variation] of Object.entries(SET_RIGHT)) {
  Deno.test(`W3C vector ${name} is verified with the one thing set right`, async () => {
    const device = await withVectorRoots(() => verify(makeVector(name, variation)));
    ok(device.kind === "webauthn");
    equal(device.webauthn.attestationType, name.replace(/\..*/, ""));
  });
}

Deno.test("attestation of every format leads to the vectors' CA when that is the allowed one", async () => {
  const lists = { attestationAllowedCas: [CA_PEM] };
  for (const name of ["packed.ES256", "apple.ES256", ...Object.keys(SET_RIGHT)]) {
    await withVectorRoots(() => verify(makeVector(name, SET_RIGHT[name]), lists));
  }
  for (const name of ["none.ES256", "packed-self.ES256"]) {
    await rejects(verify(makeVector(name), lists), { code: "access_denied" });
  }
});

Deno.test("Apple's and Android's statements need the makers' own roots", async () => {
  for (const name of ["apple.ES256", "android-key.ES256"]) {
    await rejects(verify(makeVector(name, SET_RIGHT[name])), {
      code: "access_denied",
      message: /do not lead to a known root/,
    });
  }
});

Deno.test("a registration cannot make the server call an address that its certificates name", async () => {
  let calls = 0;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    calls++;
    return new Response("not a list");
  });
  const revocationUrl = `http://127.0.0.1:${server.addr.port}/crl`;
  const vector = makeVector("android-key.ES256", { withRoot: true, revocationUrl });
  await rejects(verify(vector), { message: /do not lead to a known root/ });
  equal(calls, 0);

  // Why the rule is ours: the library by itself calls before it compares the root.
  const id = toBase64Url(vector.credentialId);
  await rejects(verifyRegistrationResponse({
    response: {
      id,
      rawId: id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: toBase64Url(vector.registration.clientDataJSON),
        attestationObject: toBase64Url(vector.registration.attestationObject),
      },
    },
    expectedChallenge: toBase64Url(vector.registration.challenge),
    expectedOrigin: `https://${VECTOR_RP_ID}`,
    expectedRPID: VECTOR_RP_ID,
    requireUserVerification: false,
    supportedAlgorithmIDs: [-7],
  }));
  equal(calls, 1);
});
