import { constantTimeEqual } from '../bytes/index.ts'
import { counterMode, encryptBlock, encryptionSchedule } from './aes-blocks.ts'
import { ghashKey, xorGhash } from './ghash.ts'
import { requireLength, targetOf } from './key-length.ts'
import type { CipherContext, EncryptionAlgorithm } from './types.ts'

const SALT_OCTETS = 4
const IV_OCTETS = 8
const TAG_OCTETS = 16

/** AES-GCM with a 16-octet tag and a 128-bit key (RFC 4106, RFC 5282): key material is key | 4 octets of salt. */
export const aes128Gcm16: EncryptionAlgorithm = /* @__PURE__ */ aesGcm16(128)

/** AES-GCM with a 16-octet tag and a 256-bit key (RFC 4106, RFC 5282): key material is key | 4 octets of salt. */
export const aes256Gcm16: EncryptionAlgorithm = /* @__PURE__ */ aesGcm16(256)

function aesGcm16(keyLength: 128 | 256): EncryptionAlgorithm {
  const name = `AES-GCM-16-${keyLength}`
  const keyOctets = keyLength / 8 + SALT_OCTETS
  return Object.freeze({
    kind: 'encryption',
    name,
    id: 20,
    keyLength,
    aead: true,
    keyOctets,
    ivOctets: IV_OCTETS,
    blockOctets: 1,
    tagOctets: TAG_OCTETS,
    prepare(keyMaterial: Uint8Array): CipherContext {
      requireLength(keyMaterial, keyOctets, 'keyMaterial', name)
      return gcmContext(keyMaterial)
    }
  })
}

/** Same octets as noble's `gcm()`, which rebuilds key schedule and GHASH table on each call. */
function gcmContext(keyMaterial: Uint8Array): CipherContext {
  const schedule = encryptionSchedule(keyMaterial.slice(0, -SALT_OCTETS))
  const salt = keyMaterial.slice(-SALT_OCTETS)
  const hashKey = new Uint8Array(16)
  encryptBlock(schedule, hashKey)
  const hashing = ghashKey(hashKey)

  /** J0 of SP 800-38D section 7.1: salt | IV | 1. */
  function firstCounterBlock(iv: Uint8Array): Uint8Array {
    requireLength(iv, IV_OCTETS, 'iv', 'AES-GCM')
    const block = new Uint8Array(16)
    block.set(salt)
    block.set(iv, SALT_OCTETS)
    block[15] = 1
    return block
  }

  return {
    seal(iv: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array, target?: Uint8Array): Uint8Array {
      const length = plaintext.length
      const sealed = targetOf(target, length + TAG_OCTETS)
      const block = firstCounterBlock(iv)
      counterMode(schedule, block, plaintext, sealed, length)
      encryptBlock(schedule, block)
      xorGhash(hashing, associatedData, sealed, length, block)
      sealed.set(block, length)
      return sealed
    },
    open(iv: Uint8Array, ciphertext: Uint8Array, associatedData: Uint8Array): Uint8Array | undefined {
      const length = ciphertext.length - TAG_OCTETS
      if (length < 0 || iv.length !== IV_OCTETS) return undefined
      const block = firstCounterBlock(iv)
      const tag = block.slice()
      encryptBlock(schedule, tag)
      xorGhash(hashing, associatedData, ciphertext, length, tag)
      if (!constantTimeEqual(tag, ciphertext.subarray(length))) return undefined
      const plaintext = new Uint8Array(length)
      counterMode(schedule, block, ciphertext, plaintext, length)
      return plaintext
    }
  }
}
