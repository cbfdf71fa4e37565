import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { message } from '../../src/arbitraries/index.ts'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import { decodeMessage, decodePayloads, encodeMessage, encodePayloads, type Payload } from '../../src/codec/index.ts'
import { recordedMessages } from './recorded-messages.ts'

/** A chain of one payload: generic header with `bits`, then `body`. */
const chain = (bits: string, body: string): Uint8Array => {
  const length = (4 + body.replace(/ /g, '').length / 2).toString(16).padStart(4, '0')
  return fromHex(`00${bits}${length}${body}`)
}

function payloadOf(type: number, octets: Uint8Array, lossless: boolean): Payload {
  const result = decodePayloads(octets, type, 0, octets.length, { lossless })
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value[0] as Payload
}

describe('RESERVED fields, each drawn in the RFC section named', () => {
  const CASES: readonly (readonly [string, number, string, string, object])[] = [
    ['3.2 generic header, seven bits', 43, '7f', 'aa', { reservedBits: 0x7f }],
    ['3.2 generic header beside Critical', 43, '81', 'aa', { critical: true, reservedBits: 1 }],
    ['3.4 Key Exchange', 34, '00', '001f beef 11', { reserved: 0xbeef }],
    ['3.5 Identification', 35, '00', '02 010203 61', { reserved: 0x010203 }],
    ['3.8 Authentication', 39, '00', '02 ffffff 61', { reserved: 0xffffff }],
    ['3.13 Traffic Selectors', 44, '00', '01 800001 07000010 0000ffff 00000000 ffffffff', { reserved: 0x800001 }],
    ['3.15 Configuration', 47, '00', '01 000100 00010000', { reserved: 0x000100 }],
    [
      '3.15.1 Configuration attribute',
      47,
      '00',
      '01 000000 80010000 00020000',
      {
        attributes: [
          { type: 1, value: new Uint8Array(0), reserved: 1 },
          { type: 2, value: new Uint8Array(0) }
        ]
      }
    ],
    [
      '3.3.1 Proposal and 3.3.2 Transform',
      33,
      '00',
      '00 ab 0018 01 03 04 01 11223344 00 cd 000c 01 ef 0014 800e0100',
      {
        proposals: [
          {
            number: 1,
            protocol: 3,
            spi: fromHex('11223344'),
            reserved: 0xab,
            transforms: [{ type: 1, id: 20, keyLength: 256, reserved: 0xcdef }]
          }
        ]
      }
    ]
  ]

  it.each(CASES)('section %s: kept when asked for, and written again', (_, type, bits, body, fields) => {
    const octets = chain(bits, body)
    const kept = payloadOf(type, octets, true)
    expect(kept).toMatchObject(fields)
    expect(toHex(encodePayloads([kept]).bytes)).toBe(toHex(octets))
  })

  it.each(CASES)('B017 section %s: ignored otherwise', (_, type, bits, body) => {
    const payload = payloadOf(type, chain(bits, body), false)
    const again = encodePayloads([payload]).bytes
    // AUTH covers the reserved octets of an Identification payload as they came (section 2.15).
    if (type === 35) return expect(payload).toHaveProperty('reserved')
    expect(JSON.stringify(payload)).not.toContain('reserved')
    expect(payloadOf(type, again, true)).toStrictEqual(payload)
  })

  it('B010 flags without a meaning, minor version and Version flag of the header (section 3.1)', () => {
    const header = `${'11'.repeat(8)}${'00'.repeat(8)}002f22ff00000007${'0000001c'}`
    const result = decodeMessage(fromHex(header), { lossless: true })
    if (!result.ok) throw new Error(result.error.code)
    expect(result.value).toMatchObject({ minorVersion: 15, reservedFlags: 0xc7, higherVersionSupported: true })
    expect(toHex(encodeMessage(result.value))).toBe(header)
    const plain = decodeMessage(fromHex(header))
    expect(plain.ok && 'reservedFlags' in plain.value).toBe(false)
  })
})

describe('lossless decoding', () => {
  it('gives the same octets again for every accepted variation of a valid message', () => {
    let accepted = 0
    fc.assert(
      fc.property(
        message(),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 4 }),
        (value, flips) => {
          const octets = encodeMessage(value)
          for (const [place, mask] of flips) octets[place % octets.length]! ^= mask
          const result = decodeMessage(octets, { lossless: true })
          if (!result.ok) return
          accepted++
          expect(toHex(encodeMessage(result.value))).toBe(toHex(octets))
        }
      ),
      { numRuns: 2000 }
    )
    expect(accepted).toBeGreaterThan(400)
  })

  it('gives the same octets again for every accepted change of one octet of every recorded message', () => {
    for (const { hex } of recordedMessages) {
      const octets = fromHex(hex)
      for (let place = 0; place < Math.min(octets.length, 600); place++) {
        const was = octets[place] as number
        octets[place] = was ^ 0x81
        const result = decodeMessage(octets, { lossless: true })
        if (result.ok && toHex(encodeMessage(result.value)) !== toHex(octets)) {
          throw new Error(`octet ${place} of ${hex}`)
        }
        octets[place] = was
      }
    }
  })

  it('is the plain decode where no reserved bit is set', () => {
    fc.assert(
      fc.property(message(), (value) => {
        const octets = encodeMessage(value)
        expect(decodeMessage(octets, { lossless: true })).toStrictEqual(decodeMessage(octets))
      })
    )
  })
})

describe('reserved fields when encoding', () => {
  it.each([
    ['vendorId.reservedBits', { kind: 'vendorId', data: new Uint8Array(1), reservedBits: 128 }],
    ['keyExchange.reserved', { kind: 'keyExchange', group: 1, data: new Uint8Array(1), reserved: 0x10000 }],
    ['authentication.reserved', { kind: 'authentication', method: 1, data: new Uint8Array(1), reserved: -1 }],
    ['configuration.reserved', { kind: 'configuration', configurationType: 1, attributes: [], reserved: 1 << 24 }],
    [
      'configuration.attributes[0].reserved',
      { kind: 'configuration', configurationType: 1, attributes: [{ type: 1, value: new Uint8Array(0), reserved: 2 }] }
    ],
    [
      'securityAssociation.proposals[0].transforms[0].reserved',
      {
        kind: 'securityAssociation',
        proposals: [{ number: 1, protocol: 1, spi: new Uint8Array(0), transforms: [{ type: 1, id: 1, reserved: 1.5 }] }]
      }
    ]
  ])('%s out of range is refused by its name', (name, payload) => {
    expect(() => encodePayloads([payload as Payload])).toThrow(name)
    expect(() => encodePayloads([payload as Payload])).toThrow(RangeError)
  })

  it('header.reservedFlags cannot set a flag that has a meaning', () => {
    const [first] = recordedMessages
    const result = decodeMessage(fromHex(first?.hex ?? ''))
    if (!result.ok) throw new Error(result.error.code)
    expect(() => encodeMessage({ ...result.value, reservedFlags: 0x20 })).toThrow('header.reservedFlags')
  })
})
