import { createCipheriv, createHmac } from 'node:crypto'
import {
  aes128Cbc,
  aes128Gcm16,
  aes192Cbc,
  aes256Cbc,
  aes256Gcm16,
  aesCmac96,
  aesXcbc96,
  chacha20Poly1305,
  hmacSha1_96,
  hmacSha256_128,
  hmacSha384_192,
  hmacSha512_256,
  type IkeSuite,
  type ProtectedHeader,
  prfHmacSha256,
  x25519
} from '../../../src/crypto/index.ts'

/** An IKE SA to fuzz, and what OpenSSL calls its algorithms. */
export interface FuzzedSa {
  readonly suite: IkeSuite
  readonly material: Uint8Array
  readonly cipher: string
  readonly hash: string
}

const PRF_OCTETS = 32
const AEAD_SALT_OCTETS = 4
const TAG_OCTETS = 16

/** One IKE SA of every cipher and every checksum; keys are counted up. */
export const FUZZED_SAS: readonly FuzzedSa[] = [
  sa(aes256Gcm16, null, 'aes-256-gcm'),
  sa(aes128Gcm16, null, 'aes-128-gcm'),
  sa(chacha20Poly1305, null, 'chacha20-poly1305'),
  sa(aes128Cbc, hmacSha1_96, 'aes-128-cbc', 'sha1'),
  sa(aes192Cbc, hmacSha256_128, 'aes-192-cbc', 'sha256'),
  sa(aes256Cbc, hmacSha256_128, 'aes-256-cbc', 'sha256'),
  sa(aes256Cbc, hmacSha384_192, 'aes-256-cbc', 'sha384'),
  sa(aes128Cbc, hmacSha512_256, 'aes-128-cbc', 'sha512'),
  sa(aes128Cbc, aesXcbc96, 'aes-128-cbc', 'xcbc'),
  sa(aes256Cbc, aesCmac96, 'aes-256-cbc', 'cmac')
]

function sa(encryption: IkeSuite['encryption'], integrity: IkeSuite['integrity'], cipher: string, hash = ''): FuzzedSa {
  const suite: IkeSuite = { encryption, integrity, prf: prfHmacSha256, keyExchange: x25519 }
  const octets = 3 * PRF_OCTETS + 2 * encryption.keyOctets + 2 * (integrity?.keyOctets ?? 0)
  return { suite, material: Uint8Array.from({ length: octets }, (_, i) => (i * 29 + 7) & 0xff), cipher, hash }
}

/** Keys of one direction: SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr (RFC 7296 section 2.14). */
function sendingKeys({ suite, material }: FuzzedSa, isInitiator: boolean): { a: Uint8Array; e: Uint8Array } {
  const length = suite.integrity?.keyOctets ?? 0
  const a = PRF_OCTETS + (isInitiator ? 0 : length)
  const e = PRF_OCTETS + 2 * length + (isInitiator ? 0 : suite.encryption.keyOctets)
  return { a: material.slice(a, a + length), e: material.slice(e, e + suite.encryption.keyOctets) }
}

/**
 * A message under the keys of its header's sender around any `plaintext`, Padding and Pad Length included, made without
 * `src`: honest senders never seal most of them. `payloadHeader` is the generic header, its length still to be filled in,
 * and for a fragment its numbers. A plaintext that CBC cannot encrypt stands there as it is, under a right checksum.
 */
