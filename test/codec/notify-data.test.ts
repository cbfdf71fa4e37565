import { describe, expect, test } from 'vitest'
import { endpoint, fromHex, toHex } from '../../src/bytes/index.ts'
import {
  additionalAddressNotify,
  childSaNotFoundNotify,
  cookie2Notify,
  cookieNotify,
  decodeAdditionalAddress,
  decodeChildSaReference,
  decodeCookie,
  decodeCookie2,
  decodeInvalidKeyExchange,
  decodeInvalidMajorVersion,
  decodeInvalidMessageId,
  decodeNatDetection,
  decodeNoNatsAllowed,
  decodePayloads,
  decodeSignatureHashAlgorithms,
  decodeUnsupportedCriticalPayload,
  decodeWindowSize,
  encodePayloads,
  HASH_ALGORITHM,
  invalidKeyExchangeNotify,
  invalidMajorVersionNotify,
  invalidMessageIdNotify,
  NOTIFY,
  type NotifyPayload,
  natDetectionNotify,
  noNatsAllowedNotify,
  notify,
  rekeySaNotify,
  setWindowSizeNotify,
  signatureHashAlgorithmsNotify,
  unsupportedCriticalPayloadNotify
} from '../../src/codec/index.ts'
import { recordedChains } from './recorded-messages.ts'

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
    expect(body(additionalAddressNotify('198.51.100.1'))).toBe('0000400dc6336401')
    expect(body(additionalAddressNotify('2001:db8::1'))).toBe('0000400e20010db8000000000000000000000001')
    expect(decodeAdditionalAddress(additionalAddressNotify('198.51.100.1'))).toBe('198.51.100.1')
    expect(decodeAdditionalAddress(additionalAddressNotify('2001:db8::1'))).toBe('2001:db8::1')
  })

  test.each([
    [16397, '', undefined],
    [16397, 'c63364', undefined],
    [16397, 'c633640100', undefined],
    [16397, '20010db8000000000000000000000001', undefined],
    [16398, 'c6336401', undefined],
    [16398, '20010db80000000000000000000000', undefined]
  ])('A126 type %i with data %s holds no address', (type, hex, expected) => {
    expect(decodeAdditionalAddress(data(type, hex))).toBe(expected)
  })

  test('A126 the addresses that strongSwan and Android’s peer sent are read', () => {
    const addresses = recordedChains
      .filter(({ name }) => name.startsWith('i-e-b'))
      .flatMap(({ detail = [] }) => detail.filter(({ notifyType }) => notifyType === 16397 || notifyType === 16398))
      .map(({ notifyType, data: hex }) => decodeAdditionalAddress(data(Number(notifyType), String(hex))))
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
    expect(decodeCookie2(notify(NOTIFY.COOKIE2, cookie))).toEqual(accepted ? cookie : undefined)
    if (accepted) expect(body(cookie2Notify(cookie))).toBe(`00004011${'5a'.repeat(length)}`)
    else expect(() => cookie2Notify(cookie)).toThrow('cookie')
  })

  test('A135 A137 NO_NATS_ALLOWED is type 16402: source, destination address, source, destination port', () => {
    const v4 = noNatsAllowedNotify(endpoint('10.1.0.2', 500), endpoint('192.0.2.1', 4500))
    expect(body(v4)).toBe('000040120a010002c000020101f41194')
    expect(v4.data.length).toBe(12)
    const v6 = noNatsAllowedNotify(endpoint('2001:db8::2', 1), endpoint('2001:db8::1', 65535))
    expect(v6.data.length).toBe(36)
    expect(body(v6)).toBe('0000401220010db800000000000000000000000220010db80000000000000000000000010001ffff')
    expect(decodeNoNatsAllowed(v4)).toEqual({
      source: { address: '10.1.0.2', port: 500 },
      destination: { address: '192.0.2.1', port: 4500 }
    })
    expect(decodeNoNatsAllowed(v6)).toEqual({
      source: { address: '2001:db8::2', port: 1 },
      destination: { address: '2001:db8::1', port: 65535 }
    })
  })

  test.each([0, 11, 13, 35, 37])('A135 NO_NATS_ALLOWED of %i octets is refused', (length) => {
    expect(decodeNoNatsAllowed(notify(NOTIFY.NO_NATS_ALLOWED, new Uint8Array(length)))).toBeUndefined()
  })

  test('A135 NO_NATS_ALLOWED between families, of no address or of no port throws', () => {
    const v4 = { address: '10.1.0.2', port: 500 }
    expect(() => noNatsAllowedNotify(v4, { address: '2001:db8::1', port: 500 })).toThrow('destination.address')
    expect(() => noNatsAllowedNotify({ address: 'here', port: 500 }, v4)).toThrow('source.address')
    expect(() => noNatsAllowedNotify({ ...v4, port: 65536 }, v4)).toThrow('source.port')
  })
})

