import assert from "node:assert/strict";
import fc from "fast-check";
import {
  authenticateChallengeSchema,
  finishSessionSchema,
  headlessAnswerSchema,
  headlessLoginSchema,
  loginBeginSchema,
  loginFinishSchema,
} from "../proxy/web/requests.ts";
import { headlessId } from "./mod.ts";
import {
  authenticateChallengeBody,
  CHALLENGE_SCOPES,
  challengeScopeOf,
  finishSessionBody,
  headlessAnswerBody,
  headlessAuthenticationSchema,
  headlessLoginBody,
  loginBeginBody,
  loginCertificatesBody,
  loginCertificatesSchema,
  loginFinishBody,
  mfaChallengeSchema,
  pingResponseSchema,
  readAnswer,
  readError,
  sshCertsBody,
  webSessionAnswerSchema,
} from "./web_api.ts";
import type { CredentialAssertionResponse } from "./webauthn.ts";

// Answers of a Teleport 14.0.0-dev, word for word but for shortened keys.
const TELEPORT = {
  ping:
    `{"auth":{"type":"local","second_factor":"webauthn","preferred_local_mfa":"webauthn","allow_passwordless":true,"allow_headless":true,"local":{"name":"headless"},"webauthn":{"rp_id":"localhost"},"private_key_policy":"none","device_trust_disabled":true,"device_trust":{"disabled":true},"has_motd":false},"proxy":{"kube":{"enabled":true,"listen_addr":"127.0.0.1:3080"},"ssh":{"listen_addr":"127.0.0.1:3080","tunnel_listen_addr":"127.0.0.1:3080","web_listen_addr":"127.0.0.1:3080","public_addr":"localhost:3080"},"db":{"postgres_listen_addr":"127.0.0.1:3080","mysql_listen_addr":"127.0.0.1:3080"},"tls_routing_enabled":true,"assist_enabled":false},"server_version":"14.0.0-dev","min_client_version":"","cluster_name":"localhost","automatic_upgrades":false}`,
  find:
    `{"auth":{"type":"","private_key_policy":"","device_trust":{},"has_motd":false},"proxy":{"kube":{"enabled":true},"ssh":{"listen_addr":"127.0.0.1:3080"},"db":{},"tls_routing_enabled":true,"assist_enabled":false},"server_version":"14.0.0-dev","min_client_version":"13.0.0","cluster_name":"localhost","automatic_upgrades":false}`,
  challenge:
    `{"webauthn_challenge": {"publicKey": {"challenge": "b25UtXVuk2z3ei9En8C9+jWYEaWuSgTqLtVtXq/7aaY=", "timeout": 300000, "rpId": "localhost", "allowCredentials": [{"type": "public-key", "id": "jFecuhBXJ321eVSCmocCKsBT/k96iiVmwfJMImcIeUg="}], "userVerification": "discouraged"}}, "totp_challenge": false}`,
  session:
    `{"type": "Bearer", "token": "ce503f3a79de4ef9dd67a95f2968d5373903952b1aaacaa287c95983b43c3b65", "expires_in": 599, "sessionExpires": "0001-01-01T00:00:00Z", "sessionInactiveTimeout": 0}`,
  headless:
    `{"header":{"kind":"headless_authentication","version":"v1","metadata":{"name":"d1aca5f3-f160-5de0-af8c-cc58de439ca6","expires":"2026-11-23T16:06:26.692616051Z"}},"user":"alice","public_key":"c3NoLXJzYSBBQUFBCg==","state":3,"mfa_device":{"kind":"mfa_device","version":"v1","metadata":{"Name":"soft-key","Namespace":"default"},"id":"a17b3377-fb76-485a-b738-2e91c6bba86d"},"client_ip_address":"127.0.0.1:46190"}`,
  denied: `{\n    "error": {\n        "message": "headless authentication failed"\n    }\n}`,
};

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
const RESPONSE: CredentialAssertionResponse = {
  id: "jFec",
  rawId: "jFec",
  type: "public-key",
  response: { clientDataJSON: "e30", authenticatorData: "SZYN", signature: "MEQC" },
  clientExtensionResults: {},
};

