import type { Endpoint, IpAddress, Path } from '../bytes/index.ts'
import type {
  ExcludedPrefix,
  LocalAddress,
  MobikeAction,
  MobikePorts,
  MobikePurpose,
  MobikeRole,
  MobikeStep,
  NatObservation,
  RemoteCandidate
} from './types.ts'

/** What is known of one address pair. */
export interface PathRecord {
  readonly path: Path
  readonly status: 'untried' | 'working' | 'failed'
  /** `failed`: since when, and not to be tried before which time (ms); otherwise null. */
  readonly failedAt: number | null
  readonly until: number | null
  /** Moves here in a row that came to nothing: the pair passed its test, but no UPDATE, or the Child SAs could not follow. */
  readonly failedMoves: number
  readonly roundTripMs: number | null
  /** UPDATEs refused here in a row, and until when no other is sent for it (ms). */
  readonly refusals: number
  readonly refusedUntil: number | null
  /** What the last UPDATE exchange on this pair showed. */
  readonly nat: NatObservation | null
}

/**
 * Every address of ours that packets can leave from, with every endpoint where the peer may be: `locals[i]` and `remotes[j]`
 * are the pair `i * remotes.length + j`. At most `selection.maxPairs` pairs.
 */
export interface PairTable {
  /** Cheapest first. */
  readonly locals: readonly LocalAddress[]
  /** The endpoint in use first. */
  readonly remotes: readonly Endpoint[]
  /**
   * By pair: lower is better; null for pairs of unlike families and those that policy never uses. Null instead of a list:
   * each is worth what its local address costs.
   */
  readonly ranks: readonly (number | null)[] | null
  /** The pairs that may be used, best first. Null instead of a list: all of them as they stand. */
  readonly order: readonly number[] | null
  /** By row and column: null for what is untried. Empty while nothing is known of any pair. */
  readonly records: readonly (readonly (PathRecord | null)[] | null)[]
}

/** Replies are missing. */
export interface Silence {
  /** When the pair in use was first doubted, in ms. */
  readonly since: number
  /** How often every pair was tried since then, in vain. */
  readonly rounds: number
  /** When the round under way began, in ms. */
  readonly roundAt: number
}

/**
 * How well a peer address has shown that the peer receives packets there (RFC 4555 sections 3.7 and 5.5). `answer`: a
 * response without COOKIE2 to a request that went to this address alone, which the peer may have written unseen. `initial`:
 * IKE_SA_INIT ran there. `cookie2`: it returned our COOKIE2.
 */
export type RoutabilityLevel = 'answer' | 'initial' | 'cookie2'

/** A peer address and what shows that the peer receives packets there. */
export interface VerifiedAddress {
  readonly address: IpAddress
  readonly level: RoutabilityLevel
  /** When it last did, ms. */
  readonly at: number
}

/** Intents: what must be told or asked, not messages (design decision 4). They merge by OR and are built when the window opens. */
export interface PendingIntents {
  readonly update: boolean
  readonly routability: boolean
  readonly list: boolean
  readonly probe: boolean
  readonly liveness: boolean
}

/** A request of ours in the window. Where it was sent on comes with its response. */
export interface OwnRequest {
  readonly token: number
  readonly purpose: MobikePurpose
  /** COOKIE2 as hexadecimal digits. */
  readonly cookie2: string | null
  readonly path: Path
  /** Addresses changed since: its response gets no MOBIKE processing but for COOKIE2 (section 3.5, D40). */
  readonly superseded: boolean
  readonly carriesList: boolean
}

/** A test of several pairs with one request. */
export interface Probing {
  /**
   * `suspect`: the current pair may be dead and is among the candidates. `better`: it works. `replaced`: the peer dropped
   * its address. With the last two the current pair is no candidate.
   */
  readonly reason: 'suspect' | 'better' | 'replaced'
  readonly candidates: readonly Path[]
  /** Index of the pair transmitted on last. */
  readonly cursor: number
  /** From 1. */
  readonly round: number
  readonly nextAt: number
  /** When each candidate was last transmitted on; null before. */
  readonly sentAt: readonly (number | null)[]
}

/** What to go back to when a move is refused or cannot be made. */
export interface RollbackPoint {
  readonly ikePath: Path
  readonly childPath: Path
  readonly encapsulate: boolean
  readonly nat: NatObservation | null
  readonly natBaseline: string | null
}

