import { readUint32, uint32Bytes } from '../bytes/index.ts'
import { NOTIFY, notify } from '../codec/index.ts'
import type { NotifyPayload, Payload } from '../codec/types.ts'
import { growWindow } from '../exchange/index.ts'
import { findNotify } from '../ike/index.ts'
import type { IkeSa } from './state.ts'
import { ikeSaById, putIkeSa, type Turn } from './turn.ts'

/**
 * Windows above 1 (RFC 7296 section 2.3): we grant the peer a window on each IKE SA once, in IKE_AUTH or in the first
 * INFORMATIONAL message of ours on a rekeyed one, and take what it grants us.
 */

/** SET_WINDOW_SIZE for IKE_AUTH; nothing where the window stays 1. */
export function windowGrant({ config }: Turn): readonly NotifyPayload[] {
  const { window } = config.limits
  return window > 1 ? [grantOf(window)] : []
}

/** The initial exchanges are over: only now the windows said in them count (B042). */
export function openWindows(turn: Turn, sa: IkeSa, peerPayloads: readonly Payload[]): void {
  putIkeSa(turn, granted(sa, turn.config.limits.window))
  hearWindow(turn, sa.id, peerPayloads)
}

/** The IKE SA and the payloads of an INFORMATIONAL message on it, with our window where the peer does not know it yet. */
export function withGrant(
  turn: Turn,
  sa: IkeSa,
  payloads: readonly Payload[]
): { readonly sa: IkeSa; readonly payloads: readonly Payload[] } {
  const { window } = turn.config.limits
  if (sa.responses.size >= window || sa.standing.name !== 'active') return { sa, payloads }
  return { sa: granted(sa, window), payloads: [...payloads, grantOf(window)] }
}

/**
 * The peer's SET_WINDOW_SIZE, in a message on IKE SA `id`. It can only grow, and whatever the peer says no more of our
 * requests are under way than our own limit: what is kept of them is ours to bound.
 */
export function hearWindow(turn: Turn, id: number, payloads: readonly Payload[]): void {
  const said = findNotify(payloads, NOTIFY.SET_WINDOW_SIZE)
  // Four octets (section 2.3); anything else says nothing.
  const size = said?.data.length === 4 ? readUint32(said.data, 0) : undefined
  const sa = ikeSaById(turn.state, id)
  if (size === undefined || sa === undefined) return
  const requests = growWindow(sa.requests, Math.min(size, turn.config.limits.window))
  if (requests !== sa.requests) putIkeSa(turn, { ...sa, requests })
}

function grantOf(window: number): NotifyPayload {
  return notify(NOTIFY.SET_WINDOW_SIZE, uint32Bytes(window))
}

function granted(sa: IkeSa, window: number): IkeSa {
  return { ...sa, responses: { ...sa.responses, size: window } }
}
