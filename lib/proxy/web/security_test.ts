import assert from "node:assert/strict";
import { InProcessCluster, newCommand } from "../../../tests/support/in_process_cluster.ts";
import { type RawAnswer, rawExchange, rawRequest } from "../../../tests/support/raw_http.ts";

const JSON_TYPE = { "Content-Type": "application/json" };
const TOKEN = "0123456789abcdef".repeat(4);
const OTHER_TOKEN = "fedcba9876543210".repeat(4);

/** A sign-in attempt that a browser on `origin` makes; 403 `invalid …` shows that it was heard. */
function attempt(cluster: InProcessCluster, headers: Record<string, string>): Promise<RawAnswer> {
  return rawRequest(cluster, "POST", "/webapi/mfa/login/begin", {
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ passwordless: true }),
  });
}

function message(answer: RawAnswer): string {
  return JSON.parse(answer.text).error.message;
}

Deno.test("every answer has the headers that keep browsers safe", async (t) => {
  await using cluster = await InProcessCluster.start();
  const paths = [
    "/",
    "/web",
    "/web/login",
    "/web/nowhere",
    "/web/assets/nothing.js",
    "/webapi/ping",
    "/webapi/nowhere",
    "/nowhere",
  ];
  for (const path of paths) {
    await t.step(path, async () => {
      const { headers } = await rawRequest(cluster, "GET", path);
      assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
      assert.equal(headers.get("X-Frame-Options"), "DENY");
      assert.equal(headers.get("Referrer-Policy"), "no-referrer");
      assert.equal(headers.get("Cross-Origin-Opener-Policy"), "same-origin");
      assert.equal(headers.get("Cross-Origin-Resource-Policy"), "same-origin");
      assert.equal(headers.get("Cache-Control"), "no-store");
      assert.match(headers.get("Permissions-Policy")!, /publickey-credentials-get=\(self\)/);
      assert.match(headers.get("Content-Security-Policy")!, /default-src 'none'/);
      assert.match(headers.get("Content-Security-Policy")!, /frame-ancestors 'none'/);
      assert.equal(headers.get("Access-Control-Allow-Origin"), null);
      assert.equal(headers.get("Strict-Transport-Security"), null, "not on localhost");
    });
  }
});

Deno.test("HSTS is sent where the cluster has a name of its own", async () => {
  await using cluster = await InProcessCluster.start({ publicAddr: "proxy.example.com" });
  const { headers } = await rawRequest(cluster, "GET", "/webapi/ping");
  assert.equal(headers.get("Strict-Transport-Security"), "max-age=31536000");
});

Deno.test("a page's policy allows its own script and style and nothing else, anew each time", async () => {
  await using cluster = await InProcessCluster.start();
  const nonces = new Set<string>();
  for (let turn = 0; turn < 3; turn++) {
    const { headers, text } = await rawRequest(cluster, "GET", "/web/login");
    const policy = headers.get("Content-Security-Policy")!;
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)![1]!;
    assert.match(policy, new RegExp(`style-src 'nonce-${nonce.replace(/[+/]/g, "\\$&")}'`));
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    const tags = text.match(/<(?:script|link rel="stylesheet")[^>]*>/g)!;
    assert.ok(tags.length >= 2);
    for (const tag of tags) assert.ok(tag.includes(`nonce="${nonce}"`), tag);
    nonces.add(nonce);
  }
  assert.equal(nonces.size, 3);
});

Deno.test("assets may be kept for ever, and are what they say", async () => {
  await using cluster = await InProcessCluster.start();
  const { text: page } = await rawRequest(cluster, "GET", "/web/login");
  const paths = [...page.matchAll(/"(\/web\/assets\/[^"]+)"/g)].map((match) => match[1]!);
  assert.equal(paths.length, 3);
  for (const path of paths) {
    const { status, headers } = await rawRequest(cluster, "GET", path);
    assert.equal(status, 200, path);
    assert.equal(headers.get("Cache-Control"), "public, max-age=31536000, immutable");
    assert.match(
      headers.get("Content-Type")!,
      /^(text\/(javascript|css); charset=utf-8|image\/svg)/,
    );
  }
});

