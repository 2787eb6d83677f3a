import assert from "node:assert/strict";
import fc from "fast-check";
import { ToolError } from "../errors/mod.ts";
import { checkNode, formatResource, type NodeResource, parseResources } from "./mod.ts";

const NODE = `kind: node
sub_kind: openssh
version: v2
metadata:
  name: 5da56852-2adb-4540-a37c-80790203f6a9
  labels:
    env: prod
spec:
  addr: 127.0.0.1:22
  hostname: openssh-node
`;

function refusal(text: string): string {
  try {
    parseResources(text, "f.yaml");
  } catch (error) {
    assert.ok(error instanceof ToolError, String(error));
    return error.message;
  }
  assert.fail(`it was read: ${text}`);
}

Deno.test("parseResources() reads a node and fills in what was left out", () => {
  assert.deepEqual(parseResources(NODE, "f.yaml"), [{
    place: "f.yaml:1:1",
    resource: {
      kind: "node",
      sub_kind: "openssh",
      version: "v2",
      metadata: { name: "5da56852-2adb-4540-a37c-80790203f6a9", labels: { env: "prod" } },
      spec: { addr: "127.0.0.1:22", hostname: "openssh-node", public_addrs: [], version: "" },
    },
  }]);
  const [unnamed] = parseResources(
    "kind: node\nversion: v2\nspec: {addr: '[::1]:22', hostname: a}\n",
    "f",
  );
  assert.deepEqual(unnamed!.resource.metadata, { name: "", labels: {} });
});

Deno.test("parseResources() reads several documents and says where each began", () => {
  const found = parseResources(`# nodes\n${NODE}---\n${NODE}---\n# nothing\n`, "-");
  assert.deepEqual(found.map(({ place }) => place), ["-:2:1", "-:13:1"]);
});

Deno.test("parseResources() reads the guide's cluster_auth_preference", () => {
  const [found] = parseResources(
    `kind: cluster_auth_preference
version: v2
metadata:
  name: cluster-auth-preference
spec:
  type: local
  second_factors: ["webauthn"]
  webauthn:
    rp_id: example.com
  connector_name: headless # headless by default
`,
    "cap.yaml",
  );
  assert.deepEqual(found!.resource.spec, {
    type: "local",
    second_factors: ["webauthn"],
    webauthn: { rp_id: "example.com" },
    connector_name: "headless",
  });
});

Deno.test("parseResources() reads users and roles", () => {
  const [user, role] = parseResources(
    `kind: user
version: v2
metadata: {name: alice}
spec: {roles: [access], traits: {logins: [root, alice]}}
---
kind: role
version: v6
metadata: {name: dev}
spec:
  allow: {logins: ['{{internal.logins}}'], node_labels: {env: [dev, test], team: a}}
  deny: {logins: [root]}
`,
    "f.yaml",
  );
  assert.deepEqual(user!.resource.spec, {
    roles: ["access"],
    traits: { logins: ["root", "alice"] },
  });
  assert.deepEqual(role!.resource.spec, {
    options: { forward_agent: false, port_forwarding: true, max_session_ttl: "30h0m0s" },
    allow: { logins: ["{{internal.logins}}"], node_labels: { env: ["dev", "test"], team: ["a"] } },
    deny: { logins: ["root"], node_labels: {} },
  });
});

