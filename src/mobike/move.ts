import { ipFamily, type Path, samePath } from '../bytes/index.ts'
import { advertisedAddresses, sameAddresses } from './address-set.ts'
import { guessEncapsulation, mayEncapsulate } from './nat.ts'
import { isFailed, isRefused, recordOf, withRecord, withRefusal } from './path-table.ts'
import type { MobikePolicy } from './policy.ts'
import { mayMoveTo } from './routability.ts'
import { bestPath, betterPaths, candidatePaths, hasOtherPath, isLocalUsable } from './selection.ts'
import {
  act,
  type ChildMove,
  change,
  intend,
  MAX_CHILD_MOVES,
  type MobikeState,
  NO_DOUBTS,
  NOTHING_FAILED,
  type RollbackPoint
} from './state.ts'
import type { MobikeCloseReason, MobikeStep } from './types.ts'

/**
 * Takes the MOBIKE initiator to `to` (RFC 4555 section 3.5): IKE SA, Child SAs unless return routability comes first,
 * outstanding requests, and an UPDATE when the window opens. `to` may be the current pair: an address that came back
 * after an outage still needs its UPDATE (F40). `proven` says that a reply just came over it.
 */
export function beginMove(policy: MobikePolicy, step: MobikeStep, to: Path, now: number, proven: boolean): MobikeStep {
  const before = step.state
  const from = before.ikePath
  const isElsewhere = !samePath(from, to)
  const listLost = before.outstanding.some((request) => request.carriesList)
  const hasBetter = betterPaths(policy, before, to, now, true).length > 0
  const resumed = resume(step, !proven)
  const next = change(resumed, {
    ikePath: to,
    rollback: before.rollback ?? rollbackPoint(before),
    nat: isElsewhere ? (recordOf(before, to)?.nat ?? null) : before.nat,
    natBaseline: isElsewhere ? null : before.natBaseline,
    ...NOTHING_FAILED,
    targetEncapsulate: isElsewhere ? guessEncapsulation(policy, before, to) : before.targetEncapsulate,
    moveDue: true,
    doubts: NO_DOUBTS,
    outstanding: before.outstanding.map((request) => ({ ...request, superseded: true })),
    probing: null,
    allPairsTried: false,
    fallbackAt: !proven && hasOtherPath(before, to) ? now + policy.probing.fallbackMs : null,
    reselectAt: hasBetter ? now + policy.probing.retryFailedMs : null,
    routabilityFailures: 0,
    routabilityNotBefore: null
  })
  const intents = {
    update: true,
    probe: false,
    routability: false,
    list: before.pending.list || listLost || isListStale(policy, next.state)
  }
  const moving = isElsewhere ? [{ type: 'report', report: { kind: 'moving', from, to } } as const] : []
  const told = act(intend(next, intents), ...moving, { type: 'redirectOutstanding', path: to })
  return mayMoveTo(policy, told.state, to, now) ? moveChildren(told) : told
}

/** True when the peer's idea of our other addresses is out of date. */
export function isListStale(policy: MobikePolicy, state: MobikeState): boolean {
  if (policy.maxAdvertisedAddresses === 0) return false
  return !sameAddresses(advertisedAddresses(policy, state.advertisable, state.ikePath), state.announced)
}

/** Moves every Child SA to the IKE SA's path with the encapsulation wished for, if that changes anything. */
export function moveChildren(step: MobikeStep): MobikeStep {
  const { ikePath, targetEncapsulate } = step.state
  return moveChildrenTo(change(step, { moveDue: false }), ikePath, targetEncapsulate)
}

/** Moves every Child SA to `to`, if that changes anything. */
export function moveChildrenTo(step: MobikeStep, to: Path, encapsulate: boolean): MobikeStep {
  const { childPath, childMoves, scattered, encapsulate: encapsulated } = step.state
  // Scattered ones have to be gathered, unless an order to do so is open.
  const isTogether = !scattered || childMoves.length > 0
  if (isTogether && samePath(childPath, to) && encapsulated === encapsulate) return step
  return change(
    step,
    {
      childPath: to,
      encapsulate,
      childMoves: withMove(childMoves, { path: childPath, encapsulate: encapsulated, answers: 1, isJoined: false })
    },
    { type: 'moveChildSas', from: childPath, to, encapsulate }
  )
}

/** Beyond the bound the two oldest become one with both answers: the host answers each, and the newest must be exact. */
function withMove(moves: readonly ChildMove[], move: ChildMove): readonly ChildMove[] {
  const [first, second, ...rest] = moves
  if (moves.length < MAX_CHILD_MOVES || first === undefined || second === undefined) return [...moves, move]
  const both = {
    ...first,
    answers: first.answers + second.answers,
    isJoined: first.isJoined || second.isJoined
  }
  return [both, ...rest, move]
}

/** The responder's exception (section 3.5): its own end of the Child SAs follows the IKE SA's, the peer's stays. */
export function moveOwnEnd(step: MobikeStep): MobikeStep {
  const { ikePath, childPath, encapsulate, ports } = step.state
  if (ipFamily(ikePath.local.address) !== ipFamily(childPath.remote.address)) return step
  const to = { local: ikePath.local, remote: childPath.remote }
  return moveChildrenTo(step, to, encapsulate && mayEncapsulate(ports, to))
}

