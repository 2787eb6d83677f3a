import type { Deps } from "../../deps/mod.ts";
import { ToolError } from "../../errors/mod.ts";
import type { ChallengeScope } from "../../webauthn/mod.ts";
import {
  AuthService,
  type CreateAuthenticateChallengeRequest,
  type ListResourcesRequest,
  type UpdateHeadlessAuthenticationStateRequest,
} from "../../wire/gen/auth_service_pb.ts";
import { ChallengeAllowReuse, ChallengeScope as ScopeNumber } from "../../wire/gen/mfa_pb.ts";
import { HeadlessAuthenticationState } from "../../wire/gen/types_pb.ts";
import type { ServiceHandlers } from "../../wire/grpc/mod.ts";
import { assertionResponseFromProto, assertionToProto } from "../../wire/webauthn_proto.ts";
import type { Auth, Caller, Mfa } from "../auth.ts";
import {
  authPreferenceToMessage,
  deviceToMessage,
  headlessToMessage,
  invitationToMessage,
  nodeFromMessage,
  nodeToMessage,
  roleFromMessage,
  roleToMessage,
  userFromMessage,
  userToMessage,
} from "./convert.ts";
import { hostHandlers } from "./hosts.ts";
import { authenticated, type RpcHandlers, type RpcPeer } from "./handlers.ts";
import { type NodePage, NodePages } from "./node_pages.ts";

/** What the RPCs say of this cluster beside what the auth service knows. */
export interface AuthRpcOptions {
  /** The auth service. */
  auth: Auth;
  /** Version that clients are told. */
  serverVersion: string;
  /** `host:port` of the proxy, as people reach it. */
  proxyPublicAddr: () => string;
  /** Time and randomness. */
  deps: Pick<Deps, "clock" | "random">;
}

/** Nodes in one answer at most; a message is at most 4 MiB. Clients go on at `next_key`. */
const MAX_PAGE = 1_000;
const NANOSECONDS_PER_MS = 1_000_000n;

/** The scopes by their numbers on the wire. */
const SCOPES: Readonly<Record<number, ChallengeScope>> = {
  [ScopeNumber.HEADLESS_LOGIN]: "HEADLESS_LOGIN",
  [ScopeNumber.MANAGE_DEVICES]: "MANAGE_DEVICES",
  [ScopeNumber.ACCOUNT_RECOVERY]: "ACCOUNT_RECOVERY",
  [ScopeNumber.USER_SESSION]: "USER_SESSION",
  [ScopeNumber.ADMIN_ACTION]: "ADMIN_ACTION",
  [ScopeNumber.CHANGE_PASSWORD]: "CHANGE_PASSWORD",
  [ScopeNumber.LOGIN]: "LOGIN",
  [ScopeNumber.PASSWORDLESS_LOGIN]: "PASSWORDLESS_LOGIN",
};

const REUSE = {
  [ChallengeAllowReuse.UNSPECIFIED]: "UNSPECIFIED",
  [ChallengeAllowReuse.YES]: "YES",
  [ChallengeAllowReuse.NO]: "NO",
} as const;

/** `proto.AuthService` over the facade. Who may do what is the facade's to say. */
export function authServiceHandlers(
  options: AuthRpcOptions,
): ServiceHandlers<typeof AuthService, RpcPeer> {
  return authenticated(AuthService, options.auth, handlersOf(options));
}

