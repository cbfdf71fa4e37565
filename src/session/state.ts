import type { IpAddress, Path } from '../bytes/index.ts'
import type { AddressRangeSelector } from '../codec/types.ts'
import type { RequestWindow, ResponseCache } from '../exchange/index.ts'
import type { ChildSa, Identity, IkeSuiteIds, NatObservation } from '../ike/index.ts'
import type { ExcludedPrefix, LocalAddress, MobikeRole, MobikeState, RemoteCandidate } from '../mobike/index.ts'
import type { CloseReason } from './types.ts'

/** One IKE SA lineage: plain data without secrets, and the secrets beside it. Both are structured-clonable. */
export interface Session {
  readonly state: SessionState
  readonly secrets: SessionSecrets
}

/** Keys and private values. Never log it, never send it anywhere. */
export interface SessionSecrets {
  /** `SK_d | SK_ai | …` by IKE SA id. */
  readonly ikeKeys: Readonly<Record<number, Uint8Array>>
  /** KEYMAT by Child SA id. */
  readonly childKeys: Readonly<Record<number, Uint8Array>>
  /** Private keys of exchanges under way, by exchange id. */
  readonly privateKeys: Readonly<Record<number, Uint8Array>>
  /** The pre-shared key while the peer is not authenticated yet. */
  readonly preSharedKey: Uint8Array | null
}

/** Everything about a session that is no secret. */
export interface SessionState {
  /** The MOBIKE role: who started the first IKE SA of the lineage (RFC 4555 section 1.3). Never changes. */
  readonly role: MobikeRole
  readonly phase: Phase
  /** Where IKE runs while there is no MOBIKE machine; null before the first datagram. */
  readonly path: Path | null
  /** Where IKE_SA_INIT ran: its NAT hashes describe this flow, not the one on 4500. */
  readonly initPath: Path | null
  /** What the initial exchange found. */
  readonly nat: NatFacts
  /** Where NAT keepalives run while there is no MOBIKE machine. */
  readonly keepalive: Path | null
  /** The SA new requests go to comes first. */
  readonly ikeSas: readonly IkeSa[]
  readonly children: readonly Child[]
  readonly tasks: readonly Task[]
  readonly mobike: MobikeState | null
  readonly surroundings: Surroundings
  /** What is inside the tunnels, and so no outer address (F65). */
  readonly inner: readonly ExcludedPrefix[]
  /** What further Child SAs may carry; set when the first is negotiated. */
  readonly allowed: AllowedTraffic
  /** When a liveness check is due unless the peer shows life before, ms; null for never. */
  readonly livenessAt: number | null
  /** There is no path since then, ms: no retransmission, and no deadline of an IKE SA passes. */
  readonly suspendedSince: number | null
  /** MOBIKE requests sent in a row while other work was waiting: a peer that causes them must not hold that up for ever. */
  readonly mobikeInRow: number
  /** The next handle for SAs, exchanges and questions. */
  readonly nextId: number
}

export interface NatFacts {
  /** Both ends do NAT traversal. */
  readonly traversal: boolean
  /** What NAT_DETECTION showed; null without it. */
  readonly observation: NatObservation | null
}

/** Traffic selectors of both sides. */
export interface AllowedTraffic {
  readonly local: readonly AddressRangeSelector[]
  readonly remote: readonly AddressRangeSelector[]
}

/** What the caller said about addresses. */
export interface Surroundings {
  readonly localAddresses: readonly LocalAddress[]
  readonly remoteCandidates: readonly RemoteCandidate[]
  readonly excludedPrefixes: readonly ExcludedPrefix[]
}

