import { canonicalIpAddress, type IpAddress, ipFamily } from './ip-address.ts'

/** An address and a port (host order). Two endpoints that differ only in port are different endpoints. */
export interface Endpoint {
  readonly address: IpAddress
  readonly port: number
  /** Of a peer that is reached through a TCP stream (RFC 9329). Absent for UDP. */
  readonly transport?: 'tcp'
}

/** The two ends a datagram runs between, seen from here: `local` is ours whichever way the datagram goes. */
export interface Path {
  readonly local: Endpoint
  readonly remote: Endpoint
}

/**
 * An endpoint with its address made canonical.
 *
 * @throws TypeError naming `address` or `port` when either is not one.
 */
export function endpoint(address: string, port: number): Endpoint {
  const canonical = canonicalIpAddress(address)
  if (canonical === undefined) throw new TypeError(`address: '${address}' is not an IP address`)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new TypeError(`port: ${port} is not a UDP port`)
  return { address: canonical, port }
}

/** True when address, port and transport are equal. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address && a.transport === b.transport
}

/** True when all four of local and remote address and port are equal (F75: comparing the peer alone is not enough). */
export function samePath(a: Path, b: Path): boolean {
  return sameEndpoint(a.local, b.local) && sameEndpoint(a.remote, b.remote)
}

/** `192.0.2.1:4500` or `[2001:db8::1]:4500`, with `/tcp` behind it where that is the transport. */
export function endpointText(end: Endpoint): string {
  const text = ipFamily(end.address) === 6 ? `[${end.address}]:${end.port}` : `${end.address}:${end.port}`
  return end.transport === undefined ? text : `${text}/${end.transport}`
}

/** `10.1.0.2:4500 > 192.0.2.1:4500`, local end first. */
export function pathText(path: Path): string {
  return `${endpointText(path.local)} > ${endpointText(path.remote)}`
}
