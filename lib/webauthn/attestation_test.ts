import { equal, ok, rejects } from "node:assert/strict";
import { AttestationCa } from "../../tests/support/attestation_ca.ts";
import { SoftwareKey, type SoftwareKeyOptions } from "../../tests/support/software_key.ts";
import { WebauthnSite } from "../../tests/support/webauthn_site.ts";
import type { WebauthnConfig } from "./mod.ts";

const good = await AttestationCa.root("Good Keys Root");
const other = await AttestationCa.root("Other Keys Root");
const goodLine = await good.below("Good Keys Line");
const goodLot = await goodLine.below("Good Keys Lot 7");

/** Registers a key at a site with these lists. */
async function register(
  key: SoftwareKeyOptions,
  lists: Pick<WebauthnConfig, "attestationAllowedCas" | "attestationDeniedCas">,
) {
  return await new WebauthnSite({ webauthn: lists }).register(new SoftwareKey(key));
}

const UNTRUSTED = {
  code: "access_denied",
  message: "failed to verify device attestation certificate",
};

Deno.test("direct attestation is asked for when there are lists, and none when not", async () => {
  const lists = [
    [{}, "none"],
    [{ attestationAllowedCas: [] }, "none"],
    [{ attestationAllowedCas: [good.pem] }, "direct"],
    [{ attestationDeniedCas: [good.pem] }, "direct"],
  ] as const;
  for (const [webauthn, attestation] of lists) {
    const site = new WebauthnSite({ webauthn: structuredClone(webauthn) as never });
    const { publicKey } = await site.registration.begin("alice", false);
    equal(publicKey.attestation, attestation);
  }
});

Deno.test("a key of an allowed maker is taken, in both formats, and no other", async () => {
  const lists = { attestationAllowedCas: [good.pem] };
  for (const attestation of ["packed", "u2f"] as const) {
    const device = await register({ attestation, attester: await good.attester("key") }, lists);
    ok(device.kind === "webauthn");
    equal(device.webauthn.attestationType, attestation === "u2f" ? "fido-u2f" : "packed");
    await rejects(
      register({ attestation, attester: await other.attester("key") }, lists),
      UNTRUSTED,
    );
  }
});

Deno.test("no list takes every maker, and none", async () => {
  const attester = await other.attester("key");
  await register({ attestation: "packed", attester }, {});
  await register({}, {});
});

Deno.test("a CA anywhere on the way may be the allowed one, and the key's own certificate too", async () => {
  const attester = await goodLot.attester("key");
  const own = `-----BEGIN CERTIFICATE-----\n${
    attester.certificates[0]!.toBase64()
  }\n-----END CERTIFICATE-----\n`;
  for (const pem of [good.pem, goodLine.pem, goodLot.pem, own]) {
    await register({ attestation: "packed", attester }, { attestationAllowedCas: [pem] });
  }
});

Deno.test("one PEM text may hold several CAs, and one of them is enough", async () => {
  const attester = await good.attester("key");
  await register({ attestation: "packed", attester }, {
    attestationAllowedCas: [`${other.pem}\n${good.pem}`],
  });
});

Deno.test("a denied maker is refused, with an allowed list and without", async () => {
  const attester = await good.attester("key");
  const lists = [
    { attestationDeniedCas: [good.pem] },
    { attestationAllowedCas: [good.pem], attestationDeniedCas: [good.pem] },
    { attestationAllowedCas: [other.pem, good.pem], attestationDeniedCas: [good.pem] },
  ];
  for (const list of lists) {
    await rejects(register({ attestation: "packed", attester }, list), {
      code: "access_denied",
      message:
        /^attestation certificate ".*CN=key.*" from issuer ".*Good Keys Root.*" not allowed$/,
    });
  }
  const another = await other.attester("key");
  await register({ attestation: "packed", attester: another }, lists[0]!);
});

Deno.test("a maker can be allowed and one of its lots denied", async () => {
  const lists = { attestationAllowedCas: [good.pem], attestationDeniedCas: [goodLot.pem] };
  const line = await goodLine.attester("key");
  await register({ attestation: "packed", attester: line }, lists);
  const lot = await goodLot.attester("key");
  await rejects(register({ attestation: "packed", attester: lot }, lists), /not allowed/);
});

Deno.test("a denied root is seen behind an allowed CA below it", async () => {
  const lists = { attestationAllowedCas: [goodLine.pem], attestationDeniedCas: [good.pem] };
  const attester = await goodLine.attester("key");
  await rejects(register({ attestation: "packed", attester }, lists), /not allowed/);
  const bare = { ...attester, certificates: attester.certificates.slice(0, 1) };
  await rejects(register({ attestation: "packed", attester: bare }, lists), /not allowed/);
});