Deno.test("pingResponseSchema reads Teleport's ping", () => {
  assert.deepEqual(readAnswer(pingResponseSchema, TELEPORT.ping, "ping"), {
    auth: {
      type: "local",
      secondFactor: "webauthn",
      allowPasswordless: true,
      allowHeadless: true,
      localName: "headless",
      webauthnRpId: "localhost",
      u2fAppId: undefined,
      hasMessageOfTheDay: false,
    },
    proxy: {
      tlsRoutingEnabled: true,
      publicAddr: "localhost:3080",
      webListenAddr: "127.0.0.1:3080",
      sshListenAddr: "127.0.0.1:3080",
      sshPublicAddr: undefined,
    },
    serverVersion: "14.0.0-dev",
    minClientVersion: undefined,
    clusterName: "localhost",
  });
  const find = readAnswer(pingResponseSchema, TELEPORT.find, "find");
  assert.equal(find.auth.allowHeadless, false);
  assert.equal(find.minClientVersion, "13.0.0");
});

Deno.test("readAnswer() says what is wrong and where", () => {
  const read = (text: string) => () => readAnswer(pingResponseSchema, text, "answer to a ping");
  assert.throws(read("<html>"), { code: "bad_parameter", message: "answer to a ping is not JSON" });
  assert.throws(read("[]"), { code: "bad_parameter", message: /^answer to a ping is malformed: / });
  assert.throws(read(TELEPORT.ping.replace(`"type":"local"`, `"type":7`)), {
    message: /malformed at auth\.type: /,
  });
  assert.throws(read(`{"cluster_name":"${"x".repeat(5_000_000)}"}`), { code: "bad_parameter" });
});

Deno.test("readError() takes Teleport's message, and none from other bodies", () => {
  const denied = readError(403, TELEPORT.denied);
  assert.deepEqual([denied.code, denied.message], [
    "access_denied",
    "headless authentication failed",
  ]);
  const late = readError(504, `{"error":{"message":"context deadline exceeded"}}`);
  assert.equal(late.code, "expired");
  for (const body of ["<html>evil</html>", "", `{"error":"x"}`, `{"message":"x"}`, "null"]) {
    assert.equal(readError(502, body).message, "HTTP status 502");
  }
});

Deno.test("readers take Teleport's other answers", () => {
  const challenge = readAnswer(mfaChallengeSchema, TELEPORT.challenge, "challenge");
  assert.equal(
    challenge.webauthn?.publicKey.challenge,
    "b25UtXVuk2z3ei9En8C9-jWYEaWuSgTqLtVtXq_7aaY",
  );
  assert.equal(challenge.totp, false);
  assert.deepEqual(readAnswer(webSessionAnswerSchema, TELEPORT.session, "session"), {
    token: "ce503f3a79de4ef9dd67a95f2968d5373903952b1aaacaa287c95983b43c3b65",
    expiresInSeconds: 599,
    sessionExpires: "0001-01-01T00:00:00Z",
  });
  assert.deepEqual(readAnswer(headlessAuthenticationSchema, TELEPORT.headless, "request"), {
    id: "d1aca5f3-f160-5de0-af8c-cc58de439ca6",
    user: "alice",
    sshPublicKey: "ssh-rsa AAAA",
    state: "approved",
    clientAddress: "127.0.0.1:46190",
    expires: "2026-11-23T16:06:26.692616051Z",
  });
});

Deno.test("certificates survive the wire, and are in Teleport's form on it", () => {
  const certificates = {
    user: "alice",
    sshCertificate: "ssh-ed25519-cert-v01@openssh.com AAAA",
    tlsCertificate: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    hostSigners: [{
      clusterName: "localhost",
      checkingKeys: [KEY],
      tlsCerts: ["-----BEGIN CERTIFICATE-----\n"],
    }],
  };
  const body = loginCertificatesBody(certificates);
  assert.deepEqual(
    readAnswer(loginCertificatesSchema, JSON.stringify(body), "login"),
    certificates,
  );
  assert.deepEqual(Object.keys(body), ["username", "cert", "tls_cert", "host_signers"]);
  assert.equal(atob(body.cert as string), `${certificates.sshCertificate}\n`);
  const renamed = JSON.stringify(body).replace("domain_name", "cluster_name");
  assert.deepEqual(readAnswer(loginCertificatesSchema, renamed, "login"), certificates);
  assert.throws(
    () => readAnswer(loginCertificatesSchema, JSON.stringify({ ...body, cert: "/w==" }), "login"),
    {
      code: "bad_parameter",
      message: "login is malformed at cert: not UTF-8 text in base64",
    },
  );
});

