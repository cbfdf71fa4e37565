import type { Endpoint, IpAddress, Path } from '../bytes/index.ts'
import type { MobikeState } from './state.ts'

/**
 * The MOBIKE machine of one IKE SA lineage: events in, actions out. It imports neither the IKE machine nor any crypto:
 * whoever owns the exchanges (our session, or another IKE stack) translates.
 *
 * The host asks for work with `nextMobikeRequest` whenever its window allows a new request; the machine keeps intents,
 * not queued messages (design decision 4). NAT_DETECTION payloads are abstract here: the host hashes and compares.
 */

/** MOBIKE role: who started the *first* IKE SA of the lineage (RFC 4555 section 1.3). Never changes. */
export type MobikeRole = 'initiator' | 'responder'

/** An address of this host as the platform reports it. */
export interface LocalAddress {
  readonly address: IpAddress
  /**
   * The UDP port that packets leave from, where it is not the one of IKE_AUTH: an initiator's socket opened anew may have
   * another. A change of the port alone is a move (F43). A responder stays reachable on the port it had.
   */
  readonly port?: number
  /** For people and for policy: `wlan0`. */
  readonly interfaceName?: string
  /** Lower is better; default 0. What the peer's end of a pair costs is added. */
  readonly cost?: number
  /** False while there is no route from it yet (F41); default true. */
  readonly routable?: boolean
  /** IPv6 flags: never candidates unless policy says so (F31). */
  readonly deprecated?: boolean
  readonly temporary?: boolean
  readonly linkLocal?: boolean
  /** False keeps it out of ADDITIONAL_*_ADDRESS (RFC 4555 section 5.5); default true. */
  readonly advertise?: boolean
}

/**
 * An endpoint of the peer that the caller names. With `transport: 'tcp'` the initiator goes there when UDP brings no reply
 * (RFC 9329 section 7.1), the host opening a stream from `path.local` when it is to send on that path.
 */
export interface RemoteCandidate extends Endpoint {
  /** Lower is better; default 0, and 1 for TCP: with the same local address UDP goes first. */
  readonly cost?: number
}

/** An address to exclude although the host has it: inner (virtual) addresses and what is inside own tunnels (F65). */
export interface ExcludedPrefix {
  readonly address: IpAddress
  readonly prefixLength: number
  /** Only what the peer announces is left out, not addresses of ours or endpoints that the caller named. */
  readonly announcedOnly?: boolean
}

/**
 * Things heard that are no proof (RFC 4555 section 3.5): each leads to a liveness check, never to a move. `resumed`: the
 * host was asleep or stopped, and its clock may not show it; what is under way is sent again at once. `noInboundTraffic`:
 * we send ESP and none comes back; where that goes on although the peer answers, the initiator sends an UPDATE.
 */
export type MobikeHint =
  | 'icmpError'
  | 'linkTrouble'
  | 'noInboundTraffic'
  | 'unprotectedNotify'
  | 'addressLost'
  | 'resumed'

/** MOBIKE notifications and their abstract companion, the NAT_DETECTION pair. */
export type MobikeNotify =
  | { readonly kind: 'updateSaAddresses' }
  | { readonly kind: 'additionalAddress'; readonly address: IpAddress }
  | { readonly kind: 'noAdditionalAddresses' }
  | { readonly kind: 'cookie2'; readonly data: Uint8Array }
  | { readonly kind: 'noNatsAllowed'; readonly data: Uint8Array }
  | { readonly kind: 'natDetection' }
  | { readonly kind: 'unacceptableAddresses' }
  | { readonly kind: 'unexpectedNatDetected' }

/** What the host found by comparing received NAT_DETECTION hashes with the received message's own addresses. */
export interface NatObservation {
  /** NAT_DETECTION_DESTINATION_IP did not match: we are behind a NAT. */
  readonly localBehindNat: boolean
  /** No NAT_DETECTION_SOURCE_IP matched: the peer is behind a NAT. */
  readonly remoteBehindNat: boolean
  /** Hexadecimal NAT_DETECTION_DESTINATION_IP as received: our address as the peer sees it, hashed. */
  readonly destinationHash: string
}

