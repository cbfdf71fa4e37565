import { describe, expect, test } from 'vitest'
import { decodeNotify, encodeNotify, type NotifyName, notifyBody, notifyLayout } from '../../src/bodies/index.ts'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import {
  decodePayloads,
  encodePayloads,
  HASH_ALGORITHM,
  NOTIFY,
  type NotifyPayload,
  notify
} from '../../src/codec/index.ts'
import { recordedChains } from '../codec/recorded-messages.ts'

/** The payload's octets behind its generic header. */
function body(payload: NotifyPayload): string {
  return toHex(encodePayloads([payload]).bytes).slice(8)
}

function data(type: number, hex: string): NotifyPayload {
  return notify(type, fromHex(hex))
}

describe('MOBIKE notifications (RFC 4555 section 4)', () => {
  test.each([
    ['A121 UNACCEPTABLE_ADDRESSES', NOTIFY.UNACCEPTABLE_ADDRESSES, 40],
    ['A122 UNEXPECTED_NAT_DETECTED', NOTIFY.UNEXPECTED_NAT_DETECTED, 41],
    ['A123 A124 MOBIKE_SUPPORTED', NOTIFY.MOBIKE_SUPPORTED, 16396],
    ['A128 NO_ADDITIONAL_ADDRESSES', NOTIFY.NO_ADDITIONAL_ADDRESSES, 16399],
    ['A129 UPDATE_SA_ADDRESSES', NOTIFY.UPDATE_SA_ADDRESSES, 16400]
  ])('%s is type %s with protocol 0, no SPI and no data', (_, type, number) => {
    expect(type).toBe(number)
    expect(body(notify(type))).toBe(`0000${number.toString(16).padStart(4, '0')}`)
  })

  test('A125 data in a received MOBIKE_SUPPORTED is no defect', () => {
    const chain = fromHex('0000000c 0000400c 01020304')
    expect(decodePayloads(chain, 41)).toEqual({ ok: true, value: [data(NOTIFY.MOBIKE_SUPPORTED, '01020304')] })
  })

  test('A126 ADDITIONAL_IP4_ADDRESS is type 16397 with 4 octets, ADDITIONAL_IP6_ADDRESS 16398 with 16', () => {
    expect(body(encodeNotify('ADDITIONAL_IP4_ADDRESS', { address: '198.51.100.1' }))).toBe('0000400dc6336401')
    expect(body(encodeNotify('ADDITIONAL_IP6_ADDRESS', { address: '2001:db8::1' }))).toBe(
      '0000400e20010db8000000000000000000000001'
    )
    expect(
      notifyBody(encodeNotify('ADDITIONAL_IP4_ADDRESS', { address: '198.51.100.1' }), 'ADDITIONAL_IP4_ADDRESS')?.address
    ).toBe('198.51.100.1')
    expect(
      notifyBody(encodeNotify('ADDITIONAL_IP6_ADDRESS', { address: '2001:db8::1' }), 'ADDITIONAL_IP6_ADDRESS')?.address
    ).toBe('2001:db8::1')
  })

  test.each([
    [16397, ''],
    [16397, 'c63364'],
    [16397, 'c633640100'],
    [16397, '20010db8000000000000000000000001'],
    [16398, 'c6336401'],
    [16398, '20010db80000000000000000000000'],
    [16398, '00000000000000000000ffffc6336401']
  ])('A126 type %i with data %s holds no address', (type, hex) => {
    expect(decodeNotify(data(type, hex))?.ok).toBe(false)
  })

  test('A126 the addresses that strongSwan and Android’s peer sent are read', () => {
    const addresses = recordedChains
      .filter(({ name }) => name.startsWith('i-e-b'))
      .flatMap(({ detail = [] }) => detail.filter(({ notifyType }) => notifyType === 16397 || notifyType === 16398))
      .map(({ notifyType, data: hex }) => {
        const payload = data(Number(notifyType), String(hex))
        return (notifyBody(payload, 'ADDITIONAL_IP4_ADDRESS') ?? notifyBody(payload, 'ADDITIONAL_IP6_ADDRESS'))?.address
      })
    expect(addresses.length).toBeGreaterThan(8)
    for (const address of addresses) expect(address).toMatch(/^(\d+\.\d+\.\d+\.\d+|[0-9a-f:]+)$/)
  })

  test.each([
    [7, false],
    [8, true],
    [64, true],
    [65, false]
  ])('A130 A132 A134 COOKIE2 of %i octets', (length, accepted) => {
    const cookie = new Uint8Array(length).fill(0x5a)
    expect(notifyBody(notify(NOTIFY.COOKIE2, cookie), 'COOKIE2')?.cookie).toEqual(accepted ? cookie : undefined)
    if (accepted) expect(body(encodeNotify('COOKIE2', { cookie }))).toBe(`00004011${'5a'.repeat(length)}`)
    else expect(() => encodeNotify('COOKIE2', { cookie })).toThrow('cookie')
  })

  const between4 = {
    sourceAddress: '10.1.0.2',
    destinationAddress: '192.0.2.1',
    sourcePort: 500,
    destinationPort: 4500
  }
  const between6 = {
    sourceAddress: '2001:db8::2',
    destinationAddress: '2001:db8::1',
    sourcePort: 1,
    destinationPort: 65535
  }

  test('A135 A137 NO_NATS_ALLOWED is type 16402: source, destination address, source, destination port', () => {
    const v4 = encodeNotify('NO_NATS_ALLOWED', between4)
    expect(body(v4)).toBe('000040120a010002c000020101f41194')
    expect(v4.data.length).toBe(12)
    const v6 = encodeNotify('NO_NATS_ALLOWED', between6)
    expect(v6.data.length).toBe(36)
    expect(body(v6)).toBe('0000401220010db800000000000000000000000220010db80000000000000000000000010001ffff')
    expect(notifyBody(v4, 'NO_NATS_ALLOWED')).toEqual(between4)
    expect(notifyBody(v6, 'NO_NATS_ALLOWED')).toEqual(between6)
  })

  test.each([0, 11, 13, 35, 37])('A135 NO_NATS_ALLOWED of %i octets is refused', (length) => {
    expect(notifyBody(notify(NOTIFY.NO_NATS_ALLOWED, new Uint8Array(length)), 'NO_NATS_ALLOWED')).toBeUndefined()
  })

  test('A135 NO_NATS_ALLOWED between families, of no address or of no port throws', () => {
    const write = (change: object) => () => encodeNotify('NO_NATS_ALLOWED', { ...between4, ...change })
    expect(write({ destinationAddress: '2001:db8::1' })).toThrow('destinationAddress')
    expect(write({ sourceAddress: 'here' })).toThrow('sourceAddress')
    expect(write({ sourcePort: 65536 })).toThrow('sourcePort')
  })
})

