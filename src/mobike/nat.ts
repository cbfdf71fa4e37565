import { type Path, samePath } from '../bytes/index.ts'
import { suspectsNat } from './address-set.ts'
import { recordOf, withRecord } from './path-table.ts'
import type { MobikePolicy } from './policy.ts'
import { act, change, intend, type MobikeState } from './state.ts'
import { isTcp } from './transport.ts'
import type { MobikePorts, MobikeStep, NatObservation } from './types.ts'

/** True when ESP on `path` must be UDP-encapsulated: `nat` shows one at either end (RFC 7296 section 2.23). */
export function needsEncapsulation(ports: MobikePorts, nat: NatObservation | null, path: Path): boolean {
  // In a stream ESP is never plain.
  if (isTcp(path)) return true
  return nat !== null && (nat.localBehindNat || nat.remoteBehindNat) && mayEncapsulate(ports, path)
}

/**
 * False on the IKE port of either end, which carries no ESP (RFC 7296 section 2.23), whatever a peer makes us see there. The
 * peer's counts only where ours is another than usual: behind a NAT 4500 may look like 500 from here.
 */
export function mayEncapsulate(ports: MobikePorts, { local, remote }: Path): boolean {
  return local.port === ports.natTraversal || (local.port !== ports.ike && remote.port !== ports.ike)
}

/** True when requests of ours on `path` may carry NAT_DETECTION (F58). */
export function detectsNat(policy: MobikePolicy, state: MobikeState, path: Path): boolean {
  return state.natTraversal && policy.natDetection?.(path) !== false
}

/**
 * Encapsulation until an UPDATE response decides: what an earlier UPDATE showed on this pair, or else as it is now, or on
 * when a NAT is to be suspected (RFC 4555 section 3.5). The peer accepts both at any time (RFC 7296 section 2.23).
 */
export function guessEncapsulation(policy: MobikePolicy, state: MobikeState, path: Path): boolean {
  if (isTcp(path)) return true
  if (!detectsNat(policy, state, path)) return false
  const known = recordOf(state, path)?.nat ?? null
  if (known !== null) return needsEncapsulation(state.ports, known, path)
  return mayEncapsulate(state.ports, path) && (state.encapsulate || suspectsNat(path))
}

/** Takes the observation of an UPDATE exchange on the IKE SA's path: the NAT state in use and the new baseline (section 3.8). */
export function adoptNat(step: MobikeStep, nat: NatObservation | null): MobikeStep {
  const { state } = step
  if (!state.natTraversal || nat === null) {
    return isTcp(state.ikePath) ? change(step, { targetEncapsulate: true }) : step
  }
  return change(step, {
    nat,
    natBaseline: nat.destinationHash,
    targetEncapsulate: needsEncapsulation(state.ports, nat, state.ikePath),
    pairs: withRecord(state, state.ikePath, { nat })
  })
}

/**
 * True when a liveness check of ours has to carry NAT_DETECTION: behind a NAT (RFC 4555 section 3.8), behind one the peer
 * claims (F24), or when ESP makes one probable (F74). Never from the responder, whose clients may not answer it (F26).
 */
export function checksNatMapping(policy: MobikePolicy, state: MobikeState): boolean {
  if (policy.natDetectionInLiveness === 'never' || state.role === 'responder' || !state.natTraversal) return false
  if (isTcp(state.ikePath)) return false
  return state.nat?.localBehindNat === true || state.nat?.remoteBehindNat === true || state.doubts.encapsulation
}

/**
 * Compares a liveness response with the baseline: a difference leads to one UPDATE (section 3.8), no baseline sets it
 * (F23). So does a NAT that is no longer there, or was never (F24): once, whatever the UPDATE then shows.
 */
export function compareNatMapping(policy: MobikePolicy, step: MobikeStep, nat: NatObservation | null): MobikeStep {
  const { state } = step
  if (nat === null || !checksNatMapping(policy, state)) return step
  const { doubts, natBaseline } = state
  const sees = (end: 'localBehindNat' | 'remoteBehindNat'): boolean => (state.nat?.[end] ?? false) === nat[end]
  const isOther = !sees('localBehindNat') || !sees('remoteBehindNat')
  // The new value becomes the reference at once, so that a peer whose UPDATE responses have no hash starts no loop (F07).
  const compared = change(step, {
    natBaseline: nat.destinationHash,
    natCheckAnswered: true,
    ...(doubts.nat === isOther ? {} : { doubts: { ...doubts, nat: isOther } })
  })
  const isMapped = natBaseline !== null && nat.destinationHash !== natBaseline
  if (!isMapped && (!isOther || doubts.nat)) return compared
  return act(intend(compared, { update: true }), { type: 'report', report: { kind: 'natMappingChanged' } })
}

/** True after a move whose UPDATE response is not there yet, with Child SAs encapsulated because a NAT is suspected. */
function guessesNat(state: MobikeState): boolean {
  return state.encapsulate && samePath(state.childPath, state.ikePath) && suspectsNat(state.ikePath)
}

/**
 * Starts and stops keepalives: only from behind the NAT, or where one is suspected (RFC 4555 section 3.5, step 3), only on
 * the current pair (RFC 4621 section 5.2.6).
 */
export function syncKeepalive(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { state } = step
  const isNeeded = state.nat === null ? guessesNat(state) : state.nat.localBehindNat
  const isRunning = state.natTraversal && state.outageSince === null && !state.closed && !isTcp(state.ikePath)
  const wanted = isNeeded && isRunning ? state.ikePath : null
  const running = state.keepalive
  if (wanted === running || (wanted !== null && running !== null && samePath(wanted, running))) return step
  const stopped = running === null ? step : act(step, { type: 'stopNatKeepalive', path: running })
  if (wanted === null) return change(stopped, { keepalive: null, keepaliveDueAt: null })
  return change(
    stopped,
    { keepalive: wanted, keepaliveDueAt: state.role === 'initiator' ? now + policy.keepaliveIntervalMs : null },
    { type: 'startNatKeepalive', path: wanted, intervalMs: policy.keepaliveIntervalMs }
  )
}
