import { type IpAddress, ipAddressBytes, type Path } from '../bytes/index.ts'
import type { MobikePolicy } from './policy.ts'
import type { ExcludedPrefix, LocalAddress, MobikeNotify } from './types.ts'

/** True when `address` lies in one of `prefixes`. */
export function inPrefixes(address: IpAddress, prefixes: readonly ExcludedPrefix[]): boolean {
  return prefixTest(prefixes)(address)
}

/** Says of many addresses whether they lie in one of `prefixes`. */
export function prefixTest(prefixes: readonly ExcludedPrefix[]): (address: IpAddress) => boolean {
  if (prefixes.length === 0) return () => false
  const networks = prefixes.map(({ address, prefixLength }) => ({ network: ipAddressBytes(address), prefixLength }))
  return (address) => {
    const octets = ipAddressBytes(address)
    if (octets === undefined) return false
    return networks.some(
      ({ network, prefixLength }) => network?.length === octets.length && inPrefix(octets, network, prefixLength)
    )
  }
}

function inPrefix(octets: Uint8Array, network: Uint8Array, prefixLength: number): boolean {
  for (let bit = 0; bit < prefixLength; bit += 8) {
    const mask = prefixLength - bit >= 8 ? 0xff : (0xff00 >> (prefixLength - bit)) & 0xff
    if ((((octets[bit >> 3] ?? 0) ^ (network[bit >> 3] ?? 0)) & mask) !== 0) return false
  }
  return true
}

/** Unspecified, loopback, multicast, broadcast and link-local: no peer can be reached there (A-O6). */
const isUnusable: (address: IpAddress) => boolean = /* @__PURE__ */ prefixTest([
  { address: '0.0.0.0', prefixLength: 8 },
  { address: '127.0.0.0', prefixLength: 8 },
  { address: '169.254.0.0', prefixLength: 16 },
  { address: '224.0.0.0', prefixLength: 4 },
  { address: '255.255.255.255', prefixLength: 32 },
  { address: '::', prefixLength: 128 },
  { address: '::1', prefixLength: 128 },
  { address: 'fe80::', prefixLength: 10 },
  { address: 'ff00::', prefixLength: 8 }
])

/** Addresses only a NAT can carry to the Internet (RFC 1918, RFC 6598). */
const isPrivate: (address: IpAddress) => boolean = /* @__PURE__ */ prefixTest([
  { address: '10.0.0.0', prefixLength: 8 },
  { address: '172.16.0.0', prefixLength: 12 },
  { address: '192.168.0.0', prefixLength: 16 },
  { address: '100.64.0.0', prefixLength: 10 }
])

/** True for a path from a private to a public IPv4 address: a NAT is to be suspected (RFC 4555 section 3.5). */
export function suspectsNat(path: Path): boolean {
  return isPrivate(path.local.address) && !isPrivate(path.remote.address)
}

/**
 * The peer's address set after a list notification: header address first, then the listed ones, no duplicates, none that
 * cannot be a peer's, at most `limit` (RFC 4555 section 3.6, A-O6). `listed` comes from the peer.
 */
export function peerAddressSet(header: IpAddress, listed: readonly IpAddress[], limit: number): IpAddress[] {
  const set = new Set<IpAddress>([header])
  for (const address of listed) {
    if (set.size >= Math.max(1, limit)) break
    if (!isUnusable(address)) set.add(address)
  }
  return [...set]
}

/** True when policy allows a local address with these flags (F31). */
export function allowedByFlags(policy: MobikePolicy, local: LocalAddress): boolean {
  const { allowDeprecated, allowTemporary, allowLinkLocal } = policy.selection
  return (
    (allowDeprecated || local.deprecated !== true) &&
    (allowTemporary || local.temporary !== true) &&
    (allowLinkLocal || local.linkLocal !== true)
  )
}

/**
 * Addresses we may tell the peer, in the caller's order: one more than `policy.maxAdvertisedAddresses`, for the header
 * address of the message is left out of it.
 */
export function advertisableAddresses(
  policy: MobikePolicy,
  local: readonly LocalAddress[],
  excluded: readonly ExcludedPrefix[]
): IpAddress[] {
  const isExcluded = prefixTest(excluded.filter(({ announcedOnly }) => announcedOnly !== true))
  const addresses = new Set<IpAddress>()
  for (const candidate of local) {
    const { address } = candidate
    if (addresses.size > policy.maxAdvertisedAddresses) break
    if (candidate.advertise === false || candidate.routable === false || !allowedByFlags(policy, candidate)) continue
    if (!isExcluded(address) && !isUnusable(address)) addresses.add(address)
  }
  return [...addresses]
}

/** What we tell the peer beside the header address of `path`. */
export function advertisedAddresses(
  policy: MobikePolicy,
  advertisable: readonly IpAddress[],
  path: Path
): readonly IpAddress[] {
  return advertisable.filter((address) => address !== path.local.address).slice(0, policy.maxAdvertisedAddresses)
}

/** Same addresses, whatever the order. */
export function sameAddresses(a: readonly IpAddress[], b: readonly IpAddress[]): boolean {
  return a.length === b.length && a.every((address) => b.includes(address))
}

/** ADDITIONAL_*_ADDRESS for each address, or NO_ADDITIONAL_ADDRESSES for none (RFC 4555 section 3.6). */
export function addressListNotifies(addresses: readonly IpAddress[]): MobikeNotify[] {
  if (addresses.length === 0) return [{ kind: 'noAdditionalAddresses' }]
  return addresses.map((address) => ({ kind: 'additionalAddress', address }))
}

/**
 * ADDITIONAL_*_ADDRESS notifications for IKE_AUTH (section 3.4): every other address we may disclose, at most
 * `policy.maxAdvertisedAddresses`; empty when there is none (NO_ADDITIONAL_ADDRESSES belongs to INFORMATIONAL alone).
 */
export function initialAddressNotifies(
  policy: MobikePolicy,
  localAddresses: readonly LocalAddress[],
  path: Path,
  excludedPrefixes: readonly ExcludedPrefix[] = []
): MobikeNotify[] {
  const advertisable = advertisableAddresses(policy, localAddresses, excludedPrefixes)
  const addresses = advertisedAddresses(policy, advertisable, path)
  return addresses.length === 0 ? [] : addressListNotifies(addresses)
}
