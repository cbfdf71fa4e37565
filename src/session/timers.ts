import { nextRetransmission, replaceRecord, retransmitted, suspendAll } from '../exchange/index.ts'
import { nextMobikeWake, retransmissionPath } from '../mobike/index.ts'
import { deleteChild } from './children.ts'
import { dropIkeSa } from './ike-sa-end.ts'
import { continueInitiating } from './initiating.ts'
import { isBeingChecked } from './liveness.ts'
import { tellMobike } from './mobike-bridge.ts'
import { askThereToo } from './requests.ts'
import type { IkeSa, Purpose, Session } from './state.ts'
import { deadlineOf, hastenSuccessor, isRekeying, passIkeSaDeadlines, takeOverFromDead } from './successor.ts'
import { enqueue } from './tasks.ts'
import {
  awaitsSuccessor,
  close,
  currentPath,
  enter,
  ikeSaById,
  livenessDueAt,
  patch,
  putChild,
  putIkeSa,
  replacementOf,
  report,
  retransmissionOf,
  sendMessage,
  type Turn
} from './turn.ts'

/**
 * When the session next wants a `tick`, in ms of the caller's clock; undefined when only an event can wake it. Arm one
 * timer for it after every step. A time in the past means now.
 */
export function nextSessionWake(session: Session): number | undefined {
  const { state } = session
  let wake: number | undefined
  const consider = (at: number | null | undefined): void => {
    if (at !== null && at !== undefined && (wake === undefined || at < wake)) wake = at
  }
  const { phase } = state
  if (phase.name === 'expectInitResponse') {
    consider(phase.nextAt)
    consider(phase.failure?.believedAt)
  } else if ('deadline' in phase) {
    consider(phase.deadline)
  } else if (phase.name === 'closed') {
    consider(phase.farewell?.until)
  }
  for (const sa of state.ikeSas) {
    consider(nextRetransmission(sa.requests))
    if (state.suspendedSince !== null) continue
    consider(deadlineOf(sa))
    if (sa.standing.name === 'active') consider(sa.rekeyAt)
  }
  if (phase.name !== 'established') return wake
  if (state.mobike !== null) consider(nextMobikeWake(state.mobike))
  if (state.suspendedSince !== null) return wake
  consider(state.livenessAt)
  for (const child of state.children) consider(child.rekeyAt)
  // A task waits for its time only while nothing else holds it back; else the end of what does wakes the session.
  const active = state.ikeSas.find((sa) => sa.standing.name === 'active')
  const held = active === undefined || active.requests.outstanding.length > 0 || awaitsSuccessor(state)
  if (!held) for (const task of state.tasks) consider(task.notBefore)
  return wake
}

/** Does what time demands. Early and repeated calls do nothing. */
export function passTime(turn: Turn): void {
  const { phase } = turn.state
  if (phase.name === 'expectInitResponse') return continueInitiating(turn, phase)
  if ('deadline' in phase && turn.now >= phase.deadline) return close(turn, 'noResponse')
  if (phase.name === 'closed') {
    if (phase.farewell !== null && turn.now >= phase.farewell.until) enter(turn, { ...phase, farewell: null })
    return
  }
  for (const { id } of turn.state.ikeSas) retransmitDue(turn, id)
  if (turn.state.phase.name !== 'established') return
  if (turn.state.suspendedSince === null) passIkeSaDeadlines(turn)
  const { mobike } = turn.state
  const mobikeWake = mobike === null ? undefined : nextMobikeWake(mobike)
  if (mobikeWake !== undefined && turn.now >= mobikeWake) tellMobike(turn, { type: 'tick', now: turn.now })
  if (turn.state.suspendedSince !== null || turn.state.phase.name !== 'established') return
  queueRekeys(turn)
  checkLiveness(turn)
}

