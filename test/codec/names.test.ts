import { describe, expect, test } from 'vitest'
import { fromHex } from '../../src/bytes/index.ts'
import * as codec from '../../src/codec/index.ts'
import {
  AUTH_METHOD,
  classifyUdpDatagram,
  decodeMessage,
  decodePayloads,
  ENCRYPTION,
  EXCHANGE,
  encryptionName,
  exchangeName,
  ID_TYPE,
  INTEGRITY,
  integrityName,
  isErrorNotify,
  KEY_EXCHANGE_METHOD,
  keyExchangeMethodName,
  messageSummary,
  NON_ESP_MARKER,
  NOTIFY,
  notifyName,
  PAYLOAD,
  PRF,
  PROTOCOL,
  payloadName,
  prfName
} from '../../src/codec/index.ts'
import { recordedChains, recordedMessages, vectorFile } from './recorded-messages.ts'

describe('registry tables', () => {
  test('are frozen, hold numbers, and no number twice', () => {
    const tables = Object.entries(codec).filter(
      ([name, value]) => /^[A-Z_]+$/.test(name) && !(value instanceof Uint8Array)
    )
    expect(tables.length).toBeGreaterThanOrEqual(19)
    for (const [name, table] of tables) {
      expect([name, Object.isFrozen(table)]).toEqual([name, true])
      if (name === 'CODEC_LIMITS') continue
      const numbers = Object.values(table as Record<string, number>)
      expect([name, new Set(numbers).size]).toEqual([name, numbers.length])
      for (const number of numbers) expect(Number.isInteger(number)).toBe(true)
    }
  })

  test('hold the numbers of RFC 7296, RFC 4555, RFC 5282, RFC 7634 and RFC 8031', () => {
    expect([EXCHANGE.IKE_SA_INIT, EXCHANGE.IKE_AUTH, EXCHANGE.CREATE_CHILD_SA, EXCHANGE.INFORMATIONAL]).toEqual([
      34, 35, 36, 37
    ])
    expect([PROTOCOL.IKE, PROTOCOL.AH, PROTOCOL.ESP]).toEqual([1, 2, 3])
    expect([ENCRYPTION.ENCR_AES_CBC, ENCRYPTION.ENCR_AES_GCM_16, ENCRYPTION.ENCR_CHACHA20_POLY1305]).toEqual([
      12, 20, 28
    ])
    expect([PRF.PRF_HMAC_SHA1, PRF.PRF_HMAC_SHA2_256, PRF.PRF_HMAC_SHA2_512]).toEqual([2, 5, 7])
    expect([INTEGRITY.NONE, INTEGRITY.AUTH_HMAC_SHA1_96, INTEGRITY.AUTH_HMAC_SHA2_256_128]).toEqual([0, 2, 12])
    expect([KEY_EXCHANGE_METHOD.MODP_2048, KEY_EXCHANGE_METHOD.ECP_256, KEY_EXCHANGE_METHOD.CURVE25519]).toEqual([
      14, 19, 31
    ])
    expect([
      ID_TYPE.ID_IPV4_ADDR,
      ID_TYPE.ID_FQDN,
      ID_TYPE.ID_RFC822_ADDR,
      ID_TYPE.ID_IPV6_ADDR,
      ID_TYPE.ID_KEY_ID
    ]).toEqual([1, 2, 3, 5, 11])
    expect([AUTH_METHOD.RSA_DIGITAL_SIGNATURE, AUTH_METHOD.SHARED_KEY_MESSAGE_INTEGRITY_CODE]).toEqual([1, 2])
    expect(NOTIFY).toMatchObject({
      UNACCEPTABLE_ADDRESSES: 40,
      UNEXPECTED_NAT_DETECTED: 41,
      MOBIKE_SUPPORTED: 16396,
      ADDITIONAL_IP4_ADDRESS: 16397,
      ADDITIONAL_IP6_ADDRESS: 16398,
      NO_ADDITIONAL_ADDRESSES: 16399,
      UPDATE_SA_ADDRESSES: 16400,
      COOKIE2: 16401,
      NO_NATS_ALLOWED: 16402,
      AUTHORIZATION_FAILED: 46,
      GROUP_SENDER: 16429
    })
  })

  test('name every notify type of the recorded messages as another decoder did', () => {
    const details = [...recordedMessages.map((m) => m.payloadDetail), ...recordedChains.map((c) => c.detail)].flatMap(
      (list) => list ?? []
    )
    const names = details.filter(({ notifyName: name }) => typeof name === 'string')
    expect(names.length).toBeGreaterThan(100)
    for (const { notifyType, notifyName: name } of names) expect(notifyName(Number(notifyType))).toBe(name)
  })

  test('write a number without a name as text', () => {
    expect([exchangeName(190), payloadName(200), notifyName(8192), encryptionName(10), prfName(99)]).toEqual([
      '190',
      '200',
      '8192',
      '10',
      '99'
    ])
    expect([exchangeName(37), payloadName(PAYLOAD.NOTIFY), notifyName(16400), encryptionName(20), prfName(5)]).toEqual([
      'INFORMATIONAL',
      'NOTIFY',
      'UPDATE_SA_ADDRESSES',
      'ENCR_AES_GCM_16',
      'PRF_HMAC_SHA2_256'
    ])
    expect([integrityName(12), integrityName(99), keyExchangeMethodName(31), keyExchangeMethodName(99)]).toEqual([
      'AUTH_HMAC_SHA2_256_128',
      '99',
      'CURVE25519',
      '99'
    ])
  })

  test('types below 16384 are errors (section 3.10.1)', () => {
    expect([0, 40, 16383, 16384, 16400].map(isErrorNotify)).toEqual([true, true, true, false, false])
  })
})

