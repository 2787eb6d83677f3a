/**
 * How much of everything, in one place: what strangers may try, what users may keep, how long things live. README.md
 * names those that people meet, so change them together.
 *
 * @module
 */

/** A token bucket: `burst` at once, and one more every `refillMs`. */
export interface Rate {
  /** How many at once. */
  burst: number;
  /** Milliseconds after which one more is allowed. */
  refillMs: number;
}

/** The limits of the auth service. */
export interface AuthLimits {
  /** Sign-in attempts from one address. */
  signInPerAddress: Rate;
  /** Passwords tried for one name, known or not, from one address. */
  signInPerNameAndAddress: Rate;
  /**
   * Passwords tried for one name, known or not, from all addresses together but those that the name has got in from lately:
   * with the rate above it bounds those who guess from many addresses, and they must not lock the person out who has the
   * name. Two a second leave three quarters of what two hashes at a time can do (8 a second) to everybody else.
   */
  signInPerName: Rate;
  /** Passwordless challenges, all addresses together: each is a stored challenge that a stranger caused. */
  passwordlessTotal: Rate;
  /** Invitation look-ups and registration attempts from one address. */
  invitationPerAddress: Rate;
  /** Headless login attempts from one address. */
  headlessPerAddress: Rate;
  /** Headless login attempts for one name, known or not, from one address. */
  headlessPerNameAndAddress: Rate;
  /** Headless login attempts for one name, known or not, from all addresses together but those as for `signInPerName`. */
  headlessPerName: Rate;
  /** Looks at and answers to headless requests by one signed-in user. */
  headlessLooksPerUser: Rate;
  /** Challenges asked for by one signed-in user. */
  challengesPerUser: Rate;
  /** Headless logins that wait at the same time, from one address. */
  waitingPerAddress: number;
  /**
   * Headless logins that wait at the same time for one name, known or not. One more, from an address with fewer of them,
   * takes the place of the oldest that nobody has looked at of the address with most.
   */
  waitingPerName: number;
  /** Headless logins that wait at the same time, in this process; one more takes a place as above. */
  waitingTotal: number;
  /** Records of headless requests kept for one user: the pending ones, and those that have ended. */
  headlessRecordsPerUser: number;
  /** Addresses remembered of one user, from which sign-ins and headless logins have succeeded lately. */
  knownAddressesPerUser: number;
  /** Web sessions of one user; one more ends the oldest. */
  sessionsPerUser: number;
  /** Names and addresses that each rate limit remembers. */
  rateLimitEntries: number;
  /** Passwords hashed at the same time; each takes 32 MiB. */
  passwordConcurrency: number;
  /** Passwords that wait to be hashed. */
  passwordQueue: number;
}

const SECOND_MS = 1_000;

/** The limits when nothing else is configured. IPv6 addresses count by their /64. */
export const DEFAULT_LIMITS: Readonly<AuthLimits> = {
  signInPerAddress: { burst: 30, refillMs: 2 * SECOND_MS },
  signInPerNameAndAddress: { burst: 10, refillMs: 6 * SECOND_MS },
  signInPerName: { burst: 300, refillMs: 500 },
  passwordlessTotal: { burst: 500, refillMs: 50 },
  invitationPerAddress: { burst: 30, refillMs: 2 * SECOND_MS },
  headlessPerAddress: { burst: 60, refillMs: 1 * SECOND_MS },
  headlessPerNameAndAddress: { burst: 30, refillMs: 2 * SECOND_MS },
  headlessPerName: { burst: 600, refillMs: 100 },
  headlessLooksPerUser: { burst: 60, refillMs: 500 },
  challengesPerUser: { burst: 60, refillMs: 500 },
  waitingPerAddress: 20,
  waitingPerName: 100,
  waitingTotal: 20_000,
  headlessRecordsPerUser: 128,
  knownAddressesPerUser: 16,
  sessionsPerUser: 50,
  rateLimitEntries: 20_000,
  passwordConcurrency: 2,
  passwordQueue: 64,
};

/** How long a waiting command waits, as Teleport's does. */
export const HEADLESS_WAIT_MS = 180 * SECOND_MS;
/** How long somebody who looks waits for the waiting command to publish its details. */
export const HEADLESS_LOOK_MS = 5 * SECOND_MS;
/** How late a login is refused that could be refused at once: as late as if somebody had looked. */
export const HEADLESS_REFUSAL_MS = 3 * SECOND_MS;
/** How long an ended request is kept, so that a page can say what became of it. */
export const HEADLESS_RETENTION_MS = 10 * 60 * SECOND_MS;
/** How long the mark that somebody looked waits for the command it is about. */
export const HEADLESS_STUB_TTL_MS = 60 * SECOND_MS;

/** Life of a headless certificate, whatever was asked. */
export const HEADLESS_CERTIFICATE_TTL_MS = 60 * SECOND_MS;
/** Certificates are valid from this much before they are issued, for clocks that are a little late. */
export const CERTIFICATE_BACKDATE_MS = 60 * SECOND_MS;
/** Longest life of a user's certificate, and life of a web session. */
export const SESSION_TTL_MS = 12 * 60 * 60 * SECOND_MS;
/** How long an address is remembered from which a name has got in. */
export const KNOWN_ADDRESS_TTL_MS = 30 * 24 * 60 * 60 * SECOND_MS;
/** A web session that is not used for this long ends. */
export const SESSION_IDLE_MS = 60 * 60 * SECOND_MS;

/** Life of an invitation when nothing else is asked for. */
export const INVITATION_TTL_MS = 60 * 60 * SECOND_MS;
/** Longest life of an invitation, as in Teleport. */
export const MAX_INVITATION_TTL_MS = 48 * 60 * 60 * SECOND_MS;

/** Size at which the audit log begins a new file: about 80,000 events. */
export const AUDIT_FILE_BYTES = 32 * 1024 * 1024;
/** Files of the audit log, the one that is written included; one more, and the oldest is removed. */
export const AUDIT_FILES = 10;
