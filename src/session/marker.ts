import type { Path } from '../bytes/index.ts'
import type { SessionPorts } from './config.ts'

/**
 * True where IKE has the non-ESP marker: in a TCP stream (RFC 9329 section 3.1), on our NAT traversal port, and from a port
 * that is neither of ours, of a socket opened anew, unless the peer's is its IKE port (RFC 7296 section 2.23).
 */
export function hasMarker(ports: SessionPorts, { local, remote }: Path): boolean {
  if (remote.transport === 'tcp') return true
  return local.port === ports.natTraversal || (local.port !== ports.ike && remote.port !== ports.ike)
}
