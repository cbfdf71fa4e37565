import { samePath } from '../bytes/index.ts'
import { advertisedAddresses, peerAddressSet } from './address-set.ts'
import { localAddressesChanged, reselect, tryBetterPath, withAddresses } from './addresses.ts'
import { echoOf, requestReceived } from './answer.ts'
import { NO_PAIRS, settlePairs } from './candidate-pairs.ts'
import { childSaInstalled, childSaMoveFailed, childSasMoved } from './migration.ts'
import { close, forgetFailures } from './move.ts'
import { checksNatMapping, needsEncapsulation, syncKeepalive } from './nat.ts'
import { isRefused, isSameLocal } from './path-table.ts'
import type { MobikePolicy } from './policy.ts'
import { checkMobikePolicy } from './policy-check.ts'
import { advanceProbing, doubtWithoutChoice, probeAlternatives } from './probing.ts'
import { responseReceived } from './response.ts'
import { isVerified, requireRoutability } from './routability.ts'
import { hasOtherPath, sendablePaths } from './selection.ts'
import { overslept, resumed, watchSleep } from './sleep.ts'
import { act, change, intend, MAX_VOIDED, type MobikeState, NO_DOUBTS, NOTHING_FAILED } from './state.ts'
import { aliveOn, espReceived, inboundMissing, suspicion } from './synchrony.ts'
import { isTcp } from './transport.ts'
import type { MobikeEvent, MobikeInit, MobikePorts, MobikeStep } from './types.ts'

const DEFAULT_PORTS: MobikePorts = { ike: 500, natTraversal: 4500 }

/**
 * The state of a lineage whose first IKE SA was just established with MOBIKE on both sides, and what to start.
 *
 * @throws RangeError naming the field of `policy` whose number is out of its range.
 */
export function createMobike(policy: MobikePolicy, init: MobikeInit): MobikeStep {
  checkMobikePolicy(policy)
  const natTraversal = init.natTraversal && policy.natTraversal === 'allow'
  const nat = natTraversal ? init.nat : null
  const hasBaseline = nat !== null && init.initPath !== undefined && samePath(init.initPath, init.path)
  const { periodicMs } = policy.routability
  const excluded = [...init.excludedPrefixes]
  const { address } = init.path.local
  // A caller that reports addresses reports all of them: the one of IKE_AUTH may have gone meanwhile.
  const local = (init.localAddresses.length === 0 ? [{ address }] : init.localAddresses).map((known) => ({ ...known }))
  const peer = init.path.remote.address
  const ports = init.ports ?? DEFAULT_PORTS
  const usualPort = natTraversal ? ports.natTraversal : ports.ike
  const remotePort = init.role === 'initiator' && !isTcp(init.path) ? init.path.remote.port : usualPort
  const state: MobikeState = {
    role: init.role,
    closed: false,
    natTraversal,
    ports,
    localPort: init.path.local.port,
    remotePort,
    ikePath: init.path,
    childPath: init.path,
    encapsulate: needsEncapsulation(ports, nat, init.path),
    targetEncapsulate: needsEncapsulation(ports, nat, init.path),
    moveDue: false,
    choseSource: false,
    childMoves: [],
    scattered: false,
    rollback: null,
    updatesInDoubt: 0,
    nat,
    natBaseline: hasBaseline ? nat.destinationHash : null,
    natCheckAnswered: false,
    ...NOTHING_FAILED,
    keepalive: null,
    keepaliveDueAt: null,
    local,
    remoteCandidates: [...init.remoteCandidates],
    excluded,
    peerAddresses: peerAddressSet(init.path.remote.address, init.peerAddresses, policy.maxPeerAddresses),
    advertisable: [],
    announced: [],
    pairs: NO_PAIRS,
    // Without our octets of IKE_SA_INIT the peer could not have gone on to IKE_AUTH; but that may claim any source.
    verified:
      (init.initPath ?? init.path).remote.address === peer ? [{ address: peer, level: 'initial', at: init.now }] : [],
    answered: [],
    pending: { update: false, routability: false, list: false, probe: false, liveness: false },
    outstanding: [],
    voided: [],
    nextToken: 1,
    lastUpdateMessageId: null,
    lastListMessageId: null,
    probing: null,
    allPairsTried: false,
    silence: null,
    outageSince: null,
    outageDeadline: null,
    restoring: false,
    fallbackAt: null,
    reselectAt: null,
    routabilityFailures: 0,
    routabilityNotBefore: null,
    routabilityDueAt: periodicMs === undefined ? null : init.now + periodicMs,
    lastHintAt: null,
    doubts: NO_DOUBTS,
    lastFollowAt: null
  }
  const placed = withAddresses(policy, { state, actions: [] }, {})
  // What IKE_AUTH told the peer.
  const announced = advertisedAddresses(policy, placed.state.advertisable, init.path)
  const created = takeBaseline(change(placed, { announced }))
  const isProven = policy.routability.when === 'never' || isVerified(policy, state, peer, init.now)
  const checked = isProven ? created : requireRoutability(created)
  const present = reselect(policy, checked, init.now, true)
  return settlePairs(policy, syncKeepalive(policy, present, init.now))
}

