/**
 * Machines that join: the cluster's authorities, and a machine's first certificates.
 *
 * @module
 */

import { z } from "zod";
import { ToolError } from "../../errors/mod.ts";
import {
  AUTHORITY_EXPORT_TYPES,
  authorityOfExport,
  formatAuthority,
  isAuthorityExportType,
} from "../../wire/authority_export.ts";
import { base64Text, toBase64 } from "../../wire/web_api.ts";
import { readJson } from "./body.ts";
import type { WebContext, WebRequest } from "./context.ts";

/** An RSA key of 16384 bits, with room to spare. */
const MAX_KEY_BYTES = 8 * 1024;
const name = z.string().max(255);

/** `POST /webapi/host/credentials`, with Teleport's names. */
const joinSchema = z.object({
  hostID: name,
  node_name: name.min(1),
  role: z.literal("Node", { error: "a machine can join as Node only" }),
  token: z.string().max(256),
  additional_principals: z.array(name).max(32).nullish(),
  public_tls_key: base64Text(MAX_KEY_BYTES),
  public_ssh_key: base64Text(MAX_KEY_BYTES),
});

/** `GET /webapi/auth/export?type=…`: the public side of an authority, which is no secret. */
export async function exportAuthority(c: WebRequest, { auth }: WebContext): Promise<Response> {
  const type = c.req.query("type") ?? "";
  if (!isAuthorityExportType(type)) {
    throw new ToolError(
      "bad_parameter",
      `this type is not known, expected one of ${AUTHORITY_EXPORT_TYPES.join(", ")}`,
    );
  }
  const { clusterName, checkingKeys, tlsCerts } = await auth.certificateAuthority(
    authorityOfExport(type),
  );
  return c.text(formatAuthority(type, { clusterName, sshKeys: checkingKeys, tlsCerts }));
}

/** `POST /webapi/host/credentials`: certificates for a machine with a join token. */
export async function hostCredentials(
  c: WebRequest,
  { auth, limits }: WebContext,
): Promise<Response> {
  const body = await readJson(c, joinSchema, { maxBytes: limits.bodyBytes });
  const { sshCertificate, tlsCertificate, hostCa } = await auth.hosts.join({
    token: body.token,
    hostId: body.hostID,
    nodeName: body.node_name,
    additionalPrincipals: body.additional_principals ?? [],
    sshPublicKey: body.public_ssh_key,
    tlsPublicKeyPem: body.public_tls_key,
  }, c.get("client"));
  return c.json({
    ssh: toBase64(`${sshCertificate}\n`),
    tls: toBase64(tlsCertificate),
    tls_ca_certs: hostCa.tlsCerts.map(toBase64),
    ssh_ca_certs: hostCa.checkingKeys.map((key) => toBase64(`${key}\n`)),
  });
}
