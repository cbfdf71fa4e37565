import { encryptBlock, encryptionSchedule } from './aes-blocks.ts'
import { requireLength } from './key-length.ts'
import type { IntegrityAlgorithm, IntegrityContext, PrfContext, PseudoRandomFunction } from './types.ts'

const KEY_OCTETS = 16
const BLOCK_OCTETS = 16
const ICV_OCTETS = 12
/** RFC 7296 section 2.14: the first 64 bits of each nonce. */
const SEED_NONCE_OCTETS = 8

/** PRF_AES128_XCBC (RFC 4434). RFC 8247 wants it for constrained devices, whose only hardware is AES. */
export const prfAesXcbc: PseudoRandomFunction = /* @__PURE__ */ aesPrf('PRF-AES128-XCBC', 4, aesXcbc, (key) => {
  // RFC 4434 section 2: a short key is padded with zeros, a long one is hashed.
  if (key.length > KEY_OCTETS) return aesXcbc(new Uint8Array(KEY_OCTETS))(key)
  const padded = new Uint8Array(KEY_OCTETS)
  padded.set(key)
  return padded
})

/** PRF_AES128_CMAC (RFC 4615). */
export const prfAesCmac: PseudoRandomFunction = /* @__PURE__ */ aesPrf('PRF-AES128-CMAC', 8, aesCmac, (key) =>
  // RFC 4615 section 3: short keys are hashed too.
  key.length === KEY_OCTETS ? key : aesCmac(new Uint8Array(KEY_OCTETS))(key)
)

/** AUTH_AES_XCBC_96 (RFC 3566). */
export const aesXcbc96: IntegrityAlgorithm = /* @__PURE__ */ aesIntegrity('AES-XCBC-96', 5, aesXcbc)

/** AUTH_AES_CMAC_96 (RFC 4494). */
export const aesCmac96: IntegrityAlgorithm = /* @__PURE__ */ aesIntegrity('AES-CMAC-96', 8, aesCmac)

/** AES-XCBC-MAC without truncation (RFC 3566 section 4). */
function aesXcbc(key: Uint8Array): PrfContext {
  const derived = (filling: number): Uint8Array => {
    const block = new Uint8Array(BLOCK_OCTETS).fill(filling)
    encryptBlock(schedule, block)
    return block
  }
  const schedule = encryptionSchedule(key)
  return cbcMac(encryptionSchedule(derived(1)), derived(2), derived(3))
}

/** AES-CMAC (RFC 4493 section 2.4). */
function aesCmac(key: Uint8Array): PrfContext {
  const schedule = encryptionSchedule(key)
  const block = new Uint8Array(BLOCK_OCTETS)
  encryptBlock(schedule, block)
  const whole = doubled(block)
  return cbcMac(schedule, whole, doubled(whole))
}

/** Times x in the field of RFC 4493 section 2.3, without a branch on the key's bits. */
function doubled(block: Uint8Array): Uint8Array {
  const result = new Uint8Array(BLOCK_OCTETS)
  for (let i = 0; i < BLOCK_OCTETS; i++) result[i] = ((block[i] as number) << 1) | ((block[i + 1] ?? 0) >> 7)
  result[BLOCK_OCTETS - 1] = (result[BLOCK_OCTETS - 1] as number) ^ (0x87 * ((block[0] as number) >> 7))
  return result
}

/**
 * CBC-MAC whose last block is masked: with `whole` when the message fills it, otherwise padded (one bit, then zeros) and
 * masked with `padded`. That is what XCBC and CMAC have in common.
 */
function cbcMac(schedule: Uint32Array, whole: Uint8Array, padded: Uint8Array): PrfContext {
  return (...parts) => {
    const block = new Uint8Array(BLOCK_OCTETS)
    let filled = 0
    const absorb = (octet: number): void => {
      block[filled] = (block[filled] as number) ^ octet
      filled++
    }
    for (const part of parts) {
      for (const octet of part) {
        // The last block is not encrypted before it is known to be the last.
        if (filled === BLOCK_OCTETS) {
          encryptBlock(schedule, block)
          filled = 0
        }
        absorb(octet)
      }
    }
    const mask = filled === BLOCK_OCTETS ? whole : padded
    if (filled < BLOCK_OCTETS) absorb(0x80)
    filled = 0
    for (const octet of mask) absorb(octet)
    encryptBlock(schedule, block)
    return block
  }
}

function aesPrf(
  name: string,
  id: number,
  mac: (key: Uint8Array) => PrfContext,
  fit: (key: Uint8Array) => Uint8Array
): PseudoRandomFunction {
  return Object.freeze({
    kind: 'prf',
    name,
    id,
    keyOctets: KEY_OCTETS,
    outputOctets: BLOCK_OCTETS,
    seedNonceOctets: SEED_NONCE_OCTETS,
    prepare: (key: Uint8Array): PrfContext => mac(fit(key))
  })
}

function aesIntegrity(name: string, id: number, mac: (key: Uint8Array) => PrfContext): IntegrityAlgorithm {
  return Object.freeze({
    kind: 'integrity',
    name,
    id,
    keyOctets: KEY_OCTETS,
    icvOctets: ICV_OCTETS,
    prepare(key: Uint8Array): IntegrityContext {
      requireLength(key, KEY_OCTETS, 'key', name)
      const keyed = mac(key)
      return { checksum: (...parts) => keyed(...parts).subarray(0, ICV_OCTETS) }
    }
  })
}