Deno.test("a page gives a token against CSRF once, in a cookie that only this site can set", async () => {
  await using cluster = await InProcessCluster.start();
  const first = await rawRequest(cluster, "GET", "/web/login");
  const [cookie] = first.headers.getSetCookie();
  assert.match(cookie!, /^__Host-grv_csrf=[0-9a-f]{64}; Path=\/; Secure; SameSite=Strict$/);
  const headers = { Cookie: cookie!.split(";")[0]! };
  const second = await rawRequest(cluster, "GET", "/web/login", { headers });
  assert.deepEqual(second.headers.getSetCookie(), []);
});

Deno.test("a browser's call is heard only from our own origin and with the token", async (t) => {
  await using cluster = await InProcessCluster.start();
  const browser = {
    Origin: cluster.url,
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
    Cookie: `__Host-grv_csrf=${TOKEN}`,
    "X-CSRF-Token": TOKEN,
  };
  await t.step("control: the page itself", async () => {
    assert.equal((await attempt(cluster, browser)).status, 200);
  });
  await t.step("control: a tool", async () => {
    assert.equal((await attempt(cluster, {})).status, 200);
  });
  const without = (...names: string[]): Record<string, string> =>
    Object.fromEntries(Object.entries(browser).filter(([name]) => !names.includes(name)));
  const refused: Record<string, [Record<string, string>, RegExp]> = {
    "another origin": [{ ...browser, Origin: "https://evil.example" }, /origins/],
    "another port": [{ ...browser, Origin: "https://localhost:1" }, /origins/],
    "http": [{ ...browser, Origin: cluster.url.replace("https", "http") }, /origins/],
    "the origin null": [{ ...browser, Origin: "null" }, /origins/],
    "an origin that begins alike": [{ ...browser, Origin: `${cluster.url}.evil` }, /origins/],
    "another site": [{ ...browser, "Sec-Fetch-Site": "cross-site" }, /sites/],
    "a neighbour's site": [{ ...browser, "Sec-Fetch-Site": "same-site" }, /sites/],
    "another site that hides its origin": [
      { ...without("Origin"), "Sec-Fetch-Site": "cross-site" },
      /sites/,
    ],
    "a frame": [{ ...browser, "Sec-Fetch-Dest": "iframe" }, /frame/],
    "no token": [without("X-CSRF-Token"), /CSRF/],
    "no cookie": [without("Cookie"), /CSRF/],
    "another token": [{ ...browser, "X-CSRF-Token": OTHER_TOKEN }, /CSRF/],
    "an empty token": [{ ...browser, Cookie: "__Host-grv_csrf=", "X-CSRF-Token": "" }, /CSRF/],
  };
  for (const [what, [headers, words]] of Object.entries(refused)) {
    await t.step(what, async () => {
      const answer = await attempt(cluster, headers);
      assert.equal(answer.status, 403);
      assert.match(message(answer), words);
    });
  }
});

Deno.test("a signed-in user's answers are taken from our own pages only", async () => {
  await using cluster = await InProcessCluster.start();
  using alice = await cluster.person();
  const { id } = newCommand();
  for (
    const [method, path, body] of [
      ["PUT", `/webapi/headless/${id}`, { action: "denied" }],
      ["POST", "/webapi/mfa/authenticatechallenge", { challenge_scope: 3 }],
      ["DELETE", "/webapi/sessions/web", undefined],
    ] as const
  ) {
    const answer = await alice.open(method, path, body, {
      headers: { "Sec-Fetch-Site": "cross-site" },
    });
    assert.equal(answer.status, 403, path);
    assert.match((await answer.json()).error.message, /sites/);
  }
  assert.equal((await alice.call("GET", "/webapi/user/status")).status, 200, "still signed in");
});

Deno.test("pages may be linked to, not framed or fetched by others", async () => {
  await using cluster = await InProcessCluster.start();
  const visit = async (dest: string, mode: string, site = "cross-site") => {
    const headers = {
      "Sec-Fetch-Site": site,
      "Sec-Fetch-Mode": mode,
      "Sec-Fetch-Dest": dest,
    };
    return (await rawRequest(cluster, "GET", "/web/headless/some-id", { headers })).status;
  };
  assert.equal(await visit("document", "navigate"), 200);
  assert.equal(await visit("document", "navigate", "none"), 200);
  for (const dest of ["iframe", "frame", "embed", "object"]) {
    assert.equal(await visit(dest, "navigate"), 403, dest);
    assert.equal(await visit(dest, "navigate", "same-origin"), 403, `our own ${dest}`);
  }
  assert.equal(await visit("empty", "cors"), 403);
  assert.equal(await visit("image", "no-cors"), 403);
});

