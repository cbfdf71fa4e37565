import { describe, expect, test } from 'vitest'
import {
  type ConfigurationName,
  decodeConfigurationAttribute,
  decodeData,
  encodeConfigurationAttribute,
  encodeData
} from '../../src/bodies/index.ts'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import { AUTH_METHOD, CERTIFICATE_ENCODING, CONFIGURATION_ATTRIBUTE, ID_TYPE } from '../../src/codec/index.ts'

const hex = fromHex

describe('configuration attributes', () => {
  // Written from RFC 7296 section 3.15.1 and the figures of the RFC named.
  test.each<[string, ConfigurationName, object, string]>([
    ['RFC 7296', 'INTERNAL_IP4_ADDRESS', {}, ''],
    ['RFC 7296', 'INTERNAL_IP4_ADDRESS', { address: '10.3.0.1' }, '0a030001'],
    ['RFC 7296', 'INTERNAL_IP4_NETMASK', { netmask: '255.255.255.0' }, 'ffffff00'],
    ['RFC 7296', 'INTERNAL_IP4_SUBNET', { address: '10.0.0.0', netmask: '255.0.0.0' }, '0a000000ff000000'],
    [
      'RFC 7296',
      'INTERNAL_IP6_ADDRESS',
      { address: '2001:db8:0:1:2:3:4:5', prefixLength: 64 },
      '20010db800000001000200030004000540'
    ],
    ['RFC 7296', 'INTERNAL_IP6_DNS', { address: '2001:db8::53' }, '20010db8000000000000000000000053'],
    ['RFC 7296', 'APPLICATION_VERSION', { version: 'foobar v1.3beta' }, '666f6f6261722076312e3362657461'],
    ['RFC 7296', 'SUPPORTED_ATTRIBUTES', { attributes: [1, 14] }, '0001000e'],
    [
      'RFC 5026 section 8.2',
      'MIP6_HOME_PREFIX',
      { lifetime: 86400, prefix: '2001:db8::', prefixLength: 64 },
      '0001518020010db800000000000000000000000040'
    ],
    [
      'RFC 5739 section 5.1',
      'INTERNAL_IP6_LINK',
      { interfaceId: hex('0200000000000001'), linkId: hex('aabb') },
      '0200000000000001aabb'
    ],
    [
      'RFC 5739 section 5.2',
      'INTERNAL_IP6_PREFIX',
      { prefix: '2001:db8:1::', prefixLength: 64 },
      '20010db800010000000000000000000040'
    ],
    ['RFC 7651 section 3', 'P_CSCF_IP4_ADDRESS', { address: '192.0.2.9' }, 'c0000209'],
    ['RFC 8598 section 4.1', 'INTERNAL_DNS_DOMAIN', { domain: 'example.com' }, '6578616d706c652e636f6d'],
    [
      'RFC 8598 section 4.2',
      'INTERNAL_DNSSEC_TA',
      { keyTag: 43547, algorithm: 8, digestType: 1, digest: hex('b6225ab2') },
      'aa1b0801b6225ab2'
    ],
    ['RFC 9464 section 3.1', 'ENCDNS_IP4', { content: hex('') }, ''],
    ['RFC 9464 section 3.1', 'ENCDNS_IP6', { content: hex('000101') }, '000101'],
    ['RFC 9464 section 3.2', 'ENCDNS_DIGEST_INFO', { content: hex('00020002') }, '00020002']
  ])('%s: %s %j', (_, name, body, octets) => {
    const attribute = encodeConfigurationAttribute(name, body as never)
    expect([attribute.type, toHex(attribute.value)]).toEqual([CONFIGURATION_ATTRIBUTE[name], octets])
    expect(decodeConfigurationAttribute(attribute)).toEqual({ ok: true, value: { name, body } })
  })

  test.each<[ConfigurationName, string, object]>([
    ['INTERNAL_IP4_ADDRESS', '0a0300', { code: 'truncated', offset: 0, field: 'address' }],
    ['INTERNAL_IP4_ADDRESS', '0a03000100', { code: 'trailingOctets', offset: 4, field: '' }],
    [
      'INTERNAL_IP6_ADDRESS',
      '20010db800000001000200030004000581',
      { code: 'invalidValue', offset: 16, field: 'prefixLength' }
    ],
    ['SUPPORTED_ATTRIBUTES', '000100', { code: 'truncated', offset: 2, field: 'attributes[1]' }]
  ])('%s of %s is refused at its place', (name, octets, error) => {
    const attribute = { type: CONFIGURATION_ATTRIBUTE[name], value: hex(octets) }
    expect(decodeConfigurationAttribute(attribute)).toEqual({ ok: false, error })
  })

  test('APPLICATION_VERSION is written in printable ASCII and read in any UTF-8 (section 3.15.1)', () => {
    for (const version of ['a\tb', 'a\0', 'é', '\x7f']) {
      const encode = () => encodeConfigurationAttribute('APPLICATION_VERSION', { version })
      expect(encode).toThrow(RangeError)
      expect(encode).toThrow('configuration APPLICATION_VERSION.version: ')
    }
    expect(encodeConfigurationAttribute('APPLICATION_VERSION', { version: ' ~' }).value).toEqual(hex('207e'))
    const read = (octets: string) => decodeConfigurationAttribute({ type: 7, value: hex(octets) })
    expect(read('c3a900')).toEqual({ ok: true, value: { name: 'APPLICATION_VERSION', body: { version: 'é\0' } } })
  })

  test('SUPPORTED_ATTRIBUTES are written of 15 bits, as types have, and read of 16', () => {
    const encode = (type: number) => () =>
      encodeConfigurationAttribute('SUPPORTED_ATTRIBUTES', { attributes: [1, type] })
    expect(encode(0x7fff)().value).toEqual(hex('00017fff'))
    expect(encode(0x8000)).toThrow(RangeError)
    expect(encode(0x8000)).toThrow('configuration SUPPORTED_ATTRIBUTES.attributes[1]: ')
    expect(decodeConfigurationAttribute({ type: 14, value: hex('8001') })).toMatchObject({
      value: { body: { attributes: [0x8001] } }
    })
  })

  test('an attribute nobody registered has no layout', () => {
    expect(decodeConfigurationAttribute({ type: 0x7000, value: hex('00') })).toBeUndefined()
  })
})

