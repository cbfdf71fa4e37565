import { type Path, samePath } from '../bytes/index.ts'
import { beginMove, moveOwnEnd } from './move.ts'
import { withRecord } from './path-table.ts'
import type { MobikePolicy } from './policy.ts'
import { candidatePaths, without } from './selection.ts'
import { act, change, intend, type Probing } from './state.ts'
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
    cursor: 0,
    round: 1,
    nextAt: now,
    sentAt: candidates.map(() => null)
  }
  const reselectAt = reason === 'better' ? null : step.state.reselectAt
  return transmit(policy, change(step, { probing, fallbackAt: null, reselectAt }), probing, now)
}

/** The current pair may be dead: tests all others and, last, itself. Without another pair there is nothing to test. */
export function probeAlternatives(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { state } = step
  const others = without(candidatePaths(policy, state, now, true), state.ikePath)
  if (others.length === 0) return change(step, { fallbackAt: null, allPairsTried: true })
  return startProbing(policy, step, 'suspect', [...others, state.ikePath], now)
}

/** The next pair's turn, or the end of the test. */
export function advanceProbing(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { probing } = step.state
  if (probing === null || now < probing.nextAt) return step
  const cursor = (probing.cursor + 1) % probing.candidates.length
  const round = cursor === 0 ? probing.round + 1 : probing.round
  if (round > policy.probing.attemptsPerPair) return giveUp(policy, step, probing, now)
  return transmit(policy, step, { ...probing, cursor, round }, now)
}

function transmit(policy: MobikePolicy, step: MobikeStep, probing: Probing, now: number): MobikeStep {
  const path = probing.candidates[probing.cursor] as Path
  const sent: Probing = {
    ...probing,
    nextAt: now + policy.probing.intervalMs * 2 ** (probing.round - 1),
    sentAt: probing.sentAt.map((at, index) => (index === probing.cursor ? now : at))
  }
  const transmitted = change(step, { probing: sent }, { type: 'transmitOutstanding', path })
  const hasProbe = step.state.outstanding.some((request) => request.purpose === 'probe')
  return hasProbe ? transmitted : intend(transmitted, { probe: true })
}

function giveUp(policy: MobikePolicy, step: MobikeStep, probing: Probing, now: number): MobikeStep {
  const until = now + policy.probing.retryFailedMs
  const failed = probing.candidates.reduce(
    (next, path) =>
      change(
        next,
        { paths: withRecord(next.state, path, { status: 'failed', until }) },
        { type: 'report', report: { kind: 'pathFailed', path } }
      ),
    intend(change(step, { probing: null }), { probe: false })
  )
  if (probing.reason === 'suspect') return change(failed, { allPairsTried: true })
  const { state } = failed
  // The probe must not hold the window while the current pair works.
  const redirected = state.outstanding.some((request) => request.purpose === 'probe')
    ? act(failed, { type: 'redirectOutstanding', path: state.ikePath })
    : failed
  if (probing.reason === 'better') return change(redirected, { reselectAt: until })
  return intend(redirected, { liveness: true })
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
  const next = change(
    step,
    {
      paths: withRecord(state, path, {
        status: 'working',
        until: null,
        ...(sentAt === null ? {} : { roundTripMs: now - sentAt })
      }),
      allPairsTried: false,
      restoring: false,
      fallbackAt: isCurrent ? null : state.fallbackAt
    },
    ...reports
  )
  if (probing === null || index < 0) return next
  const stopped = intend(change(next, { probing: null }), { probe: false })
  if (isCurrent) return stopped
  const left = probing.reason === 'suspect' ? leaveDead(policy, stopped, now) : stopped
  if (state.role === 'initiator') return beginMove(policy, left, path, now, true)
  // The exchange initiator chooses the IKE SA's addresses; Child SAs follow the MOBIKE initiator's UPDATE (section 2.1).
  const found = change(left, { ikePath: path }, { type: 'redirectOutstanding', path })
  return state.choseSource ? moveOwnEnd(found) : found
}

function leaveDead(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const path = step.state.ikePath
  return change(
    step,
    { paths: withRecord(step.state, path, { status: 'failed', until: now + policy.probing.retryFailedMs }) },
    { type: 'report', report: { kind: 'pathFailed', path } }
  )
}
