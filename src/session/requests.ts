import type { Path } from '../bytes/index.ts'
import { EXCHANGE } from '../codec/index.ts'
import type { Payload } from '../codec/types.ts'
import { recordRequest, recordResponse, replaceRecord, restarted, sentOn } from '../exchange/index.ts'
import type { IkeSa, Purpose } from './state.ts'
import { ikeSaById, patch, protect, putIkeSa, retransmissionOf, sendMessage, type Turn } from './turn.ts'
import { withGrant } from './window.ts'

/** Starts an exchange of ours on `sa`: the request is kept until it is answered. The window must allow it. */
export function sendRequest(
  turn: Turn,
  sa: IkeSa,
  exchangeType: number,
  payloads: readonly Payload[],
  purpose: Purpose,
  path: Path
): void {
  const messageId = sa.requests.nextMessageId
  const grants = exchangeType === EXCHANGE.INFORMATIONAL && purpose.kind !== 'deleteIke'
  const said = grants ? withGrant(turn, sa, payloads) : { sa, payloads }
  const bytes = protect(turn, sa, { exchangeType, isResponse: false, messageId, payloads: said.payloads })
  const requests = recordRequest(sa.requests, retransmissionOf(turn), { purpose, bytes, path, now: turn.now })
  putIkeSa(turn, { ...said.sa, requests })
  sendMessage(turn, path, bytes)
}

/** Answers a peer's request from the address it came to, to where it came from (section 2.11), and keeps the answer. */
export function sendResponse(
  turn: Turn,
  saId: number,
  exchangeType: number,
  messageId: number,
  payloads: readonly Payload[],
  path: Path
): void {
  const sa = ikeSaById(turn.state, saId)
  if (sa === undefined) return
  const bytes = protect(turn, sa, { exchangeType, isResponse: true, messageId, payloads })
  putIkeSa(turn, { ...sa, responses: recordResponse(sa.responses, messageId, bytes, turn.request) })
  turn.response = bytes
  sendMessage(turn, path, bytes)
}

/**
 * Every outstanding request of `sa` goes on on `path`, at once and with a fresh schedule; but for the Delete of one that was
 * replaced, which the peer may have forgotten: no path makes that any better.
 */
export function restartRequests(turn: Turn, sa: IkeSa, path: Path): void {
  let { requests } = sa
  for (const record of requests.outstanding) {
    sendMessage(turn, path, record.bytes)
    const again = restarted(record, retransmissionOf(turn), path, turn.now)
    const { attempt } = sa.standing.name === 'leaving' ? record : again
    requests = replaceRecord(requests, { ...again, attempt })
  }
  if (requests !== sa.requests) putIkeSa(turn, { ...sa, requests })
}

/**
 * Whether a pair works is asked on the old IKE SA; a peer that has forgotten it answers only what it is asked on the one that
 * it made, so that question goes there as well.
 */
export function askThereToo(turn: Turn, path: Path): void {
  const successor = turn.state.ikeSas.find(({ standing }) => standing.name === 'successor')
  const question = successor?.requests.outstanding[0]
  if (successor === undefined || question === undefined) return
  sendMessage(turn, path, question.bytes)
  putIkeSa(turn, { ...successor, requests: replaceRecord(successor.requests, sentOn(question, path)) })
}

/** Adds to what is remembered of our outstanding requests. */
export function editOutstanding(turn: Turn, edit: (purpose: Purpose) => Purpose): void {
  const ikeSas = turn.state.ikeSas.map((sa) => {
    const outstanding = sa.requests.outstanding.map((record) => ({ ...record, purpose: edit(record.purpose) }))
    return { ...sa, requests: { ...sa.requests, outstanding } }
  })
  patch(turn, { ikeSas })
}
