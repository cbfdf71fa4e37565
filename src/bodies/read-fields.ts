import { ipAddressText, ipFamily, readUint16, readUint32, utf8Text } from '../bytes/index.ts'
import { attributeFault, isTerminator } from './field-rules.ts'
import type {
  AttributesField,
  BodyAttribute,
  BodyError,
  BodyOf,
  BodyResult,
  Field,
  Form,
  Forms,
  StringField
} from './layout.ts'
import { GATEWAY_IDENTITY_TYPE } from './registry.ts'

/** A field as it was found: where its octets are and what they say. */
export interface FieldReading {
  /** Its name; `[2]` for an element of a list. */
  readonly name: string
  readonly field: Field
  /** Octets of the body, first and behind the last. */
  readonly start: number
  readonly end: number
  readonly value: unknown
  /** What it consists of; empty for a field that is one value. Together they cover it. */
  readonly parts: readonly FieldReading[]
}

type Readings = FieldReading[] | BodyError

/**
 * The fields of a body: of the first form that its octets fit exactly. When none does, the defect is the last form's, which
 * tables put where the one with most fields belongs. Octets in values are views of the body. Total.
 */
export function readFields(forms: Forms, body: Uint8Array): BodyResult<readonly FieldReading[]> {
  const readings = readForms(forms, body, 0, body.length)
  return Array.isArray(readings) ? { ok: true, value: readings } : { ok: false, error: readings }
}

/** The value of a body, or what is wrong with it. Octets in it are views of the body. Total. */
export function decodeBody<F extends Forms>(forms: F, body: Uint8Array): BodyResult<BodyOf<F>> {
  const readings = readFields(forms, body)
  return readings.ok ? { ok: true, value: byName(readings.value) as BodyOf<F> } : readings
}

function byName(readings: readonly FieldReading[]): object {
  return Object.fromEntries(readings.map(({ name, value }) => [name, value]))
}

function readForms(forms: Forms, body: Uint8Array, start: number, end: number): Readings {
  // What is too long for every form is that, whatever it begins with.
  const longest = forms.reduce((most, form) => Math.max(most, formOctets(form)), 0)
  if (end - start > longest) return defect('trailingOctets', start + longest, '')
  let result: Readings = defect('trailingOctets', start, '')
  for (const form of forms) {
    result = readForm(form, body, start, end)
    if (Array.isArray(result)) break
  }
  return result
}

/** Octets of a form; Infinity when one of its fields has no length of its own. */
function formOctets(form: Form): number {
  return form.reduce((sum, field) => sum + fieldOctets(field), 0)
}

