import { type Endpoint, type IpAddress, sameEndpoint, samePath } from '../bytes/index.ts'
import { backOff } from './back-off.ts'
import { abandonPath, beginMove, close, moveChildren, settleMove, whereInDoubt } from './move.ts'
import { adoptNat, compareNatMapping } from './nat.ts'
import { withRecord, withRefusal } from './path-table.ts'
import type { MobikePolicy } from './policy.ts'
import { pathReplied } from './probing.ts'
import {
  cookie2Verdict,
  isChecking,
  isProven,
  mayMoveTo,
  noteAnswer,
  provenAddress,
  type ResponseReceived,
  retryRoutability,
  verify
} from './routability.ts'
import { bestPath, hasOtherPath, isLocalUsable } from './selection.ts'
import { act, change, intend, NOTHING_FAILED, type OwnRequest } from './state.ts'
import type { MobikeNotify, MobikeStep } from './types.ts'

/** The response to a request of ours, or to one of the host's (`token` null): it proves a path, and what its purpose says. */
export function responseReceived(policy: MobikePolicy, step: MobikeStep, event: ResponseReceived): MobikeStep {
  const request = step.state.outstanding.find((own) => own.token === event.token)
  if (request === undefined) return otherAnswered(policy, step, event)
  const taken = change(step, { outstanding: step.state.outstanding.filter((own) => own !== request) })
  const verdict = cookie2Verdict(request, event)
  // RFC 4555 section 3.7: unconditional, even where the response is otherwise ignored (D40).
  if (verdict === 'mismatch') return close(taken, 'cookie2Mismatch')
  if (verdict === 'missing' && isStrict(policy, request, event)) {
    return close(violation(taken, 'RFC 4555 section 3.7: COOKIE2 not returned'), 'cookie2Mismatch')
  }
  const noted = verdict === 'missing' && !request.superseded ? noteAnswer(taken, event) : taken
  const isProof = verdict === 'match' || (request.cookie2 !== null && policy.routability.proof === 'answer')
  const proven = isProof && !request.superseded ? provenAddress(event) : null
  const verified = proven === null ? noted : verify(policy, noted, proven, event.now, verdict === 'match')
  const replied = pathReplied(policy, verified, event.path, event.now)
  // The reply came over another pair and the move there is under way: the request says nothing of that pair.
  const hasMoved = !samePath(replied.state.ikePath, step.state.ikePath)
  // Nor does one read when there is nowhere to send from say where to go; what ends that is told with an UPDATE anyhow.
  const superseded = request.superseded || hasMoved || replied.state.outageSince !== null
  switch (request.purpose) {
    case 'update': {
      const doubts = replied.state.updatesInDoubt - (isRefused(event) ? 1 : 0)
      const counted = keepList(change(replied, { updatesInDoubt: Math.max(0, doubts) }), request, event)
      return superseded ? counted : updateAnswered(policy, counted, request, event)
    }
    case 'routability':
      return routabilityAnswered(policy, replied, event, superseded, proven)
    case 'addressList':
      return listAnswered(policy, replied, event)
    case 'liveness':
      return superseded || !samePath(event.path, replied.state.ikePath)
        ? replied
        : compareNatMapping(policy, replied, event.nat)
    case 'probe':
      return replied
  }
}

/** True where policy takes a COOKIE2 that is not there for one that differs. */
function isStrict(policy: MobikePolicy, request: OwnRequest, event: ResponseReceived): boolean {
  return policy.routability.missingCookie2 === 'close' && request.cookie2 !== null && event.failedWith === undefined
}

/** The response to a request of the host's, or to one that an IKE SA rekey voided. */
function otherAnswered(policy: MobikePolicy, step: MobikeStep, event: ResponseReceived): MobikeStep {
  const voided = step.state.voided.find((own) => own.token === event.token)
  if (voided === undefined) return pathReplied(policy, noteAnswer(step, event), event.path, event.now)
  if (cookie2Verdict(voided, event) === 'mismatch') return close(step, 'cookie2Mismatch')
  const rest = change(step, { voided: step.state.voided.filter((own) => own !== voided) })
  return pathReplied(policy, rest, event.path, event.now)
}

