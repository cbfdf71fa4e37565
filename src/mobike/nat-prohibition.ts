import { concatBytes, constantTimeEqual, EMPTY, ipAddressBytes, type Path } from '../bytes/index.ts'
import { isTcp } from './transport.ts'

/**
 * Data of NO_NATS_ALLOWED for a message sent on `path`: source and destination address, source and destination port,
 * network order; 12 octets for IPv4, 36 for IPv6 (RFC 4555 section 4.2.6).
 */
export function noNatsAllowedFor(path: Path): Uint8Array {
  const ports = Uint8Array.of(
    path.local.port >> 8,
    path.local.port & 255,
    path.remote.port >> 8,
    path.remote.port & 255
  )
  return concatBytes(ipAddressBytes(path.local.address) ?? EMPTY, ipAddressBytes(path.remote.address) ?? EMPTY, ports)
}

/**
 * True when received NO_NATS_ALLOWED data names the addresses and ports the message came with (section 3.9). `path` is
 * seen from here: the sender is its remote end. Another length or family is a difference like any other (A-O5). In a TCP
 * stream the notification is ignored (RFC 9329 section 7.1).
 */
export function checkNoNatsAllowed(data: Uint8Array, path: Path): boolean {
  return isTcp(path) || constantTimeEqual(data, noNatsAllowedFor({ local: path.remote, remote: path.local }))
}
