import type { Path } from '../bytes/index.ts'
import { EXCHANGE } from '../codec/index.ts'
import type { NotifyPayload, Payload } from '../codec/types.ts'
import { canRequest, replaceRecord, sentOn, suspendAll } from '../exchange/index.ts'
import { natDetectionHashes } from '../ike/index.ts'
import type { NatDetectionHashes } from '../ike/nat-detection.ts'
import {
  type MobikeAction,
  type MobikeCloseReason,
  type MobikeEvent,
  type MobikeNotify,
  mobikeNotifyPayloads,
  nextMobikeRequest,
  stepMobike,
  wantsMobikeRequest
} from '../mobike/index.ts'
import { moveChildren, renewChildren } from './child-moves.ts'
import { askThereToo, restartRequests, sendRequest } from './requests.ts'
import type { IkeSa, Standing } from './state.ts'
import {
  activeIkeSa,
  close,
  currentPath,
  patch,
  protect,
  putIkeSa,
  random,
  report,
  sendMessage,
  spisOf,
  type Turn
} from './turn.ts'
import type { CloseReason } from './types.ts'

/** Tells the MOBIKE machine something and does what it says. Without a machine nothing happens. */
export function tellMobike(turn: Turn, event: MobikeEvent, answer?: (notifies: readonly MobikeNotify[]) => void): void {
  const { mobike } = turn.state
  const policy = turn.config.mobike
  if (mobike === null || policy === null) return
  const step = stepMobike(policy, mobike, event)
  patch(turn, { mobike: step.state })
  obeyMobike(turn, step.actions, answer)
}

/** Carries out the machine's actions in their order. */
export function obeyMobike(
  turn: Turn,
  actions: readonly MobikeAction[],
  answer?: (notifies: readonly MobikeNotify[]) => void
): void {
  for (const action of actions) {
    // Nothing goes on after the end but what the end asks for.
    if (turn.state.phase.name === 'closed' && action.type !== 'stopNatKeepalive') continue
    switch (action.type) {
      case 'answer':
        answer?.(action.notifies)
        break
      case 'transmitOutstanding':
        transmitOldest(turn, action.path)
        break
      case 'redirectOutstanding':
        resume(turn)
        restartOutstanding(turn, action.path)
        break
      case 'retryOutstanding':
        restartOutstanding(turn, currentPath(turn.state))
        break
      case 'moveChildSas':
        // None at all is a move that is done (F45).
        if (!moveChildren(turn, action.from, action.to, action.encapsulate)) {
          tellMobike(turn, { type: 'childSasMoved', now: turn.now })
        }
        break
      case 'renewChildSas':
        renewChildren(turn, action.ids)
        break
      case 'startNatKeepalive':
      case 'stopNatKeepalive':
        turn.actions.push(action)
        break
      case 'suspendRetransmission':
        patch(turn, {
          suspendedSince: turn.state.suspendedSince ?? turn.now,
          ikeSas: turn.state.ikeSas.map((sa) => ({ ...sa, requests: suspendAll(sa.requests) }))
        })
        break
      case 'resumeRetransmission':
        // The `redirectOutstanding` that follows sends.
        resume(turn)
        break
      case 'closeIkeSa':
        endFor(turn, action.reason)
        break
      case 'report':
        report(turn, { kind: 'mobike', report: action.report })
        break
    }
  }
}

/** Sends the machine's most urgent request, if it has one. The window allows it. */
export function sendMobikeRequest(turn: Turn, sa: IkeSa): boolean {
  const { mobike } = turn.state
  const policy = turn.config.mobike
  if (mobike === null || policy === null || !wantsMobikeRequest(mobike, turn.now)) return false
  // Its own share of the entropy: COOKIE2 is shown to the peer, so it must not tell anything about IVs or keys.
  const next = nextMobikeRequest(policy, mobike, { now: turn.now, entropy: random(turn, 'mobike', 32) })
  patch(turn, { mobike: next.state })
  const { request } = next
  if (request === null) return false
  const payloads = payloadsFor(request.notifies, () => natDetectionHashes(spisOf(sa), request.path))
  sendRequest(turn, sa, EXCHANGE.INFORMATIONAL, payloads, { kind: 'mobike', token: request.token }, request.path)
  askThereToo(turn, request.path)
  return true
}

/** Notify payloads of a message; NAT_DETECTION is made for exactly the path of the message, whose hashes are given. */
export function payloadsFor(
  notifies: readonly MobikeNotify[],
  pathHashes: () => NatDetectionHashes
): readonly NotifyPayload[] {
  const hashes = notifies.some(({ kind }) => kind === 'natDetection') ? pathHashes() : null
  return mobikeNotifyPayloads(notifies, hashes)
}

/** Ends the session with one Delete that waits for no answer, on every IKE SA that the peer may be using. */
export function abandon(turn: Turn, reason: CloseReason): void {
  for (const sa of turn.state.ikeSas) {
    // Section 2.3: not even the last request exceeds the peer's window.
    if (turn.state.phase.name !== 'established' || sa.standing.name === 'leaving' || !canRequest(sa.requests)) continue
    const payloads: readonly Payload[] = [{ kind: 'delete', protocol: 1, spiSize: 0, spis: [] }]
    const messageId = sa.requests.nextMessageId
    const message = { exchangeType: EXCHANGE.INFORMATIONAL, isResponse: false, messageId, payloads }
    sendMessage(turn, currentPath(turn.state), protect(turn, sa, message))
  }
  close(turn, reason)
}

const CLOSE_REASONS: Readonly<Record<MobikeCloseReason, CloseReason>> = {
  cookie2Mismatch: 'cookie2Mismatch',
  noResponse: 'noResponse',
  outageLimit: 'outageLimit',
  natNotAllowed: 'unexpectedNat',
  updateRefused: 'updateRefused'
}

function endFor(turn: Turn, reason: MobikeCloseReason): void {
  // RFC 7296 section 2.1: an IKE SA deemed failed is dropped without further messages.
  if (reason === 'noResponse' || reason === 'outageLimit') close(turn, CLOSE_REASONS[reason])
  else abandon(turn, CLOSE_REASONS[reason])
}

/** There is a path again: what IKE SAs wait for has stood still since it went. */
function resume(turn: Turn): void {
  const { suspendedSince } = turn.state
  if (suspendedSince === null) return
  const away = turn.now - suspendedSince
  patch(turn, {
    suspendedSince: null,
    ikeSas: turn.state.ikeSas.map((sa) => ({ ...sa, standing: later(sa.standing, away) }))
  })
}

function later(standing: Standing, ms: number): Standing {
  if (standing.name === 'successor') return { ...standing, askAt: standing.askAt + ms }
  if (standing.name === 'leaving' && standing.deadline !== null)
    return { ...standing, deadline: standing.deadline + ms }
  return standing
}

/** Every outstanding request goes on on `path`, at once and with a fresh schedule (RFC 4555 section 3.5, step 4). */
function restartOutstanding(turn: Turn, path: Path): void {
  for (const sa of turn.state.ikeSas) restartRequests(turn, sa, path)
}

function transmitOldest(turn: Turn, path: Path): void {
  const sa = activeIkeSa(turn.state)
  const record = sa?.requests.outstanding[0]
  if (sa === undefined || record === undefined) return
  sendMessage(turn, path, record.bytes)
  putIkeSa(turn, { ...sa, requests: replaceRecord(sa.requests, sentOn(record, path)) })
  askThereToo(turn, path)
}