/** Why the machine wants an INFORMATIONAL request sent; also its priority, first is first (design decision 4). */
export type MobikePurpose = 'update' | 'routability' | 'addressList' | 'probe' | 'liveness'

/** A request to build: one new INFORMATIONAL exchange. */
export interface MobikeRequest {
  /** Names this request in later events and actions; unique within the lineage. */
  readonly token: number
  readonly purpose: MobikePurpose
  readonly notifies: readonly MobikeNotify[]
  /** Where its first transmission goes. NAT_DETECTION and NO_NATS_ALLOWED are made for this path. */
  readonly path: Path
}

/** Every event carries the time, in ms of a monotonic clock. */
export interface MobikeEventBase {
  readonly now: number
}

/** What the machine is told: addresses, hints, messages, time, and how the host fared with its orders. */
export type MobikeEvent = MobikeEventBase &
  (
    | { readonly type: 'tick' }
    | { readonly type: 'localAddressesChanged'; readonly addresses: readonly LocalAddress[] }
    /** Configured or looked-up peer endpoints; replaces the earlier set of that kind. */
    | { readonly type: 'remoteCandidatesChanged'; readonly endpoints: readonly RemoteCandidate[] }
    | { readonly type: 'excludedPrefixesChanged'; readonly prefixes: readonly ExcludedPrefix[] }
    | { readonly type: 'hintReceived'; readonly hint: MobikeHint }
    /** A liveness check is due by the host's own policy. */
    | { readonly type: 'livenessDue' }
    /** The caller wants an UPDATE although nothing changed (F55). MOBIKE initiator only. */
    | { readonly type: 'updateForced' }
    /**
     * A fresh, authenticated INFORMATIONAL request arrived (never a retransmission: the host answers those from its
     * cache). The actions hold exactly one `answer`.
     */
    | {
        readonly type: 'requestReceived'
        /** Higher for all of a newer IKE SA: the Message ID, and 2^32 for each rekey before (A-O9). */
        readonly messageId: number
        readonly path: Path
        readonly notifies: readonly MobikeNotify[]
        /** Null without NAT_DETECTION. */
        readonly nat: NatObservation | null
      }
    /**
     * The authenticated response to one of our requests: `token` null when the request was not MOBIKE's. `sources` and
     * `destinations` are those its request was ever sent from and to; the same one may be there more than once.
     */
    | {
        readonly type: 'responseReceived'
        readonly token: number | null
        readonly path: Path
        readonly sources: readonly Endpoint[]
        readonly destinations: readonly Endpoint[]
        readonly notifies: readonly MobikeNotify[]
        readonly nat: NatObservation | null
        /** Type of an error notification that is not MOBIKE's, if there is one: the request failed entirely (RFC 7296 section 3.10.1). */
        readonly failedWith?: number
      }
    /** The host retransmitted its oldest outstanding request on its own timer; `attempt` counts from 1. */
    | { readonly type: 'requestRetransmitted'; readonly token: number | null; readonly attempt: number }
    /** The host's retransmission schedule for a request is used up. Answered by `closeIkeSa`, or `retryOutstanding`. */
    | { readonly type: 'requestExhausted'; readonly token: number | null }
    /**
     * One IKE SA of the lineage gave way to the next, whoever rekeyed it: requests not answered are void and asked anew.
     * `movedSince`: the IKE SA's path changed after the next one was made. Some peers keep addresses with each IKE SA, so
     * the UPDATE that was answered on the old one is told the new one as well.
     */
    | { readonly type: 'ikeSaRekeyed'; readonly movedSince?: boolean }
    /** A Child SA was installed on the path of the Child SAs; of interest while a `moveChildSas` is not answered. */
    | { readonly type: 'childSaInstalled' }
    /** The host did what the oldest `moveChildSas` not yet answered asked. */
    | { readonly type: 'childSasMoved' }
    /**
     * The host could not do it. Without `ids` every Child SA is where it was; with them only these are, and all others were
     * moved. The machine takes IKE SA and Child SAs back, or has the Child SAs replaced. `reason` is for reports.
     */
    | { readonly type: 'childSaMoveFailed'; readonly reason: string; readonly ids?: readonly number[] }
    /**
     * A valid, fresh ESP packet arrived on this path (may be sampled by the host); plain ESP has no ports: those of the
     * Child SA. `encapsulated`: it came in UDP.
     */
    | { readonly type: 'espReceived'; readonly path: Path; readonly encapsulated?: boolean }
  )

