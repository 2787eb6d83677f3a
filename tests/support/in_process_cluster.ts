/**
 * A real cluster within the test's own process: auth service, proxy, TLS, a store in memory. For tests that need to see or
 * set what a process of its own would hide; `cluster.ts` has that one.
 *
 * @module
 */

import { type Auth, type AuthLimits, type Caller, openAuth } from "../../lib/auth/mod.ts";
import { openMemoryBackend } from "../../lib/backend/mod.ts";
import { type Deps, realDeps } from "../../lib/deps/mod.ts";
import { generateKeyPair, type KeyPair } from "../../lib/keys/mod.ts";
import { createWebCertificate } from "../../lib/keys/x509/mod.ts";
import {
  type CertificateSource,
  fixedCertificates,
  type Proxy,
  type ProxyLimits,
  startProxy,
} from "../../lib/proxy/mod.ts";
import { headlessId } from "../../lib/wire/mod.ts";
import { headlessLoginBody } from "../../lib/wire/web_api.ts";
import { Person } from "./person.ts";

/** How a cluster differs from the usual one. */
export interface InProcessOptions {
  clusterName?: string;
  publicAddr?: string;
  trustedProxies?: string[];
  proxyLimits?: Partial<ProxyLimits>;
  authLimits?: Partial<AuthLimits>;
  certificates?: CertificateSource;
  deps?: Pick<Deps, "clock" | "random">;
}

const ADMIN: Caller = { kind: "admin", client: { address: "127.0.0.1" } };

/** A running cluster named `demo`. */
export class InProcessCluster implements AsyncDisposable {
  readonly auth: Auth;
  readonly proxy: Proxy;
  /** PEM of the web's certificate. */
  readonly certificate: string;
  readonly dataDir: string;
  readonly #parts: AsyncDisposableStack;

  private constructor(
    parts: AsyncDisposableStack,
    running: { auth: Auth; proxy: Proxy; certificate: string; dataDir: string },
  ) {
    this.#parts = parts;
    this.auth = running.auth;
    this.proxy = running.proxy;
    this.certificate = running.certificate;
    this.dataDir = running.dataDir;
  }

  /** Starts one on a free port of 127.0.0.1. */
  static async start(options: InProcessOptions = {}): Promise<InProcessCluster> {
    const deps = options.deps ?? realDeps();
    await using parts = new AsyncDisposableStack();
    const dataDir = await Deno.makeTempDir({ prefix: "latchkey-auth-" });
    parts.defer(() => Deno.remove(dataDir, { recursive: true }));
    const backend = parts.use(openMemoryBackend(deps));
    let address = "";
    const auth = parts.use(
      await openAuth({
        backend,
        dataDir,
        clusterName: options.clusterName ?? "demo",
        proxyAddress: () => address,
        limits: options.authLimits,
        passwordCost: { ln: 4, r: 8, p: 1 },
        deps,
      }),
    );
    const own = await createWebCertificate({ nowMs: Date.now() }, realDeps());
    const proxy = parts.use(
      await startProxy({
        auth,
        listen: { hostname: "127.0.0.1", port: 0 },
        publicAddr: options.publicAddr ?? "localhost",
        certificates: options.certificates ?? fixedCertificates([own]),
        trustedProxies: options.trustedProxies,
        limits: options.proxyLimits,
        deps,
      }),
    );
    address = new URL(proxy.url).host;
    return new InProcessCluster(parts.move(), {
      auth,
      proxy,
      certificate: own.certPem,
      dataDir,
    });
  }

  /** URL of the proxy, without a slash at the end. */
  get url(): string {
    return this.proxy.url;
  }

  /** The port on 127.0.0.1. */
  get port(): number {
    return this.proxy.port;
  }

  /** Makes a user and returns the invitation's link. */
  async invite(user: string, { roles = ["access"], logins = [user] } = {}): Promise<string> {
    await this.auth.users.create(ADMIN, { name: user, roles, logins });
    return (await this.auth.users.invite(ADMIN, user, { reset: false })).url;
  }

  /** A browser that has been nowhere yet. */
  browser(): Person {
    return new Person(this.url, this.certificate);
  }

  /** A user who has accepted an invitation and is signed in. */
  async person(user = "alice"): Promise<Person> {
    const person = this.browser();
    await person.acceptInvitation(await this.invite(user));
    return person;
  }

  /** Makes a node known. */
  async addNode(name: string, address: string): Promise<void> {
    await this.auth.nodes.upsert(ADMIN, {
      kind: "node",
      version: "v2",
      sub_kind: "openssh",
      metadata: { name: crypto.randomUUID(), labels: {} },
      spec: { hostname: name, addr: address, public_addrs: [], version: "" },
    });
  }

  /** Ends it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}

/** A waiting command: keys, the id that follows from them, and the body that it posts. */
export interface Command {
  keys: KeyPair;
  id: string;
  body: Record<string, unknown>;
}

/** Makes the keys of a command of `user`. */
export function newCommand(user = "alice"): Command {
  const keys = generateKeyPair();
  const id = headlessId(keys.sshPublicKey);
  const body = headlessLoginBody({
    user,
    id,
    sshPublicKey: keys.sshPublicKey,
    tlsPublicKeyPem: keys.publicKeyPem,
  });
  return { keys, id, body };
}
