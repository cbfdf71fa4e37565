import { type Endpoint, endpoint, ipAddressText, readUint16 } from '../bytes/index.ts'
import type { Frame } from './capture.ts'

/**
 * What a frame carries as far as IKE is concerned: a UDP datagram, ESP, something else by a word, or `unread`, what might
 * have been IKE and could not be read, and why.
 */
export type FrameContent =
  | { readonly kind: 'udp'; readonly source: Endpoint; readonly destination: Endpoint; readonly payload: Uint8Array }
  | { readonly kind: 'esp'; readonly source: string; readonly destination: string; readonly payload: Uint8Array }
  | { readonly kind: 'other'; readonly text: string }
  | { readonly kind: 'unread'; readonly text: string }

const UDP = 17
const ESP = 50
const FRAGMENT_HEADER = 44
/** Hop-by-hop options, routing, destination options, mobility (RFC 8200 section 4, RFC 6275): skipped by their length. */
const EXTENSION_HEADERS: readonly number[] = [0, 43, 60, 135]

/** Looks through link layer and IP. Total. */
export function frameContent({ linkType, octets }: Frame): FrameContent {
  const at = networkOffset(linkType, octets)
  if (at === undefined) return unread(`link type ${linkType} is not known here`)
  if (at > octets.length) return other('no IP')
  const packet = octets.subarray(at)
  const version = packet.length === 0 ? 0 : (packet[0] as number) >> 4
  if (version === 4) return fromIpv4(packet)
  return version === 6 ? fromIpv6(packet) : other('no IP')
}

/** Where IP begins; behind the end when there is none. */
function networkOffset(linkType: number, octets: Uint8Array): number | undefined {
  switch (linkType) {
    case 1: {
      // Tags of IEEE 802.1Q and 802.1ad, and what came before the latter, four octets each.
      let at = 12
      while (at + 2 <= octets.length && [0x8100, 0x88a8, 0x9100].includes(readUint16(octets, at))) at += 4
      // Behind the end where it is not IP at all, such as ARP: its octets are no packet.
      const isIp = at + 2 <= octets.length && [0x0800, 0x86dd].includes(readUint16(octets, at))
      return isIp ? at + 2 : octets.length + 1
    }
    case 0:
    case 108:
      return 4
    case 12:
    case 101:
    case 228:
    case 229:
      return 0
    case 113:
      return 16
    case 276:
      return 20
    default:
      return undefined
  }
}

function fromIpv4(packet: Uint8Array): FrameContent {
  const headerOctets = 4 * ((packet[0] as number) & 15)
  if (packet.length < 20 || headerOctets < 20 || packet.length < headerOctets) return unread('IPv4, cut off')
  const total = readUint16(packet, 2)
  // More Fragments, or an offset: a piece of a datagram.
  if ((readUint16(packet, 6) & 0x3fff) !== 0) return unread('a fragment of an IPv4 packet')
  const end = total < headerOctets ? packet.length : Math.min(total, packet.length)
  return fromTransport(
    packet[9] as number,
    packet.subarray(12, 16),
    packet.subarray(16, 20),
    packet.subarray(headerOctets, end)
  )
}

function fromIpv6(packet: Uint8Array): FrameContent {
  if (packet.length < 40) return unread('IPv6, cut off')
  // None where the host left the length to its network card.
  const length = readUint16(packet, 4)
  const end = length === 0 ? packet.length : Math.min(40 + length, packet.length)
  let next = packet[6] as number
  let at = 40
  while (EXTENSION_HEADERS.includes(next) && at + 8 <= end) {
    next = packet[at] as number
    at += 8 + 8 * (packet[at + 1] as number)
  }
  if (next === FRAGMENT_HEADER && at + 8 <= end && (readUint16(packet, at + 2) & 0xfff9) === 0) {
    // All of a packet in one fragment (RFC 6946).
    next = packet[at] as number
    at += 8
  }
  if (next === FRAGMENT_HEADER) return unread('a fragment of an IPv6 packet')
  return fromTransport(next, packet.subarray(8, 24), packet.subarray(24, 40), packet.subarray(Math.min(at, end), end))
}

function fromTransport(protocol: number, from: Uint8Array, to: Uint8Array, payload: Uint8Array): FrameContent {
  const source = ipAddressText(from) ?? ''
  const destination = ipAddressText(to) ?? ''
  if (protocol === ESP) return { kind: 'esp', source, destination, payload }
  if (protocol !== UDP) return other(`IP protocol ${protocol}`)
  if (payload.length < 8) return unread('UDP, cut off')
  const end = Math.min(Math.max(8, readUint16(payload, 4)), payload.length)
  return {
    kind: 'udp',
    source: endpoint(source, readUint16(payload, 0)),
    destination: endpoint(destination, readUint16(payload, 2)),
    payload: payload.subarray(8, end)
  }
}

function unread(text: string): FrameContent {
  return { kind: 'unread', text }
}

function other(text: string): FrameContent {
  return { kind: 'other', text }
}