/** An order to migrate Child SAs that the host has not answered. */
export interface ChildMove {
  /** Where the Child SAs were before it, and how. */
  readonly path: Path
  readonly encapsulate: boolean
  /** Answers still to come: more than one only where more orders are open than are remembered apart. */
  readonly answers: number
  /** A Child SA was made since, where this order takes the others: if it fails they are not together. */
  readonly isJoined: boolean
}

/** The MOBIKE state of one IKE SA lineage: plain structured-clonable data, bounded. Read it through the views of this module. */
export interface MobikeState {
  readonly role: MobikeRole
  readonly closed: boolean
  /** Both ends do NAT traversal and policy allows it. */
  readonly natTraversal: boolean
  readonly ports: MobikePorts
  /** Ports for pairs not used yet. */
  readonly localPort: number
  readonly remotePort: number

  /** Addresses of the IKE SA. */
  readonly ikePath: Path
  /** Outer addresses of every Child SA; return routability lies between the two (design decision 2). */
  readonly childPath: Path
  /** Child SAs are UDP-encapsulated now, and shall be once moved. */
  readonly encapsulate: boolean
  readonly targetEncapsulate: boolean
  /** Child SAs shall go to `ikePath`, and wait for return routability or an UPDATE response. */
  readonly moveDue: boolean
  /** Responder: it changed its own end of the Child SAs without an UPDATE (section 3.5, last paragraph). */
  readonly choseSource: boolean
  /** Oldest first, as they are answered. */
  readonly childMoves: readonly ChildMove[]
  /** The last answer was that only some Child SAs could be moved: not all of them are where the others are. */
  readonly scattered: boolean
  /** While an UPDATE of ours is unconfirmed. */
  readonly rollback: RollbackPoint | null
  /** UPDATEs sent since the last confirmed one that the peer may have carried out. */
  readonly updatesInDoubt: number

  /** NAT state in use; only UPDATE exchanges change it (design decision 5). */
  readonly nat: NatObservation | null
  /** Reference for NAT mapping changes (section 3.8). */
  readonly natBaseline: string | null
  /** The peer answered a liveness check that carried NAT_DETECTION (F26). */
  readonly natCheckAnswered: boolean
  /** New UPDATEs or lists since the last that met no forbidden NAT. */
  readonly natRetries: number
  /** UPDATEs or lists in a row that failed for another reason, or met a NAT too often: each next one waits twice as long. */
  readonly failures: number
  /** No UPDATE and no list before this time, ms: the last one failed, perhaps for a while only. */
  readonly updateNotBefore: number | null
  /** Where keepalives run. */
  readonly keepalive: Path | null
  /** MOBIKE initiator: to be awake then, ms, as keepalives want it. */
  readonly keepaliveDueAt: number | null

  readonly local: readonly LocalAddress[]
  readonly remoteCandidates: readonly RemoteCandidate[]
  readonly excluded: readonly ExcludedPrefix[]
  /** Addresses of ours that may be announced, in the caller's order: one more than are told, as the header has one. */
  readonly advertisable: readonly IpAddress[]
  /** The peer's address set: header address and announced ones (section 3.6). */
  readonly peerAddresses: readonly IpAddress[]
  /** What we last told the peer beside the header address. */
  readonly announced: readonly IpAddress[]

  readonly pairs: PairTable
  readonly verified: readonly VerifiedAddress[]
  /** The same, of level `answer`: not enough unless policy says so. */
  readonly answered: readonly VerifiedAddress[]
  readonly pending: PendingIntents
  readonly outstanding: readonly OwnRequest[]
  /** Requests with COOKIE2 of an IKE SA that was rekeyed: it is still compared, should an answer come (section 3.7, D40). */
  readonly voided: readonly OwnRequest[]
  readonly nextToken: number
  readonly lastUpdateMessageId: number | null
  readonly lastListMessageId: number | null

  readonly probing: Probing | null
  /** Every pair was tested since the last reply, in vain. */
  readonly allPairsTried: boolean
  /** Null while the peer answers. */
  readonly silence: Silence | null
  /** Retransmission is suspended: no usable pair since then. */
  readonly outageSince: number | null
  readonly outageDeadline: number | null
  /** An outage ended by an address event; the first reply reports it. */
  readonly restoring: boolean
  /** When to test other pairs after a move to an untested one. */
  readonly fallbackAt: number | null
  /** When to look for a better pair. */
  readonly reselectAt: number | null
  readonly routabilityFailures: number
  readonly routabilityNotBefore: number | null
  readonly routabilityDueAt: number | null
  readonly lastHintAt: number | null
  readonly doubts: Doubts
  /** When Child SAs last followed ESP. */
  readonly lastFollowAt: number | null
}

