/** Where a cipher writes `length` octets: `target`, checked, or a fresh array. */
export function targetOf(target: Uint8Array | undefined, length: number): Uint8Array {
  if (target === undefined) return new Uint8Array(length)
  requireLength(target, length, 'target', 'seal')
  return target
}

/** Misuse check of every `prepare` and `keyPair`: throws RangeError naming the argument. */
export function requireLength(octets: Uint8Array, length: number, argument: string, algorithm: string): void {
  if (octets.length !== length) {
    throw new RangeError(`${argument}: ${algorithm} needs ${length} octets, got ${octets.length}`)
  }
}
