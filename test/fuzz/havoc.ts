import type { FuzzedData } from './fuzzed-data.ts'

/** No input grows beyond that. */
export const LONGEST_INPUT = 8192

/** Values at the edge of something: sizes of headers, markers, sign bits, what counts overflow at. */
const INTERESTING = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 28, 32, 64, 127, 128, 129, 252, 253, 254, 255]

/**
 * One change to the octets, as the decisions say, without an idea of what they mean: a bit, an octet, a 16-bit number, a
 * piece removed, repeated, moved, filled, or taken from `other`.
 */
export function havoc(octets: Uint8Array, decisions: FuzzedData, other: Uint8Array): Uint8Array {
  const { length } = octets
  if (length === 0) return Uint8Array.of(decisions.octet())
  const at = decisions.below(length)
  switch (decisions.below(12)) {
    case 0:
      return changed(octets, at, (octets[at] as number) ^ (1 << decisions.below(8)))
    case 1:
      return changed(octets, at, decisions.octet())
    case 2:
      return changed(octets, at, decisions.among(INTERESTING))
    case 3:
      return changed(octets, at, (octets[at] as number) + decisions.below(9) - 4)
    case 4:
      return withUint16(octets, at, uint16At(octets, at) + decisions.below(33) - 16)
    case 5:
      return withUint16(
        octets,
        at,
        decisions.among([0, 1, 4, 8, length - at, length, 256, 257, 0x7fff, 0x8000, 0xffff])
      )
    case 6:
      return joined(octets.subarray(0, at), octets.subarray(at + sizeOf(decisions, length - at)))
    case 7: {
      const piece = octets.subarray(at, at + sizeOf(decisions, length - at))
      const copies = Array.from({ length: 1 + decisions.below(decisions.below(4) === 0 ? 40 : 3) }, () => piece)
      return joined(octets.subarray(0, at), ...copies, octets.subarray(at))
    }
    case 8: {
      const inserted = new Uint8Array(sizeOf(decisions, 40)).fill(decisions.below(2) === 0 ? 0 : decisions.octet())
      return joined(octets.subarray(0, at), inserted, octets.subarray(at))
    }
    case 9: {
      const to = decisions.below(length)
      const copy = octets.slice()
      copy.set(octets.subarray(at, at + Math.min(sizeOf(decisions, length - at), length - to)), to)
      return copy
    }
    case 10: {
      const from = decisions.below(other.length)
      const piece = other.subarray(from, from + sizeOf(decisions, other.length - from))
      const replaced = decisions.below(2) === 0 ? 0 : piece.length
      return joined(octets.subarray(0, at), piece, octets.subarray(at + replaced))
    }
    default:
      return joined(octets.subarray(0, at), other.subarray(decisions.below(other.length + 1)))
  }
}

/** Mostly small, at times anything up to `most`. */
function sizeOf(decisions: FuzzedData, most: number): number {
  const small = decisions.below(4) !== 0
  return Math.min(most, 1 + decisions.below(small ? 16 : Math.max(1, most)))
}

function uint16At(octets: Uint8Array, at: number): number {
  return ((octets[at] as number) << 8) | (octets[at + 1] ?? 0)
}

function withUint16(octets: Uint8Array, at: number, value: number): Uint8Array {
  const copy = octets.slice()
  copy[at] = value >> 8
  if (at + 1 < copy.length) copy[at + 1] = value
  return copy
}

function changed(octets: Uint8Array, at: number, value: number): Uint8Array {
  const copy = octets.slice()
  copy[at] = value
  return copy
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts).subarray(0, LONGEST_INPUT))
}
