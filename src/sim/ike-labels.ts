import { readUint32 } from '../bytes/index.ts'
import { classifyUdpDatagram, decodeMessage, messageSummary } from '../codec/index.ts'
import type { Session, SessionConfig } from '../session/index.ts'
import { createKeyRing } from './key-ring.ts'
import type { SimDatagram } from './types.ts'

/** Labels of a ladder for IKE and ESP, with what was inside where the keys are known. */
export interface IkeLabels {
  /** Keeps the keys of the session's IKE SAs: for `onStep` of a session host. */
  readonly learn: (config: SessionConfig, session: Session) => void
  /** For `label` of a ladder. */
  readonly label: (datagram: SimDatagram) => string
}

/** `natTraversalPort`: where IKE carries the non-ESP marker; default 4500. For tests only: it hoards keys. */
export function createIkeLabels(natTraversalPort = 4500): IkeLabels {
  const ring = createKeyRing()

  function summary(bytes: Uint8Array): string {
    const decoded = decodeMessage(bytes)
    if (!decoded.ok) return `malformed IKE (${decoded.error.code})`
    return messageSummary(decoded.value, ring.open(decoded.value, bytes)?.payloads)
  }

  return {
    learn: ring.learn,
    label({ source, destination, protocol, bytes }) {
      const marked = source.port === natTraversalPort || destination.port === natTraversalPort
      const kind = protocol === 'esp' ? 'esp' : classifyUdpDatagram(bytes, marked)
      if (kind === 'ike') return summary(marked ? bytes.subarray(4) : bytes)
      if (kind === 'keepalive') return 'NAT keepalive'
      if (kind === 'invalid' || bytes.length < 8) return `${bytes.length} octets`
      return `ESP ${readUint32(bytes, 0).toString(16).padStart(8, '0')} ${readUint32(bytes, 4)}`
    }
  }
}