function handlersOf(
  { auth, serverVersion, proxyPublicAddr, deps }: AuthRpcOptions,
): RpcHandlers<typeof AuthService> {
  const { clusterName } = auth.settings;
  const pages = new NodePages();
  return {
    ping: (_, { caller }) =>
      Promise.resolve({
        clusterName,
        serverVersion,
        proxyPublicAddr: proxyPublicAddr(),
        remoteAddr: caller.client.address,
      }),
    getDomainName: () => Promise.resolve({ domainName: clusterName }),

    getUser: async ({ name }, { caller }) => userToMessage(await auth.users.get(caller, name)),
    getUsers: async function* (_, { caller }) {
      for (const user of await auth.users.list(caller)) yield userToMessage(user);
    },
    getCurrentUser: async (_, { caller }) => userToMessage(await auth.users.current(caller)),
    createUser: async (user, { caller }) => {
      await auth.users.create(caller, userFromMessage(user));
      return {};
    },
    deleteUser: async ({ name }, { caller }) => {
      await auth.users.delete(caller, name);
      return {};
    },
    createResetPasswordToken: async ({ name, type, ttl }, { caller }) => {
      const isReset = resets(type);
      const nowMs = deps.clock.now();
      const invitation = await auth.users.invite(caller, name, {
        reset: isReset,
        ...(ttl !== 0n && { ttlMs: Number(ttl / NANOSECONDS_PER_MS) }),
      });
      return invitationToMessage(invitation, { isReset, nowMs });
    },

    // deno-lint-ignore require-await -- async, so that an unknown role rejects
    getRole: async ({ name }) => {
      const role = auth.roles.find(name);
      if (role === undefined) {
        throw new ToolError("not_found", `role ${name.slice(0, 128)} is not found`);
      }
      return roleToMessage(role);
    },
    getRoles: () => Promise.resolve({ roles: auth.roles.list().map(roleToMessage) }),
    upsertRole: async (message, { caller }) => {
      await auth.roles.upsert(caller, roleFromMessage(message));
      return {};
    },
    deleteRole: async ({ name }, { caller }) => {
      await auth.roles.delete(caller, name);
      return {};
    },
    getCurrentUserRoles: async function* (_, { caller }) {
      const { roles } = await auth.users.current(caller);
      for (const name of roles) {
        const role = auth.roles.find(name);
        if (role !== undefined) yield roleToMessage(role);
      }
    },

    ...hostHandlers(auth),

    getNode: async ({ name }, { caller }) => {
      const { nodes } = await auth.nodes.list(caller, {
        predicateExpression: `resource.metadata.name == ${quoted(name)}`,
      });
      const [node] = nodes;
      if (node === undefined) {
        throw new ToolError("not_found", `node "${name.slice(0, 255)}" is not found`);
      }
      return nodeToMessage(node);
    },
    upsertNode: async (message, { caller }) => {
      const node = nodeFromMessage(message);
      // As in Teleport: a node that nobody named gets a UUID.
      node.metadata.name ||= deps.random.uuid();
      await auth.nodes.upsert(caller, node);
      return { name: node.metadata.name, namespace: "default", type: 1 };
    },
    deleteNode: async ({ name }, { caller }) => {
      await auth.nodes.delete(caller, name);
      return {};
    },
    listResources: async (request, { caller }) =>
      pages.encode(await listNodes(auth, caller, request)),
    listUnifiedResources: async (request, { caller }) => {
      const { kinds } = request;
      if (kinds.length > 0 && !kinds.includes("node")) return { resources: [], nextKey: "" };
      const { nodes, nextKey } = await listNodes(auth, caller, {
        ...request,
        resourceType: "node",
        limit: request.limit || MAX_PAGE,
      });
      return pages.encode({ nodes, nextKey });
    },
    resolveSSHTarget: async ({ host, port }, { caller }) => {
      const hostPort = `${host.includes(":") ? `[${host}]` : host}:${port || "0"}`;
      return { server: nodeToMessage((await auth.nodes.resolve(caller, hostPort)).node) };
    },

    getAuthPreference: async () => authPreferenceToMessage(await auth.settings.authPreference()),
    getMFADevices: async ({ tokenId }, { caller }) => {
      if (tokenId !== "") throw notHere("devices of a privilege token");
      return { devices: (await auth.mfa.devices(caller)).map(deviceToMessage) };
    },
    createAuthenticateChallenge: async (request, { caller }) => {
      const challenge = await auth.mfa.challenge(caller, extensionsOf(request));
      return { webauthnChallenge: assertionToProto(challenge) };
    },
    isMFARequired: () => Promise.resolve({ required: false, mfaRequired: 2 }),

    getHeadlessAuthentication: async ({ id }, { caller, signal }) =>
      headlessToMessage(await auth.headless.get(caller, id, signal)),
    updateHeadlessAuthenticationState: async (request, { caller }) => {
      await auth.headless.update(caller, request.id, answerOf(request));
      return {};
    },
  };
}

