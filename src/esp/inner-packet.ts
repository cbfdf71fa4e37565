import { readUint16 } from '../bytes/index.ts'

/** What traffic selectors look at in an IP packet (RFC 4301 section 4.4.1.1). Addresses are views of the packet. */
export interface InnerPacket {
  readonly version: 4 | 6
  /** Octets of the whole packet by its own length field; what follows is padding. */
  readonly length: number
  /** 4 or 16 octets, network order. */
  readonly source: Uint8Array
  readonly destination: Uint8Array
  /** Upper-layer protocol, IPv6 extension headers skipped. */
  readonly protocol: number
  /**
   * Ports of TCP, UDP, SCTP and the like, host order; of ICMP, Type × 256 + Code in both (RFC 7296 section 3.13.1). Null where
   * there are none or a fragment hides them: OPAQUE.
   */
  readonly sourcePort: number | null
  readonly destinationPort: number | null
}

const ICMP = 1
const ICMPV6 = 58
const IPV6_FRAGMENT = 44
/** Hop-by-Hop Options, Routing, Destination Options: a length octet in units of 8 beyond the first 8 octets. */
const IPV6_EXTENSIONS: readonly number[] = [0, 43, 60]
/** TCP, UDP, DCCP, SCTP, UDP-Lite: source and destination port come first. */
const WITH_PORTS: readonly number[] = [6, 17, 33, 132, 136]

/** Octets of an IP packet by its own length field, or undefined when this is no IP packet or a part is missing. */
export function innerPacketLength(packet: Uint8Array): number | undefined {
  const version = (packet[0] ?? 0) >> 4
  if (version === 4 && packet.length >= 20) {
    const header = ((packet[0] as number) & 15) * 4
    const total = readUint16(packet, 2)
    return header >= 20 && total >= header && total <= packet.length ? total : undefined
  }
  if (version === 6 && packet.length >= 40) {
    const total = 40 + readUint16(packet, 4)
    return total <= packet.length ? total : undefined
  }
  return undefined
}

/** The fields of an IP packet that traffic selectors look at, or undefined when it is none. Never throws. */
export function readInnerPacket(packet: Uint8Array): InnerPacket | undefined {
  const length = innerPacketLength(packet)
  if (length === undefined) return undefined
  const whole = packet.subarray(0, length)
  return (packet[0] as number) >> 4 === 4 ? readIpv4(whole) : readIpv6(whole)
}

function readIpv4(packet: Uint8Array): InnerPacket {
  const protocol = packet[9] as number
  const firstFragment = (readUint16(packet, 6) & 0x1fff) === 0
  const upper = ((packet[0] as number) & 15) * 4
  return {
    version: 4,
    length: packet.length,
    source: packet.subarray(12, 16),
    destination: packet.subarray(16, 20),
    protocol,
    ...(firstFragment ? ports(packet, upper, protocol) : OPAQUE)
  }
}

function readIpv6(packet: Uint8Array): InnerPacket {
  let protocol = packet[6] as number
  let upper = 40
  let firstFragment = true
  while (firstFragment && upper + 8 <= packet.length) {
    if (protocol === IPV6_FRAGMENT) {
      firstFragment = (readUint16(packet, upper + 2) & 0xfff8) === 0
      protocol = packet[upper] as number
      upper += 8
    } else if (IPV6_EXTENSIONS.includes(protocol)) {
      protocol = packet[upper] as number
      upper += 8 + (packet[upper + 1] as number) * 8
    } else {
      break
    }
  }
  return {
    version: 6,
    length: packet.length,
    source: packet.subarray(8, 24),
    destination: packet.subarray(24, 40),
    protocol,
    ...(firstFragment ? ports(packet, upper, protocol) : OPAQUE)
  }
}

type Ports = Pick<InnerPacket, 'sourcePort' | 'destinationPort'>
const OPAQUE: Ports = { sourcePort: null, destinationPort: null }

function ports(packet: Uint8Array, offset: number, protocol: number): Ports {
  if (WITH_PORTS.includes(protocol) && offset + 4 <= packet.length) {
    return { sourcePort: readUint16(packet, offset), destinationPort: readUint16(packet, offset + 2) }
  }
  if ((protocol === ICMP || protocol === ICMPV6) && offset + 2 <= packet.length) {
    const typeAndCode = readUint16(packet, offset)
    return { sourcePort: typeAndCode, destinationPort: typeAndCode }
  }
  return OPAQUE
}
