import assert from "node:assert/strict";
import fc from "fast-check";
import { assets, type PageRequest, renderPage } from "./mod.ts";

const request: PageRequest = {
  page: "headless",
  params: { id: "86172f78-af7c-5935-a7c1-ed06b94f17dc" },
  clusterName: "example.com",
  nonce: "bm9uY2U=",
};

Deno.test("a page refers only to files that the server has, by names of their content", () => {
  const html = renderPage(request);
  const references = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
  const files = references.filter((path) => path.startsWith("/web/assets/"));
  assert.deepEqual([...files].sort(), [...assets.keys()].sort());
  for (const path of files) assert.match(path, /-[0-9a-f]{16}\.(js|css|svg)$/);
  assert.deepEqual(references.filter((path) => !path.startsWith("/web")), []);
});

Deno.test("a page carries its nonce on script and style, and nothing that the policy forbids", () => {
  for (const page of ["login", "invite", "headless", "home", "not_found"] as const) {
    const html = renderPage({ ...request, page, params: {} } as unknown as PageRequest);
    const loads = [...html.matchAll(/<(?:script|link rel="stylesheet")[^>]*>/g)].map(String);
    for (const tag of loads) assert.match(tag, /nonce="bm9uY2U="/);
    assert.doesNotMatch(html, /\sstyle=|\son[a-z]+=|<style|javascript:/);
    assert.doesNotMatch(html, /<script[^>]*>[^<]/);
  }
});

Deno.test("whatever a cluster is called and an address says stays text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const plain = renderPage({ ...request, clusterName: "", params: { id: "" } });
    const html = renderPage({
      ...request,
      clusterName: `"'><script>${text}`,
      params: { id: `"'><img>${text}` },
    });
    const tags = (page: string): number => page.split("<").length;
    assert.equal(tags(html), tags(plain));
    assert.doesNotMatch(html, /<img|'>/);
  }));
});

Deno.test("the script finds in the page what the server put there", () => {
  const odd = `a"b&c<d>'e`;
  const html = renderPage({ ...request, clusterName: odd });
  const data = /data-page="([^"]*)"/.exec(html)![1]!
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'").replaceAll("&amp;", "&");
  assert.deepEqual(JSON.parse(data), {
    clusterName: odd,
    page: "headless",
    params: request.params,
  });
});

Deno.test("the bundle and the style load nothing from anywhere", () => {
  for (const [path, { body }] of assets) {
    const text = new TextDecoder().decode(body);
    const addresses = [...text.matchAll(/https?:\/\/[^\s"'`)]+/g)].map(String)
      // Names of XML namespaces and links in the library's warnings: nobody goes there.
      .filter((address) => !/^https?:\/\/(www\.w3\.org|simplewebauthn\.dev)\b/.test(address))
      // A sentence about addresses.
      .filter((address) => !/^https:\/\/\.?$/.test(address));
    assert.deepEqual(addresses, [], path);
    assert.doesNotMatch(text, /\beval\(|new Function|@import|url\(/, path);
  }
});