/** What the host must do, in the order given. */
export type MobikeAction =
  /** Notifications for the response to the request just received; sent to its source, from its destination. */
  | { readonly type: 'answer'; readonly notifies: readonly MobikeNotify[] }
  /** Send the oldest outstanding request's unchanged octets once on this path (RFC 7296 section 2.1); none outstanding: nothing. */
  | { readonly type: 'transmitOutstanding'; readonly path: Path }
  /** The IKE SA has new addresses: every outstanding request goes on there, at once and with fresh retransmission counters. */
  | { readonly type: 'redirectOutstanding'; readonly path: Path }
  /** Start the used-up retransmission schedule of the outstanding requests again. */
  | { readonly type: 'retryOutstanding' }
  /**
   * Migrate every Child SA: SPIs, keys, sequence numbers and replay windows stay. One that is at `to` already, because an
   * earlier move failed for it, counts as moved. Answer each of these, in their order, with `childSasMoved` or
   * `childSaMoveFailed`.
   */
  | { readonly type: 'moveChildSas'; readonly from: Path; readonly to: Path; readonly encapsulate: boolean }
  /**
   * These Child SAs, or all without `ids`, could not be migrated and there is no way back: rekey each (RFC 7296 section
   * 1.3.3), install the new one on `path`, delete the old one. It is not answered. Do not migrate the old ones any more.
   */
  | {
      readonly type: 'renewChildSas'
      readonly path: Path
      readonly encapsulate: boolean
      readonly ids?: readonly number[]
    }
  | { readonly type: 'startNatKeepalive'; readonly path: Path; readonly intervalMs: number }
  | { readonly type: 'stopNatKeepalive'; readonly path: Path }
  /** No usable pair: no retransmission, no timeout, until resumed. */
  | { readonly type: 'suspendRetransmission' }
  /** Deadlines run again; a `redirectOutstanding` follows, which sends. */
  | { readonly type: 'resumeRetransmission' }
  | { readonly type: 'closeIkeSa'; readonly reason: MobikeCloseReason }
  | { readonly type: 'report'; readonly report: MobikeReport }

/** Why the machine ends the IKE SA. `natNotAllowed`: every pair crosses a NAT where policy forbids one (RFC 4555 section 3.9). */
export type MobikeCloseReason = 'cookie2Mismatch' | 'noResponse' | 'outageLimit' | 'natNotAllowed' | 'updateRefused'