const spec = (text: string) => NODE.replace(/spec:[^]*/, text);
Deno.test.each([
  [
    "just text",
    "f.yaml:1:1: this is no resource, it has no kind, expected one of node, user, role, cluster_auth_preference",
  ],
  [
    "- kind: node",
    "f.yaml:1:1: this is no resource, it has no kind, expected one of node, user, role, cluster_auth_preference",
  ],
  [
    "a: 1\nkind: nosuch",
    'f.yaml:2:7: resources of kind "nosuch" are not known, expected one of node, user, role, cluster_auth_preference',
  ],
  [
    "kind: toString",
    'f.yaml:1:7: resources of kind "toString" are not known, expected one of node, user, role, cluster_auth_preference',
  ],
  [NODE.replace("v2", "v3"), 'f.yaml:3:10: version: expected v2, found "v3"'],
  [NODE.replace("version: v2\n", ""), "f.yaml:1:1: version: is missing, expected v2"],
  [
    NODE.replace("openssh\n", "sshd\n"),
    'f.yaml:2:11: sub_kind: expected openssh, or nothing, found "sshd"',
  ],
  [spec(""), "f.yaml:1:1: spec: is missing, expected a mapping with addr and hostname"],
  [
    spec("spec:\n  addr: 127.0.0.1\n  hostname: a\n"),
    'f.yaml:9:9: spec.addr: expected a host and a port, like 192.0.2.7:22, found "127.0.0.1"',
  ],
  [
    spec("spec:\n  addr: 127.0.0.1:22\n"),
    "f.yaml:9:3: spec.hostname: is missing, expected a string",
  ],
  [
    spec("spec:\n  addr: 127.0.0.1:22\n  hostname: [a]\n"),
    "f.yaml:10:13: spec.hostname: expected a string, found a list",
  ],
  [
    spec("spec:\n  addr: 127.0.0.1:22\n  hostname: -oProxyCommand=x\n"),
    'f.yaml:10:13: spec.hostname: expected a host name, without spaces, quotes, / @ : or a leading -, found "-oProxyCommand=x"',
  ],
  [
    spec('spec:\n  addr: 127.0.0.1:22\n  hostname: "a\\e[2J"\n'),
    'f.yaml:10:13: spec.hostname: expected at most 1024 characters on one line, found "a\\u001b[2J"',
  ],
  [
    NODE.replace("env: prod", "port: 22"),
    "f.yaml:7:11: metadata.labels.port: expected a string (put numbers, true and false in quotes), found 22",
  ],
  [
    NODE.replace("env:", "a b:"),
    "f.yaml:7:10: metadata.labels.a b: the label's name may hold only letters, digits and / . _ * : -",
  ],
  [
    NODE.replace("name: 5da", "nmae: 5da"),
    "f.yaml:5:3: metadata.nmae: there is no such field, known here are name, description, labels, expires",
  ],
  [
    NODE + "  hostnme: b\nextra: 1\n",
    "f.yaml:11:3: spec.hostnme: there is no such field, known here are addr, hostname, public_addrs, version\n" +
    "f.yaml:12:1: extra: there is no such field, known here are kind, sub_kind, version, metadata, spec",
  ],
  [
    NODE.replace("  labels:", "  expires: tomorrow\n  labels:"),
    'f.yaml:6:12: metadata.expires: expected a date and time like 2026-11-23T16:00:00Z, found "tomorrow"',
  ],
  [
    NODE + "---\n" + NODE.replace("kind: node", "kind: nod"),
    'f.yaml:12:7: resources of kind "nod" are not known, expected one of node, user, role, cluster_auth_preference',
  ],
])("parseResources() refuses %j", (text: string, expected: string) => {
  assert.equal(refusal(text), expected);
});

const LOGIN = "1 to 64 letters, digits and _ . - @ \\, the first one a letter, a digit or _";
const role = (spec: string) => `kind: role\nversion: v6\nmetadata: {name: dev}\nspec:\n  ${spec}\n`;
Deno.test.each([
  [
    role("allow: {logins: [root, 'root;id']}"),
    `f.yaml:5:26: spec.allow.logins[1]: expected a login (${LOGIN}) or {{internal.logins}}, found "root;id"`,
  ],
  [
    role("allow: {logins: ['*']}"),
    `f.yaml:5:20: spec.allow.logins[0]: expected a login (${LOGIN}) or {{internal.logins}}, found "*"`,
  ],
  [
    role("deny: {logins: ['$(id)']}"),
    `f.yaml:5:19: spec.deny.logins[0]: expected a login (${LOGIN}), {{internal.logins}} or *, found "$(id)"`,
  ],
  [
    "kind: user\nversion: v2\nmetadata: {name: a}\nspec: {traits: {logins: ['{{internal.logins}}']}}\n",
    `f.yaml:4:26: spec.traits.logins[0]: expected a login: ${LOGIN}, found "{{internal.logins}}"`,
  ],
])("parseResources() refuses a login that no machine has: %j", (text: string, expected: string) => {
  assert.equal(refusal(text), expected);
});

