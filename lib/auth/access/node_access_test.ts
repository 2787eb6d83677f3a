import assert from "node:assert/strict";
import fc from "fast-check";
import type { RoleConditions, RoleResource } from "../../resources/mod.ts";
import { allowedLogins, certificateLogins, decideLogin, mayAccessNode } from "./node_access.ts";
import { rolesOf } from "./role.ts";

const NOTHING: RoleConditions = { logins: [], node_labels: {} };
const TRAITS = { logins: ["alice", "root"] };

function role(
  conditions: { allow?: Partial<RoleConditions>; deny?: Partial<RoleConditions> },
): RoleResource {
  return {
    kind: "role",
    version: "v6",
    metadata: { name: "test", labels: {} },
    spec: {
      options: { forward_agent: false, port_forwarding: true, max_session_ttl: "30h0m0s" },
      allow: { ...NOTHING, ...conditions.allow },
      deny: { ...NOTHING, ...conditions.deny },
    },
  };
}

const EVERYWHERE = { "*": ["*"] };

Deno.test("role access opens every node for the user's own logins, and no others", () => {
  assert.deepEqual(allowedLogins(rolesOf(["access"]), TRAITS, {}), ["alice", "root"]);
  assert.ok(mayAccessNode(rolesOf(["access"]), TRAITS, { env: "prod" }, "root"));
  assert.ok(!mayAccessNode(rolesOf(["access"]), TRAITS, { env: "prod" }, "bob"));
});

Deno.test("roles editor and auditor open nothing", () => {
  assert.deepEqual(allowedLogins(rolesOf(["editor", "auditor"]), TRAITS, { env: "prod" }), []);
});

Deno.test("a user without logins reaches no node", () => {
  assert.ok(!mayAccessNode(rolesOf(["access"]), { logins: [] }, {}));
});

Deno.test("a role name that stands for nothing takes all other roles away", () => {
  assert.deepEqual(rolesOf(["access", "nosuch"]), []);
  assert.ok(!mayAccessNode(rolesOf(["access", "nosuch"]), TRAITS, {}));
});

Deno.test("each role opens its own logins on its own nodes only", () => {
  const roles = [
    role({ allow: { logins: ["deploy"], node_labels: { env: ["prod"] } } }),
    role({ allow: { logins: ["root"], node_labels: { env: ["dev", "test"] } } }),
  ];
  assert.deepEqual(allowedLogins(roles, TRAITS, { env: "prod" }), ["deploy"]);
  assert.deepEqual(allowedLogins(roles, TRAITS, { env: "test" }), ["root"]);
  assert.deepEqual(allowedLogins(roles, TRAITS, { env: "other" }), []);
  assert.deepEqual(allowedLogins(roles, TRAITS, {}), []);
});

Deno.test("all labels of a role must fit", () => {
  const roles = [role({ allow: { logins: ["a"], node_labels: { env: ["prod"], arch: ["*"] } } })];
  assert.deepEqual(allowedLogins(roles, TRAITS, { env: "prod", arch: "arm" }), ["a"]);
  assert.deepEqual(allowedLogins(roles, TRAITS, { env: "prod" }), []);
});

Deno.test("denied labels close the node whatever else allows it, in any order", () => {
  const allow = role({ allow: { logins: ["root"], node_labels: EVERYWHERE } });
  const deny = role({ deny: { node_labels: { env: ["prod"] } } });
  for (const roles of [[allow, deny], [deny, allow]]) {
    assert.deepEqual(allowedLogins(roles, TRAITS, { env: "prod" }), []);
    assert.deepEqual(allowedLogins(roles, TRAITS, { env: "dev" }), ["root"]);
  }
});

Deno.test("a denied login is taken away from every role", () => {
  const roles = [
    role({ allow: { logins: ["root", "{{internal.logins}}"], node_labels: EVERYWHERE } }),
    role({ deny: { logins: ["root"] } }),
  ];
  assert.deepEqual(allowedLogins(roles, TRAITS, {}), ["alice"]);
  const none = [...roles, role({ deny: { logins: ["*"] } })];
  assert.deepEqual(allowedLogins(none, TRAITS, {}), []);
});

