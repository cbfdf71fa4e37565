/** A field or a protocol of a packet in tshark's PDML, in the order of the tree. */
export interface PdmlField {
  readonly name: string
  /** Octets from the start of the packet, or of the decrypted octets inside it. */
  readonly at: number
  readonly octets: number
  readonly showname: string
  readonly show: string
  /** Names of what it is in, outermost first. */
  readonly parents: readonly string[]
  /** `at` of the innermost field it is in. */
  readonly parentAt: number
}

/** Reads PDML line by line and hands over packet after packet. tshark writes a tag a line, line breaks in values unescaped. */
export class PdmlReader {
  private fields: PdmlField[] = []
  private open: { readonly name: string; readonly at: number }[] = []
  private begun = ''
  private readonly onPacket: (fields: readonly PdmlField[]) => void

  constructor(onPacket: (fields: readonly PdmlField[]) => void) {
    this.onPacket = onPacket
  }

  /** Takes one line, which is a tag or a part of one. */
  line(text: string): void {
    const tag = (this.begun + text).trimStart()
    this.begun = tag === '' || tag.endsWith('>') ? '' : tag
    if (this.begun !== '') return
    if (tag.startsWith('</packet')) {
      this.onPacket(this.fields)
      this.fields = []
      this.open = []
    } else if (tag.startsWith('</')) {
      this.open.pop()
    } else if (tag.startsWith('<field') || tag.startsWith('<proto')) {
      const field = this.field(tag)
      this.fields.push(field)
      if (!tag.endsWith('/>')) this.open.push(field)
    }
  }

  private field(tag: string): PdmlField {
    const attributes = new Map<string, string>()
    for (const [, name, value] of tag.matchAll(/ ([a-z]+)="([^"]*)"/g)) attributes.set(name!, value!)
    return {
      name: attributes.get('name') ?? '',
      at: Number(attributes.get('pos')),
      octets: Number(attributes.get('size')),
      showname: attributes.get('showname') ?? '',
      show: attributes.get('show') ?? '',
      parents: this.open.map(({ name }) => name),
      parentAt: this.open.at(-1)?.at ?? 0
    }
  }
}