/**
 * One event in, the whole consequence out. Pure and total: the same state and event give the same step, nothing is thrown
 * on what a peer sends, the state given is left as it was. Carry the actions out in order, then call
 * `nextMobikeRequest` while the window is open, then arm one timer for `nextMobikeWake`.
 */
export function stepMobike(policy: MobikePolicy, state: MobikeState, event: MobikeEvent): MobikeStep {
  const step: MobikeStep = { state, actions: [] }
  if (state.closed) {
    if (event.type !== 'requestReceived') return step
    return act(step, { type: 'answer', notifies: echoOf(state, event.notifies) })
  }
  const { now } = event
  // Silence that nobody was awake to hear is none.
  const isVoid = event.type === 'requestRetransmitted' && overslept(policy, state, now)
  // A request's answer comes first of all.
  const next = isVoid ? step : consequence(policy, step, event)
  return settlePairs(policy, syncKeepalive(policy, watchSleep(policy, next, now), now))
}

/** When the next `tick` is due, in ms of the monotonic clock; undefined for never. May be in the past: tick at once. */
export function nextMobikeWake(state: MobikeState): number | undefined {
  const deadlines = [
    state.probing?.nextAt ?? null,
    state.fallbackAt,
    state.reselectAt,
    state.updateNotBefore,
    state.routabilityNotBefore,
    state.routabilityDueAt,
    state.outageDeadline,
    state.keepaliveDueAt
  ].filter((at) => at !== null)
  return deadlines.length === 0 ? undefined : Math.min(...deadlines)
}

function consequence(policy: MobikePolicy, step: MobikeStep, event: MobikeEvent): MobikeStep {
  const { state } = step
  const { now } = event
  switch (event.type) {
    case 'tick':
      return ticked(policy, step, now)
    case 'localAddressesChanged':
      return checkUnchanged(policy, step, localAddressesChanged(policy, step, event.addresses, now), now)
    case 'remoteCandidatesChanged':
      return reselect(policy, withAddresses(policy, step, { remoteCandidates: [...event.endpoints] }), now, true)
    case 'excludedPrefixesChanged':
      return reselect(policy, withAddresses(policy, step, { excluded: [...event.prefixes] }), now, false)
    case 'hintReceived':
      // Noticed anyhow if it was long enough.
      if (event.hint === 'resumed') return overslept(policy, state, now) ? step : resumed(step)
      return event.hint === 'noInboundTraffic' ? inboundMissing(policy, step, now) : suspicion(policy, step, now)
    case 'livenessDue':
      return intend(step, { liveness: true })
    case 'updateForced':
      if (state.role === 'initiator') return intend(forgetFailures(step), { update: true })
      return ignored(step, 'only the MOBIKE initiator updates addresses')
    case 'requestReceived':
      return requestReceived(policy, step, event)
    case 'responseReceived':
      return aliveOn(responseReceived(policy, step, event), event.path)
    case 'requestRetransmitted':
      return retransmitted(policy, step, event, now)
    case 'requestExhausted':
      if (overslept(policy, state, now)) return act(step, { type: 'retryOutstanding' })
      return exhausted(policy, step, now)
    case 'ikeSaRekeyed':
      return ikeSaRekeyed(step, event.movedSince === true)
    case 'childSasMoved':
      return childSasMoved(step)
    case 'childSaInstalled':
      return childSaInstalled(step)
    case 'childSaMoveFailed':
      return childSaMoveFailed(policy, step, event, now)
    case 'espReceived':
      return espReceived(policy, step, event)
  }
}

function ticked(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { state } = step
  const isDue = (at: number | null): boolean => at !== null && now >= at
  if (isDue(state.outageDeadline)) return close(step, 'outageLimit')
  let next = step
  if (isDue(state.updateNotBefore)) next = change(next, { updateNotBefore: null })
  if (isDue(state.routabilityNotBefore)) next = change(next, { routabilityNotBefore: null })
  if (isDue(state.routabilityDueAt)) {
    const { periodicMs } = policy.routability
    next = change(requireRoutability(next), {
      routabilityDueAt: periodicMs === undefined ? null : now + periodicMs
    })
  }
  if (isDue(state.probing?.nextAt ?? null)) next = advanceProbing(policy, next, now)
  if (isDue(state.fallbackAt)) next = probeAlternatives(policy, next, now)
  if (isDue(next.state.reselectAt)) next = tryBetterPath(policy, next, now)
  return next
}

