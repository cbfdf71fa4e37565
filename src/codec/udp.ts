/** Precedes every IKE message on port 4500, where ESP has a non-zero SPI (RFC 3948 section 2.2). Do not write to it. */
export const NON_ESP_MARKER: Uint8Array = new Uint8Array(4)

/** What a UDP datagram of an IKE port holds. */
export type UdpDatagramKind =
  /** An IKE message, on the NAT traversal port behind a non-ESP marker. */
  | 'ike'
  /** UDP-encapsulated ESP. */
  | 'esp'
  /** One octet 0xFF, to be dropped (RFC 3948 section 2.3). */
  | 'keepalive'
  /** Too short for any of them. */
  | 'invalid'

/**
 * Tells what a datagram is by its first octets. `onNatTraversalPort` is true for port 4500, or whatever port stands for it,
 * and false for port 500, where all is IKE without marker (RFC 7296 section 2.23). Never throws; 'ike' and 'esp' promise
 * nothing about what follows the first four octets.
 */
export function classifyUdpDatagram(bytes: Uint8Array, onNatTraversalPort: boolean): UdpDatagramKind {
  if (!onNatTraversalPort) return bytes.length === 0 ? 'invalid' : 'ike'
  if (bytes.length === 1 && bytes[0] === 0xff) return 'keepalive'
  if (bytes.length < 4) return 'invalid'
  return bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0 && bytes[3] === 0 ? 'ike' : 'esp'
}
