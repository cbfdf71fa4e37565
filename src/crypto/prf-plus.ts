import { EMPTY } from '../bytes/index.ts'
import type { PrfContext, PseudoRandomFunction } from './types.ts'

/**
 * prf+ of RFC 7296 section 2.13: T1 | T2 | …, Tn = prf(key, T(n-1) | seed | n), cut to `length` octets without regard to
 * block edges.
 *
 * @throws RangeError naming `length` beyond 255 blocks, where prf+ is not defined.
 */
export function prfPlus(prf: PseudoRandomFunction, key: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  const blocks = Math.ceil(length / prf.outputOctets)
  if (!(blocks <= 255))
    throw new RangeError(`length: prf+ ends at 255 blocks of ${prf.outputOctets} octets, got ${length}`)
  const context: PrfContext = prf.prepare(key)
  const output = new Uint8Array(length)
  let block: Uint8Array = EMPTY
  for (let n = 1; n <= blocks; n++) {
    block = context(block, seed, Uint8Array.of(n))
    const offset = (n - 1) * prf.outputOctets
    output.set(block.subarray(0, length - offset), offset)
  }
  return output
}
