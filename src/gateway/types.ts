import type { Path } from '../bytes/index.ts'
import type { Identity, Session, SessionAction, SessionConfig, SessionEvent } from '../session/index.ts'

/** A session's handle in its gateway: never reused. */
export type SessionId = number

/** What a gateway is told once. */
export interface GatewayConfig {
  /** The configuration of every responder session. */
  readonly session: SessionConfig
  readonly limits: GatewayLimits
  /**
   * A peer says INITIAL_CONTACT: end its other sessions without a message, as it has lost them (RFC 7296 section 2.4), or
   * only report it, where several hosts share one identity and say so all the same.
   */
  readonly initialContact: 'close' | 'report'
}

/** Bounds on what strangers can make a gateway hold or send. */
export interface GatewayLimits {
  /** Half-open IKE SAs from which on a COOKIE is asked for (RFC 7296 section 2.6). 0 asks always. */
  readonly cookieThreshold: number
  /** Half-open IKE SAs at one time; a request beyond is dropped. */
  readonly halfOpen: number
  /** Of these, from one IPv4 address or one IPv6 /64: one host that returns cookies must not take all places (RFC 8019 section 3). */
  readonly halfOpenPerHost: number
  /** Sessions at one time. */
  readonly sessions: number
  /**
   * Of these, of one proved identity: who has one key must not take all places. A further one is refused with
   * AUTHENTICATION_FAILED, unless it says INITIAL_CONTACT and `initialContact` is `close`: then it takes the place of the others.
   */
  readonly sessionsPerIdentity: number
  /** How long a cookie secret makes new cookies, ms; its cookies are accepted for as long again. */
  readonly cookieSecretMs: number
  /** Unprotected answers (COOKIE apart) sent per second at most (RFC 7296 sections 2.21.1, 2.21.4). */
  readonly unprotectedAnswersPerSecond: number
  /** Ended sessions kept for a while to repeat their last answer to a peer that did not get it. */
  readonly farewells: number
}

/** Default bounds. */
export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  cookieThreshold: 32,
  halfOpen: 1024,
  halfOpenPerHost: 128,
  sessions: 100_000,
  sessionsPerIdentity: 1024,
  cookieSecretMs: 60_000,
  unprotectedAnswersPerSecond: 20,
  farewells: 256
}

/** An action of one session, or of the gateway itself (`session` null: answers that keep no state). */
export interface GatewayAction {
  readonly session: SessionId | null
  readonly action: SessionAction
}

/** Every event but the datagram, which finds its session by itself, goes to one session or, as `tick`, to those due. */
export type TargetedEvent = Exclude<SessionEvent, { readonly type: 'datagramReceived' | 'tick' }>

/** Many sessions behind the same sockets. Stateful; reads no clock and no random source: both come in with each call. */
export interface Gateway {
  /**
   * Gives a datagram to the session it belongs to, opens a responder session for an acceptable IKE_SA_INIT, or answers
   * without state. Never throws on what the network sends.
   *
   * @throws RangeError naming `entropy` when it has fewer than 32 octets.
   */
  receive(datagram: DatagramNews): readonly GatewayAction[]
  /** Gives an event to one session; without effect when it has ended. */
  tell(id: SessionId, event: TargetedEvent): readonly GatewayAction[]
  /** Wakes every session whose time has come. `entropy` is called once for each. */
  tick(now: number, entropy: () => Uint8Array): readonly GatewayAction[]
  /** When `tick` is next needed, ms; undefined when only an event can wake anything. */
  nextWake(): number | undefined
  /**
   * A session as it is now; undefined when it has ended. The gateway overwrites keys of SAs that go: clone it to keep it.
   */
  session(id: SessionId): Session | undefined
  /** Handles of all live sessions. */
  ids(): readonly SessionId[]
  /** Sessions whose peer proved this identity, wherever it is now (RFC 4555 appendix A.2); oldest first. */
  sessionsOfIdentity(identity: Identity): readonly SessionId[]
  /**
   * Sessions with a Child SA that receives on this SPI: usually one, but 32 random bits may be drawn twice among many
   * sessions. Try each; the checksum tells (RFC 4555 appendix A.1).
   */
  sessionsOfChildSpi(spi: number): readonly SessionId[]
}

/** A datagram and what every event carries. */
export interface DatagramNews {
  readonly now: number
  readonly entropy: Uint8Array
  readonly path: Path
  readonly bytes: Uint8Array
}
