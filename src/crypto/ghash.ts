/**
 * GHASH (NIST SP 800-38D section 6.4) under one key, with its multiplication table kept. noble builds such a table on each
 * call, which costs more than the messages of IKE are worth; here it is paid once per key, and not at all for a key that
 * is hardly used: most keys of a responder protect IKE_AUTH and then nothing for hours.
 *
 * The table holds, for each of the 32 half-octets of a block and each of its 16 values, the product with the key: 8 kB.
 */
const POSITIONS = 32
const WORDS_PER_POSITION = 64

/** Blocks multiplied bit by bit, at a tenth of a table's price each, before a table is made. */
const BLOCKS_WITHOUT_TABLE = 64

/** A hash key: its four words, the blocks multiplied so far, and the table once there is one. */
export interface GhashKey {
  readonly words: Int32Array
  blocks: number
  table: Int32Array | undefined
}

/** The state for `hashKey`, 16 octets. */
export function ghashKey(hashKey: Uint8Array): GhashKey {
  const words = Int32Array.of(word(hashKey, 0), word(hashKey, 4), word(hashKey, 8), word(hashKey, 12))
  return { words, blocks: 0, table: undefined }
}

/** The product table of a hash key. */
function productTable(words: Int32Array): Int32Array {
  const table = new Int32Array(POSITIONS * WORDS_PER_POSITION)
  let [a, b, c, d] = words as unknown as [number, number, number, number]
  for (let base = 0; base < table.length; base += WORDS_PER_POSITION) {
    for (let value = 8; value > 0; value >>= 1) {
      const at = base + 4 * value
      table[at] = a
      table[at + 1] = b
      table[at + 2] = c
      table[at + 3] = d
      // Times x: bits are reflected, so a shift to the right, reduced by x^128 + x^7 + x^2 + x + 1.
      const carry = d & 1
      d = (c << 31) | (d >>> 1)
      c = (b << 31) | (c >>> 1)
      b = (a << 31) | (b >>> 1)
      a = (a >>> 1) ^ (0xe1000000 & -carry)
    }
    for (let value = 3; value < 16; value++) {
      const low = value & -value
      if (low === value) continue
      for (let i = 0; i < 4; i++) {
        const rest = table[base + 4 * (value ^ low) + i] as number
        table[base + 4 * value + i] = rest ^ (table[base + 4 * low + i] as number)
      }
    }
  }
  return table
}

/**
 * GHASH of `associatedData` and the first `length` octets of `ciphertext` with their length block, XORed in place into
 * the 16 octets of `tag` (so that handing in E(K, J0) makes the GCM tag).
 */
export function xorGhash(
  key: GhashKey,
  associatedData: Uint8Array,
  ciphertext: Uint8Array,
  length: number,
  tag: Uint8Array
): void {
  if (key.table === undefined) {
    key.blocks += 1 + Math.ceil(associatedData.length / 16) + Math.ceil(length / 16)
    if (key.blocks > BLOCKS_WITHOUT_TABLE) key.table = productTable(key.words)
  }
  const sum = new Int32Array(4)
  absorb(key, sum, associatedData, associatedData.length)
  absorb(key, sum, ciphertext, length)
  // Lengths in bits, 64 bits each.
  sum[0] = (sum[0] as number) ^ (associatedData.length >>> 29)
  sum[1] = (sum[1] as number) ^ (associatedData.length << 3)
  sum[2] = (sum[2] as number) ^ (length >>> 29)
  sum[3] = (sum[3] as number) ^ (length << 3)
  multiply(key, sum)
  for (let i = 0; i < 16; i++) {
    tag[i] = (tag[i] as number) ^ ((sum[i >> 2] as number) >>> (24 - 8 * (i & 3)))
  }
}

/** Adds the octets, zero-padded to whole blocks, to the running sum. */
function absorb(key: GhashKey, sum: Int32Array, octets: Uint8Array, length: number): void {
  let at = 0
  for (; at + 16 <= length; at += 16) {
    sum[0] = (sum[0] as number) ^ word(octets, at)
    sum[1] = (sum[1] as number) ^ word(octets, at + 4)
    sum[2] = (sum[2] as number) ^ word(octets, at + 8)
    sum[3] = (sum[3] as number) ^ word(octets, at + 12)
    multiply(key, sum)
  }
  if (at === length) return
  for (let i = 0; at + i < length; i++) {
    sum[i >> 2] = (sum[i >> 2] as number) ^ ((octets[at + i] as number) << (24 - 8 * (i & 3)))
  }
  multiply(key, sum)
}

function multiply({ table, words }: GhashKey, sum: Int32Array): void {
  if (table === undefined) multiplyBitwise(words, sum)
  else multiplyByTable(table, sum)
}

/** The definition (SP 800-38D section 6.3), without a branch on a bit. */
function multiplyBitwise(words: Int32Array, sum: Int32Array): void {
  let [v0, v1, v2, v3] = words as unknown as [number, number, number, number]
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  for (let i = 0; i < 4; i++) {
    const bits = sum[i] as number
    for (let shift = 31; shift >= 0; shift--) {
      const mask = -((bits >>> shift) & 1)
      a ^= v0 & mask
      b ^= v1 & mask
      c ^= v2 & mask
      d ^= v3 & mask
      const carry = v3 & 1
      v3 = (v2 << 31) | (v3 >>> 1)
      v2 = (v1 << 31) | (v2 >>> 1)
      v1 = (v0 << 31) | (v1 >>> 1)
      v0 = (v0 >>> 1) ^ (0xe1000000 & -carry)
    }
  }
  sum[0] = a
  sum[1] = b
  sum[2] = c
  sum[3] = d
}

function multiplyByTable(table: Int32Array, sum: Int32Array): void {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let base = 0
  for (let i = 0; i < 4; i++) {
    const bits = sum[i] as number
    for (let shift = 28; shift >= 0; shift -= 4) {
      const at = base + (((bits >>> shift) & 15) << 2)
      a ^= table[at] as number
      b ^= table[at + 1] as number
      c ^= table[at + 2] as number
      d ^= table[at + 3] as number
      base += WORDS_PER_POSITION
    }
  }
  sum[0] = a
  sum[1] = b
  sum[2] = c
  sum[3] = d
}

function word(octets: Uint8Array, at: number): number {
  return (
    ((octets[at] as number) << 24) |
    ((octets[at + 1] as number) << 16) |
    ((octets[at + 2] as number) << 8) |
    (octets[at + 3] as number)
  )
}