function updateAnswered(
  policy: MobikePolicy,
  step: MobikeStep,
  request: OwnRequest,
  event: ResponseReceived
): MobikeStep {
  const { state } = step
  // A newer change waits to be told (section 3.5); a mere list or liveness check does not count (F01).
  if (state.pending.update) return step
  if (differ(event.sources) || differ(event.destinations)) {
    // Which copy the peer acted on is unknown.
    return intend(step, { update: true })
  }
  if (has(event, 'unexpectedNatDetected')) return natForbidden(policy, step, event.now, 'update')
  if (has(event, 'unacceptableAddresses')) {
    const told = act(step, { type: 'report', report: { kind: 'refused', path: state.ikePath, by: 'peer' } })
    return state.rollback === null
      ? refusedInPlace(policy, told, event.now)
      : abandonPath(policy, told, event.now, 'updateRefused')
  }
  if (event.failedWith !== undefined) return updateFailed(policy, step, event.now, event.failedWith)
  const seen = adoptNat(step, event.nat)
  const pairs = withRecord(seen.state, state.ikePath, { refusals: 0, refusedUntil: null })
  const adopted = change(seen, { rollback: null, ...NOTHING_FAILED, updatesInDoubt: 0, pairs })
  const isReturned = request.cookie2 === null || has(event, 'cookie2')
  const returned = isReturned ? adopted : violation(adopted, 'RFC 4555 section 3.7: COOKIE2 not returned')
  if (mayMoveTo(policy, returned.state, state.ikePath, event.now)) {
    const next = settleMove(moved(returned))
    // Where the check comes after the move, an UPDATE that proved nothing does not spare it (section 3.7).
    const isShown = policy.routability.when !== 'after' || isProven(policy, next.state, state.ikePath, event.now)
    return isShown ? next : retryRoutability(policy, next, event.now)
  }
  const unproven = change(returned, {
    rollback: state.rollback,
    updatesInDoubt: state.updatesInDoubt,
    moveDue: true
  })
  return unprovenRoutability(policy, unproven, event.now)
}

/** A list whose UPDATE was refused, or came from a source that is not known, was not taken: it is told anew (section 3.6). */
function keepList(step: MobikeStep, request: OwnRequest, event: ResponseReceived): MobikeStep {
  const isTaken = !isRefused(event) && !differ(event.sources) && !differ(event.destinations)
  const isAnew = step.state.outstanding.some(({ carriesList, token }) => carriesList && token > request.token)
  return !request.carriesList || isTaken || isAnew ? step : intend(step, { list: true })
}

/**
 * An UPDATE for the pair in use has a reason: the peer takes us to be elsewhere, perhaps where a NAT's mapping is gone. Where it
 * refuses this pair, another one is tried (section 3.5); where there is none, it is asked again, less and less often.
 */
function refusedInPlace(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { ikePath } = step.state
  const failed = change(step, { pairs: withRefusal(step.state, ikePath, now, policy.probing.retryFailedMs) })
  const other = bestPath(failed.state, now, false, ikePath) ?? whereInDoubt(failed.state, now, ikePath)
  if (other !== undefined) return beginMove(policy, failed, other, now, false)
  return askedLater(policy, failed, now, { update: true })
}

function moved(step: MobikeStep): MobikeStep {
  const next = moveChildren(step)
  const { childPath, encapsulate } = next.state
  return act(next, { type: 'report', report: { kind: 'moved', path: childPath, encapsulate } })
}

function routabilityAnswered(
  policy: MobikePolicy,
  step: MobikeStep,
  event: ResponseReceived,
  superseded: boolean,
  proven: IpAddress | null
): MobikeStep {
  const { state } = step
  const { address } = state.ikePath.remote
  if (!superseded && proven === address) return state.moveDue ? finishMove(step) : step
  // Void, or sent to several addresses (sections 3.5 and 3.7): a fresh check, at once, where one is still needed.
  if (superseded || differ(event.destinations)) {
    const isAsked = state.pending.update || isChecking(state)
    const isNeeded = !isAsked && !isProven(policy, state, state.ikePath, event.now)
    return isNeeded ? intend(step, { routability: true }) : step
  }
  if (has(event, 'cookie2')) return unprovenRoutability(policy, step, event.now)
  return unprovenRoutability(policy, violation(step, 'RFC 4555 section 3.7: COOKIE2 not returned'), event.now)
}

/** Return routability came last: now the Child SAs go where the IKE SA is. */
function finishMove(step: MobikeStep): MobikeStep {
  const from = step.state.childPath
  if (step.state.role === 'initiator') {
    const { pending, outstanding } = step.state
    const isAsked = pending.update || outstanding.some(({ purpose }) => purpose === 'update')
    return moved(isAsked ? step : change(step, { rollback: null, updatesInDoubt: 0 }))
  }
  const next = moveChildren(step)
  return act(next, { type: 'report', report: { kind: 'peerMoved', from, to: next.state.childPath } })
}

