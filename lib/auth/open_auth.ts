import { isToolError } from "../errors/mod.ts";
import type { AuthPreferenceSpec } from "../resources/mod.ts";
import { AdminIdentityKeeper } from "./admin/admin_identity.ts";
import { AttemptLimits } from "./attempt_limits.ts";
import { AuditLog } from "./audit/audit_log.ts";
import type { Auth } from "./auth.ts";
import { Authorities } from "./authorities.ts";
import { Callers } from "./callers.ts";
import { Ceremonies } from "./ceremonies.ts";
import { CertificateIssuer } from "./certificates.ts";
import { requireAdmin } from "./errors.ts";
import { HeadlessService } from "./headless/headless.ts";
import { openHostId } from "./host_id.ts";
import { HostCertificateIssuer } from "./hosts/host_certificates.ts";
import { HostService } from "./hosts/hosts.ts";
import { JoinTokenService } from "./hosts/join_tokens.ts";
import { NodePolicies } from "./hosts/node_policies.ts";
import { IdentityStore } from "./identity_store.ts";
import { InvitationService } from "./invitations.ts";
import { KnownAddresses } from "./known_addresses.ts";
import { type AuthLimits, DEFAULT_LIMITS, type Rate } from "./limits.ts";
import { MfaService } from "./mfa.ts";
import { NodeService } from "./nodes/nodes.ts";
import type { AuthOptions } from "./options.ts";
import { PasswordHasher } from "./passwords.ts";
import { RateLimiter } from "./rate_limiter.ts";
import { RegistrationService } from "./registration.ts";
import { RoleService } from "./roles.ts";
import { issueServerTls } from "./server_tls.ts";
import { SettingsService } from "./settings.ts";
import { SignInService } from "./sign_in.ts";
import { UserService } from "./users.ts";
import { WebSessions } from "./web_sessions.ts";

/**
 * Opens the auth service of a cluster. At the first start it makes the certificate authorities; at each start it writes the
 * administrator's identity and ends headless requests that an earlier process left behind.
 *
 * Close it (`await using`) before its backend: it withdraws headless logins that wait and writes the rest of the audit log.
 *
 * @throws {ToolError} `bad_parameter` for settings that contradict themselves, `internal` when the data directory cannot be
 * written.
 */
export async function openAuth(options: AuthOptions): Promise<Auth> {
  const { backend, dataDir, clusterName, deps } = options;
  const limits: AuthLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const limiter = (rate: Rate) => new RateLimiter(rate, limits.rateLimitEntries, deps.clock);
  await using opened = new AsyncDisposableStack();

  const hostId = await openHostId(dataDir, deps);
  const audit = opened.use(await AuditLog.open(dataDir, clusterName, deps));
  const settings = new SettingsService(backend, {
    clusterName,
    defaultRpId: options.defaultRpId ?? "localhost",
  });
  await configure(settings, options.authentication);
  const authorities = await Authorities.open(backend, clusterName, deps);
  const keeper = new AdminIdentityKeeper({ dataDir, clusterName, hostId, authorities, deps });
  opened.use(keeper);
  await keeper.start();

  const identities = new IdentityStore(backend);
  const roles = opened.use(new RoleService({ backend, audit, deps }));
  await roles.start();
  const users = new UserService({ backend, identities, roles, audit, deps });
  const ceremonies = new Ceremonies({ settings, identities, audit, deps });
  const issuer = new CertificateIssuer({ authorities, roles, clusterName, audit, deps });
  const hasher = new PasswordHasher(deps, {
    concurrency: limits.passwordConcurrency,
    maxQueue: limits.passwordQueue,
    ...(options.passwordCost && { cost: options.passwordCost }),
  });
  const knownAddresses = new KnownAddresses({
    backend,
    maxPerUser: limits.knownAddressesPerUser,
    deps,
  });
  const sessions = new WebSessions({ backend, users, maxPerUser: limits.sessionsPerUser, deps });
  const invitations = new InvitationService({
    users,
    identities,
    audit,
    backend,
    proxyAddress: options.proxyAddress,
    deps,
  });
  const nodes = opened.use(new NodeService(backend, { roles, deps }));
  await nodes.start();
  const joinTokens = new JoinTokenService({ backend, audit, deps });
  const hosts = new HostService({
    backend,
    audit,
    authorities,
    issuer: new HostCertificateIssuer({ authorities, clusterName, deps }),
    tokens: joinTokens,
    nodes,
    policies: new NodePolicies({ backend, users, roles, settings, authorities, deps }),
    hostId,
    perAddress: limiter(limits.invitationPerAddress),
    deps,
  });
  const callers = new Callers({ authorities, users, hosts, clusterName, deps });
  const shared = {
    backend,
    users,
    identities,
    ceremonies,
    settings,
    sessions,
    issuer,
    hasher,
    knownAddresses,
  };
  const headless = opened.use(
    new HeadlessService({ ...shared, audit, limits, hostId, deps }),
  );
  await headless.start();
  const serverTls = await issueServerTls(authorities, { clusterName, hostId }, deps);

  const parts = opened.move();
  return {
    settings,
    users: {
      create: (caller, user) => users.create(caller, user),
      list: (caller) => users.list(caller),
      get: (caller, name) => users.get(caller, name),
      current: (caller) => users.current(caller),
      delete: (caller, name) => users.delete(caller, name),
      setLocked: (caller, name, locked) => users.setLocked(caller, name, locked),
      invite: (caller, name, how) => invitations.invite(caller, name, how),
    },
    registration: new RegistrationService({
      ...shared,
      audit,
      invitations,
      perAddress: limiter(limits.invitationPerAddress),
      deps,
    }),
    signIn: new SignInService({
      ...shared,
      audit,
      attempts: new AttemptLimits({
        perAddress: limits.signInPerAddress,
        perNameAndAddress: limits.signInPerNameAndAddress,
        perName: limits.signInPerName,
      }, { maxEntries: limits.rateLimitEntries, knownAddresses, deps }),
      passwordlessTotal: limiter(limits.passwordlessTotal),
      deps,
    }),
    mfa: new MfaService({ ceremonies, identities, perUser: limiter(limits.challengesPerUser) }),
    headless,
    nodes: {
      list: (caller, query) => nodes.list(caller, query),
      upsert: async (caller, node) => {
        if (caller.kind === "host") await hosts.checkNode(caller.hostId, node);
        await nodes.upsert(caller, node);
      },
      delete: async (caller, name) => {
        requireAdmin(caller);
        // A machine that was removed must not come back by itself.
        const hadJoined = await hosts.remove(name);
        await nodes.delete(caller, name).catch((error) => {
          if (!hadJoined || !isToolError(error, "not_found")) throw error;
        });
      },
      resolve: (caller, hostPort) => nodes.resolve(caller, hostPort),
    },
    roles,
    joinTokens,
    hosts,
    hostId,
    hostSigners: () => Promise.resolve(authorities.hostSigners()),
    certificateAuthority: (kind) => Promise.resolve(authorities.publicSide(kind)),
    serverTls: () => Promise.resolve(serverTls),
    callerFromCertificate: (der, client) => callers.fromCertificate(der, client),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Writes the configuration file's settings over the stored ones; checks them when there are none to write, too. */
async function configure(
  settings: SettingsService,
  authentication: AuthPreferenceSpec | undefined,
): Promise<void> {
  if (authentication !== undefined) await settings.write(authentication);
  await settings.authPreference();
}
