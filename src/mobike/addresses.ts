import { type Path, sameEndpoint } from '../bytes/index.ts'
import { advertisableAddresses } from './address-set.ts'
import { settlePairs, withPairs } from './candidate-pairs.ts'
import { beginMove, enterOutage, forgetFailures, isListStale, moveOwnEnd, resume } from './move.ts'
import { isSameLocal } from './path-table.ts'
import type { MobikePolicy } from './policy.ts'
import { probeAlternatives, startProbing } from './probing.ts'
import { bestPath, betterPaths, candidatePaths, hasOtherPath, isLocalUsable } from './selection.ts'
import { act, change, intend, type MobikeState, NOTHING_FAILED } from './state.ts'
import type { LocalAddress, MobikeStep } from './types.ts'

/** The host's addresses are now these. */
export function localAddressesChanged(
  policy: MobikePolicy,
  step: MobikeStep,
  addresses: readonly LocalAddress[],
  now: number
): MobikeStep {
  const before = step.state.pairs.locals
  const next = withAddresses(policy, step, { local: addresses.map((local) => ({ ...local })) })
  const hasNew = next.state.pairs.locals.some((local) => !before.some((known) => isSameLocal(known, local)))
  return reselect(policy, next, now, hasNew)
}

/** `step` with other addresses, and what follows from them: the pairs, and what the peer may be told. */
export function withAddresses(
  policy: MobikePolicy,
  step: MobikeStep,
  addresses: Partial<Pick<MobikeState, 'local' | 'excluded' | 'remoteCandidates'>>
): MobikeStep {
  const told = change(step, addresses)
  const { local, excluded } = told.state
  return withPairs(policy, change(told, { advertisable: advertisableAddresses(policy, local, excluded) }))
}

/**
 * Looks again at which pair to use, after an address event. Without need nothing happens (F54, F63): while the pair in use
 * is there, only a better one or, when replies are missing, a new one matters.
 */
export function reselect(policy: MobikePolicy, step: MobikeStep, now: number, hasNewPair: boolean): MobikeStep {
  const { state } = step
  if (!isLocalUsable(state, state.ikePath)) return leaveLostAddress(policy, step, now)
  const listed = isListStale(policy, state) ? intend(forgetFailures(step), { list: true }) : step
  if (state.outageSince !== null) {
    if (state.role === 'initiator') return beginMove(policy, step, state.ikePath, now, false)
    return act(resume(listed, true), { type: 'redirectOutstanding', path: state.ikePath })
  }
  if (state.probing !== null && !state.probing.candidates.every((path) => isLocalUsable(state, path))) {
    // No packet can leave from some of the pairs under test (F10).
    const left = state.probing.candidates.filter((path) => isLocalUsable(state, path))
    const stopped = intend(change(listed, { probing: null }), { probe: false })
    return reselect(policy, startProbing(policy, stopped, state.probing.reason, left, now), now, hasNewPair)
  }
  if (state.role === 'responder') return listed
  // Replies are overdue, so the new pair is worth a try at once (F12).
  const isSuspect = state.probing?.reason === 'suspect' || state.fallbackAt !== null || state.allPairsTried
  if (isSuspect && hasNewPair) return probeAlternatives(policy, change(listed, { allPairsTried: false }), now)
  const hasBetter = betterPaths(policy, state, state.ikePath, now, true).length > 0
  if (!hasBetter) return change(listed, { reselectAt: null })
  return change(listed, { reselectAt: state.reselectAt ?? now + policy.selection.hysteresisMs })
}

/** The better pair has been there long enough: test it while the current one carries the traffic. */
export function tryBetterPath(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { state } = step
  const better = betterPaths(policy, state, state.ikePath, now, false)
  if (better.length === 0) {
    const hasFailed = betterPaths(policy, state, state.ikePath, now, true).length > 0
    return change(step, { reselectAt: hasFailed ? now + policy.probing.retryFailedMs : null })
  }
  // A copy of an UPDATE or list on a pair under test would change the peer's state (F15): those come first.
  const isBusy =
    state.probing !== null ||
    state.pending.update ||
    state.outstanding.some(({ purpose }) => purpose === 'update' || purpose === 'addressList')
  if (isBusy)
    return change(step, { reselectAt: now + Math.max(policy.probing.intervalMs, policy.selection.hysteresisMs) })
  return startProbing(policy, step, 'better', better, now)
}

/**
 * A request can wait with the host while the address that it came to goes, and nothing can be sent from there any more: the
 * responder answers from another one (section 3.5, last paragraph). With none at all, what was just heard is the better news.
 */
export function leaveGoneSource(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  if (isLocalUsable(step.state, step.state.ikePath)) return step
  const known = settlePairs(policy, step)
  return sameRemote(known.state, now) === undefined ? step : leaveLostAddress(policy, known, now)
}

/** A responder knows nothing better than where the initiator was last: other addresses of it are for when that fails. */
function sameRemote(state: MobikeState, now: number): Path | undefined {
  return candidatePaths(state, now, 1, false, ({ remote }) => sameEndpoint(remote, state.ikePath.remote))[0]
}

function leaveLostAddress(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const best =
    (step.state.role === 'responder' ? sameRemote(step.state, now) : undefined) ?? bestPath(step.state, now, true)
  if (best === undefined) return enterOutage(policy, step, now)
  if (step.state.role === 'initiator') return beginMove(policy, step, best, now, false)

  // The responder sends its list from its own addresses to all the peer told it (section 3.6), and is allowed to take its
  // Child SAs to another source on its own, to the same peer address (section 3.5).
  const switched = change(resume(step, true), {
    ikePath: best,
    choseSource: true,
    // A move that waits for its check was to the peer address of the UPDATE, and to no other (section 3.5).
    moveDue: step.state.moveDue && sameEndpoint(best.remote, step.state.ikePath.remote),
    probing: null,
    allPairsTried: false,
    ...NOTHING_FAILED,
    fallbackAt: hasOtherPath(step.state, best) ? now + policy.probing.fallbackMs : null
  })
  const told = act(intend(switched, { list: true, probe: false }), { type: 'redirectOutstanding', path: best })
  return moveOwnEnd(told)
}