describe('data of payloads', () => {
  const identity = (idType: number, octets: string) =>
    decodeData({ kind: 'identificationInitiator', idType, data: hex(octets) })

  test.each([
    [ID_TYPE.ID_IPV4_ADDR, 'c0000201', { name: 'ID_IPV4_ADDR', body: { address: '192.0.2.1' } }],
    [ID_TYPE.ID_FQDN, '67772e6578616d706c65', { name: 'ID_FQDN', body: { name: 'gw.example' } }],
    [ID_TYPE.ID_RFC822_ADDR, '6a406578616d706c65', { name: 'ID_RFC822_ADDR', body: { address: 'j@example' } }],
    [ID_TYPE.ID_DER_ASN1_DN, '3000', { name: 'ID_DER_ASN1_DN', body: { der: hex('3000') } }],
    [ID_TYPE.ID_KEY_ID, '', { name: 'ID_KEY_ID', body: { keyId: hex('') } }],
    [ID_TYPE.ID_FC_NAME, '0102030405060708', { name: 'ID_FC_NAME', body: { worldWideName: hex('0102030405060708') } }],
    [ID_TYPE.ID_NULL, '', { name: 'ID_NULL', body: {} }]
  ])('identity of type %i (RFC 7296 section 3.5, RFC 4595, RFC 7619)', (idType, octets, value) => {
    expect(identity(idType, octets)).toEqual({ ok: true, value })
  })

  test('identities that are none are refused', () => {
    expect(identity(ID_TYPE.ID_IPV4_ADDR, 'c00002')?.ok).toBe(false)
    expect(identity(ID_TYPE.ID_FQDN, 'ff')?.ok).toBe(false)
    expect(identity(ID_TYPE.ID_NULL, '00')?.ok).toBe(false)
    expect(identity(200, '00')).toBeUndefined()
  })

  test.each(['00', '0d', '0a'])('an identity that holds terminator %s is none (section 3.5)', (octet) => {
    const error = { code: 'invalidValue', offset: 1 }
    expect(identity(ID_TYPE.ID_FQDN, `61${octet}62`)).toEqual({ ok: false, error: { ...error, field: 'name' } })
    expect(identity(ID_TYPE.ID_RFC822_ADDR, `61${octet}`)).toEqual({ ok: false, error: { ...error, field: 'address' } })
    const text = `a${String.fromCharCode(Number.parseInt(octet, 16))}`
    expect(() => encodeData('identification', 'ID_FQDN', { name: text })).toThrow('identification ID_FQDN.name: ')
    const mail = () => encodeData('identification', 'ID_RFC822_ADDR', { address: text })
    expect(mail).toThrow(RangeError)
    expect(mail).toThrow('identification ID_RFC822_ADDR.address: ')
  })

  test('ID_FQDN is written in ASCII, ID_RFC822_ADDR in UTF-8 (section 3.5)', () => {
    expect(() => encodeData('identification', 'ID_FQDN', { name: 'bücher.example' })).toThrow(RangeError)
    expect(() => encodeData('identification', 'ID_FQDN', { name: 'bücher.example' })).toThrow('ID_FQDN.name: ')
    expect(identity(ID_TYPE.ID_FQDN, 'c3bc')).toMatchObject({ ok: true, value: { body: { name: 'ü' } } })
    expect(encodeData('identification', 'ID_RFC822_ADDR', { address: 'ü@a' })).toEqual(hex('c3bc4061'))
  })

  test('AUTH of RFC 7427 section 3: length, AlgorithmIdentifier, signature', () => {
    const body = { algorithmIdentifier: hex('300506032b6570'), signature: hex('5a5a') }
    const octets = encodeData('authentication', 'DIGITAL_SIGNATURE', body)
    expect(toHex(octets)).toBe('07300506032b65705a5a')
    const payload = { kind: 'authentication', method: AUTH_METHOD.DIGITAL_SIGNATURE, data: octets } as const
    expect(decodeData(payload)).toEqual({ ok: true, value: { name: 'DIGITAL_SIGNATURE', body } })
    expect(decodeData({ ...payload, data: hex('083005') })?.ok).toBe(false)
    expect(decodeData({ ...payload, method: AUTH_METHOD.SHARED_KEY_MESSAGE_INTEGRITY_CODE })).toBeUndefined()
    const long = { ...body, algorithmIdentifier: new Uint8Array(256) }
    expect(() => encodeData('authentication', 'DIGITAL_SIGNATURE', long)).toThrow('algorithmIdentifier')
  })

  test('a certificate by hash and URL (RFC 7296 section 3.6)', () => {
    const body = { hash: hex('ab'.repeat(20)), url: 'http://ca.example/1' }
    const data = encodeData('certificate', 'HASH_AND_URL_OF_X509_CERTIFICATE', body)
    const encoding = CERTIFICATE_ENCODING.HASH_AND_URL_OF_X509_CERTIFICATE
    expect(toHex(data)).toBe(`${'ab'.repeat(20)}687474703a2f2f63612e6578616d706c652f31`)
    expect(decodeData({ kind: 'certificate', encoding, data })).toEqual({
      ok: true,
      value: { name: 'HASH_AND_URL_OF_X509_CERTIFICATE', body }
    })
    expect(decodeData({ kind: 'certificate', encoding: CERTIFICATE_ENCODING.X509_SIGNATURE, data })).toBeUndefined()
  })

  test('a certificate request lists SHA-1 hashes of trust anchors (RFC 7296 section 3.7)', () => {
    const authorities = [hex('01'.repeat(20)), hex('02'.repeat(20))]
    const data = encodeData('certificateRequest', 'X509_SIGNATURE', { authorities })
    expect(toHex(data)).toBe('01'.repeat(20) + '02'.repeat(20))
    const payload = { kind: 'certificateRequest', encoding: CERTIFICATE_ENCODING.X509_SIGNATURE, data } as const
    expect(decodeData(payload)).toEqual({ ok: true, value: { name: 'X509_SIGNATURE', body: { authorities } } })
    expect(decodeData({ ...payload, data: data.subarray(1) })).toEqual({
      ok: false,
      error: { code: 'truncated', offset: 20, field: 'authorities[1]' }
    })
    const short = { authorities: [hex('01')] }
    expect(() => encodeData('certificateRequest', 'X509_SIGNATURE', short)).toThrow('authorities[0]')
  })

  test('EAP: identity, Nak, MD5-Challenge and the expanded type (RFC 3748 section 5)', () => {
    const eap = (type: number, octets: string) =>
      decodeData({ kind: 'eap', code: 1, identifier: 0, type, data: hex(octets) })
    expect(eap(1, '6a')).toEqual({ ok: true, value: { name: 'IDENTITY', body: { identity: 'j' } } })
    expect(eap(3, '0d15')).toEqual({ ok: true, value: { name: 'NAK', body: { types: [13, 21] } } })
    expect(eap(4, '02aabb6e')).toEqual({
      ok: true,
      value: { name: 'MD5_CHALLENGE', body: { value: hex('aabb'), name: hex('6e') } }
    })
    expect(eap(254, '00137200000001ff')).toEqual({
      ok: true,
      value: { name: 'EXPANDED', body: { vendorId: 0x1372, vendorType: 1, data: hex('ff') } }
    })
    expect(eap(254, '001372')?.ok).toBe(false)
    expect(eap(13, '00')).toBeUndefined()
    expect(decodeData({ kind: 'eap', code: 3, identifier: 0 })).toBeUndefined()
    const body = { vendorId: 0x1372, vendorType: 1, data: hex('ff') }
    expect(toHex(encodeData('eap', 'EXPANDED', body))).toBe('00137200000001ff')
  })

  test('EAP Notification: a Request has text, a Response none (RFC 3748 section 5.2)', () => {
    const notification = (code: number, octets: string) =>
      decodeData({ kind: 'eap', code, identifier: 0, type: 2, data: hex(octets) })
    expect(notification(1, '6a')).toEqual({ ok: true, value: { name: 'NOTIFICATION', body: { message: 'j' } } })
    expect(notification(1, '')).toEqual({ ok: false, error: { code: 'truncated', offset: 0, field: 'message' } })
    expect(notification(2, '')).toEqual({ ok: true, value: { name: 'NOTIFICATION', body: {} } })
    expect(notification(2, '6a')).toEqual({ ok: false, error: { code: 'trailingOctets', offset: 0, field: '' } })
    // Of other codes nothing is known (RFC 6696).
    expect(notification(5, '')).toBeUndefined()
    expect(toHex(encodeData('eap', 'NOTIFICATION', {}))).toBe('')
    expect(toHex(encodeData('eap', 'NOTIFICATION', { message: 'j' }))).toBe('6a')
  })
})
