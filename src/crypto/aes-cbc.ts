import { cbcDecrypt, cbcEncrypt, decryptionSchedule, encryptionSchedule } from './aes-blocks.ts'
import { requireLength, targetOf } from './key-length.ts'
import type { CipherContext, EncryptionAlgorithm } from './types.ts'

const BLOCK_OCTETS = 16

/** AES-CBC with a 128-bit key (RFC 3602). Padding is the caller's: RFC 7296 section 3.14, RFC 4303 section 2.4. */
export const aes128Cbc: EncryptionAlgorithm = /* @__PURE__ */ aesCbc(128)

/** AES-CBC with a 192-bit key (RFC 3602). */
export const aes192Cbc: EncryptionAlgorithm = /* @__PURE__ */ aesCbc(192)

/** AES-CBC with a 256-bit key (RFC 3602). */
export const aes256Cbc: EncryptionAlgorithm = /* @__PURE__ */ aesCbc(256)

function aesCbc(keyLength: 128 | 192 | 256): EncryptionAlgorithm {
  const name = `AES-CBC-${keyLength}`
  const keyOctets = keyLength / 8
  return Object.freeze({
    kind: 'encryption',
    name,
    id: 12,
    keyLength,
    aead: false,
    keyOctets,
    ivOctets: BLOCK_OCTETS,
    blockOctets: BLOCK_OCTETS,
    tagOctets: 0,
    prepare(keyMaterial: Uint8Array): CipherContext {
      requireLength(keyMaterial, keyOctets, 'keyMaterial', name)
      return cbcContext(keyMaterial.slice())
    }
  })
}

/** An SA's context is used in one direction only, so each schedule is made when first needed. */
function cbcContext(key: Uint8Array): CipherContext {
  let encryption: Uint32Array | undefined
  let decryption: Uint32Array | undefined
  return {
    seal(iv: Uint8Array, plaintext: Uint8Array, _associatedData: Uint8Array, target?: Uint8Array): Uint8Array {
      requireLength(iv, BLOCK_OCTETS, 'iv', 'AES-CBC')
      if (plaintext.length % BLOCK_OCTETS !== 0) throw new RangeError('plaintext: not a multiple of 16 octets')
      encryption ??= encryptionSchedule(key)
      const sealed = targetOf(target, plaintext.length)
      cbcEncrypt(encryption, iv, plaintext, sealed)
      return sealed
    },
    open(iv: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined {
      if (iv.length !== BLOCK_OCTETS || ciphertext.length % BLOCK_OCTETS !== 0) return undefined
      decryption ??= decryptionSchedule(key)
      return cbcDecrypt(decryption, iv, ciphertext)
    }
  }
}
