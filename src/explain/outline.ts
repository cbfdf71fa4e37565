import { readUint16, readUint32, toHex } from '../bytes/index.ts'

/** A piece of a message: what it is, where it stands and what it says. */
export interface Explained {
  /** The field's name in the RFC's figures, in full words. */
  readonly name: string
  /** Octets from the start of what is explained. */
  readonly offset: number
  readonly length: number
  /** What it says, for people; empty where the parts say it. */
  readonly text: string
  /** Section that defines it. */
  readonly reference?: string
  /** What is wrong here; the octets that make no sense for it follow as they are. */
  readonly defect?: string
  /** Its parts, one behind the other without a gap, covering it; none for a field. */
  readonly children: readonly Explained[]
}

/** Text of `octets` in hexadecimal, cut where it gets long. */
export function octetsText(octets: Uint8Array): string {
  if (octets.length <= 32) return toHex(octets)
  return `${toHex(octets.subarray(0, 32))}… (${octets.length} octets)`
}

/**
 * What a terminal would obey instead of showing, what nobody would see (Default_Ignorable_Code_Point has letters too, the Hangul
 * fillers), and what would look like the end of the text.
 */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{DI}"\\]/gu

/** Text of a peer's, which must not do anything but be read: escaped as in a JavaScript string. */
export function escaped(text: string): string {
  return text.replace(UNSHOWN, (one) => (one === '"' || one === '\\' ? `\\${one}` : `\\u{${codePoint(one)}}`))
}

function codePoint(one: string): string {
  return (one.codePointAt(0) as number).toString(16)
}

/**
 * Takes octets one field after the other and writes down what they are. What a field would take beyond the end is not there:
 * then the rest stands as one piece with a defect, and everything asked for later takes nothing.
 */
export class Outline {
  readonly nodes: Explained[] = []
  private broken = false

  constructor(
    private readonly octets: Uint8Array,
    private at: number,
    readonly end: number
  ) {}

  get offset(): number {
    return this.at
  }

  get left(): number {
    return this.end - this.at
  }

  /** True once a field did not fit. */
  get isBroken(): boolean {
    return this.broken
  }

  /** The number of 1 or 2 octets so many octets ahead, not taken; undefined beyond the end. */
  peek(ahead: number, size: 1 | 2): number | undefined {
    const at = this.at + ahead
    if (at + size > this.end) return undefined
    return size === 1 ? this.octets[at] : readUint16(this.octets, at)
  }

  /** The next `size` octets, or as many as there are, not taken. */
  view(size: number): Uint8Array {
    return this.octets.subarray(this.at, Math.min(this.at + size, this.end))
  }

  /** A number of 1, 2 or 4 octets, undefined when it is not there. */
  number(
    name: string,
    size: 1 | 2 | 4,
    text: (value: number) => string = String,
    reference?: string
  ): number | undefined {
    if (!this.fits(name, size)) return undefined
    const { octets, at } = this
    const value = size === 1 ? (octets[at] as number) : size === 2 ? readUint16(octets, at) : readUint32(octets, at)
    this.push(name, size, text(value), reference)
    return value
  }

  /** RESERVED: said only where it is not zero. */
  reserved(size: number): void {
    if (!this.fits('RESERVED', size)) return
    const octets = this.octets.subarray(this.at, this.at + size)
    this.push('RESERVED', size, octets.every((octet) => octet === 0) ? '0' : `${toHex(octets)} (ignored)`)
  }

  /** So many octets; nothing when it is none. */
  raw(
    name: string,
    size: number,
    text: (octets: Uint8Array) => string = octetsText,
    reference?: string
  ): Uint8Array | undefined {
    if (!this.fits(name, size)) return undefined
    const octets = this.octets.subarray(this.at, this.at + size)
    if (size > 0) this.push(name, size, text(octets), reference)
    return octets
  }

  /** All octets that are left, with what is wrong with them where something is. */
  rest(name: string, defect?: string): void {
    if (this.left === 0) return
    const octets = this.octets.subarray(this.at, this.end)
    this.push(name, octets.length, octetsText(octets), undefined, defect)
  }

  /** Says at this place what is wrong, of no octets. */
  fault(name: string, defect: string): void {
    this.nodes.push(node(name, this.at, 0, '', undefined, defect))
  }

  /** A piece with parts, which `fill` takes; what it leaves is surplus. The text may depend on the parts. */
  group(name: string, size: number, fill: (parts: Outline) => string | undefined, reference?: string): void {
    if (this.broken) return
    const length = Math.min(size, this.left)
    const parts = new Outline(this.octets, this.at, this.at + length)
    const text = fill(parts) ?? ''
    if (parts.left > 0) parts.rest('octets left over', 'more octets than the fields take')
    const defect = size > length ? `${size} octets are said to be here, ${length} are` : undefined
    this.nodes.push({ ...node(name, this.at, length, text, reference, defect), children: parts.nodes })
    this.at += length
    if (size > length) this.broken = true
  }

  private fits(name: string, size: number): boolean {
    if (this.broken) return false
    if (size <= this.left) return true
    this.broken = true
    if (this.left === 0) {
      const last = this.nodes.pop()
      const defect = `${name} is missing`
      this.nodes.push(last === undefined ? node(name, this.at, 0, '', undefined, defect) : { ...last, defect })
    } else this.rest(name, `cut off: ${size} octets are needed, ${this.left} are left`)
    return false
  }

  private push(name: string, size: number, text: string, reference?: string, defect?: string): void {
    this.nodes.push(node(name, this.at, size, text, reference, defect))
    this.at += size
  }
}

function node(
  name: string,
  offset: number,
  length: number,
  text: string,
  reference?: string,
  defect?: string
): Explained {
  return {
    name,
    offset,
    length,
    text,
    ...(reference === undefined ? {} : { reference }),
    ...(defect === undefined ? {} : { defect }),
    children: []
  }
}
