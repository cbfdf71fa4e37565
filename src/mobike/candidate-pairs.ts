import { type Endpoint, type IpAddress, ipFamily, type Path, sameEndpoint } from '../bytes/index.ts'
import { allowedByFlags, prefixTest } from './address-set.ts'
import { isSameLocal } from './path-table.ts'
import type { MobikePolicy } from './policy.ts'
import { change, type MobikeState, type PairTable } from './state.ts'
import { isTcp } from './transport.ts'
import type { ExcludedPrefix, LocalAddress, MobikeInit, MobikePorts, MobikeStep, RemoteCandidate } from './types.ts'

/**
 * The pairs of our addresses with the peer's, as a table. Only address events and moves to another peer endpoint make it
 * anew; every other step finds a pair by its row and column, whatever the number of pairs.
 */

/** The table of a state that has none yet. */
export const NO_PAIRS: PairTable = { locals: [], remotes: [], ranks: null, order: null, records: [] }

/** `step` with the table that its addresses make. What is known of pairs that stay is kept. */
export function withPairs(policy: MobikePolicy, step: MobikeStep): MobikeStep {
  const { state } = step
  const isExcluded = outerTest(state.excluded)
  const locals = usableLocals(policy, state.local, isExcluded, state.ikePath.local.address)
  const known = remoteCandidates(policy, state, isExcluded, locals)
  const remotes = known.map(({ cost: _, ...end }): Endpoint => end)
  const pairs = { locals, remotes, ...ranked(policy, locals, known), records: carried(state.pairs, locals, remotes) }
  return change(step, { pairs })
}

/**
 * Pairs for the initial exchanges, best first, at most `probing.maxPairs`: the initiator is responsible for finding one that
 * works, and knows no more of the peer than what it was told (RFC 4555 section 3.1). They start on `ports.ike`, but for
 * endpoints that are on the NAT traversal port.
 */
export function initialPaths(
  policy: MobikePolicy,
  surroundings: Pick<MobikeInit, 'localAddresses' | 'remoteCandidates' | 'excludedPrefixes'>,
  ports: MobikePorts
): Path[] {
  const { localAddresses, remoteCandidates: named, excludedPrefixes } = surroundings
  const isExcluded = outerTest(excludedPrefixes)
  const locals = usableLocals(policy, localAddresses, isExcluded, null)
  const own = new Set(localAddresses.map(({ address }) => address))
  const isFirst = (end: RemoteCandidate, index: number): boolean =>
    named.findIndex((other) => sameEndpoint(other, end)) === index
  const remotes = named
    .filter((end, index) => isFirst(end, index) && !own.has(end.address) && !isExcluded(end.address))
    .slice(0, roomFor(policy, locals.length))
  const { order } = ranked(policy, locals, remotes)
  const all = locals.flatMap((local) => remotes.map((remote) => initialPath(local, remote, ports)))
  const best = order === null ? all : order.map((index) => all[index] as Path)
  return best.slice(0, policy.probing.maxPairs)
}

function initialPath(local: LocalAddress, { cost: _, ...remote }: RemoteCandidate, ports: MobikePorts): Path {
  const port = remote.port === ports.natTraversal ? ports.natTraversal : ports.ike
  return { local: { address: local.address, port }, remote }
}

/** Addresses that are none of ours to use, whoever named them. */
export function outerTest(excluded: readonly ExcludedPrefix[]): (address: IpAddress) => boolean {
  return prefixTest(excluded.filter(({ announcedOnly }) => announcedOnly !== true))
}

/** Endpoints of the peer that `maxPairs` leaves room for. */
function roomFor(policy: MobikePolicy, rows: number): number {
  return Math.max(1, Math.floor(policy.selection.maxPairs / Math.max(1, rows)))
}

/** The table as the peer's endpoint in use wants it: that one is always in it, and first among equals. */
export function settlePairs(policy: MobikePolicy, step: MobikeStep): MobikeStep {
  const { ikePath, pairs } = step.state
  const first = pairs.remotes[0]
  return first !== undefined && sameEndpoint(first, ikePath.remote) ? step : withPairs(policy, step)
}

/** What packets can leave from, cheapest first. The address in use is never crowded out by a host that has very many. */
function usableLocals(
  policy: MobikePolicy,
  local: readonly LocalAddress[],
  isExcluded: (address: IpAddress) => boolean,
  inUse: IpAddress | null
): readonly LocalAddress[] {
  const byAddress = new Map<IpAddress, LocalAddress>()
  for (const known of local) {
    if (known.routable !== false && !isExcluded(known.address) && !byAddress.has(known.address)) {
      byAddress.set(known.address, known)
    }
  }
  const { maxPairs } = policy.selection
  const all = [...byAddress.values()].sort((a, b) => (a.cost ?? 0) - (b.cost ?? 0))
  if (all.length <= maxPairs) return all
  const current = inUse === null ? undefined : byAddress.get(inUse)
  const first = all.slice(0, maxPairs)
  return current === undefined || first.includes(current) ? first : [...first.slice(0, -1), current]
}

