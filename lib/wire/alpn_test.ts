import assert from "node:assert/strict";
import fc from "fast-check";
import { authAlpn, clusterNameOf, clusterServerName } from "./mod.ts";

Deno.test("authAlpn() and clusterServerName() are Teleport's", () => {
  assert.equal(clusterServerName("example.com"), "6578616d706c652e636f6d.teleport.cluster.local");
  assert.equal(authAlpn("localhost"), "teleport-auth@6c6f63616c686f7374.teleport.cluster.local");
});

Deno.test("clusterNameOf() undoes clusterServerName() for every name", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (name) => {
    assert.equal(clusterNameOf(clusterServerName(name)), name);
  }));
});

Deno.test("clusterNameOf() knows nothing else", () => {
  for (
    const name of [
      "teleport.cluster.local",
      ".teleport.cluster.local",
      "6c6.teleport.cluster.local",
      "6C.teleport.cluster.local",
      "ff.teleport.cluster.local",
      "6c6f.example.com",
      "",
    ]
  ) assert.equal(clusterNameOf(name), undefined, name);
});
