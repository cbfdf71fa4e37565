import type { IpAddress, Path } from '../bytes/index.ts'
import type { AddressRangeSelector, DecodeError } from '../codec/types.ts'
import type { ChildSa, Identity, InnerConfiguration } from '../ike/types.ts'
import type { ExcludedPrefix, LocalAddress, MobikeHint, MobikeReport, RemoteCandidate } from '../mobike/types.ts'

/** Every event carries these two. */
export interface EventBase {
  /** Milliseconds of a monotonic clock; never goes back. */
  readonly now: number
  /** At least 32 octets from a cryptographic random source, fresh for every event. */
  readonly entropy: Uint8Array
}

/** What happened outside. Give each to `stepSession` as it happens. */
export type SessionEvent = EventBase &
  /**
   * Start as initiator. IKE_SA_INIT tries the paths in turn (RFC 4555 section 3.1); first is best. Without `paths` they are
   * made of the local addresses and remote candidates told, before or after: the session waits while there are none.
   */
  (
    | { readonly type: 'connectRequested'; readonly paths?: readonly Path[] }
    /**
     * A UDP datagram, or a message from a TCP stream without its length: `path.remote` then says `tcp`. `path.local` is the
     * address and port it arrived at. May alias the socket's buffer.
     */
    | { readonly type: 'datagramReceived'; readonly path: Path; readonly bytes: Uint8Array }
    /** The time of `nextSessionWake` came. Early, late and repeated ticks are harmless. */
    | { readonly type: 'tick' }
    | { readonly type: 'localAddressesChanged'; readonly addresses: readonly LocalAddress[] }
    | { readonly type: 'remoteCandidatesChanged'; readonly endpoints: readonly RemoteCandidate[] }
    | { readonly type: 'excludedPrefixesChanged'; readonly prefixes: readonly ExcludedPrefix[] }
    | { readonly type: 'hintReceived'; readonly hint: MobikeHint }
    /** An `ask` was answered. An answer that is late or unknown is ignored. */
    | { readonly type: 'answered'; readonly id: number; readonly answer: Answer }
    /**
     * Every Child SA of the oldest `moveChildSas` not yet answered was migrated. `rewritten`: those of its
     * `selectorsAtEndpoint` that the host rewrote as well.
     */
    | { readonly type: 'childSasMoved'; readonly rewritten?: readonly SelectorsAtEndpoint[] }
    /**
     * Not all of them could be: only `ids` are where they were, or all without `ids`. IKE SA and Child SAs go back together
     * to a pair that still works, with another `moveChildSas`; where there is none each is rekeyed, and the new one is
     * installed on the new addresses. `reason` is for reports.
     */
    | { readonly type: 'childSaMoveFailed'; readonly reason: string; readonly ids?: readonly number[] }
    /**
     * A valid, fresh ESP packet of Child SA `id` arrived; hosts may sample these. Plain ESP has no ports: those of the
     * Child SA. `encapsulated`: it came in UDP.
     */
    | { readonly type: 'espReceived'; readonly id: number; readonly path: Path; readonly encapsulated?: boolean }
    /** A further Child SA with these selectors; default the configured ones. */
    | {
        readonly type: 'childSaRequested'
        readonly localSelectors?: readonly AddressRangeSelector[]
        readonly remoteSelectors?: readonly AddressRangeSelector[]
      }
    | { readonly type: 'childSaRekeyRequested'; readonly id: number }
    | { readonly type: 'childSaDeleteRequested'; readonly id: number }
    | { readonly type: 'ikeSaRekeyRequested' }
    | { readonly type: 'livenessRequested' }
    /** Send UPDATE_SA_ADDRESSES although nothing changed (MOBIKE initiator only). */
    | { readonly type: 'updateRequested' }
    /** The peer said INITIAL_CONTACT on another IKE SA: it has lost this one, which ends without a message (section 2.4). */
    | { readonly type: 'peerRestarted' }
    /** Delete the IKE SA and everything under it. */
    | { readonly type: 'closeRequested' }
  )

/** An event as it arises, before the run loop adds time and entropy. */
export type SessionNews = SessionEvent extends infer Event
  ? Event extends SessionEvent
    ? Omit<Event, keyof EventBase>
    : never
  : never

/** What the caller must do, in order. */
export type SessionAction =
  /**
   * Send `bytes` as one UDP datagram from `path.local` to `path.remote`; the non-ESP marker is already there on 4500. With
   * `path.remote.transport` `tcp`: behind their length in the TCP stream to there, which the initiator's caller opens from
   * `path.local` if there is none and a responder's has (RFC 9329 sections 3, 4); without a stream they are lost.
   */
  | { readonly type: 'sendDatagram'; readonly path: Path; readonly bytes: Uint8Array }
  /** Install both directions of a Child SA; take its keys with `childSaKeys(session, child.id)` before the next step. */
  | {
      readonly type: 'installChildSa'
      readonly child: ChildSa
      readonly path: Path
      /** UDP-encapsulate its ESP (RFC 3948). */
      readonly encapsulate: boolean
      /** The Child SA it replaces: it goes on receiving until removed. */
      readonly replaces: number | null
      /** When to send on it: at once, or from its first inbound packet or the removal of what it replaces on (section 2.8). */
      readonly outbound: 'now' | 'afterInbound'
    }
  | { readonly type: 'removeChildSa'; readonly id: number }
  /**
   * Migrate all these Child SAs to new outer addresses, in this order; SPIs, keys, sequence numbers, replay windows stay.
   * Where one fails go on with the others. One that is at `to` already, because an earlier move failed for it, counts as
   * moved. Then answer with `childSasMoved` or `childSaMoveFailed`, each `moveChildSas` once and in their order.
   */
  | {
      readonly type: 'moveChildSas'
      /** In the order of their installation: what a later one overwrites in the kernel belongs to the newest. */
      readonly ids: readonly number[]
      readonly from: Path
      readonly to: Path
      readonly encapsulate: boolean
      /** Selectors of these Child SAs that may have to be rewritten with the addresses. */
      readonly selectorsAtEndpoint: readonly SelectorsAtEndpoint[]
    }
  /** Send a single octet 0xFF every `intervalMs` on this path while nothing else is sent there (RFC 3948 section 4). */
  | { readonly type: 'startNatKeepalive'; readonly path: Path; readonly intervalMs: number }
  | { readonly type: 'stopNatKeepalive'; readonly path: Path }
  /** The configuration payload's reply: inner addresses and servers (initiator). */
  | { readonly type: 'applyConfiguration'; readonly configuration: InnerConfiguration }
  /** Answer with an `answered` event of the same `id`. */
  | { readonly type: 'ask'; readonly id: number; readonly question: Question }
  | { readonly type: 'report'; readonly report: SessionReport }

