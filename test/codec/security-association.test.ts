import { describe, expect, test } from 'vitest'
import { fromHex } from '../../src/bytes/index.ts'
import { decodePayloads, encodePayloads, PAYLOAD, type Proposal } from '../../src/codec/index.ts'

/** An SA payload with this body. */
function chain(body: string): Uint8Array {
  const length = (4 + fromHex(body).length).toString(16).padStart(4, '0')
  return fromHex(`0000${length} ${body}`)
}

function proposals(body: string): readonly Proposal[] {
  const result = decodePayloads(chain(body), PAYLOAD.SECURITY_ASSOCIATION)
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  expect(encodePayloads(result.value).bytes).toEqual(chain(body))
  const [payload] = result.value
  return payload?.kind === 'securityAssociation' ? payload.proposals : []
}

function error(body: string): unknown {
  const result = decodePayloads(chain(body), PAYLOAD.SECURITY_ASSOCIATION)
  return result.ok ? undefined : result.error
}

const SA = 'securityAssociation'
const EMPTY = new Uint8Array(0)

describe('the Security Association payload of RFC 7296 section 3.3', () => {
  test('B100 two proposals with their transforms and key lengths', () => {
    expect(
      proposals(
        `
        02 00 0028 01 03 04 03 c8833649 0300000c 0100000c 800e0080 03000008 03000002 00000008 05000000
        00 00 0020 02 03 04 02 c883364a 0300000c 01000014 800e0100 00000008 05000001`
      )
    ).toEqual([
      {
        number: 1,
        protocol: 3,
        spi: fromHex('c8833649'),
        transforms: [
          { type: 1, id: 12, keyLength: 128 },
          { type: 3, id: 2 },
          { type: 5, id: 0 }
        ]
      },
      {
        number: 2,
        protocol: 3,
        spi: fromHex('c883364a'),
        transforms: [
          { type: 1, id: 20, keyLength: 256 },
          { type: 5, id: 1 }
        ]
      }
    ])
  })

  test('an answer may carry the number of the proposal it accepts (section 3.3.1)', () => {
    expect(proposals('00000010 07010001 00000008 04000014')[0]?.number).toBe(7)
  })

  test.each([
    ['a lone proposal 0', '00000010 00010001 00000008 04000014', 8, ['proposals[0]']],
    [
      'the first of two is not 1',
      '02000010 02010001 00000008 04000014 00000010 03010001 00000008 04000014',
      8,
      ['proposals[0]']
    ],
    [
      'a number skipped',
      '02000010 01010001 00000008 04000014 00000010 03010001 00000008 04000014',
      24,
      ['proposals[1]']
    ],
    [
      'a number repeated',
      '02000010 01010001 00000008 04000014 00000010 01010001 00000008 04000014',
      24,
      ['proposals[1]']
    ],
    ['more proposals promised than there are', '02000010 01010001 00000008 04000014', 4, ['proposals[0]']],
    [
      'the last proposal is not the last',
      '00000010 01010001 00000008 04000014 00000010 02010001 00000008 04000014',
      4,
      ['proposals[0]']
    ],
    [
      'a marker that is neither 0 nor 2',
      '03000010 01010001 00000008 04000014 00000010 02010001 00000008 04000014',
      4,
      ['proposals[0]']
    ],
    ['no proposal', '', 4, ['proposals']],
    ['no transform', '00000008 01010000', 11, ['proposals[0]']],
    ['fewer transforms than counted', '00000010 01010002 03000008 04000014', 20, ['proposals[0]', 'transforms[1]']],
    [
      'more transforms than counted',
      '00000018 01010001 00000008 04000014 00000008 04000013',
      20,
      ['proposals[0]', 'transforms']
    ],
    [
      'a transform marked last before the last',
      '00000018 01010002 00000008 04000014 00000008 04000013',
      12,
      ['proposals[0]', 'transforms[0]']
    ],
    [
      'a last transform marked as followed',
      '00000010 01010001 03000008 04000014',
      12,
      ['proposals[0]', 'transforms[0]']
    ]
  ])('B100 %s is invalidStructure', (_, body, offset, path) => {
    expect(error(body)).toMatchObject({ code: 'invalidStructure', offset, path: [SA, ...path] })
  })

  test.each([
    ['a proposal shorter than its header', '00000007 01010001', 'invalidLength', 6, ['proposals[0]']],
    ['a proposal longer than the payload', '00000011 01010001 00000008 04000014', 'invalidLength', 6, ['proposals[0]']],
    ['an SPI longer than the proposal', '00000010 01ff0901 00000008 04000014', 'invalidLength', 10, ['proposals[0]']],
    ['a proposal that has only begun', '00000010 010100', 'truncated', 4, ['proposals[0]']],
    [
      'a transform shorter than its header',
      '00000010 01010001 00000007 04000014',
      'invalidLength',
      14,
      ['proposals[0]', 'transforms[0]']
    ],
    [
      'a transform longer than the proposal',
      '00000010 01010001 00000009 04000014',
      'invalidLength',
      14,
      ['proposals[0]', 'transforms[0]']
    ],
    [
      'a transform that has only begun',
      '0000000e 01010001 00000008 0400',
      'truncated',
      12,
      ['proposals[0]', 'transforms[0]']
    ],
    [
      'half an attribute',
      '00000012 01010001 0000000a 01000014 800e',
      'truncated',
      20,
      ['proposals[0]', 'transforms[0]', 'attributes[0]']
    ],
    [
      'a TLV attribute beyond its transform',
      '00000014 01010001 0000000c 01000014 00010001',
      'invalidLength',
      22,
      ['proposals[0]', 'transforms[0]', 'attributes[0]']
    ]
  ])('B100 lengths are checked: %s', (_, body, code, offset, path) => {
    expect(error(body)).toMatchObject({ code, offset, path: [SA, ...path] })
  })

  test('B100 two attributes of one type in a transform are invalidStructure', () => {
    expect(error('00000018 01010001 00000010 01000014 800e0080 800e0100')).toMatchObject({
      code: 'invalidStructure',
      offset: 24,
      path: [SA, 'proposals[0]', 'transforms[0]', 'attributes[1]']
    })
  })

  test.each([
    [1, 0],
    [1, 8],
    [2, 4],
    [3, 4],
    [4, 3]
  ])('B102 protocol %i with an SPI of %i octets', (protocol, size) => {
    const spi = '11'.repeat(size)
    const octet = (value: number): string => value.toString(16).padStart(2, '0')
    const body = `000000${octet(16 + size)} 01${octet(protocol)}${octet(size)}01 ${spi} 00000008 04000014`
    expect(proposals(body)[0]).toEqual({ number: 1, protocol, spi: fromHex(spi), transforms: [{ type: 4, id: 20 }] })
  })

  test.each([
    [1, 4],
    [1, 7],
    [1, 16],
    [2, 0],
    [2, 8],
    [3, 0],
    [3, 5],
    [3, 8]
  ])('B102 protocol %i never has an SPI of %i octets', (protocol, size) => {
    const octet = (value: number): string => value.toString(16).padStart(2, '0')
    const body = `000000${octet(16 + size)} 01${octet(protocol)}${octet(size)}01 ${'11'.repeat(size)} 00000008 04000014`
    expect(error(body)).toMatchObject({ code: 'invalidStructure', offset: 10, path: [SA, 'proposals[0]'] })
  })

  test('a proposal of protocol 0 is invalidValue: it names no SA', () => {
    expect(error('00000010 01000001 00000008 04000014')).toMatchObject({
      code: 'invalidValue',
      offset: 9,
      got: 0,
      path: [SA, 'proposals[0]']
    })
  })

  test('B103 a Key Length in TLV format is no key length', () => {
    expect(proposals('00000016 01010001 0000000e 0100000c 000e0002 0080')[0]?.transforms).toEqual([
      { type: 1, id: 12, attributes: [{ type: 14, value: fromHex('0080') }] }
    ])
  })

  test('attributes of unknown types are kept in order, so that the transform can be passed over (section 3.3.6)', () => {
    expect(
      proposals('00000023 01010001 0000001b 0100000c 800e0100 80ff1234 00010003 abcdef 00020000')[0]?.transforms
    ).toEqual([
      {
        type: 1,
        id: 12,
        keyLength: 256,
        attributes: [
          { type: 255, value: 0x1234 },
          { type: 1, value: fromHex('abcdef') },
          { type: 2, value: EMPTY }
        ]
      }
    ])
    expect(proposals('00000018 01010001 00000010 0100000c 80ff1234 800e0100')[0]?.transforms).toEqual([
      {
        type: 1,
        id: 12,
        attributes: [
          { type: 255, value: 0x1234 },
          { type: 14, value: 256 }
        ]
      }
    ])
  })
})