/** Signs that the peer is not in step (section 3.12), and what was done about them. None of it survives a move. */
export interface Doubts {
  /** ESP on other addresses than expected, or missing. */
  readonly esp: {
    readonly lastAt: number
    /** The peer answered on the current pair since. */
    readonly isAlive: boolean
    /** UPDATEs sent for it; the next not before this time, ms. */
    readonly updates: number
    readonly notBefore: number
  } | null
  /** An UPDATE was sent because ESP came encapsulated, or plain, against expectation. */
  readonly encapsulation: boolean
  /** An UPDATE was sent because a liveness check saw other NATs than the last one. */
  readonly nat: boolean
}

/** Of UPDATEs and lists: each has all its tries, and goes out at once. */
export const NOTHING_FAILED: Pick<MobikeState, 'natRetries' | 'failures' | 'updateNotBefore'> = {
  natRetries: 0,
  failures: 0,
  updateNotBefore: null
}

export const NO_DOUBTS: Doubts = { esp: null, encapsulation: false, nat: false }

/** Unanswered `moveChildSas` remembered apart at most: a host that never answers cannot make the state grow. */
export const MAX_CHILD_MOVES = 8

/** Requests of rekeyed IKE SAs remembered: a large window's worth of the last one. */
export const MAX_VOIDED = 64

/** Verified addresses kept at most: a peer cannot make the state grow. */
export const MAX_RECORDS = 64

/** `step` with fields replaced and actions appended. */
export function change(step: MobikeStep, patch: Partial<MobikeState>, ...actions: readonly MobikeAction[]): MobikeStep {
  const state = Object.assign(copyOf(step.state), patch)
  return { state, actions: actions.length === 0 ? step.actions : [...step.actions, ...actions] }
}

/** Field by field: every event makes several copies, and a spread of so many fields costs ten times as much. */
function copyOf(state: MobikeState): MobikeState {
  return {
    role: state.role,
    closed: state.closed,
    natTraversal: state.natTraversal,
    ports: state.ports,
    localPort: state.localPort,
    remotePort: state.remotePort,
    ikePath: state.ikePath,
    childPath: state.childPath,
    encapsulate: state.encapsulate,
    targetEncapsulate: state.targetEncapsulate,
    moveDue: state.moveDue,
    choseSource: state.choseSource,
    childMoves: state.childMoves,
    scattered: state.scattered,
    rollback: state.rollback,
    updatesInDoubt: state.updatesInDoubt,
    nat: state.nat,
    natBaseline: state.natBaseline,
    natCheckAnswered: state.natCheckAnswered,
    natRetries: state.natRetries,
    failures: state.failures,
    updateNotBefore: state.updateNotBefore,
    keepalive: state.keepalive,
    keepaliveDueAt: state.keepaliveDueAt,
    local: state.local,
    remoteCandidates: state.remoteCandidates,
    excluded: state.excluded,
    advertisable: state.advertisable,
    peerAddresses: state.peerAddresses,
    announced: state.announced,
    pairs: state.pairs,
    verified: state.verified,
    answered: state.answered,
    pending: state.pending,
    outstanding: state.outstanding,
    voided: state.voided,
    nextToken: state.nextToken,
    lastUpdateMessageId: state.lastUpdateMessageId,
    lastListMessageId: state.lastListMessageId,
    probing: state.probing,
    allPairsTried: state.allPairsTried,
    silence: state.silence,
    outageSince: state.outageSince,
    outageDeadline: state.outageDeadline,
    restoring: state.restoring,
    fallbackAt: state.fallbackAt,
    reselectAt: state.reselectAt,
    routabilityFailures: state.routabilityFailures,
    routabilityNotBefore: state.routabilityNotBefore,
    routabilityDueAt: state.routabilityDueAt,
    lastHintAt: state.lastHintAt,
    doubts: state.doubts,
    lastFollowAt: state.lastFollowAt
  }
}

/** `step` with intents replaced. */
export function intend(step: MobikeStep, intents: Partial<PendingIntents>): MobikeStep {
  const { update, routability, list, probe, liveness } = step.state.pending
  const pending = Object.assign({ update, routability, list, probe, liveness }, intents)
  return change(step, { pending })
}

/** `step` with actions appended. */
export function act(step: MobikeStep, ...actions: readonly MobikeAction[]): MobikeStep {
  return { state: step.state, actions: [...step.actions, ...actions] }
}
