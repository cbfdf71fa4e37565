import { type IpAddress, type Path, samePath } from '../bytes/index.ts'
import { pairIndex, rankAt, recordOf } from './path-table.ts'
import { sendablePaths } from './selection.ts'
import type { MobikeState } from './state.ts'

/** Addresses of the IKE SA: where requests of ours go. New Child SAs start here (RFC 4555 section 3.3). */
export function ikePath(state: MobikeState): Path {
  return state.ikePath
}

/**
 * Where the host sends an outstanding request again on its own timer: the pair in use. Only a test of pairs that are no more
 * than better (RFC 4555 section 3.10) stays on the pair under test: answered elsewhere it would show nothing. `token` is that
 * of the request, or null for one of the host's.
 */
export function retransmissionPath(state: MobikeState, token: number | null): Path {
  const { ikePath, outstanding, probing } = state
  if (probing === null || probing.reason === 'suspect') return ikePath
  const isProbe = outstanding.some((request) => request.token === token && request.purpose === 'probe')
  return (isProbe ? probing.candidates[probing.cursor] : undefined) ?? ikePath
}

/** Outer addresses of every Child SA. Differs from {@link ikePath} while return routability is open. */
export function childPath(state: MobikeState): Path {
  return state.childPath
}

/** True while ESP is to be UDP-encapsulated. */
export function isEncapsulating(state: MobikeState): boolean {
  return state.encapsulate
}

/** The peer's address set: its header address and what it announced. From behind a NAT it may be wrong (section 3.4). */
export function peerAddresses(state: MobikeState): readonly IpAddress[] {
  return state.peerAddresses
}

/** True when ESP that arrived on `path` shows the peer alive and in step with the last move (section 3.12). */
export function isExpectedEspPath(state: MobikeState, path: Path): boolean {
  return samePath(path, state.childPath)
}

/** Whether the peer answers, for callers that would rather connect anew than wait (F71). */
export interface Reachability {
  /**
   * `working`: nothing speaks against it. `probing`: replies are missing, and pairs are being tried. `unreachable`: every
   * pair was tried at least once since, in vain; the tries go on. `noPath`: there is no address to send from.
   */
  readonly state: 'working' | 'probing' | 'unreachable' | 'noPath'
  /** Since when, in ms of the machine's clock; null while working. */
  readonly since: number | null
  /** How often every pair was tried since then. */
  readonly rounds: number
}

/** Whether the peer answers, since when it does not, and how often all pairs were tried. One reply makes it `working`. */
export function reachability({ silence, outageSince }: MobikeState): Reachability {
  const rounds = silence?.rounds ?? 0
  if (outageSince !== null)
    return { state: 'noPath', since: Math.min(outageSince, silence?.since ?? outageSince), rounds }
  if (silence === null) return { state: 'working', since: null, rounds }
  return { state: rounds === 0 ? 'probing' : 'unreachable', since: silence.since, rounds }
}

/** A candidate pair as shown to people. */
export interface PathView {
  readonly path: Path
  readonly status: 'untried' | 'probing' | 'working' | 'failed'
  /** For `failed`: left alone until this time, in ms. */
  readonly until: number | null
  /** The peer refused an UPDATE here (section 4.1.1): no other is sent for it until this time, in ms; null when it did not. */
  readonly refusedUntil: number | null
  readonly roundTripMs: number | null
  /** Lower is tried first; null is never used. */
  readonly rank: number | null
  /** The IKE SA is on it. */
  readonly current: boolean
}

/** Every pair of our addresses and the peer's that could be tried, with what is known of it. For user interfaces. */
export function pathTable(state: MobikeState): PathView[] {
  const paths = sendablePaths(state)
  if (!paths.some((path) => samePath(path, state.ikePath))) paths.unshift(state.ikePath)
  return paths.map((path) => {
    const record = recordOf(state, path)
    const isProbed = state.probing?.candidates.some(
      (candidate, index) => samePath(candidate, path) && state.probing?.sentAt[index] !== null
    )
    return {
      path,
      status: isProbed === true ? 'probing' : (record?.status ?? 'untried'),
      until: record?.until ?? null,
      refusedUntil: record?.refusedUntil ?? null,
      roundTripMs: record?.roundTripMs ?? null,
      rank: rankAt(state.pairs, pairIndex(state, path)),
      current: samePath(path, state.ikePath)
    }
  })
}
