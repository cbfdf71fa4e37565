import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import { decodeMessage } from '../../src/codec/index.ts'
import {
  aes128Cbc,
  hmacSha1_96,
  type IkeSuite,
  ikeKeys,
  modp2048,
  type OpenedFragment,
  type OpenedMessage,
  type OpenFailure,
  openFragment,
  openMessage,
  prfHmacSha1,
  sealFragment,
  sealMessage
} from '../../src/crypto/index.ts'
import constants from '../vectors/iketests-constants.json' with { type: 'json' }
import iketests from '../vectors/iketests-messages.json' with { type: 'json' }
import tcpdump from '../vectors/the-tcpdump-group_tcpdump__ikev2pI2.json' with { type: 'json' }
import { aes128Ctr, tripleDesCbc } from './left-out-ciphers.ts'

/** Single messages recorded with the keys of their direction, under HMAC-SHA1-96 and AES-CBC-128 or 3DES. */
interface Keyed {
  readonly name: string
  readonly hex: string
  readonly plaintext: string
  readonly plaintextWithPadding?: string
  readonly encryptionKey: string
  readonly integrityKey: string
}

const ofAndroid = iketests.messages.flatMap((message, i): Keyed[] => {
  if (!('keys' in message) || message.keys === undefined) return []
  const { hex, plaintext, plaintextWithPadding, keys } = message
  return [
    {
      name: `iketests ${i}`,
      hex,
      plaintext: plaintext as string,
      plaintextWithPadding: plaintextWithPadding as string,
      encryptionKey: keys.SK_e,
      integrityKey: keys.SK_a
    }
  ]
})
const ofTcpdump = tcpdump.messages.flatMap((message, i): Keyed[] => {
  if (!('plaintext' in message) || typeof message.plaintext !== 'string') return []
  const { SK_ei, SK_ai, SK_er, SK_ar } = tcpdump.keys
  const [encryptionKey, integrityKey] = message.header.initiator ? [SK_ei, SK_ai] : [SK_er, SK_ar]
  const { hex, plaintext } = message
  return [{ name: `tcpdump ${i}`, hex, plaintext, encryptionKey, integrityKey }]
})

type Four = [string, string, string, string]

/** The constants of one class of Android's unit tests, by name. */
function valuesOf(className: string): (name: string) => string {
  const values = Object.entries(constants.files).find(([file]) => file.endsWith(`/${className}.java`))?.[1]
  return (name) => (values as unknown as Readonly<Record<string, string>>)[name] as string
}

/** Opens what one key of each kind protects, whoever sent it. */
function opened({ hex, encryptionKey, integrityKey }: Keyed) {
  const encryption = encryptionKey.length === 2 * tripleDesCbc.keyOctets ? tripleDesCbc : aes128Cbc
  const suite: IkeSuite = { encryption, integrity: hmacSha1_96, prf: prfHmacSha1, keyExchange: modp2048 }
  const material = new Uint8Array(5 * 20 + 2 * encryption.keyOctets)
  const { ei, er, ai, ar } = ikeKeys(suite, material)
  for (const key of [ei, er]) key.set(fromHex(encryptionKey))
  for (const key of [ai, ar]) key.set(fromHex(integrityKey))
  const message = fromHex(hex)
  const decoded = decodeMessage(message)
  if (!decoded.ok) throw new Error(decoded.error.code)
  const { value: header } = decoded
  const input = {
    suite,
    material,
    sender: header.fromInitiator ? 'initiator' : 'responder',
    message,
    offset: 28
  } as const
  const isFragment = header.payloads[0]?.kind === 'encryptedFragment'
  const result: OpenedMessage | OpenedFragment | OpenFailure = isFragment ? openFragment(input) : openMessage(input)
  return { suite, material, header, result }
}

function isFragmentOf(opened: OpenedMessage | OpenedFragment): opened is OpenedFragment {
  return 'totalFragments' in opened
}