describe('notifications of RFC 7296', () => {
  test('NAT_DETECTION_* carry 20 octets', () => {
    const hash = new Uint8Array(20).fill(1)
    expect(body(encodeNotify('NAT_DETECTION_SOURCE_IP', { hash }))).toBe(`00004004${'01'.repeat(20)}`)
    expect(body(encodeNotify('NAT_DETECTION_DESTINATION_IP', { hash }))).toBe(`00004005${'01'.repeat(20)}`)
    expect(notifyBody(encodeNotify('NAT_DETECTION_SOURCE_IP', { hash }), 'NAT_DETECTION_SOURCE_IP')?.hash).toEqual(hash)
    expect(notifyBody(notify(16388, new Uint8Array(19)), 'NAT_DETECTION_SOURCE_IP')).toBeUndefined()
    expect(notifyBody(notify(16388, new Uint8Array(32)), 'NAT_DETECTION_SOURCE_IP')).toBeUndefined()
    expect(() => encodeNotify('NAT_DETECTION_SOURCE_IP', { hash: new Uint8Array(32) })).toThrow('hash')
    expect(() => encodeNotify('NAT_DETECTION_SOURCE_IP', { hash: new Uint8Array(16) })).toThrow('hash')
  })

  test.each([
    [0, false],
    [1, true],
    [64, true],
    [65, false]
  ])('COOKIE of %i octets (section 2.6: 1 to 64)', (length, accepted) => {
    const cookie = new Uint8Array(length).fill(7)
    expect(notifyBody(notify(NOTIFY.COOKIE, cookie), 'COOKIE')?.cookie).toEqual(accepted ? cookie : undefined)
    if (accepted) expect(body(encodeNotify('COOKIE', { cookie }))).toBe(`00004006${'07'.repeat(length)}`)
    else expect(() => encodeNotify('COOKIE', { cookie })).toThrow('cookie')
  })

  test('INVALID_KE_PAYLOAD names the accepted group; an Android test has group 14', () => {
    expect(body(encodeNotify('INVALID_KE_PAYLOAD', { method: 14 }))).toBe('00000011000e')
    expect(notifyBody(data(17, '000e'), 'INVALID_KE_PAYLOAD')?.method).toBe(14)
    expect(notifyBody(data(17, '0e'), 'INVALID_KE_PAYLOAD')?.method).toBeUndefined()
    expect(() => encodeNotify('INVALID_KE_PAYLOAD', { method: 65536 })).toThrow('method')
  })

  test('REKEY_SA and CHILD_SA_NOT_FOUND name a Child SA in their SPI field', () => {
    const spi = fromHex('2ad4c0a2')
    expect(body(encodeNotify('REKEY_SA', { protocol: 3, spi }))).toBe('030440092ad4c0a2')
    expect(body(encodeNotify('CHILD_SA_NOT_FOUND', { protocol: 2, spi }))).toBe('0204002c2ad4c0a2')
    expect(notifyBody(encodeNotify('REKEY_SA', { protocol: 3, spi }), 'REKEY_SA')).toEqual({ protocol: 3, spi })
    expect(notifyBody(notify(NOTIFY.REKEY_SA), 'REKEY_SA')).toBeUndefined()
    expect(() => encodeNotify('REKEY_SA', { protocol: 3, spi: new Uint8Array(8) })).toThrow('spi')
  })

  test.each(['REKEY_SA', 'CHILD_SA_NOT_FOUND', 'INVALID_SELECTORS'] as const)(
    '%s is about AH or ESP and nothing else (section 3.10)',
    (name) => {
      const spi = fromHex('2ad4c0a2')
      for (const protocol of [0, 1, 4, 256, 2.5]) {
        const encode = () =>
          encodeNotify(name, { protocol, spi, ...(name === 'INVALID_SELECTORS' ? { packetStart: spi } : {}) } as never)
        expect(encode).toThrow(RangeError)
        expect(encode).toThrow(`notify ${name}.protocol: `)
        const payload = { ...notify(NOTIFY[name]), protocol, spi }
        expect(decodeNotify(payload)).toEqual({
          ok: false,
          error: { code: 'invalidValue', offset: 0, field: 'protocol' }
        })
      }
      for (const protocol of [2, 3]) {
        expect(notifyBody({ ...notify(NOTIFY[name]), protocol, spi }, name)).toMatchObject({ protocol, spi })
      }
    }
  )

  test('SET_WINDOW_SIZE: the payload printed in RFC 7634 appendix B says 10', () => {
    expect(body(encodeNotify('SET_WINDOW_SIZE', { size: 10 }))).toBe('000040010000000a')
    expect(notifyBody(data(16385, '0000000a'), 'SET_WINDOW_SIZE')?.size).toBe(10)
    expect(notifyBody(data(16385, '000a'), 'SET_WINDOW_SIZE')?.size).toBeUndefined()
    expect(() => encodeNotify('SET_WINDOW_SIZE', { size: 0 })).toThrow('size')
  })

  test('B007 INVALID_MAJOR_VERSION carries one octet (section 2.5), or none (section 1.5)', () => {
    expect(body(encodeNotify('INVALID_MAJOR_VERSION', { version: 2 }))).toBe('0000000502')
    expect(notifyBody(data(5, '02'), 'INVALID_MAJOR_VERSION')?.version).toBe(2)
    expect(notifyBody(data(5, ''), 'INVALID_MAJOR_VERSION')).toEqual({})
    expect(decodeNotify(data(5, '0202'))).toMatchObject({ error: { code: 'trailingOctets', offset: 1 } })
    expect(() => encodeNotify('INVALID_MAJOR_VERSION', { version: 16 })).toThrow('version')
  })

  test('B019 UNSUPPORTED_CRITICAL_PAYLOAD carries the one-octet payload type', () => {
    expect(body(encodeNotify('UNSUPPORTED_CRITICAL_PAYLOAD', { payloadType: 200 }))).toBe('00000001c8')
    expect(notifyBody(data(1, 'c8'), 'UNSUPPORTED_CRITICAL_PAYLOAD')?.payloadType).toBe(200)
    expect(notifyBody(data(1, '00c8'), 'UNSUPPORTED_CRITICAL_PAYLOAD')?.payloadType).toBeUndefined()
    expect(() => encodeNotify('UNSUPPORTED_CRITICAL_PAYLOAD', { payloadType: 256 })).toThrow('payloadType')
  })

  test('INVALID_MESSAGE_ID carries the four-octet Message ID', () => {
    expect(body(encodeNotify('INVALID_MESSAGE_ID', { messageId: 0xfffffffe }))).toBe('00000009fffffffe')
    expect(notifyBody(data(9, 'fffffffe'), 'INVALID_MESSAGE_ID')?.messageId).toBe(0xfffffffe)
    expect(notifyBody(data(9, 'fffffe'), 'INVALID_MESSAGE_ID')?.messageId).toBeUndefined()
    expect(() => encodeNotify('INVALID_MESSAGE_ID', { messageId: 2 ** 32 })).toThrow('messageId')
  })

  test('SIGNATURE_HASH_ALGORITHMS lists 16-bit numbers (RFC 7427 section 4); Android’s tests have a good and a bad one', () => {
    const list = [HASH_ALGORITHM.SHA1, HASH_ALGORITHM.SHA2_256, HASH_ALGORITHM.SHA2_384, HASH_ALGORITHM.SHA2_512]
    expect(body(encodeNotify('SIGNATURE_HASH_ALGORITHMS', { algorithms: list }))).toBe('0000402f0001000200030004')
    expect(notifyBody(data(16431, '0001000200030004'), 'SIGNATURE_HASH_ALGORITHMS')?.algorithms).toEqual([1, 2, 3, 4])
    expect(notifyBody(data(16431, '0001000200'), 'SIGNATURE_HASH_ALGORITHMS')?.algorithms).toBeUndefined()
    expect(notifyBody(data(16431, ''), 'SIGNATURE_HASH_ALGORITHMS')?.algorithms).toEqual([])
    expect(() => encodeNotify('SIGNATURE_HASH_ALGORITHMS', { algorithms: [1, 65536] })).toThrow('algorithms[1]')
  })
})