/** Named by what is awaited; each phase carries only its own data. */
export type Phase =
  | { readonly name: 'idle' }
  /** Told to connect, and no address to send from or to yet. */
  | { readonly name: 'expectAddresses' }
  | InitiatingPhase
  | ({ readonly name: 'expectOwnCredential'; readonly question: number; readonly handshake: Handshake } & Attempts)
  | ({ readonly name: 'expectAuthResponse' } & AuthRequested)
  | { readonly name: 'expectInitRequest' }
  | { readonly name: 'expectAuthRequest'; readonly handshake: Handshake; readonly deadline: number }
  | ({ readonly name: 'expectPeerCredential'; readonly question: number; readonly deadline: number } & AuthReceived)
  | ({
      readonly name: 'expectConfiguration'
      readonly question: number
      readonly deadline: number
      readonly peerIdentity: Identity
    } & AuthReceived)
  | { readonly name: 'established'; readonly peerIdentity: Identity }
  | { readonly name: 'closed'; readonly reason: CloseReason; readonly farewell: Farewell | null }

/**
 * The peer's request that ended the session, and its answer: a peer that lost the answer repeats the very same octets
 * (RFC 7296 section 2.1), so no key is needed to know them again.
 */
export interface Farewell {
  readonly request: Uint8Array
  readonly response: Uint8Array
  /** Forgotten then, ms. */
  readonly until: number
}

/** Where an initiator tries to set up the IKE SA, and how far it is. */
export interface Attempts {
  /** The caller's own list; null where the paths are made of the surroundings. */
  readonly given: readonly Path[] | null
  readonly paths: readonly Path[]
  /** Which of the paths this attempt uses; attempts go round them (RFC 4555 section 3.1). */
  readonly attempt: number
  /** Attempts that IKE_AUTH ended with UNEXPECTED_NAT_DETECTED (RFC 4555 section 3.9). */
  readonly natRefusals: number
}

/** IKE_SA_INIT is on its way. */
export interface InitiatingPhase extends Attempts {
  readonly name: 'expectInitResponse'
  readonly initiatorSpi: string
  readonly group: number
  /** Key Exchange Data of `group`; its private key is in the secrets, named by `exchange`. */
  readonly publicKey: Uint8Array
  readonly nonce: Uint8Array
  readonly cookie: Uint8Array | null
  /** COOKIE and INVALID_KE_PAYLOAD answers obeyed so far. */
  readonly rounds: number
  readonly request: Uint8Array
  readonly transmissions: number
  readonly nextAt: number
  /** An unauthenticated error and when it is believed. */
  readonly failure: { readonly type: number; readonly believedAt: number } | null
  readonly exchange: number
}

/** What AUTH signs: both IKE_SA_INIT messages and nonces (RFC 7296 section 2.15). */
export interface Handshake {
  readonly initRequest: Uint8Array
  readonly initResponse: Uint8Array
  readonly nonceInitiator: Uint8Array
  readonly nonceResponder: Uint8Array
}

/** Our IKE_AUTH request is on its way. */
export interface AuthRequested extends Attempts {
  readonly handshake: Handshake
  readonly childSpi: number
}

/** The peer's IKE_AUTH request, verified but not answered. */
export interface AuthReceived {
  readonly handshake: Handshake
  /** The request as it came, without the non-ESP marker. */
  readonly request: Uint8Array
  readonly messageId: number
  readonly path: Path
  readonly firstInner: number
  readonly inner: Uint8Array
}

/** One IKE SA of the lineage. */
export interface IkeSa {
  readonly id: number
  /** The header's Initiator flag: we started *this* IKE SA. */
  readonly startedHere: boolean
  /** Hexadecimal, 16 digits. */
  readonly initiatorSpi: string
  readonly responderSpi: string
  readonly suite: IkeSuiteIds
  /** 0 for the first IKE SA, one more with each rekey. */
  readonly generation: number
  readonly requests: RequestWindow<Purpose>
  readonly responses: ResponseCache
  readonly standing: Standing
  /** When it is rekeyed, ms; null for never. */
  readonly rekeyAt: number | null
}