/** Where the peer may be: the endpoint in use, then configured and announced ones, as many as `maxPairs` leaves room for. */
function remoteCandidates(
  policy: MobikePolicy,
  state: MobikeState,
  isExcluded: (address: IpAddress) => boolean,
  locals: readonly LocalAddress[]
): readonly RemoteCandidate[] {
  const own = new Set(state.local.map(({ address }) => address))
  const { ports } = state
  const candidates: RemoteCandidate[] = [state.ikePath.remote]
  const addresses = new Set(isTcp(state.ikePath) ? [] : [state.ikePath.remote.address])
  const isInside = prefixTest(state.excluded.filter(({ announcedOnly }) => announcedOnly === true))
  const admit = (end: RemoteCandidate): void => {
    // What is ours as well (both ends may have the same private address) only leads back here.
    if (own.has(end.address) || isExcluded(end.address)) return
    candidates.push(end)
    if (end.transport === undefined) addresses.add(end.address)
  }
  for (const named of state.role === 'initiator' ? state.remoteCandidates : []) {
    // RFC 4555 section 3.3: with NAT traversal on both sides the IKE SA lives on the NAT traversal port.
    const floats = state.natTraversal && named.port === ports.ike && named.transport === undefined
    const end = floats ? { ...named, port: ports.natTraversal } : named
    const index = candidates.findIndex((known) => sameEndpoint(known, end))
    if (index < 0) admit(end)
    else if (index === 0) candidates[0] = end
  }
  const admitAddress = (address: IpAddress): void => {
    // The port of an announced address is a guess: a known endpoint of that address stands for it. TCP is not announced.
    if (!addresses.has(address) && !isInside(address)) admit({ address, port: state.remotePort })
  }
  state.peerAddresses.forEach(admitAddress)
  if (state.role === 'initiator' && !canPair(locals, candidates)) {
    // A list is wrong for a while when its request was sent again from another source (section 3.6), and the next one may
    // never come: where the peer is known to have been is better than no pair at all.
    for (const { address } of state.verified) admitAddress(address)
  }
  return candidates.slice(0, roomFor(policy, locals.length))
}

/** True when one of our addresses is of the family of one of the peer's. */
function canPair(locals: readonly LocalAddress[], remotes: readonly RemoteCandidate[]): boolean {
  return remotes.some((remote) => locals.some((local) => ipFamily(local.address) === ipFamily(remote.address)))
}

/** Ranks, and the order that follows from them. */
function ranked(
  policy: MobikePolicy,
  locals: readonly LocalAddress[],
  remotes: readonly RemoteCandidate[]
): Pick<PairTable, 'ranks' | 'order'> {
  const { pinnedLocal, pinnedRemote } = policy.selection
  const isCandidate = locals.map((local) => allowedByFlags(policy, local))
  const families = remotes.map(({ address }) => ipFamily(address))
  const family = families[0]
  const isPlain =
    policy.selection.rank === undefined &&
    pinnedLocal === undefined &&
    pinnedRemote === undefined &&
    isCandidate.every((is) => is) &&
    locals.every(({ address }) => ipFamily(address) === family) &&
    families.every((other) => other === family) &&
    remotes.every((remote) => costOf(remote) === 0)
  // Nearly always: no list of all pairs is made, and an address event costs what its addresses do.
  if (isPlain) return { ranks: null, order: null }

  const ranks: (number | null)[] = []
  const order: number[] = []
  for (const [row, local] of locals.entries()) {
    for (const [column, remote] of remotes.entries()) {
      const isPinned =
        (pinnedLocal === undefined || local.address === pinnedLocal) &&
        (pinnedRemote === undefined || remote.address === pinnedRemote)
      // Pairs of unlike families are never formed (RFC 4621 section 5.1.2).
      const isPair = isPinned && families[column] === ipFamily(local.address)
      const rank = isPair ? rankOf(policy, local, remote) : null
      // One with a flag keeps its rank: it is not taken, but not left either.
      if (rank !== null && isCandidate[row] === true) order.push(ranks.length)
      ranks.push(rank)
    }
  }
  order.sort((a, b) => (ranks[a] as number) - (ranks[b] as number))
  return { ranks, order }
}

/** UDP is tried before TCP (RFC 9329 sections 5.1, 7.1). */
function costOf({ cost, transport }: RemoteCandidate): number {
  return cost ?? (transport === undefined ? 0 : 1)
}

function rankOf(policy: MobikePolicy, local: LocalAddress, remote: RemoteCandidate): number | null {
  const { rank } = policy.selection
  if (rank === undefined) return (local.cost ?? 0) + costOf(remote)
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
  const rows = places(locals, before.locals, isSameLocal)
  const columns = places(remotes, before.remotes, sameEndpoint)
  const hasSameRemotes = columns.length === before.remotes.length && columns.every((place, column) => place === column)
  return rows.map((place) => {
    const known = before.records[place] ?? null
    return known === null || hasSameRemotes ? known : columns.map((column) => known[column] ?? null)
  })
}

/** Where each of `items` was `before`: mostly after the one before it. -1 for new ones. */
function places<Item>(
  items: readonly Item[],
  before: readonly Item[],
  isSame: (item: Item, known: Item) => boolean
): readonly number[] {
  let next = 0
  return items.map((item) => {
    const expected = before[next]
    const place =
      expected !== undefined && isSame(item, expected) ? next : before.findIndex((known) => isSame(item, known))
    if (place >= 0) next = place + 1
    return place
  })
}
