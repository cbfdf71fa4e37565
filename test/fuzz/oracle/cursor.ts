import type { DecodeErrorCode } from '../../../src/codec/types.ts'

/** Thrown by the oracle inside itself: the octets cannot be read any further. */
export class Unreadable extends Error {}

/** Reads big-endian fields of one part of a message and can see nothing outside of it. */
export class Cursor {
  private at = 0

  constructor(
    private readonly octets: Uint8Array,
    /** Where the part starts in the whole. */
    private readonly start = 0,
    /** Every rule that the octets were seen to break, here and in the parts: an error may name any of them. */
    readonly broken: Set<DecodeErrorCode> = new Set()
  ) {}

  /** Notes a rule that does not hold; reading goes on. */
  need(holds: boolean, code: DecodeErrorCode): void {
    if (!holds) this.broken.add(code)
  }

  /** Notes a rule without which there is nothing to read. */
  must(holds: boolean, code: DecodeErrorCode): void {
    if (holds) return
    this.broken.add(code)
    throw new Unreadable()
  }

  /** Where the next field starts in the whole. */
  get place(): number {
    return this.start + this.at
  }

  get left(): number {
    return this.octets.length - this.at
  }

  number(octets: number): number {
    return this.take(octets).reduce((value, octet) => value * 256 + octet, 0)
  }

  /** RESERVED octets: cleared where they stand, so that what is left is what the RFC lets a sender send. */
  reserved(octets: number): void {
    this.take(octets).fill(0)
  }

  /** A number whose other bits are RESERVED, and cleared. */
  bits(octets: number, mask: number): number {
    const field = this.take(octets)
    let value = 0
    for (let i = 0; i < octets; i++) {
      field[i] = (field[i] as number) & (mask >>> (8 * (octets - 1 - i)))
      value = value * 256 + (field[i] as number)
    }
    return value
  }

  take(octets: number): Uint8Array {
    this.must(octets <= this.left, 'truncated')
    this.at += octets
    return this.octets.subarray(this.at - octets, this.at)
  }

  rest(): Uint8Array {
    return this.take(this.left)
  }

  /** The next octets as a part of their own. */
  part(octets: number): Cursor {
    const { place } = this
    this.must(octets <= this.left, 'invalidLength')
    return new Cursor(this.take(octets), place, this.broken)
  }

  /** The same octets with a list of broken rules of their own. */
  alone(): Cursor {
    return new Cursor(this.octets, this.start)
  }

  /** Parts to the end, each as long as its 16-bit length field at `lengthAt` says, plus `extra`. */
  *parts(lengthAt: number, least: number, extra = 0): Generator<Cursor> {
    while (this.left > 0) {
      const header = this.octets.subarray(this.at, this.at + lengthAt + 2)
      this.must(this.left >= least, 'truncated')
      const length = (header[lengthAt] as number) * 256 + (header[lengthAt + 1] as number) + extra
      this.must(length >= least, 'invalidLength')
      yield this.part(length)
    }
  }
}
