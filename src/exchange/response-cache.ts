import { equalBytes } from '../bytes/index.ts'
import type { ResponseCache } from './types.ts'

/** So much of the end tells two messages with different IVs apart, whatever the checksum's length. */
const END_OCTETS = 16

/** The peer's requests of a new IKE SA; `size` is the window we grant (RFC 7296 section 2.3). */
export function createResponseCache(nextMessageId = 0, size = 1): ResponseCache {
  return { nextMessageId, size, responses: [] }
}

/** What a peer's request is, by its Message ID and, where that was used before, by what it was used for. */
export type RequestClass =
  /** Not seen before: process it. */
  | { readonly kind: 'new' }
  /** Answered before: send these octets again and do nothing else (RFC 7296 section 2.1). */
  | { readonly kind: 'repeated'; readonly response: Uint8Array }
  /** Answered before, but the response is gone: ignore. */
  | { readonly kind: 'forgotten' }
  /**
   * Another request had this Message ID: the peer went back in time, as from an older snapshot. It is no retransmission, for
   * those are bitwise identical (section 2.1), and must not get the other's response.
   */
  | { readonly kind: 'reused' }
  /** Beyond the window: ignore, never acknowledge (section 2.3). */
  | { readonly kind: 'outsideWindow' }

/** Classifies a peer's request, whose checksum was found right. `request` is the whole message. */
export function classifyRequest(cache: ResponseCache, messageId: number, request: Uint8Array): RequestClass {
  const cached = cache.responses.find((response) => response.messageId === messageId)
  if (cached !== undefined) {
    const isSame = equalBytes(cached.requestEnd, endOf(request))
    return isSame ? { kind: 'repeated', response: cached.bytes } : { kind: 'reused' }
  }
  if (messageId < cache.nextMessageId) return { kind: 'forgotten' }
  return messageId < cache.nextMessageId + cache.size ? { kind: 'new' } : { kind: 'outsideWindow' }
}

/**
 * The cache after answering a request. A peer that sends request X has the responses to all up through X - `size`
 * (RFC 7296 section 2.3), so those go, and never more than `size` are kept, in whatever order requests come.
 */
export function recordResponse(
  cache: ResponseCache,
  messageId: number,
  bytes: Uint8Array,
  request: Uint8Array
): ResponseCache {
  const responses = [...cache.responses, { messageId, bytes, requestEnd: endOf(request).slice() }]
  let nextMessageId = cache.nextMessageId
  while (responses.some((response) => response.messageId === nextMessageId)) nextMessageId++
  const highest = responses.reduce((known, response) => Math.max(known, response.messageId), messageId)
  const kept = responses.filter((response) => response.messageId > highest - cache.size)
  return { nextMessageId, size: cache.size, responses: kept }
}

function endOf(request: Uint8Array): Uint8Array {
  return request.subarray(Math.max(0, request.length - END_OCTETS))
}
