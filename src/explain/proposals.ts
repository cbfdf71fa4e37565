import {
  ENCRYPTION,
  ESN,
  GROUP_CONTROLLER_AUTHENTICATION,
  INTEGRITY,
  KEY_EXCHANGE_METHOD,
  KEY_WRAP,
  PRF,
  PROTOCOL,
  TRANSFORM_ATTRIBUTE,
  TRANSFORM_TYPE
} from '../codec/index.ts'
import type { Outline } from './outline.ts'

const TRANSFORM_IDS: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  [TRANSFORM_TYPE.ENCR]: ENCRYPTION,
  [TRANSFORM_TYPE.PRF]: PRF,
  [TRANSFORM_TYPE.INTEG]: INTEGRITY,
  [TRANSFORM_TYPE.KE]: KEY_EXCHANGE_METHOD,
  [TRANSFORM_TYPE.ESN]: ESN,
  [TRANSFORM_TYPE.KWA]: KEY_WRAP,
  [TRANSFORM_TYPE.GCAUTH]: GROUP_CONTROLLER_AUTHENTICATION
}

function nameIn(table: Readonly<Record<string, number>> | undefined, value: number): string | undefined {
  return table === undefined ? undefined : Object.keys(table).find((key) => table[key] === value)
}

function numbered(table: Readonly<Record<string, number>> | undefined, value: number): string {
  const name = nameIn(table, value)
  return name === undefined ? String(value) : `${value} (${name})`
}

/** Proposals of an SA payload. Lengths are followed, the markers of last ones are only shown. */
export function explainProposals(body: Outline): string | undefined {
  let count = 0
  while (body.left > 0 && !body.isBroken) {
    count++
    const length = body.left < 4 ? body.left : Math.max(8, body.peek(2, 2) as number)
    body.group(`proposal ${count}`, length, proposal, 'RFC 7296 section 3.3.1')
  }
  return `${count} ${count === 1 ? 'proposal' : 'proposals'}`
}

function proposal(parts: Outline): string | undefined {
  parts.number('Last Substruc', 1, (value) => (value === 0 ? '0 (last)' : value === 2 ? '2 (more follow)' : `${value}`))
  parts.reserved(1)
  parts.number('Proposal Length', 2, (octets) => `${octets} octets`)
  const number = parts.number('Proposal Num', 1)
  const protocol = parts.number('Protocol ID', 1, (value) => numbered(PROTOCOL, value))
  const spiSize = parts.number('SPI Size', 1)
  parts.number('Num Transforms', 1)
  parts.raw('SPI', spiSize ?? 0)
  const names: string[] = []
  for (let i = 1; parts.left > 0 && !parts.isBroken; i++) {
    const length = parts.left < 4 ? parts.left : Math.max(8, parts.peek(2, 2) as number)
    parts.group(
      `transform ${i}`,
      length,
      (transformParts) => {
        const text = transform(transformParts)
        names.push(text ?? '?')
        return text
      },
      'RFC 7296 section 3.3.2'
    )
  }
  return number === undefined ? undefined : `${nameIn(PROTOCOL, protocol ?? 0) ?? protocol}: ${names.join(', ')}`
}

function transform(parts: Outline): string | undefined {
  parts.number('Last Substruc', 1, (value) => (value === 0 ? '0 (last)' : value === 3 ? '3 (more follow)' : `${value}`))
  parts.reserved(1)
  parts.number('Transform Length', 2, (octets) => `${octets} octets`)
  const type = parts.number('Transform Type', 1, (value) => numbered(TRANSFORM_TYPE, value))
  parts.reserved(1)
  // RFC 9370 section 2.2: additional key exchanges have the identifiers of type 4.
  const isAdditional = type !== undefined && type >= TRANSFORM_TYPE.ADDKE1 && type <= TRANSFORM_TYPE.ADDKE7
  const table = TRANSFORM_IDS[isAdditional ? TRANSFORM_TYPE.KE : (type ?? 0)]
  const id = parts.number('Transform ID', 2, (value) => numbered(table, value))
  let keyLength = ''
  while (parts.left > 0 && !parts.isBroken) {
    const format = parts.peek(0, 2)
    if (format === undefined || parts.left < 4) {
      parts.raw('attribute', 4)
      break
    }
    const length = format > 0x7fff ? 4 : 4 + (parts.peek(2, 2) as number)
    parts.group(
      'attribute',
      length,
      (attribute) => {
        attribute.number('Attribute Type', 2, (value) => {
          return `${numbered(TRANSFORM_ATTRIBUTE, value & 0x7fff)}, ${value > 0x7fff ? 'TV' : 'TLV'}`
        })
        if (format <= 0x7fff) {
          attribute.number('Attribute Length', 2)
          attribute.raw('Attribute Value', attribute.left)
        } else {
          const bits = attribute.number('Attribute Value', 2)
          if ((format & 0x7fff) === TRANSFORM_ATTRIBUTE.KEY_LENGTH) keyLength = `-${bits}`
        }
        return undefined
      },
      'RFC 7296 section 3.3.5'
    )
  }
  return id === undefined ? undefined : `${nameIn(table, id) ?? `${type}:${id}`}${keyLength}`
}
