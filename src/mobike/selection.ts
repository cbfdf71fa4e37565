import { type Path, samePath } from '../bytes/index.ts'
import { isFailedAt, pairAt, pairIndex } from './path-table.ts'
import type { MobikePolicy } from './policy.ts'
import type { MobikeState } from './state.ts'

/** Every pair of one family that could be sent on, whatever policy prefers. */
export function sendablePaths(state: MobikeState): Path[] {
  const paths: Path[] = []
  state.pairs.ranks.forEach((rank, index) => {
    if (rank !== null) paths.push(pairAt(state, index))
  })
  return paths
}

/**
 * At most `limit` pairs that may be used, best first; those lately failed or refused come last, and only when `withFailed`
 * is set. `isWanted` leaves pairs out.
 */
export function candidatePaths(
  state: MobikeState,
  now: number,
  limit: number,
  withFailed: boolean,
  isWanted: (path: Path) => boolean = () => true
): Path[] {
  const fresh: Path[] = []
  const failed: Path[] = []
  for (const index of state.pairs.order) {
    if (fresh.length >= limit) break
    const hasFailed = isFailedAt(state, index, now)
    if (hasFailed && (!withFailed || failed.length >= limit)) continue
    const path = pairAt(state, index)
    if (isWanted(path)) (hasFailed ? failed : fresh).push(path)
  }
  return [...fresh, ...failed].slice(0, limit)
}

/** The best pair but `except`, lately failed ones only when `withFailed` is set. */
export function bestPath(state: MobikeState, now: number, withFailed: boolean, except?: Path): Path | undefined {
  return candidatePaths(state, now, 1, withFailed, (path) => except === undefined || !samePath(path, except))[0]
}

/** True when there is a pair that may be used besides `path`, however it fared. */
export function hasOtherPath(state: MobikeState, path: Path): boolean {
  const { order } = state.pairs
  return order.length > 1 || order.some((index) => !samePath(pairAt(state, index), path))
}

/** At most `probing.maxPairs` pairs that rank before `path`, best first; `withFailed` as in `candidatePaths`. */
export function betterPaths(
  policy: MobikePolicy,
  state: MobikeState,
  path: Path,
  now: number,
  withFailed: boolean
): Path[] {
  if (policy.selection.mode === 'stay') return []
  // A pair without a rank is one that policy never uses: any other is better.
  const current = state.pairs.ranks[pairIndex(state, path)] ?? Number.POSITIVE_INFINITY
  const better: Path[] = []
  for (const index of state.pairs.order) {
    if ((state.pairs.ranks[index] as number) >= current || better.length >= policy.probing.maxPairs) break
    if (withFailed || !isFailedAt(state, index, now)) better.push(pairAt(state, index))
  }
  return better
}

/** True while packets can leave from the local end of `path`. Flags do not matter: what is in use stays in use. */
export function isLocalUsable(state: MobikeState, path: Path): boolean {
  return state.pairs.locals.some(({ address }) => address === path.local.address)
}
