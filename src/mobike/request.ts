import { type Path, toHex } from '../bytes/index.ts'
import { addressListNotifies, advertisedAddresses } from './address-set.ts'
import { isListStale } from './move.ts'
import { checksNatMapping, detectsNat } from './nat.ts'
import { noNatsAllowedFor } from './nat-prohibition.ts'
import type { MobikePolicy } from './policy.ts'
import { change, type MobikeState, type OwnRequest, type PendingIntents } from './state.ts'
import { isTcp } from './transport.ts'
import type { MobikeNotify, MobikePurpose, MobikeRequest } from './types.ts'

const COOKIE2_LENGTH = 32

/** True when {@link nextMobikeRequest} would return a request: asks before entropy is drawn for it. */
export function wantsMobikeRequest(state: MobikeState, now: number): boolean {
  return nextPurpose(state, now) !== null
}

/**
 * The next request MOBIKE wants sent, or null. Call it after every step, as long as the window allows a new exchange and
 * it returns a request: most urgent first, UPDATE, routability check, address list, probe, liveness (design decision 4).
 * `entropy` is used up by a call that returns a request.
 *
 * @throws RangeError when `entropy` has fewer than 32 octets and is needed.
 */
export function nextMobikeRequest(
  policy: MobikePolicy,
  state: MobikeState,
  input: { readonly now: number; readonly entropy: Uint8Array }
): { readonly state: MobikeState; readonly request: MobikeRequest | null } {
  const purpose = nextPurpose(state, input.now)
  if (purpose === null) return { state, request: null }
  const path = purpose === 'probe' ? probePath(state) : state.ikePath
  const hasCookie2 = (purpose === 'update' || purpose === 'routability') && !isTcp(path)
  if (hasCookie2 && input.entropy.length < COOKIE2_LENGTH) {
    throw new RangeError(`entropy: ${input.entropy.length} octets, 32 needed`)
  }
  const cookie2 = hasCookie2 ? input.entropy.slice(0, COOKIE2_LENGTH) : null
  const carriesList =
    purpose === 'addressList' || (purpose === 'update' && (state.pending.list || isListStale(policy, state)))
  const list = carriesList ? advertisedAddresses(policy, state.advertisable, path) : null

  const notifies: MobikeNotify[] = []
  if (purpose === 'update') notifies.push({ kind: 'updateSaAddresses' })
  if (asksNatDetection(policy, state, purpose, path)) notifies.push({ kind: 'natDetection' })
  if (list !== null) notifies.push(...addressListNotifies(list))
  if (!state.natTraversal && !isTcp(path) && (purpose === 'update' || list !== null)) {
    notifies.push({ kind: 'noNatsAllowed', data: noNatsAllowedFor(path) })
  }
  if (cookie2 !== null) notifies.push({ kind: 'cookie2', data: cookie2 })

  const token = state.nextToken
  const own: OwnRequest = {
    token,
    purpose,
    cookie2: cookie2 === null ? null : toHex(cookie2),
    path,
    superseded: false,
    carriesList
  }
  const earlier =
    purpose === 'update' ? state.outstanding.map((request) => ({ ...request, superseded: true })) : state.outstanding
  const { state: asked } = change(
    { state, actions: [] },
    {
      nextToken: token + 1,
      outstanding: [...earlier, own],
      announced: list ?? state.announced,
      updatesInDoubt: state.updatesInDoubt + (purpose === 'update' ? 1 : 0),
      pending: afterBuilding(state.pending, purpose)
    }
  )
  return { state: asked, request: { token, purpose, notifies, path } }
}

function nextPurpose(state: MobikeState, now: number): MobikePurpose | null {
  const { pending } = state
  if (state.closed || state.outageSince !== null) return null
  const updateWaits = state.updateNotBefore !== null && now < state.updateNotBefore
  if (pending.update && !updateWaits) return 'update'
  const routabilityWaits = state.routabilityNotBefore !== null && now < state.routabilityNotBefore
  if (pending.routability && !routabilityWaits) return 'routability'
  if (pending.list && !updateWaits) return 'addressList'
  if (pending.probe) return 'probe'
  return pending.liveness ? 'liveness' : null
}

function probePath(state: MobikeState): Path {
  return state.probing?.candidates[state.probing.cursor] ?? state.ikePath
}

/**
 * The pair rides with UPDATE, and with COOKIE2 in routability checks: one well-known peer echoes COOKIE2 only beside it
 * (design decision 7). A liveness check has it behind a NAT (RFC 4555 section 3.8); probes carry nothing (F15).
 */
function asksNatDetection(policy: MobikePolicy, state: MobikeState, purpose: MobikePurpose, path: Path): boolean {
  if (!detectsNat(policy, state, path)) return false
  if (purpose === 'liveness') return checksNatMapping(policy, state)
  return purpose === 'update' || purpose === 'routability'
}

/** What a request of this purpose settles besides itself: an UPDATE is a liveness check and carries the list. */
function afterBuilding(pending: PendingIntents, purpose: MobikePurpose): PendingIntents {
  switch (purpose) {
    case 'update':
      return { ...pending, update: false, list: false, liveness: false }
    case 'routability':
      return { ...pending, routability: false, liveness: false }
    case 'addressList':
      return { ...pending, list: false }
    case 'probe':
      return { ...pending, probe: false }
    case 'liveness':
      return { ...pending, liveness: false }
  }
}
