import { concatBytes, ipAddressBytes, ipFamily, uint32Bytes, utf8Bytes } from '../bytes/index.ts'
import type { BodyAttribute, BodyOf, Field, Forms, GatewayIdentity, NumberField, StringField } from './layout.ts'
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
  const names = Object.keys(value).filter((name) => value[name] !== undefined)
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
      return concatBytes(
        ...list(field, value, path).map((item, i) => writeNumber({ octets: field.octets }, item, `${path}[${i}]`))
      )
    case 'pieces':
      return concatBytes(
        ...list(field, value, path).map((item, i) => {
          return ranged(octetsOf(item, `${path}[${i}]`), field.size, field.size, `${path}[${i}]`)
        })
      )
    case 'attributes':
      return concatBytes(...list(field, value, path).map((item, i) => writeAttribute(item, `${path}[${i}]`)))
    case 'records':
      return concatBytes(
        ...list(field, value, path).map((item, i) => {
          const octets = writeForms(field.forms, record(item, `${path}[${i}]`), `${path}[${i}]`)
          return concatBytes(Uint8Array.of(1 + ranged(octets, 0, 254, `${path}[${i}]`).length), octets)
        })
      )
    case 'gateway':
      return writeGateway(value, path)
  }
}

function writeNumber(field: Pick<NumberField, 'octets' | 'least' | 'most'>, value: unknown, path: string): Uint8Array {
  const { octets, least = 0, most = 2 ** (8 * octets) - 1 } = field
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw new RangeError(`${path}: ${value} is not an integer from ${least} to ${most}`)
  }
  return uint32Bytes(value as number).subarray(4 - octets)
}

function writeString(field: StringField, value: unknown, path: string): Uint8Array {
  const { size, least = size ?? 0, most = size ?? (field.counted === 1 ? 0xff : 0xffff) } = field
  if (field.is === 'text' && typeof value !== 'string') throw new TypeError(`${path}: expected a string`)
  const octets = ranged(field.is === 'text' ? utf8Bytes(value as string) : octetsOf(value, path), least, most, path)
  return field.counted === 1 ? concatBytes(Uint8Array.of(octets.length), octets) : octets
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

function writeGateway(item: unknown, path: string): Uint8Array {
  const { type, value } = record(item, path) as unknown as GatewayIdentity
  const octets = ranged(gatewayOctets(type, value, `${path}.value`), 0, 255, `${path}.value`)
  return concatBytes(writeNumber({ octets: 1 }, type, `${path}.type`), Uint8Array.of(octets.length), octets)
}

function gatewayOctets(type: number, value: unknown, path: string): Uint8Array {
  if (type === GATEWAY_IDENTITY_TYPE.IPV4) return addressOctets('ip4', value, path)
  if (type === GATEWAY_IDENTITY_TYPE.IPV6) return addressOctets('ip6', value, path)
  if (type !== GATEWAY_IDENTITY_TYPE.FQDN) return octetsOf(value, path)
  if (typeof value !== 'string') throw new TypeError(`${path}: expected a string`)
  return utf8Bytes(value)
}

function addressOctets(family: 'ip4' | 'ip6', value: unknown, path: string): Uint8Array {
  const octets = typeof value === 'string' ? ipAddressBytes(value) : undefined
  if (octets === undefined) throw new TypeError(`${path}: ${value} is not an IP address`)
  const size = family === 'ip4' ? 4 : 16
  return ranged(octets, size, size, path)
}

function list(field: { readonly least?: number }, value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${path}: expected an array`)
  const { least = 0 } = field
  if (value.length < least) throw new RangeError(`${path}: ${value.length} entries, at least ${least} are needed`)
  return value
}

function record(item: unknown, path: string): Values {
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
