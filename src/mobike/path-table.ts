import { type Endpoint, type IpAddress, ipFamily, type Path, sameEndpoint } from '../bytes/index.ts'
import { allowedByFlags, prefixTest } from './address-set.ts'
import type { MobikePolicy } from './policy.ts'
import { change, type MobikeState, type PairTable, type PathRecord } from './state.ts'
import type { LocalAddress, MobikeStep, RemoteCandidate } from './types.ts'

/**
 * The pairs of our addresses with the peer's, as a table. Only address events and moves to another peer endpoint make it
 * anew; every other step finds a pair by its row and column, whatever the number of pairs.
 */

/** The table of a state that has none yet. */
export const NO_PAIRS: PairTable = { locals: [], remotes: [], ranks: [], order: [], records: [] }

/** `step` with the table that its addresses make. What is known of pairs that stay is kept. */
export function withPairs(policy: MobikePolicy, step: MobikeStep): MobikeStep {
  const { state } = step
  const isExcluded = prefixTest(state.excluded)
  const locals = usableLocals(policy, state, isExcluded)
  const known = remoteCandidates(policy, state, isExcluded, locals.length)
  const remotes = known.map(({ address, port }) => ({ address, port }))
  const pairs = { locals, remotes, ...ranked(policy, locals, known), records: carried(state.pairs, locals, remotes) }
  return change(step, { pairs })
}

/** The table as the peer's endpoint in use wants it: that one is always in it, and first among equals. */
export function settlePairs(policy: MobikePolicy, step: MobikeStep): MobikeStep {
  const { ikePath, pairs } = step.state
  const first = pairs.remotes[0]
  return first !== undefined && sameEndpoint(first, ikePath.remote) ? step : withPairs(policy, step)
}

/** Where `path` stands in the table; -1 when it is no pair of today's addresses. */
export function pairIndex(state: MobikeState, path: Path): number {
  const { locals, remotes } = state.pairs
  if (path.local.port !== state.localPort) return -1
  const row = locals.findIndex(({ address }) => address === path.local.address)
  const column = row < 0 ? -1 : remotes.findIndex((remote) => sameEndpoint(remote, path.remote))
  return column < 0 ? -1 : row * remotes.length + column
}

/** The pair at `index`. */
export function pairAt(state: MobikeState, index: number): Path {
  const { locals, remotes, records } = state.pairs
  const known = records[index]?.path
  if (known !== undefined) return known
  const local = locals[Math.floor(index / remotes.length)] as LocalAddress
  const remote = remotes[index % remotes.length] as Endpoint
  return { local: { address: local.address, port: state.localPort }, remote }
}

/** What is known of `path`. */
export function recordOf(state: MobikeState, path: Path): PathRecord | undefined {
  return state.pairs.records.length === 0 ? undefined : (state.pairs.records[pairIndex(state, path)] ?? undefined)
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
  const records = pairs.records.length === 0 ? pairs.ranks.map(() => null) : [...pairs.records]
  for (const path of paths) {
    const index = pairIndex(state, path)
    if (index >= 0) records[index] = { ...(records[index] ?? untried(path)), ...patch }
  }
  return { ...pairs, records }
}

/** True while `path` is marked failed or refused. */
export function isFailed(state: MobikeState, path: Path, now: number): boolean {
  return isFailedRecord(recordOf(state, path), now)
}

/** True while the pair at `index` is marked failed or refused. */
export function isFailedAt(state: MobikeState, index: number, now: number): boolean {
  return isFailedRecord(state.pairs.records[index], now)
}

function isFailedRecord(record: PathRecord | null | undefined, now: number): boolean {
  return record?.status === 'failed' && (record.until ?? 0) > now
}

function untried(path: Path): PathRecord {
  return { path, status: 'untried', until: null, roundTripMs: null, nat: null }
}

