import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ToolError } from "../../errors/mod.ts";
import type { AuthService } from "../../wire/gen/auth_service_pb.ts";
import { NodePolicyService } from "../../wire/gen/node_pb.ts";
import type { ServiceHandlers } from "../../wire/grpc/mod.ts";
import type { Auth } from "../auth.ts";
import { NODE_ROLE } from "../hosts/host_certificates.ts";
import { authenticated, type RpcHandlers, type RpcPeer } from "./handlers.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

/** The methods of the auth service that are about machines which join, and the tokens with which they do. */
export function hostHandlers(
  auth: Auth,
): Pick<
  RpcHandlers<typeof AuthService>,
  "getTokens" | "createToken" | "deleteToken" | "generateHostCerts"
> {
  return {
    getTokens: async (_, { caller }) => ({
      provisionTokens: (await auth.joinTokens.list(caller)).map(({ id, expiresAtMs }) => ({
        kind: "token",
        version: "v2",
        metadata: { name: id, namespace: "default", expires: timestampFromMs(expiresAtMs) },
        spec: { roles: [NODE_ROLE], joinMethod: "token" },
      })),
    }),
    createToken: async ({ metadata, spec }, { caller }) => {
      if (spec?.roles.length !== 1 || spec.roles[0] !== NODE_ROLE) {
        throw new ToolError("not_implemented", "this cluster has tokens of type node only");
      }
      const expiresAtMs = metadata?.expires ? timestampMs(metadata.expires) : Infinity;
      await auth.joinTokens.create(caller, { token: metadata?.name ?? "", expiresAtMs });
      return {};
    },
    deleteToken: async ({ name }, { caller }) => {
      await auth.joinTokens.delete(caller, name);
      return {};
    },
    generateHostCerts: async (
      { role, additionalPrincipals, publicTlsKey, publicSshKey },
      { caller },
    ) => {
      if (role !== NODE_ROLE) throw new ToolError("bad_parameter", "a host can be a Node only");
      const certificates = await auth.hosts.renew(caller, {
        sshPublicKey: text(publicSshKey),
        tlsPublicKeyPem: text(publicTlsKey),
        additionalPrincipals,
      });
      return {
        ssh: bytes(certificates.sshCertificate),
        tls: bytes(certificates.tlsCertificate),
        tlsCaCerts: certificates.hostCa.tlsCerts.map(bytes),
        sshCaCerts: certificates.hostCa.checkingKeys.map(bytes),
      };
    },
  };
}

/** `latchkey.node.v1.NodePolicyService`. */
export function nodePolicyHandlers(
  auth: Auth,
): ServiceHandlers<typeof NodePolicyService, RpcPeer> {
  return authenticated(NodePolicyService, auth, {
    getNodePolicy: async ({ node }, { caller }) => ({
      policy: bytes(JSON.stringify(await auth.hosts.policy(caller, node))),
    }),
  });
}
