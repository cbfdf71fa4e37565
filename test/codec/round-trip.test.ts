import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { innerPayloads, message } from '../../src/arbitraries/index.ts'
import { concatBytes } from '../../src/bytes/index.ts'
import {
  decodeMessage,
  decodePayloads,
  encodeMessage,
  encodePayloadBody,
  encodePayloads,
  type Message,
  type Payload
} from '../../src/codec/index.ts'

const MESSAGE: Message = {
  initiatorSpi: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  responderSpi: new Uint8Array(8),
  majorVersion: 2,
  minorVersion: 0,
  exchangeType: 37,
  fromInitiator: true,
  isResponse: false,
  messageId: 7,
  payloads: []
}

describe('encoding and decoding', () => {
  test('decoding an encoded message gives the message back', () => {
    fc.assert(
      fc.property(message(), (value) => {
        expect(decodeMessage(encodeMessage(value))).toEqual({ ok: true, value })
      }),
      { numRuns: 500 }
    )
  })

  test('decoding an encoded inner chain gives the chain back, wherever it lies in its buffer', () => {
    fc.assert(
      fc.property(innerPayloads(), fc.nat({ max: 9 }), fc.nat({ max: 9 }), (value, before, after) => {
        const { firstPayload, bytes } = encodePayloads(value)
        const buffer = concatBytes(new Uint8Array(before).fill(0xaa), bytes, new Uint8Array(after).fill(0xbb))
        const result = decodePayloads(buffer, firstPayload, before, before + bytes.length)
        expect(result).toEqual({ ok: true, value })
      }),
      { numRuns: 300 }
    )
  })

  test('whatever random octets decode to encodes and decodes to the same again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 255 }), fc.uint8Array({ maxLength: 80 }), (type, body) => {
        const bytes = concatBytes(Uint8Array.of(0, 0, 0, 4 + body.length), body)
        const first = decodePayloads(bytes, type)
        if (!first.ok) return
        const again = encodePayloads(first.value)
        expect(again.firstPayload).toBe(type)
        expect(decodePayloads(again.bytes, type)).toEqual(first)
        expect(again.bytes.length).toBe(bytes.length)
      }),
      { numRuns: 3000 }
    )
  })

  test('a payload body is what follows its generic header', () => {
    fc.assert(
      fc.property(innerPayloads(), (payloads) => {
        for (const payload of payloads) {
          expect(encodePayloadBody(payload)).toEqual(encodePayloads([payload]).bytes.subarray(4))
        }
      }),
      { numRuns: 100 }
    )
  })

  test('encoding copies, decoding does not: a decoded field follows its datagram', () => {
    const data = new Uint8Array(20).fill(1)
    const bytes = encodeMessage({ ...MESSAGE, payloads: [{ kind: 'nonce', data }] })
    data.fill(2)
    const result = decodeMessage(bytes)
    expect(result.ok && result.value.payloads).toEqual([{ kind: 'nonce', data: new Uint8Array(20).fill(1) }])
    bytes.fill(3, 32)
    expect(result.ok && result.value.payloads).toEqual([{ kind: 'nonce', data: new Uint8Array(20).fill(3) }])
  })

  test('a Node Buffer decodes to plain Uint8Arrays', () => {
    const bytes = encodeMessage({ ...MESSAGE, payloads: [{ kind: 'nonce', data: new Uint8Array(20) }] })
    const result = decodeMessage(Buffer.from(Buffer.concat([Buffer.of(9), bytes])).subarray(1))
    expect(result.ok && result.value.initiatorSpi.constructor).toBe(Uint8Array)
    expect(result.ok && (result.value.payloads[0] as { data: Uint8Array }).data.constructor).toBe(Uint8Array)
    expect(result).toEqual(decodeMessage(bytes))
  })

  test('B001 datagrams of 1280, 3000 and 65535 octets pass', () => {
    for (const size of [1280, 3000, 65535]) {
      const data = new Uint8Array(size - 28 - 4).fill(7)
      const value: Message = { ...MESSAGE, payloads: [{ kind: 'vendorId', data }] }
      const bytes = encodeMessage(value)
      expect(bytes.length).toBe(size)
      expect(decodeMessage(bytes)).toEqual({ ok: true, value })
    }
  })
})

