import { type Path, sameEndpoint, samePath } from '../bytes/index.ts'
import { beginMove, moveOwnEnd } from './move.ts'
import { isRefused, recordOf, withFailedMove, withRecord, withRecords } from './path-table.ts'
import type { MobikePolicy } from './policy.ts'
import { candidatePaths } from './selection.ts'
import { act, change, intend, type MobikeState, type Probing } from './state.ts'
import type { MobikeAction, MobikeStep } from './types.ts'

/** Tests `candidates` one after the other, best first, with whatever request is outstanding, or an empty one (section 3.10). */
export function startProbing(
  policy: MobikePolicy,
  step: MobikeStep,
  reason: Probing['reason'],
  candidates: readonly Path[],
  now: number
): MobikeStep {
  if (candidates.length === 0) return step
  const probing: Probing = {
    reason,
    candidates,
    cursor: -1,
    round: 1,
    nextAt: now,
    sentAt: candidates.map(() => null)
  }
  const reselectAt = reason === 'better' ? null : step.state.reselectAt
  return transmit(policy, change(step, { probing, fallbackAt: null, reselectAt }), probing, now)
}

/** The current pair may be dead: tests all others and, last, itself. Without another pair there is nothing to test. */
export function probeAlternatives(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const doubted = doubt(step, now)
  const others = otherPaths(policy, doubted.state, now, () => true)
  if (others.length === 0) return roundEnded(change(doubted, { fallbackAt: null }))
  return startProbing(policy, doubted, 'suspect', [...others, step.state.ikePath], now)
}

/** Without those that the peer refused: each reply there would bring the same UPDATE, and the same refusal. */
function otherPaths(policy: MobikePolicy, state: MobikeState, now: number, isWanted: (path: Path) => boolean): Path[] {
  const isOther = (path: Path): boolean =>
    !samePath(path, state.ikePath) && !isRefused(state, path, now) && isWanted(path)
  return candidatePaths(state, now, Math.max(1, policy.probing.maxPairs - 1), true, isOther)
}

/** The current pair may be dead, and there is no choice: RFC 4555 leaves recovery to the other end (section 3.11). */
export function doubtWithoutChoice(step: MobikeStep, now: number): MobikeStep {
  return countRound(doubt(step, now))
}

/** A round over the pairs begins. */
function doubt(step: MobikeStep, now: number): MobikeStep {
  return change(step, { silence: { since: now, rounds: 0, ...step.state.silence, roundAt: now } })
}

/** Every pair was tried since the last reply, once more in vain. */
function roundEnded(step: MobikeStep): MobikeStep {
  return countRound(change(step, { allPairsTried: true }))
}

function countRound(step: MobikeStep): MobikeStep {
  const { silence } = step.state
  return change(step, { silence: silence === null ? null : { ...silence, rounds: silence.rounds + 1 } })
}

/** The next pairs' turn, or the end of the test. */
export function advanceProbing(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { probing } = step.state
  if (probing === null || now < probing.nextAt) return step
  if (probing.cursor + 1 < probing.candidates.length) return transmit(policy, step, probing, now)
  if (probing.round >= policy.probing.attemptsPerPair) return giveUp(policy, step, probing, now)
  return transmit(policy, step, { ...probing, cursor: -1, round: probing.round + 1 }, now)
}

/** Sends on the pairs after the cursor. */
function transmit(policy: MobikePolicy, step: MobikeStep, probing: Probing, now: number): MobikeStep {
  // A copy of an UPDATE or list would change the peer's state (F15): the test waits until it is answered.
  const leavesTrace = step.state.outstanding.some(({ purpose }) => purpose === 'update' || purpose === 'addressList')
  if (leavesTrace && probing.reason !== 'suspect') {
    return change(step, { probing: { ...probing, nextAt: now + policy.probing.intervalMs } })
  }
  const hasRequest = probing.reason === 'suspect' || step.state.outstanding.length > 0
  // Without a request there is nothing to copy yet: the one to come goes to one pair.
  const width = hasRequest ? Math.max(1, policy.probing.width) : 1
  const first = probing.cursor + 1
  const paths = probing.candidates.slice(first, first + width)
  const cursor = first + paths.length - 1
  const sent: Probing = {
    ...probing,
    cursor,
    nextAt: now + policy.probing.intervalMs * 2 ** (probing.round - 1),
    sentAt: probing.sentAt.map((at, index) => (index >= first && index <= cursor ? now : at))
  }
  const copies = paths.map((path) => ({ type: 'transmitOutstanding', path }) as const)
  const transmitted = change(step, { probing: sent }, ...copies)
  const hasProbe = step.state.outstanding.some((request) => request.purpose === 'probe')
  return hasProbe ? transmitted : intend(transmitted, { probe: true })
}

