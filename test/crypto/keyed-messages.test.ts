import { expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import { aes128Cbc, hmacSha1_96 } from '../../src/crypto/index.ts'
import iketests from '../vectors/iketests-messages.json' with { type: 'json' }
import tcpdump from '../vectors/the-tcpdump-group_tcpdump__ikev2pI2.json' with { type: 'json' }

/** Single messages recorded with the keys of their direction, under HMAC-SHA1-96 and AES-CBC-128 or 3DES. */
interface Keyed {
  readonly name: string
  readonly hex: string
  readonly plaintext?: string
  readonly encryptionKey: string
  readonly integrityKey: string
  /** False where the record says that its checksum is not that of its key. */
  readonly authentic: boolean
}

const ofAndroid = iketests.messages.flatMap((message, i): Keyed[] =>
  'keys' in message && message.keys !== undefined
    ? [
        {
          name: `iketests ${i}`,
          hex: message.hex,
          plaintext: message.plaintext as string,
          encryptionKey: message.keys.SK_e,
          integrityKey: message.keys.SK_a,
          authentic: true
        }
      ]
    : []
)
const ofTcpdump = tcpdump.messages.flatMap((message, i): Keyed[] => {
  if (!('plaintext' in message) || typeof message.plaintext !== 'string') return []
  const { SK_ei, SK_ai, SK_er, SK_ar } = tcpdump.keys
  const [encryptionKey, integrityKey] = message.header.initiator ? [SK_ei, SK_ai] : [SK_er, SK_ar]
  const { hex, plaintext } = message
  const authentic = !('decryptNote' in message && String(message.decryptNote).startsWith('ICV does not verify'))
  return [{ name: `tcpdump ${i}`, hex, plaintext, encryptionKey, integrityKey, authentic }]
})

it('there are four: three of Android’s unit tests, and one of tcpdump with a wrong checksum', () => {
  expect([...ofAndroid, ...ofTcpdump].map(({ authentic }) => authentic)).toEqual([true, true, true, false])
  expect([ofAndroid.length, ofTcpdump.length]).toEqual([3, 1])
})

it.each([...ofAndroid, ...ofTcpdump])(
  '$name: the checksum is as recorded, right or wrong; AES-CBC gives the plaintext',
  (keyed) => {
    const message = fromHex(keyed.hex)
    const end = message.length - hmacSha1_96.icvOctets
    const integrity = hmacSha1_96.prepare(fromHex(keyed.integrityKey))
    const checksum = toHex(integrity.checksum(message.subarray(0, end)))
    expect(checksum === toHex(message.subarray(end))).toBe(keyed.authentic)
    const key = fromHex(keyed.encryptionKey)
    // 3DES has a key of 24 octets, and is left out (RFC 8247 section 2.1).
    if (key.length !== aes128Cbc.keyOctets) return expect(key.length).toBe(24)
    const iv = message.subarray(32, 48)
    const padded = aes128Cbc.prepare(key).open(iv, message.subarray(48, end), new Uint8Array(0)) as Uint8Array
    const padding = (padded.at(-1) as number) + 1
    expect(toHex(padded.subarray(0, padded.length - padding))).toBe(keyed.plaintext)
  }
)
