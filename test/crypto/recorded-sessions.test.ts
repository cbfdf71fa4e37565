import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex, utf8Bytes } from '../../src/bytes/index.ts'
import {
  decodeMessage,
  decodePayloads,
  EXCHANGE,
  encodeMessage,
  encodePayloads,
  NOTIFY,
  PROTOCOL,
  TRANSFORM_TYPE
} from '../../src/codec/index.ts'
import type { Message, Payload, Proposal } from '../../src/codec/types.ts'
import {
  aes256Cbc,
  aes256Gcm16,
  type ChildSuite,
  childSendingKeys,
  deriveChildKeys,
  deriveIkeKeys,
  deriveIkeRekeyKeys,
  hmacSha256_128,
  type IkeSuite,
  ikeKeys,
  modp2048,
  natDetectionHash,
  openMessage,
  prfHmacSha256,
  sealMessage,
  signedOctets,
  verifyPskAuth,
  x25519
} from '../../src/crypto/index.ts'
import cbc from '../vectors/strongswan-mobike-cbc-modp2048-nat.json' with { type: 'json' }
import gcm from '../vectors/strongswan-mobike-gcm-x25519-psk.json' with { type: 'json' }
import toIpv6 from '../vectors/strongswan-mobike-ipv4-to-ipv6.json' with { type: 'json' }

/**
 * Whole sessions between two strongSwan daemons, with the keys the initiator logged: an entry holds the IKE keys of an
 * initial exchange or IKE rekey, where there was one, and the Child keys, where there were some. In an entry the
 * initiator is that of the exchange, which for a Child rekey may be the other daemon.
 */
interface Recording {
  readonly psk: string
  readonly initiatorKeys: readonly Readonly<Record<string, string>>[]
  readonly packets: readonly {
    readonly src: string
    readonly dst: string
    readonly kind: string
    readonly hex: string
  }[]
}

interface IkeSa {
  readonly suite: IkeSuite
  readonly material: Uint8Array
}

/** A protected message with its inner payloads. */
interface Opened {
  readonly message: Message
  readonly payloads: readonly Payload[]
  readonly sa: IkeSa
}

const SESSIONS: [string, Recording][] = [
  ['AES-GCM, X25519, two moves', gcm],
  ['AES-CBC, MODP-2048, move behind a NAT, IKE rekey', cbc],
  ['AES-GCM, X25519, IPv4 to IPv6, simultaneous Child rekey', toIpv6]
]

describe.each(SESSIONS)('recorded strongSwan session: %s', (_, recording) => {
  const replay = replayed(recording)
  const ikeEntries = recording.initiatorKeys.filter((entry) => 'SKEYSEED' in entry)
  const childEntries = recording.initiatorKeys.filter((entry) => 'encryption initiator key' in entry)

  it('B117 B123 IKE keys derived from the logged shared secrets are the logged keys', () => {
    const derived = replay.ikeSas.map(({ suite, material }) => {
      const { d, ai, ar, ei, er, pi, pr } = ikeKeys(suite, material)
      return [d, ai, ar, ei, er, pi, pr].map(toHex)
    })
    const logged = ikeEntries.map((entry) =>
      ['d', 'ai', 'ar', 'ei', 'er', 'pi', 'pr'].map((key) => entry[`Sk_${key} secret`] ?? '')
    )
    expect(derived).toEqual(logged)
  })

  it('B120 B122 Child keys derived are the logged keys', () => {
    const logged = childEntries.map((entry) => ({
      initiator: [entry['encryption initiator key'], entry['integrity initiator key'] ?? ''],
      responder: [entry['encryption responder key'], entry['integrity responder key'] ?? '']
    }))
    expect(replay.childKeys.length).toBe(childEntries.length)
    // Simultaneous rekeys are logged in the order in which the initiator came to them, not in that on the wire.
    expect(new Set(replay.childKeys.map((keys) => JSON.stringify(keys)))).toEqual(
      new Set(logged.map((keys) => JSON.stringify(keys)))
    )
  })

  it('B126 B263 every protected message opens and, opened, decoded, encoded and sealed again, has the same octets', () => {
    expect(replay.opened.length).toBeGreaterThan(15)
    expect(replay.failures).toEqual([])
  })

  it('B127 B128 B130 AUTH of both ends verifies, and with another secret does not', () => {
    const auths = replay.opened.filter(({ message }) => message.exchangeType === EXCHANGE.IKE_AUTH)
    expect(auths.length).toBe(2)
    for (const { message, payloads, sa } of auths) {
      const fromInitiator = message.fromInitiator
      const id = find(payloads, fromInitiator ? 'identificationInitiator' : 'identificationResponder')
      const { pi, pr } = ikeKeys(sa.suite, sa.material)
      const inputs = {
        prf: sa.suite.prf,
        signedOctets: signedOctets({
          message: fromInitiator ? replay.initRequest : replay.initResponse,
          nonce: fromInitiator ? replay.nonceResponder : replay.nonceInitiator,
          prf: sa.suite.prf,
          skP: fromInitiator ? pi : pr,
          idBody: concatBytes(Uint8Array.of(id.idType, 0, 0, 0), id.data)
        }),
        auth: find(payloads, 'authentication').data
      }
      expect(verifyPskAuth({ ...inputs, secret: utf8Bytes(recording.psk) })).toBe(true)
      expect(verifyPskAuth({ ...inputs, secret: utf8Bytes(`${recording.psk} `) })).toBe(false)
    }
  })

  it('B221 NAT_DETECTION_DESTINATION_IP of the first message is the hash of where it went', () => {
    const [first] = recording.packets as [Recording['packets'][number]]
    const message = decoded(fromHex(first.hex))
    const notify = message.payloads.find(
      (payload) => payload.kind === 'notify' && payload.type === NOTIFY.NAT_DETECTION_DESTINATION_IP
    )
    const [address, port] = first.dst.split(':') as [string, string]
    const hash = natDetectionHash(message.initiatorSpi, message.responderSpi, address, Number(port))
    expect(notify).toMatchObject({ data: hash })
  })
})