/** The same addresses as ever: the peer may have given up meanwhile, if policy wants to know (F33). */
function checkUnchanged(policy: MobikePolicy, before: MobikeStep, after: MobikeStep, now: number): MobikeStep {
  const { local, ikePath } = before.state
  const { state } = after
  const isSame =
    local.length === state.local.length &&
    local.every((address) => state.local.some((known) => isSameLocal(known, address))) &&
    samePath(ikePath, state.ikePath)
  if (!policy.checkUnchangedAddresses || !isSame || state.outageSince !== null || state.pending.update) return after
  return suspicion(policy, after, now)
}

/** Replies are missing: time to look for another pair (sections 3.5 and 3.11: recovery is the initiator's job). */
function retransmitted(
  policy: MobikePolicy,
  step: MobikeStep,
  { token, attempt }: { readonly token: number | null; readonly attempt: number },
  now: number
): MobikeStep {
  const { state } = step
  // A probe of pairs that are no better than hoped says nothing about the current one.
  const isProbe = state.outstanding.some((request) => request.token === token && request.purpose === 'probe')
  if (isProbe && state.probing !== null) return step
  if (state.outageSince !== null) return step
  // An UPDATE answered after copies of it went to other pairs has to be sent anew: over a slow path that would never end,
  // so each such UPDATE is given more time than the one before.
  const patience = policy.retransmissionsBeforeProbing + Math.max(0, state.updatesInDoubt - 1)
  if (attempt < patience || state.probing?.reason === 'suspect') return step
  return mayLookElsewhere(state) ? probeAlternatives(policy, step, now) : doubtWithoutChoice(step, now)
}

function exhausted(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { state } = step
  if (state.outageSince !== null) return act(step, { type: 'retryOutstanding' })
  if (state.allPairsTried) return peerGone(policy, step, now)
  if (state.probing?.reason === 'suspect') return act(step, { type: 'retryOutstanding' })
  if (!mayLookElsewhere(state) || !hasOtherPath(state, state.ikePath)) return peerGone(policy, step, now)
  return probeAlternatives(policy, act(step, { type: 'retryOutstanding' }), now)
}

/** Nobody answers (RFC 7296 section 2.4). Where it was the very first check with NAT_DETECTION, that may be the reason (F26). */
function peerGone(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { state } = step
  const isCheck = state.outstanding.some(({ purpose }) => purpose === 'liveness') && checksNatMapping(policy, state)
  // Of the pairs there are, one was refused since the others fell silent.
  const since = state.silence?.since ?? now
  if (sendablePaths(state).some((path) => isRefused(state, path, since))) return close(step, 'updateRefused')
  if (!isCheck || state.natCheckAnswered) return close(step, 'noResponse')
  return close(act(step, { type: 'report', report: { kind: 'natDetectionUnanswered' } }), 'noResponse')
}

/** The initiator may at any time, the responder to tell its list where the addresses in use do not work (section 3.6). */
function mayLookElsewhere(state: MobikeState): boolean {
  return state.role === 'initiator' || state.outstanding.some((request) => request.carriesList)
}

/**
 * Open requests are asked anew. NAT hashes change with the SPIs, so that a mapping lost since the last check cannot be told
 * from one that stayed: behind a NAT one UPDATE settles it, in place of a check that would only set a new reference
 * (section 3.8 calls it harmless). What was last heard stays the last: requests that it overtook may still come on the old
 * IKE SA, and those of the new one have higher numbers (A-O9).
 */
function ikeSaRekeyed(step: MobikeStep, movedSince: boolean): MobikeStep {
  const { state } = step
  const { pending, ikePath } = state
  const isOpen = (purpose: string): boolean => state.outstanding.some((request) => request.purpose === purpose)
  const fresh = change(step, {
    natBaseline: null,
    outstanding: [],
    voided: [...state.outstanding, ...state.voided].filter(({ cookie2 }) => cookie2 !== null).slice(0, MAX_VOIDED)
  })
  const tellsAnew = state.role === 'initiator' && (movedSince || (isBehindNat(state) && !isTcp(ikePath)))
  return intend(fresh, {
    update: pending.update || isOpen('update') || tellsAnew,
    routability: pending.routability || isOpen('routability'),
    list: pending.list || state.outstanding.some((request) => request.carriesList),
    probe: state.probing !== null && (pending.probe || isOpen('probe'))
  })
}

/** Behind a NAT without a reference for its mapping: one liveness check fetches it early (F23). */
function takeBaseline(step: MobikeStep): MobikeStep {
  const { state } = step
  const isWanted = state.role === 'initiator' && isBehindNat(state) && state.natBaseline === null
  return isWanted ? intend(step, { liveness: true }) : step
}

function isBehindNat({ nat }: MobikeState): boolean {
  return nat?.localBehindNat === true
}

function ignored(step: MobikeStep, reason: string): MobikeStep {
  return act(step, { type: 'report', report: { kind: 'ignored', reason } })
}