/** What packets can leave from. The address in use is never crowded out by a host that has very many. */
function usableLocals(
  policy: MobikePolicy,
  state: MobikeState,
  isExcluded: (address: IpAddress) => boolean
): readonly LocalAddress[] {
  const byAddress = new Map<IpAddress, LocalAddress>()
  for (const local of state.local) {
    if (local.routable !== false && !isExcluded(local.address) && !byAddress.has(local.address)) {
      byAddress.set(local.address, local)
    }
  }
  const { maxPairs } = policy.selection
  const all = [...byAddress.values()]
  if (all.length <= maxPairs) return all
  const current = byAddress.get(state.ikePath.local.address)
  const first = all.slice(0, maxPairs)
  return current === undefined || first.includes(current) ? first : [current, ...first.slice(1)]
}

/** Where the peer may be: the endpoint in use, then configured and announced ones, as many as `maxPairs` leaves room for. */
function remoteCandidates(
  policy: MobikePolicy,
  state: MobikeState,
  isExcluded: (address: IpAddress) => boolean,
  rows: number
): readonly RemoteCandidate[] {
  const own = new Set(state.local.map(({ address }) => address))
  const { ports } = state
  const candidates: RemoteCandidate[] = [state.ikePath.remote]
  const addresses = new Set([state.ikePath.remote.address])
  const admit = (end: RemoteCandidate): void => {
    // What is ours as well (both ends may have the same private address) only leads back here.
    if (own.has(end.address) || isExcluded(end.address)) return
    candidates.push(end)
    addresses.add(end.address)
  }
  for (const { address, port, cost } of state.role === 'initiator' ? state.remoteCandidates : []) {
    // RFC 4555 section 3.3: with NAT traversal on both sides the IKE SA lives on the NAT traversal port.
    const floated = state.natTraversal && port === ports.ike ? ports.natTraversal : port
    const end = { address, port: floated, ...(cost === undefined ? {} : { cost }) }
    const index = candidates.findIndex((known) => sameEndpoint(known, end))
    if (index < 0) admit(end)
    else if (index === 0) candidates[0] = end
  }
  for (const address of state.peerAddresses) {
    // The port of an announced address is a guess: a known endpoint of that address stands for it.
    if (!addresses.has(address)) admit({ address, port: state.remotePort })
  }
  return candidates.slice(0, Math.max(1, Math.floor(policy.selection.maxPairs / Math.max(1, rows))))
}

/** Ranks by index, and the pairs that may be used, best first; as they stand among equals. */
function ranked(
  policy: MobikePolicy,
  locals: readonly LocalAddress[],
  remotes: readonly RemoteCandidate[]
): Pick<PairTable, 'ranks' | 'order'> {
  const { pinnedLocal, pinnedRemote } = policy.selection
  const families = remotes.map(({ address }) => ipFamily(address))
  const ranks: (number | null)[] = []
  const order: number[] = []
  for (const local of locals) {
    const family = ipFamily(local.address)
    const isCandidate = allowedByFlags(policy, local) && (pinnedLocal === undefined || local.address === pinnedLocal)
    remotes.forEach((remote, column) => {
      // Pairs of unlike families are never formed (RFC 4621 section 5.1.2).
      const rank = families[column] === family ? rankOf(policy, local, remote) : null
      const isPinned = pinnedRemote === undefined || remote.address === pinnedRemote
      if (rank !== null && isCandidate && isPinned) order.push(ranks.length)
      ranks.push(rank)
    })
  }
  order.sort((a, b) => (ranks[a] as number) - (ranks[b] as number))
  return { ranks, order }
}

function rankOf(policy: MobikePolicy, local: LocalAddress, remote: RemoteCandidate): number | null {
  const { rank } = policy.selection
  if (rank === undefined) return (local.cost ?? 0) + (remote.cost ?? 0)
  const value = rank({ local, remote })
  return value === null || Number.isNaN(value) ? null : value
}

/** What is known of pairs in both tables. An address that came or went may be on another network now: that is void. */
function carried(
  before: PairTable,
  locals: readonly LocalAddress[],
  remotes: readonly Endpoint[]
): PairTable['records'] {
  if (before.records.length === 0) return before.records
  const rows = locals.map(({ address }) => before.locals.findIndex((local) => local.address === address))
  const columns = remotes.map((remote) => before.remotes.findIndex((known) => sameEndpoint(known, remote)))
  const width = before.remotes.length
  return rows.flatMap((row) =>
    columns.map((column) => (row < 0 || column < 0 ? null : (before.records[row * width + column] ?? null)))
  )
}
