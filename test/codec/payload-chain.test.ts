import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex } from '../../src/bytes/index.ts'
import {
  decodeMessage,
  decodePayloads,
  encodePayloads,
  type Message,
  NOTIFY,
  notify,
  PAYLOAD,
  type Payload
} from '../../src/codec/index.ts'

/** A header with `firstPayload` in front of `chain`. */
function datagram(firstPayload: number, chain: string): Uint8Array {
  const body = fromHex(chain)
  const header = fromHex('0102030405060708 1112131415161718 00 20 25 08 00000001 00000000')
  header[16] = firstPayload
  header[26] = (28 + body.length) >> 8
  header[27] = 28 + body.length
  return concatBytes(header, body)
}

function payloads(firstPayload: number, chain: string): readonly Payload[] {
  const result = decodeMessage(datagram(firstPayload, chain))
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return (result.value as Message).payloads
}

function error(firstPayload: number, chain: string): unknown {
  const result = decodeMessage(datagram(firstPayload, chain))
  return result.ok ? undefined : result.error
}

const A_NOTIFY = '00000008 0000 4010'

describe('the payload chain of RFC 7296 section 3.2', () => {
  test('B018 an unknown payload is kept octet for octet, critical or not', () => {
    expect(payloads(200, '00800007 abcdef')).toEqual([
      { kind: 'unknown', type: 200, critical: true, body: fromHex('abcdef') }
    ])
    expect(payloads(200, '29000004 00000008 00004010')).toEqual([
      { kind: 'unknown', type: 200, body: new Uint8Array(0) },
      notify(NOTIFY.UPDATE_SA_ADDRESSES)
    ])
  })

  test('B019 an unknown critical payload does not fail decoding, so that it can be answered', () => {
    expect(payloads(1, '00800004')).toEqual([{ kind: 'unknown', type: 1, critical: true, body: new Uint8Array(0) }])
  })

  test('B021 the critical bit of a known payload changes nothing but itself', () => {
    expect(payloads(41, '00800008 0000 4010')).toEqual([{ ...notify(NOTIFY.UPDATE_SA_ADDRESSES), critical: true }])
  })

  test('B017 RESERVED bits are ignored on receipt and zero when sent', () => {
    const list = payloads(41, '007f0008 0000 4010')
    expect(list).toEqual([notify(NOTIFY.UPDATE_SA_ADDRESSES)])
    expect(encodePayloads(list).bytes).toEqual(fromHex(A_NOTIFY))
    const reserved: readonly (readonly [number, string])[] = [
      [34, '0000000c 001f ffff 01020304'],
      [39, '0000000c 02 ffffff 01020304'],
      [44, '00000018 01 ffffff 07000010 0000ffff 0a000000 0a0000ff'],
      [47, '0000000c 01 ffffff 80010000'],
      [33, '00000018 00ff0014 01030401 01020304 00ff0008 01ff0014']
    ]
    for (const [type, chain] of reserved) {
      const received = payloads(type, chain)
      const sent = encodePayloads(received)
      expect(sent.bytes).not.toEqual(fromHex(chain))
      expect(decodePayloads(sent.bytes, type)).toEqual({ ok: true, value: received })
    }
  })

  test('B023 payloads in any order are taken', () => {
    const kinds = payloads(
      43,
      '29000004 29000008 00004010 2800000c 00004011 01020304 00000014 00000000000000000000000000000000'
    )
    expect(kinds.map(({ kind }) => kind)).toEqual(['vendorId', 'notify', 'notify', 'nonce'])
  })

  test('B024 the Encrypted payload ends the chain and names its first inner payload', () => {
    expect(payloads(43, '2e000004 23000008 01020304')).toEqual([
      { kind: 'vendorId', data: new Uint8Array(0) },
      { kind: 'encrypted', firstInner: 35, body: fromHex('01020304') }
    ])
  })

  test('B024 octets after the Encrypted payload are trailingOctets', () => {
    expect(error(46, `29000008 01020304 ${A_NOTIFY}`)).toMatchObject({ code: 'trailingOctets', offset: 36, path: [] })
    expect(error(53, `0000000a 00010001 0102 ${A_NOTIFY}`)).toMatchObject({
      code: 'trailingOctets',
      offset: 38,
      path: []
    })
  })

  test('B024 an Encrypted payload does not nest', () => {
    expect(decodePayloads(fromHex('00000008 01020304'), PAYLOAD.ENCRYPTED)).toMatchObject({
      ok: false,
      error: { code: 'invalidStructure', offset: 0, path: ['encrypted'] }
    })
    expect(decodePayloads(fromHex('35000004 0000000a 00010001 0102'), PAYLOAD.VENDOR_ID)).toMatchObject({
      ok: false,
      error: { code: 'invalidStructure', offset: 4, path: ['encryptedFragment'] }
    })
  })

  test.each([
    ['a length below 4', 43, '00000003', 'invalidLength', 30, ['vendorId']],
    ['a length beyond the message', 43, '00000005', 'invalidLength', 30, ['vendorId']],
    ['a length of 0', 41, '00000000', 'invalidLength', 30, ['notify']],
    ['a chain that goes on after its end', 43, '29000004', 'truncated', 32, ['notify']],
    ['half a generic header', 43, '2900000400', 'truncated', 32, ['notify']],
    ['an unknown payload beyond the message', 99, '00000009 00', 'invalidLength', 30, ['unknown']],
    ['octets after the last payload', 43, '0000000400', 'trailingOctets', 32, []]
  ])('B016 %s', (_, type, chain, code, offset, path) => {
    expect(error(type, chain)).toMatchObject({ code, offset, path })
  })

  test('an empty inner chain is no octets and type 0', () => {
    expect(decodePayloads(new Uint8Array(0), 0)).toEqual({ ok: true, value: [] })
    expect(encodePayloads([])).toEqual({ firstPayload: 0, bytes: new Uint8Array(0) })
    expect(decodePayloads(Uint8Array.of(0), 0)).toMatchObject({
      ok: false,
      error: { code: 'trailingOctets', offset: 0, path: [] }
    })
  })

  test('a chain that is no part of its buffer is the caller’s mistake', () => {
    const octets = fromHex(A_NOTIFY)
    for (const type of [-1, 256, 41.5, Number.NaN]) {
      expect(() => decodePayloads(octets, type)).toThrow('decodePayloads.firstPayload: ')
    }
    expect(() => decodePayloads(octets, 41, 0, 9)).toThrow('end')
    expect(() => decodePayloads(octets, 41, 9)).toThrow('offset')
    expect(() => decodePayloads(octets, 41, -1)).toThrow('offset')
    expect(() => decodePayloads(octets, 41, 0.5)).toThrow('offset')
  })

  test('B025 every payload type of RFC 7296 and RFC 7383 has its kind', () => {
    const samples: Readonly<Record<number, readonly [string, string]>> = {
      33: ['securityAssociation', '00000010 01010001 00000008 01000014'],
      34: ['keyExchange', '001f0000 01'],
      35: ['identificationInitiator', '01000000 7f000001'],
      36: ['identificationResponder', '02000000'],
      37: ['certificate', '04 3000'],
      38: ['certificateRequest', '04'],
      39: ['authentication', '02000000 01'],
      40: ['nonce', '00'.repeat(16)],
      41: ['notify', '00004010'],
      42: ['delete', '01000000'],
      43: ['vendorId', ''],
      44: ['trafficSelectorInitiator', '01000000 07000010 0000ffff 00000000 ffffffff'],
      45: ['trafficSelectorResponder', '01000000 07000010 0000ffff 00000000 ffffffff'],
      46: ['encrypted', ''],
      47: ['configuration', '01000000'],
      48: ['eap', '03010004'],
      53: ['encryptedFragment', '00010001']
    }
    for (const [type, [kind, body]] of Object.entries(samples)) {
      const length = (4 + fromHex(body).length).toString(16).padStart(4, '0')
      expect(payloads(Number(type), `0000${length} ${body}`)).toMatchObject([{ kind }])
    }
  })
})
