import type { Path } from '../bytes/index.ts'
import { NOTIFY, notify } from '../codec/index.ts'
import type { NotifyPayload, Payload } from '../codec/types.ts'
import { findNotify, type Identity } from '../ike/index.ts'
import {
  createMobike,
  initialAddressNotifies,
  mobikeNotifiesOf,
  mobikeNotifyPayloads,
  noNatsAllowedFor
} from '../mobike/index.ts'
import type { SessionConfig } from './config.ts'
import { obeyMobike } from './mobike-bridge.ts'
import type { IkeSa } from './state.ts'
import { activeIkeSa, currentPath, encapsulating, enter, livenessDueAt, patch, report, type Turn } from './turn.ts'
import { openWindows } from './window.ts'

/** Between NAT keepalives without MOBIKE, ms (RFC 3948 section 4). */
const KEEPALIVE_MS = 20_000

/** NAT_DETECTION goes into IKE_SA_INIT unless MOBIKE policy forbids NATs (RFC 4555 section 3.9), or it on this path (F58). */
export function offersNatTraversal({ mobike }: SessionConfig, path: Path): boolean {
  return mobike === null || (mobike.natTraversal === 'allow' && mobike.natDetection?.(path) !== false)
}

/** MOBIKE is in force only when both sides say so (RFC 4555 section 3.2, A023); our own word is the configuration. */
export function agreesToMobike(config: SessionConfig, peerPayloads: readonly Payload[]): boolean {
  return config.mobike !== null && findNotify(peerPayloads, NOTIFY.MOBIKE_SUPPORTED) !== undefined
}

/** What MOBIKE adds to the IKE_AUTH message with the SA payload (RFC 4555 sections 3.2, 3.4, 3.9). */
export function mobikeAuthPayloads(turn: Turn, path: Path): readonly NotifyPayload[] {
  const policy = turn.config.mobike
  if (policy === null) return []
  const { localAddresses, excludedPrefixes } = turn.state.surroundings
  const addresses = initialAddressNotifies(policy, localAddresses, path, excludedPrefixes)
  const prohibition = turn.state.role === 'initiator' && !turn.state.nat.traversal && !isStream(path)
  return [
    notify(NOTIFY.MOBIKE_SUPPORTED),
    ...mobikeNotifyPayloads(addresses, null),
    ...(prohibition ? [notify(NOTIFY.NO_NATS_ALLOWED, noNatsAllowedFor(path))] : [])
  ]
}

/** TCP needs no NAT_DETECTION's consequences: neither a prohibition nor keepalives (RFC 9329 sections 6.6, 7.1). */
function isStream({ remote }: Path): boolean {
  return remote.transport === 'tcp'
}

/** Both sides are authenticated: the lineage is up, and its MOBIKE machine starts if both want it. */
export function becomeEstablished(turn: Turn, peerIdentity: Identity, peerPayloads: readonly Payload[]): void {
  const { config, now } = turn
  const path = currentPath(turn.state)
  turn.secrets = { ...turn.secrets, preSharedKey: null }
  const mobike = agreesToMobike(config, peerPayloads)
  // Where one was configured it is this one, and sessions share it.
  enter(turn, { name: 'established', peerIdentity: config.peerIdentity ?? peerIdentity })
  patch(turn, { livenessAt: livenessDueAt(turn) })
  openWindows(turn, activeIkeSa(turn.state) as IkeSa, peerPayloads)
  report(turn, { kind: 'established', path, peerIdentity, mobike })
  if (findNotify(peerPayloads, NOTIFY.INITIAL_CONTACT) !== undefined) {
    report(turn, { kind: 'initialContact', peerIdentity })
  }
  if (mobike && config.mobike !== null) {
    const { role, nat, initPath, surroundings } = turn.state
    const step = createMobike(config.mobike, {
      now,
      role,
      path,
      natTraversal: nat.traversal,
      nat: nat.observation,
      ports: config.ports,
      ...(initPath === null ? {} : { initPath }),
      peerAddresses: mobikeNotifiesOf(peerPayloads).flatMap((said) =>
        said.kind === 'additionalAddress' ? [said.address] : []
      ),
      ...surroundings
    })
    patch(turn, { mobike: step.state })
    obeyMobike(turn, step.actions)
  } else if (turn.state.nat.observation?.localBehindNat === true && encapsulating(turn.state) && !isStream(path)) {
    patch(turn, { keepalive: path })
    turn.actions.push({ type: 'startNatKeepalive', path, intervalMs: KEEPALIVE_MS })
  }
}
