import { type IpAddress, type Path, samePath } from '../bytes/index.ts'
import { peerAddressSet, sameAddresses } from './address-set.ts'
import { leaveGoneSource, reselect } from './addresses.ts'
import { outerTest, withPairs } from './candidate-pairs.ts'
import { beginMove, moveChildren, resume } from './move.ts'
import { adoptNat } from './nat.ts'
import { checkNoNatsAllowed } from './nat-prohibition.ts'
import type { MobikePolicy } from './policy.ts'
import { startProbing } from './probing.ts'
import { isChecking, isProven, mayMoveTo, requireRoutability } from './routability.ts'
import { candidatePaths } from './selection.ts'
import { act, change, intend, type MobikeState } from './state.ts'
import type { MobikeEvent, MobikeNotify, MobikeReport, MobikeStep } from './types.ts'

/** A fresh INFORMATIONAL request of the peer. */
export type RequestReceived = Extract<MobikeEvent, { readonly type: 'requestReceived' }>

/** Answers exactly once, and does what the request asks in the order of RFC 4555 sections 3.5 and 3.6. */
export function requestReceived(policy: MobikePolicy, step: MobikeStep, event: RequestReceived): MobikeStep {
  const { state } = step
  const { path, messageId, notifies } = event
  const hasUpdate = notifies.some(({ kind }) => kind === 'updateSaAddresses')
  const hasList = notifies.some(({ kind }) => kind === 'additionalAddress' || kind === 'noAdditionalAddresses')
  // With a window above 1 requests can overtake each other; UPDATE and list are ordered apart (sections 3.5, 3.6).
  const doUpdate = hasUpdate && messageId > (state.lastUpdateMessageId ?? -1)
  const doList = hasList && messageId > (state.lastListMessageId ?? -1)
  const ordered = change(step, {
    lastUpdateMessageId: doUpdate ? messageId : state.lastUpdateMessageId,
    lastListMessageId: doList ? messageId : state.lastListMessageId
  })
  const isStale = (hasUpdate || hasList) && !doUpdate && !doList
  if (!isStale && crossedNat(notifies, path)) {
    return refuse(ordered, event, { kind: 'unexpectedNatDetected' }, { kind: 'unexpectedNat', by: 'local' })
  }
  if (doUpdate && state.role === 'initiator') {
    // A-O3: never plain success for an UPDATE not carried out. The peer may have moved, so its present address is checked.
    const rule = 'RFC 4555 section 4.2.4: UPDATE_SA_ADDRESSES comes from the initiator only'
    const refused = refuse(ordered, event, { kind: 'unacceptableAddresses' }, { kind: 'violation', rule })
    const checked = intend(refused, { liveness: true })
    return doList ? peerListReceived(policy, checked, event) : checked
  }
  const update = { from: state.ikePath, nat: event.nat }
  // Traffic to an inner address would have to pass through the SA that it belongs to (F65).
  const isInner = samePath(path, state.ikePath) ? false : outerTest(state.excluded)(path.remote.address)
  if (doUpdate && (isInner || policy.acceptPath?.(path, update) === false)) {
    return refuse(ordered, event, { kind: 'unacceptableAddresses' }, { kind: 'refused', path, by: 'local' })
  }
  const answered = act(ordered, { type: 'answer', notifies: echoOf(state, notifies) })
  const listed = doList ? peerListReceived(policy, answered, event) : answered
  return doUpdate ? leaveGoneSource(policy, updateReceived(policy, listed, event), event.now) : listed
}

/** What a response to any INFORMATIONAL returns: COOKIE2 as it came (A-O2), NAT_DETECTION when it was there (sections 3.7, 3.8). */
export function echoOf(state: MobikeState, notifies: readonly MobikeNotify[]): MobikeNotify[] {
  const natDetection = state.natTraversal ? notifies.filter(({ kind }) => kind === 'natDetection') : []
  return [...natDetection.slice(0, 1), ...notifies.filter(({ kind }) => kind === 'cookie2')]
}

function refuse(step: MobikeStep, event: RequestReceived, error: MobikeNotify, report: MobikeReport): MobikeStep {
  const notifies = [error, ...echoOf(step.state, event.notifies)]
  return act(step, { type: 'answer', notifies }, { type: 'report', report })
}

/** NO_NATS_ALLOWED that does not name the addresses and ports the request came with (section 3.9). */
function crossedNat(notifies: readonly MobikeNotify[], path: Path): boolean {
  return notifies.some((notify) => notify.kind === 'noNatsAllowed' && !checkNoNatsAllowed(notify.data, path))
}

