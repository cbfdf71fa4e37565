import type { Endpoint } from '../bytes/index.ts'

/**
 * True when a datagram's source is one an answer can go to. Anyone can forge others: port 0 (RFC 768: no reply wanted;
 * many sockets throw on it), multicast, broadcast and unspecified addresses. Loopback is left to the caller's sockets.
 */
export function canBeAnswered({ address, port }: Endpoint): boolean {
  if (port === 0) return false
  if (address.includes(':')) return address !== '::' && !/^ff/i.test(address)
  const first = Number.parseInt(address, 10)
  return first > 0 && first < 224
}
