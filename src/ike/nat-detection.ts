import { equalBytes, type Path, toHex } from '../bytes/index.ts'
import { NOTIFY, notify } from '../codec/index.ts'
import type { NotifyPayload, Payload } from '../codec/types.ts'
import { natDetectionHash } from '../crypto/index.ts'
import { findNotify, findPayloads } from './payloads.ts'

/** The SPIs of a message in header order, as NAT_DETECTION hashes take them (RFC 7296 section 2.23). */
export interface HeaderSpis {
  readonly initiatorSpi: Uint8Array
  readonly responderSpi: Uint8Array
}

/** Both NAT_DETECTION payloads' hashes for a message we send on `path`. */
export function natDetectionHashes(
  spis: HeaderSpis,
  path: Path
): { readonly source: Uint8Array; readonly destination: Uint8Array } {
  return {
    source: natDetectionHash(spis.initiatorSpi, spis.responderSpi, path.local.address, path.local.port),
    destination: natDetectionHash(spis.initiatorSpi, spis.responderSpi, path.remote.address, path.remote.port)
  }
}

/** NAT_DETECTION_SOURCE_IP and _DESTINATION_IP for a message we send on `path`. */
export function natDetectionPayloads(spis: HeaderSpis, path: Path): readonly NotifyPayload[] {
  const { source, destination } = natDetectionHashes(spis, path)
  return [notify(NOTIFY.NAT_DETECTION_SOURCE_IP, source), notify(NOTIFY.NAT_DETECTION_DESTINATION_IP, destination)]
}

/** What a received NAT_DETECTION pair says. */
export interface NatObservation {
  /** NAT_DETECTION_DESTINATION_IP did not match: we are behind a NAT. */
  readonly localBehindNat: boolean
  /** No NAT_DETECTION_SOURCE_IP matched: the peer is behind a NAT. */
  readonly remoteBehindNat: boolean
  /** Hexadecimal NAT_DETECTION_DESTINATION_IP as received: our address as the peer sees it, hashed. */
  readonly destinationHash: string
}

/** Compares a received message's NAT_DETECTION payloads with where it came from and to; null unless both kinds are there. */
export function observeNat(payloads: readonly Payload[], spis: HeaderSpis, path: Path): NatObservation | null {
  const destination = findNotify(payloads, NOTIFY.NAT_DETECTION_DESTINATION_IP)
  if (destination === undefined) return null
  const sources = findPayloads(payloads, 'notify').filter(({ type }) => type === NOTIFY.NAT_DETECTION_SOURCE_IP)
  if (sources.length === 0) return null
  const here = natDetectionHash(spis.initiatorSpi, spis.responderSpi, path.local.address, path.local.port)
  const there = natDetectionHash(spis.initiatorSpi, spis.responderSpi, path.remote.address, path.remote.port)
  return {
    localBehindNat: !equalBytes(destination.data, here),
    // A sender that does not know its address may send several hashes (B222).
    remoteBehindNat: !sources.some((source) => equalBytes(source.data, there)),
    destinationHash: toHex(destination.data.subarray(0, 20))
  }
}
