import { type Endpoint, type Path, sameEndpoint } from '../bytes/index.ts'
import { backOff } from './back-off.ts'
import type { MobikeState, PairTable, PathRecord } from './state.ts'
import type { LocalAddress } from './types.ts'

/** Where `path` stands in the table; -1 when it is no pair of today's addresses. */
export function pairIndex(state: MobikeState, path: Path): number {
  const { locals, remotes } = state.pairs
  const row = locals.findIndex((local) => isLocalEnd(state, local, path.local))
  const column = row < 0 ? -1 : remotes.findIndex((remote) => sameEndpoint(remote, path.remote))
  return column < 0 ? -1 : row * remotes.length + column
}

/** The pair at `index`. */
export function pairAt(state: MobikeState, index: number): Path {
  const { locals, remotes } = state.pairs
  const known = recordAt(state.pairs, index)?.path
  if (known !== undefined) return known
  const local = locals[Math.floor(index / remotes.length)] as LocalAddress
  const remote = remotes[index % remotes.length] as Endpoint
  return { local: { address: local.address, port: local.port ?? state.localPort }, remote }
}

/** True when packets from `local` leave from `end`. */
export function isLocalEnd(state: MobikeState, local: LocalAddress, end: Endpoint): boolean {
  return local.address === end.address && (local.port ?? state.localPort) === end.port
}

/** True when packets from both leave from the same end. */
export function isSameLocal(local: LocalAddress, other: LocalAddress): boolean {
  return local.address === other.address && local.port === other.port
}

/** How many pairs there are. */
export function pairCount({ locals, remotes }: PairTable): number {
  return locals.length * remotes.length
}

/** What the pair at `index` is worth: lower is better, null is never used. */
export function rankAt({ ranks, locals, remotes }: PairTable, index: number): number | null {
  if (ranks !== null) return ranks[index] ?? null
  const local = locals[Math.floor(index / remotes.length)]
  return local === undefined ? null : (local.cost ?? 0)
}

/** How many pairs may be used. */
export function candidateCount(table: PairTable): number {
  return table.order?.length ?? pairCount(table)
}

/** The index of the pair that is `place`th among those that may be used, best first. */
export function candidateAt({ order }: PairTable, place: number): number {
  return order === null ? place : (order[place] as number)
}

/** What is known of `path`. */
export function recordOf(state: MobikeState, path: Path): PathRecord | undefined {
  return recordAt(state.pairs, pairIndex(state, path))
}

/** The table with something known of `path`; as it was when that is no pair of today's addresses. */
export function withRecord(state: MobikeState, path: Path, patch: Partial<Omit<PathRecord, 'path'>>): PairTable {
  return withRecords(state, [path], patch)
}

/** The table with the same known of all `paths`. */
export function withRecords(
  state: MobikeState,
  paths: readonly Path[],
  patch: Partial<Omit<PathRecord, 'path'>>
): PairTable {
  const { pairs } = state
  const width = pairs.remotes.length
  const records: (readonly (PathRecord | null)[] | null)[] = pairs.locals.map((_, row) => pairs.records[row] ?? null)
  for (const path of paths) {
    const index = pairIndex(state, path)
    if (index < 0) continue
    const row = Math.floor(index / width)
    const known = records[row] ?? pairs.remotes.map(() => null)
    records[row] = known.with(index % width, { ...(known[index % width] ?? untried(path)), ...patch })
  }
  return { ...pairs, records }
}

/** True while `path` is marked failed or refused. */
export function isFailed(state: MobikeState, path: Path, now: number): boolean {
  return isFailedRecord(recordOf(state, path), now)
}

/** True while the pair at `index` is marked failed or refused. */
export function isFailedAt(state: MobikeState, index: number, now: number): boolean {
  return isFailedRecord(recordAt(state.pairs, index), now)
}

function recordAt({ remotes, records }: PairTable, index: number): PathRecord | undefined {
  return records[Math.floor(index / remotes.length)]?.[index % remotes.length] ?? undefined
}

function isFailedRecord(record: PathRecord | undefined, now: number): boolean {
  return (record?.status === 'failed' && (record.until ?? 0) > now) || (record?.refusedUntil ?? 0) > now
}

/** True while the peer's refusal of `path` counts. */
export function isRefused(state: MobikeState, path: Path, now: number): boolean {
  return (recordOf(state, path)?.refusedUntil ?? 0) > now
}

/** Longest time for which a pair is left alone after refusals, or after moves that came to nothing, ms. */
const LONGEST_ABSENCE_MS = 3_600_000

/** The table with one more refusal of `path`: each counts twice as long as the one before, at most an hour. */
export function withRefusal(state: MobikeState, path: Path, now: number, retryMs: number): PairTable {
  const refusals = (recordOf(state, path)?.refusals ?? 0) + 1
  const refusedUntil = now + backOff(retryMs, refusals - 1, LONGEST_ABSENCE_MS)
  return withRecord(state, path, { refusals, refusedUntil })
}

/** The table after one more move to `path` that came to nothing: each counts twice as long as the one before, at most an hour. */
export function withFailedMove(state: MobikeState, path: Path, now: number, retryMs: number): PairTable {
  const failedMoves = (recordOf(state, path)?.failedMoves ?? 0) + 1
  const until = now + backOff(retryMs, failedMoves - 1, LONGEST_ABSENCE_MS)
  return withRecord(state, path, { status: 'failed', failedAt: now, until, failedMoves })
}

function untried(path: Path): PathRecord {
  return {
    path,
    status: 'untried',
    failedAt: null,
    until: null,
    failedMoves: 0,
    roundTripMs: null,
    refusals: 0,
    refusedUntil: null,
    nat: null
  }
}
