import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { parse } from "yaml";
import type { Node } from "../../../lib/client/mod.ts";
import { nodeOf } from "../../../lib/client/nodes.ts";
import { ServerV2Schema } from "../../../lib/wire/gen/types_pb.ts";
import { formatNodes } from "./print.ts";

const NEVER = { seconds: -62135596800n, nanos: 0 };

/** A node as Teleport 14 sends one. */
function node(
  hostname: string,
  addr: string,
  labels: Record<string, string>,
  more: { subKind?: string; id?: bigint; useTunnel?: boolean } = {},
): Node {
  return nodeOf(create(ServerV2Schema, {
    kind: "node",
    subKind: more.subKind ?? "",
    version: "v2",
    metadata: {
      name: "5da56852-2adb-4540-a37c-80790203f6a9",
      namespace: "default",
      labels,
      id: more.id ?? 0n,
      ...(more.subKind === undefined
        ? { expires: { seconds: 1795449723n, nanos: 524034963 } }
        : {}),
    },
    spec: {
      addr,
      hostname,
      useTunnel: more.useTunnel ?? false,
      version: more.subKind === undefined ? "14.0.0-dev" : "",
      rotation: {
        started: NEVER,
        lastRotated: NEVER,
        schedule: { updateClients: NEVER, updateServers: NEVER, standby: NEVER },
      },
    },
  }));
}

const NODES = [
  node("db-prod", "10.0.1.10:2222", { team: "data base", env: "prod" }, {
    subKind: "openssh",
    id: 1795449173335355684n,
  }),
  node("server01", "127.0.0.1:3022", { arch: "x86_64" }),
];

const TEXT = { format: "text", verbose: false, columns: undefined } as const;

Deno.test("formatNodes() draws the table", async () => {
  assert.equal(
    await formatNodes(NODES, TEXT),
    `\
Node Name Address        Labels
--------- -------------- -----------------------
db-prod   10.0.1.10:2222 env=prod,team=data base
server01  127.0.0.1:3022 arch=x86_64
`,
  );
});

Deno.test("formatNodes() adds the ids with --verbose, and cuts nothing then", async () => {
  assert.equal(
    await formatNodes(NODES, { ...TEXT, verbose: true, columns: 40 }),
    `\
Node Name Node ID                              Address        Labels
--------- ------------------------------------ -------------- -----------------------
db-prod   5da56852-2adb-4540-a37c-80790203f6a9 10.0.1.10:2222 env=prod,team=data base
server01  5da56852-2adb-4540-a37c-80790203f6a9 127.0.0.1:3022 arch=x86_64
`,
  );
});

Deno.test("formatNodes() puts the cluster's own labels last, and names tunnels", async () => {
  const labels = { "teleport.dev/origin": "cloud", "my.org/x": "1", zone: "b", arch: "arm" };
  const [, , line] = (await formatNodes([node("a", "", labels, { useTunnel: true })], TEXT))
    .split("\n");
  assert.equal(line, "a         ⟵ Tunnel arch=arm,zone=b,my.org/x=1,teleport.dev/origin=cloud");
});

/** As a tsh of Teleport 14 printed the same nodes. */
const JSON_TEXT = `\
[
  {
    "kind": "node",
    "sub_kind": "openssh",
    "version": "v2",
    "metadata": {
      "name": "5da56852-2adb-4540-a37c-80790203f6a9",
      "labels": {
        "env": "prod",
        "team": "data base"
      },
      "id": 1795449173335355684
    },
    "spec": {
      "addr": "10.0.1.10:2222",
      "hostname": "db-prod",
      "rotation": {
        "current_id": "",
        "started": "0001-01-01T00:00:00Z",
        "last_rotated": "0001-01-01T00:00:00Z",
        "schedule": {
          "update_clients": "0001-01-01T00:00:00Z",
          "update_servers": "0001-01-01T00:00:00Z",
          "standby": "0001-01-01T00:00:00Z"
        }
      },
      "version": ""
    }
  },
  {
    "kind": "node",
    "version": "v2",
    "metadata": {
      "name": "5da56852-2adb-4540-a37c-80790203f6a9",
      "labels": {
        "arch": "x86_64"
      },
      "expires": "2026-11-23T16:02:03.524034963Z"
    },
    "spec": {
      "addr": "127.0.0.1:3022",
      "hostname": "server01",
      "rotation": {
        "current_id": "",
        "started": "0001-01-01T00:00:00Z",
        "last_rotated": "0001-01-01T00:00:00Z",
        "schedule": {
          "update_clients": "0001-01-01T00:00:00Z",
          "update_servers": "0001-01-01T00:00:00Z",
          "standby": "0001-01-01T00:00:00Z"
        }
      },
      "version": "14.0.0-dev"
    }
  }
]
`;

Deno.test("formatNodes() prints JSON as tsh does, large numbers digit by digit", async () => {
  assert.equal(await formatNodes(NODES, { ...TEXT, format: "json" }), JSON_TEXT);
});

Deno.test("formatNodes() prints YAML as tsh does", async () => {
  const yaml = await formatNodes(NODES, { ...TEXT, format: "yaml" });
  assert.match(
    yaml,
    /^- kind: node\n {2}metadata:\n {4}id: 1795449173335355684\n {4}labels:\n {6}env: prod\n/,
  );
  assert.match(yaml, /\n {4}expires: "2026-11-23T16:02:03\.524034963Z"\n/);
  assert.deepEqual(parse(yaml, { intAsBigInt: true })[1], JSON.parse(JSON_TEXT)[1]);
});

Deno.test("formatNodes() prints names for scripts, one a line", async () => {
  assert.equal(await formatNodes(NODES, { ...TEXT, format: "names" }), "db-prod\nserver01\n");
});

Deno.test("formatNodes() prints nothing as what it is", async () => {
  assert.equal(await formatNodes([], { ...TEXT, format: "json" }), "[]\n");
  assert.equal(await formatNodes([], { ...TEXT, format: "yaml" }), "[]\n");
  assert.equal(await formatNodes([], { ...TEXT, format: "names" }), "");
});

Deno.test("formatNodes() lets no node steer the terminal, in any format", async () => {
  const evil = "x\x1b[2J\x9b31m\x07\x7f\u202ey\nfake";
  const nodes = [node(evil, evil, { [evil]: evil })];
  for (const format of ["text", "json", "yaml", "names"] as const) {
    for (const verbose of [true, false]) {
      const text = await formatNodes(nodes, { format, verbose, columns: 80 });
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/, format);
    }
  }
  assert.equal((await formatNodes(nodes, { ...TEXT, format: "names" })).split("\n").length, 2);
  const json = JSON.parse(await formatNodes(nodes, { ...TEXT, format: "json" }));
  assert.equal(json[0].spec.hostname, evil);
  const yaml = parse(await formatNodes(nodes, { ...TEXT, format: "yaml" }));
  assert.equal(yaml[0].spec.hostname, evil);
  assert.equal(yaml[0].metadata.labels[evil], evil);
});
