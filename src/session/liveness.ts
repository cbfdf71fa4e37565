import type { MobikeHint } from '../mobike/index.ts'
import { checksNatMapping } from '../mobike/nat.ts'
import { tellMobike } from './mobike-bridge.ts'
import { enqueue } from './tasks.ts'
import { activeIkeSa, livenessMsOf, type Turn } from './turn.ts'

/** Hints start no liveness check this soon after the peer showed life, ms: they can be forged (RFC 7296 section 2.4, B057). */
const HINT_INTERVAL_MS = 1000

/** Something unproven says that the peer may be gone: at most a liveness check follows (RFC 7296 sections 2.4, 2.21.4). */
export function suspectPeer(turn: Turn, hint: MobikeHint): void {
  const { mobike, phase, livenessAt } = turn.state
  if (phase.name !== 'established') return
  if (mobike !== null) return tellMobike(turn, { type: 'hintReceived', now: turn.now, hint })
  const livenessMs = livenessMsOf(turn)
  const heardAt = livenessMs === null || livenessAt === null ? null : livenessAt - livenessMs
  // How long ago that was is not known after a sleep.
  const isRecent = heardAt !== null && turn.now - heardAt < HINT_INTERVAL_MS
  if (isRecent && hint !== 'resumed') return
  if (isBeingChecked(turn)) return
  enqueue(turn, { kind: 'liveness' })
}

/**
 * True while a request is on its way: it is a liveness check already (section 2.4). Only the IKE SA in use counts, the peer may
 * not know another; and where a NAT's mapping is watched, only a request of MOBIKE's own.
 */
export function isBeingChecked(turn: Turn): boolean {
  const watches = watchesMapping(turn)
  const { outstanding = [] } = activeIkeSa(turn.state)?.requests ?? {}
  return outstanding.some(({ purpose }) => !watches || purpose.kind === 'mobike')
}

/** True where liveness checks also compare a NAT's mapping (RFC 4555 section 3.8): then no other exchange replaces them. */
export function watchesMapping({ config, state }: Turn): boolean {
  return config.mobike !== null && state.mobike !== null && checksNatMapping(config.mobike, state.mobike)
}
