import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../src/bytes/index.ts'
import {
  aes128Cbc,
  aes256Gcm16,
  aesCmac96,
  aesXcbc96,
  type ChildSuite,
  chacha20Poly1305,
  deriveChildKeys,
  deriveIkeKeys,
  type EncryptionAlgorithm,
  hmacSha1_96,
  type IkeSuite,
  type IntegrityAlgorithm,
  ikeKeys,
  type KeyExchangeMethod,
  modp2048,
  type PseudoRandomFunction,
  prfAesCmac,
  prfAesXcbc,
  prfHmacSha1,
  prfHmacSha256,
  pskAuth,
  signedOctets,
  x25519
} from '../../src/crypto/index.ts'
import constants from '../vectors/iketests-constants.json' with { type: 'json' }
import { modp1024, modp1536 } from './weak-groups.ts'

/** The constants of one class of Android's unit tests, by name. */
function valuesOf(className: string): (name: string) => Uint8Array {
  const values = Object.entries(constants.files).find(([file]) => file.endsWith(`/${className}.java`))?.[1]
  return (name) => fromHex((values as unknown as Record<string, string>)[name] as string)
}

const macs = valuesOf('IkeMacPrfTest')
const rekeyed = concatBytes(macs('sharedDhKeyHex'), macs('nonceInitHex'), macs('nonceRespHex'))

describe('PRFs of Android’s unit tests', () => {
  it.each<[string, PseudoRandomFunction, string, string]>([
    ['PRF_HMAC_SHA1', prfHmacSha1, '', ''],
    ['PRF_HMAC_SHA2_256', prfHmacSha256, 'PRF_HMAC256_', ''],
    ['PRF_AES128_XCBC', prfAesXcbc, 'PRF_AES128XCBC_', ''],
    ['PRF_AES128_XCBC of a whole block', prfAesXcbc, 'PRF_AES128XCBC_', '1'],
    ['PRF_AES128_XCBC with a short key', prfAesXcbc, 'PRF_AES128XCBC_', '2'],
    ['PRF_AES128_XCBC with a long key', prfAesXcbc, 'PRF_AES128XCBC_', '3'],
    ['PRF_AES128_CMAC', prfAesCmac, 'PRF_AES128_CMAC_', ''],
    ['PRF_AES128_CMAC with a short key', prfAesCmac, 'PRF_AES128_CMAC_', '1'],
    ['PRF_AES128_CMAC with a long key', prfAesCmac, 'PRF_AES128_CMAC_', '2']
  ])('%s', (_, prf, prefix, suffix) => {
    const key = macs(`${prefix || 'PRF_'}KEY_HEX_STRING${suffix}`)
    const data = macs(`${prefix}DATA_TO_SIGN_HEX_STRING${suffix}`)
    expect(toHex(prf.prepare(key)(data))).toBe(toHex(macs(`${prefix}CALCULATED_MAC_HEX_STRING${suffix}`)))
  })

  it('SKEYSEED: prf(Ni | Nr, g^ir), of a rekey prf(SK_d, g^ir | Ni | Nr)', () => {
    const first = (prf: PseudoRandomFunction, prefix: string) => {
      const nonces = ['INIT', 'RESP'].map((end) => macs(`${prefix}IKE_NONCE_${end}_HEX_STRING`))
      return toHex(prf.prepare(concatBytes(...nonces))(macs(`${prefix}IKE_SHARED_DH_KEY_HEX_STRING`)))
    }
    expect(first(prfHmacSha1, '')).toBe(toHex(macs('IKE_SKEYSEED_HEX_STRING')))
    expect(first(prfHmacSha256, 'PRF_HMAC256_')).toBe(toHex(macs('PRF_HMAC256_IKE_SKEYSEED_HEX_STRING')))
    expect(toHex(prfAesXcbc.prepare(macs('oldSkdHex'))(rekeyed))).toBe(toHex(macs('expectedSKeySeedHex')))
  })

  it.each(['SaRecordTest', 'IkeMacPrfTest'])('keys of the IKE SA and of its first Child SA in %s', (className) => {
    const value = valuesOf(className)
    const suite: IkeSuite = { encryption: aes128Cbc, integrity: hmacSha1_96, prf: prfHmacSha1, keyExchange: modp2048 }
    const nonces = {
      nonceInitiator: value('IKE_NONCE_INIT_HEX_STRING'),
      nonceResponder: value('IKE_NONCE_RESP_HEX_STRING')
    }
    const keys = ikeKeys(
      suite,
      deriveIkeKeys({
        suite,
        ...nonces,
        sharedSecret: value('IKE_SHARED_DH_KEY_HEX_STRING'),
        initiatorSpi: macs('IKE_INIT_SPI'),
        responderSpi: macs('IKE_RESP_SPI')
      })
    )
    const names = ['D', 'AUTH_INIT', 'AUTH_RESP', 'ENCR_INIT', 'ENCR_RESP', 'PRF_INIT', 'PRF_RESP']
    const { d, ai, ar, ei, er, pi, pr } = keys
    expect([d, ai, ar, ei, er, pi, pr].map(toHex)).toEqual(
      names.map((name) => toHex(value(`IKE_SK_${name}_HEX_STRING`)))
    )
    const child: ChildSuite = { encryption: aes128Cbc, integrity: hmacSha1_96, extendedSequenceNumbers: false }
    // RFC 7296 section 2.17: all keys of the initiator's direction first, encryption before integrity.
    const inOrder = ['ENCR_INIT', 'AUTH_INIT', 'ENCR_RESP', 'AUTH_RESP']
    expect(toHex(deriveChildKeys({ prf: prfHmacSha1, skD: d, suite: child, ...nonces }))).toBe(
      inOrder.map((name) => toHex(value(`FIRST_CHILD_${name}_HEX_STRING`))).join('')
    )
  })
})

