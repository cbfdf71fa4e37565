/** Repeatable numbers from a seed. For simulations only: predictable, never a source of keys. */
export interface SeededRandom {
  /** From 0 up to but not 1. */
  fraction(): number
  /** A whole number from 0 up to but not `limit`. */
  below(limit: number): number
  octets(length: number): Uint8Array
  /** A generator of its own, so that what one part draws does not change what another sees. */
  fork(): SeededRandom
}

/** The generator sfc32 (Chris Doty-Humphrey), seeded with a 32-bit number. */
export function createSeededRandom(seed: number): SeededRandom {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = seed | 0
  let counter = 1

  function next(): number {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  for (let i = 0; i < 16; i++) next()

  return {
    fraction: () => next() / 2 ** 32,
    below: (limit) => Math.floor((next() / 2 ** 32) * limit),
    octets: (length) => Uint8Array.from({ length }, () => next() >>> 24),
    fork: () => createSeededRandom(next())
  }
}