export function sealAnything(
  sa: FuzzedSa,
  header: ProtectedHeader,
  payloadHeader: Uint8Array,
  iv: Uint8Array,
  plaintext: Uint8Array
): Uint8Array {
  const { suite, cipher, hash } = sa
  const { a, e } = sendingKeys(sa, header.fromInitiator)
  const bodyStart = 28 + payloadHeader.length
  const checksumStart = bodyStart + iv.length + plaintext.length + suite.encryption.tagOctets
  const message = Buffer.alloc(checksumStart + (suite.integrity?.icvOctets ?? 0))
  message.set(header.initiatorSpi, 0)
  message.set(header.responderSpi, 8)
  message[16] = payloadHeader.length === 4 ? 46 : 53
  message[17] = 0x20
  message[18] = header.exchangeType
  message[19] = (header.fromInitiator ? 0x08 : 0) | (header.isResponse ? 0x20 : 0)
  message.writeUInt32BE(header.messageId, 20)
  message.writeUInt32BE(message.length, 24)
  message.set(payloadHeader, 28)
  message.writeUInt16BE(message.length - 28, 30)
  message.set(iv, bodyStart)
  message.set(encrypt(cipher, e, iv, message.subarray(0, bodyStart), plaintext), bodyStart + iv.length)
  if (suite.integrity !== null) {
    const covered = message.subarray(0, checksumStart)
    message.set(checksum(hash, a, covered).subarray(0, suite.integrity.icvOctets), checksumStart)
  }
  return Uint8Array.from(message)
}

function checksum(hash: string, key: Uint8Array, octets: Uint8Array): Buffer {
  return hash === 'xcbc' || hash === 'cmac' ? aesMac(hash, key, octets) : createHmac(hash, key).update(octets).digest()
}

/** AES-XCBC-MAC (RFC 3566 section 4) and AES-CMAC (RFC 4493 section 2.4), which OpenSSL's hashes do not have. */
function aesMac(hash: 'xcbc' | 'cmac', key: Uint8Array, octets: Uint8Array): Buffer {
  const block = (blockKey: Uint8Array, input: Uint8Array): Buffer =>
    createCipheriv('aes-128-ecb', blockKey, null).setAutoPadding(false).update(input)
  const derived = (octet: number): Buffer => block(key, Buffer.alloc(16, octet))
  const macKey = hash === 'xcbc' ? derived(1) : Buffer.from(key)
  const whole = octets.length > 0 && octets.length % 16 === 0
  const last = whole ? octets.length - 16 : octets.length - (octets.length % 16)
  const first = hash === 'xcbc' ? Buffer.alloc(0) : doubled(block(key, Buffer.alloc(16)))
  const mask = hash === 'xcbc' ? derived(whole ? 2 : 3) : whole ? first : doubled(first)
  const ending = Buffer.alloc(16)
  ending.set(octets.subarray(last))
  if (!whole) ending[octets.length - last] = 0x80
  let state: Uint8Array = Buffer.alloc(16)
  for (let at = 0; at < last; at += 16) state = block(macKey, xor(state, octets.subarray(at, at + 16)))
  return block(macKey, xor(xor(state, ending), mask))
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((octet, i) => octet ^ (b[i] as number)))
}

/** Times x in the field of RFC 4493 section 2.3. */
function doubled(block: Buffer): Buffer {
  const carry = (block[0] as number) >> 7
  return Buffer.from(block.map((octet, i) => (octet << 1) ^ (i < 15 ? (block[i + 1] as number) >> 7 : carry * 0x87)))
}

function encrypt(cipher: string, key: Uint8Array, iv: Uint8Array, before: Uint8Array, plaintext: Uint8Array): Buffer {
  if (cipher.endsWith('-cbc')) {
    if (plaintext.length === 0 || plaintext.length % 16 !== 0) return Buffer.from(plaintext)
    return createCipheriv(cipher, key, iv).setAutoPadding(false).update(plaintext)
  }
  // The salt follows the key (RFC 4106 section 8.1, RFC 7634 section 2).
  const keyEnd = key.length - AEAD_SALT_OCTETS
  const nonce = Buffer.concat([key.subarray(keyEnd), iv])
  const sealing = createCipheriv(cipher as 'aes-256-gcm', key.subarray(0, keyEnd), nonce, { authTagLength: TAG_OCTETS })
  sealing.setAAD(before)
  const sealed = Buffer.concat([sealing.update(plaintext), sealing.final()])
  return Buffer.concat([sealed, sealing.getAuthTag()])
}
