import { type Path, samePath } from '../bytes/index.ts'
import { MAX_RECORDS, type MobikeState, type PathRecord } from './state.ts'

/** What is known of `path`. */
export function recordOf(state: MobikeState, path: Path): PathRecord | undefined {
  return state.paths.find((record) => samePath(record.path, path))
}

/** `state.paths` with the record of `path` changed, the most recent last, the oldest dropped. */
export function withRecord(
  state: MobikeState,
  path: Path,
  patch: Partial<Omit<PathRecord, 'path'>>
): readonly PathRecord[] {
  const known: PathRecord = recordOf(state, path) ?? {
    path,
    status: 'untried',
    until: null,
    roundTripMs: null,
    nat: null
  }
  const others = state.paths.filter((record) => record !== known)
  return [...others, { ...known, ...patch }].slice(-MAX_RECORDS)
}

/** True while `path` is marked failed or refused. */
export function isFailed(state: MobikeState, path: Path, now: number): boolean {
  const record = recordOf(state, path)
  return record?.status === 'failed' && (record.until ?? 0) > now
}