/** The responder's part of section 3.5 once policy agreed and the answer is out. */
function updateReceived(policy: MobikePolicy, step: MobikeStep, event: RequestReceived): MobikeStep {
  const { path, now } = event
  const before = step.state
  const isElsewhere = !samePath(path, before.ikePath)
  const addressed = change(resume(step, false), {
    ikePath: path,
    choseSource: false,
    // The header address is the first of the set (section 3.6); what was announced beside the last one still holds.
    peerAddresses: peerAddressSet(path.remote.address, before.peerAddresses.slice(1), policy.maxPeerAddresses),
    probing: null,
    fallbackAt: null,
    allPairsTried: false,
    silence: null,
    outstanding: isElsewhere
      ? before.outstanding.map((request) => ({ ...request, superseded: true }))
      : before.outstanding
  })
  const isResumed = before.outageSince !== null
  const redirected = isElsewhere || isResumed ? act(addressed, { type: 'redirectOutstanding', path }) : addressed
  // Without NAT_DETECTION encapsulation stays as it is (section 3.5, last step).
  const detected = intend(adoptNat(redirected, event.nat), { probe: false })

  const { state } = detected
  const changed = state.scattered || !samePath(state.childPath, path) || state.encapsulate !== state.targetEncapsulate
  const isShown = isProven(policy, state, path, now)
  // A check under way is void when the address changed (RFC 4621 section 5.5.2); one for this address may go on.
  const checking = isChecking(state)
  const asking =
    policy.routability.when === 'never' || isShown || checking
      ? // One that was due anyhow, as a periodic check is, is not spared by an UPDATE that names the same address.
        intend(detected, { routability: isShown && !checking && !isElsewhere && state.pending.routability })
      : requireRoutability(detected)
  if (!changed) return change(asking, { moveDue: false })
  if (!mayMoveTo(policy, state, path, now)) return change(asking, { moveDue: true })
  const next = moveChildren(asking)
  return act(next, { type: 'report', report: { kind: 'peerMoved', from: before.childPath, to: path } })
}

/** A complete new list: header address and listed ones replace the old set (section 3.6). */
function peerListReceived(policy: MobikePolicy, step: MobikeStep, event: RequestReceived): MobikeStep {
  const listed: IpAddress[] = []
  let saysNone = false
  for (const notify of event.notifies) {
    if (notify.kind === 'additionalAddress') listed.push(notify.address)
    if (notify.kind === 'noAdditionalAddresses') saysNone = true
  }
  // A-O4: the addresses count, the contradiction is reported.
  const rule = 'RFC 4555 section 3.6: NO_ADDITIONAL_ADDRESSES beside ADDITIONAL_*_ADDRESS'
  const checked =
    saysNone && listed.length > 0 ? act(step, { type: 'report', report: { kind: 'violation', rule } }) : step
  const addresses = peerAddressSet(event.path.remote.address, listed, policy.maxPeerAddresses)
  const replaced = sameAddresses(addresses, checked.state.peerAddresses)
    ? change(checked, { peerAddresses: addresses })
    : withPairs(
        policy,
        change(checked, { peerAddresses: addresses }, { type: 'report', report: { kind: 'peerAddresses', addresses } })
      )
  // No pair could be made of what was known: a list that was on its way when the address went may name what can be reached.
  if (step.state.outageSince !== null) return reselect(policy, replaced, event.now, true)
  return step.state.role === 'initiator' ? followPeerList(policy, replaced, event) : replaced
}

/** The initiator re-evaluates when the peer address in use left the set (section 3.5); the list's own source goes first. */
function followPeerList(policy: MobikePolicy, step: MobikeStep, event: RequestReceived): MobikeStep {
  const { state } = step
  const current = state.ikePath.remote.address
  if (state.peerAddresses.includes(current)) {
    // A responder that writes over another pair has lost its source once (section 3.5, last paragraph): back in step.
    const isInStep = event.path.remote.address === current && event.path.local.address === state.ikePath.local.address
    return isInStep ? step : intend(step, { update: true })
  }
  const isElsewhere = ({ remote }: Path): boolean => remote.address !== current
  const candidates = candidatePaths(state, event.now, policy.probing.maxPairs, true, isElsewhere)
  const sorted = [
    ...candidates.filter((path) => samePath(path, event.path)),
    ...candidates.filter((path) => !samePath(path, event.path))
  ]
  const only = sorted[0]
  if (only === undefined) return intend(step, { liveness: true })
  if (sorted.length === 1) return beginMove(policy, step, only, event.now, false)
  return startProbing(policy, step, 'replaced', sorted, event.now)
}
