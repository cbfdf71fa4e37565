import { type Endpoint, type Path, sameEndpoint } from '../bytes/index.ts'
import type { RequestRecord, RequestWindow, RetransmissionPolicy } from './types.ts'

/** The last Message ID an IKE SA may use: before IDs run out it is rekeyed or closed (RFC 7296 section 2.2). */
export const LAST_MESSAGE_ID = 0xffffffff

/** Endpoints remembered per request and side; a request roaming further counts as sent from (to) several anyway. */
const ENDPOINTS_KEPT = 16

/** Requests of a new IKE SA: the window is 1 until the peer says otherwise (RFC 7296 section 2.3). */
export function createRequestWindow<Purpose>(nextMessageId = 0): RequestWindow<Purpose> {
  return { nextMessageId, size: 1, outstanding: [] }
}

/** True when the peer's window and the Message IDs allow one more request. */
export function canRequest<Purpose>(window: RequestWindow<Purpose>): boolean {
  if (window.nextMessageId > LAST_MESSAGE_ID) return false
  const oldest = window.outstanding[0]
  // Section 2.3: request X waits for every response up to X - N, so a gap counts as much as the number outstanding.
  return oldest === undefined || window.nextMessageId - oldest.messageId < window.size
}

/** The window after sending a new request on `path` at `now` (ms). */
export function recordRequest<Purpose>(
  window: RequestWindow<Purpose>,
  policy: RetransmissionPolicy,
  request: { readonly purpose: Purpose; readonly bytes: Uint8Array; readonly path: Path; readonly now: number }
): RequestWindow<Purpose> {
  const record: RequestRecord<Purpose> = {
    messageId: window.nextMessageId,
    purpose: request.purpose,
    bytes: request.bytes,
    sources: [request.path.local],
    destinations: [request.path.remote],
    attempt: 1,
    nextAt: request.now + policy.initialMs
  }
  return {
    nextMessageId: window.nextMessageId + 1,
    size: window.size,
    outstanding: [...window.outstanding, record]
  }
}

/** Takes the request a response answers out of the window; `record` is undefined when there is none. */
export function takeAnswered<Purpose>(
  window: RequestWindow<Purpose>,
  messageId: number
): { readonly window: RequestWindow<Purpose>; readonly record: RequestRecord<Purpose> | undefined } {
  const record = window.outstanding.find((candidate) => candidate.messageId === messageId)
  if (record === undefined) return { window, record: undefined }
  const outstanding = window.outstanding.filter((candidate) => candidate !== record)
  return { window: { ...window, outstanding }, record }
}

/** The peer's SET_WINDOW_SIZE; a window never shrinks within an IKE SA (RFC 7296 section 2.3, B045). */
export function growWindow<Purpose>(window: RequestWindow<Purpose>, size: number): RequestWindow<Purpose> {
  return size > window.size ? { ...window, size } : window
}

/** A record with one more transmission noted on `path`. */
export function sentOn<Purpose>(record: RequestRecord<Purpose>, path: Path): RequestRecord<Purpose> {
  return {
    messageId: record.messageId,
    purpose: record.purpose,
    bytes: record.bytes,
    sources: including(record.sources, path.local),
    destinations: including(record.destinations, path.remote),
    attempt: record.attempt,
    nextAt: record.nextAt
  }
}

/** Replaces the record of the same Message ID. */
export function replaceRecord<Purpose>(
  window: RequestWindow<Purpose>,
  record: RequestRecord<Purpose>
): RequestWindow<Purpose> {
  const outstanding = window.outstanding.map((known) => (known.messageId === record.messageId ? record : known))
  return { ...window, outstanding }
}

/** The record after its scheduled retransmission on `path` at `now`, or undefined when the schedule is used up. */
export function retransmitted<Purpose>(
  record: RequestRecord<Purpose>,
  policy: RetransmissionPolicy,
  path: Path,
  now: number
): RequestRecord<Purpose> | undefined {
  if (record.attempt >= policy.transmissions) return undefined
  const interval = Math.min(policy.initialMs * policy.factor ** record.attempt, policy.maximumMs)
  return { ...sentOn(record, path), attempt: record.attempt + 1, nextAt: now + interval }
}

/** The record at the start of its schedule again, just sent on `path` (RFC 4555 section 3.5 step 4: a move is a new start). */
export function restarted<Purpose>(
  record: RequestRecord<Purpose>,
  policy: RetransmissionPolicy,
  path: Path,
  now: number
): RequestRecord<Purpose> {
  return { ...sentOn(record, path), attempt: 1, nextAt: now + policy.initialMs }
}

/** Stops every schedule: nothing is sent and nothing times out while there is no path. */
export function suspendAll<Purpose>(window: RequestWindow<Purpose>): RequestWindow<Purpose> {
  if (window.outstanding.length === 0) return window
  return { ...window, outstanding: window.outstanding.map((record) => ({ ...record, nextAt: undefined })) }
}

/** The earliest time a schedule acts, ms. */
export function nextRetransmission<Purpose>(window: RequestWindow<Purpose>): number | undefined {
  let earliest: number | undefined
  for (const { nextAt } of window.outstanding) {
    if (nextAt !== undefined && (earliest === undefined || nextAt < earliest)) earliest = nextAt
  }
  return earliest
}

function including(known: readonly Endpoint[], end: Endpoint): readonly Endpoint[] {
  if (known.length >= ENDPOINTS_KEPT || known.some((other) => sameEndpoint(other, end))) return known
  return [...known, end]
}