Deno.test("a role's logins may be names, templates and, where it denies, all", () => {
  const [found] = parseResources(
    role(
      "allow: {logins: ['{{internal.logins}}', '{{external.logins}}', 'EXAMPLE\\adam']}\n" +
        "  deny: {logins: ['*', '{{ internal.logins }}', root]}",
    ),
    "f.yaml",
  );
  assert.ok(found?.resource.kind === "role");
  const { allow, deny } = found.resource.spec;
  assert.deepEqual(allow.logins, ["{{internal.logins}}", "{{external.logins}}", "EXAMPLE\\adam"]);
  assert.deepEqual(deny.logins, ["*", "{{ internal.logins }}", "root"]);
});

const cap = (fields: string) =>
  `kind: cluster_auth_preference\nversion: v2\nmetadata: {name: cluster-auth-preference}\nspec:\n${fields}\n`;
Deno.test.each([
  [
    "  webauthn: {rp_id: 'https://example.com'}",
    'f.yaml:5:21: spec.webauthn.rp_id: expected a domain, like example.com, without https:// and port, found "https://example.com"',
  ],
  [
    "  webauthn: {rp_id: 127.0.0.1}",
    'f.yaml:5:21: spec.webauthn.rp_id: expected a domain, like example.com, without https:// and port, found "127.0.0.1"',
  ],
  [
    "  webauthn: {rp_id: 'example.com:443'}",
    'f.yaml:5:21: spec.webauthn.rp_id: expected a domain, like example.com, without https:// and port, found "example.com:443"',
  ],
  [
    "  second_factor: otp",
    'f.yaml:5:18: spec.second_factor: expected webauthn, the one second factor that this cluster has, found "otp"',
  ],
  [
    "  type: saml",
    'f.yaml:5:9: spec.type: expected local, the one type that this cluster has, found "saml"',
  ],
  [
    "  headless: false\n  connector_name: headless",
    "f.yaml:6:19: spec.connector_name: headless cannot be the default while headless is disabled",
  ],
  ["  headless: maybe", 'f.yaml:5:13: spec.headless: expected yes or no, found "maybe"'],
])(
  "parseResources() refuses a cluster_auth_preference with %j",
  (fields: string, expected: string) => {
    assert.equal(refusal(cap(fields)), expected);
  },
);

const line = fc.string({ maxLength: 20, unit: "grapheme" }).filter((text) =>
  // deno-lint-ignore no-control-regex
  !/[\x00-\x1f\x7f-\x9f]/.test(text) && text.isWellFormed()
);
const nodes: fc.Arbitrary<NodeResource> = fc.record({
  kind: fc.constant("node"),
  sub_kind: fc.constantFrom("", "openssh"),
  version: fc.constant("v2"),
  metadata: fc.record({
    name: fc.uuid(),
    // `__proto__` is refused by name, as a test above says.
    labels: fc.dictionary(
      fc.stringMatching(/^[a-z0-9/._-]{1,9}$/).filter((name) => name !== "__proto__"),
      line,
    ),
    description: line.filter((text) => text !== ""),
    expires: fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
      .map((date) => date.toISOString()),
  }, { requiredKeys: ["name", "labels"] }),
  spec: fc.record({
    addr: fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65535 })).map((pair) => pair.join(":")),
    hostname: fc.domain(),
    public_addrs: fc.array(fc.domain().map((name) => `${name}:22`)),
    version: line,
  }),
}) as fc.Arbitrary<NodeResource>;

Deno.test("formatResource() writes what parseResources() reads, for every node", () => {
  fc.assert(fc.property(nodes, (node) => {
    const [found] = parseResources(formatResource(node), "f.yaml");
    assert.deepEqual(found!.resource, JSON.parse(JSON.stringify(node)));
  }));
});

Deno.test("formatResource() prints fields in the guide's order and leaves out what says nothing", () => {
  const [{ resource }] = parseResources(NODE, "f.yaml") as [ReturnType<typeof parseResources>[0]];
  assert.equal(formatResource(resource!), NODE);
});

Deno.test("checkNode() names the field that is wrong", () => {
  const [{ resource }] = parseResources(NODE, "f.yaml") as [ReturnType<typeof parseResources>[0]];
  assert.deepEqual(checkNode(resource), resource);
  assert.throws(
    () => checkNode({ ...resource, spec: { ...resource!.spec, addr: "here" } }),
    new ToolError(
      "bad_parameter",
      "the node's spec.addr is wrong: expected a host and a port, like 192.0.2.7:22",
    ),
  );
});
