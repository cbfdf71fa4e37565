import { samePath } from '../bytes/index.ts'
import { EXCHANGE } from '../codec/index.ts'
import { nextRetransmission } from '../exchange/index.ts'
import { backOff } from '../mobike/back-off.ts'
import { dropIkeSa, releaseRequests } from './ike-sa-end.ts'
import { tellMobike } from './mobike-bridge.ts'
import { editOutstanding, restartRequests, sendRequest } from './requests.ts'
import type { IkeSa, SessionState, Standing } from './state.ts'
import { enqueue } from './tasks.ts'
import { activeIkeSa, close, currentPath, ikeSaById, patch, putIkeSa, report, type Turn } from './turn.ts'

/** Which IKE SA of the lineage is in use: one that the peer made takes over once the peer shows that it has it. */

/** The peer showed that it has the new IKE SA: it takes over, and the old one waits for the peer's Delete. */
export function promoteSuccessor(turn: Turn): void {
  handOver(turn)
  restartActive(turn)
}

function handOver(turn: Turn): void {
  const successor = successorOf(turn)
  if (successor === undefined) return
  const active = activeIkeSa(turn.state)
  if (active !== undefined) {
    putIkeSa(turn, { ...active, standing: deletedByPeer(turn) })
    // A Delete under way there ends the old one alone.
    for (const { purpose } of active.requests.outstanding) {
      if (purpose.kind === 'deleteIke' && purpose.reason !== null)
        enqueue(turn, { kind: 'closeIke', reason: purpose.reason })
    }
    editOutstanding(turn, (purpose) => (purpose.kind === 'deleteIke' ? { ...purpose, reason: null } : purpose))
  }
  promote(turn, successor.id)
}

/**
 * Whoever answers on the new IKE SA has it. While a rekey of ours is under way the nonces decide which stays (section 2.8.2), or
 * the end of that rekey without an answer.
 */
export function successorAnswered(turn: Turn): void {
  const successor = successorOf(turn)
  if (successor?.standing.name !== 'successor') return
  if (!isRekeying(turn.state)) return promoteSuccessor(turn)
  putIkeSa(turn, { ...successor, standing: { ...successor.standing, askAt: askedAgainAt(turn, 0), asked: 0 } })
}

/**
 * The old IKE SA is dead or deleted, and the peer has not had its time to answer on the one that it made: that takes over.
 * False when there is none.
 */
export function takeOverFromDead(turn: Turn, dead: IkeSa): boolean {
  const successor = successorOf(turn)
  if (dead.standing.name !== 'active' || successor?.standing.name !== 'successor') return false
  const { nextMessageId, outstanding } = successor.requests
  if (outstanding.length > 0 && nextRetransmission(successor.requests) === undefined) return false
  handOver(turn)
  dropIkeSa(turn, dead.id)
  const active = activeIkeSa(turn.state)
  if (nextMessageId === 0 && active !== undefined) ask(turn, active)
  return true
}

/** The peer deleted this IKE SA: a successor takes over, or the session ends. */
export function retireIkeSa(turn: Turn, id: number): void {
  const sa = ikeSaById(turn.state, id)
  if (sa === undefined) return
  const wasActive = sa.standing.name === 'active'
  const successor = successorOf(turn)
  // One that the peer made, and that lost no collision: it is using that, and ends it.
  const isInUse = sa.standing.name === 'successor' ? !isRekeying(turn.state) : wasActive && successor === undefined
  if (isInUse) return close(turn, 'closedByPeer')
  releaseRequests(turn, id)
  // It stays for a while, silent, so that a repeated Delete gets its answer.
  putIkeSa(turn, { ...(ikeSaById(turn.state, id) as IkeSa), standing: deletedByPeer(turn) })
  if (!wasActive || successor === undefined) return
  promote(turn, successor.id)
  restartActive(turn)
}

/** The peer is there: what it was asked on the IKE SA that is in use now has all its time again. */
function restartActive(turn: Turn): void {
  const active = activeIkeSa(turn.state)
  if (active !== undefined && turn.state.suspendedSince === null) {
    restartRequests(turn, active, currentPath(turn.state))
  }
}

