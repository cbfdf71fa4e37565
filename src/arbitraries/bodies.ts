import fc, { type Arbitrary } from 'fast-check'
import {
  type AttributesField,
  type BodyAttribute,
  type BodyOf,
  CONFIGURATION_LAYOUTS,
  type ConfigurationBody,
  type ConfigurationName,
  DATA_LAYOUTS,
  type DataBody,
  type Field,
  type Form,
  type Forms,
  GATEWAY_IDENTITY_TYPE,
  type GatewayField,
  type GatewayIdentity,
  NOTIFY_LAYOUTS,
  type NotifyBody,
  type NotifyName,
  type NumberField,
  registryName,
  type StringField
} from '../bodies/index.ts'
import { PROTOCOL } from '../codec/index.ts'
import { derOf } from './der.ts'
import { address, octet, octets, PLAIN, text, UP_TO_THE_MOST, uint16 } from './draw.ts'

/** How much longer than the least what has no greatest length gets, in octets or code points. */
const USUAL_LENGTH = 40

/**
 * Values of a body with one of `forms`: everything that `encodeBody` takes and `decodeBody` gives back, strings and lists of
 * moderate length. Throws nothing.
 */
export function body<F extends Forms>(forms: F): Arbitrary<BodyOf<F>> {
  return fc.oneof(...forms.map(form)) as Arbitrary<BodyOf<F>>
}

/** The body of a Notify of type `name`, for `encodeNotify`; about a Child SA where the type is about one. */
export function notifyBody<N extends NotifyName>(name: N): Arbitrary<NotifyBody<N>> {
  const layout: { readonly childSa?: true; readonly forms: Forms } = NOTIFY_LAYOUTS[name]
  const data = body(layout.forms)
  if (layout.childSa !== true) return data as Arbitrary<NotifyBody<N>>
  const childSa = fc.record({ protocol: fc.constantFrom(PROTOCOL.AH, PROTOCOL.ESP), spi: octets(4) })
  return fc.tuple(data, childSa).map(([fields, reference]) => ({ ...fields, ...reference })) as Arbitrary<NotifyBody<N>>
}

/** The value of a configuration attribute of type `name`, for `encodeConfigurationAttribute`. */
export function configurationBody<N extends ConfigurationName>(name: N): Arbitrary<ConfigurationBody<N>> {
  return body(CONFIGURATION_LAYOUTS[name].forms) as Arbitrary<ConfigurationBody<N>>
}

/** The data of payload `kind` whose type octet is `name`, for `encodeData`. */
export function dataBody<K extends keyof typeof DATA_LAYOUTS, N extends keyof (typeof DATA_LAYOUTS)[K] & string>(
  kind: K,
  name: N
): Arbitrary<DataBody<K, N>> {
  const layouts: Readonly<Record<string, { readonly forms: Forms }>> = DATA_LAYOUTS[kind]
  return body((layouts[name] as { readonly forms: Forms }).forms) as Arbitrary<DataBody<K, N>>
}

function form(fields: Form): Arbitrary<object> {
  return fc.record(Object.fromEntries(fields.map((field) => [field.name, fieldValue(field)])), PLAIN)
}

function fieldValue(field: Field): Arbitrary<unknown> {
  switch (field.is) {
    case 'number':
      return numberValue(field)
    case 'octets':
    case 'text':
      return stringValue(field)
    case 'ip4':
      return address(4)
    case 'ip6':
      return address(6)
    case 'numbers':
      return list(numberValue({ ...field, most: field.highestWritten }), field)
    case 'pieces':
      return list(octets(field.size), field)
    case 'records':
      return list(body(field.forms), field)
    case 'attributes':
      return attributes(field)
    case 'gateway':
      return gateway(field)
  }
}

interface NumberRange extends Pick<NumberField, 'least' | 'octets' | 'registry'> {
  readonly most?: number | undefined
}

/** Any number of the field, and often one that its registry names. */
function numberValue(field: NumberRange): Arbitrary<number> {
  const { least = 0, most = 2 ** (8 * field.octets) - 1, registry } = field
  const any = fc.integer({ min: least, max: most })
  if (registry === undefined) return any
  const isNamed = (number: number): boolean => number <= most && registryName(registry, number) !== String(number)
  return fc.oneof(any, fc.constantFrom(...Array.from({ length: 256 }, (_, number) => number).filter(isNamed)))
}

function stringValue({
  is,
  size,
  least = 0,
  most = least + USUAL_LENGTH,
  der,
  written,
  unterminated
}: StringField): Arbitrary<unknown> {
  if (der !== undefined) return derOf(der)
  if (is === 'octets') return octets(size ?? least, size ?? most)
  if (written === 'printableAscii') {
    return fc.string({ unit: 'grapheme-ascii', minLength: least, maxLength: most, ...UP_TO_THE_MOST })
  }
  const value = written === 'ascii' ? ascii(least, most) : text(least, most)
  return unterminated === true ? value.map(onOneLine) : value
}

function ascii(least: number, most: number): Arbitrary<string> {
  return fc.string({ unit: 'binary-ascii', minLength: least, maxLength: most, ...UP_TO_THE_MOST })
}

/** Without what ends a string for some reader (RFC 7296 section 3.5), and as long as before. */
function onOneLine(value: string): string {
  return value.replaceAll('\0', '0').replaceAll('\r', 'r').replaceAll('\n', 'n')
}

function list<T>(item: Arbitrary<T>, { least = 0 }: { readonly least?: number }): Arbitrary<readonly T[]> {
  return fc.array(item, { minLength: least, maxLength: least + 5 })
}

function attributes({ rules = [], least = 0 }: AttributesField): Arbitrary<readonly BodyAttribute[]> {
  const ruled = rules.map(({ type, least: fewest = 0, most = 3, highest = 0xffff }) => {
    const one = fc.integer({ min: 0, max: highest }).map((value): BodyAttribute => ({ type, value }))
    return fc.array(one, { minLength: fewest, maxLength: most })
  })
  const known = rules.map(({ type }) => type)
  const free = fc.array(
    attribute.filter(({ type }) => !known.includes(type)),
    { minLength: ruled.length === 0 ? least : 0, maxLength: least + 5 }
  )
  return fc
    .tuple(...ruled, free)
    .chain((lists) => fc.shuffledSubarray(lists.flat(), { minLength: lists.flat().length }))
}

const attribute: Arbitrary<BodyAttribute> = /* @__PURE__ */ fc.record(
  { type: fc.integer({ min: 0, max: 0x7fff }), value: fc.oneof(uint16, octets(0, 8)) },
  PLAIN
)

const named: readonly number[] = Object.values(GATEWAY_IDENTITY_TYPE)

function gateway({ types }: GatewayField): Arbitrary<GatewayIdentity> {
  const known: readonly (readonly [number, Arbitrary<string>])[] = [
    [GATEWAY_IDENTITY_TYPE.IPV4, address(4)],
    [GATEWAY_IDENTITY_TYPE.IPV6, address(6)],
    [GATEWAY_IDENTITY_TYPE.FQDN, ascii(1, USUAL_LENGTH).map(onOneLine)]
  ]
  const usual = known
    .filter(([type]) => types?.includes(type) !== false)
    .map(([type, value]) => value.map((text): GatewayIdentity => ({ type, value: text })))
  const other = fc.record({ type: octet.filter((type) => !named.includes(type)), value: octets(0, 255) }, PLAIN)
  return types === undefined ? fc.oneof(...usual, other) : fc.oneof(...usual)
}
