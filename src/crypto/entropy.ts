import { sha256 } from '@noble/hashes/sha2.js'
import { writeUint16, writeUint32 } from '../bytes/index.ts'
import { oneShot } from './one-shot.ts'

const LEAST_ENTROPY_OCTETS = 32
const BLOCK_OCTETS = 32

const hash: (message: Uint8Array) => Uint8Array = /* @__PURE__ */ oneShot(sha256)

/**
 * Octets for one purpose from the entropy of one event: the one-step key derivation of NIST SP 800-56C with SHA-256, block
 * n = SHA-256(n | length of entropy | entropy | label). Results of two labels, or of two entropies, are unrelated;
 * results of one label that differ in `length` only begin alike. One compression for 32 octets of entropy, up to 32
 * of output and a label of at most 17 characters.
 *
 * @param entropy at least 32 octets of a cryptographic random source, used for one event only.
 * @param label what the octets are for, ASCII: `'nonce'`, `'spi'`, `'iv:3'`.
 * @param length octets wanted.
 * @throws RangeError naming `entropy` when it is too short.
 * @throws TypeError naming `label` when it is not ASCII.
 */
export function expandEntropy(entropy: Uint8Array, label: string, length: number): Uint8Array {
  if (entropy.length < LEAST_ENTROPY_OCTETS) {
    throw new RangeError(`entropy: at least ${LEAST_ENTROPY_OCTETS} octets, got ${entropy.length}`)
  }
  const input = new Uint8Array(6 + entropy.length + label.length)
  writeUint16(input, 4, entropy.length)
  input.set(entropy, 6)
  for (let i = 0; i < label.length; i++) {
    const code = label.charCodeAt(i)
    if (code > 127) throw new TypeError(`label: '${label}' is not ASCII`)
    input[6 + entropy.length + i] = code
  }
  const output = new Uint8Array(length)
  for (let offset = 0; offset < length; offset += BLOCK_OCTETS) {
    writeUint32(input, 0, offset / BLOCK_OCTETS + 1)
    const block = hash(input)
    const end = Math.min(length, offset + BLOCK_OCTETS)
    for (let i = offset; i < end; i++) output[i] = block[i - offset] as number
  }
  input.fill(0)
  return output
}
