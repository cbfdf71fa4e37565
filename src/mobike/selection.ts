import { ipFamily, type Path, samePath } from '../bytes/index.ts'
import {
  candidateAt,
  candidateCount,
  isFailedAt,
  isLocalEnd,
  pairAt,
  pairCount,
  pairIndex,
  rankAt
} from './path-table.ts'
import type { MobikePolicy } from './policy.ts'
import type { MobikeState } from './state.ts'

/** Every pair of one family that could be sent on, whatever policy prefers. */
export function sendablePaths(state: MobikeState): Path[] {
  return Array.from({ length: pairCount(state.pairs) }, (_, index) => pairAt(state, index)).filter(
    ({ local, remote }) => ipFamily(local.address) === ipFamily(remote.address)
  )
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
  const count = candidateCount(state.pairs)
  for (let place = 0; place < count && fresh.length < limit; place++) {
    const index = candidateAt(state.pairs, place)
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
  const count = candidateCount(state.pairs)
  return count > 1 || (count === 1 && !samePath(pairAt(state, candidateAt(state.pairs, 0)), path))
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
  const current = rankAt(state.pairs, pairIndex(state, path)) ?? Number.POSITIVE_INFINITY
  const better: Path[] = []
  const count = candidateCount(state.pairs)
  for (let place = 0; place < count && better.length < policy.probing.maxPairs; place++) {
    const index = candidateAt(state.pairs, place)
    if ((rankAt(state.pairs, index) ?? 0) >= current) break
    if (withFailed || !isFailedAt(state, index, now)) better.push(pairAt(state, index))
  }
  return better
}

/** True while packets can leave from the local end of `path`. Flags do not matter: what is in use stays in use. */
export function isLocalUsable(state: MobikeState, path: Path): boolean {
  return state.pairs.locals.some((local) => isLocalEnd(state, local, path.local))
}
