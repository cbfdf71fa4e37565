import type { IpAddress, Path } from '../bytes/index.ts'
import type { ExcludedPrefix, LocalAddress, NatObservation, RemoteCandidate } from './types.ts'

/** When a new peer address must show that the peer receives packets there (RFC 4555 section 3.7). */
export interface RoutabilityPolicy {
  /** Relative to moving the Child SAs. `never` leaves verification to other means. */
  readonly when: 'before' | 'after' | 'never'
  /** Also repeat the check of the address in use this often, in ms. */
  readonly periodicMs?: number
  /** How long a check stays good, in ms; without it, for the life of the lineage. */
  readonly validMs?: number
  /**
   * What proves an address: the return of COOKIE2, or also a valid response without it, to a request that went nowhere
   * else. A peer that is not to be trusted can write such a response without seeing the request.
   */
  readonly proof: 'cookie2' | 'answer'
  /** Peer addresses verified by other means (allow-list, certificate): no check needed. */
  readonly trusted: readonly ExcludedPrefix[]
  /**
   * A response that does not have the COOKIE2 asked for: `retry` later, as some peers return none for a while, or not at
   * all (F59), or `close` like one that differs; an error that says the request failed is never more than a retry.
   */
  readonly missingCookie2: 'retry' | 'close'
  /** Unanswered COOKIE2 an initiator tolerates from one new responder address before it leaves it. */
  readonly attempts: number
  /** First wait before a check without proof is repeated, in ms; doubles up to a minute. */
  readonly retryMs: number
}

/** A pair of addresses that might be used, as a rank hook sees it. */
export interface CandidatePair {
  readonly local: LocalAddress
  /** With the cost the caller gave it; announced by the peer: without. */
  readonly remote: RemoteCandidate
}

/** How the MOBIKE initiator picks among address pairs (RFC 4555 section 2.1 leaves this to policy). */
export interface SelectionPolicy {
  /** `stay` on a pair while it works, or go to one that ranks before it. */
  readonly mode: 'stay' | 'preferBetter'
  /**
   * What a pair is worth: lower is better, null is never used. Must be pure and must not throw; it is called for each pair
   * when addresses change, not when packets come. Without it the costs of both ends are added.
   */
  readonly rank?: (pair: CandidatePair) => number | null
  /** Pairs known at most; of more, the peer's last ones are left out. Bounds the state. */
  readonly maxPairs: number
  /** How long a better address must have been there before it is tried, in ms. */
  readonly hysteresisMs: number
  /** Only this local address is ever used (F72). */
  readonly pinnedLocal?: IpAddress
  /** Only this peer address is ever used. */
  readonly pinnedRemote?: IpAddress
  /** Use and advertise addresses with these flags too (F31). */
  readonly allowDeprecated: boolean
  readonly allowTemporary: boolean
  readonly allowLinkLocal: boolean
}

/** Path tests (RFC 4555 section 3.10): one request, copied to several pairs, paced. */
export interface ProbingPolicy {
  /** Between transmissions on different pairs, in ms; doubles with every round of a test. */
  readonly intervalMs: number
  /** Pairs transmitted on at a time. */
  readonly width: number
  /** Rounds over the pairs under test before they count as failed. */
  readonly attemptsPerPair: number
  /** Pairs under test at a time, best first; where replies are missing the next ones follow. */
  readonly maxPairs: number
  /** After a move to an untested pair: other pairs are tested when nothing came back for this long, in ms. */
  readonly fallbackMs: number
  /** How long a failed or refused pair is left alone, in ms. */
  readonly retryFailedMs: number
}

/** What else is known of an UPDATE_SA_ADDRESSES request when `acceptPath` is asked. */
export interface RequestedUpdate {
  /** Where the IKE SA is now. */
  readonly from: Path
  /** What the request's NAT_DETECTION shows of the new pair; null without it. */
  readonly nat: NatObservation | null
}

