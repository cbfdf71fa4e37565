import { uint32Bytes } from '../bytes/index.ts'
import { EXCHANGE, PROTOCOL } from '../codec/index.ts'
import type { Payload } from '../codec/types.ts'
import { canRequest, LAST_MESSAGE_ID } from '../exchange/index.ts'
import { requestChild } from './create-child.ts'
import { requestIkeRekey } from './lineage.ts'
import { sendMobikeRequest } from './mobike-bridge.ts'
import { sendRequest } from './requests.ts'
import type { IkeSa, Task } from './state.ts'
import { hastenSuccessor } from './successor.ts'
import { enqueue } from './tasks.ts'
import { activeIkeSa, awaitsSuccessor, childById, close, currentPath, patch, replacementOf, type Turn } from './turn.ts'
import type { CloseReason } from './types.ts'

/** Order of waiting work; MOBIKE's comes before all of it (design decision 4, F13). */
const PRIORITY: readonly Task['kind'][] = [
  'closeIke',
  'deleteChild',
  'rekeyIke',
  'rekeyChild',
  'createChild',
  'liveness'
]

/**
 * MOBIKE requests before other waiting work gets its turn all the same. A move needs fewer; more come only where the peer
 * makes them necessary again and again, and it must not keep us from rekeying, nor from closing.
 */
const MOBIKE_IN_ROW = 8

/** Leaves room for everything that still has to be said on an IKE SA whose Message IDs run out. */
const REKEY_AT_MESSAGE_ID = LAST_MESSAGE_ID - 0xffff

/** Starts as many of the waiting exchanges as the windows allow. Runs at the end of every step. */
export function work(turn: Turn): void {
  if (turn.state.phase.name !== 'established' || turn.state.suspendedSince !== null) return
  for (const sa of turn.state.ikeSas) deleteLeaving(turn, sa)
  if (turn.state.tasks.some(({ kind }) => kind === 'closeIke')) hastenSuccessor(turn)
  for (;;) {
    const sa = activeIkeSa(turn.state)
    if (sa === undefined) return
    // RFC 7296 section 2.2: before the Message IDs run out the IKE SA is rekeyed, or else closed (B030).
    const { nextMessageId, outstanding } = sa.requests
    if (nextMessageId === REKEY_AT_MESSAGE_ID) enqueue(turn, { kind: 'rekeyIke', group: null })
    if (nextMessageId > LAST_MESSAGE_ID && outstanding.length === 0) return close(turn, 'messageIdsExhausted')
    if (!canRequest(sa.requests)) return
    const task = nextTask(turn, sa)
    const { mobikeInRow } = turn.state
    const isHeldUp = task !== undefined && mobikeInRow >= MOBIKE_IN_ROW
    if (!isHeldUp && sendMobikeRequest(turn, sa)) {
      const inRow = task === undefined ? 0 : mobikeInRow + 1
      if (inRow !== mobikeInRow) patch(turn, { mobikeInRow: inRow })
      continue
    }
    if (task === undefined) return
    patch(turn, { mobikeInRow: 0, tasks: turn.state.tasks.filter((known) => known !== task) })
    start(turn, sa, task)
  }
}

/** The Delete of an IKE SA that was replaced is the last request on it (RFC 7296 section 2.8, B180). */
function deleteLeaving(turn: Turn, sa: IkeSa): void {
  const due = sa.standing.name === 'leaving' && sa.standing.deleteHere && sa.requests.outstanding.length === 0
  if (due && canRequest(sa.requests)) sendDeleteIke(turn, sa, null)
}

function nextTask(turn: Turn, sa: IkeSa): Task | undefined {
  const { tasks } = turn.state
  const kinds = sa.requests.outstanding.map(({ purpose }) => purpose.kind)
  // RFC 7296 section 2.8: no new CREATE_CHILD_SA on an IKE SA that is being rekeyed, nor a rekey while Child SAs change.
  const replacing = kinds.includes('rekeyIke') || awaitsSuccessor(turn.state)
  const changing = kinds.includes('createChild') || kinds.includes('deleteChild')
  const closing = kinds.includes('deleteIke')
  const blocked = (task: Task): boolean => {
    if (task.notBefore > turn.now || closing) return true
    // With a window above 1: one exchange at a time for a Child SA, or a Delete would overtake the rekey it waited for.
    if ('id' in task && isBeingRekeyed(sa, task.id)) return true
    if (task.kind === 'rekeyIke') return replacing || changing
    // The lineage ends with its newest IKE SA, so closing waits until it is known which one that is.
    return replacing && (task.kind === 'createChild' || task.kind === 'rekeyChild' || task.kind === 'closeIke')
  }
  for (const kind of PRIORITY) {
    const task = tasks.find((candidate) => candidate.kind === kind && !blocked(candidate))
    if (task !== undefined) return task
  }
  return undefined
}

function isBeingRekeyed(sa: IkeSa, childId: number): boolean {
  return sa.requests.outstanding.some(({ purpose }) => purpose.kind === 'createChild' && purpose.replaces === childId)
}

function start(turn: Turn, sa: IkeSa, task: Task): void {
  switch (task.kind) {
    case 'closeIke':
      return sendDeleteIke(turn, sa, task.reason)
    case 'deleteChild': {
      const payload: Payload = { kind: 'delete', protocol: PROTOCOL.ESP, spiSize: 4, spis: [uint32Bytes(task.spi)] }
      return inform(turn, sa, [payload], { kind: 'deleteChild', id: task.id, spi: task.spi })
    }
    case 'rekeyIke':
      return requestIkeRekey(turn, sa, task)
    case 'rekeyChild': {
      const child = childById(turn.state, task.id)
      if (child === undefined || child.closing || replacementOf(turn.state, task.id) !== undefined) return
      // Section 2.9.2: a rekey offers the selectors in use, no narrower and without a packet's own.
      const selectors = { local: child.sa.localSelectors, remote: child.sa.remoteSelectors }
      return requestChild(turn, sa, task, selectors, child)
    }
    case 'createChild':
      return requestChild(turn, sa, task, { local: task.localSelectors, remote: task.remoteSelectors }, null)
    case 'liveness':
      return inform(turn, sa, [], { kind: 'liveness' })
  }
}

function sendDeleteIke(turn: Turn, sa: IkeSa, reason: CloseReason | null): void {
  const payload: Payload = { kind: 'delete', protocol: PROTOCOL.IKE, spiSize: 0, spis: [] }
  inform(turn, sa, [payload], { kind: 'deleteIke', reason })
}

function inform(turn: Turn, sa: IkeSa, payloads: readonly Payload[], purpose: Parameters<typeof sendRequest>[4]): void {
  sendRequest(turn, sa, EXCHANGE.INFORMATIONAL, payloads, purpose, currentPath(turn.state))
}