/** Runs through a recording in order, deriving keys as the exchanges complete. */
function replayed({ packets, initiatorKeys }: Recording) {
  const messages = packets.filter(({ kind }) => kind === 'ike').map(({ hex }) => fromHex(hex))
  const [initRequest, initResponse, ...rest] = messages as [Uint8Array, Uint8Array, ...Uint8Array[]]
  const request = decoded(initRequest)
  const response = decoded(initResponse)
  const failures: string[] = []
  for (const message of [request, response]) {
    const original = message === request ? initRequest : initResponse
    if (toHex(encodeMessage(message)) !== toHex(original)) failures.push('IKE_SA_INIT encodes otherwise')
  }
  const nonceInitiator = find(request.payloads, 'nonce').data
  const nonceResponder = find(response.payloads, 'nonce').data
  const logged = initiatorKeys.filter((entry) => 'SKEYSEED' in entry)
  const sharedSecret = (index: number): Uint8Array => fromHex(logged[index]?.['shared Diffie Hellman secret'] as string)
  const suite = ikeSuiteOf(chosen(response.payloads))
  const first: IkeSa = {
    suite,
    material: deriveIkeKeys({
      suite,
      nonceInitiator,
      nonceResponder,
      sharedSecret: sharedSecret(0),
      initiatorSpi: response.initiatorSpi,
      responderSpi: response.responderSpi
    })
  }
  const ikeSas = [first]
  const bySpis = new Map<string, IkeSa>([[spisOf(response), first]])
  const opened: Opened[] = []
  const childKeys: object[] = []
  const seen = new Set<string>()

  for (const octets of rest) {
    const message = decoded(octets)
    const sa = bySpis.get(spisOf(message))
    if (sa === undefined) {
      failures.push(`unknown IKE SA ${spisOf(message)}`)
      continue
    }
    const result = reopened(octets, message, sa)
    if (typeof result === 'string') {
      failures.push(result)
      continue
    }
    // The same message on several paths counts once.
    if (seen.has(toHex(octets))) continue
    seen.add(toHex(octets))
    opened.push({ message, payloads: result, sa })
    if (!message.isResponse) continue
    if (message.exchangeType === EXCHANGE.IKE_AUTH) {
      childKeys.push(childKeysOf(sa, result, nonceInitiator, nonceResponder))
    } else if (message.exchangeType === EXCHANGE.CREATE_CHILD_SA) {
      const asked = opened.find(
        ({ message: other, sa: same }) =>
          same === sa &&
          !other.isResponse &&
          other.messageId === message.messageId &&
          other.fromInitiator !== message.fromInitiator
      ) as Opened
      const [ni, nr] = [find(asked.payloads, 'nonce').data, find(result, 'nonce').data]
      if (chosen(result).protocol === PROTOCOL.IKE) {
        const newSuite = ikeSuiteOf(chosen(result))
        const initiatorSpi = chosen(asked.payloads).spi
        const responderSpi = chosen(result).spi
        const material = deriveIkeRekeyKeys({
          suite: newSuite,
          oldPrf: sa.suite.prf,
          oldSkD: ikeKeys(sa.suite, sa.material).d,
          nonceInitiator: ni,
          nonceResponder: nr,
          sharedSecret: sharedSecret(ikeSas.length),
          initiatorSpi,
          responderSpi
        })
        const rekeyed = { suite: newSuite, material }
        ikeSas.push(rekeyed)
        bySpis.set(toHex(initiatorSpi) + toHex(responderSpi), rekeyed)
      } else {
        childKeys.push(childKeysOf(sa, result, ni, nr))
      }
    }
  }
  return { initRequest, initResponse, nonceInitiator, nonceResponder, ikeSas, opened, childKeys, failures }
}