/** The first fields of ListResources and ListUnifiedResources, which mean the same in both. */
type NodesRequest = Pick<
  ListResourcesRequest,
  | "resourceType"
  | "limit"
  | "startKey"
  | "labels"
  | "predicateExpression"
  | "searchKeywords"
  | "sortBy"
>;

async function listNodes(auth: Auth, caller: Caller, request: NodesRequest): Promise<NodePage> {
  const { resourceType, limit, startKey, labels, predicateExpression, searchKeywords, sortBy } =
    request;
  if (resourceType !== "node") throw notHere(`resources of type "${resourceType.slice(0, 64)}"`);
  if (limit <= 0) throw new ToolError("bad_parameter", "nonpositive parameter limit");
  if (sortBy !== undefined && (sortBy.isDesc || !["", "name", "hostname"].includes(sortBy.field))) {
    throw notHere("sorting other than by host name");
  }
  return await auth.nodes.list(caller, {
    limit: Math.min(limit, MAX_PAGE),
    startKey,
    labels,
    predicateExpression,
    searchKeywords,
  });
}

function resets(type: string): boolean {
  if (type === "password") return true;
  if (type === "invite" || type === "") return false;
  throw new ToolError(
    "bad_parameter",
    `invalid reset password token request type(${type.slice(0, 32)})`,
  );
}

/**
 * What a challenge is asked for. Clients from before Teleport 15 do not say; the one thing they ask a challenge for here is to
 * approve a headless login.
 */
function extensionsOf(
  { request, challengeExtensions, browserMfaRequestId, browserMfaTshRedirectUrl }:
    CreateAuthenticateChallengeRequest,
): Parameters<Mfa["challenge"]>[1] {
  if (request.case === "userCredentials" || request.case === "passwordless") {
    throw notHere("signing in by RPC");
  }
  if (browserMfaRequestId !== "" || browserMfaTshRedirectUrl !== "") throw notHere("browser MFA");
  if (challengeExtensions === undefined) return { scope: "HEADLESS_LOGIN" };
  const scope = SCOPES[challengeExtensions.scope];
  if (scope === undefined) {
    throw new ToolError("bad_parameter", "a challenge needs a scope that this cluster knows");
  }
  const { userVerificationRequirement: verification } = challengeExtensions;
  if (!isVerification(verification)) {
    throw new ToolError("bad_parameter", "user verification requirement is not known");
  }
  return {
    scope,
    allowReuse: REUSE[challengeExtensions.allowReuse] ?? "UNSPECIFIED",
    ...(verification !== "" && { userVerificationRequirement: verification }),
  };
}

function isVerification(text: string): text is "" | "required" | "preferred" | "discouraged" {
  return ["", "required", "preferred", "discouraged"].includes(text);
}

function answerOf(
  { state, mfaResponse }: UpdateHeadlessAuthenticationStateRequest,
): Parameters<Auth["headless"]["update"]>[2] {
  if (state === HeadlessAuthenticationState.DENIED) return { state: "denied" };
  if (state !== HeadlessAuthenticationState.APPROVED) {
    throw new ToolError("bad_parameter", "a headless authentication can be approved or denied");
  }
  if (mfaResponse?.response.case !== "webauthn") {
    throw new ToolError("bad_parameter", "expected WebAuthn challenge response");
  }
  return { state: "approved", response: assertionResponseFromProto(mfaResponse.response.value) };
}

/** A string of the predicate language. */
function quoted(text: string): string {
  return `"${text.slice(0, 255).replace(/["\\]/g, "\\$&")}"`;
}

function notHere(what: string): ToolError {
  return new ToolError("not_implemented", `this cluster does not have ${what}`);
}