/** Deadlines of IKE SAs that go, and the question to the peer whether it has the new one. */
export function passIkeSaDeadlines(turn: Turn): void {
  for (const { id } of turn.state.ikeSas) {
    const sa = ikeSaById(turn.state, id)
    const at = sa === undefined ? null : deadlineOf(sa)
    if (sa === undefined || at === null || turn.now < at) continue
    if (sa.standing.name === 'successor') askOnSuccessor(turn, sa, sa.standing)
    else dropIkeSa(turn, id)
  }
}

/**
 * The peer neither used the new IKE SA nor deleted the old one. Either our response to its rekey is lost, perhaps with the
 * address that we had, and only what is said on the old one reaches it; or its Delete is lost and it knows the new one alone.
 * An answer on the new one tells.
 */
function askOnSuccessor(turn: Turn, sa: IkeSa, standing: Extract<Standing, { name: 'successor' }>): void {
  const asked = standing.asked + 1
  const asking: IkeSa = { ...sa, standing: { ...standing, asked, askAt: askedAgainAt(turn, asked - 1) } }
  putIkeSa(turn, asking)
  if (sa.requests.outstanding.length === 0) return ask(turn, asking)
  // Given up: the same question as before, as the peer waits for its Message ID (section 2.2).
  if (nextRetransmission(asking.requests) === undefined) restartRequests(turn, asking, currentPath(turn.state))
}

function ask(turn: Turn, sa: IkeSa): void {
  sendRequest(turn, sa, EXCHANGE.INFORMATIONAL, [], { kind: 'liveness' }, currentPath(turn.state))
}

/** A request on the old IKE SA is not answered at once: the peer may have forgotten that one already. */
export function hastenSuccessor(turn: Turn): void {
  const successor = successorOf(turn)
  if (successor?.standing.name !== 'successor' || successor.requests.nextMessageId > 0) return
  if (successor.standing.askAt > turn.now)
    putIkeSa(turn, { ...successor, standing: { ...successor.standing, askAt: turn.now } })
}

/** Longest wait between two questions on a new IKE SA that the peer does not answer on, ms. */
const LONGEST_WAIT_MS = 3_600_000

function askedAgainAt(turn: Turn, times: number): number {
  return turn.now + backOff(turn.config.limits.replacedSaMs, times, LONGEST_WAIT_MS)
}

/** When time demands something of an IKE SA's standing, ms. */
export function deadlineOf({ standing }: IkeSa): number | null {
  if (standing.name === 'leaving') return standing.deadline
  return standing.name === 'successor' ? standing.askAt : null
}

/** A rekey of ours is under way. */
export function isRekeying(state: SessionState): boolean {
  const { outstanding = [] } = activeIkeSa(state)?.requests ?? {}
  return outstanding.some(({ purpose }) => purpose.kind === 'rekeyIke')
}

/** Makes it the IKE SA in use. */
export function promote(turn: Turn, id: number): void {
  const sa = ikeSaById(turn.state, id)
  if (sa === undefined) return
  const movedSince = sa.standing.name === 'successor' && !samePath(sa.standing.path, currentPath(turn.state))
  const active: IkeSa = { ...sa, standing: { name: 'active' } }
  const others = turn.state.ikeSas.filter((other) => other.id !== id)
  patch(turn, { ikeSas: [active, ...others], tasks: turn.state.tasks.filter(({ kind }) => kind !== 'rekeyIke') })
  report(turn, { kind: 'ikeSaRekeyed', initiatorSpi: sa.initiatorSpi, responderSpi: sa.responderSpi })
  tellMobike(turn, { type: 'ikeSaRekeyed', movedSince, now: turn.now })
}

/** The peer's Delete ends it, or else the time. */
export function deletedByPeer(turn: Turn): Standing {
  return { name: 'leaving', deleteHere: false, deadline: turn.now + turn.config.limits.replacedSaMs }
}

/** The IKE SA that the peer made by rekeying and that is not in use yet. */
export function successorOf(turn: Turn): IkeSa | undefined {
  return turn.state.ikeSas.find(({ standing }) => standing.name === 'successor')
}
