/**
 * The auth service in this process, with a clock that the test moves, and people who have a security key in software.
 *
 * @module
 */

import {
  type Auth,
  type AuthOptions,
  type Caller,
  type ClientInfo,
  openAuth,
} from "../../lib/auth/mod.ts";
import type { HeadlessLoginRequest, WebSession } from "../../lib/auth/mod.ts";
import { type Backend, openMemoryBackend, openSqliteBackend } from "../../lib/backend/mod.ts";
import { generateKeyPair } from "../../lib/keys/mod.ts";
import { headlessId } from "../../lib/wire/mod.ts";
import type { CredentialAssertionResponse } from "../../lib/wire/webauthn.ts";
import { type FakeClock, fakeDeps } from "./fake_deps.ts";
import { SoftwareKey } from "./software_key.ts";

/** Where people's browsers are. */
export const ORIGIN = "https://localhost:3080";
/** A password that is good enough. */
export const PASSWORD = "correct horse battery";
/** An administrator. */
export const ADMIN: Caller = { kind: "admin", client: { address: "127.0.0.1" } };
/** Somebody at an ordinary address. */
export const CLIENT: ClientInfo = { address: "192.0.2.10", userAgent: "test" };

/** How the service differs from the usual one. */
export interface AuthClusterOptions extends Partial<Omit<AuthOptions, "dataDir" | "deps">> {
  /** `sqlite` keeps everything in the data directory, so that it survives {@linkcode AuthCluster.restart}. */
  store?: "memory" | "sqlite";
}

/** The auth service in this process. */
export class AuthCluster implements AsyncDisposable {
  readonly dataDir: string;
  readonly clock: FakeClock;
  readonly #deps: ReturnType<typeof fakeDeps>;
  readonly #options: AuthClusterOptions;
  #backend: Backend;
  #auth: Auth;

  private constructor(
    dataDir: string,
    deps: ReturnType<typeof fakeDeps>,
    options: AuthClusterOptions,
    opened: { backend: Backend; auth: Auth },
  ) {
    this.dataDir = dataDir;
    this.#deps = deps;
    this.clock = deps.clock;
    this.#options = options;
    this.#backend = opened.backend;
    this.#auth = opened.auth;
  }

  /** Opens it on a data directory of its own. */
  static async open(options: AuthClusterOptions = {}): Promise<AuthCluster> {
    const dataDir = await Deno.makeTempDir({ prefix: "latchkey-auth-" });
    const deps = fakeDeps();
    try {
      return new AuthCluster(dataDir, deps, options, await open(dataDir, deps, options));
    } catch (error) {
      await Deno.remove(dataDir, { recursive: true });
      throw error;
    }
  }

  get auth(): Auth {
    return this.#auth;
  }

  get random(): ReturnType<typeof fakeDeps>["random"] {
    return this.#deps.random;
  }

  get backend(): Backend {
    return this.#backend;
  }

