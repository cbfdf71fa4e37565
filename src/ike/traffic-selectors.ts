import { compareBytes, type IpAddress, sendableAddressBytes, toHex } from '../bytes/index.ts'
import type { AddressRangeSelector, TrafficSelector } from '../codec/types.ts'

/** Selectors returned at most: a peer cannot make the answer grow with the product of both lists. */
const SELECTORS_KEPT = 32

const IPV4_RANGE = 7
const IPV6_RANGE = 8

/**
 * The selector of an address prefix, any protocol and port: `prefixSelector('10.9.0.0', 16)`.
 *
 * @throws TypeError naming `address` or `prefixLength` when they make no prefix, or the address has a zone or is IPv4-mapped.
 */
export function prefixSelector(address: IpAddress, prefixLength: number): AddressRangeSelector {
  const start = sendableAddressBytes(address)
  if (start === undefined) throw new TypeError(`address: '${address}' is not an IP address that can be sent`)
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > 8 * start.length) {
    throw new TypeError(`prefixLength: ${prefixLength} is not between 0 and ${8 * start.length}`)
  }
  const startAddress = start.slice()
  const endAddress = start.slice()
  for (let i = 0; i < start.length; i++) {
    const hostBits = 0xff >> Math.min(8, Math.max(0, prefixLength - 8 * i))
    startAddress[i] = (startAddress[i] as number) & ~hostBits
    endAddress[i] = (endAddress[i] as number) | hostBits
  }
  const type = start.length === 4 ? IPV4_RANGE : IPV6_RANGE
  return { type, protocol: 0, startPort: 0, endPort: 65535, startAddress, endAddress }
}

/** The selector of one address, any protocol and port. */
export function addressSelector(address: IpAddress): AddressRangeSelector {
  return prefixSelector(address, address.includes(':') ? 128 : 32)
}

/**
 * The offered selectors cut down to what policy allows (RFC 7296 section 2.9). All acceptable: returned as they are. The
 * cut of the first offered one comes first, so a packet's own selector is in the result (B166). Unknown types are
 * ignored and not returned (B167). Empty: nothing in common.
 */
export function narrowSelectors(
  offered: readonly TrafficSelector[],
  allowed: readonly AddressRangeSelector[]
): readonly AddressRangeSelector[] {
  const cuts: AddressRangeSelector[] = []
  for (const selector of offered) {
    if (!isAddressRange(selector)) continue
    for (const limit of allowed) {
      const cut = intersect(selector, limit)
      if (cut === undefined || cuts.some((known) => contains(known, cut))) continue
      if (cuts.length === SELECTORS_KEPT) return cuts
      cuts.push(cut)
    }
  }
  return cuts
}

/** True when every selector lies inside one of `allowed` (B171: what comes back must be a subset of what was offered). */
export function isSubset(
  selectors: readonly TrafficSelector[],
  allowed: readonly AddressRangeSelector[]
): selectors is readonly AddressRangeSelector[] {
  return (
    selectors.length > 0 &&
    selectors.every((selector) => isAddressRange(selector) && allowed.some((limit) => contains(limit, selector)))
  )
}

/** Copies that do not alias a received datagram. */
export function copySelectors(selectors: readonly AddressRangeSelector[]): readonly AddressRangeSelector[] {
  return selectors.map((selector) => ({
    type: selector.type,
    protocol: selector.protocol,
    startPort: selector.startPort,
    endPort: selector.endPort,
    startAddress: selector.startAddress.slice(),
    endAddress: selector.endAddress.slice()
  }))
}

/** `known` where the selectors are the same, so that the many Child SAs of one configuration share them; else a copy. */
export function keepSelectors(
  selectors: readonly AddressRangeSelector[],
  known: readonly AddressRangeSelector[]
): readonly AddressRangeSelector[] {
  return sameSelectors(selectors, known) ? known : copySelectors(selectors)
}

/** True when both lists allow the same traffic selector by selector. */
export function sameSelectors(a: readonly AddressRangeSelector[], b: readonly AddressRangeSelector[]): boolean {
  const key = (selector: AddressRangeSelector): string =>
    `${selector.type}/${selector.protocol}/${selector.startPort}-${selector.endPort}/${toHex(selector.startAddress)}-${toHex(selector.endAddress)}`
  return a.length === b.length && a.every((selector, index) => key(selector) === key(b[index] as AddressRangeSelector))
}

function isAddressRange(selector: TrafficSelector): selector is AddressRangeSelector {
  return selector.type === IPV4_RANGE || selector.type === IPV6_RANGE
}

function contains(outer: AddressRangeSelector, inner: AddressRangeSelector): boolean {
  return (
    outer.type === inner.type &&
    (outer.protocol === 0 || outer.protocol === inner.protocol) &&
    (isAnyPort(outer) ||
      (outer.startPort === inner.startPort && outer.endPort === inner.endPort) ||
      portsWithin(outer, inner)) &&
    compareBytes(outer.startAddress, inner.startAddress) <= 0 &&
    compareBytes(inner.endAddress, outer.endAddress) <= 0
  )
}

function portsWithin(outer: AddressRangeSelector, inner: AddressRangeSelector): boolean {
  return !isOpaque(inner) && outer.startPort <= inner.startPort && inner.endPort <= outer.endPort
}

function intersect(a: AddressRangeSelector, b: AddressRangeSelector): AddressRangeSelector | undefined {
  if (a.type !== b.type) return undefined
  if (a.protocol !== 0 && b.protocol !== 0 && a.protocol !== b.protocol) return undefined
  const ports = intersectPorts(a, b)
  const startAddress = compareBytes(a.startAddress, b.startAddress) >= 0 ? a.startAddress : b.startAddress
  const endAddress = compareBytes(a.endAddress, b.endAddress) <= 0 ? a.endAddress : b.endAddress
  if (ports === undefined || compareBytes(startAddress, endAddress) > 0) return undefined
  return { type: a.type, protocol: a.protocol || b.protocol, ...ports, startAddress, endAddress }
}

function intersectPorts(
  a: AddressRangeSelector,
  b: AddressRangeSelector
): { readonly startPort: number; readonly endPort: number } | undefined {
  if (isAnyPort(a)) return { startPort: b.startPort, endPort: b.endPort }
  if (isAnyPort(b)) return { startPort: a.startPort, endPort: a.endPort }
  // OPAQUE (65535 to 0, section 3.13.1) is no range: it meets only itself and ANY.
  if (isOpaque(a) || isOpaque(b)) return isOpaque(a) && isOpaque(b) ? { startPort: 65535, endPort: 0 } : undefined
  const startPort = Math.max(a.startPort, b.startPort)
  const endPort = Math.min(a.endPort, b.endPort)
  return startPort <= endPort ? { startPort, endPort } : undefined
}

function isAnyPort(selector: AddressRangeSelector): boolean {
  return selector.startPort === 0 && selector.endPort === 65535
}

function isOpaque(selector: AddressRangeSelector): boolean {
  return selector.startPort === 65535 && selector.endPort === 0
}
