import { describe, expect, it } from 'vitest'
import { decodeNotify } from '../../src/bodies/index.ts'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import { decodeMessage, decodePayloads, encodeMessage, encodePayloads, NOTIFY, PAYLOAD } from '../../src/codec/index.ts'
import constants from '../vectors/iketests-constants.json' with { type: 'json' }

/**
 * The constants of Android's unit tests. What they are is told by their names, as nothing else says it; whole messages
 * and EAP packets are told by their own length fields. The rest, counted below, are keys, addresses, nonces and the like.
 */
interface Constant {
  /** Class and constant: `IkeKePayloadTest.KE_PAYLOAD_RAW_PACKET`. */
  readonly name: string
  readonly octets: Uint8Array
}
const all: readonly Constant[] = Object.entries(constants.files).flatMap(([file, values]) =>
  Object.entries(values).map(([name, hex]) => ({
    name: `${file.split('/').at(-1)?.replace('.java', '')}.${name}`,
    octets: fromHex(hex)
  }))
)

/** Of the payload whose name stands first, in this order: a name may hold several words. */
const PAYLOAD_NAMES: readonly (readonly [RegExp, number])[] = [
  [/VENDOR_ID_PAYLOAD/, PAYLOAD.VENDOR_ID],
  [/INVALID_KE_PAYLOAD|NAT_DETECTION_\w+_PAYLOAD|FRAGMENTATION_SUPPORTED_PAYLOAD/, PAYLOAD.NOTIFY],
  [/SIGNATURE_HASH_SUPPORTED_PAYLOAD|NOTIFY_\w*PAYLOAD/, PAYLOAD.NOTIFY],
  [/\.(?:\w*SA_PAYLOAD|\w*[sS]aPayload|\w*PROPOSAL_RAW_PACKET)/, PAYLOAD.SECURITY_ASSOCIATION],
  [/\.(?:KE_PAYLOAD|\w*[kK]ePayload)/, PAYLOAD.KEY_EXCHANGE],
  [/ID_PAYLOAD|ID_INIT\w*_PAYLOAD|ID_RESP_PAYLOAD|ASN1_DN_/, PAYLOAD.IDENTIFICATION_INITIATOR],
  [/CERT_PAYLOAD_BODY/, PAYLOAD.CERTIFICATE],
  [/CERT_REQ_PAYLOAD/, PAYLOAD.CERTIFICATE_REQUEST],
  [/AUTH_PAYLOAD_(?!SIGNATURE|HEADER)|AUTH_RESP_PAYLOAD|SIGN_AUTH_RESP_HEX/, PAYLOAD.AUTHENTICATION],
  [/NONCE_\w*PAYLOAD/, PAYLOAD.NONCE],
  [/DELETE_\w*PAYLOAD/, PAYLOAD.DELETE],
  [/TS_\w*PAYLOAD/, PAYLOAD.TRAFFIC_SELECTOR_INITIATOR],
  [/CP_PAYLOAD|CONFIG_\w*PAYLOAD/, PAYLOAD.CONFIGURATION]
]

const word = (octets: Uint8Array, at: number): number => (octets[at] as number) * 256 + (octets[at + 1] as number)
const isMessage = ({ octets }: Constant): boolean =>
  octets.length >= 28 && octets[17] === 0x20 && word(octets, 26) === octets.length
const isEap = ({ name, octets }: Constant): boolean =>
  /\.EAP_/.test(name) && octets.length >= 4 && word(octets, 2) === octets.length

/** A payload as the last of a chain; some stand without their generic header. A proposal's header looks like one. */
function lastInChain({ name, octets }: Constant): Uint8Array {
  const isBody = /PROPOSAL|saPayloadBody|inboundRequestSaPayload/.test(name)
  if (!isBody && octets.length >= 4 && octets[1] === 0 && word(octets, 2) === octets.length) {
    return Uint8Array.of(0, ...octets.subarray(1))
  }
  return withHeader(octets)
}

function withHeader(body: Uint8Array): Uint8Array {
  const length = body.length + 4
  return Uint8Array.of(0, 0, length >> 8, length & 0xff, ...body)
}

const payloads = all.flatMap((constant): [string, number, Uint8Array][] => {
  const { name, octets } = constant
  if (isMessage(constant) || /_HEADER/.test(name)) return []
  if (isEap(constant)) return [[name, PAYLOAD.EAP, withHeader(octets)]]
  if (/_ATTRIBUTE_WITH/.test(name)) {
    return [[name, PAYLOAD.CONFIGURATION, withHeader(Uint8Array.of(2, 0, 0, 0, ...octets))]]
  }
  const type = PAYLOAD_NAMES.find(([pattern]) => pattern.test(name))?.[1]
  return type === undefined ? [] : [[name, type, lastInChain(constant)]]
})
const messages = all.filter(isMessage).map(({ name, octets }): [string, Uint8Array] => [name, octets])

function constant(name: string): Uint8Array {
  return all.find((each) => each.name === name)?.octets as Uint8Array
}

it('127 payloads and 14 messages are among the 631 constants', () => {
  expect(all.length).toBe(631)
  expect({ payloads: payloads.length, messages: messages.length }).toEqual({ payloads: 127, messages: 14 })
})

describe('payloads of Android’s unit tests', () => {
  it.each(payloads)('%s, type %i, decodes and encodes to the same octets', (_, type, octets) => {
    const decoded = decodePayloads(octets, type)
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.error))
    expect(decoded.value).toHaveLength(1)
    expect(decoded.value[0]?.kind).not.toBe('unknown')
    expect(encodePayloads(decoded.value)).toEqual({ firstPayload: type, bytes: octets })
  })
})

describe('whole messages of Android’s unit tests', () => {
  it.each(messages)('%s decodes and encodes to the same octets', (_, octets) => {
    const decoded = decodeMessage(octets)
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.error))
    expect(toHex(encodeMessage(decoded.value))).toBe(toHex(octets))
  })
})

describe('what Android’s unit tests hold to be wrong', () => {
  it('a message that ends within its header is refused for its octets', () => {
    const octets = constant('IkeUdpEncapSocketTest.malformedIkePacketHexString')
    expect(decodeMessage(octets)).toMatchObject({
      ok: false,
      error: { code: 'truncated', offset: 0, got: 24, path: ['header'] }
    })
  })

  it('SIGNATURE_HASH_ALGORITHMS of an odd number of octets, and of an even number', () => {
    const decoded = (name: string) =>
      decodeNotify({
        kind: 'notify',
        protocol: 0,
        spi: new Uint8Array(0),
        type: NOTIFY.SIGNATURE_HASH_ALGORITHMS,
        data: constant(`IkeAuthDigitalSignPayloadTest.${name}`)
      })
    expect(decoded('MALFORMATTED_SIGNATURE_HASH_ALGORITHMS')).toMatchObject({ ok: false })
    expect(decoded('SIGNATURE_HASH_ALGORITHMS')).toMatchObject({ ok: true })
  })
})