Deno.test("keys that name no maker are refused when there are lists", async () => {
  for (
    const lists of [{ attestationAllowedCas: [good.pem] }, { attestationDeniedCas: [good.pem] }]
  ) {
    await rejects(register({}, lists), {
      code: "access_denied",
      message: `attestation format "none" not allowed for direct attestation`,
    });
    await rejects(register({ attestation: "self" }, lists), {
      code: "access_denied",
      message: `"packed" attestation: self attestation not allowed`,
    });
  }
});

Deno.test("certificates of an allowed maker that the key's own does not lead to prove nothing", async () => {
  const lists = { attestationAllowedCas: [good.pem] };
  const attester = await other.attester("key");
  const [own] = attester.certificates;
  const real = await goodLot.attester("key");
  const chains = [
    [own!, good.der],
    [own!, goodLine.der, good.der],
    [own!, ...real.certificates],
    [own!, other.der, good.der],
  ];
  for (const certificates of chains) {
    await rejects(
      register({ attestation: "packed", attester: { ...attester, certificates } }, lists),
      UNTRUSTED,
    );
  }
});

Deno.test("a namesake of an allowed CA proves nothing", async () => {
  const namesake = await AttestationCa.root("Good Keys Root");
  await rejects(
    register({ attestation: "packed", attester: await namesake.attester("key") }, {
      attestationAllowedCas: [good.pem],
    }),
    UNTRUSTED,
  );
  await register({ attestation: "packed", attester: await namesake.attester("key") }, {
    attestationDeniedCas: [good.pem],
  });
});

Deno.test("a key's certificate cannot be used as a CA", async () => {
  const stolen = await good.endUsedAsCa("genuine key");
  const attester = await stolen.attester("forged key");
  await rejects(
    register({ attestation: "packed", attester }, { attestationAllowedCas: [good.pem] }),
    UNTRUSTED,
  );
});

Deno.test("the way to an allowed CA must be whole", async () => {
  const attester = await goodLot.attester("key");
  const certificates = [attester.certificates[0]!];
  await rejects(
    register({ attestation: "packed", attester: { ...attester, certificates } }, {
      attestationAllowedCas: [good.pem],
    }),
    UNTRUSTED,
  );
});

Deno.test("certificates outside their time prove nothing", async () => {
  const past = { notBefore: new Date("2001-01-01"), notAfter: new Date("2002-01-01") };
  const oldLine = await good.below("Old Line", past);
  const attester = await oldLine.attester("key");
  await rejects(
    register({ attestation: "packed", attester }, { attestationAllowedCas: [good.pem] }),
    UNTRUSTED,
  );
});

Deno.test("an allowed CA whose time is over proves nothing", async () => {
  const past = { notBefore: new Date("2001-01-01"), notAfter: new Date("2002-01-01") };
  const oldRoot = await AttestationCa.root("Old Root", past);
  await rejects(
    register({ attestation: "packed", attester: await oldRoot.attester("key") }, {
      attestationAllowedCas: [oldRoot.pem],
    }),
    UNTRUSTED,
  );
});

Deno.test("a wrong attestation signature is refused although the maker is allowed", async () => {
  const site = new WebauthnSite({ webauthn: { attestationAllowedCas: [good.pem] } });
  for (const attestation of ["packed", "u2f"] as const) {
    const key = new SoftwareKey({ attestation, attester: await good.attester("key") });
    await rejects(
      site.register(key, { wrong: { badSignature: true } }),
      /bad attestation signature/,
    );
  }
});

Deno.test("a certificate for another model is refused", async () => {
  const attester = await good.attester("key", { aaguid: new Uint8Array(16).fill(1) });
  const lists = { attestationAllowedCas: [good.pem] };
  await rejects(
    register({ attestation: "packed", attester, aaguid: new Uint8Array(16).fill(2) }, lists),
    { code: "access_denied" },
  );
  await register({ attestation: "packed", attester, aaguid: new Uint8Array(16).fill(1) }, lists);
});

Deno.test("a U2F statement has exactly one certificate", async () => {
  const attester = await goodLine.attester("key");
  equal(attester.certificates.length, 2);
  await rejects(register({ attestation: "u2f", attester }, {}), { code: "access_denied" });
});

Deno.test("a list that is not PEM is the configuration's fault", async () => {
  const attester = await good.attester("key");
  for (const pem of ["", "not a certificate", good.pem.replace("MII", "XXX")]) {
    await rejects(
      register({ attestation: "packed", attester }, { attestationAllowedCas: [pem] }),
      { code: "bad_parameter", message: /webauthn attestation_allowed_cas/ },
    );
  }
});
