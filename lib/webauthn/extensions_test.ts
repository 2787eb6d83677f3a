import { equal, rejects } from "node:assert/strict";
import { SoftwareKey } from "../../tests/support/software_key.ts";
import { WebauthnSite } from "../../tests/support/webauthn_site.ts";
import type { ChallengeAllowReuse, ChallengeExtensions, ChallengeScope } from "./mod.ts";

const SCOPES: ChallengeScope[] = [
  "UNSPECIFIED",
  "LOGIN",
  "HEADLESS_LOGIN",
  "MANAGE_DEVICES",
  "ACCOUNT_RECOVERY",
  "USER_SESSION",
  "ADMIN_ACTION",
  "CHANGE_PASSWORD",
];

/** Begins with some extensions, answers, finishes with others. */
async function attempt(asked: ChallengeExtensions, required: ChallengeExtensions) {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.login.begin("alice", asked);
  const answer = await key.get(publicKey, site.origin);
  return await site.login.finish("alice", answer, required);
}

async function siteWithAlice(key = new SoftwareKey()) {
  const site = new WebauthnSite();
  await site.register(key);
  return { site, key };
}

Deno.test("a challenge answers for its own scope and for no other", async () => {
  for (const asked of SCOPES) {
    for (const required of SCOPES) {
      const work = attempt({ scope: asked }, { scope: required });
      if (required === asked || required === "UNSPECIFIED") await work;
      else await rejects(work, { code: "access_denied" }, `${asked} for ${required}`);
    }
  }
});

Deno.test("reuse may be asked for in scope ADMIN_ACTION alone", async () => {
  const { site } = await siteWithAlice();
  for (const scope of SCOPES) {
    const begin = site.login.begin("alice", { scope, allowReuse: "YES" });
    if (scope === "ADMIN_ACTION") await begin;
    else {
      await rejects(begin, {
        code: "bad_parameter",
        message: `mfa challenges with scope ${scope} cannot allow reuse`,
      });
    }
  }
});

Deno.test("a reusable challenge is denied where reuse is not permitted, and never the other way round", async () => {
  const scope = "ADMIN_ACTION";
  const cases: [ChallengeAllowReuse | undefined, ChallengeAllowReuse | undefined, boolean][] = [
    ["YES", "YES", true],
    ["YES", "NO", false],
    ["YES", "UNSPECIFIED", false],
    ["YES", undefined, false],
    ["NO", "YES", true],
    ["NO", "NO", true],
    [undefined, "YES", true],
    [undefined, undefined, true],
    ["UNSPECIFIED", "UNSPECIFIED", true],
  ];
  for (const [asked, required, passes] of cases) {
    const work = attempt({ scope, allowReuse: asked }, { scope, allowReuse: required });
    if (passes) equal((await work).allowReuse, asked === "YES" ? "YES" : "NO");
    else await rejects(work, { code: "access_denied" }, `${asked} for ${required}`);
  }
});

Deno.test("a reusable challenge is answered until it expires, and the same answer is no clone", async () => {
  const { site, key } = await siteWithAlice();
  const extensions = { scope: "ADMIN_ACTION", allowReuse: "YES" } as const;
  const { publicKey } = await site.login.begin("alice", extensions);
  const answer = await key.get(publicKey, site.origin);
  await site.login.finish("alice", answer, extensions);
  await site.login.finish("alice", answer, extensions);
  equal(site.counterEvents.length, 0);
  await site.login.finish("alice", await key.get(publicKey, site.origin), extensions);
  await site.login.finish("alice", answer, extensions);
  equal(site.counterEvents.length, 1);
  site.clock.advance(5 * 60 * 1000);
  await rejects(site.login.finish("alice", answer, extensions), { code: "expired" });
});

Deno.test("extensions must be supplied at begin and at finish", async () => {
  const { site, key } = await siteWithAlice();
  for (const missing of [undefined, null]) {
    const extensions = missing as unknown as ChallengeExtensions;
    await rejects(site.login.begin("alice", extensions), { code: "bad_parameter" });
    const { publicKey } = await site.login.begin("alice", { scope: "LOGIN" });
    const answer = await key.get(publicKey, site.origin);
    await rejects(site.login.finish("alice", answer, extensions), { code: "bad_parameter" });
  }
});

Deno.test("a login of a named user has no passwordless scope", async () => {
  const { site, key } = await siteWithAlice();
  const extensions = { scope: "PASSWORDLESS_LOGIN" } as const;
  await rejects(site.login.begin("alice", extensions), { code: "bad_parameter" });
  const { publicKey } = await site.login.begin("alice", { scope: "LOGIN" });
  const answer = await key.get(publicKey, site.origin);
  await rejects(site.login.finish("alice", answer, extensions), { code: "bad_parameter" });
});

Deno.test("user verification is asked for as wished, and demanded when required", async () => {
  const { site, key } = await siteWithAlice();
  for (const wish of ["required", "preferred", "discouraged"] as const) {
    const extensions = { scope: "CHANGE_PASSWORD", userVerificationRequirement: wish } as const;
    const { publicKey } = await site.login.begin("alice", extensions);
    equal(publicKey.userVerification, wish);
    const unverified = await key.get(publicKey, site.origin, { userVerified: false });
    const finish = site.login.finish("alice", unverified, extensions);
    if (wish === "required") await rejects(finish, { code: "access_denied" });
    else await finish;
  }
});

Deno.test("a user verification requirement that does not exist is refused", async () => {
  const { site } = await siteWithAlice();
  for (const wish of ["", "REQUIRED", "none"]) {
    const userVerificationRequirement = wish as "required";
    await rejects(site.login.begin("alice", { scope: "LOGIN", userVerificationRequirement }), {
      code: "bad_parameter",
    });
  }
});

Deno.test("user verification that the action requires counts although the challenge did not ask", async () => {
  const { site, key } = await siteWithAlice();
  const required = {
    scope: "CHANGE_PASSWORD",
    userVerificationRequirement: "required",
  } as const;
  const { publicKey } = await site.login.begin("alice", { scope: "CHANGE_PASSWORD" });
  const unverified = await key.get(publicKey, site.origin);
  await rejects(site.login.finish("alice", unverified, required), { code: "access_denied" });
  const verified = await key.get(publicKey, site.origin, { userVerified: true });
  await site.login.finish("alice", verified, required);
});

Deno.test("user verification asked for at begin is demanded although the action does not require it", async () => {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.login.begin("alice", {
    scope: "CHANGE_PASSWORD",
    userVerificationRequirement: "required",
  });
  const unverified = await key.get(publicKey, site.origin, { userVerified: false });
  await rejects(
    site.login.finish("alice", unverified, { scope: "CHANGE_PASSWORD" }),
    { code: "access_denied" },
  );
});

Deno.test("a registration's challenge does not answer for a login", async () => {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.registration.begin("alice", false);
  const { publicKey: request } = await site.login.begin("alice", { scope: "LOGIN" });
  const answer = await key.get({ ...request, challenge: publicKey.challenge }, site.origin);
  await rejects(
    site.login.finish("alice", answer, { scope: "UNSPECIFIED" }),
    { code: "access_denied" },
  );
});

Deno.test("a stored challenge without extensions is denied", async () => {
  const { site, key } = await siteWithAlice();
  const { publicKey } = await site.login.begin("alice", { scope: "LOGIN" });
  for (const data of site.identity.sessions.values()) delete data.challengeExtensions;
  const answer = await key.get(publicKey, site.origin);
  await rejects(
    site.login.finish("alice", answer, { scope: "UNSPECIFIED" }),
    { code: "access_denied", message: /not made for a login/ },
  );
});
