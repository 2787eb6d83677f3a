/**
 * Somebody with certificates of the cluster and stock OpenSSH, who goes straight to a node's port, past the proxy.
 *
 * @module
 */

import { generateKeyPair, openSshPrivateKey } from "../../../lib/keys/mod.ts";
import { headlessId } from "../../../lib/wire/mod.ts";
import { headlessLoginBody, loginCertificatesSchema } from "../../../lib/wire/web_api.ts";
import type { Cluster } from "../cluster.ts";
import { Person } from "../person.ts";

/** A key on disk with its certificate, and whom to trust. */
export interface VisitorKey {
  /** Path of the private key; the certificate lies beside it. */
  file: string;
  /** The certificate, one line. */
  certificate: string;
}

/** How a command ended. */
export interface Visit {
  code: number;
  stdout: string;
  stderr: string;
}

/** A person of a cluster, with keys on disk. */
export class Visitor implements AsyncDisposable {
  readonly name: string;
  readonly folder: string;
  readonly #cluster: Cluster;
  readonly #person: Person;

  private constructor(name: string, folder: string, cluster: Cluster, person: Person) {
    this.name = name;
    this.folder = folder;
    this.#cluster = cluster;
    this.#person = person;
  }

  /** Makes a user of the cluster, who registers a key. */
  static async invite(
    cluster: Cluster,
    name: string,
    user: { roles?: string; logins?: string } = {},
  ): Promise<Visitor> {
    const folder = await Deno.makeTempDir({ prefix: "latchkey-visitor-" });
    const person = new Person(cluster.url, await cluster.certificate());
    await person.acceptInvitation(await cluster.invite(name, user));
    return new Visitor(name, folder, cluster, person);
  }

  /** A certificate as `tsh --headless` gets one: good for a minute, with a key's touch for it alone. */
  async headlessKey(): Promise<VisitorKey> {
    const keys = generateKeyPair();
    const id = headlessId(keys.sshPublicKey);
    const waiting = this.#person.call(
      "POST",
      "/webapi/headless/login",
      headlessLoginBody({
        user: this.name,
        id,
        sshPublicKey: keys.sshPublicKey,
        tlsPublicKeyPem: keys.publicKeyPem,
      }),
    );
    const { status, body } = await this.#person.approve(id);
    if (status !== 200) throw new Error(`approval: ${JSON.stringify(body)}`);
    return await this.#keep(keys, (await waiting).body);
  }

  /** A certificate of an ordinary login: the key was touched to sign in, not for the certificate. */
  async loginKey({ ttlMs = 3_600_000 } = {}): Promise<VisitorKey> {
    const keys = generateKeyPair();
    const { body: begun } = await this.#person.call("POST", "/webapi/mfa/login/begin", {
      user: this.name,
      pass: "correct horse battery",
    });
    const assertion = await this.#person.key.get(
      begun.webauthn_challenge.publicKey,
      this.#cluster.url,
    );
    const { body } = await this.#person.call("POST", "/webapi/mfa/login/finish", {
      user: this.name,
      webauthn_challenge_response: assertion,
      pub_key: btoa(keys.sshPublicKey + "\n"),
      ttl: ttlMs * 1e6,
    });
    return await this.#keep(keys, body);
  }

  async #keep(
    keys: { privateKeyPem: string; sshPublicKey: string },
    answer: unknown,
  ): Promise<VisitorKey> {
    const { sshCertificate, hostSigners } = loginCertificatesSchema.parse(answer);
    const lines = hostSigners.flatMap(({ checkingKeys }) => checkingKeys);
    await Deno.writeTextFile(
      `${this.folder}/known_hosts`,
      lines.map((key) => `@cert-authority * ${key}\n`).join(""),
    );
    return await this.keep(keys, sshCertificate);
  }

  /** Writes a key and a certificate for it. */
  async keep(
    { privateKeyPem, sshPublicKey }: { privateKeyPem: string; sshPublicKey: string },
    certificate: string,
  ): Promise<VisitorKey> {
    const file = `${this.folder}/${crypto.randomUUID()}`;
    await Deno.writeTextFile(file, openSshPrivateKey(privateKeyPem), { mode: 0o600 });
    await Deno.writeTextFile(`${file}.pub`, `${sshPublicKey}\n`);
    await Deno.writeTextFile(`${file}-cert.pub`, `${certificate}\n`);
    return { file, certificate };
  }

  /** The command line of stock ssh to a node's port. */
  sshArgs(
    { file }: VisitorKey,
    login: string,
    { port = this.#cluster.nodePort, alias = "server01" } = {},
  ): string[] {
    const options = [
      `IdentityFile=${file}`,
      "IdentitiesOnly=yes",
      "IdentityAgent=none",
      `UserKnownHostsFile=${this.folder}/known_hosts`,
      "GlobalKnownHostsFile=none",
      "StrictHostKeyChecking=yes",
      `HostKeyAlias=${alias}`,
      "BatchMode=yes",
      "PasswordAuthentication=no",
    ];
    return [
      "-F",
      "none",
      ...options.flatMap((option) => ["-o", option]),
      "-p",
      String(port),
      `${login}@127.0.0.1`,
    ];
  }

  /** Runs a command on the node. */
  async ssh(
    key: VisitorKey,
    login: string,
    command: string,
    where: { port?: number; alias?: string } = {},
  ): Promise<Visit> {
    const { code, stdout, stderr } = await new Deno.Command("ssh", {
      args: [...this.sshArgs(key, login, where), command],
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  /** Removes the keys. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#person[Symbol.dispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}
