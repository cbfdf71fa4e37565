import { type Path, samePath } from '../bytes/index.ts'
import { beginMove, rollBack, rollbackPoint, settleMove } from './move.ts'
import { isFailed, withFailedMove } from './path-table.ts'
import type { MobikePolicy } from './policy.ts'
import { isLocalUsable } from './selection.ts'
import { act, type ChildMove, change, type MobikeState } from './state.ts'
import type { MobikeEvent, MobikeStep } from './types.ts'

/** The host's answer to the oldest open `moveChildSas`: it is done. */
export function childSasMoved(step: MobikeStep): MobikeStep {
  const [move, ...later] = step.state.childMoves
  if (move === undefined) return step
  const childMoves = move.answers > 1 ? [answered(move), ...later] : later
  return settleMove(change(step, { childMoves, scattered: false }))
}

/** A Child SA was made where the newest open `moveChildSas` takes the others: should that fail, it is elsewhere than they are. */
export function childSaInstalled(step: MobikeStep): MobikeStep {
  const { childMoves } = step.state
  const newest = childMoves.at(-1)
  return newest === undefined ? step : change(step, { childMoves: childMoves.with(-1, { ...newest, isJoined: true }) })
}

function answered(move: ChildMove): ChildMove {
  return { ...move, answers: move.answers - 1 }
}

/**
 * The host's answer to the oldest open `moveChildSas`: it could not. IKE SA and Child SAs belong together (F42), so the
 * initiator takes both back to a pair that still works. Where there is none, and on the responder, which has agreed to the
 * UPDATE already, the Child SAs are replaced where the IKE SA is: what cannot be moved can be made anew (F68).
 */
export function childSaMoveFailed(
  policy: MobikePolicy,
  step: MobikeStep,
  { reason, ids }: Extract<MobikeEvent, { readonly type: 'childSaMoveFailed' }>,
  now: number
): MobikeStep {
  const { state } = step
  const [from, ...later] = state.childMoves
  if (from === undefined) return act(step, { type: 'report', report: { kind: 'ignored', reason: 'no move under way' } })
  const named = ids === undefined ? {} : { ids: [...ids] }
  const told = act(step, { type: 'report', report: { kind: 'moveFailed', reason, ...named } })
  const scattered = state.scattered || ids !== undefined || from.isJoined
  if (from.answers > 1) return change(told, { childMoves: [answered(from), ...later], scattered })
  // A later move is under way: it starts from where this one did, and its own answer counts.
  const [next, ...others] = later
  if (next !== undefined) {
    const { path, encapsulate } = from
    return change(told, { childMoves: [{ ...next, path, encapsulate }, ...others], scattered })
  }

  const stayed = scattered ? { scattered } : { childPath: from.path, encapsulate: from.encapsulate }
  const left = change(told, { ...stayed, childMoves: [] })
  // The next move only waits for return routability.
  if (state.moveDue) return left
  const isBack = !scattered && samePath(from.path, state.childPath) && from.encapsulate === state.encapsulate
  if (isBack) return left
  const refused = change(left, {
    pairs: withFailedMove(state, state.ikePath, now, policy.probing.retryFailedMs)
  })
  const { rollback } = state
  if (rollback !== null && mayReturn(state, rollback.ikePath, now)) return rollBack(policy, refused, rollback, now)
  if (mayReturn(state, from.path, now)) {
    // The peer has agreed to the move: it is told of another, and should it refuse that, its Child SAs are here.
    const point = change(refused, { rollback: rollback ?? rollbackPoint(state) })
    return beginMove(policy, point, from.path, now, false)
  }
  const { childPath, encapsulate } = state
  const renewed = state.scattered ? {} : named
  return act(change(left, { childPath, encapsulate, scattered: false }), {
    type: 'renewChildSas',
    path: childPath,
    encapsulate,
    ...renewed
  })
}

/** Only the initiator decides on addresses, and a pair that gave no replies is no way back. */
function mayReturn(state: MobikeState, to: Path, now: number): boolean {
  if (state.role !== 'initiator' || samePath(to, state.ikePath)) return false
  return isLocalUsable(state, to) && !isFailed(state, to, now)
}