/** Inner payloads of a protected message, or what went wrong on the way there and back. */
function reopened(octets: Uint8Array, message: Message, sa: IkeSa): readonly Payload[] | string {
  const where = `${spisOf(message)} exchange ${message.exchangeType} message ${message.messageId}`
  const [encrypted] = message.payloads
  if (encrypted?.kind !== 'encrypted') return `${where}: not encrypted`
  const opened = openMessage({
    ...sa,
    sender: message.fromInitiator ? 'initiator' : 'responder',
    message: octets,
    offset: octets.length - encrypted.body.length - 4
  })
  if (!opened.ok) return `${where}: ${opened.error}`
  const inner = decodePayloads(opened.inner, opened.firstInner)
  if (!inner.ok) return `${where}: ${inner.error.code} at ${inner.error.offset}`
  const chain = encodePayloads(inner.value)
  const sealed = sealMessage({
    ...sa,
    header: message,
    firstInner: chain.firstPayload,
    inner: chain.bytes,
    iv: opened.iv,
    padding: opened.padding
  })
  return toHex(sealed) === toHex(octets) ? inner.value : `${where}: other octets`
}

function childKeysOf(sa: IkeSa, payloads: readonly Payload[], ni: Uint8Array, nr: Uint8Array): object {
  const suite = childSuiteOf(chosen(payloads))
  const { d } = ikeKeys(sa.suite, sa.material)
  const material = deriveChildKeys({ prf: sa.suite.prf, skD: d, suite, nonceInitiator: ni, nonceResponder: nr })
  const hexOf = (side: 'initiator' | 'responder'): string[] => {
    const { encryption, integrity } = childSendingKeys(suite, material, side)
    return [toHex(encryption), toHex(integrity)]
  }
  return { initiator: hexOf('initiator'), responder: hexOf('responder') }
}

function decoded(octets: Uint8Array): Message {
  const result = decodeMessage(octets)
  if (!result.ok) throw new Error(`${result.error.code} at ${result.error.offset}`)
  return result.value
}

function find<K extends Payload['kind']>(payloads: readonly Payload[], kind: K): Extract<Payload, { kind: K }> {
  return payloads.find((payload) => payload.kind === kind) as Extract<Payload, { kind: K }>
}

function chosen(payloads: readonly Payload[]): Proposal {
  return find(payloads, 'securityAssociation').proposals[0] as Proposal
}

function spisOf(message: Message): string {
  return toHex(message.initiatorSpi) + toHex(message.responderSpi)
}

function ikeSuiteOf(proposal: Proposal): IkeSuite {
  const { encryption, integrity } = protectionOf(proposal)
  return {
    encryption,
    integrity,
    prf: named(proposal, TRANSFORM_TYPE.PRF, [prfHmacSha256]),
    keyExchange: named(proposal, TRANSFORM_TYPE.KE, [x25519, modp2048])
  }
}

function childSuiteOf(proposal: Proposal): ChildSuite {
  return { ...protectionOf(proposal), extendedSequenceNumbers: false }
}

function protectionOf(proposal: Proposal): Pick<IkeSuite, 'encryption' | 'integrity'> {
  const encryption = named(proposal, TRANSFORM_TYPE.ENCR, [aes256Gcm16, aes256Cbc])
  return {
    encryption,
    integrity: encryption.aead ? null : named(proposal, TRANSFORM_TYPE.INTEG, [hmacSha256_128])
  }
}

function named<A extends { readonly id: number }>(proposal: Proposal, type: number, algorithms: readonly A[]): A {
  const transform = proposal.transforms.find((candidate) => candidate.type === type)
  return algorithms.find(({ id }) => id === transform?.id) as A
}
