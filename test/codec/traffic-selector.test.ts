import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import { decodePayloads, encodePayloads, PAYLOAD, type Payload, type TrafficSelector } from '../../src/codec/index.ts'
import { vectorFile } from './recorded-messages.ts'

function chain(body: string): Uint8Array {
  const length = (4 + fromHex(body).length).toString(16).padStart(4, '0')
  return fromHex(`0000${length} ${body}`)
}

function selectors(body: string): readonly TrafficSelector[] {
  const result = decodePayloads(chain(body), PAYLOAD.TRAFFIC_SELECTOR_INITIATOR)
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  const [payload] = result.value
  return payload?.kind === 'trafficSelectorInitiator' ? payload.selectors : []
}

function error(body: string): unknown {
  const result = decodePayloads(chain(body), PAYLOAD.TRAFFIC_SELECTOR_INITIATOR)
  return result.ok ? undefined : result.error
}

const V6 = '20010db8000000000000000000000001'

describe('the Traffic Selector payload of RFC 7296 section 3.13', () => {
  test('a payload of Android’s tests: two ranges with ports', () => {
    const { files } = vectorFile('iketests-constants.json') as { files: Record<string, Record<string, string>> }
    const constants = Object.entries(files).find(([name]) => name.endsWith('IkeTsPayloadTest.java'))?.[1] ?? {}
    const hex = constants['TS_INITIATOR_PAYLOAD_HEX_STRING'] ?? ''
    const result = decodePayloads(fromHex(`00${hex.slice(2)}`), PAYLOAD.TRAFFIC_SELECTOR_INITIATOR)
    expect(result).toEqual({
      ok: true,
      value: [
        {
          kind: 'trafficSelectorInitiator',
          selectors: [
            {
              type: 7,
              protocol: 0,
              startPort: 16,
              endPort: 65520,
              startAddress: fromHex('c0000264'),
              endAddress: fromHex('c0000365')
            },
            {
              type: 7,
              protocol: 0,
              startPort: 0,
              endPort: 65535,
              startAddress: fromHex('c0000464'),
              endAddress: fromHex('c0000466')
            }
          ]
        }
      ]
    })
  })

  test('B174 ANY is 0 to 65535, OPAQUE is 65535 to 0, ICMP type and code are packed into the port', () => {
    const ports = (start: string, end: string): readonly number[] => {
      const [selector] = selectors(`01000000 07010010 ${start} ${end} 0a000000 0a0000ff`)
      return selector !== undefined && 'startPort' in selector ? [selector.startPort, selector.endPort] : []
    }
    expect(ports('0000', 'ffff')).toEqual([0, 65535])
    expect(ports('ffff', '0000')).toEqual([65535, 0])
    expect(ports('01bb', '01bb')).toEqual([443, 443])
    expect(ports('0800', '08ff')).toEqual([8 * 256, 8 * 256 + 255])
  })

  test.each([
    ['IPv4 range of 15 octets', '01000000 0700000f 0000ffff 00000000 ffffff'],
    ['IPv4 range of 40 octets', `01000000 07000028 0000ffff ${V6}${V6}`],
    ['IPv6 range of 16 octets', '01000000 08000010 0000ffff 00000000 ffffffff'],
    ['IPv6 range of 41 octets', `01000000 08000029 0000ffff ${V6}${V6}00`],
    ['a selector shorter than its header', '01000000 09000003 00'],
    ['a selector beyond the payload', '01000000 07000010 0000ffff 00000000 ffffff']
  ])('B174 %s is invalidLength', (_, body) => {
    expect(error(body)).toMatchObject({
      code: 'invalidLength',
      offset: 10,
      path: ['trafficSelectorInitiator', 'selectors[0]']
    })
  })

  test.each([
    ['01bb', '01ba'],
    ['ffff', '0001'],
    ['fffe', '0000']
  ])('ports from %s to %s are invalidValue: only OPAQUE ends before it starts', (start, end) => {
    expect(error(`01000000 07000010 ${start}${end} 0a000000 0a0000ff`)).toMatchObject({
      code: 'invalidValue',
      offset: 12,
      got: Number.parseInt(start, 16),
      path: ['trafficSelectorInitiator', 'selectors[0]']
    })
  })

  test('a range that ends before it starts is invalidValue: it holds no address', () => {
    expect(error('01000000 07000010 0000ffff 0a000001 0a000000')).toMatchObject({
      code: 'invalidValue',
      offset: 16,
      path: ['trafficSelectorInitiator', 'selectors[0]']
    })
    expect(selectors('01000000 07000010 0000ffff 0a000001 0a000001')).toHaveLength(1)
  })

  test.each([
    ['no selector', '00000000', 4, 'selectors'],
    ['fewer selectors than counted', '02000000 07000010 0000ffff 00000000 ffffffff', 24, 'selectors[1]'],
    ['more selectors than counted', '01000000 07000010 0000ffff 00000000 ffffffff 09000004', 24, 'selectors']
  ])('%s is invalidStructure', (_, body, offset, path) => {
    expect(error(body)).toMatchObject({ code: 'invalidStructure', offset, path: ['trafficSelectorInitiator', path] })
  })

  test('a body without room for the count, and a selector without room for its header, are truncated', () => {
    expect(error('010000')).toMatchObject({ code: 'truncated', offset: 4, path: ['trafficSelectorInitiator'] })
    expect(error('01000000 0700')).toMatchObject({
      code: 'truncated',
      offset: 8,
      path: ['trafficSelectorInitiator', 'selectors[0]']
    })
  })

  test('a selector of another type is kept octet for octet beside ranges', () => {
    const body = `03000000 0a060009 0001020304 08110028 01bb01bb ${V6}${V6} 09000004`
    const list = selectors(body)
    expect(list[0]).toEqual({ type: 10, protocol: 6, body: fromHex('0001020304') })
    expect(list[1]).toEqual({
      type: 8,
      protocol: 17,
      startPort: 443,
      endPort: 443,
      startAddress: fromHex(V6),
      endAddress: fromHex(V6)
    })
    expect(list[2]).toEqual({ type: 9, protocol: 0, body: new Uint8Array(0) })
    const payload: Payload = { kind: 'trafficSelectorInitiator', selectors: list }
    expect(toHex(encodePayloads([payload]).bytes)).toBe(toHex(chain(body)))
  })
})
