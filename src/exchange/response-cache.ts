import type { ResponseCache } from './types.ts'

/** The peer's requests of a new IKE SA; `size` is the window we grant (RFC 7296 section 2.3). */
export function createResponseCache(nextMessageId = 0, size = 1): ResponseCache {
  return { nextMessageId, size, responses: [] }
}

/** What a peer's request is, by its Message ID alone. */
export type RequestClass =
  /** Not seen before: process it. */
  | { readonly kind: 'new' }
  /** Answered before: send these octets again and do nothing else (RFC 7296 section 2.1). */
  | { readonly kind: 'repeated'; readonly response: Uint8Array }
  /** Answered before, but the response is gone: ignore. */
  | { readonly kind: 'forgotten' }
  /** Beyond the window: ignore, never acknowledge (section 2.3). */
  | { readonly kind: 'outsideWindow' }

/** Classifies a peer's request. */
export function classifyRequest(cache: ResponseCache, messageId: number): RequestClass {
  const cached = cache.responses.find((response) => response.messageId === messageId)
  if (cached !== undefined) return { kind: 'repeated', response: cached.bytes }
  if (messageId < cache.nextMessageId) return { kind: 'forgotten' }
  return messageId < cache.nextMessageId + cache.size ? { kind: 'new' } : { kind: 'outsideWindow' }
}

/**
 * The cache after answering a request. A peer that sends request X has the responses to all up through X - `size`
 * (RFC 7296 section 2.3), so those go, and never more than `size` are kept, in whatever order requests come.
 */
export function recordResponse(cache: ResponseCache, messageId: number, bytes: Uint8Array): ResponseCache {
  const responses = [...cache.responses, { messageId, bytes }]
  let nextMessageId = cache.nextMessageId
  while (responses.some((response) => response.messageId === nextMessageId)) nextMessageId++
  const highest = responses.reduce((known, response) => Math.max(known, response.messageId), messageId)
  const kept = responses.filter((response) => response.messageId > highest - cache.size)
  return { nextMessageId, size: cache.size, responses: kept }
}