/** Nothing to send from: retransmission stops, what is pending waits for the next address (design decision 9). */
export function enterOutage(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  if (step.state.outageSince !== null) return step
  const limit = policy.outageLimitMs
  const out = change(
    step,
    {
      outageSince: now,
      outageDeadline: limit === undefined ? null : now + limit,
      probing: null,
      fallbackAt: null,
      reselectAt: null
    },
    { type: 'suspendRetransmission' },
    { type: 'report', report: { kind: 'noPath' } }
  )
  return intend(out, { probe: false })
}

/** Ends an outage, if there is one; `restoring` reports the first reply. */
export function resume(step: MobikeStep, restoring: boolean): MobikeStep {
  if (step.state.outageSince === null) return step
  return change(step, { outageSince: null, outageDeadline: null, restoring }, { type: 'resumeRetransmission' })
}

/**
 * The pair just moved to is of no use (refused, a NAT where none may be, no proof of routability): back to where the
 * move began if that may still work, else the next pair, else the IKE SA ends (RFC 4555 section 3.5).
 */
export function abandonPath(
  policy: MobikePolicy,
  step: MobikeStep,
  now: number,
  reason: MobikeCloseReason
): MobikeStep {
  const refused = step.state.ikePath
  const next = change(step, {
    pairs: withRefusal(step.state, refused, now, policy.probing.retryFailedMs)
  })
  const { rollback } = next.state
  const canReturn =
    rollback !== null && !samePath(rollback.ikePath, refused) && isLocalUsable(next.state, rollback.ikePath)
  if (canReturn && !isFailed(next.state, rollback.ikePath, now)) return rollBack(policy, next, rollback, now)
  const other =
    bestPath(next.state, now, false, refused) ?? whereInDoubt(next.state, now, canReturn ? rollback.ikePath : refused)
  if (other !== undefined) return beginMove(policy, next, other, now, false)
  if (canReturn) return rollBack(policy, next, rollback, now)
  // One that was silent may have been so for a while only.
  const silent = bestSilent(next.state, now, refused)
  return silent === undefined ? close(next, reason) : beginMove(policy, next, silent, now, false)
}

/** Where an UPDATE in doubt may have taken the peer: a pair that gave no replies, but was not refused. */
export function whereInDoubt(state: MobikeState, now: number, except: Path): Path | undefined {
  return state.updatesInDoubt === 0 ? undefined : bestSilent(state, now, except)
}

/** The best pair, among those without replies too, that was not refused. */
function bestSilent(state: MobikeState, now: number, except: Path): Path | undefined {
  return candidatePaths(state, now, 1, true, (path) => !samePath(path, except) && !isRefused(state, path, now))[0]
}

/** IKE SA and Child SAs go back to where the peer has them; a liveness check, or an UPDATE in doubt, shows whether that works. */
export function rollBack(policy: MobikePolicy, step: MobikeStep, point: RollbackPoint, now: number): MobikeStep {
  const { state } = step
  const back = change(
    resume(step, true),
    {
      ikePath: point.ikePath,
      nat: point.nat,
      natBaseline: point.natBaseline,
      ...NOTHING_FAILED,
      targetEncapsulate: point.encapsulate,
      moveDue: false,
      doubts: NO_DOUBTS,
      rollback: null,
      fallbackAt: null,
      reselectAt: now + policy.probing.retryFailedMs,
      outstanding: state.outstanding.map((request) => ({ ...request, superseded: true }))
    },
    { type: 'redirectOutstanding', path: point.ikePath }
  )
  // An UPDATE without an answer may have moved the peer: it has to be told to come back.
  const list = state.pending.list || isListStale(policy, back.state)
  const intents = { update: true, routability: false, liveness: false, list }
  return moveChildrenTo(intend(back, intents), point.childPath, point.encapsulate)
}

/** There is something new to tell: it does not wait, whatever failed before. */
export function forgetFailures(step: MobikeStep): MobikeStep {
  return change(step, NOTHING_FAILED)
}

/** Ends the IKE SA. */
export function close(step: MobikeStep, reason: MobikeCloseReason): MobikeStep {
  const closed = change(
    step,
    {
      closed: true,
      probing: null,
      fallbackAt: null,
      reselectAt: null,
      outageDeadline: null,
      updateNotBefore: null,
      routabilityNotBefore: null,
      routabilityDueAt: null,
      outstanding: []
    },
    { type: 'closeIkeSa', reason }
  )
  return intend(closed, { update: false, routability: false, list: false, probe: false, liveness: false })
}

/** The peer has agreed to the move and the Child SAs are there: what failed on this pair before counts no longer. */
export function settleMove(step: MobikeStep): MobikeStep {
  const { ikePath, childPath, childMoves, rollback } = step.state
  const isSettled = rollback === null && childMoves.length === 0 && samePath(childPath, ikePath)
  if (!isSettled || (recordOf(step.state, ikePath)?.failedMoves ?? 0) === 0) return step
  return change(step, { pairs: withRecord(step.state, ikePath, { failedMoves: 0 }) })
}

/** What to go back to if a move from here comes to nothing. */
export function rollbackPoint(state: MobikeState): RollbackPoint {
  const { ikePath, childPath, encapsulate, nat, natBaseline } = state
  return { ikePath, childPath, encapsulate, nat, natBaseline }
}