  /** Another process on the same store: its own data directory, its own memory. */
  async sibling(): Promise<Auth & { dataDir: string }> {
    const dataDir = await Deno.makeTempDir({ dir: this.dataDir, prefix: "sibling-" });
    const { auth } = await open(dataDir, this.#deps, { ...this.#options, backend: this.#backend });
    return { ...auth, dataDir };
  }

  /** Closes everything and opens it again on what was kept; `crash` gives the service no chance to tidy up. */
  async restart({ crash = false } = {}): Promise<void> {
    const before = this.#auth;
    if (crash) await this.#backend.close();
    try {
      await before[Symbol.asyncDispose]();
    } catch (error) {
      if (!crash) throw error;
    }
    if (!crash) await this.#backend.close();
    const opened = await open(this.dataDir, this.#deps, this.#options);
    this.#backend = opened.backend;
    this.#auth = opened.auth;
  }

  /** A user who has used the invitation. */
  async addUser(
    name: string,
    { roles = ["access"], logins = [name], passwordless = false } = {},
  ): Promise<TestUser> {
    await this.#auth.users.create(ADMIN, { name, roles, logins });
    const user = new TestUser(this, name);
    await user.register({ passwordless });
    return user;
  }

  /** What the audit log says by now. */
  async audit(): Promise<Record<string, unknown>[]> {
    // Written behind the scenes: wait until nothing is added any more.
    let text = "";
    for (let same = 0; same < 2;) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      const now = await Deno.readTextFile(`${this.dataDir}/log/events.jsonl`);
      same = now === text ? same + 1 : 0;
      text = now;
    }
    return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  /** Ends it and removes the data directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#auth[Symbol.asyncDispose]();
    await this.#backend.close();
    await Deno.remove(this.dataDir, { recursive: true });
  }
}

async function open(
  dataDir: string,
  deps: ReturnType<typeof fakeDeps>,
  { store = "memory", ...options }: AuthClusterOptions,
): Promise<{ backend: Backend; auth: Auth }> {
  const backend = options.backend ??
    (store === "sqlite" ? openSqliteBackend(dataDir, deps) : openMemoryBackend(deps));
  try {
    const auth = await openAuth({
      clusterName: "demo",
      proxyAddress: () => "localhost:3080",
      passwordCost: { ln: 4, r: 8, p: 1 },
      ...options,
      backend,
      dataDir,
      deps,
    });
    return { backend, auth };
  } catch (error) {
    if (options.backend === undefined) await backend.close();
    throw error;
  }
}

/** A person with a key and a password. */
export class TestUser {
  readonly name: string;
  readonly key = new SoftwareKey();
  readonly #cluster: AuthCluster;
  session: WebSession | undefined;

  constructor(cluster: AuthCluster, name: string) {
    this.#cluster = cluster;
    this.name = name;
  }

  get #auth(): Auth {
    return this.#cluster.auth;
  }

  /** Uses a new invitation (or the given token). */
  async register(
    { token, passwordless = false, reset = false }: {
      token?: string;
      passwordless?: boolean;
      reset?: boolean;
    } = {},
  ): Promise<WebSession> {
    const auth = this.#auth;
    const good = token ?? (await auth.users.invite(ADMIN, this.name, { reset })).token;
    const { publicKey } = await auth.registration.challenge(good, { passwordless }, CLIENT);
    this.session = await auth.registration.finish({
      token: good,
      ...(!passwordless && { password: PASSWORD }),
      deviceName: "desk key",
      creationResponse: await this.key.create(publicKey, ORIGIN),
    }, CLIENT);
    return this.session;
  }

  /** Signs in with password and key. */
  async signIn({ password = PASSWORD } = {}): Promise<WebSession> {
    const { publicKey } = await this.#auth.signIn.begin({ user: this.name, password }, CLIENT);
    const response = await this.key.get(publicKey, ORIGIN);
    this.session = await this.#auth.signIn.finish({ user: this.name, response }, CLIENT);
    return this.session;
  }

  /** This person, signed in on the web. */
  caller(): Promise<Caller & { kind: "user" }> {
    return this.#auth.signIn.authenticate(this.session!, CLIENT);
  }

  /** A touch of the key for approving a headless request. */
  async assertion(caller: Caller): Promise<CredentialAssertionResponse> {
    const { publicKey } = await this.#auth.mfa.challenge(caller, { scope: "HEADLESS_LOGIN" });
    return await this.key.get(publicKey, ORIGIN);
  }

  /** Approves a request. */
  async approve(id: string): Promise<void> {
    const caller = await this.caller();
    const response = await this.assertion(caller);
    await this.#auth.headless.update(caller, id, { state: "approved", response });
  }

  /** Denies a request. */
  async deny(id: string): Promise<void> {
    await this.#auth.headless.update(await this.caller(), id, { state: "denied" });
  }
}

/** A command that waits. */
export interface WaitingCommand {
  request: HeadlessLoginRequest;
  id: string;
  result: ReturnType<Auth["headless"]["login"]>;
  abort(): void;
}

/** Starts a headless login with a new key, or the given one. */
export function startLogin(
  auth: Auth,
  user: string,
  {
    sshPublicKey = generateKeyPair().sshPublicKey,
    id = headlessId(sshPublicKey),
    client = CLIENT,
  } = {},
): WaitingCommand {
  const controller = new AbortController();
  const request = { user, id, sshPublicKey };
  const result = auth.headless.login(request, client, controller.signal);
  // Whoever looks later finds the rejection; it is not to count as unhandled until then.
  result.catch(() => {});
  return { request, id, result, abort: () => controller.abort() };
}

/** Lets everything that is ready to happen do so: a few turns of the event loop. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 2));
}
