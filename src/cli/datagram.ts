import { type Endpoint, endpoint, ipAddressText, readUint16 } from '../bytes/index.ts'
import type { Frame } from './capture.ts'

/**
 * What a frame carries as far as IKE is concerned: a UDP datagram, ESP, something else by a word, or `unread`, what might
 * have been IKE and could not be read, and why.
 */
export type FrameContent =
  | {
      readonly kind: 'udp'
      readonly source: Endpoint
      readonly destination: Endpoint
      readonly payload: Uint8Array
      /** True when the datagram had more octets than were captured. */
      readonly isCut: boolean
    }
  | { readonly kind: 'esp'; readonly source: string; readonly destination: string; readonly payload: Uint8Array }
  | { readonly kind: 'other'; readonly text: string }
  | { readonly kind: 'unread'; readonly text: string }

const UDP = 17
const ESP = 50
const FRAGMENT_HEADER = 44
/** Hop-by-hop options, routing, destination options, mobility (RFC 8200 section 4, RFC 6275): skipped by their length. */
const EXTENSION_HEADERS: readonly number[] = [0, 43, 60, 135]

/** Why a frame is not read that had more octets than were captured. */
export const CUT_OFF = 'cut off by the capture'

/** EtherTypes of IPv4 and IPv6. */
const IP_TYPES: readonly number[] = [0x0800, 0x86dd]
/** Tags of IEEE 802.1Q and 802.1ad, and what came before the latter: two octets and the next EtherType each. */
const TAG_TYPES: readonly number[] = [0x8100, 0x88a8, 0x9100]

/** Looks through link layer and IP. Total. */
export function frameContent({ linkType, octets, isCut }: Frame): FrameContent {
  const at = networkOffset(linkType, octets)
  if (at === undefined) return unread(`link type ${linkType} is not known here`)
  if (at === 'noIp') return other('no IP')
  if (at >= octets.length) return isCut ? unread(CUT_OFF) : other('no IP')
  const packet = octets.subarray(at)
  const version = (packet[0] as number) >> 4
  if (version === 4) return fromIpv4(packet, isCut)
  return version === 6 ? fromIpv6(packet, isCut) : other('no IP')
}

/** Where IP begins, which may be behind the end; undefined for a link type that is not known. */
function networkOffset(linkType: number, octets: Uint8Array): number | 'noIp' | undefined {
  switch (linkType) {
    case 1:
      return behindEtherType(octets, 12, 14)
    case 0:
    case 108:
      return 4
    case 12:
    case 101:
    case 228:
    case 229:
      return 0
    case 113:
      return behindEtherType(octets, 14, 16)
    case 276:
      return behindEtherType(octets, 0, 20)
    default:
      return undefined
  }
}

/** Where IP begins behind a header that has its EtherType at `typeAt` and ends at `end`. */
function behindEtherType(octets: Uint8Array, typeAt: number, end: number): number | 'noIp' {
  let [at, network] = [typeAt, end]
  while (at + 2 <= octets.length) {
    const type = readUint16(octets, at)
    if (IP_TYPES.includes(type)) return network
    // Octets of anything else, such as ARP, are no packet whatever they look like.
    if (!TAG_TYPES.includes(type)) return 'noIp'
    at = network + 2
    network += 4
  }
  return octets.length
}

function fromIpv4(packet: Uint8Array, isFrameCut: boolean): FrameContent {
  const headerOctets = 4 * ((packet[0] as number) & 15)
  if (packet.length < 20 || headerOctets < 20 || packet.length < headerOctets) {
    return unread(isFrameCut ? CUT_OFF : 'IPv4, cut off')
  }
  const total = readUint16(packet, 2)
  // More Fragments, or an offset: a piece of a datagram.
  const protocol = packet[9] as number
  if ((readUint16(packet, 6) & 0x3fff) !== 0) {
    return protocol === UDP ? unread('a fragment of an IPv4 packet') : other(`a fragment of IP protocol ${protocol}`)
  }
  // None where the host left the length to its network card.
  const isLengthless = total < headerOctets
  const end = isLengthless ? packet.length : Math.min(total, packet.length)
  return fromTransport(
    protocol,
    packet.subarray(12, 16),
    packet.subarray(16, 20),
    packet.subarray(headerOctets, end),
    isLengthless ? isFrameCut : total > packet.length
  )
}

function fromIpv6(packet: Uint8Array, isFrameCut: boolean): FrameContent {
  if (packet.length < 40) return unread(isFrameCut ? CUT_OFF : 'IPv6, cut off')
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
  const isCut = length === 0 ? isFrameCut : 40 + length > packet.length
  if (next === FRAGMENT_HEADER && at + 8 <= end) {
    // Of a first fragment UDP may be behind more headers.
    const first = packet[at] as number
    if (first === UDP || EXTENSION_HEADERS.includes(first)) return unread('a fragment of an IPv6 packet')
    return other(`a fragment of IP protocol ${first}`)
  }
  if (next === FRAGMENT_HEADER || EXTENSION_HEADERS.includes(next)) return unread(isCut ? CUT_OFF : 'IPv6, cut off')
  const payload = packet.subarray(Math.min(at, end), end)
  return fromTransport(next, packet.subarray(8, 24), packet.subarray(24, 40), payload, isCut)
}

function fromTransport(
  protocol: number,
  from: Uint8Array,
  to: Uint8Array,
  payload: Uint8Array,
  isCut: boolean
): FrameContent {
  const source = ipAddressText(from) ?? ''
  const destination = ipAddressText(to) ?? ''
  if (protocol === ESP) return { kind: 'esp', source, destination, payload }
  if (protocol !== UDP) return other(`IP protocol ${protocol}`)
  if (payload.length < 8) return unread(isCut ? CUT_OFF : 'UDP, cut off')
  const length = readUint16(payload, 4)
  const end = Math.min(Math.max(8, length), payload.length)
  return {
    kind: 'udp',
    source: endpoint(source, readUint16(payload, 0)),
    destination: endpoint(destination, readUint16(payload, 2)),
    payload: payload.subarray(8, end),
    isCut: length < 8 ? isCut : length > payload.length
  }
}

function unread(text: string): FrameContent {
  return { kind: 'unread', text }
}

function other(text: string): FrameContent {
  return { kind: 'other', text }
}
