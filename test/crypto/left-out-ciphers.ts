import { createCipheriv, createDecipheriv } from 'node:crypto'
import { concatBytes } from '../../src/bytes/index.ts'
import type { CipherContext, EncryptionAlgorithm } from '../../src/crypto/index.ts'

/**
 * Ciphers the library leaves out, made here on OpenSSL only to read what others recorded with them. They are given to the
 * library as a caller would give an algorithm of its own.
 */

/** 3DES in CBC mode (RFC 2451), which RFC 8247 section 2.1 lowers to MAY. */
export const tripleDesCbc: EncryptionAlgorithm = {
  kind: 'encryption',
  name: '3DES-CBC',
  id: 3,
  keyLength: undefined,
  aead: false,
  keyOctets: 24,
  ivOctets: 8,
  blockOctets: 8,
  tagOctets: 0,
  prepare: (key) => context('des-ede3-cbc', key, (iv) => iv)
}

/**
 * AES in counter mode: the nonce is the end of the key material, the first counter block holds nonce, IV and 1 (RFC 5930
 * sections 2 and 3, RFC 3686 section 5.1).
 */
export const aes128Ctr: EncryptionAlgorithm = {
  kind: 'encryption',
  name: 'AES-CTR-128',
  id: 13,
  keyLength: 128,
  aead: false,
  keyOctets: 20,
  ivOctets: 8,
  blockOctets: 1,
  tagOctets: 0,
  prepare: (keyMaterial) =>
    context('aes-128-ctr', keyMaterial.slice(0, 16), (iv) =>
      concatBytes(keyMaterial.slice(16), iv, Uint8Array.of(0, 0, 0, 1))
    )
}

function context(name: string, key: Uint8Array, start: (iv: Uint8Array) => Uint8Array): CipherContext {
  return {
    seal(iv, plaintext, _, target = new Uint8Array(plaintext.length)) {
      target.set(createCipheriv(name, key, start(iv)).setAutoPadding(false).update(plaintext))
      return target
    },
    open(iv, ciphertext) {
      return new Uint8Array(createDecipheriv(name, key, start(iv)).setAutoPadding(false).update(ciphertext))
    }
  }
}