function retransmitDue(turn: Turn, id: number): void {
  const retransmission = retransmissionOf(turn)
  for (const { messageId } of ikeSaById(turn.state, id)?.requests.outstanding ?? []) {
    const sa = ikeSaById(turn.state, id)
    const record = sa?.requests.outstanding.find((candidate) => candidate.messageId === messageId)
    if (sa === undefined || record?.nextAt === undefined || turn.now < record.nextAt) continue
    const token = record.purpose.kind === 'mobike' ? record.purpose.token : null
    const { mobike } = turn.state
    const path = mobike === null ? currentPath(turn.state) : retransmissionPath(mobike, token)
    const again = retransmitted(record, retransmission, path, turn.now)
    if (again === undefined) {
      exhausted(turn, sa, record.purpose.kind, token)
      continue
    }
    putIkeSa(turn, { ...sa, requests: replaceRecord(sa.requests, again) })
    sendMessage(turn, path, record.bytes)
    if (token !== null) askThereToo(turn, path)
    report(turn, { kind: 'retransmitted', messageId, attempt: again.attempt, path })
    // Silence on an IKE SA that was replaced, or is to replace one, says nothing of the path: the peer may not have it.
    if (sa.standing.name === 'active') {
      hastenSuccessor(turn)
      tellMobike(turn, { type: 'requestRetransmitted', now: turn.now, token, attempt: record.attempt })
    }
  }
}

/** No answer to the last transmission: the MOBIKE machine may know another path; else the peer is gone (section 2.4). */
function exhausted(turn: Turn, sa: IkeSa, kind: Purpose['kind'], token: number | null): void {
  if (sa.standing.name === 'leaving') return dropIkeSa(turn, sa.id)
  if (sa.standing.name === 'successor') {
    // Asked again later. Meanwhile the old one shows whether the peer is there at all.
    putIkeSa(turn, { ...sa, requests: suspendAll(sa.requests) })
    return isBeingChecked(turn) ? undefined : checkPeer(turn)
  }
  const closing = turn.state.tasks.find((task) => task.kind === 'closeIke')
  if (closing?.kind === 'closeIke' && isUnheard(sa)) return close(turn, closing.reason)
  // Without MOBIKE there is no other path; and a rekey of ours kept the peer's answer on its own from deciding.
  const mayTakeOver = isRekeying(turn.state) || (turn.state.mobike === null && kind !== 'deleteIke')
  if (mayTakeOver && takeOverFromDead(turn, sa)) return
  if (turn.state.mobike === null || turn.state.phase.name !== 'established') return close(turn, 'noResponse')
  const before = turn.state.ikeSas
  tellMobike(turn, { type: 'requestExhausted', now: turn.now, token })
  // It neither closed nor started the schedule again: nothing would ever be sent any more.
  if (turn.state.phase.name === 'established' && turn.state.ikeSas === before && turn.state.suspendedSince === null) {
    close(turn, 'noResponse')
  }
}

function queueRekeys(turn: Turn): void {
  for (const child of turn.state.children) {
    if (child.rekeyAt === null || turn.now < child.rekeyAt) continue
    putChild(turn, { ...child, rekeyAt: null })
    // The peer replaced it long ago and should have deleted it.
    if (replacementOf(turn.state, child.sa.id) !== undefined) deleteChild(turn, { ...child, rekeyAt: null })
    else enqueue(turn, { kind: 'rekeyChild', id: child.sa.id, group: null })
  }
  for (const sa of turn.state.ikeSas) {
    if (sa.rekeyAt === null || turn.now < sa.rekeyAt || sa.standing.name !== 'active') continue
    putIkeSa(turn, { ...sa, rekeyAt: null })
    enqueue(turn, { kind: 'rekeyIke', group: null })
  }
}

function checkLiveness(turn: Turn): void {
  const { livenessAt } = turn.state
  if (livenessAt === null || turn.now < livenessAt) return
  patch(turn, { livenessAt: livenessDueAt(turn) })
  if (!isBeingChecked(turn)) checkPeer(turn)
}

function checkPeer(turn: Turn): void {
  if (turn.state.mobike !== null) tellMobike(turn, { type: 'livenessDue', now: turn.now })
  else enqueue(turn, { kind: 'liveness' })
}

/** The peer made it by rekeying, and has answered nothing on it. */
function isUnheard({ startedHere, generation, requests }: IkeSa): boolean {
  return generation > 0 && !startedHere && requests.outstanding.some(({ messageId }) => messageId === 0)
}
