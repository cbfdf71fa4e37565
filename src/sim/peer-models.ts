import { DEFAULT_MOBIKE_POLICY, type MobikePolicy } from '../mobike/index.ts'

/** What a peer does otherwise than RFC 4555 and this library would: each switch is something that was seen. */
export interface PeerQuirks {
  /** Returns COOKIE2: always as it must (section 4.2.5), only in responses that have NAT_DETECTION too, or never. */
  readonly returnsCookie2: 'always' | 'besideNatDetection' | 'never'
  /** Protocol ID of COOKIE2, which must be 0 (section 4.2.5). */
  readonly cookie2Protocol: number
  /** Leaves NAT_DETECTION out of responses (section 3.8 has it there when the request had it). */
  readonly omitsNatDetection: boolean
  /** Never answers a request with NAT_DETECTION that is neither an UPDATE nor a routability check. */
  readonly dropsNatDetectionChecks: boolean
  /** Answers requests that come while its own UPDATE is outstanding with TEMPORARY_FAILURE, COOKIE2 or not. */
  readonly busyDuringUpdate: boolean
  /** Takes any INFORMATIONAL request for an UPDATE_SA_ADDRESSES, path tests and liveness checks included. */
  readonly movesOnAnyRequest: boolean
  /** Does not look at UNACCEPTABLE_ADDRESSES and UNEXPECTED_NAT_DETECTED in responses (section 3.5, 3.9). */
  readonly ignoresRefusals: boolean
  /** ADDITIONAL_*_ADDRESS it can take in one message; one with more gets no answer. */
  readonly addressLimit: number
}

/** None: what this library does. */
export const NO_QUIRKS: PeerQuirks = {
  returnsCookie2: 'always',
  cookie2Protocol: 0,
  omitsNatDetection: false,
  dropsNatDetectionChecks: false,
  busyDuringUpdate: false,
  movesOnAnyRequest: false,
  ignoresRefusals: false,
  addressLimit: Number.POSITIVE_INFINITY
}

/** Another implementation, as far as it is known by its behaviour. For a session host: policy and quirks. */
export interface PeerModel {
  readonly quirks: PeerQuirks
  readonly mobike: MobikePolicy
}

const unchecked: MobikePolicy = {
  ...DEFAULT_MOBIKE_POLICY,
  routability: { ...DEFAULT_MOBIKE_POLICY.routability, when: 'never' }
}

/** Implementations of others as they have been described and seen; not their code. */
export const PEER_MODELS: {
  readonly strongSwan: PeerModel
  readonly libreswan: PeerModel
  readonly openIked: PeerModel
  readonly android: PeerModel
} = {
  /** Moves at once, asks for no proof, ignores refusals; older ones broke on more than eight addresses. */
  strongSwan: { mobike: unchecked, quirks: { ...NO_QUIRKS, ignoresRefusals: true, addressLimit: 8 } },
  /** Returns COOKIE2 only where it answers NAT_DETECTION. */
  libreswan: { mobike: unchecked, quirks: { ...NO_QUIRKS, returnsCookie2: 'besideNatDetection' } },
  /** Follows whatever packet comes from elsewhere; its COOKIE2 has Protocol ID 1. */
  openIked: { mobike: unchecked, quirks: { ...NO_QUIRKS, movesOnAnyRequest: true, cookie2Protocol: 1 } },
  /** A client: while it tells of its own move it is busy for everything else. */
  android: { mobike: DEFAULT_MOBIKE_POLICY, quirks: { ...NO_QUIRKS, busyDuringUpdate: true } }
}