/** What RFC 4555 leaves to policy. Plain data but for its hooks; not part of the state. */
export interface MobikePolicy {
  /** `forbid` sends NO_NATS_ALLOWED instead of NAT_DETECTION (section 3.9). */
  readonly natTraversal: 'allow' | 'forbid'
  /**
   * May requests on this pair carry NAT_DETECTION? False for pairs on which the host cannot UDP-encapsulate, as with
   * IPv6 on some (F58): its ESP is then plain there, and the peer leaves encapsulation as it was (section 3.5). Asked of
   * IKE_SA_INIT too, where false means no NAT traversal for the life of the lineage. Must be pure and must not throw.
   * Without it every pair.
   */
  readonly natDetection?: (path: Path) => boolean
  readonly routability: RoutabilityPolicy
  readonly selection: SelectionPolicy
  /**
   * Responder: may the IKE SA use this pair (section 3.5)? False answers UNACCEPTABLE_ADDRESSES. Must be pure and must
   * not throw. Without it every pair is acceptable.
   */
  readonly acceptPath?: (path: Path, update: RequestedUpdate) => boolean
  /** ADDITIONAL_*_ADDRESS sent at most; 0 discloses none at all (section 5.5). Some receivers break beyond 8 (F17). */
  readonly maxAdvertisedAddresses: number
  /** Peer addresses kept at most; the rest of a longer list is dropped. */
  readonly maxPeerAddresses: number
  readonly probing: ProbingPolicy
  /** Between NAT keepalives, in ms (RFC 3948 section 4). */
  readonly keepaliveIntervalMs: number
  /** Retransmissions without a reply after which other pairs are tested (section 3.5). */
  readonly retransmissionsBeforeProbing: number
  /** Without a usable pair for this long, in ms, the IKE SA is closed; without it, it waits for ever. */
  readonly outageLimitMs?: number
  /**
   * New requests after UNEXPECTED_NAT_DETECTED (section 3.9), or another error, before the pair is given up: after 0, 1, 2, 4 …
   * times `routability.retryMs`. Where there is no other pair an error other than that one has minutes (RFC 7296 section 2.25).
   */
  readonly natRetryLimit: number
  /**
   * Responder, when ESP comes from elsewhere than expected: leave recovery to the initiator, or `follow` with the Child
   * SAs, as a host that is not behind a NAT may do when the peer is (RFC 4555 section 3.8, RFC 7296 section 2.23). Only to
   * an address that has shown return routability, unless that is never asked for; the IKE SA stays where it is.
   */
  readonly espUpdates: 'ignore' | 'follow'
  /**
   * `never` keeps NAT_DETECTION out of liveness checks, for peers that do not answer such requests: changed NAT mappings
   * are then found only by other means (RFC 4555 section 3.8).
   */
  readonly natDetectionInLiveness: 'behindNat' | 'never'
  /** A liveness check when the host says that it has the same addresses as before: the peer may be gone (F33). */
  readonly checkUnchangedAddresses: boolean
  /** Hints start at most one liveness check in this time, in ms: they can be forged. */
  readonly hintIntervalMs: number
}

/**
 * Defaults: NAT traversal on, return routability before moving (RFC 4555 section 3.7), move to cheaper local addresses,
 * wait for ever when there is no network.
 */
export const DEFAULT_MOBIKE_POLICY: MobikePolicy = {
  natTraversal: 'allow',
  routability: { when: 'before', proof: 'cookie2', trusted: [], missingCookie2: 'retry', attempts: 3, retryMs: 1000 },
  selection: {
    mode: 'preferBetter',
    maxPairs: 256,
    hysteresisMs: 1000,
    allowDeprecated: false,
    allowTemporary: false,
    allowLinkLocal: false
  },
  maxAdvertisedAddresses: 8,
  maxPeerAddresses: 32,
  probing: { intervalMs: 300, width: 1, attemptsPerPair: 3, maxPairs: 32, fallbackMs: 1000, retryFailedMs: 30_000 },
  keepaliveIntervalMs: 20_000,
  retransmissionsBeforeProbing: 2,
  natRetryLimit: 5,
  espUpdates: 'ignore',
  natDetectionInLiveness: 'behindNat',
  checkUnchangedAddresses: false,
  hintIntervalMs: 1000
}