/** Opens a message and makes it again, octet by octet, from what was in it. */
function expectPlaintext(keyed: Keyed, padded = keyed.plaintextWithPadding): void {
  const { suite, material, header, result } = opened(keyed)
  if (!result.ok) throw new Error(result.error)
  expect(toHex(result.inner)).toBe(keyed.plaintext)
  expect(toHex(result.inner) + toHex(result.padding) + toHex(Uint8Array.of(result.padding.length))).toBe(padded)
  const input = { suite, material, header }
  const sealed = isFragmentOf(result) ? sealFragment({ ...input, ...result }) : sealMessage({ ...input, ...result })
  expect(toHex(sealed)).toBe(keyed.hex)
}

describe('messages recorded with keys', () => {
  it('are four: two of Android’s unit tests with 3DES, one with AES-CBC, and one of tcpdump', () => {
    expect(ofAndroid.map(({ encryptionKey }) => encryptionKey.length / 2)).toEqual([24, 24, 16])
    expect(ofTcpdump.length).toBe(1)
  })

  it.each(ofAndroid)('$name opens to its plaintext and padding, and is sealed again to the same octets', (keyed) =>
    expectPlaintext(keyed)
  )

  it.each(ofTcpdump)(
    '$name has a checksum that is not of its key, as its record says; AES-CBC gives its plaintext',
    (keyed) => {
      expect(tcpdump.messages.filter((message) => 'decryptNote' in message)).toMatchObject([
        { hex: keyed.hex, decryptNote: expect.stringMatching(/^ICV does not verify/) }
      ])
      expect(opened(keyed).result).toEqual({ ok: false, error: 'integrityFailed' })
      const message = fromHex(keyed.hex)
      // Header, generic header and IV before, checksum after.
      const ciphertext = message.subarray(28 + 4 + 16, message.length - hmacSha1_96.icvOctets)
      const cipher = aes128Cbc.prepare(fromHex(keyed.encryptionKey))
      const padded = cipher.open(message.subarray(32, 48), ciphertext, new Uint8Array(0)) as Uint8Array
      const padding = (padded.at(-1) as number) + 1
      expect(toHex(padded.subarray(0, padded.length - padding))).toBe(keyed.plaintext)
    }
  )
})

