import { equalBytes, type Path, toHex } from '../bytes/index.ts'
import { NOTIFY, notify } from '../codec/index.ts'
import type { NotifyPayload, Payload } from '../codec/types.ts'
import { natDetectionHash } from '../crypto/index.ts'
import { findNotify } from './payloads.ts'

/** The SPIs of a message in header order, as NAT_DETECTION hashes take them (RFC 7296 section 2.23). */
export interface HeaderSpis {
  readonly initiatorSpi: Uint8Array
  readonly responderSpi: Uint8Array
}

/** The hashes of both ends of a path. */
export interface NatDetectionHashes {
  /** Of our end. */
  readonly source: Uint8Array
  /** Of the peer's end. */
  readonly destination: Uint8Array
}

/** Both NAT_DETECTION payloads' hashes for a message we send on `path`. */
export function natDetectionHashes(spis: HeaderSpis, path: Path): NatDetectionHashes {
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
  return compareNat(payloads, () => natDetectionHashes(spis, path))
}

/** {@link observeNat} with the hashes of the path it came on, which are only asked for when there is something to compare. */
export function compareNat(payloads: readonly Payload[], hashes: () => NatDetectionHashes): NatObservation | null {
  const destination = findNotify(payloads, NOTIFY.NAT_DETECTION_DESTINATION_IP)
  if (destination === undefined || findNotify(payloads, NOTIFY.NAT_DETECTION_SOURCE_IP) === undefined) return null
  const { source: here, destination: there } = hashes()
  // A sender that does not know its address may send several hashes (B222).
  const isThere = (payload: Payload): boolean =>
    payload.kind === 'notify' && payload.type === NOTIFY.NAT_DETECTION_SOURCE_IP && equalBytes(payload.data, there)
  return {
    localBehindNat: !equalBytes(destination.data, here),
    remoteBehindNat: !payloads.some(isThere),
    destinationHash: toHex(destination.data.subarray(0, 20))
  }
}