/** An IKE SA's part in the lineage. */
export type Standing =
  /** New requests go here. */
  | { readonly name: 'active' }
  /**
   * The peer rekeyed: becomes active once the peer uses it, deletes the old one, or answers on it what it is asked at
   * `askAt`, ms. By time alone it never does: our response to the rekey may be lost, and then the peer knows the old one
   * alone. `asked` says how often. Nonces decide a collision (section 2.8.2). `path`
   * is where the peer thinks it runs: a move made known on the old IKE SA since may not have reached it.
   */
  | {
      readonly name: 'successor'
      readonly lowestNonce: Uint8Array
      readonly askAt: number
      readonly asked: number
      readonly path: Path
    }
  /** Another SA took its place; we delete it, or the peer does, at the latest at the deadline. */
  | { readonly name: 'leaving'; readonly deleteHere: boolean; readonly deadline: number | null }

/** One Child SA and what is happening to it. */
export interface Child {
  readonly sa: ChildSa
  /** We initiated the exchange that made it: our keys come first in KEYMAT (RFC 7296 section 2.17). */
  readonly startedHere: boolean
  readonly rekeyAt: number | null
  /** Our Delete is on its way or waiting. */
  readonly closing: boolean
  /** The Child SA it was made to replace, by whichever side. */
  readonly rekeyOf: number | null
  /** The host could not migrate it: another is to take its place, and it is moved no more. */
  readonly stranded: boolean
  /** The address of a side that its selectors name as a host and that was its outer address when they were agreed on (F29). */
  readonly selectsEndpoint: { readonly local: IpAddress | null; readonly remote: IpAddress | null }
}

/** Work waiting for the window, by the caller's wish or by a timer. */
export type Task = {
  /** Not before this time, ms. */
  readonly notBefore: number
  /** When it first failed with TEMPORARY_FAILURE, ms, put off by the time that answers took since. */
  readonly failingSince: number | null
} & TaskKind

export type TaskKind =
  | {
      readonly kind: 'createChild'
      readonly localSelectors: readonly AddressRangeSelector[]
      readonly remoteSelectors: readonly AddressRangeSelector[]
      readonly group: number | null
    }
  | { readonly kind: 'rekeyChild'; readonly id: number; readonly group: number | null }
  /** `spi` is ours: what the peer must stop sending on. */
  | { readonly kind: 'deleteChild'; readonly id: number; readonly spi: number }
  | { readonly kind: 'rekeyIke'; readonly group: number | null }
  | { readonly kind: 'closeIke'; readonly reason: CloseReason }
  | { readonly kind: 'liveness' }

/** What one of our requests is about; comes back with its response. */
export type Purpose =
  | { readonly kind: 'auth' }
  | { readonly kind: 'mobike'; readonly token: number }
  | {
      readonly kind: 'createChild'
      readonly task: Task
      readonly spi: number
      readonly nonce: Uint8Array
      readonly group: number | null
      /** Names the private key in the secrets. */
      readonly exchange: number
      readonly localSelectors: readonly AddressRangeSelector[]
      readonly remoteSelectors: readonly AddressRangeSelector[]
      readonly replaces: number | null
      /** Lowest nonce of the peer's own rekey of the same Child SA: nonces decide which one stays (RFC 7296 section 2.8.1). */
      readonly rivalNonce: Uint8Array | null
      /** SPIs the peer deleted that are not known here: one may be in the response that has not come yet. */
      readonly deletedSpis: readonly number[]
    }
  | {
      readonly kind: 'rekeyIke'
      readonly task: Task
      readonly spi: string
      readonly nonce: Uint8Array
      readonly group: number
      readonly exchange: number
    }
  | { readonly kind: 'deleteChild'; readonly id: number; readonly spi: number }
  /** `reason`: why the session ends with it; an IKE SA that was replaced goes without one. */
  | { readonly kind: 'deleteIke'; readonly reason: CloseReason | null }
  | { readonly kind: 'liveness' }