function giveUp(policy: MobikePolicy, step: MobikeStep, probing: Probing, now: number): MobikeStep {
  const until = now + policy.probing.retryFailedMs
  const failed = intend(
    change(
      step,
      { probing: null, pairs: withRecords(step.state, probing.candidates, { status: 'failed', failedAt: now, until }) },
      ...probing.candidates.map((path) => ({ type: 'report', report: { kind: 'pathFailed', path } }) as const)
    ),
    { probe: false }
  )
  if (probing.reason === 'suspect') return nextAlternatives(policy, failed, now)
  const { state } = failed
  // The probe must not hold the window while the current pair works.
  const redirected = state.outstanding.some((request) => request.purpose === 'probe')
    ? act(failed, { type: 'redirectOutstanding', path: state.ikePath })
    : failed
  // Some peers take any request for an UPDATE: a new one on the current pair brings them back from where they followed.
  const settled = intend(redirected, { liveness: true })
  return probing.reason === 'better' ? change(settled, { reselectAt: until }) : settled
}

/** More pairs than are tested at a time: those not tried in this round are next, and with them the current one. */
function nextAlternatives(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { state } = step
  const roundAt = state.silence?.roundAt ?? now
  const others = otherPaths(policy, state, now, (path) => (recordOf(state, path)?.failedAt ?? roundAt - 1) < roundAt)
  if (others.length === 0) return roundEnded(step)
  return startProbing(policy, step, 'suspect', [...others, state.ikePath], now)
}

/** A valid response came over `path`: that pair works, whatever was sent where (F06). */
export function pathReplied(policy: MobikePolicy, step: MobikeStep, path: Path, now: number): MobikeStep {
  const { state } = step
  const { probing } = state
  const index = probing?.candidates.findIndex((candidate) => samePath(candidate, path)) ?? -1
  const sentAt = probing?.sentAt[index] ?? null
  const reports: MobikeAction[] = []
  if (sentAt !== null) {
    reports.push({ type: 'report', report: { kind: 'pathWorks', path, roundTripMs: now - sentAt } })
  }
  if (state.restoring) reports.push({ type: 'report', report: { kind: 'pathRestored', path } })
  const isCurrent = samePath(path, state.ikePath)
  const known = recordOf(state, path)
  const works = {
    status: 'working',
    failedAt: null,
    until: null,
    ...(sentAt === null ? {} : { roundTripMs: now - sentAt })
  } as const
  const next = change(
    step,
    {
      pairs: sentAt === null && known?.status === 'working' ? state.pairs : withRecord(state, path, works),
      allPairsTried: false,
      silence: null,
      restoring: false,
      fallbackAt: isCurrent ? null : state.fallbackAt
    },
    ...reports
  )
  if (probing === null || index < 0) return next
  const stopped = intend(change(next, { probing: null }), { probe: false })
  if (isCurrent) return stopped
  // Section 3.6: the responder uses other addresses of the initiator for its list only. IKE and Child SAs stay where the last
  // UPDATE took them.
  const isElsewhere = state.role === 'responder' && !sameEndpoint(path.remote, state.ikePath.remote)
  if (isElsewhere && !state.choseSource) return act(stopped, { type: 'redirectOutstanding', path: state.ikePath })
  const left = probing.reason === 'suspect' ? leaveDead(policy, stopped, now) : stopped
  if (state.role === 'initiator') return beginMove(policy, left, path, now, true)
  // The exchange initiator chooses the IKE SA's addresses; Child SAs follow the MOBIKE initiator's UPDATE (section 2.1).
  const moveDue = state.moveDue && sameEndpoint(path.remote, state.ikePath.remote)
  const found = change(left, { ikePath: path, moveDue }, { type: 'redirectOutstanding', path })
  return state.choseSource ? moveOwnEnd(found) : found
}

function leaveDead(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { ikePath: path, rollback } = step.state
  const { retryFailedMs } = policy.probing
  const failed = { status: 'failed', failedAt: now, until: now + retryFailedMs } as const
  const pairs =
    rollback === null ? withRecord(step.state, path, failed) : withFailedMove(step.state, path, now, retryFailedMs)
  return change(step, { pairs }, { type: 'report', report: { kind: 'pathFailed', path } })
}
