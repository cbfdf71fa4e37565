import { readUint32, toHex } from '../bytes/index.ts'
import { classifyUdpDatagram, decodeMessage, decodePayloads, type Message, messageSummary } from '../codec/index.ts'
import { type IkeSuite, openMessage } from '../crypto/index.ts'
import { resolveIkeSuite } from '../ike/index.ts'
import type { Session, SessionConfig } from '../session/index.ts'
import type { SimDatagram } from './types.ts'

/** Labels of a ladder for IKE and ESP, with what was inside where the keys are known. */
export interface IkeLabels {
  /** Keeps the keys of the session's IKE SAs: for `onStep` of a session host. */
  readonly learn: (config: SessionConfig, session: Session) => void
  /** For `label` of a ladder. */
  readonly label: (datagram: SimDatagram) => string
}

interface Keys {
  readonly suite: IkeSuite
  readonly material: Uint8Array
}

/** `natTraversalPort`: where IKE carries the non-ESP marker; default 4500. For tests only: it hoards keys. */
export function createIkeLabels(natTraversalPort = 4500): IkeLabels {
  const bySpis = new Map<string, Keys>()

  function summary(bytes: Uint8Array): string {
    const decoded = decodeMessage(bytes)
    if (!decoded.ok) return `malformed IKE (${decoded.error.code})`
    return messageSummary(decoded.value, innerPayloads(decoded.value, bytes))
  }

  function innerPayloads(message: Message, bytes: Uint8Array) {
    const last = message.payloads.at(-1)
    const keys = bySpis.get(`${toHex(message.initiatorSpi)} ${toHex(message.responderSpi)}`)
    if (last?.kind !== 'encrypted' || keys === undefined) return undefined
    const sender = message.fromInitiator ? 'initiator' : 'responder'
    const opened = openMessage({ ...keys, sender, message: bytes, offset: bytes.length - last.body.length - 4 })
    if (!opened.ok) return undefined
    const payloads = decodePayloads(opened.inner, opened.firstInner)
    return payloads.ok ? payloads.value : undefined
  }

  return {
    learn(config, session) {
      for (const sa of session.state.ikeSas) {
        const key = `${sa.initiatorSpi} ${sa.responderSpi}`
        const material = session.secrets.ikeKeys[sa.id]
        if (bySpis.has(key) || material === undefined) continue
        const suite = resolveIkeSuite(config.ikeProposals, sa.suite)
        if (suite !== undefined) bySpis.set(key, { suite, material: material.slice() })
      }
    },
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