describe('classifyUdpDatagram (RFC 3948, RFC 7296 section 2.23)', () => {
  test.each([
    ['B002 B227 four zero octets and a message', '00000000 0102030405060708', true, 'ike'],
    ['B227 an SPI', '0000000100000001', true, 'esp'],
    ['B227 an SPI of 0x01000000', '0100000000000001', true, 'esp'],
    ['B227 one octet 0xFF', 'ff', true, 'keepalive'],
    ['another octet', '00', true, 'invalid'],
    ['two octets 0xFF', 'ffff', true, 'invalid'],
    ['no octet', '', true, 'invalid'],
    ['three zero octets', '000000', true, 'invalid'],
    ['B002 a message on port 500', '0102030405060708', false, 'ike'],
    ['B002 a message with a zero SPI on port 500', '0000000000000000', false, 'ike'],
    ['no octet on port 500', '', false, 'invalid']
  ])('%s', (_, hex, onNatTraversalPort, kind) => {
    expect(classifyUdpDatagram(fromHex(hex), onNatTraversalPort)).toBe(kind)
  })

  test('the marker is four zero octets', () => {
    expect(NON_ESP_MARKER).toEqual(new Uint8Array(4))
  })
})

describe('messageSummary', () => {
  const summary = (name: string): string => {
    const recorded = recordedMessages.find((message) => message.name === name)
    const result = decodeMessage(fromHex(recorded?.hex ?? ''))
    return result.ok ? messageSummary(result.value) : ''
  }

  test('is one line in the short names of section 3.2', () => {
    expect(summary('strongswan-mobike-gcm-x25519-psk.packets[0]')).toBe(
      'IKE_SA_INIT request 0 { SA, KE, No, N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP), ' +
        'N(IKEV2_FRAGMENTATION_SUPPORTED), N(SIGNATURE_HASH_ALGORITHMS), N(REDIRECT_SUPPORTED) }'
    )
    expect(summary('CybercentreCanada_sawp.messages[0]')).toBe('IKE_SA_INIT request 16909060 {}')
    expect(summary('android-ike-sessions.sessions[0].messages[1]')).toBe('IKE_AUTH response 1 { SKF(1/2) }')
  })

  test('shows decrypted payloads in the place of the Encrypted one', () => {
    const { ikev2Example } = vectorFile('rfc7634-chacha20poly1305.json') as {
      ikev2Example: { packet: string; plaintext: string }
    }
    const outer = decodeMessage(fromHex(ikev2Example.packet))
    const inner = decodePayloads(fromHex(ikev2Example.plaintext), PAYLOAD.NOTIFY, 0, 12)
    if (!outer.ok || !inner.ok) throw new Error('refused')
    expect(messageSummary(outer.value)).toBe('INFORMATIONAL request 9 { SK }')
    expect(messageSummary(outer.value, inner.value)).toBe('INFORMATIONAL request 9 { N(SET_WINDOW_SIZE) }')
    expect(messageSummary(outer.value, [])).toBe('INFORMATIONAL request 9 {}')
    expect(messageSummary(outer.value, [{ kind: 'unknown', type: 200, body: new Uint8Array(0) }])).toBe(
      'INFORMATIONAL request 9 { payload 200 }'
    )
  })
})