/** No proof is no refusal: ask again. An initiator that has a choice leaves an address that never proves itself. */
function unprovenRoutability(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { state } = step
  if (state.role === 'initiator' && state.moveDue && state.routabilityFailures + 1 >= policy.routability.attempts) {
    const told = act(step, { type: 'report', report: { kind: 'refused', path: state.ikePath, by: 'local' } })
    return abandonPath(policy, told, now, 'updateRefused')
  }
  return retryRoutability(policy, step, now)
}

function listAnswered(policy: MobikePolicy, step: MobikeStep, event: ResponseReceived): MobikeStep {
  // The header address is part of the list: with several sources the peer's record is unknown (RFC 4555 section 3.6).
  const sources = new Set(event.sources.map(({ address }) => address))
  if (sources.size > 1) return intend(step, { list: true })
  if (has(event, 'unexpectedNatDetected')) return natForbidden(policy, step, event.now, 'list')
  // Failed entirely: the peer may not have read it.
  if (event.failedWith !== undefined) return askedLater(policy, step, event.now, { list: true })
  return change(step, NOTHING_FAILED)
}

/**
 * UNEXPECTED_NAT_DETECTED: a few new requests, so that one forged packet does not cost the path (section 3.9). The first at
 * once, the others as retransmissions would be: later each time.
 */
function natForbidden(policy: MobikePolicy, step: MobikeStep, now: number, again: 'update' | 'list'): MobikeStep {
  const { state } = step
  const told = act(step, { type: 'report', report: { kind: 'unexpectedNat', by: 'peer' } })
  if (state.natRetries < policy.natRetryLimit) {
    const { natRetries } = state
    const wait = backOff(policy.routability.retryMs, natRetries - 1, LONGEST_WAIT_MS)
    const updateNotBefore = natRetries === 0 ? null : now + wait
    return intend(change(told, { natRetries: natRetries + 1, updateNotBefore }), { [again]: true })
  }
  const spent = change(told, { natRetries: 0 })
  if (again === 'list') return askedLater(policy, spent, now, { list: true })
  return abandonPath(policy, spent, now, 'natNotAllowed')
}

/** Failed entirely (RFC 7296 section 3.10.1), but perhaps only for now (section 2.25): asked again, later each time. */
function updateFailed(policy: MobikePolicy, step: MobikeStep, now: number, notifyType: number): MobikeStep {
  const { failures, rollback, ikePath } = step.state
  const told = act(step, { type: 'report', report: { kind: 'updateFailed', notifyType } })
  const next = askedLater(policy, told, now, { update: true })
  if (rollback === null) return next
  const mayReturn = !samePath(rollback.ikePath, ikePath) && isLocalUsable(step.state, rollback.ikePath)
  const hasChoice = mayReturn || hasOtherPath(step.state, ikePath)
  const limit = hasChoice ? policy.natRetryLimit : FAILURES_WITHOUT_CHOICE
  return failures < limit ? next : abandonPath(policy, next, now, 'updateRefused')
}

/** So many waits, each twice as long as the one before, take "several minutes" (RFC 7296 section 2.25). */
const FAILURES_WITHOUT_CHOICE = 8

/** Longest wait between two requests that fail, ms: what the peer has not taken is never left untold. */
const LONGEST_WAIT_MS = 300_000

/** What failed, once more after a wait that doubles each time. */
function askedLater(
  policy: MobikePolicy,
  step: MobikeStep,
  now: number,
  again: { readonly update?: true; readonly list?: true }
): MobikeStep {
  const { failures } = step.state
  const updateNotBefore = now + backOff(policy.routability.retryMs, failures, LONGEST_WAIT_MS)
  return intend(change(step, { failures: failures + 1, updateNotBefore }), again)
}

function isRefused(event: ResponseReceived): boolean {
  return has(event, 'unacceptableAddresses') || has(event, 'unexpectedNatDetected') || event.failedWith !== undefined
}

/** Hosts may name an endpoint once for each copy that was sent. */
function differ([first, ...others]: readonly Endpoint[]): boolean {
  return first !== undefined && others.some((end) => !sameEndpoint(end, first))
}

function has(event: ResponseReceived, kind: MobikeNotify['kind']): boolean {
  return event.notifies.some((notify) => notify.kind === kind)
}

function violation(step: MobikeStep, rule: string): MobikeStep {
  return act(step, { type: 'report', report: { kind: 'violation', rule } })
}