describe('protected messages of Android’s unit tests, from their constants', () => {
  const bodies = valuesOf('IkeEncryptedPayloadBodyTest')
  const keyed = (hex: string, plaintext: string, encryptionKey: string, integrityKey: string): Keyed => {
    return { name: '', hex, plaintext, encryptionKey, integrityKey }
  }

  it('HMAC_SHA1_3DES_MSG', () => {
    const names = ['MSG_HEX_STRING', 'DECRYPTED_BODY_HEX_STRING', 'MSG_ENCR_KEY', 'MSG_INTE_KEY']
    const [hex, inner, encr, inte] = names.map((name) => bodies(`HMAC_SHA1_3DES_${name}`)) as Four
    const record = ofAndroid.find((each) => each.hex === hex)
    expectPlaintext(keyed(hex, inner, encr, inte), record?.plaintextWithPadding as string)
  })

  it('HMAC_SHA1_3DES_FRAG, with its IV and padding', () => {
    const value = (name: string) => bodies(`HMAC_SHA1_3DES_FRAG_${name}`)
    const [hex, inner, encr, inte] = ['HEX_STRING', 'DECRYPTED_BODY_HEX_STRING', 'ENCR_KEY', 'INTE_KEY'].map(
      value
    ) as Four
    const fragment = keyed(hex, inner, encr, inte)
    expectPlaintext(fragment, `${inner}${value('PADDING')}06`)
    const { result } = opened(fragment)
    expect(result.ok && toHex(result.iv)).toBe(value('IV'))
    expect(result).toMatchObject({ fragmentNumber: 5, totalFragments: 5 })
    // IkeMessageTest has the fragment once more, as the second of two: its checksum is that of the fifth of five.
    const renumbered = valuesOf('IkeMessageTest')('IKE_FRAG_HEX_STRING')
    expect(renumbered).toBe(hex.replace('00050005', '00020002'))
    expect(opened({ ...fragment, hex: renumbered }).result).toEqual({ ok: false, error: 'integrityFailed' })
  })

  it('IKE_AUTH_INIT_REQUEST, in parts and whole', () => {
    const part = (name: string) => bodies(`IKE_AUTH_INIT_REQUEST_${name}`)
    const parts = ['HEADER', 'SK_HEADER', 'IV', 'ENCRYPT_PADDED_DATA', 'CHECKSUM'].map(part)
    const inner = part('UNENCRYPTED_DATA')
    const keys = ['ENCR_KEY_FROM_INIT_TO_RESP', 'INTE_KEY_FROM_INIT_TO_RESP']
    const [encr, inte] = keys.map(bodies) as [string, string]
    const padded = `${inner}${part('PADDING')}0b`
    expectPlaintext(keyed(parts.join(''), inner, encr, inte), padded)
    const whole = valuesOf('IkeSkPayloadTest')
    expect(whole('IKE_AUTH_INIT_REQUEST_HEX_STRING')).toBe(parts.join(''))
    expect(whole('IKE_AUTH_INIT_REQUEST_DECRYPTED_BODY_HEX_STRING')).toBe(inner)
    expect(keys.map(whole)).toEqual([encr, inte])
    const message = valuesOf('IkeMessageTest')
    expect(message('IKE_AUTH_HEADER_HEX_STRING') + message('IKE_AUTH_BODY_HEX_STRING')).toBe(parts.join(''))
    expect(message('IKE_AUTH_EXPECTED_CHECKSUM_HEX_STRING')).toBe(part('CHECKSUM'))
    expect(message('IKE_AUTH_UNENCRYPTED_PADDED_DATA_HEX_STRING')).toBe(padded)
  })

  it('IKE_EMPTY_INFO_MSG, under the keys of the same IKE SA, has nothing in it', () => {
    const part = (name: string) => valuesOf('IkeMessageTest')(`IKE_EMPTY_INFO_MSG_${name}`)
    const hex = part('HEX_STRING')
    const parts = ['IV_HEX_STRING', 'ENCRYPTED_DATA_HEX_STRING', 'CHECKSUM_HEX_STRING'].map(part)
    expect(hex.slice(2 * 32)).toBe(parts.join(''))
    const keys = valuesOf('SaRecordTest')
    const empty = keyed(hex, '', keys('IKE_SK_ENCR_INIT_HEX_STRING'), keys('IKE_SK_AUTH_INIT_HEX_STRING'))
    const { result } = opened(empty)
    expect(result).toMatchObject({ ok: true, firstInner: 0, inner: new Uint8Array(0) })
  })

  it('IKE_FRAG_MSG of IkeSkfPayloadTest ends in its checksum and has room for its plaintext; its keys are not known', () => {
    const part = (name: string) => valuesOf('IkeSkfPayloadTest')(`IKE_FRAG_MSG_${name}`)
    const decoded = decodeMessage(fromHex(part('HEX_STRING')))
    const payload = decoded.ok ? decoded.value.payloads[0] : undefined
    if (payload?.kind !== 'encryptedFragment') throw new Error('no fragment')
    expect(payload).toMatchObject({ fragmentNumber: 2, totalFragments: 2, firstInner: 0 })
    const checksum = part('CHECKSUM')
    expect(toHex(payload.body).endsWith(checksum)).toBe(true)
    const padded = part('DECRYPTED_BODY_HEX_STRING') + part('PADDING')
    expect(payload.body.length).toBe(16 + (padded.length + checksum.length) / 2)
  })
})

it('AES_CTR of Android’s unit tests seals and opens (RFC 5930)', () => {
  const value = (name: string) => fromHex(valuesOf('IkeNormalModeCipherTest')(`AES_CTR_${name}`))
  const cipher = aes128Ctr.prepare(value('KEY'))
  const none = new Uint8Array(0)
  expect(cipher.seal(value('IV'), value('UNENCRYPTED_DATA'), none)).toEqual(value('ENCRYPT_DATA'))
  expect(cipher.open(value('IV'), value('ENCRYPT_DATA'), none)).toEqual(value('UNENCRYPTED_DATA'))
})