Deno.test("globs fit as a person expects", () => {
  const cases: [pattern: string, value: string, fits: boolean][] = [
    ["prod-*", "prod-eu", true],
    ["prod-*", "prod", false],
    ["*-eu-*", "prod-eu-1", true],
    ["a*a", "a", false],
    ["a*b*c", "a-b-b-c", true],
    ["*", "", true],
    ["a**", "a", true],
    ["x", "X", false],
  ];
  for (const [pattern, value, fits] of cases) {
    const roles = [role({ allow: { logins: ["a"], node_labels: { k: [pattern] } } })];
    assert.equal(mayAccessNode(roles, TRAITS, { k: value }), fits, `${pattern} on ${value}`);
  }
});

Deno.test("what is not understood opens nothing and closes everything", () => {
  const open = role({ allow: { logins: ["root"], node_labels: EVERYWHERE } });
  const regexp = { env: ["^prod$"] };
  assert.deepEqual(
    allowedLogins([role({ allow: { logins: ["a"], node_labels: regexp } })], TRAITS, {
      env: "prod",
    }),
    [],
  );
  assert.deepEqual(allowedLogins([open, role({ deny: { node_labels: regexp } })], TRAITS, {}), []);
  const template = ["{{external.logins}}"];
  assert.deepEqual(
    allowedLogins([role({ allow: { logins: template, node_labels: EVERYWHERE } })], TRAITS, {}),
    [],
  );
  assert.deepEqual(allowedLogins([open, role({ deny: { logins: template } })], TRAITS, {}), []);
});

Deno.test("logins that could change a certificate's meaning are left out", () => {
  const traits = { logins: ["ok", "a,b", "", "-x", "a b", "a\nb"] };
  assert.deepEqual(certificateLogins(rolesOf(["access"]), traits), ["ok"]);
});

Deno.test("adding a role that only denies never opens anything", () => {
  const labels = fc.dictionary(fc.constantFrom("env", "arch"), fc.constantFrom("a", "b", "*"));
  const selector = fc.dictionary(
    fc.constantFrom("env", "arch", "*"),
    fc.array(fc.constantFrom("a", "b", "*", "^a$"), { minLength: 1, maxLength: 2 }),
  );
  const logins = fc.array(fc.constantFrom("root", "alice", "{{internal.logins}}", "{{x}}", "*"));
  fc.assert(
    fc.property(selector, logins, selector, logins, labels, (a, b, c, d, node) => {
      const allow = role({ allow: { node_labels: a, logins: b } });
      const deny = role({ deny: { node_labels: c, logins: d } });
      const before = allowedLogins([allow], TRAITS, node);
      const after = allowedLogins([allow, deny], TRAITS, node);
      assert.ok(after.every((login) => before.includes(login)));
    }),
  );
});

Deno.test("decideLogin() wants a touch when the cluster, or any role that opens the login here, does", () => {
  const strict = role({ allow: { logins: ["root"], node_labels: { env: ["prod"] } } });
  strict.spec.options.require_session_mfa = true;
  const open = role({ allow: { logins: ["root", "bob"], node_labels: EVERYWHERE } });
  const decide = (
    roles: RoleResource[],
    { login = "root", env = "prod", mfaVerified = false, requireSessionMfa = false },
  ) => decideLogin(roles, TRAITS, { env }, { login, mfaVerified, requireSessionMfa });
  assert.equal(decide([open], {}), "allowed");
  assert.equal(decide([open], { requireSessionMfa: true }), "mfa_required");
  assert.equal(decide([open], { requireSessionMfa: true, mfaVerified: true }), "allowed");
  for (const roles of [[strict, open], [open, strict]]) {
    assert.equal(decide(roles, {}), "mfa_required");
    assert.equal(decide(roles, { mfaVerified: true }), "allowed");
    assert.equal(decide(roles, { env: "dev" }), "allowed", "not its node");
    assert.equal(decide(roles, { login: "bob" }), "allowed", "not its login");
  }
  assert.equal(decide([strict], { login: "bob", mfaVerified: true }), "denied");
});