/** What happened, for logs, tests and user interfaces. Never holds a secret. */
export type MobikeReport =
  | { readonly kind: 'moving'; readonly from: Path; readonly to: Path }
  | { readonly kind: 'moved'; readonly path: Path; readonly encapsulate: boolean }
  | { readonly kind: 'peerMoved'; readonly from: Path; readonly to: Path }
  | { readonly kind: 'pathFailed'; readonly path: Path }
  | { readonly kind: 'pathWorks'; readonly path: Path; readonly roundTripMs: number }
  | { readonly kind: 'noPath' }
  | { readonly kind: 'pathRestored'; readonly path: Path }
  | { readonly kind: 'peerAddresses'; readonly addresses: readonly IpAddress[] }
  | { readonly kind: 'routabilityVerified'; readonly address: IpAddress }
  | { readonly kind: 'refused'; readonly path: Path; readonly by: 'local' | 'peer' }
  /** A liveness check saw another NAT mapping, or other NATs, than the last UPDATE: another UPDATE follows. */
  | { readonly kind: 'natMappingChanged' }
  /**
   * The IKE SA ends because a liveness check with NAT_DETECTION was not answered, nor was any such check before: perhaps
   * the peer never does. The next IKE SA may do without them (policy `natDetectionInLiveness`); on this one the request
   * without an answer blocks the window.
   */
  | { readonly kind: 'natDetectionUnanswered' }
  /** The peer answers, but its ESP comes from or goes elsewhere than to this pair: an UPDATE tells it again. */
  | { readonly kind: 'outOfStep'; readonly path: Path }
  /** The Child SAs followed the peer's ESP (policy `espUpdates`). */
  | { readonly kind: 'espFollowed'; readonly from: Path; readonly to: Path }
  | { readonly kind: 'unexpectedNat'; readonly by: 'local' | 'peer' }
  /** The host could not migrate its Child SAs, or only these could it not. */
  | { readonly kind: 'moveFailed'; readonly reason: string; readonly ids?: readonly number[] }
  /** An UPDATE was answered with an error of this type, which is not MOBIKE's. It is sent again later. */
  | { readonly kind: 'updateFailed'; readonly notifyType: number }
  | { readonly kind: 'violation'; readonly rule: string }
  | { readonly kind: 'ignored'; readonly reason: string }

/** UDP ports of IKE, host order. Both ends use the same pair. */
export interface MobikePorts {
  /** 500. ESP is never UDP-encapsulated here (RFC 7296 section 2.23). */
  readonly ike: number
  /** 4500: where the IKE SA lives once both ends do NAT traversal (RFC 4555 section 3.3). */
  readonly natTraversal: number
}

/** What `createMobike` needs to know when the IKE SA is established and both sides sent MOBIKE_SUPPORTED. */
export interface MobikeInit {
  /** Milliseconds of the monotonic clock all later events use. */
  readonly now: number
  readonly role: MobikeRole
  /** The addresses of the first IKE_AUTH request: where IKE and Child SAs start (RFC 4555 section 3.3). */
  readonly path: Path
  /** Both ends do NAT traversal: NAT_DETECTION was exchanged in IKE_SA_INIT. False makes NO_NATS_ALLOWED compulsory. */
  readonly natTraversal: boolean
  /** What IKE_SA_INIT showed; null without NAT_DETECTION. */
  readonly nat: NatObservation | null
  /**
   * Where IKE_SA_INIT ran. Its NAT hash is a baseline for mapping changes (section 3.8) only when this equals `path`:
   * a hash of the port 500 flow says nothing about port 4500. Without it there is no baseline yet. When its peer address is
   * not that of `path`, the latter has shown nothing and is checked as a new one would be (section 3.7).
   */
  readonly initPath?: Path
  /** ADDITIONAL_*_ADDRESS the peer sent in IKE_AUTH; its own header address need not be among them. */
  readonly peerAddresses: readonly IpAddress[]
  readonly localAddresses: readonly LocalAddress[]
  /** Default 500 and 4500. */
  readonly ports?: MobikePorts
  /** Configured peer endpoints (initiator). `ports.ike` is taken as `ports.natTraversal` once the IKE SA has moved there. */
  readonly remoteCandidates: readonly RemoteCandidate[]
  readonly excludedPrefixes: readonly ExcludedPrefix[]
}

/** A new state and what the host must do, in order. */
export interface MobikeStep {
  readonly state: MobikeState
  readonly actions: readonly MobikeAction[]
}
