import type { AddressRangeSelector } from '../codec/types.ts'
import type { RetransmissionPolicy } from '../exchange/index.ts'
import type { ChildProposal, ConfigurationRequest, Identity, IkeProposal } from '../ike/types.ts'
import { checkMobikePolicy, type MobikePolicy } from '../mobike/index.ts'

/** What a session is told once: identities, algorithms, policies. Never changed by a step, never part of a state. */
export interface SessionConfig {
  readonly localIdentity: Identity
  /** The only peer identity accepted; null accepts any that the pre-shared key proves. */
  readonly peerIdentity: Identity | null
  readonly ikeProposals: readonly IkeProposal[]
  readonly childProposals: readonly ChildProposal[]
  /** Traffic of the first Child SA on our side: offered as initiator, the most allowed as responder. */
  readonly localSelectors: readonly AddressRangeSelector[]
  /** The same on the peer's side. As responder, assigned inner addresses take its place. */
  readonly remoteSelectors: readonly AddressRangeSelector[]
  /** Ask for inner addresses (initiator); null asks for none. */
  readonly requestConfiguration: ConfigurationRequest | null
  /** Null: MOBIKE is neither offered nor accepted. */
  readonly mobike: MobikePolicy | null
  /** Say INITIAL_CONTACT: the peer may drop older IKE SAs of this identity. Not for hosts that are replicated (B065). */
  readonly initialContact: boolean
  readonly ports: SessionPorts
  /** Null: {@link DEFAULT_RETRANSMISSION} as initiator, {@link RESPONDER_RETRANSMISSION} as responder. */
  readonly retransmission: RetransmissionPolicy | null
  readonly lifetimes: Lifetimes
  /**
   * A liveness check after this many ms without anything authenticated from the peer; null for none. `byRole`: {@link
   * DEFAULT_LIVENESS_MS} as initiator, {@link RESPONDER_LIVENESS_MS} as responder.
   */
  readonly livenessMs: number | 'byRole' | null
  readonly limits: SessionLimits
}

/** UDP ports, host order. Others than 500 and 4500 serve tests without privileges. */
export interface SessionPorts {
  readonly ike: number
  /** IKE here carries the non-ESP marker, and ESP may be UDP-encapsulated (RFC 3948). */
  readonly natTraversal: number
}

/** When SAs are replaced, in ms; each is shortened by up to a tenth at random (RFC 7296 section 2.8.1). Null: never. */
export interface Lifetimes {
  readonly ikeSaMs: number | null
  readonly childSaMs: number | null
}

/** Bounds on what a peer can make a session hold or do. */
export interface SessionLimits {
  /** Octets of a datagram that are looked at. */
  readonly datagramOctets: number
  /** Child SAs at one time; more are refused with NO_ADDITIONAL_SAS. */
  readonly childSas: number
  /** COOKIE and INVALID_KE_PAYLOAD answers obeyed during one IKE_SA_INIT. */
  readonly initialRounds: number
  /** Ms a responder waits for a complete IKE_AUTH. */
  readonly halfOpenMs: number
  /** Ms an unauthenticated error in IKE_SA_INIT is doubted before it ends the attempt (RFC 7296 section 2.21.1). */
  readonly unauthenticatedErrorMs: number
  /** Ms a replaced or redundant IKE SA waits for the peer's Delete. */
  readonly replacedSaMs: number
  /** Ms between tries after TEMPORARY_FAILURE, and how long they go on (RFC 7296 section 2.25). */
  readonly temporaryFailureRetryMs: number
  readonly temporaryFailureLimitMs: number
  /** Requests of the caller waiting for the window. */
  readonly tasks: number
  /**
   * Requests under way at one time on an IKE SA, 1 to {@link LARGEST_WINDOW}: the window granted to the peer, and the most
   * that is used of the one it grants (RFC 7296 section 2.3). As many responses are kept.
   */
  readonly window: number
}

/** The largest window a session grants or uses: more serves no purpose, and responses are kept for all of it. */
export const LARGEST_WINDOW = 64

/** Retransmission that notices a dead path within seconds and gives up after about four minutes. */
export const DEFAULT_RETRANSMISSION: RetransmissionPolicy = {
  initialMs: 500,
  factor: 2,
  maximumMs: 30_000,
  transmissions: 13
}

/** RFC 4555 section 3.11: a responder goes on for at least five minutes. */
export const RESPONDER_RETRANSMISSION: RetransmissionPolicy = {
  initialMs: 1000,
  factor: 2,
  maximumMs: 60_000,
  transmissions: 11
}

