import fc, { type Arbitrary } from 'fast-check'
import {
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
import { address, octet, octets, PLAIN, text, uint16 } from './draw.ts'

/** How long what has no length of its own gets, in octets or code points. */
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
      return list(numberValue(field), field)
    case 'pieces':
      return list(octets(field.size), field)
    case 'records':
      return list(body(field.forms), field)
    case 'attributes':
      return list(attribute, field)
    case 'gateway':
      return gateway
  }
}

/** Any number of the field, and often one that its registry names. */
function numberValue(field: Pick<NumberField, 'least' | 'most' | 'octets' | 'registry'>): Arbitrary<number> {
  const { least = 0, most = 2 ** (8 * field.octets) - 1, registry } = field
  const any = fc.integer({ min: least, max: most })
  if (registry === undefined) return any
  const isNamed = (number: number): boolean => number <= most && registryName(registry, number) !== String(number)
  return fc.oneof(any, fc.constantFrom(...Array.from({ length: 256 }, (_, number) => number).filter(isNamed)))
}

function stringValue({ is, size, least = 0, most = 0xffff, der }: StringField): Arbitrary<unknown> {
  if (der !== undefined) return derOf(der)
  const longest = Math.min(most, least + USUAL_LENGTH)
  return is === 'text' ? text(least, longest) : octets(size ?? least, size ?? longest)
}

function list<T>(item: Arbitrary<T>, { least = 0 }: { readonly least?: number }): Arbitrary<readonly T[]> {
  return fc.array(item, { minLength: least, maxLength: least + 5 })
}

const attribute: Arbitrary<BodyAttribute> = /* @__PURE__ */ fc.record(
  { type: fc.integer({ min: 0, max: 0x7fff }), value: fc.oneof(uint16, octets(0, 8)) },
  PLAIN
)

const named: readonly number[] = Object.values(GATEWAY_IDENTITY_TYPE)

const gateway: Arbitrary<GatewayIdentity> = /* @__PURE__ */ fc.oneof(
  gatewayOf(GATEWAY_IDENTITY_TYPE.IPV4, address(4)),
  gatewayOf(GATEWAY_IDENTITY_TYPE.IPV6, address(6)),
  gatewayOf(GATEWAY_IDENTITY_TYPE.FQDN, text(0, USUAL_LENGTH)),
  fc.record({ type: octet.filter((type) => !named.includes(type)), value: octets(0, 255) }, PLAIN)
)

function gatewayOf(type: number, value: Arbitrary<string>): Arbitrary<GatewayIdentity> {
  return value.map((known) => ({ type, value: known }))
}