describe('encoding refuses what decoding refuses, and names it', () => {
  const transforms = [{ type: 4, id: 20 }]
  const one: Proposal = { number: 1, protocol: 1, spi: EMPTY, transforms }
  const lone = (change: object): readonly Proposal[] => [{ ...one, ...change }]
  const withTransform = (change: object): readonly Proposal[] => lone({ transforms: [{ type: 1, id: 20, ...change }] })
  const sized = (protocol: number, octets: number) => lone({ protocol, spi: new Uint8Array(octets) })
  const keyLength = { type: 14, value: 256 }

  test.each<[string, readonly Proposal[], string]>([
    [
      'the first of two is not 1',
      [
        { ...one, number: 2 },
        { ...one, number: 3 }
      ],
      'proposals[0].number'
    ],
    ['a number skipped', [one, { ...one, number: 3 }], 'proposals[1].number'],
    ['a number repeated', [one, one], 'proposals[1].number'],
    ['a lone proposal 0', lone({ number: 0 }), 'proposals[0].number'],
    ['B102 an IKE SPI of 4 octets', sized(1, 4), 'proposals[0].spi'],
    ['B102 an AH SPI of none', sized(2, 0), 'proposals[0].spi'],
    ['B102 an ESP SPI of 8 octets', sized(3, 8), 'proposals[0].spi'],
    ['protocol 0', sized(0, 0), 'proposals[0].protocol'],
    [
      'two attributes of a type',
      withTransform({
        attributes: [
          { type: 9, value: 1 },
          { type: 9, value: EMPTY }
        ]
      }),
      'proposals[0].transforms[0].attributes[1].type'
    ],
    [
      'a Key Length beside keyLength',
      withTransform({ keyLength: 256, attributes: [{ type: 9, value: 1 }, keyLength] }),
      'proposals[0].transforms[0].attributes[1].type'
    ],
    [
      'a Key Length that decoding gives as keyLength',
      withTransform({ attributes: [keyLength] }),
      'proposals[0].transforms[0].attributes[0].type'
    ]
  ])('%s', (_, list, field) => {
    const encode = () => encodePayloads([{ kind: 'securityAssociation', proposals: list }])
    expect(encode).toThrow(RangeError)
    expect(encode).toThrow(`${SA}.${field}: `)
  })

  test('a lone proposal may have any number but 0, and a Key Length that decoding keeps as an attribute is written', () => {
    for (const list of [
      lone({ number: 7 }),
      withTransform({ attributes: [{ type: 9, value: 1 }, keyLength] }),
      withTransform({ attributes: [{ type: 14, value: Uint8Array.of(1, 0) }] })
    ]) {
      const value = [{ kind: 'securityAssociation' as const, proposals: list }]
      expect(decodePayloads(encodePayloads(value).bytes, PAYLOAD.SECURITY_ASSOCIATION)).toEqual({ ok: true, value })
    }
  })
})