/**
 * Traffic selectors of one side of a Child SA that name the outer address that side had when they were agreed on: the host
 * itself, not a network behind it. RFC 4555 leaves selectors as they are. A caller that wants them to follow the host, as
 * some peers do on both ends without a message, rewrites its policies to `selectors` together with the addresses and says
 * so in `childSasMoved` (F29). Or it asks for a new Child SA with `childSaRequested`.
 */
export interface SelectorsAtEndpoint {
  readonly id: number
  readonly side: 'local' | 'remote'
  /** The outer address that takes the place of the old one. */
  readonly address: IpAddress
  /** All selectors of that side with it in place of the old one. */
  readonly selectors: readonly AddressRangeSelector[]
}

/** What the machine cannot know. */
export type Question =
  /** The pre-shared key of this pair of identities; null for no such key. `peerIdentity` is not yet authenticated, and null when an initiator names none. */
  | { readonly kind: 'preSharedKey'; readonly localIdentity: Identity; readonly peerIdentity: Identity | null }
  /** Inner addresses for an authenticated peer that sent CFG_REQUEST (responder). */
  | {
      readonly kind: 'configuration'
      readonly peerIdentity: Identity
      readonly wantsIpv4: boolean
      readonly wantsIpv6: boolean
    }

/** The answer to a {@link Question}, by the same kind; null where there is none to give. */
export type Answer =
  | { readonly kind: 'preSharedKey'; readonly secret: Uint8Array | null }
  | { readonly kind: 'configuration'; readonly configuration: InnerConfiguration | null }

/** Why a session ended. */
export type CloseReason =
  | 'closedLocally'
  | 'closedByPeer'
  | 'peerRestarted'
  | 'authenticationFailed'
  | 'noProposalChosen'
  | 'noResponse'
  | 'invalidSyntax'
  | 'unexpectedNat'
  | 'cookie2Mismatch'
  | 'outageLimit'
  | 'updateRefused'
  /** No Child SA could be migrated, and the peer made no other in its place. */
  | 'migrationFailed'
  | 'messageIdsExhausted'
  | 'rekeyFailed'
  | 'protocolError'

/** What happened, for logs, tests and user interfaces. Never holds a secret. */
export type SessionReport =
  | { readonly kind: 'established'; readonly path: Path; readonly peerIdentity: Identity; readonly mobike: boolean }
  | { readonly kind: 'closed'; readonly reason: CloseReason }
  /** The authenticated peer has no other IKE SA with us (INITIAL_CONTACT, RFC 7296 section 2.4). */
  | { readonly kind: 'initialContact'; readonly peerIdentity: Identity }
  | { readonly kind: 'childSaEstablished'; readonly id: number }
  /** There will be no new Child SA; `replaces` names the one it was to replace. */
  | { readonly kind: 'childSaFailed'; readonly notifyType: number; readonly replaces?: number }
  | { readonly kind: 'childSaRekeyed'; readonly oldId: number; readonly newId: number }
  | { readonly kind: 'childSaClosed'; readonly id: number }
  | { readonly kind: 'ikeSaRekeyed'; readonly initiatorSpi: string; readonly responderSpi: string }
  | { readonly kind: 'retransmitted'; readonly messageId: number; readonly attempt: number; readonly path: Path }
  /** A datagram without effect on the session; it stays as it was. */
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason; readonly path: Path; readonly error?: DecodeError }
  /** An event without effect. */
  | { readonly kind: 'eventIgnored'; readonly event: SessionEvent['type']; readonly reason: string }
  | { readonly kind: 'violation'; readonly rule: string }
  | { readonly kind: 'mobike'; readonly report: MobikeReport }

/** Why a datagram had no effect. */
export type IgnoredReason =
  | 'malformed'
  | 'unsupportedVersion'
  | 'unknownSpi'
  | 'notIke'
  | 'keepalive'
  /** Its source is port 0, multicast, broadcast or unspecified: forged. */
  | 'unanswerableSource'
  | 'tooLarge'
  | 'integrityFailed'
  | 'unprotected'
  | 'wrongExchange'
  | 'wrongDirection'
  | 'messageIdOutsideWindow'
  | 'repeatedRequestForgotten'
  /** Another request had this Message ID: the peer was restored from an older state. */
  | 'messageIdReused'
  | 'unexpectedResponse'
  | 'unauthenticatedError'
  | 'busy'
  | 'closed'

export type {
  ChildProposal,
  ChildSa,
  ChildSaKeys,
  ChildSuiteIds,
  ConfigurationRequest,
  DirectionKeys,
  Identity,
  IkeProposal,
  InnerConfiguration
} from '../ike/types.ts'
