import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import {
  decodeMessage,
  decodePayloads,
  encodePayloadBody,
  encodePayloads,
  type Payload
} from '../../src/codec/index.ts'
import { vectorFile } from './recorded-messages.ts'

const { files } = vectorFile('iketests-constants.json') as unknown as {
  files: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** A constant of Android's unit tests for this class. */
function android(file: string, name: string): string {
  const constants = Object.entries(files).find(([path]) => path.endsWith(`/${file}.java`))?.[1]
  const hex = constants?.[name]
  if (hex === undefined) throw new Error(`no ${name} in ${file}`)
  return hex
}

function decode(type: number, body: string): Payload {
  const result = decodePayloads(withHeader(body), type)
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  expect(toHex(encodePayloads(result.value).bytes)).toBe(toHex(withHeader(body)))
  return result.value[0] as Payload
}

function error(type: number, body: string): unknown {
  const result = decodePayloads(withHeader(body), type)
  return result.ok ? undefined : result.error
}

function withHeader(body: string): Uint8Array {
  return fromHex(`0000${(4 + fromHex(body).length).toString(16).padStart(4, '0')} ${body}`)
}

const EMPTY = new Uint8Array(0)

describe('payload bodies of Android’s tests', () => {
  test.each<readonly [string, string, number, object]>([
    [
      'IkeIdPayloadTest',
      'IPV4_ADDR_ID_PAYLOAD_RESPONDER_BODY_HEX_STRING',
      36,
      { idType: 1, data: fromHex('c0000264') }
    ],
    [
      'IkeIdPayloadTest',
      'IPV6_ADDR_ID_PAYLOAD_RESPONDER_BODY_HEX_STRING',
      36,
      { idType: 5, data: fromHex('0000200100000db80000000000000001') }
    ],
    ['IkeIdPayloadTest', 'FQDN_ID_PAYLOAD_BODY_HEX_STRING', 35, { idType: 2, data: Buffer.from('ike.android.net') }],
    [
      'IkeIdPayloadTest',
      'RFC822_ADDR_ID_PAYLOAD_BODY_HEX_STRING',
      35,
      { idType: 3, data: Buffer.from('androidike@example.com') }
    ],
    ['IkeIdPayloadTest', 'KEY_ID_PAYLOAD_BODY_HEX_STRING', 35, { idType: 11, data: Buffer.from('androidIkeKeyId') }],
    [
      'IkeAuthPskPayloadTest',
      'PSK_AUTH_PAYLOAD_BODY_HEX_STRING',
      39,
      { method: 2, data: fromHex(android('IkeAuthPskPayloadTest', 'PSK_AUTH_PAYLOAD_SIGNATURE_HEX_STRING')) }
    ],
    ['IkeAuthDigitalSignPayloadTest', 'AUTH_PAYLOAD_BODY_GENERIC_DIGITAL_SIGN_HEX_STRING', 39, { method: 14 }],
    [
      'IkeKePayloadTest',
      'KE_PAYLOAD_RAW_PACKET',
      34,
      { group: 2, data: fromHex(android('IkeKePayloadTest', 'KEY_EXCHANGE_DATA_RAW_PACKET')) }
    ],
    ['IkeKePayloadTest', 'unrecognizedKePayload', 34, { group: 0x0fff }],
    ['IkeNoncePayloadTest', 'NONCE_DATA_RAW_HEX_STRING', 40, { kind: 'nonce' }],
    [
      'IkeNotifyPayloadTest',
      'NOTIFY_NAT_DETECTION_PAYLOAD_BODY_HEX_STRING',
      41,
      {
        protocol: 0,
        spi: EMPTY,
        type: 16388,
        data: fromHex(android('IkeNotifyPayloadTest', 'NAT_DETECTION_DATA_HEX_STRING'))
      }
    ],
    [
      'IkeNotifyPayloadTest',
      'NOTIFY_REKEY_PAYLOAD_BODY_HEX_STRING',
      41,
      { protocol: 3, spi: fromHex('2ad4c0a2'), type: 16393, data: EMPTY }
    ],
    ['IkeCertX509CertPayloadTest', 'CERT_PAYLOAD_BODY_HEX_STRING', 37, { kind: 'certificate', encoding: 4 }],
    ['IkeEapPayloadTest', 'EAP_SUCCESS_STRING', 48, { kind: 'eap', code: 3, identifier: 1 }],
    ['IkeSaPayloadTest', 'INBOUND_TWO_PROPOSAL_RAW_PACKET', 33, { kind: 'securityAssociation' }],
    ['IkeSaPayloadTest', 'INBOUND_CHILD_TWO_PROPOSAL_RAW_PACKET', 33, { kind: 'securityAssociation' }],
    ['IkeSaPayloadTest', 'saPayloadBodyHex', 33, { kind: 'securityAssociation' }],
    ['IkeSaPayloadTest', 'inboundRequestSaPayload', 33, { kind: 'securityAssociation' }]
  ])('%s %s', (file, name, type, expected) => {
    const payload = decode(type, android(file, name))
    const plain = Object.fromEntries(
      Object.entries(expected).map(([key, value]) => [
        key,
        value instanceof Uint8Array ? Uint8Array.from(value) : value
      ])
    )
    expect(payload).toMatchObject(plain)
  })

  test.each([
    ['IkeDeletePayloadTest', 'DELETE_IKE_PAYLOAD_HEX_STRING', 42],
    ['IkeDeletePayloadTest', 'DELETE_CHILD_PAYLOAD_HEX_STRING', 42],
    ['IkeDeletePayloadTest', 'DELETE_MULTIPLE_CHILD_PAYLOAD_HEX_STRING', 42],
    ['IkeConfigPayloadTest', 'CONFIG_REQ_PAYLOAD_HEX', 47],
    ['IkeConfigPayloadTest', 'CONFIG_RESP_PAYLOAD_HEX', 47],
    ['IkeCertReqPayloadTest', 'CERT_REQ_PAYLOAD', 38],
    ['IkeSessionStateMachineTest', 'CP_PAYLOAD_HEX_STRING', 47],
    ['IkeSessionStateMachineTest', 'IKE_REKEY_SA_PAYLOAD_HEX_STRING', 33],
    ['ChildSessionStateMachineTest', 'REKEY_CHILD_REQ_SA_PAYLOAD', 33]
  ])('%s %s decodes and encodes to the same octets', (file, name, type) => {
    decode(type, android(file, name).slice(8))
  })
})

describe('Delete (section 3.11)', () => {
  test('B078 the IKE SA is deleted without SPI, Child SAs by SPIs of four octets', () => {
    expect(decode(42, '01000000')).toEqual({ kind: 'delete', protocol: 1, spiSize: 0, spis: [] })
    expect(decode(42, '03040002 abcdef01 20fedcba')).toEqual({
      kind: 'delete',
      protocol: 3,
      spiSize: 4,
      spis: [fromHex('abcdef01'), fromHex('20fedcba')]
    })
  })

  test.each([
    ['an SPI for IKE', '01080001 0102030405060708', 'invalidStructure', 5, 'spiSize'],
    ['SPI size 4 for IKE', '01040000', 'invalidStructure', 5, 'spiSize'],
    ['SPI size 0 for ESP', '03000000', 'invalidStructure', 5, 'spiSize'],
    ['SPI size 8 for AH', '02080001 0102030405060708', 'invalidStructure', 5, 'spiSize'],
    ['a count without octets', '0100ffff', 'invalidStructure', 6, 'spis'],
    ['a count without octets for an unknown protocol', '0900ffff', 'invalidStructure', 6, 'spis'],
    ['more SPIs counted than there are', '03040002 01020304', 'invalidLength', 6, 'spis'],
    ['fewer SPIs counted than there are', '03040001 01020304 05', 'invalidLength', 6, 'spis']
  ])('B078 %s is refused', (_, body, code, offset, field) => {
    expect(error(42, body)).toMatchObject({ code, offset, path: ['delete', field] })
  })
})

describe('EAP (section 3.16)', () => {
  test('B145 a Request and a Response have a type, Success and Failure four octets', () => {
    expect(decode(48, '01070009 1a 01020304')).toMatchObject({
      kind: 'eap',
      code: 1,
      identifier: 7,
      type: 26,
      data: fromHex('01020304')
    })
    expect(decode(48, '02070005 01')).toMatchObject({ kind: 'eap', code: 2, identifier: 7, type: 1, data: EMPTY })
    expect(decode(48, '04070004')).toMatchObject({ kind: 'eap', code: 4, identifier: 7 })
  })

  test.each([
    ['a length that is not the payload’s minus 4', '01070008 1a 01020304', 'invalidLength', 6, ['eap', 'length']],
    ['a length beyond the payload', '01070006 1a', 'invalidLength', 6, ['eap', 'length']],
    ['a Success of five octets', '03070005 01', 'invalidLength', 6, ['eap', 'length']],
    ['an unknown code of five octets', '07070005 01', 'invalidLength', 6, ['eap', 'length']],
    ['a Request without a type', '01070004', 'truncated', 8, ['eap', 'type']],
    ['three octets', '010700', 'truncated', 4, ['eap']]
  ])('B145 %s is refused', (_, body, code, offset, path) => {
    expect(error(48, body)).toMatchObject({ code, offset, path })
  })
})

describe('other payloads', () => {
  test.each([
    [15, false],
    [16, true],
    [256, true],
    [257, false]
  ])('a nonce of %i octets (section 3.9: 16 to 256)', (length, accepted) => {
    const refusal = { code: 'invalidValue', offset: 4, path: ['nonce', 'data'] }
    const found = error(40, '5a'.repeat(length))
    if (accepted) expect(found).toBeUndefined()
    else expect(found).toMatchObject(refusal)
  })

  test.each([
    ['0000 0001', 4, 'fragmentNumber'],
    ['0000 0000', 4, 'fragmentNumber'],
    ['0003 0002', 6, 'totalFragments'],
    ['0001 0000', 6, 'totalFragments']
  ])('Encrypted Fragment %s is invalidValue (RFC 7383 section 2.5)', (numbers, offset, field) => {
    const bytes = fromHex(`0102030405060708 1112131415161718 35 20 25 08 00000001 00000026 0000000a ${numbers} 0102`)
    expect(decodeMessage(bytes)).toMatchObject({
      ok: false,
      error: { code: 'invalidValue', offset: offset + 28, path: ['encryptedFragment', field] }
    })
  })

  test.each([
    ['keyExchange', 34, '001f00'],
    ['identificationInitiator', 35, '010000'],
    ['identificationResponder', 36, ''],
    ['certificate', 37, ''],
    ['certificateRequest', 38, ''],
    ['authentication', 39, '020000'],
    ['notify', 41, '000040'],
    ['delete', 42, '010000'],
    ['configuration', 47, '010000']
  ])('%s without its fixed part is truncated', (kind, type, body) => {
    expect(error(type, body)).toMatchObject({ code: 'truncated', offset: 4, path: [kind] })
  })

  test('a Notify whose SPI is longer than its body is invalidLength', () => {
    expect(error(41, '03054009 01020304')).toMatchObject({ code: 'invalidLength', offset: 5, path: ['notify', 'spi'] })
  })

  test('a Notify keeps a protocol it must ignore, octet for octet', () => {
    expect(decode(41, '01004010')).toEqual({ kind: 'notify', protocol: 1, spi: EMPTY, type: 16400, data: EMPTY })
  })

  test('Configuration attributes: the reserved bit is ignored, values may be empty (section 3.15.1)', () => {
    const result = decodePayloads(withHeader('01000000 80010000 00030004 0a000001'), 47)
    expect(result).toEqual({
      ok: true,
      value: [
        {
          kind: 'configuration',
          configurationType: 1,
          attributes: [
            { type: 1, value: EMPTY },
            { type: 3, value: fromHex('0a000001') }
          ]
        }
      ]
    })
  })

  test.each([
    ['half an attribute', '01000000 000100', 'truncated', 8],
    ['an attribute beyond the payload', '01000000 00010005 01020304', 'invalidLength', 10]
  ])('Configuration: %s is refused', (_, body, code, offset) => {
    expect(error(47, body)).toMatchObject({ code, offset, path: ['configuration', 'attributes[0]'] })
  })

  test('RESERVED bits of a received ID survive into the octets that AUTH covers (section 2.15)', () => {
    const payload = decode(35, '02a1b2c3 61')
    expect(payload).toEqual({
      kind: 'identificationInitiator',
      idType: 2,
      data: fromHex('61'),
      reserved: 0xa1b2c3
    })
    expect(toHex(encodePayloadBody(payload))).toBe('02a1b2c361')
  })
})