describe('integrity algorithms of Android’s unit tests', () => {
  const value = valuesOf('IkeMacIntegrityTest')
  it.each<[string, IntegrityAlgorithm, string, string, string]>([
    ['AUTH_HMAC_SHA1_96', hmacSha1_96, 'INTEGRITY_KEY_HEX_STRING', 'DATA_TO_AUTH_HEX_STRING', 'CHECKSUM_HEX_STRING'],
    ...['AUTH_AES128XCBC_', 'AUTH_AES128XCBC_1', 'AUTH_AES_CMAC_96_'].map(
      (each): [string, IntegrityAlgorithm, string, string, string] => {
        const [prefix, suffix] = each.endsWith('1') ? [each.slice(0, -1), '1'] : [each, '']
        const [key, data, mac] = ['KEY', 'DATA_TO_SIGN', 'CALCULATED_MAC'].map(
          (name) => `${prefix}${name}_HEX_STRING${suffix}`
        ) as [string, string, string]
        return [each, each.includes('XCBC') ? aesXcbc96 : aesCmac96, key, data, mac]
      }
    )
  ])('%s', (_, integrity, key, data, mac) => {
    expect(toHex(integrity.prepare(value(key)).checksum(value(data)))).toBe(toHex(value(mac)))
  })
})

describe('ciphers of Android’s unit tests', () => {
  const none = new Uint8Array(0)
  const aead = valuesOf('IkeCombinedModeCipherTest')
  const cbc = valuesOf('IkeNormalModeCipherTest')
  const cases: [EncryptionAlgorithm, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array][] = [
    [
      aes256Gcm16,
      aead('KEY'),
      aead('IV'),
      aead('UNENCRYPTED_PADDED_DATA'),
      aead('ADDITIONAL_AUTH_DATA'),
      aead('ENCRYPTED_PADDED_DATA_WITH_CHECKSUM')
    ],
    [
      chacha20Poly1305,
      aead('CHACHA_POLY_KEY'),
      aead('CHACHA_POLY_IV'),
      aead('CHACHA_POLY_UNENCRYPTED_DATA'),
      aead('CHACHA_POLY_ADDITIONAL_AUTH_DATA'),
      aead('CHACHA_POLY_ENCRYPTED_DATA_WITH_CHECKSUM')
    ],
    [
      aes128Cbc,
      cbc('ENCR_KEY_FROM_INIT_TO_RESP'),
      cbc('IKE_AUTH_INIT_REQUEST_IV'),
      cbc('IKE_AUTH_INIT_REQUEST_UNENCRYPTED_PADDED_DATA'),
      none,
      cbc('IKE_AUTH_INIT_REQUEST_ENCRYPT_PADDED_DATA')
    ]
  ]

  it.each(cases)('$name seals and opens', ({ prepare }, key, iv, plaintext, associated, sealed) => {
    expect(toHex(prepare(key).seal(iv, plaintext, associated))).toBe(toHex(sealed))
    expect(prepare(key).open(iv, sealed, associated)).toEqual(plaintext)
  })

  it.each([
    ['MSG', 32],
    ['FRAG', 36]
  ])('AES_GCM_%s opens: associated data are the headers before the IV', (name, headers) => {
    const value = valuesOf('IkeEncryptedPayloadBodyTest')
    const message = value(`AES_GCM_${name}_HEX_STRING`)
    const iv = message.slice(headers, headers + 8)
    expect(iv).toEqual(value(`AES_GCM_${name}_IV`))
    const opened = aes256Gcm16
      .prepare(value(`AES_GCM_${name}_ENCR_KEY`))
      .open(iv, message.slice(headers + 8), message.slice(0, headers)) as Uint8Array
    // The last octet is the Pad Length; before it stands that much padding.
    const padding = (opened.at(-1) as number) + 1
    expect(toHex(opened.slice(0, -padding))).toBe(toHex(value(`AES_GCM_${name}_DECRYPTED_BODY_HEX_STRING`)))
  })
})

