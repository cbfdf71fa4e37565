import { compareBytes, type IpAddress, ipAddressBytes, ipAddressText, ipFamily } from '../bytes/index.ts'
import type { AddressRangeSelector } from '../codec/types.ts'
import type { ExcludedPrefix } from '../mobike/index.ts'
import { tellMobike } from './mobike-bridge.ts'
import type { Child } from './state.ts'
import { currentChildPath, currentPath, patch, type Turn } from './turn.ts'

/**
 * What is inside the tunnels of a session is no place to send the tunnels themselves to, nor to be announced as one (F65):
 * packets would only come back into the tunnel.
 */

/** Prefixes remembered at most: a peer cannot make the state grow with Child SAs. */
const MAX_INNER = 64

/**
 * Inner addresses were assigned, to us or to the peer: neither end uses them as outer ones. But for one that an end has
 * outside already, where this message just came through: a peer that assigns it must not cut off the path in use.
 */
export function excludeAssigned(turn: Turn, addresses: readonly IpAddress[]): void {
  const { local, remote } = currentPath(turn.state)
  const inner = addresses.filter((address) => address !== local.address && address !== remote.address)
  exclude(
    turn,
    inner.map((address) => ({ address, prefixLength: ipFamily(address) === 6 ? 128 : 32 }))
  )
}

/**
 * The peer's networks behind a Child SA: what it announces of them is not reached from outside. Our own addresses may be
 * of the same private network by chance, and what the caller configured it has thought about. Selectors that the peer's
 * own outer address is among, or that name one host, do not tell inside from outside.
 */
export function excludeTunnelled(turn: Turn, { sa }: Child): void {
  const outer = ipAddressBytes(currentChildPath(turn.state).remote.address)
  if (outer === undefined || sa.remoteSelectors.some((selector) => holds(selector, outer))) return
  exclude(turn, sa.remoteSelectors.flatMap(networkOf))
}

/** The caller's prefixes, and those of this session. */
export function allExcluded(turn: Turn): readonly ExcludedPrefix[] {
  return [...turn.state.surroundings.excludedPrefixes, ...turn.state.inner]
}

function exclude(turn: Turn, prefixes: readonly ExcludedPrefix[]): void {
  const { inner, mobike } = turn.state
  if (mobike === null) return
  const isKnown = (prefix: ExcludedPrefix): boolean =>
    inner.some(({ address, prefixLength }) => address === prefix.address && prefixLength === prefix.prefixLength)
  const added = prefixes.filter((prefix) => !isKnown(prefix)).slice(0, MAX_INNER - inner.length)
  if (added.length === 0) return
  patch(turn, { inner: [...inner, ...added] })
  tellMobike(turn, { type: 'excludedPrefixesChanged', now: turn.now, prefixes: allExcluded(turn) })
}

function holds({ startAddress, endAddress }: AddressRangeSelector, octets: Uint8Array): boolean {
  if (startAddress.length !== octets.length) return false
  return compareBytes(startAddress, octets) <= 0 && compareBytes(octets, endAddress) <= 0
}

/** The network that a range is, if it is one. */
function networkOf({ startAddress, endAddress }: AddressRangeSelector): readonly ExcludedPrefix[] {
  let prefixLength = 0
  let isHostPart = false
  for (let bit = 0; bit < 8 * startAddress.length; bit++) {
    const mask = 0x80 >> (bit & 7)
    const first = ((startAddress[bit >> 3] as number) & mask) !== 0
    const last = ((endAddress[bit >> 3] as number) & mask) !== 0
    isHostPart ||= first !== last
    if (!isHostPart) prefixLength++
    else if (first || !last) return []
  }
  const address = ipAddressText(startAddress)
  return isHostPart && address !== undefined ? [{ address, prefixLength, announcedOnly: true }] : []
}