describe('notifications of other RFCs', () => {
  // Written from the figures of the RFC named; number and data in hexadecimal.
  test.each<[string, NotifyName, object, string]>([
    ['RFC 7296 section 3.10.1', 'IPCOMP_SUPPORTED', { cpi: 0x1234, transform: 2, attributes: hex('') }, '4003123402'],
    ['RFC 7296 section 1.5', 'INVALID_SPI', { invalidSpi: hex('01020304') }, '000b01020304'],
    ['RFC 4478 section 3', 'AUTH_LIFETIME', { lifetime: 3600 }, '401300000e10'],
    ['RFC 5685 section 9.2', 'REDIRECT', { gateway: { type: 1, value: '192.0.2.7' } }, '40170104c0000207'],
    [
      'RFC 5685 section 9.2 in IKE_SA_INIT',
      'REDIRECT',
      { gateway: { type: 3, value: 'gw.example' }, nonce: hex('aa'.repeat(16)) },
      `4017030a67772e6578616d706c65${'aa'.repeat(16)}`
    ],
    [
      'RFC 5685 section 9.3',
      'REDIRECTED_FROM',
      { gateway: { type: 2, value: '2001:db8::1' } },
      '4018021020010db8000000000000000000000001'
    ],
    ['RFC 5723 section 7.1', 'TICKET_LT_OPAQUE', { lifetime: 60, ticket: hex('c0ffee') }, '40190000003cc0ffee'],
    ['RFC 5723 section 7.2', 'TICKET_OPAQUE', { ticket: hex('c0ffee') }, '401dc0ffee'],
    ['RFC 5739 section 5.3', 'LINK_ID', { linkId: hex('0102') }, '401e0102'],
    [
      'RFC 5857 section 3.1.1',
      'ROHC_SUPPORTED',
      {
        attributes: [
          { type: 1, value: 15 },
          { type: 2, value: 4 },
          { type: 3, value: 12 }
        ]
      },
      '40208001000f800200048003000c'
    ],
    ['RFC 6290 section 4.1', 'QUICK_CRASH_DETECTION', { token: hex('11'.repeat(16)) }, `4023${'11'.repeat(16)}`],
    [
      'RFC 6311 section 6.3',
      'IKEV2_MESSAGE_ID_SYNC',
      { nonce: hex('deadbeef'), expectedSendMessageId: 5, expectedReceiveMessageId: 6 },
      '4026deadbeef0000000500000006'
    ],
    ['RFC 6311 section 6.4', 'IPSEC_REPLAY_COUNTER_SYNC', { delta: hex('00001000') }, '402700001000'],
    [
      'RFC 6311 section 6.4, ESN',
      'IPSEC_REPLAY_COUNTER_SYNC',
      { delta: hex('0000000100000000') },
      '40270000000100000000'
    ],
    ['RFC 6467 section 2', 'SECURE_PASSWORD_METHODS', { methods: [1, 3] }, '402800010003'],
    ['RFC 6867 section 4', 'ERX_SUPPORTED', { domain: 'example.com' }, '402b6578616d706c652e636f6d'],
    ['RFC 8019 section 8.1', 'PUZZLE', { prf: 5, difficulty: 18 }, '4032000512'],
    ['RFC 8784 section 5.1', 'PPK_IDENTITY', { identityType: 2, identity: hex('616263') }, '403402616263'],
    ['RFC 8784 section 3, response', 'PPK_IDENTITY', {}, '4034'],
    ['RFC 8784 section 3', 'NO_PPK_AUTH', { authenticationData: hex('0102') }, '40350102'],
    ['RFC 9370 section 2.2.4', 'ADDITIONAL_KEY_EXCHANGE', { link: hex('0102') }, '40390102'],
    ['RFC 9347 section 6.1.4', 'USE_AGGFRAG', { flags: 1 }, '403a01'],
    [
      'RFC 9593 section 3.2',
      'SUPPORTED_AUTH_METHODS',
      {
        announcements: [
          { method: 2 },
          { method: 1, certificateLink: 1 },
          { method: 14, certificateLink: 0, algorithmIdentifier: hex('300506032b6570') }
        ]
      },
      '403b02020301010a0e00300506032b6570'
    ],
    [
      'RFC 9867',
      'PPK_IDENTITY_KEY',
      { identityType: 1, identity: hex('61'), confirmation: hex('0102030405060708') },
      '403e01610102030405060708'
    ]
  ])('%s: %s', (_, name, value, octets) => {
    const payload = encodeNotify(name, value as never)
    // RFC 6290 section 4.1: "Protocol ID MUST be 1".
    expect(body(payload)).toBe(`0${name === 'QUICK_CRASH_DETECTION' ? 1 : 0}00${octets}`)
    expect(decodeNotify(payload)).toEqual({ ok: true, value: { name, body: value } })
  })

  test('QUICK_CRASH_DETECTION and CHILDLESS_IKEV2_SUPPORTED are sent with Protocol ID 1 and read with any', () => {
    const token = hex('11'.repeat(16))
    expect(encodeNotify('QUICK_CRASH_DETECTION', { token })).toMatchObject({ protocol: 1, spi: hex('') })
    // RFC 6023 section 4.
    expect(encodeNotify('CHILDLESS_IKEV2_SUPPORTED', {})).toMatchObject({ protocol: 1, spi: hex('') })
    for (const protocol of [0, 1, 3]) {
      expect(notifyBody({ ...notify(16419, token), protocol }, 'QUICK_CRASH_DETECTION')).toEqual({ token })
      expect(notifyBody({ ...notify(16418), protocol }, 'CHILDLESS_IKEV2_SUPPORTED')).toEqual({})
    }
  })

  const rohc = (...attributes: readonly (readonly [number, number | Uint8Array])[]) => {
    return { attributes: attributes.map(([type, value]) => ({ type, value })) }
  }

  // RFC 5857 section 3.1.2.
  test.each<[string, string, object, string, object]>([
    ['MAX_CID of 16384', '80014000 80020004 80030000', rohc([1, 16384], [2, 4], [3, 0]), '[0]', { offset: 0 }],
    [
      'two MAX_CID',
      '8001000f 80020004 80030000 8001000f',
      rohc([1, 15], [2, 4], [3, 0], [1, 15]),
      '[3]',
      { offset: 12 }
    ],
    ['no MAX_CID', '80020004 80020006 80030000', rohc([2, 4], [2, 6], [3, 0]), '', { offset: 0 }],
    ['no ROHC_PROFILE', '8001000f 80030000 8005ffff', rohc([1, 15], [3, 0], [5, 0xffff]), '', { offset: 0 }],
    ['no ROHC_INTEG', '8001000f 80020004 8005ffff', rohc([1, 15], [2, 4], [5, 0xffff]), '', { offset: 0 }],
    ['a profile of octets', '8001000f 80030000 00020001aa', rohc([1, 15], [3, 0], [2, hex('aa')]), '[2]', { offset: 8 }]
  ])('ROHC_SUPPORTED with %s is refused both ways', (_, octets, value, place, where) => {
    expect(decodeNotify(data(16416, octets))).toEqual({
      ok: false,
      error: { code: 'invalidValue', field: `attributes${place}`, ...where }
    })
    expect(() => encodeNotify('ROHC_SUPPORTED', value as never)).toThrow(RangeError)
    expect(() => encodeNotify('ROHC_SUPPORTED', value as never)).toThrow(`notify ROHC_SUPPORTED.attributes${place}`)
  })

  test('ROHC_SUPPORTED with the highest MAX_CID, two profiles and a type nobody knows is taken', () => {
    const value = rohc([77, hex('00')], [3, 0], [1, 16383], [2, 4], [2, 6])
    const payload = encodeNotify('ROHC_SUPPORTED', value)
    expect(notifyBody(payload, 'ROHC_SUPPORTED')).toEqual(value)
  })

  test.each<[string, number, string, object]>([
    ['REDIRECTED_FROM', 16408, '030161', { type: 3, value: 'a' }],
    ['REDIRECTED_FROM', 16408, '040161', { type: 4, value: hex('61') }],
    ['REDIRECT', 16407, '0300', { type: 3, value: '' }],
    ['REDIRECT', 16407, '03026100', { type: 3, value: 'a\0' }]
  ])('%s of gateway %s%s is refused both ways (RFC 5685 section 9)', (name, type, octets, gateway) => {
    expect(decodeNotify(data(type, octets))).toMatchObject({ ok: false, error: { code: 'invalidValue' } })
    const encode = () => encodeNotify(name as 'REDIRECT', { gateway } as never)
    expect(encode).toThrow(RangeError)
    expect(encode).toThrow(`notify ${name}.gateway.`)
  })

  test('INVALID_SELECTORS names the Child SA and starts with the packet (RFC 7296 section 3.10.1)', () => {
    const value = { protocol: 3, spi: hex('01020304'), packetStart: hex('4500') }
    const payload = encodeNotify('INVALID_SELECTORS', value)
    expect(body(payload)).toBe('03040027010203044500')
    expect(notifyBody(payload, 'INVALID_SELECTORS')).toEqual(value)
  })

  test.each<[number, string, object]>([
    [16407, '0104c00002', { code: 'truncated', offset: 1, field: 'gateway' }],
    [16407, '0103c00002', { code: 'invalidValue', offset: 2, field: 'gateway' }],
    [16416, '8001000f80020004', { code: 'truncated', offset: 8, field: 'attributes' }],
    [16416, '8001000f8002000480', { code: 'truncated', offset: 8, field: 'attributes[2]' }],
    [16443, '0202030101000e', { code: 'truncated', offset: 5, field: 'announcements[2]' }],
    [16443, '01', { code: 'truncated', offset: 1, field: 'announcements[0].method' }],
    [16427, 'c0af', { code: 'invalidValue', offset: 0, field: 'domain' }],
    [16385, '00000000', { code: 'invalidValue', offset: 0, field: 'size' }],
    [16422, '0000000000000000000000000000', { code: 'trailingOctets', offset: 12, field: '' }],
    [16419, '00'.repeat(129), { code: 'trailingOctets', offset: 128, field: 'token' }]
  ])('type %i with %s is refused at its place', (type, octets, error) => {
    expect(decodeNotify(data(type, octets))).toEqual({ ok: false, error })
  })

  test('a type that has no data ignores what a peer puts there, as RFC 4555 and RFC 6631 ask', () => {
    for (const [name, type] of Object.entries(NOTIFY)) {
      const layout = notifyLayout(type)
      if (layout?.childSa || layout?.forms.some((form) => form.length > 0)) continue
      expect(decodeNotify(data(type, '0102'))).toEqual({ ok: true, value: { name, body: {} } })
    }
  })

  test('data longer than the longest fixed form is too long where that form ends', () => {
    const sizes: readonly [NotifyName, number][] = [
      ['UNSUPPORTED_CRITICAL_PAYLOAD', 1],
      ['INVALID_MAJOR_VERSION', 1],
      ['INVALID_KE_PAYLOAD', 2],
      ['INVALID_MESSAGE_ID', 4],
      ['SET_WINDOW_SIZE', 4],
      ['NAT_DETECTION_SOURCE_IP', 20],
      ['ADDITIONAL_IP4_ADDRESS', 4],
      ['ADDITIONAL_IP6_ADDRESS', 16],
      ['NO_NATS_ALLOWED', 36],
      ['AUTH_LIFETIME', 4],
      ['IKEV2_MESSAGE_ID_SYNC', 12],
      ['IPSEC_REPLAY_COUNTER_SYNC', 8],
      ['PUZZLE', 3],
      ['USE_AGGFRAG', 1]
    ]
    for (const [name, size] of sizes) {
      // The octets before the end are of no number or address that is allowed, and of one that is.
      for (const start of ['', '00000000000000000000ffff01020304']) {
        const longer = new Uint8Array(size + 1)
        longer.set(hex(start).subarray(0, size))
        const error = { code: 'trailingOctets', offset: size, field: '' }
        expect([name, decodeNotify(notify(NOTIFY[name], longer))]).toEqual([name, { ok: false, error }])
      }
    }
  })

  test('a type nobody registered has no layout', () => {
    expect(decodeNotify(notify(12345))).toBeUndefined()
    expect(notifyLayout(40960)).toBeUndefined()
  })

  test('misuse names the field', () => {
    const write = (name: NotifyName, value: object) => () => encodeNotify(name, value as never)
    expect(write('PUZZLE', { prf: 5 })).toThrow('notify PUZZLE: fields prf; needed are prf, difficulty')
    expect(write('MOBIKE_SUPPORTED', { cookie: hex('00') })).toThrow('fields cookie; needed are none')
    expect(write('REDIRECT', { gateway: { type: 1, value: '2001:db8::1' } })).toThrow('gateway.value')
    expect(write('ROHC_SUPPORTED', { attributes: [] })).toThrow('attributes: 0 entries, at least 3')
    expect(write('SUPPORTED_AUTH_METHODS', { announcements: [{ method: 256 }] })).toThrow('announcements[0].method')
    expect(write('ERX_SUPPORTED', { domain: 5 })).toThrow('domain: expected a string')
    expect(write('TICKET_OPAQUE', { ticket: [1] })).toThrow('ticket: expected a Uint8Array')
    expect(write('TICKET_OPAQUE', null as never)).toThrow('notify TICKET_OPAQUE: expected an object')
    expect(write('REKEY_SA', null as never)).toThrow('notify REKEY_SA: expected an object')
    expect(write('SUPPORTED_AUTH_METHODS', { announcements: [5] })).toThrow('announcements[0]: expected an object')
  })

  test('a list with a hole names it, and one that no payload holds is refused', () => {
    const write = (algorithms: readonly number[]) => () => encodeNotify('SIGNATURE_HASH_ALGORITHMS', { algorithms })
    // biome-ignore lint/suspicious/noSparseArray: that is the test.
    expect(write([1, , 2] as number[])).toThrow('notify SIGNATURE_HASH_ALGORITHMS.algorithms[1]: ')
    const most = Array.from({ length: 32_767 }, () => 2)
    expect(write(most)().data.length).toBe(65_534)
    const many = Array.from({ length: 300_000 }, () => 2)
    expect(write(many)).toThrow(RangeError)
    expect(write(many)).toThrow('notify SIGNATURE_HASH_ALGORITHMS.algorithms: more than 65535 octets')
  })

  test('half of a surrogate pair is no text (RFC 3629 section 3)', () => {
    for (const domain of ['a\ud800', '\udc00b', '\udc00\ud800']) {
      expect(() => encodeNotify('ERX_SUPPORTED', { domain })).toThrow(TypeError)
      expect(() => encodeNotify('ERX_SUPPORTED', { domain })).toThrow('notify ERX_SUPPORTED.domain: ')
    }
    expect(encodeNotify('ERX_SUPPORTED', { domain: '\u{1f600}' }).data).toEqual(hex('f09f9880'))
    const gateway = { type: 3, value: '\ud800' }
    expect(() => encodeNotify('REDIRECT', { gateway })).toThrow(TypeError)
    expect(() => encodeNotify('REDIRECT', { gateway })).toThrow('notify REDIRECT.gateway.value: ')
  })

  test('an IPv4-mapped address and one with a zone are none to send, as they are none when read', () => {
    for (const address of ['::ffff:1.2.3.4', '::ffff:102:304', 'fe80::1%eth0']) {
      const encode = () => encodeNotify('ADDITIONAL_IP6_ADDRESS', { address })
      expect(encode).toThrow(RangeError)
      expect(encode).toThrow(`notify ADDITIONAL_IP6_ADDRESS.address: ${address} `)
      const redirect = () => encodeNotify('REDIRECT', { gateway: { type: 2, value: address } })
      expect(redirect).toThrow('notify REDIRECT.gateway.value: ')
    }
  })
})

function hex(text: string): Uint8Array {
  return fromHex(text)
}
