import { durationMs } from "@bufbuild/protobuf/wkt";
import { ToolError } from "../../errors/mod.ts";
import { TrustService } from "../../wire/gen/trust_pb.ts";
import type { Auth } from "../auth.ts";
import { authorityToMessage } from "./convert.ts";
import type { ServiceHandlers } from "../../wire/grpc/mod.ts";
import { authenticated, type RpcPeer } from "./handlers.ts";

/** `teleport.trust.v1.TrustService`: the public sides of the cluster's authorities. Private keys are given to nobody. */
export function trustServiceHandlers(auth: Auth): ServiceHandlers<typeof TrustService, RpcPeer> {
  return authenticated(TrustService, auth, {
    getCertAuthority: async ({ type, domain }) => {
      if (domain !== "" && domain !== auth.settings.clusterName) {
        throw new ToolError("not_found", `cluster "${domain.slice(0, 255)}" is not known`);
      }
      return authorityToMessage(await auth.certificateAuthority(kindOf(type)));
    },
    generateHostCert: async ({ key, hostId, nodeName, principals, ttl }, { caller }) => {
      const { certificate } = await auth.hosts.certify(caller, {
        sshPublicKey: new TextDecoder().decode(key),
        hostId,
        nodeName,
        principals,
        ttlMs: ttl === undefined || durationMs(ttl) === 0 ? Infinity : durationMs(ttl),
      });
      return { sshCertificate: new TextEncoder().encode(certificate) };
    },
    getCertAuthorities: async ({ type }) => ({
      certAuthorities: [authorityToMessage(await auth.certificateAuthority(kindOf(type)))],
    }),
  });
}

function kindOf(type: string): "user" | "host" {
  if (type === "user" || type === "host") return type;
  throw new ToolError("not_found", `certificate authority "${type.slice(0, 64)}" is not known`);
}
