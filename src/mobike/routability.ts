import { constantTimeEqual, fromHex, type IpAddress, type Path } from '../bytes/index.ts'
import { inPrefixes } from './address-set.ts'
import { backOff } from './back-off.ts'
import type { MobikePolicy } from './policy.ts'
import { change, intend, MAX_RECORDS, type MobikeState, type OwnRequest, type VerifiedAddress } from './state.ts'
import { isTcp } from './transport.ts'
import type { MobikeEvent, MobikeStep } from './types.ts'

/** A response to one of our requests, as the host reports it. */
export type ResponseReceived = Extract<MobikeEvent, { readonly type: 'responseReceived' }>

const MAX_RETRY_MS = 60_000

/** True when the peer is known to receive packets at `address`, or policy vouches for it (RFC 4555 section 3.7). */
export function isVerified(policy: MobikePolicy, state: MobikeState, address: IpAddress, now: number): boolean {
  if (inPrefixes(address, policy.routability.trusted)) return true
  const { validMs, proof } = policy.routability
  const isGood = (entry: VerifiedAddress): boolean =>
    entry.address === address && (validMs === undefined || now - entry.at < validMs)
  return state.verified.some(isGood) || (proof === 'answer' && state.answered.some(isGood))
}

/** True when the peer is known to receive packets that are sent on `path`; a TCP stream shows it by itself. */
export function isProven(policy: MobikePolicy, state: MobikeState, path: Path, now: number): boolean {
  return isTcp(path) || isVerified(policy, state, path.remote.address, now)
}

/** True when Child SAs may go to `path` now. */
export function mayMoveTo(policy: MobikePolicy, state: MobikeState, path: Path, now: number): boolean {
  return policy.routability.when !== 'before' || isProven(policy, state, path, now)
}

/** What the COOKIE2 of a response says of the one sent. */
export function cookie2Verdict(request: OwnRequest, response: ResponseReceived): 'match' | 'mismatch' | 'missing' {
  if (request.cookie2 === null) return 'missing'
  const sent = fromHex(request.cookie2)
  const returned = response.notifies.filter((notify) => notify.kind === 'cookie2')
  if (returned.length === 0) return 'missing'
  return returned.every(({ data }) => constantTimeEqual(data, sent)) ? 'match' : 'mismatch'
}

/**
 * The address a matching COOKIE2 proves, or null: a request sent to several destinations proves none (section 3.7), nor
 * does an answer from elsewhere.
 */
export function provenAddress(response: ResponseReceived): IpAddress | null {
  const addresses = new Set(response.destinations.map(({ address }) => address))
  const { address } = response.path.remote
  return addresses.size === 1 && addresses.has(address) ? address : null
}

/**
 * Records a response whose request asked for no COOKIE2, or that does not have it: any exchange shows that somebody at the
 * address answers (section 3.7), but not that it was seen there.
 */
export function noteAnswer(step: MobikeStep, response: ResponseReceived): MobikeStep {
  const address = provenAddress(response)
  if (address === null) return step
  const others = step.state.answered.filter((entry) => entry.address !== address)
  const answer: VerifiedAddress = { address, level: 'answer', at: response.now }
  return change(step, { answered: [...others, answer].slice(-MAX_RECORDS) })
}

/** What is known of every peer address that ever showed it receives packets; the best level of each. */
export function routabilityOf(state: MobikeState): readonly VerifiedAddress[] {
  const isBetter = (entry: VerifiedAddress): boolean => !state.verified.some(({ address }) => address === entry.address)
  return [...state.verified, ...state.answered.filter(isBetter)]
}

/** Records that the peer receives packets at `address`, as COOKIE2 or what policy takes for as good has shown. */
export function verify(
  policy: MobikePolicy,
  step: MobikeStep,
  address: IpAddress,
  now: number,
  isCookie2: boolean
): MobikeStep {
  const { state } = step
  const { periodicMs } = policy.routability
  const others = state.verified.filter((entry) => entry.address !== address)
  const isCurrent = address === state.ikePath.remote.address
  const proof: VerifiedAddress = { address, level: 'cookie2', at: now }
  const verified = change(
    step,
    {
      verified: isCookie2 ? [...others, proof].slice(-MAX_RECORDS) : state.verified,
      routabilityFailures: isCurrent ? 0 : state.routabilityFailures,
      routabilityNotBefore: isCurrent ? null : state.routabilityNotBefore,
      routabilityDueAt: isCurrent && periodicMs !== undefined ? now + periodicMs : state.routabilityDueAt
    },
    { type: 'report', report: { kind: 'routabilityVerified', address } }
  )
  return isCurrent ? intend(verified, { routability: false }) : verified
}

/** True while a check of the address in use is on its way. */
export function isChecking({ outstanding }: MobikeState): boolean {
  return outstanding.some(({ purpose, superseded }) => purpose === 'routability' && !superseded)
}

/** Asks for a check of the current peer address, from scratch. */
export function requireRoutability(step: MobikeStep): MobikeStep {
  if (isTcp(step.state.ikePath)) return step
  return intend(change(step, { routabilityFailures: 0, routabilityNotBefore: null }), { routability: true })
}

/** A check brought no proof (no COOKIE2, TEMPORARY_FAILURE): once more, later (design decision 7). */
export function retryRoutability(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const failures = step.state.routabilityFailures
  const wait = backOff(policy.routability.retryMs, failures, MAX_RETRY_MS)
  return intend(change(step, { routabilityFailures: failures + 1, routabilityNotBefore: now + wait }), {
    routability: true
  })
}
