import { type CipherGCM, createCipheriv, createDecipheriv } from 'node:crypto'
import { requireLength, targetOf } from '../crypto/key-length.ts'
import type { CipherContext, EncryptionAlgorithm } from '../crypto/types.ts'

const SALT_OCTETS = 4
const AEAD_IV_OCTETS = 8
const TAG_OCTETS = 16
const CBC_BLOCK_OCTETS = 16

/** `aes128Gcm16` on `node:crypto`. */
export const nodeAes128Gcm16: EncryptionAlgorithm = /* @__PURE__ */ aead('AES-GCM-16-128', 20, 128, 'aes-128-gcm', 16)

/** `aes256Gcm16` on `node:crypto`. */
export const nodeAes256Gcm16: EncryptionAlgorithm = /* @__PURE__ */ aead('AES-GCM-16-256', 20, 256, 'aes-256-gcm', 32)

/** `chacha20Poly1305` on `node:crypto`. */
export const nodeChacha20Poly1305: EncryptionAlgorithm = /* @__PURE__ */ aead(
  'ChaCha20-Poly1305',
  28,
  undefined,
  'chacha20-poly1305',
  32
)

/** `aes128Cbc` on `node:crypto`. */
export const nodeAes128Cbc: EncryptionAlgorithm = /* @__PURE__ */ aesCbc(128)

/** `aes192Cbc` on `node:crypto`. */
export const nodeAes192Cbc: EncryptionAlgorithm = /* @__PURE__ */ aesCbc(192)

/** `aes256Cbc` on `node:crypto`. */
export const nodeAes256Cbc: EncryptionAlgorithm = /* @__PURE__ */ aesCbc(256)

function aead(
  name: string,
  id: number,
  keyLength: number | undefined,
  cipher: string,
  cipherKeyOctets: number
): EncryptionAlgorithm {
  // The types of node:crypto know these options for each cipher name apart; both take the same.
  const mode = cipher as 'aes-256-gcm'
  const options = { authTagLength: TAG_OCTETS }
  const keyOctets = cipherKeyOctets + SALT_OCTETS
  return Object.freeze({
    kind: 'encryption',
    name,
    id,
    keyLength,
    aead: true,
    keyOctets,
    ivOctets: AEAD_IV_OCTETS,
    blockOctets: 1,
    tagOctets: TAG_OCTETS,
    prepare(keyMaterial: Uint8Array): CipherContext {
      requireLength(keyMaterial, keyOctets, 'keyMaterial', name)
      const key = keyMaterial.slice(0, cipherKeyOctets)
      // The salt, and room for the IV of the message at hand.
      const nonce = new Uint8Array(SALT_OCTETS + AEAD_IV_OCTETS)
      nonce.set(keyMaterial.subarray(cipherKeyOctets))
      return {
        seal(iv: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array, target?: Uint8Array): Uint8Array {
          requireLength(iv, AEAD_IV_OCTETS, 'iv', name)
          nonce.set(iv, SALT_OCTETS)
          const sealing: CipherGCM = createCipheriv(mode, key, nonce, options)
          sealing.setAAD(associatedData)
          const sealed = targetOf(target, plaintext.length + TAG_OCTETS)
          sealed.set(sealing.update(plaintext))
          sealing.final()
          sealed.set(sealing.getAuthTag(), plaintext.length)
          return sealed
        },
        open(iv: Uint8Array, ciphertext: Uint8Array, associatedData: Uint8Array): Uint8Array | undefined {
          const length = ciphertext.length - TAG_OCTETS
          if (length < 0 || iv.length !== AEAD_IV_OCTETS) return undefined
          nonce.set(iv, SALT_OCTETS)
          const opening = createDecipheriv(mode, key, nonce, options)
          opening.setAAD(associatedData)
          opening.setAuthTag(ciphertext.subarray(length))
          const plaintext = opening.update(ciphertext.subarray(0, length))
          try {
            opening.final()
          } catch {
            // Node signals a wrong tag by throwing.
            return undefined
          }
          return plain(plaintext)
        }
      }
    }
  })
}

function aesCbc(keyLength: 128 | 192 | 256): EncryptionAlgorithm {
  const name = `AES-CBC-${keyLength}`
  const cipher = `aes-${keyLength}-cbc`
  const keyOctets = keyLength / 8
  return Object.freeze({
    kind: 'encryption',
    name,
    id: 12,
    keyLength,
    aead: false,
    keyOctets,
    ivOctets: CBC_BLOCK_OCTETS,
    blockOctets: CBC_BLOCK_OCTETS,
    tagOctets: 0,
    prepare(keyMaterial: Uint8Array): CipherContext {
      requireLength(keyMaterial, keyOctets, 'keyMaterial', name)
      const key = keyMaterial.slice()
      return {
        seal(iv: Uint8Array, plaintext: Uint8Array, _associatedData: Uint8Array, target?: Uint8Array): Uint8Array {
          requireLength(iv, CBC_BLOCK_OCTETS, 'iv', name)
          if (plaintext.length % CBC_BLOCK_OCTETS !== 0) throw new RangeError('plaintext: not a multiple of 16 octets')
          const sealed = targetOf(target, plaintext.length)
          sealed.set(createCipheriv(cipher, key, iv).setAutoPadding(false).update(plaintext))
          return sealed
        },
        open(iv: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined {
          if (iv.length !== CBC_BLOCK_OCTETS || ciphertext.length % CBC_BLOCK_OCTETS !== 0) return undefined
          return plain(createDecipheriv(cipher, key, iv).setAutoPadding(false).update(ciphertext))
        }
      }
    }
  })
}

/** The octets of a Buffer as a plain Uint8Array, without a copy. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
