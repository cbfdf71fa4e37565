/** Misuse check of every `prepare` and `keyPair`: throws RangeError naming the argument. */
export function requireLength(octets: Uint8Array, length: number, argument: string, algorithm: string): void {
  if (octets.length !== length) {
    throw new RangeError(`${argument}: ${algorithm} needs ${length} octets, got ${octets.length}`)
  }
}
