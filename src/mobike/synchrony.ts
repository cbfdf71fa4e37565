import { type Path, sameEndpoint, samePath } from '../bytes/index.ts'
import { backOff } from './back-off.ts'
import { moveChildrenTo } from './move.ts'
import type { MobikePolicy } from './policy.ts'
import { isVerified } from './routability.ts'
import { act, change, intend, type MobikeState } from './state.ts'
import type { MobikeEvent, MobikeStep } from './types.ts'

/**
 * Whether the peer is in step with the last move, not merely alive (RFC 4555 section 3.12). No evidence here moves the IKE
 * SA: it leads to a liveness check, and where the peer answers that and is out of step all the same, to an UPDATE.
 */

/** Evidence so long ago counts no more, ms. */
const FORGET_MS = 300_000

/** Longest wait between two UPDATEs for the same doubt, ms: some peers always send ESP from elsewhere. */
const MAX_WAIT_MS = 3_600_000

/** A hint is no proof (RFC 4555 section 3.5): it leads to a liveness check, and not to more than one in a while. */
export function suspicion(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { lastHintAt } = step.state
  if (lastHintAt !== null && now - lastHintAt < policy.hintIntervalMs) return step
  return intend(change(step, { lastHintAt: now }), { liveness: true })
}

/** Nothing comes back although we send: the peer is gone, or sends where we were. */
export function inboundMissing(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { state } = step
  return state.role === 'initiator' && isSettled(state) ? doubt(policy, step, now) : suspicion(policy, step, now)
}

/** A valid, fresh ESP packet came in; only on the Child SAs' own path is it evidence of anything good. */
export function espReceived(
  policy: MobikePolicy,
  step: MobikeStep,
  { path, encapsulated, now }: Extract<MobikeEvent, { readonly type: 'espReceived' }>
): MobikeStep {
  const { state } = step
  if (!isSettled(state)) return step
  if (samePath(path, state.childPath)) {
    return encapsulated === undefined || encapsulated === state.encapsulate ? step : askEncapsulation(step)
  }
  if (encapsulated !== false && mayFollow(policy, state, path, now)) return follow(step, path, now)
  // Recovery is the initiator's job (section 3.11).
  return state.role === 'initiator' ? doubt(policy, step, now) : step
}

/** An answer on the current pair: the peer is alive, so what is still wrong is that it is out of step. */
export function aliveOn(step: MobikeStep, path: Path): MobikeStep {
  const { doubts, ikePath } = step.state
  if (doubts.esp === null || doubts.esp.isAlive || !samePath(path, ikePath)) return step
  return change(step, { doubts: { ...doubts, esp: { ...doubts.esp, isAlive: true } } })
}

/** No move is under way: then ESP is to be expected on the Child SAs' path alone. */
function isSettled(state: MobikeState): boolean {
  const isUpdating = state.pending.update || state.outstanding.some(({ purpose }) => purpose === 'update')
  return !isUpdating && state.rollback === null && !state.moveDue && state.childMoves.length === 0
}

/** First a liveness check; if the peer answers and the evidence goes on, an UPDATE, and further ones ever more seldom. */
function doubt(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { doubts, outstanding, ikePath } = step.state
  const known = doubts.esp
  const isFirst = known === null || now >= Math.max(known.lastAt, known.notBefore) + FORGET_MS
  const esp = isFirst
    ? { lastAt: now, isAlive: false, updates: 0, notBefore: now + policy.hintIntervalMs }
    : { ...known, lastAt: now }
  const noted = change(step, { doubts: { ...doubts, esp } })
  // A request on its way is a liveness check already.
  if (!esp.isAlive) return outstanding.length > 0 ? noted : suspicion(policy, noted, now)
  if (now < esp.notBefore) return noted
  const updates = esp.updates + 1
  const notBefore = now + backOff(policy.hintIntervalMs, updates, MAX_WAIT_MS)
  const again = change(step, { doubts: { ...doubts, esp: { ...esp, updates, notBefore } } })
  return act(intend(again, { update: true }), { type: 'report', report: { kind: 'outOfStep', path: ikePath } })
}

/**
 * ESP encapsulated, or plain, against expectation: a NAT may have come or gone, or the peer just prefers it (RFC 7296
 * section 2.23 lets it). One UPDATE lets both ends decide from the same exchange (F74); after it liveness checks look.
 */
function askEncapsulation(step: MobikeStep): MobikeStep {
  const { state } = step
  if (state.role !== 'initiator' || !state.natTraversal || state.doubts.encapsulation) return step
  return intend(change(step, { doubts: { ...state.doubts, encapsulation: true } }), { update: true })
}

/**
 * RFC 4555 section 3.8: the host not behind a NAT may update dynamically for ESP, never for IKE. Of use to the responder:
 * the initiator has its UPDATE. Only the end behind the NAT may have changed, and only to an address that has proven
 * itself: one packet on the way could else be sent on from a third party's address, and the traffic go there (section 3.7).
 */
function mayFollow(policy: MobikePolicy, state: MobikeState, path: Path, now: number): boolean {
  const { nat, childPath, lastFollowAt } = state
  if (policy.espUpdates === 'ignore' || state.role === 'initiator' || !state.natTraversal || !state.encapsulate)
    return false
  if (nat === null || nat.localBehindNat || !nat.remoteBehindNat) return false
  // Packets that overtook each other must not take the Child SAs back and forth.
  if (lastFollowAt !== null && now - lastFollowAt < policy.hintIntervalMs) return false
  if (!sameEndpoint(path.local, childPath.local)) return false
  return policy.routability.when === 'never' || isVerified(policy, state, path.remote.address, now)
}

function follow(step: MobikeStep, path: Path, now: number): MobikeStep {
  const { childPath, encapsulate } = step.state
  const moved = moveChildrenTo(change(step, { lastFollowAt: now }), path, encapsulate)
  return act(moved, { type: 'report', report: { kind: 'espFollowed', from: childPath, to: path } })
}
