/**
 * Assertions verified per second through `LoginFlow.finish`: reading, origin, challenge, signature, counter and the write
 * of the device, over storage in memory, one after the other on one core. Making the challenge and signing it are not
 * counted. Beside it stands what the signature alone costs WebCrypto.
 *
 * @module
 */

import { type Algorithm, SoftwareKey } from "../support/software_key.ts";
import { WebauthnSite } from "../support/webauthn_site.ts";
import { Figure, type Line } from "./figures.ts";

const LOGIN = { scope: "LOGIN" } as const;
const RUNS = 5;
const PER_RUN = 200;

/** Milliseconds for one `LoginFlow.finish`. */
async function finishMs(algorithm: Algorithm): Promise<Figure> {
  const site = new WebauthnSite();
  const key = new SoftwareKey({ algorithms: [algorithm] });
  await site.register(key);
  const figure = new Figure();
  for (let run = 0; run < RUNS; run++) {
    let spent = 0;
    for (let round = 0; round < PER_RUN; round++) {
      const { publicKey } = await site.login.begin("alice", LOGIN);
      const answer = await key.get(publicKey, site.origin);
      const started = performance.now();
      await site.login.finish("alice", answer, LOGIN);
      spent += performance.now() - started;
    }
    figure.add(spent / PER_RUN);
  }
  return figure;
}

/** Milliseconds for checking one signature on P-256 and nothing else. */
async function signatureMs(): Promise<Figure> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const pair = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
  const data = new Uint8Array(69);
  const signature = await crypto.subtle.sign(algorithm, pair.privateKey, data);
  const figure = new Figure();
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    for (let round = 0; round < PER_RUN; round++) {
      await crypto.subtle.verify(algorithm, pair.publicKey, signature, data);
    }
    figure.add((performance.now() - started) / PER_RUN);
  }
  return figure;
}

/** Runs the bench. */
export async function run(): Promise<Line[]> {
  const bare = await signatureMs();
  const lines: Line[] = [
    { what: "a P-256 signature alone", value: bare.describe("ms"), ratio: "" },
  ];
  for (const algorithm of ["ES256", "EdDSA", "RS256"] as const) {
    const figure = await finishMs(algorithm);
    lines.push({
      what: `LoginFlow.finish() with ${algorithm}`,
      value: figure.describe("ms"),
      ratio: `${Math.round(1000 / figure.median)} a second, ` +
        `${(figure.median / bare.median).toFixed(1)} signatures`,
    });
  }
  return lines;
}
