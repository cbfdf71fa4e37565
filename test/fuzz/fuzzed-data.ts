/**
 * Decisions read from octets one after the other, so that whoever changes the octets changes what is done: a
 * coverage-guided fuzzer, fast-check, or the runner here. When they are used up every decision is the first choice.
 */
export class FuzzedData {
  private at = 0

  constructor(private readonly octets: Uint8Array) {}

  get isUsedUp(): boolean {
    return this.at >= this.octets.length
  }

  octet(): number {
    return this.at < this.octets.length ? (this.octets[this.at++] as number) : 0
  }

  uint16(): number {
    return (this.octet() << 8) | this.octet()
  }

  /** A whole number from 0 up to but not `limit`, from as few octets as can say it. */
  below(limit: number): number {
    if (limit <= 1) return 0
    if (limit <= 0x100) return this.octet() % limit
    if (limit <= 0x10000) return this.uint16() % limit
    return (this.uint16() * 0x10000 + this.uint16()) % limit
  }

  among<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }

  /** The next `length` octets, or as many as are left. */
  take(length: number): Uint8Array {
    const taken = this.octets.slice(this.at, this.at + length)
    this.at += taken.length
    return taken
  }

  rest(): Uint8Array {
    return this.take(this.octets.length)
  }
}