Deno.test("nobody is sent to another site after signing in", async (t) => {
  await using cluster = await InProcessCluster.start();
  const login = async (redirectUri: string) =>
    await rawRequest(cluster, "GET", `/web/login?redirect_uri=${encodeURIComponent(redirectUri)}`);
  const elsewhere = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    `${cluster.url}@evil.example/web`,
    `${cluster.url}.evil.example/web`,
    "/webapi/sessions/web",
    "/web/../webapi/ping",
    "/web/%2e%2e/webapi/ping",
    "/website",
    "\t//evil.example",
    "http://[",
  ];
  for (const address of elsewhere) {
    await t.step(address, async () => {
      const { status, headers } = await login(address);
      assert.deepEqual([status, headers.get("Location")], [302, "/web/login"]);
    });
  }
  for (const address of ["/web", "/web/headless/x", `${cluster.url}/web/headless/x`]) {
    await t.step(address, async () => assert.equal((await login(address)).status, 200));
  }
  const twice = await rawRequest(cluster, "GET", "/web/login?redirect_uri=/web&redirect_uri=//x");
  assert.equal(twice.status, 302);
});

Deno.test("methods: HEAD as GET without the body, OPTIONS and others with what is allowed", async () => {
  await using cluster = await InProcessCluster.start();
  for (const path of ["/web/login", "/webapi/ping"]) {
    const head = await rawRequest(cluster, "HEAD", path);
    assert.deepEqual([head.status, head.text], [200, ""], path);
    const options = await rawRequest(cluster, "OPTIONS", path, {
      headers: { Origin: "https://evil.example", "Access-Control-Request-Method": "POST" },
    });
    assert.deepEqual([options.status, options.headers.get("Allow")], [204, "GET, HEAD, OPTIONS"]);
    assert.equal(options.headers.get("Access-Control-Allow-Origin"), null);
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"]) {
      const { status, headers } = await rawRequest(cluster, method, path);
      assert.deepEqual([status, headers.get("Allow")], [405, "GET, HEAD, OPTIONS"], method);
    }
  }
});

Deno.test("an unknown path is 404: JSON in the API, a page elsewhere under /web", async () => {
  await using cluster = await InProcessCluster.start();
  for (const path of ["/webapi", "/webapi/", "/webapi/nowhere", "/v1/webapi/nowhere", "/nowhere"]) {
    const answer = await rawRequest(cluster, "GET", path);
    assert.equal(answer.status, 404, path);
    assert.equal(message(answer), "there is no such path");
  }
  for (const path of ["/web/nowhere", "/web/invite/a%20b", "/web/headless/%3Cscript%3E"]) {
    const answer = await rawRequest(cluster, "GET", path);
    assert.equal(answer.status, 404, path);
    assert.match(answer.headers.get("Content-Type")!, /^text\/html/);
    assert.doesNotMatch(answer.text, /<script>/);
  }
});

Deno.test("X-Forwarded-For counts from configured proxies and from nobody else", async (t) => {
  const headers = { "X-Forwarded-For": "198.51.100.7, 203.0.113.9" };
  for (
    const [who, trustedProxies, address] of [
      ["a stranger", [], "127.0.0.1"],
      ["a proxy", ["127.0.0.0/8"], "203.0.113.9"],
      ["a chain of proxies", ["127.0.0.0/8", "203.0.113.9"], "198.51.100.7"],
    ] as const
  ) {
    await t.step(who, async () => {
      await using cluster = await InProcessCluster.start({ trustedProxies: [...trustedProxies] });
      using alice = await cluster.person();
      const command = newCommand();
      const waiting = rawRequest(cluster, "POST", "/webapi/headless/login", {
        headers: { ...JSON_TYPE, ...headers },
        body: JSON.stringify(command.body),
      });
      assert.equal((await alice.headless(command.id)).body.client_ip_address, address);
      await alice.deny(command.id);
      assert.equal((await waiting).status, 403);
    });
  }
});

Deno.test("a request for two hosts is refused, and what comes behind it", async () => {
  await using cluster = await InProcessCluster.start();
  for (const hosts of ["Host: localhost\r\nHost: evil", "host: localhost\r\nHOST: localhost"]) {
    const request = `GET /webapi/find HTTP/1.1\r\n${hosts}\r\n\r\n`;
    const text = await rawExchange(cluster, request.repeat(2));
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.equal(text.split("HTTP/1.1").length, 2);
  }
});