/** An initiator notices within a minute that the peer, or the path to it, is gone: recovery is its part, ms. */
export const DEFAULT_LIVENESS_MS = 60_000

/** RFC 4555 section 3.11: a responder leaves the initiator time to notice and to repair, ms. */
export const RESPONDER_LIVENESS_MS = 300_000

/** Default bounds. */
export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  datagramOctets: 65_507,
  childSas: 16,
  initialRounds: 4,
  halfOpenMs: 30_000,
  unauthenticatedErrorMs: 5_000,
  replacedSaMs: 60_000,
  temporaryFailureRetryMs: 5_000,
  temporaryFailureLimitMs: 180_000,
  tasks: 32,
  window: 1
}

/** What a caller must say, and what has defaults. */
export type SessionOptions = Pick<
  SessionConfig,
  'localIdentity' | 'ikeProposals' | 'childProposals' | 'localSelectors' | 'remoteSelectors'
> &
  Partial<SessionConfig> & {
    /**
     * Default true. False says that the host cannot change the outer addresses of a Child SA in use: MOBIKE is then neither
     * offered nor accepted, whatever `mobike` says, and IKE goes on without it (F53). A host that can replace Child SAs may
     * leave it true and answer `childSaMoveFailed`.
     */
    readonly canMigrate?: boolean
  }

/**
 * A complete configuration from what must be said and defaults for the rest.
 *
 * @throws TypeError naming the option that contradicts itself: no proposal, an AEAD cipher beside an integrity algorithm.
 * @throws RangeError when `limits.window` is no whole number from 1 to {@link LARGEST_WINDOW}, or naming the field of `mobike`
 *   whose number is out of its range.
 */
export function sessionConfig(options: SessionOptions): SessionConfig {
  if (options.ikeProposals.length === 0) throw new TypeError('ikeProposals: at least one proposal is needed')
  if (options.childProposals.length === 0) throw new TypeError('childProposals: at least one proposal is needed')
  for (const proposal of options.ikeProposals) {
    checkCiphers('ikeProposals', proposal)
    if (proposal.prf.length === 0) throw new TypeError('ikeProposals: a proposal needs a prf')
    if (proposal.keyExchange.length === 0) throw new TypeError('ikeProposals: a proposal needs a keyExchange')
  }
  for (const proposal of options.childProposals) checkCiphers('childProposals', proposal)
  if (options.localSelectors.length === 0) throw new TypeError('localSelectors: at least one selector is needed')
  if (options.remoteSelectors.length === 0) throw new TypeError('remoteSelectors: at least one selector is needed')
  const limits = options.limits ?? DEFAULT_SESSION_LIMITS
  if (!Number.isInteger(limits.window) || limits.window < 1 || limits.window > LARGEST_WINDOW) {
    throw new RangeError(`limits.window: ${limits.window} is no whole number from 1 to ${LARGEST_WINDOW}`)
  }
  if (options.mobike != null) checkMobikePolicy(options.mobike)
  return {
    localIdentity: options.localIdentity,
    peerIdentity: options.peerIdentity ?? null,
    ikeProposals: options.ikeProposals,
    childProposals: options.childProposals,
    localSelectors: options.localSelectors,
    remoteSelectors: options.remoteSelectors,
    requestConfiguration: options.requestConfiguration ?? null,
    mobike: options.canMigrate === false ? null : (options.mobike ?? null),
    initialContact: options.initialContact ?? false,
    ports: options.ports ?? { ike: 500, natTraversal: 4500 },
    retransmission: options.retransmission ?? null,
    lifetimes: options.lifetimes ?? { ikeSaMs: 4 * 3_600_000, childSaMs: 3_600_000 },
    livenessMs: options.livenessMs === undefined ? 'byRole' : options.livenessMs,
    limits
  }
}

function checkCiphers(
  option: string,
  proposal: { readonly encryption: readonly { readonly aead: boolean }[]; readonly integrity: readonly unknown[] }
): void {
  if (proposal.encryption.length === 0) throw new TypeError(`${option}: a proposal needs an encryption algorithm`)
  // RFC 7296 section 3.3: combined-mode ciphers are proposed apart from those that need an integrity algorithm.
  if (proposal.encryption.some(({ aead }) => aead !== (proposal.integrity.length === 0))) {
    throw new TypeError(`${option}: AEAD ciphers go without integrity, others with it, in separate proposals`)
  }
}
