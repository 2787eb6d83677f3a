/**
 * The X.509 library, set up once. It wants `reflect-metadata` in place before it loads.
 *
 * @module
 */

import "reflect-metadata";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(crypto);

export { x509 };

/** How ECDSA P-256 keys sign here; the algorithm of every key that this room makes. */
export const EC_SIGNING = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
