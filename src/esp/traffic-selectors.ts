import { compareBytes } from '../bytes/index.ts'
import type { AddressRangeSelector } from '../codec/types.ts'
import type { InnerPacket } from './inner-packet.ts'

/** The selectors of one Child SA, from this end. */
export interface SelectorPair {
  readonly localSelectors: readonly AddressRangeSelector[]
  readonly remoteSelectors: readonly AddressRangeSelector[]
}

/** True when an outbound packet belongs on a Child SA: source in a local selector, destination in a remote one. */
export function matchesOutbound(pair: SelectorPair, packet: InnerPacket): boolean {
  return (
    pair.localSelectors.some((selector) => matches(selector, packet.source, packet.protocol, packet.sourcePort)) &&
    pair.remoteSelectors.some((selector) =>
      matches(selector, packet.destination, packet.protocol, packet.destinationPort)
    )
  )
}

/** True when a packet that came through a Child SA may have: RFC 4301 section 5.2 step 4. */
export function matchesInbound(pair: SelectorPair, packet: InnerPacket): boolean {
  return (
    pair.remoteSelectors.some((selector) => matches(selector, packet.source, packet.protocol, packet.sourcePort)) &&
    pair.localSelectors.some((selector) =>
      matches(selector, packet.destination, packet.protocol, packet.destinationPort)
    )
  )
}

function matches(selector: AddressRangeSelector, address: Uint8Array, protocol: number, port: number | null): boolean {
  if (address.length !== selector.startAddress.length) return false
  if (compareBytes(address, selector.startAddress) < 0 || compareBytes(address, selector.endAddress) > 0) return false
  if (selector.protocol !== 0 && selector.protocol !== protocol) return false
  // ANY takes packets whose ports are hidden as well; OPAQUE (65535 to 0) takes nothing else (RFC 4301 section 4.4.1.1).
  if (selector.startPort === 0 && selector.endPort === 65535) return true
  if (port === null) return selector.startPort === 65535 && selector.endPort === 0
  return port >= selector.startPort && port <= selector.endPort
}
