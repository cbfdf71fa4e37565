import { toHex } from '../bytes/index.ts'
import { decodePayloads, type Message, type Payload } from '../codec/index.ts'
import { type IkeSuite, openMessage } from '../crypto/index.ts'
import { resolveIkeSuite } from '../ike/index.ts'
import type { Session, SessionConfig } from '../session/index.ts'

/** What protects one IKE SA, with its key material. */
export interface RingKeys {
  readonly suite: IkeSuite
  readonly material: Uint8Array
}

/** What was in an Encrypted payload, and the keys that opened it. */
export interface Unlocked {
  readonly payloads: readonly Payload[]
  readonly keys: RingKeys
}

/** Keys of every IKE SA that was seen, those long gone too. */
export interface KeyRing {
  /** Keeps the keys of the session's IKE SAs: for `onStep` of a session host. */
  readonly learn: (config: SessionConfig, session: Session) => void
  /** A decoded message with its octets; undefined where there is no Encrypted payload or it does not open. */
  readonly open: (message: Message, bytes: Uint8Array) => Unlocked | undefined
}

/** For simulations only: it hoards keys. */
export function createKeyRing(): KeyRing {
  const bySpis = new Map<string, RingKeys>()

  return {
    learn({ ikeProposals }, { state, secrets }) {
      for (const sa of state.ikeSas) {
        const spis = sa.initiatorSpi + sa.responderSpi
        const material = secrets.ikeKeys[sa.id]
        if (bySpis.has(spis) || material === undefined) continue
        const suite = resolveIkeSuite(ikeProposals, sa.suite)
        if (suite !== undefined) bySpis.set(spis, { suite, material: material.slice() })
      }
    },
    open(message, bytes) {
      const last = message.payloads.at(-1)
      const keys = bySpis.get(toHex(message.initiatorSpi) + toHex(message.responderSpi))
      if (last?.kind !== 'encrypted' || keys === undefined) return undefined
      const sender = message.fromInitiator ? 'initiator' : 'responder'
      const opened = openMessage({ ...keys, sender, message: bytes, offset: bytes.length - last.body.length - 4 })
      if (!opened.ok) return undefined
      const payloads = decodePayloads(opened.inner, opened.firstInner)
      return payloads.ok ? { payloads: payloads.value, keys } : undefined
    }
  }
}
