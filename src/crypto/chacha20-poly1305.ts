import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { requireLength, targetOf } from './key-length.ts'
import type { CipherContext, EncryptionAlgorithm } from './types.ts'

const KEY_OCTETS = 32
const SALT_OCTETS = 4
const IV_OCTETS = 8
const TAG_OCTETS = 16

/** ChaCha20-Poly1305 (RFC 7634): 36 octets of key material are key | salt; there is no Key Length attribute. */
export const chacha20Poly1305: EncryptionAlgorithm = /* @__PURE__ */ Object.freeze({
  kind: 'encryption',
  name: 'ChaCha20-Poly1305',
  id: 28,
  keyLength: undefined,
  aead: true,
  keyOctets: KEY_OCTETS + SALT_OCTETS,
  ivOctets: IV_OCTETS,
  blockOctets: 1,
  tagOctets: TAG_OCTETS,
  prepare(keyMaterial: Uint8Array): CipherContext {
    requireLength(keyMaterial, KEY_OCTETS + SALT_OCTETS, 'keyMaterial', 'ChaCha20-Poly1305')
    const key = keyMaterial.slice(0, KEY_OCTETS)
    // The salt, and room for the IV of the message at hand.
    const nonce = new Uint8Array(SALT_OCTETS + IV_OCTETS)
    nonce.set(keyMaterial.subarray(KEY_OCTETS))
    return {
      seal(iv: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array, target?: Uint8Array): Uint8Array {
        requireLength(iv, IV_OCTETS, 'iv', 'ChaCha20-Poly1305')
        nonce.set(iv, SALT_OCTETS)
        const sealed = targetOf(target, plaintext.length + TAG_OCTETS)
        return chacha20poly1305(key, nonce, associatedData).encrypt(plaintext, sealed)
      },
      open(iv: Uint8Array, ciphertext: Uint8Array, associatedData: Uint8Array): Uint8Array | undefined {
        if (iv.length !== IV_OCTETS || ciphertext.length < TAG_OCTETS) return undefined
        nonce.set(iv, SALT_OCTETS)
        try {
          return chacha20poly1305(key, nonce, associatedData).decrypt(ciphertext)
        } catch {
          // noble signals a wrong tag by throwing.
          return undefined
        }
      }
    }
  }
})
