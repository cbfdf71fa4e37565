import type { Endpoint } from '../bytes/index.ts'

/** When and how often a request is sent again (RFC 7296 section 2.4: intervals grow exponentially). */
export interface RetransmissionPolicy {
  /** Milliseconds from the first transmission to the second. */
  readonly initialMs: number
  /** Each interval is this many times the one before. */
  readonly factor: number
  /** No interval is longer, in milliseconds. */
  readonly maximumMs: number
  /** Transmissions in all, the first included; when the last one's interval is over the request is exhausted. */
  readonly transmissions: number
}

/**
 * One of our requests that has no response yet. The octets never change (RFC 7296 section 2.1); addresses may, and both
 * sets are kept because several sources void an address list and several destinations void a routability proof
 * (RFC 4555 sections 3.6 and 3.7).
 */
export interface RequestRecord<Purpose> {
  readonly messageId: number
  readonly purpose: Purpose
  /** The IKE message, without the non-ESP marker. */
  readonly bytes: Uint8Array
  readonly sources: readonly Endpoint[]
  readonly destinations: readonly Endpoint[]
  /** Transmissions on the schedule so far. */
  readonly attempt: number
  /** When the schedule acts next, ms; undefined while suspended. */
  readonly nextAt: number | undefined
}

/** Our requests of one IKE SA. */
export interface RequestWindow<Purpose> {
  /** Message ID of the next new request. */
  readonly nextMessageId: number
  /** Requests the peer lets us have outstanding (RFC 7296 section 2.3). */
  readonly size: number
  /** By ascending Message ID. */
  readonly outstanding: readonly RequestRecord<Purpose>[]
}

/** A response kept for the peer's retransmissions. */
export interface CachedResponse {
  readonly messageId: number
  readonly bytes: Uint8Array
  /** The end of the request, with its checksum: which request it was that had this Message ID. */
  readonly requestEnd: Uint8Array
}

/** The peer's requests of one IKE SA. */
export interface ResponseCache {
  /** Lowest Message ID of a request not yet answered. */
  readonly nextMessageId: number
  /** Requests we let the peer have outstanding, and so how many responses are kept (RFC 7296 section 2.3). */
  readonly size: number
  readonly responses: readonly CachedResponse[]
}
