import { concatBytes, ipAddressBytes, ipFamily, sendableAddressBytes, uint32Bytes, utf8Bytes } from '../bytes/index.ts'
import { attributeFault, isTerminator } from './field-rules.ts'
import type {
  AttributesField,
  BodyAttribute,
  BodyOf,
  Field,
  Forms,
  GatewayField,
  GatewayIdentity,
  NumberField,
  StringField
} from './layout.ts'
import { GATEWAY_IDENTITY_TYPE } from './registry.ts'

/** Values by name of their field. */
export type Values = Readonly<Record<string, unknown>>

/**
 * The octets of a body. The form is the one with just the fields that `value` has. Throws TypeError or RangeError naming
 * `owner` and the field that the RFC forbids, that is missing, or that does not fit.
 */
export function encodeBody<F extends Forms>(forms: F, value: BodyOf<F>, owner: string): Uint8Array {
  return writeForms(forms, value as Values, owner)
}

/** {@link encodeBody} for callers whose types already tied the value to its layout. */
export function writeForms(forms: Forms, value: Values, owner: string): Uint8Array {
  const names = Object.keys(record(value, owner)).filter((name) => value[name] !== undefined)
  const same = forms.filter((form) => form.length === names.length && form.every((field) => names.includes(field.name)))
  const form = same.find((candidate) => candidate.every((field) => fits(field, value[field.name]))) ?? same[0]
  if (form === undefined) throw new TypeError(`${owner}: ${fault(forms, names)}`)
  return concatBytes(...form.map((field) => writeField(field, value[field.name], `${owner}.${field.name}`)))
}

function fault(forms: Forms, names: readonly string[]): string {
  const needed = forms.map((form) => (form.length === 0 ? 'none' : form.map((field) => field.name).join(', ')))
  return `fields ${names.join(', ') || 'none'}; needed are ${[...new Set(needed)].join(', or ')}`
}

/** Whether what tells forms with the same fields apart agrees: a family or a size. */
function fits(field: Field, value: unknown): boolean {
  if (field.is === 'ip4') return typeof value === 'string' && ipFamily(value) === 4
  if (field.is === 'ip6') return typeof value === 'string' && ipFamily(value) === 6
  return field.is !== 'octets' || field.size === undefined || (value as Uint8Array | undefined)?.length === field.size
}

function writeField(field: Field, value: unknown, path: string): Uint8Array {
  switch (field.is) {
    case 'number':
      return writeNumber(field, value, path)
    case 'octets':
    case 'text':
      return writeString(field, value, path)
    case 'ip4':
    case 'ip6':
      return addressOctets(field.is, value, path)
    case 'numbers':
      return writeList(field, value, path, (item, at) => {
        return writeNumber({ octets: field.octets, most: field.highestWritten }, item, at)
      })
    case 'pieces':
      return writeList(field, value, path, (item, at) => ranged(octetsOf(item, at), field.size, field.size, at))
    case 'attributes':
      return writeAttributes(field, value, path)
    case 'records':
      return writeList(field, value, path, (item, at) => {
        const octets = writeForms(field.forms, record(item, at), at)
        return concatBytes(Uint8Array.of(1 + ranged(octets, 0, 254, at).length), octets)
      })
    case 'gateway':
      return writeGateway(field, value, path)
  }
}

interface NumberRange {
  readonly octets: NumberField['octets']
  readonly least?: number | undefined
  readonly most?: number | undefined
}

function writeNumber(field: NumberRange, value: unknown, path: string): Uint8Array {
  const { octets, least = 0, most = 2 ** (8 * octets) - 1 } = field
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw new RangeError(`${path}: ${String(value)} is not an integer from ${least} to ${most}`)
  }
  return uint32Bytes(value as number).subarray(4 - octets)
}

function writeString(field: StringField, value: unknown, path: string): Uint8Array {
  const { size, least = size ?? 0, most = size ?? (field.counted === 1 ? 0xff : 0xffff) } = field
  const octets = ranged(field.is === 'text' ? textOctets(field, value, path) : octetsOf(value, path), least, most, path)
  return field.counted === 1 ? concatBytes(Uint8Array.of(octets.length), octets) : octets
}

/** Lowest and highest octet of what is written of a text. */
const WRITTEN = { ascii: [0, 0x7f], printableAscii: [0x20, 0x7e] } as const

