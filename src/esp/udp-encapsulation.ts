import { readUint32 } from '../bytes/index.ts'

/** What a UDP datagram on port 4500 holds (RFC 3948 section 2). */
export type UdpEncapsulatedKind =
  /** Four zero octets, then an IKE message. */
  | 'ike'
  | 'esp'
  /** One octet 0xFF: to be dropped in silence (section 2.3). */
  | 'keepalive'
  | 'malformed'

/** Tells IKE, ESP and keepalives on port 4500 apart. Says nothing about validity behind the first four octets. Never throws. */
export function classifyUdpEncapsulated(bytes: Uint8Array): UdpEncapsulatedKind {
  if (bytes.length === 1 && bytes[0] === 0xff) return 'keepalive'
  if (bytes.length < 8) return 'malformed'
  return readUint32(bytes, 0) === 0 ? 'ike' : 'esp'
}
