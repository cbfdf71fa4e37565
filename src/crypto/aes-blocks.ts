import { unsafe } from '@noble/ciphers/aes.js'

/**
 * AES modes over noble's block function with a kept key schedule. noble's words are little-endian whatever the host, and
 * its own mode functions want 4-octet alignment, which a payload inside a datagram need not have.
 */

/** The key schedule for {@link cbcEncrypt}, {@link counterMode} and {@link encryptBlock}. */
export function encryptionSchedule(key: Uint8Array): Uint32Array {
  return unsafe.expandKeyLE(key)
}

/** The key schedule for {@link cbcDecrypt}. */
export function decryptionSchedule(key: Uint8Array): Uint32Array {
  return unsafe.expandKeyDecLE(key)
}

/** Encrypts 16 octets in place. */
export function encryptBlock(schedule: Uint32Array, block: Uint8Array): void {
  const { s0, s1, s2, s3 } = unsafe.encrypt(schedule, load(block, 0), load(block, 4), load(block, 8), load(block, 12))
  store(block, 0, s0)
  store(block, 4, s1)
  store(block, 8, s2)
  store(block, 12, s3)
}

/**
 * Counter mode of GCM (SP 800-38D section 6.5): `length` octets of `source` XORed with the key stream into `target`, which
 * may be the same octets, from counter 2 on. `nonce` is 12 octets.
 */
export function counterMode(
  schedule: Uint32Array,
  nonce: Uint8Array,
  source: Uint8Array,
  target: Uint8Array,
  length: number
): void {
  const n0 = load(nonce, 0)
  const n1 = load(nonce, 4)
  const n2 = load(nonce, 8)
  let at = 0
  for (let counter = 2; at < length; counter++) {
    const { s0, s1, s2, s3 } = unsafe.encrypt(schedule, n0, n1, n2, swap(counter))
    if (at + 16 <= length) {
      store(target, at, load(source, at) ^ s0)
      store(target, at + 4, load(source, at + 4) ^ s1)
      store(target, at + 8, load(source, at + 8) ^ s2)
      store(target, at + 12, load(source, at + 12) ^ s3)
    } else {
      const words = [s0, s1, s2, s3]
      for (let i = 0; at + i < length; i++) {
        target[at + i] = (source[at + i] as number) ^ ((words[i >> 2] as number) >>> (8 * (i & 3)))
      }
    }
    at += 16
  }
}

/**
 * CBC without padding, from `plaintext`, a multiple of 16 octets, into `ciphertext`, which may be the same octets. `iv` has
 * 16.
 */
export function cbcEncrypt(schedule: Uint32Array, iv: Uint8Array, plaintext: Uint8Array, ciphertext: Uint8Array): void {
  let s0 = load(iv, 0)
  let s1 = load(iv, 4)
  let s2 = load(iv, 8)
  let s3 = load(iv, 12)
  for (let at = 0; at < plaintext.length; at += 16) {
    const block = unsafe.encrypt(
      schedule,
      s0 ^ load(plaintext, at),
      s1 ^ load(plaintext, at + 4),
      s2 ^ load(plaintext, at + 8),
      s3 ^ load(plaintext, at + 12)
    )
    s0 = block.s0
    s1 = block.s1
    s2 = block.s2
    s3 = block.s3
    store(ciphertext, at, s0)
    store(ciphertext, at + 4, s1)
    store(ciphertext, at + 8, s2)
    store(ciphertext, at + 12, s3)
  }
}

/** Inverse of {@link cbcEncrypt}, into a fresh array. */
export function cbcDecrypt(schedule: Uint32Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const plaintext = new Uint8Array(ciphertext.length)
  let p0 = load(iv, 0)
  let p1 = load(iv, 4)
  let p2 = load(iv, 8)
  let p3 = load(iv, 12)
  for (let at = 0; at < ciphertext.length; at += 16) {
    const c0 = load(ciphertext, at)
    const c1 = load(ciphertext, at + 4)
    const c2 = load(ciphertext, at + 8)
    const c3 = load(ciphertext, at + 12)
    const { s0, s1, s2, s3 } = unsafe.decrypt(schedule, c0, c1, c2, c3)
    store(plaintext, at, s0 ^ p0)
    store(plaintext, at + 4, s1 ^ p1)
    store(plaintext, at + 8, s2 ^ p2)
    store(plaintext, at + 12, s3 ^ p3)
    p0 = c0
    p1 = c1
    p2 = c2
    p3 = c3
  }
  return plaintext
}

function load(octets: Uint8Array, at: number): number {
  return (
    (octets[at] as number) |
    ((octets[at + 1] as number) << 8) |
    ((octets[at + 2] as number) << 16) |
    ((octets[at + 3] as number) << 24)
  )
}

function store(octets: Uint8Array, at: number, word: number): void {
  octets[at] = word
  octets[at + 1] = word >>> 8
  octets[at + 2] = word >>> 16
  octets[at + 3] = word >>> 24
}

function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