Deno.test("the cluster reads what clients write", () => {
  const wish = {
    user: "alice",
    id: headlessId(KEY),
    sshPublicKey: `${KEY} comment`,
    tlsPublicKeyPem: "PEM",
    ttlMs: 60_000,
  };
  const reads = <T>(schema: { parse(value: unknown): T }, body: unknown) =>
    schema.parse(JSON.parse(JSON.stringify(body)));

  const both = reads(headlessLoginSchema, headlessLoginBody(wish));
  assert.deepEqual(both, { ...wish, sshPublicKey: `${KEY}\n` });
  const single = reads(headlessLoginSchema, sshCertsBody(wish));
  assert.deepEqual(single, { ...wish, sshPublicKey: `${KEY}\n`, tlsPublicKeyPem: undefined });

  assert.deepEqual(reads(loginBeginSchema, loginBeginBody({ user: "alice", password: "p" })), {
    user: "alice",
    pass: "p",
  });
  assert.deepEqual(reads(loginBeginSchema, loginBeginBody({ passwordless: true })), {
    passwordless: true,
  });
  const finish = reads(loginFinishSchema, loginFinishBody({ ...wish, response: RESPONSE }, "both"));
  assert.deepEqual(finish, {
    user: "alice",
    response: RESPONSE,
    sshPublicKey: `${KEY}\n`,
    tlsPublicKeyPem: "PEM",
    ttlMs: 60_000,
  });
  assert.deepEqual(reads(finishSessionSchema, finishSessionBody({ response: RESPONSE })), {
    user: undefined,
    webauthnAssertionResponse: RESPONSE,
  });
  assert.deepEqual(reads(headlessAnswerSchema, headlessAnswerBody({ action: "denied" })), {
    action: "denied",
  });
  assert.deepEqual(
    reads(headlessAnswerSchema, headlessAnswerBody({ action: "accept", response: RESPONSE })),
    {
      action: "accept",
      response: RESPONSE,
    },
  );
  const challenge = reads(
    authenticateChallengeSchema,
    authenticateChallengeBody({ scope: "HEADLESS_LOGIN" }),
  );
  assert.equal(challenge.scope, CHALLENGE_SCOPES.HEADLESS_LOGIN);
});

Deno.test("the older headless login has the fields of a tsh of 2023", () => {
  const body = sshCertsBody({
    user: "alice",
    id: headlessId(KEY),
    sshPublicKey: KEY,
    tlsPublicKeyPem: "PEM",
    ttlMs: 43_200_000,
  });
  assert.deepEqual(body, {
    user: "alice",
    password: "",
    otp_token: "",
    headless_id: "cb483ac7-2386-5991-9b89-9373500afe25",
    pub_key: btoa(`${KEY}\n`),
    ttl: 43200000000000,
    compatibility: "",
    RouteToCluster: "",
    KubernetesCluster: "",
  });
});

Deno.test("challengeScopeOf() undoes CHALLENGE_SCOPES and knows no others", () => {
  for (const [name, number] of Object.entries(CHALLENGE_SCOPES)) {
    assert.equal(challengeScopeOf(number), name);
  }
  assert.equal(challengeScopeOf(99), undefined);
});

Deno.test("readers never throw anything but bad_parameter", () => {
  const schemas = [
    pingResponseSchema,
    loginCertificatesSchema,
    mfaChallengeSchema,
    headlessAuthenticationSchema,
  ];
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
    for (const schema of schemas) {
      try {
        readAnswer<unknown>(schema, text, "answer");
      } catch (error) {
        assert.equal((error as { code?: string }).code, "bad_parameter");
      }
    }
  }));
});
