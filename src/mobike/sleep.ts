import type { MobikePolicy } from './policy.ts'
import { act, change, intend, type MobikeState } from './state.ts'
import type { MobikeStep } from './types.ts'

/** Part of a keepalive interval by which the machine may be woken late before it takes that for a sleep. */
const LATE = 0.5

/**
 * True when the host was not there to send NAT keepalives for so long that the mapping may be gone (F32). Hosts whose
 * clock stands still during sleep give the hint `resumed` instead.
 */
export function overslept(policy: MobikePolicy, state: MobikeState, now: number): boolean {
  return state.keepaliveDueAt !== null && now - state.keepaliveDueAt > policy.keepaliveIntervalMs * LATE
}

/** Keeps watch while keepalives run: the machine wants to be woken as often as they are sent. */
export function watchSleep(policy: MobikePolicy, step: MobikeStep, now: number): MobikeStep {
  const { keepaliveDueAt } = step.state
  if (keepaliveDueAt === null || now < keepaliveDueAt) return step
  const awake = overslept(policy, step.state, now) ? resumed(step) : step
  return change(awake, { keepaliveDueAt: now + policy.keepaliveIntervalMs })
}

/**
 * The host was asleep. What was under way goes out again at once, without the failures that nobody was there to see, and a
 * liveness check shows what became of the peer, and of the NAT mapping (RFC 4555 section 3.8).
 */
export function resumed(step: MobikeStep): MobikeStep {
  const { closed, outageSince, ikePath } = step.state
  if (closed || outageSince !== null) return step
  return intend(act(step, { type: 'redirectOutstanding', path: ikePath }), { liveness: true })
}
