import type { Path } from '../bytes/index.ts'

/**
 * True when IKE and ESP of this path run in a TCP stream that the MOBIKE initiator opened (RFC 9329 section 7.1). The stream
 * has shown by itself that its ends are reachable, and it crosses NATs: no return routability check, no NO_NATS_ALLOWED,
 * no keepalive and no check of NAT mappings on it.
 */
export function isTcp(path: Path): boolean {
  return path.remote.transport === 'tcp'
}
