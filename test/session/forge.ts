import { type Path, toHex } from '../../src/bytes/index.ts'
import { decodeMessage, decodePayloads, EXCHANGE, encodePayloads } from '../../src/codec/index.ts'
import type { Message, Payload } from '../../src/codec/types.ts'
import { expandEntropy, openMessage, sealMessage } from '../../src/crypto/index.ts'
import type { IkeSa } from '../../src/session/index.ts'
import { spisOf, suiteOf } from '../../src/session/turn.ts'
import type { Datagram, Pair, SideName } from './pair.ts'

/** What a peer could have sent, and what is in what was sent. */

let forged = 0

export interface Forgery {
  readonly exchangeType?: number
  readonly isResponse?: boolean
  readonly messageId: number
  readonly payloads: readonly Payload[]
  /** Inner chain as it is, instead of payloads. */
  readonly chain?: { readonly firstPayload: number; readonly bytes: Uint8Array }
  /** Default the active IKE SA. */
  readonly sa?: IkeSa
  readonly path?: Path
}

/** A message under the keys of one side, with its real SPIs. */
export function forge(pair: Pair, from: SideName, forgery: Forgery): Datagram {
  const side = pair[from]
  const sa = forgery.sa ?? pair.ikeSa(from)
  const suite = suiteOf(side.config, sa)
  const chain = forgery.chain ?? encodePayloads(forgery.payloads)
  const bytes = sealMessage({
    suite,
    material: side.session.secrets.ikeKeys[sa.id] as Uint8Array,
    header: {
      ...spisOf(sa),
      exchangeType: forgery.exchangeType ?? EXCHANGE.INFORMATIONAL,
      fromInitiator: sa.startedHere,
      isResponse: forgery.isResponse ?? false,
      messageId: forgery.messageId
    },
    firstInner: chain.firstPayload,
    inner: chain.bytes,
    iv: expandEntropy(new Uint8Array(32).fill(0xcc), `forged:${forged++}`, 8)
  })
  const { mobike, path } = side.session.state
  const own = forgery.path ?? mobike?.ikePath ?? path
  if (own === null) throw new Error(`${from} has no path`)
  return { from, path: own, bytes: marked(own, bytes) }
}

/** The IKE message in a datagram, without the non-ESP marker. */
export function unmarked({ path, bytes }: Pick<Datagram, 'path' | 'bytes'>): Uint8Array {
  return path.local.port === 4500 ? bytes.subarray(4) : bytes
}

export function marked(path: Path, message: Uint8Array): Uint8Array {
  return path.local.port === 4500 ? Uint8Array.of(0, 0, 0, 0, ...message) : message
}

/** A message and what is inside it, opened with the keys of whichever side still has them. */
export function read(
  pair: Pair,
  datagram: Datagram
): { readonly message: Message; readonly payloads: readonly Payload[] } {
  const bytes = unmarked(datagram)
  const decoded = decodeMessage(bytes)
  if (!decoded.ok) throw new Error('the datagram holds no IKE message')
  const message = decoded.value
  const encrypted = message.payloads.at(-1)
  if (encrypted?.kind !== 'encrypted') return { message, payloads: message.payloads }
  for (const name of ['client', 'gateway'] as const) {
    const { state, secrets } = pair[name].session
    const sa = state.ikeSas.find(({ initiatorSpi }) => initiatorSpi === toHex(message.initiatorSpi))
    const material = sa && secrets.ikeKeys[sa.id]
    if (sa === undefined || material === undefined) continue
    const opened = openMessage({
      suite: suiteOf(pair[name].config, sa),
      material,
      sender: message.fromInitiator ? 'initiator' : 'responder',
      message: bytes,
      offset: bytes.length - encrypted.body.length - 4
    })
    const payloads = opened.ok ? decodePayloads(opened.inner, opened.firstInner) : undefined
    if (payloads?.ok) return { message, payloads: payloads.value }
  }
  throw new Error('no keys open the message')
}

/** Kinds of payloads, Notify by its type. */
export function kinds(payloads: readonly Payload[]): (string | number)[] {
  return payloads.map((payload) => (payload.kind === 'notify' ? payload.type : payload.kind))
}