function fieldOctets(field: Field): number {
  if (field.is === 'number') return field.octets
  if (field.is === 'ip4') return 4
  if (field.is === 'ip6') return 16
  return 'size' in field && field.is === 'octets' ? (field.size ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
}

function readForm(form: Form, body: Uint8Array, start: number, end: number): Readings {
  const readings: FieldReading[] = []
  let at = start
  for (const field of form) {
    const reading = readField(field, body, at, end)
    if ('code' in reading) return reading
    readings.push(reading)
    at = reading.end
  }
  return at === end ? readings : defect('trailingOctets', at, '')
}

function readField(field: Field, body: Uint8Array, start: number, end: number): FieldReading | BodyError {
  const found = (size: number, value: unknown, parts: readonly FieldReading[] = []): FieldReading => ({
    name: field.name,
    field,
    start,
    end: start + size,
    value,
    parts
  })
  const left = end - start
  switch (field.is) {
    case 'number': {
      if (left < field.octets) return defect('truncated', start, field.name)
      const value = readNumber(body, start, field.octets)
      const { least = 0, most = value } = field
      return value < least || value > most ? defect('invalidValue', start, field.name) : found(field.octets, value)
    }
    case 'octets':
    case 'text':
      return readString(field, body, start, end)
    case 'ip4':
    case 'ip6': {
      const size = field.is === 'ip4' ? 4 : 16
      if (left < size) return defect('truncated', start, field.name)
      const value = addressText(size, body.subarray(start, start + size))
      return value === undefined ? defect('invalidValue', start, field.name) : found(size, value)
    }
    case 'numbers': {
      const { octets } = field
      return readList(field, start, end, (at) => {
        return end - at < octets ? undefined : { size: octets, value: readNumber(body, at, octets) }
      })
    }
    case 'pieces': {
      const { size } = field
      return readList(field, start, end, (at) => {
        return end - at < size ? undefined : { size, value: body.subarray(at, at + size) }
      })
    }
    case 'attributes':
      return ruled(
        field,
        readList(field, start, end, (at) => readAttribute(body, at, end))
      )
    case 'records':
      return readList(field, start, end, (at) => {
        const size = body[at] as number
        if (size === 0 || at + size > end) return undefined
        const readings = readForms(field.forms, body, at + 1, at + size)
        if (!Array.isArray(readings)) return readings
        return { size, value: byName(readings), parts: readings }
      })
    case 'gateway': {
      if (left < 2) return defect('truncated', start, field.name)
      const type = body[start] as number
      const size = 2 + (body[start + 1] as number)
      if (size > left) return defect('truncated', start + 1, field.name)
      if (field.types?.includes(type) === false) return defect('invalidValue', start, field.name)
      const value = gatewayValue(type, body.subarray(start + 2, start + size))
      return value === undefined ? defect('invalidValue', start + 2, field.name) : found(size, { type, value })
    }
  }
}

function readString(field: StringField, body: Uint8Array, start: number, end: number): FieldReading | BodyError {
  const { name, size, least = 0, most = 0xffff, counted = 0, leave = 0 } = field
  if (end - start < counted) return defect('truncated', start, name)
  const from = start + counted
  const length = size ?? (counted === 1 ? (body[start] as number) : end - from - leave)
  if (length < least || from + length > end) return defect('truncated', start, name)
  if (length > most) return defect('trailingOctets', from + most, name)
  const octets = body.subarray(from, from + length)
  const value = field.is === 'text' ? utf8Text(octets) : octets
  if (value === undefined) return defect('invalidValue', from, name)
  const terminator = field.unterminated === true ? octets.findIndex(isTerminator) : -1
  if (terminator >= 0) return defect('invalidValue', from + terminator, name)
  return { name, field, start, end: from + length, value, parts: [] }
}

interface Element {
  readonly size: number
  readonly value: unknown
  readonly parts?: readonly FieldReading[]
}

function readList(
  field: Field & { readonly least?: number },
  start: number,
  end: number,
  read: (at: number) => Element | BodyError | undefined
): FieldReading | BodyError {
  const values: unknown[] = []
  const parts: FieldReading[] = []
  for (let at = start; at < end; ) {
    const name = `[${values.length}]`
    const element = read(at)
    if (element === undefined) return defect('truncated', at, `${field.name}${name}`)
    if ('code' in element) {
      return { ...element, field: `${field.name}${name}${element.field === '' ? '' : `.${element.field}`}` }
    }
    const { size, value } = element
    parts.push({ name, field, start: at, end: at + size, value, parts: element.parts ?? [] })
    values.push(value)
    at += size
  }
  if (values.length < (field.least ?? 0)) return defect('truncated', end, field.name)
  return { name: field.name, field, start, end, value: values, parts }
}

function readAttribute(body: Uint8Array, at: number, end: number): Element | undefined {
  if (end - at < 4) return undefined
  const type = readUint16(body, at) & 0x7fff
  const number = readUint16(body, at + 2)
  if (readUint16(body, at) > 0x7fff) return { size: 4, value: { type, value: number } satisfies BodyAttribute }
  const size = 4 + number
  if (at + size > end) return undefined
  return { size, value: { type, value: body.subarray(at + 4, at + size) } satisfies BodyAttribute }
}

/** Attributes as read, unless one of them breaks a rule of its type: at that attribute, or at the start when one is missing. */
function ruled(field: AttributesField, reading: FieldReading | BodyError): FieldReading | BodyError {
  if ('code' in reading || field.rules === undefined) return reading
  const fault = attributeFault(field.rules, reading.value as readonly BodyAttribute[])
  if (fault === undefined) return reading
  const at = fault.index === undefined ? undefined : reading.parts[fault.index]
  return defect('invalidValue', (at ?? reading).start, `${field.name}${at?.name ?? ''}`)
}

function gatewayValue(type: number, octets: Uint8Array): string | Uint8Array | undefined {
  // Written as ID_FQDN is (RFC 5685 section 9.2).
  if (type === GATEWAY_IDENTITY_TYPE.FQDN) {
    return octets.length === 0 || octets.some(isTerminator) ? undefined : utf8Text(octets)
  }
  if (type === GATEWAY_IDENTITY_TYPE.IPV4) return addressText(4, octets)
  if (type === GATEWAY_IDENTITY_TYPE.IPV6) return addressText(16, octets)
  return octets
}

/** An IPv4-mapped IPv6 address is none that anything is sent to or from. */
function addressText(size: 4 | 16, octets: Uint8Array): string | undefined {
  const text = octets.length === size ? ipAddressText(octets) : undefined
  return text !== undefined && (ipFamily(text) === 4) === (size === 4) ? text : undefined
}

function readNumber(body: Uint8Array, at: number, octets: 1 | 2 | 3 | 4): number {
  if (octets === 1) return body[at] as number
  if (octets === 2) return readUint16(body, at)
  return octets === 4 ? readUint32(body, at) : readUint16(body, at) * 256 + (body[at + 2] as number)
}

function defect(code: BodyError['code'], offset: number, field: string): BodyError {
  return { code, offset, field }
}
