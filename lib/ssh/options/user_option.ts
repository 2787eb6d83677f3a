/**
 * The `-o` options that a person may hand to ssh.
 *
 * Only names that are known to be harmless pass. Each option is taken apart here and put together again, so ssh never
 * reads an option in another way than this file did (`KEY=value`, `Key value`, quotes, comments, several lines).
 *
 * @module
 */

import { ToolError } from "../../errors/mod.ts";

/** An option of ssh_config(5). */
export interface SshOption {
  /** As ssh_config(5) spells it. */
  name: string;
  /** Without what stands between name and value. */
  value: string;
}

/** Options of ssh_config(5) that change neither who is trusted, nor how the host is reached, nor what runs here. */
const HARMLESS: readonly string[] = [
  "AddressFamily",
  "BatchMode",
  "BindAddress",
  "BindInterface",
  "ChannelTimeout",
  "Ciphers",
  "ClearAllForwardings",
  "Compression",
  "ConnectionAttempts",
  "ConnectTimeout",
  "DynamicForward",
  "EnableEscapeCommandline",
  "EscapeChar",
  "ExitOnForwardFailure",
  "FingerprintHash",
  "ForwardAgent",
  "ForwardX11",
  "ForwardX11Timeout",
  "ForwardX11Trusted",
  "GatewayPorts",
  "HashKnownHosts",
  "HostKeyAlgorithms",
  "IPQoS",
  "KexAlgorithms",
  "LocalForward",
  "LogLevel",
  "MACs",
  "ObscureKeystrokeTiming",
  "PermitRemoteOpen",
  "PubkeyAcceptedAlgorithms",
  "PubkeyAcceptedKeyTypes",
  "RekeyLimit",
  "RemoteCommand",
  "RemoteForward",
  "RequestTTY",
  "RequiredRSASize",
  "SendEnv",
  "ServerAliveCountMax",
  "ServerAliveInterval",
  "SessionType",
  "SetEnv",
  "StdinNull",
  "StreamLocalBindMask",
  "StreamLocalBindUnlink",
  "TCPKeepAlive",
  "VisualHostKey",
];

const REACH = "tsh decides how the host is reached";
const TRUST = "a host is trusted by the cluster's certificate authority alone";
const KEYS = "only the key of this login is used";
const LIFE = "nothing of the connection outlives this command";
const PROGRAMS = "it could run another program on this machine";
const FILES = "it would bring in settings that tsh does not see";

/** Options that are refused, why, and the values that would change nothing and so are taken and dropped. */
const REFUSED: Readonly<Record<string, readonly [reason: string, ...harmless: string[]]>> = {
  AddKeysToAgent: [KEYS, "no"],
  CanonicalDomains: [REACH],
  CanonicalizeFallbackLocal: [REACH],
  CanonicalizeHostname: [REACH, "no"],
  CanonicalizeMaxDots: [REACH],
  CanonicalizePermittedCNAMEs: [REACH],
  CASignatureAlgorithms: [TRUST],
  CertificateFile: [KEYS],
  ChallengeResponseAuthentication: [KEYS, "no"],
  CheckHostIP: [TRUST, "no"],
  ControlMaster: [LIFE, "no"],
  ControlPath: [LIFE, "none"],
  ControlPersist: [LIFE, "no"],
  EnableSSHKeysign: [KEYS, "no"],
  ForkAfterAuthentication: [LIFE, "no"],
  GlobalKnownHostsFile: [TRUST],
  GSSAPIAuthentication: [KEYS, "no"],
  GSSAPIClientIdentity: [KEYS],
  GSSAPIDelegateCredentials: [KEYS, "no"],
  GSSAPIKeyExchange: [TRUST, "no"],
  GSSAPIServerIdentity: [TRUST],
  Host: [FILES],
  HostbasedAcceptedAlgorithms: [KEYS],
  HostbasedAuthentication: [KEYS, "no"],
  HostKeyAlias: [TRUST],
  HostName: [REACH],
  IdentitiesOnly: [KEYS, "no"],
  IdentityAgent: [KEYS],
  IdentityFile: [KEYS],
  IgnoreUnknown: [FILES],
  Include: [FILES],
  KbdInteractiveAuthentication: [KEYS, "no"],
  KbdInteractiveDevices: [KEYS],
  KnownHostsCommand: [TRUST, "none"],
  LocalCommand: [PROGRAMS],
  LogVerbose: [FILES],
  Match: [FILES],
  NoHostAuthenticationForLocalhost: [TRUST, "no"],
  NumberOfPasswordPrompts: [KEYS],
  PasswordAuthentication: [KEYS, "no"],
  PermitLocalCommand: [PROGRAMS, "no"],
  PKCS11Provider: [PROGRAMS, "none"],
  Port: ["name the port with the flag of its own"],
  PreferredAuthentications: [KEYS, "publickey"],
  ProxyCommand: [REACH],
  ProxyJump: [REACH, "none"],
  ProxyUseFdpass: [REACH],
  PubkeyAuthentication: [KEYS, "yes"],
  RevokedHostKeys: [TRUST],
  SecurityKeyProvider: [PROGRAMS],
  StrictHostKeyChecking: [TRUST, "yes"],
  SyslogFacility: [FILES],
  Tag: [FILES],
  Tunnel: [REACH, "no"],
  TunnelDevice: [REACH],
  UpdateHostKeys: [TRUST, "no"],
  User: ["name the login as login@host or with --login"],
  UserKnownHostsFile: [TRUST],
  VerifyHostKeyDNS: [TRUST, "no"],
  XAuthLocation: [PROGRAMS],
};

const HARMLESS_BY_KEY = new Map(HARMLESS.map((name) => [name.toLowerCase(), name]));
const REFUSED_BY_KEY = new Map(Object.keys(REFUSED).map((name) => [name.toLowerCase(), name]));

/**
 * Reads an option as `-o` gives it.
 *
 * @returns `undefined` when it asks for what holds anyway.
 * @throws {ToolError} `usage` when it is malformed, unknown or not allowed.
 */
export function parseUserOption(text: string): SshOption | undefined {
  const match = /^[ \t]*([A-Za-z0-9]+)(?:[ \t]*=[ \t]*|[ \t]+)([^=\s].*?)[ \t]*$/.exec(text);
  // deno-lint-ignore no-control-regex -- what ssh would read as another line, or not show
  if (match === null || /[\x00-\x08\x0a-\x1f\x7f]/.test(text)) {
    throw new ToolError("usage", `-o has the value ${JSON.stringify(text)}, expected Option=value`);
  }
  const key = match[1]!.toLowerCase();
  const value = match[2]!;
  const harmless = HARMLESS_BY_KEY.get(key);
  if (harmless !== undefined) return { name: harmless, value };
  const refused = REFUSED_BY_KEY.get(key);
  if (refused === undefined) {
    throw new ToolError("usage", `-o names the unknown option "${match[1]}"`, {
      hint: "Options are those of ssh_config(5); some of them are not for tsh.",
    });
  }
  const [reason, ...same] = REFUSED[refused]!;
  if (same.includes(value.toLowerCase())) return undefined;
  throw new ToolError("usage", `the option ${refused} is not allowed here: ${reason}`);
}
