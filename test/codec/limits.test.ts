import { describe, expect, test } from 'vitest'
import {
  CODEC_LIMITS,
  type DecodeResult,
  decodePayloads,
  encodePayloads,
  NOTIFY,
  notify,
  type Payload,
  type Transform
} from '../../src/codec/index.ts'

function reencoded(payloads: readonly Payload[]): DecodeResult<readonly Payload[]> {
  const { firstPayload, bytes } = encodePayloads(payloads)
  return decodePayloads(bytes, firstPayload)
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

const spi = Uint8Array.of(1, 2, 3, 4)

function proposals(count: number, transforms: (index: number) => readonly Transform[]): readonly Payload[] {
  return [
    {
      kind: 'securityAssociation',
      proposals: times(count, (i) => ({ number: i + 1, protocol: 3, spi, transforms: transforms(i) }))
    }
  ]
}

describe('what a peer can make a decoder allocate is bounded', () => {
  const cases: readonly (readonly [keyof typeof CODEC_LIMITS, (count: number) => readonly Payload[]])[] = [
    ['payloads', (count) => times(count, () => notify(NOTIFY.MOBIKE_SUPPORTED))],
    ['proposals', (count) => proposals(count, () => [{ type: 1, id: 12 }])],
    [
      'transforms',
      (count) =>
        proposals(Math.ceil(count / 200), (i) => times(Math.min(200, count - 200 * i), () => ({ type: 1, id: 1 })))
    ],
    [
      'transformAttributes',
      (count) => proposals(1, () => [{ type: 1, id: 12, attributes: times(count, (type) => ({ type, value: 1 })) }])
    ],
    [
      'configurationAttributes',
      (count) => [
        { kind: 'configuration', configurationType: 1, attributes: times(count, () => ({ type: 1, value: spi })) }
      ]
    ],
    ['deleteSpis', (count) => [{ kind: 'delete', protocol: 3, spiSize: 4, spis: times(count, () => spi) }]]
  ]
  test.each(cases)('%s', (name, make) => {
    const limit = CODEC_LIMITS[name]
    expect(reencoded(make(limit))).toMatchObject({ ok: true })
    expect(reencoded(make(limit + 1))).toMatchObject({ ok: false, error: { code: 'limitExceeded' } })
  })

  test('the number at fault is that of all transforms of the payload', () => {
    const list = proposals(6, () => times(200, () => ({ type: 1, id: 1 })))
    expect(reencoded(list)).toMatchObject({
      error: { code: 'limitExceeded', got: 1200, path: [expect.anything(), 'proposals[5]'] }
    })
  })

  test('trafficSelectors: as many as the one-octet count can say, which encoding keeps to', () => {
    const make = (count: number): readonly Payload[] => [
      { kind: 'trafficSelectorInitiator', selectors: times(count, () => ({ type: 9, protocol: 0, body: spi })) }
    ]
    expect(CODEC_LIMITS.trafficSelectors).toBe(255)
    expect(reencoded(make(255))).toMatchObject({ ok: true })
    expect(() => encodePayloads(make(256))).toThrow('trafficSelectorInitiator.selectors')
  })

  test('the limits are frozen', () => {
    expect(Object.isFrozen(CODEC_LIMITS)).toBe(true)
  })
})
