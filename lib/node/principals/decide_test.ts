import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import fc from "fast-check";
import {
  formatSshCertificate,
  generateKeyPair,
  issueSshCertificate,
  parseAuthorizedKey,
  type SshCertificateFields,
} from "../../keys/mod.ts";
import type { NodePolicy } from "../../auth/access/mod.ts";
import { decidePrincipals, type PrincipalsAnswer } from "./decide.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
const MINUTE = 60_000;
const ca = generateKeyPair();
const subject = generateKeyPair();

/** A certificate in base64, as sshd hands it over; fields that differ from a good one's. */
function certificate(fields: Partial<SshCertificateFields> = {}, signer = ca): string {
  const line = formatSshCertificate(issueSshCertificate({
    kind: "user",
    serial: 1n,
    keyId: "alice",
    principals: ["alice", "root"],
    validAfterMs: NOW - MINUTE,
    validBeforeMs: NOW + MINUTE,
    criticalOptions: {},
    extensions: extensions(),
    publicKey: parseAuthorizedKey(subject.sshPublicKey),
    caKey: createPrivateKey(signer.privateKeyPem),
    nonce: new Uint8Array(32),
    ...fields,
  }));
  return line.split(" ")[1]!;
}

function extensions(
  { roles = ["ops"], logins = ["alice"], mfa = "" }: {
    roles?: string[];
    logins?: string[];
    mfa?: string;
  } = {},
): Record<string, string> {
  return {
    "permit-pty": "",
    "teleport-roles": JSON.stringify({ version: "v1", roles }),
    "teleport-traits": JSON.stringify({ logins }),
    ...(mfa && { "mfa-verified": mfa }),
  };
}

function policy(fields: Partial<NodePolicy> = {}): NodePolicy {
  return {
    version: 1,
    clusterName: "demo",
    node: "id",
    labels: { env: "prod" },
    userCaKeys: [ca.sshPublicKey],
    requireSessionMfa: false,
    users: { alice: { roles: ["ops"], logins: ["alice"], certificatesFromMs: 0 } },
    roles: [{
      kind: "role",
      version: "v6",
      metadata: { name: "ops", labels: {} },
      spec: {
        options: { forward_agent: false, port_forwarding: true, max_session_ttl: "30h" },
        allow: { logins: ["root", "{{internal.logins}}"], node_labels: { env: ["prod"] } },
        deny: { logins: [], node_labels: {} },
      },
    }],
    issuedAtMs: NOW - MINUTE,
    expiresAtMs: NOW + MINUTE,
    ...fields,
  };
}

function decide(
  { cert = certificate(), rules = policy(), login = "root", nowMs = NOW } = {},
): Promise<PrincipalsAnswer> {
  return decidePrincipals({ certificate: cert, policy: JSON.stringify(rules), login, nowMs });
}

Deno.test("a login that the certificate's role opens here is the one principal", async () => {
  assert.deepEqual(await decide(), { principal: "root", user: "alice", reason: "allowed" });
  assert.equal((await decide({ login: "alice" })).principal, "alice");
});

Deno.test("nothing is answered to anything else", async () => {
  const cases: [what: string, given: Parameters<typeof decide>[0], reason: string][] = [
    ["other labels", { rules: policy({ labels: { env: "dev" } }) }, "denied"],
    ["no labels", { rules: policy({ labels: {} }) }, "denied"],
    [
      "a role that the user has not any more",
      {
        rules: policy({
          users: { alice: { roles: ["other"], logins: ["alice"], certificatesFromMs: 0 } },
        }),
      },
      "denied",
    ],
    ["a role that nobody knows", {
      cert: certificate({ extensions: extensions({ roles: ["ops", "gone"] }) }),
      rules: policy({
        users: { alice: { roles: ["ops", "gone"], logins: ["alice"], certificatesFromMs: 0 } },
      }),
    }, "denied"],
    ["a user who may not come here", { rules: policy({ users: {} }) }, "unknown_user"],
    ["a user named like a property", {
      cert: certificate({ keyId: "constructor" }),
    }, "unknown_user"],
    ["a certificate from before a reset", {
      rules: policy({
        users: { alice: { roles: ["ops"], logins: ["alice"], certificatesFromMs: NOW + MINUTE } },
      }),
    }, "certificate_from_before_reset"],
    ["a login that the certificate does not name", {
      cert: certificate({ principals: ["alice"] }),
    }, "certificate_refused"],
    ["an expired certificate", {
      nowMs: NOW + MINUTE - 1,
      cert: certificate({ validBeforeMs: NOW }),
    }, "certificate_refused"],
    [
      "one that is not valid yet",
      { cert: certificate({ validAfterMs: NOW + 1_000 }) },
      "certificate_refused",
    ],
    ["another authority's", { cert: certificate({}, generateKeyPair()) }, "certificate_refused"],
    ["a host's", { cert: certificate({ kind: "host" }) }, "certificate_refused"],
    [
      "an unknown critical option",
      { cert: certificate({ criticalOptions: { x: "y" } }) },
      "certificate_refused",
    ],
    ["no roles", { cert: certificate({ extensions: {} }) }, "certificate_refused"],
    ["roles of another form", {
      cert: certificate({ extensions: { "teleport-roles": '{"roles":"ops"}' } }),
    }, "certificate_refused"],
    ["no certificate", { cert: "" }, "certificate_refused"],
    ["an expired policy", { nowMs: NOW + MINUTE }, "policy_expired"],
    ["a policy from the future", {
      rules: policy({ issuedAtMs: NOW + 2 * MINUTE, expiresAtMs: NOW + 9 * MINUTE }),
    }, "policy_expired"],
    ["a policy of another version", { rules: policy({ version: 2 as 1 }) }, "policy_unusable"],
    ["a policy without end", { rules: policy({ expiresAtMs: Infinity }) }, "policy_unusable"],
    ["a policy without authority", { rules: policy({ userCaKeys: [] }) }, "certificate_refused"],
  ];
  for (const [what, given, reason] of cases) {
    const answer = await decide(given);
    assert.equal(answer.principal, undefined, what);
    assert.equal(answer.reason, reason, what);
  }
});

Deno.test("session MFA, of the cluster or of a role, takes certificates with a touch only", async () => {
  const [role] = policy().roles;
  const touched = certificate({ extensions: extensions({ mfa: "device" }) });
  const options = { ...role!.spec.options, require_session_mfa: true };
  const strictRole = { ...role!, spec: { ...role!.spec, options } };
  for (const rules of [policy({ requireSessionMfa: true }), policy({ roles: [strictRole] })]) {
    assert.deepEqual(await decide({ rules }), { user: "alice", reason: "mfa_required" });
    assert.equal((await decide({ rules, cert: touched })).principal, "root");
  }
});

Deno.test("a changed byte of certificate or policy never lets in more", async () => {
  const cert = Uint8Array.fromBase64(certificate());
  const text = new TextEncoder().encode(JSON.stringify(policy({ labels: { env: "dev" } })));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(cert.length - 1),
      fc.integer({ min: 1, max: 255 }),
      async (at, flip) => {
        const bytes = cert.slice();
        bytes[at]! ^= flip;
        assert.equal((await decide({ cert: bytes.toBase64() })).principal, undefined);
      },
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length), async (length) => {
      const answer = await decidePrincipals({
        certificate: certificate(),
        policy: new TextDecoder().decode(text.subarray(0, length)),
        login: "root",
        nowMs: NOW,
      });
      assert.equal(answer.principal, undefined);
    }),
  );
});