describe('encoding refuses what the format cannot hold, and names it', () => {
  const four = new Uint8Array(4)
  const wrong: readonly (readonly [string, Payload | Partial<Message>, string])[] = [
    ['SPI of 7 octets', { initiatorSpi: new Uint8Array(7) }, 'header.initiatorSpi'],
    ['SPI of 9 octets', { responderSpi: new Uint8Array(9) }, 'header.responderSpi'],
    ['major version 16', { majorVersion: 16 }, 'header.majorVersion'],
    ['minor version -1', { minorVersion: -1 }, 'header.minorVersion'],
    ['exchange type 256', { exchangeType: 256 }, 'header.exchangeType'],
    ['Message ID 2^32', { messageId: 2 ** 32 }, 'header.messageId'],
    ['Message ID 1.5', { messageId: 1.5 }, 'header.messageId'],
    ['notify type 65536', { kind: 'notify', protocol: 0, spi: four, type: 65536, data: four }, 'notify.type'],
    ['notify SPI', { kind: 'notify', protocol: 0, spi: new Uint8Array(256), type: 1, data: four }, 'notify.spi'],
    ['nonce of 15', { kind: 'nonce', data: new Uint8Array(15) }, 'nonce.data'],
    ['nonce of 257', { kind: 'nonce', data: new Uint8Array(257) }, 'nonce.data'],
    ['payload of 65536', { kind: 'vendorId', data: new Uint8Array(65532) }, 'vendorId.data'],
    ['KE of 65536', { kind: 'keyExchange', group: 1, data: new Uint8Array(65528) }, 'keyExchange'],
    ['text data', { kind: 'vendorId', data: 'abc' as unknown as Uint8Array }, 'vendorId.data'],
    ['no proposals', { kind: 'securityAssociation', proposals: [] }, 'securityAssociation.proposals'],
    [
      'no transforms',
      { kind: 'securityAssociation', proposals: [{ number: 1, protocol: 3, spi: four, transforms: [] }] },
      'securityAssociation.proposals[0].transforms'
    ],
    [
      'proposal 0',
      {
        kind: 'securityAssociation',
        proposals: [{ number: 0, protocol: 3, spi: four, transforms: [{ type: 1, id: 1 }] }]
      },
      'securityAssociation.proposals[0].number'
    ],
    [
      'transform ID 65536',
      {
        kind: 'securityAssociation',
        proposals: [{ number: 1, protocol: 3, spi: four, transforms: [{ type: 1, id: 65536 }] }]
      },
      'securityAssociation.proposals[0].transforms[0].id'
    ],
    [
      'key length 65536',
      {
        kind: 'securityAssociation',
        proposals: [{ number: 1, protocol: 3, spi: four, transforms: [{ type: 1, id: 1, keyLength: 65536 }] }]
      },
      'securityAssociation.proposals[0].transforms[0].keyLength'
    ],
    [
      'attribute type 32768',
      {
        kind: 'securityAssociation',
        proposals: [
          {
            number: 1,
            protocol: 3,
            spi: four,
            transforms: [{ type: 1, id: 1, attributes: [{ type: 32768, value: 1 }] }]
          }
        ]
      },
      'securityAssociation.proposals[0].transforms[0].attributes[0].type'
    ],
    ['no selectors', { kind: 'trafficSelectorInitiator', selectors: [] }, 'trafficSelectorInitiator.selectors'],
    [
      'range of IPv6 addresses as type 7',
      {
        kind: 'trafficSelectorResponder',
        selectors: [
          {
            type: 7,
            protocol: 0,
            startPort: 0,
            endPort: 65535,
            startAddress: new Uint8Array(16),
            endAddress: new Uint8Array(16)
          }
        ]
      },
      'trafficSelectorResponder.selectors[0]'
    ],
    [
      'range of unlike addresses',
      {
        kind: 'trafficSelectorResponder',
        selectors: [
          { type: 8, protocol: 0, startPort: 0, endPort: 65535, startAddress: four, endAddress: new Uint8Array(28) }
        ]
      },
      'trafficSelectorResponder.selectors[0].endAddress'
    ],
    [
      'range that ends before it starts',
      {
        kind: 'trafficSelectorResponder',
        selectors: [
          {
            type: 7,
            protocol: 0,
            startPort: 0,
            endPort: 65535,
            startAddress: Uint8Array.of(10, 0, 0, 1),
            endAddress: four
          }
        ]
      },
      'trafficSelectorResponder.selectors[0].endAddress'
    ],
    [
      'ports that end before they start',
      {
        kind: 'trafficSelectorResponder',
        selectors: [{ type: 7, protocol: 6, startPort: 443, endPort: 80, startAddress: four, endAddress: four }]
      },
      'trafficSelectorResponder.selectors[0].endPort'
    ],
    ['Delete of protocol 0', { kind: 'delete', protocol: 0, spiSize: 4, spis: [] }, 'delete.protocol'],
    ['SPI in an IKE Delete', { kind: 'delete', protocol: 1, spiSize: 8, spis: [] }, 'delete.spiSize'],
    ['SPI size 8 for ESP', { kind: 'delete', protocol: 3, spiSize: 8, spis: [] }, 'delete.spiSize'],
    ['SPI of 5 octets', { kind: 'delete', protocol: 3, spiSize: 4, spis: [four, new Uint8Array(5)] }, 'delete.spis[1]'],
    [
      'attribute type 32768',
      { kind: 'configuration', configurationType: 1, attributes: [{ type: 0x8000, value: four }] },
      'configuration.attributes[0].type'
    ],
    ['EAP Success with a type', { kind: 'eap', code: 3, identifier: 1, type: 1 }, 'eap.type'],
    ['EAP Success with data', { kind: 'eap', code: 3, identifier: 1, data: four }, 'eap.data'],
    ['EAP Request without a type', { kind: 'eap', code: 1, identifier: 1 }, 'eap.type'],
    [
      'fragment 0',
      { kind: 'encryptedFragment', firstInner: 0, fragmentNumber: 0, totalFragments: 1, body: four },
      'encryptedFragment.fragmentNumber'
    ],
    [
      'fragment 3 of 2',
      { kind: 'encryptedFragment', firstInner: 0, fragmentNumber: 3, totalFragments: 2, body: four },
      'encryptedFragment.fragmentNumber'
    ],
    [
      'fragment 2 that names the first inner payload',
      { kind: 'encryptedFragment', firstInner: 35, fragmentNumber: 2, totalFragments: 2, body: four },
      'encryptedFragment.firstInner'
    ],
    [
      'fragment 1 with a reserved Next Payload',
      { kind: 'encryptedFragment', firstInner: 0, fragmentNumber: 1, totalFragments: 2, body: four, reserved: 35 },
      'encryptedFragment.reserved'
    ],
    ['type 0', { kind: 'unknown', type: 0, body: four }, 'unknown.type'],
    ['no payload', { kind: 'nothing' } as unknown as Payload, 'payload.kind']
  ]
  test.each(wrong)('%s', (_, part, field) => {
    const whole = 'kind' in part ? { ...MESSAGE, payloads: [part] } : { ...MESSAGE, ...part }
    expect(() => encodeMessage(whole)).toThrow(field)
    expect(() => encodeMessage(whole)).toThrow(/^[a-zA-Z[\]0-9.]+: /)
  })

  test('B024 an Encrypted payload that is not the last, or that is inside another', () => {
    const encrypted: Payload = { kind: 'encrypted', firstInner: 0, body: four }
    const vendorId: Payload = { kind: 'vendorId', data: four }
    expect(() => encodeMessage({ ...MESSAGE, payloads: [encrypted, vendorId] })).toThrow('must be the last payload')
    expect(() => encodePayloads([vendorId, encrypted])).toThrow('does not nest')
  })

  test.each([46, 53])('B024 an unknown payload of type %i is written as it is, but only as the last', (type) => {
    const vendorId: Payload = { kind: 'vendorId', data: four }
    const unknown: Payload = { kind: 'unknown', type, body: four }
    expect(() => encodeMessage({ ...MESSAGE, payloads: [unknown, vendorId] })).toThrow(
      'unknown: must be the last payload'
    )
    expect(() => encodePayloads([unknown, vendorId])).toThrow('unknown: must be the last payload')
    expect(encodePayloads([vendorId, unknown]).bytes).toEqual(
      Uint8Array.of(type, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0)
    )
  })

  describe('lists that are none, have holes, or hold no objects', () => {
    const holed = (first: object): never => Object.assign(new Array(3), { 0: first, 2: first }) as never
    const proposal = { number: 1, protocol: 3, spi: four, transforms: [{ type: 1, id: 1 }] }
    const withTransforms = (transforms: unknown): Payload => ({
      kind: 'securityAssociation',
      proposals: [{ ...proposal, transforms: transforms as never }]
    })
    const SA = 'securityAssociation.proposals'
    const TS = 'trafficSelectorInitiator'
    test.each<[string, Payload]>([
      ['message.payloads[1]', holed],
      [`${SA}`, { kind: 'securityAssociation', proposals: undefined as never }],
      [`${SA}[1]`, { kind: 'securityAssociation', proposals: holed(proposal) }],
      [`${SA}[0].transforms`, withTransforms('abc')],
      [`${SA}[0].transforms[1]`, withTransforms([{ type: 1, id: 1 }, 5])],
      [`${SA}[0].transforms[0].attributes`, withTransforms([{ type: 1, id: 1, attributes: 7 }])],
      [`${SA}[0].transforms[0].attributes[0]`, withTransforms([{ type: 1, id: 1, attributes: [null] }])],
      [`${TS}.selectors`, { kind: TS, selectors: {} as never }],
      [`${TS}.selectors[0]`, { kind: TS, selectors: [7 as never] }],
      ['configuration.attributes', { kind: 'configuration', configurationType: 1, attributes: undefined as never }],
      [
        'configuration.attributes[1]',
        { kind: 'configuration', configurationType: 1, attributes: holed({ type: 1, value: four }) }
      ],
      ['delete.spis', { kind: 'delete', protocol: 3, spiSize: 4, spis: undefined as never }],
      ['delete.spis[1]', { kind: 'delete', protocol: 3, spiSize: 4, spis: holed(four) }]
    ] as never)('%s', (field, payload) => {
      const payloads = typeof payload === 'function' ? holed({ kind: 'vendorId', data: four }) : [payload]
      expect(() => encodePayloads(payloads)).toThrow(TypeError)
      expect(() => encodePayloads(payloads)).toThrow(`${field}: expected`)
    })

    test('more than a payload holds, also as a body alone', () => {
      const many = <T>(entry: T): T[] => new Array<T>(200_000).fill(entry)
      const attributes: Payload = {
        kind: 'configuration',
        configurationType: 1,
        attributes: many({ type: 1, value: four })
      }
      const spis: Payload = { kind: 'delete', protocol: 3, spiSize: 4, spis: many(four) }
      for (const encode of [(one: Payload) => encodePayloads([one]), encodePayloadBody]) {
        expect(() => encode(attributes)).toThrow('configuration: 1600008 octets')
        expect(() => encode(spis)).toThrow('delete.spis: 200000')
        expect(() => encode(withTransforms(many({ type: 1, id: 1 })))).toThrow(`${SA}[0].transforms: 200000`)
      }
    })
  })
})
