import {
  concatBytes,
  type Endpoint,
  type IpAddress,
  ipAddressBytes,
  ipAddressText,
  ipFamily,
  readUint16,
  writeUint16
} from '../bytes/index.ts'
import { innerPacketLength, readInnerPacket } from './inner-packet.ts'

const UDP = 17
const HOP_LIMIT = 64

/** A UDP datagram with its two ends. */
export interface UdpPacket {
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly payload: Uint8Array
}

/**
 * An IPv4 (without options) or IPv6 packet: for test traffic and captures, not for fragments.
 *
 * @throws TypeError naming `destination` when the families differ; RangeError naming `payload` when it is too long.
 */
export function buildIpPacket(packet: {
  readonly source: IpAddress
  readonly destination: IpAddress
  /** Upper-layer protocol. */
  readonly protocol: number
  readonly payload: Uint8Array
}): Uint8Array {
  const family = ipFamily(packet.source)
  if (ipFamily(packet.destination) !== family) throw new TypeError('destination: not of the family of source')
  if (packet.payload.length > (family === 4 ? 65515 : 65535)) throw new RangeError('payload: too long for an IP packet')
  const source = addressOctets(packet.source)
  const destination = addressOctets(packet.destination)
  if (family === 6) {
    const header = new Uint8Array(40)
    header[0] = 0x60
    writeUint16(header, 4, packet.payload.length)
    header[6] = packet.protocol
    header[7] = HOP_LIMIT
    header.set(source, 8)
    header.set(destination, 24)
    return concatBytes(header, packet.payload)
  }
  const header = new Uint8Array(20)
  header[0] = 0x45
  writeUint16(header, 2, 20 + packet.payload.length)
  header[8] = HOP_LIMIT
  header[9] = packet.protocol
  header.set(source, 12)
  header.set(destination, 16)
  writeUint16(header, 10, internetChecksum(header))
  return concatBytes(header, packet.payload)
}

/**
 * An IPv4 or IPv6 packet that holds a UDP datagram, checksums included.
 *
 * @throws TypeError naming `destination` when the families differ; RangeError naming `payload` when it is too long.
 */
export function buildUdpPacket({ source, destination, payload }: UdpPacket): Uint8Array {
  const datagram = new Uint8Array(8 + payload.length)
  writeUint16(datagram, 0, source.port)
  writeUint16(datagram, 2, destination.port)
  writeUint16(datagram, 4, datagram.length)
  datagram.set(payload, 8)
  // RFC 768: a computed checksum of zero is sent as all ones.
  writeUint16(
    datagram,
    6,
    udpChecksum(addressOctets(source.address), addressOctets(destination.address), datagram) || 0xffff
  )
  return buildIpPacket({ source: source.address, destination: destination.address, protocol: UDP, payload: datagram })
}

/**
 * The UDP datagram of an IP packet, its payload copied; undefined when there is none, when it is a fragment, or when its
 * checksum is wrong (an IPv4 checksum of zero means none). Never throws.
 */
export function readUdpPacket(packet: Uint8Array): UdpPacket | undefined {
  const inner = readInnerPacket(packet)
  if (inner === undefined || inner.protocol !== UDP) return undefined
  // Extension headers and fragments are not for test traffic: the datagram must fill what follows the plain header.
  const offset = inner.version === 4 ? ((packet[0] as number) & 15) * 4 : 40
  if (inner.sourcePort === null || inner.destinationPort === null || inner.length < offset + 8) return undefined
  const datagram = packet.subarray(offset, innerPacketLength(packet))
  if (readUint16(datagram, 4) !== datagram.length) return undefined
  const withoutChecksum = inner.version === 4 && readUint16(datagram, 6) === 0
  if (!withoutChecksum && udpChecksum(inner.source, inner.destination, datagram) !== 0) return undefined
  return {
    source: { address: ipAddressText(inner.source) as IpAddress, port: inner.sourcePort },
    destination: { address: ipAddressText(inner.destination) as IpAddress, port: inner.destinationPort },
    payload: datagram.slice(8)
  }
}

function addressOctets(address: IpAddress): Uint8Array {
  const octets = ipAddressBytes(address)
  if (octets === undefined) throw new TypeError(`address: '${address}' is not an IP address`)
  return octets
}

/** Over the pseudo-header of RFC 768 or RFC 8200 section 8.1; 0 over a datagram with a right checksum. */
function udpChecksum(source: Uint8Array, destination: Uint8Array, datagram: Uint8Array): number {
  const lengthAndProtocol = new Uint8Array(4)
  writeUint16(lengthAndProtocol, 0, datagram.length)
  lengthAndProtocol[3] = UDP
  return internetChecksum(source, destination, lengthAndProtocol, datagram)
}

/** RFC 1071; every part but the last has an even number of octets. */
function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) sum += ((part[i] as number) << 8) | (part[i + 1] ?? 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}