function textOctets(
  { unterminated, written }: Pick<StringField, 'unterminated' | 'written'>,
  value: unknown,
  path: string
): Uint8Array {
  if (typeof value !== 'string') throw new TypeError(`${path}: expected a string`)
  // UTF-8 has no octets for half of a pair (RFC 3629 section 3).
  if (/\p{Surrogate}/u.test(value)) throw new TypeError(`${path}: a lone surrogate is no character`)
  const octets = utf8Bytes(value)
  const [lowest, highest] = written === undefined ? [0, 0xff] : WRITTEN[written]
  for (const octet of octets) {
    if (octet < lowest || octet > highest || (unterminated === true && isTerminator(octet))) {
      throw new RangeError(`${path}: octet ${octet} is not allowed`)
    }
  }
  return octets
}

function writeAttributes(field: AttributesField, value: unknown, path: string): Uint8Array {
  const octets = writeList(field, value, path, writeAttribute)
  const fault = attributeFault(field.rules ?? [], value as readonly BodyAttribute[])
  if (fault === undefined) return octets
  throw new RangeError(`${path}${fault.index === undefined ? '' : `[${fault.index}].value`}: ${fault.fault}`)
}

function writeAttribute(item: unknown, path: string): Uint8Array {
  const { type, value } = record(item, path) as unknown as BodyAttribute
  const isNumber = typeof value === 'number'
  const head = writeNumber({ octets: 2, most: 0x7fff }, type, `${path}.type`).slice()
  if (isNumber) {
    head[0] = (head[0] as number) | 0x80
    return concatBytes(head, writeNumber({ octets: 2 }, value, `${path}.value`))
  }
  const octets = ranged(octetsOf(value, `${path}.value`), 0, 0xffff, `${path}.value`)
  return concatBytes(head, writeNumber({ octets: 2 }, octets.length, path), octets)
}

function writeGateway({ types }: GatewayField, item: unknown, path: string): Uint8Array {
  const { type, value } = record(item, path) as unknown as GatewayIdentity
  if (types?.includes(type) === false) throw new RangeError(`${path}.type: ${type} is not ${types.join(' or ')}`)
  const octets = ranged(gatewayOctets(type, value, `${path}.value`), 0, 255, `${path}.value`)
  return concatBytes(writeNumber({ octets: 1 }, type, `${path}.type`), Uint8Array.of(octets.length), octets)
}

function gatewayOctets(type: number, value: unknown, path: string): Uint8Array {
  if (type === GATEWAY_IDENTITY_TYPE.IPV4) return addressOctets('ip4', value, path)
  if (type === GATEWAY_IDENTITY_TYPE.IPV6) return addressOctets('ip6', value, path)
  if (type !== GATEWAY_IDENTITY_TYPE.FQDN) return octetsOf(value, path)
  // Written as ID_FQDN is (RFC 5685 section 9.2).
  return ranged(textOctets({ unterminated: true, written: 'ascii' }, value, path), 1, 255, path)
}

function addressOctets(family: 'ip4' | 'ip6', value: unknown, path: string): Uint8Array {
  const octets = typeof value === 'string' ? ipAddressBytes(value) : undefined
  if (octets === undefined) throw new TypeError(`${path}: ${String(value)} is not an IP address`)
  const size = family === 'ip4' ? 4 : 16
  ranged(octets, size, size, path)
  if (sendableAddressBytes(value as string) === undefined) {
    throw new RangeError(`${path}: ${value} has a zone or is IPv4-mapped`)
  }
  return octets
}

/** The longest body of a payload, and more than any list of a body can have. */
const MOST_OCTETS = 0xffff

/** The entries of a list one behind the other; an entry that is missing is written as undefined, which no writer takes. */
function writeList(
  { least = 0 }: { readonly least?: number },
  value: unknown,
  path: string,
  write: (item: unknown, path: string) => Uint8Array
): Uint8Array {
  if (!Array.isArray(value)) throw new TypeError(`${path}: expected an array`)
  if (value.length < least) throw new RangeError(`${path}: ${value.length} entries, at least ${least} are needed`)
  const parts: Uint8Array[] = []
  let length = 0
  for (let i = 0; i < value.length; i++) {
    const part = write(value[i], `${path}[${i}]`)
    length += part.length
    if (length > MOST_OCTETS) throw new RangeError(`${path}: more than ${MOST_OCTETS} octets`)
    parts.push(part)
  }
  const octets = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    octets.set(part, at)
    at += part.length
  }
  return octets
}

/** An object, for reading its fields. */
export function record(item: unknown, path: string): Values {
  if (typeof item !== 'object' || item === null) throw new TypeError(`${path}: expected an object`)
  return item as Values
}

function octetsOf(value: unknown, path: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${path}: expected a Uint8Array`)
  return value
}

function ranged(octets: Uint8Array, least: number, most: number, path: string): Uint8Array {
  if (octets.length < least || octets.length > most) {
    throw new RangeError(
      `${path}: ${octets.length} octets, ${least === most ? least : `${least} to ${most}`} are needed`
    )
  }
  return octets
}