describe('notifications of RFC 7296', () => {
  test('NAT_DETECTION_* carry 20 octets', () => {
    const hash = new Uint8Array(20).fill(1)
    expect(body(natDetectionNotify('source', hash))).toBe(`00004004${'01'.repeat(20)}`)
    expect(body(natDetectionNotify('destination', hash))).toBe(`00004005${'01'.repeat(20)}`)
    expect(decodeNatDetection(natDetectionNotify('source', hash))).toEqual(hash)
    expect(decodeNatDetection(notify(16388, new Uint8Array(19)))).toBeUndefined()
    expect(decodeNatDetection(notify(16388, new Uint8Array(32)))).toBeUndefined()
    expect(() => natDetectionNotify('source', new Uint8Array(32))).toThrow('hash')
    expect(() => natDetectionNotify('source', new Uint8Array(16))).toThrow('hash')
  })

  test.each([
    [0, false],
    [1, true],
    [64, true],
    [65, false]
  ])('COOKIE of %i octets (section 2.6: 1 to 64)', (length, accepted) => {
    const cookie = new Uint8Array(length).fill(7)
    expect(decodeCookie(notify(NOTIFY.COOKIE, cookie))).toEqual(accepted ? cookie : undefined)
    if (accepted) expect(body(cookieNotify(cookie))).toBe(`00004006${'07'.repeat(length)}`)
    else expect(() => cookieNotify(cookie)).toThrow('cookie')
  })

  test('INVALID_KE_PAYLOAD names the accepted group; an Android test has group 14', () => {
    expect(body(invalidKeyExchangeNotify(14))).toBe('00000011000e')
    expect(decodeInvalidKeyExchange(data(17, '000e'))).toBe(14)
    expect(decodeInvalidKeyExchange(data(17, '0e'))).toBeUndefined()
    expect(() => invalidKeyExchangeNotify(65536)).toThrow('method')
  })

  test('REKEY_SA and CHILD_SA_NOT_FOUND name a Child SA in their SPI field', () => {
    const spi = fromHex('2ad4c0a2')
    expect(body(rekeySaNotify(3, spi))).toBe('030440092ad4c0a2')
    expect(body(childSaNotFoundNotify(2, spi))).toBe('0204002c2ad4c0a2')
    expect(decodeChildSaReference(rekeySaNotify(3, spi))).toEqual({ protocol: 3, spi })
    expect(decodeChildSaReference(notify(NOTIFY.REKEY_SA))).toBeUndefined()
    expect(() => rekeySaNotify(3, new Uint8Array(8))).toThrow('spi')
    expect(() => rekeySaNotify(256, spi)).toThrow('protocol')
  })

  test('SET_WINDOW_SIZE: the payload printed in RFC 7634 appendix B says 10', () => {
    expect(body(setWindowSizeNotify(10))).toBe('000040010000000a')
    expect(decodeWindowSize(data(16385, '0000000a'))).toBe(10)
    expect(decodeWindowSize(data(16385, '000a'))).toBeUndefined()
    expect(() => setWindowSizeNotify(-1)).toThrow('size')
  })

  test('B007 INVALID_MAJOR_VERSION carries one octet', () => {
    expect(body(invalidMajorVersionNotify(2))).toBe('0000000502')
    expect(decodeInvalidMajorVersion(data(5, '02'))).toBe(2)
    expect(decodeInvalidMajorVersion(data(5, ''))).toBeUndefined()
    expect(() => invalidMajorVersionNotify(16)).toThrow('version')
  })

  test('B019 UNSUPPORTED_CRITICAL_PAYLOAD carries the one-octet payload type', () => {
    expect(body(unsupportedCriticalPayloadNotify(200))).toBe('00000001c8')
    expect(decodeUnsupportedCriticalPayload(data(1, 'c8'))).toBe(200)
    expect(decodeUnsupportedCriticalPayload(data(1, '00c8'))).toBeUndefined()
    expect(() => unsupportedCriticalPayloadNotify(256)).toThrow('payloadType')
  })

  test('INVALID_MESSAGE_ID carries the four-octet Message ID', () => {
    expect(body(invalidMessageIdNotify(0xfffffffe))).toBe('00000009fffffffe')
    expect(decodeInvalidMessageId(data(9, 'fffffffe'))).toBe(0xfffffffe)
    expect(decodeInvalidMessageId(data(9, 'fffffe'))).toBeUndefined()
    expect(() => invalidMessageIdNotify(2 ** 32)).toThrow('messageId')
  })

  test('SIGNATURE_HASH_ALGORITHMS lists 16-bit numbers (RFC 7427 section 4); Android’s tests have a good and a bad one', () => {
    const list = [HASH_ALGORITHM.SHA1, HASH_ALGORITHM.SHA2_256, HASH_ALGORITHM.SHA2_384, HASH_ALGORITHM.SHA2_512]
    expect(body(signatureHashAlgorithmsNotify(list))).toBe('0000402f0001000200030004')
    expect(decodeSignatureHashAlgorithms(data(16431, '0001000200030004'))).toEqual([1, 2, 3, 4])
    expect(decodeSignatureHashAlgorithms(data(16431, '0001000200'))).toBeUndefined()
    expect(decodeSignatureHashAlgorithms(data(16431, ''))).toEqual([])
    expect(() => signatureHashAlgorithmsNotify([1, 65536])).toThrow('algorithms[1]')
  })
})