describe('key exchange of Android’s unit tests', () => {
  const value = valuesOf('IkeKePayloadTest')
  it.each<[string, KeyExchangeMethod, Uint8Array, string, string]>([
    [
      'MODP-1024',
      modp1024,
      value('LOCAL_PRIVATE_KEY_1024_X_VALUE'),
      'REMOTE_PUBLIC_KEY_1024',
      'EXPECTED_SHARED_KEY_1024'
    ],
    ['MODP-1536', modp1536, value('privateKeyXValueHex'), 'publicKeyRemoteHex', 'expectedSharedKeyHex'],
    // RFC 8410 section 7: the last 32 octets of the PKCS #8 key.
    ['X25519', x25519, value('privateKeyHex').slice(-32), 'publicKeyHex', 'sharedKeyHex']
  ])('%s', (_, method, privateKey, peer, shared) => {
    expect(method.sharedSecret(privateKey, value(peer))).toEqual(value(shared))
  })
})

it('signed octets and AUTH with a pre-shared key of Android’s unit tests', () => {
  const value = valuesOf('IkeAuthPayloadTest')
  const octets = signedOctets({
    message: value('PSK_IKE_INIT_REQUEST_HEX_STRING'),
    nonce: value('PSK_NONCE_RESP_HEX_STRING'),
    prf: prfHmacSha1,
    skP: value('PSK_SKP_HEX_STRING'),
    idBody: value('PSK_ID_PAYLOAD_HEX_STRING')
  })
  expect(toHex(octets)).toBe(toHex(value('PSK_INIT_SIGNED_OCTETS')))
  expect(octets.slice(-20)).toEqual(value('PSK_SIGNED_OCTETS_APPENDIX_HEX_STRING'))
  const secret = valuesOf('IkeAuthPskPayloadTest')('PSK_HEX_STRING')
  expect(pskAuth({ prf: prfHmacSha1, secret, signedOctets: octets })).toEqual(
    value('PSK_AUTH_PAYLOAD_SIGNATURE_HEX_STRING')
  )
})
