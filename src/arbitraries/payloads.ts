import fc, { type Arbitrary } from 'fast-check'
import {
  CONFIGURATION_LAYOUTS,
  type ConfigurationName,
  DATA_LAYOUTS,
  EAP_TYPE,
  encodeConfigurationAttribute,
  encodeData,
  encodeNotify,
  NOTIFY_LAYOUTS,
  type NotifyName
} from '../bodies/index.ts'
import { compareBytes } from '../bytes/index.ts'
import {
  AUTH_METHOD,
  CERTIFICATE_ENCODING,
  CONFIGURATION_TYPE,
  type ConfigurationAttribute,
  EAP_CODE,
  ID_TYPE,
  KEY_EXCHANGE_METHOD,
  type NotifyPayload,
  PAYLOAD,
  type Payload,
  PROTOCOL,
  TRAFFIC_SELECTOR_TYPE,
  type TrafficSelector,
  type TrafficSelectorPayload
} from '../codec/index.ts'
import { configurationBody, dataBody, notifyBody } from './bodies.ts'
import { octet, octets, PLAIN, registered, sometimes, uint16 } from './draw.ts'
import { childProposals, ikeProposals, proposals } from './security-association.ts'

/** Names the payloads. */
export type PayloadKind = Payload['kind']

/** The payload of one kind. */
export type PayloadOf<K extends PayloadKind> = Payload extends infer P
  ? P extends { readonly kind: infer Own }
    ? K extends Own
      ? P & { readonly kind: K }
      : never
    : never
  : never

const NOTIFY_NAMES: readonly NotifyName[] = Object.keys(NOTIFY_LAYOUTS) as NotifyName[]
const CONFIGURATION_NAMES: readonly ConfigurationName[] = Object.keys(CONFIGURATION_LAYOUTS) as ConfigurationName[]

/** A Notify of the registered type `name`, its data, Protocol ID and SPI as its RFC has them. */
export function notifyPayload(name: NotifyName): Arbitrary<NotifyPayload> {
  return notifyBody(name).map((body) => encodeNotify(name, body))
}

/** A configuration attribute of the registered type `name`. */
export function configurationAttribute(name: ConfigurationName): Arbitrary<ConfigurationAttribute> {
  return configurationBody(name).map((body) => encodeConfigurationAttribute(name, body))
}

/** Octets of the data of payload `kind` and the number of their type, of each type that has a layout. */
function typed(
  kind: keyof typeof DATA_LAYOUTS,
  types: Readonly<Record<string, number>>
): Arbitrary<readonly [number, Uint8Array]> {
  const names = Object.keys(DATA_LAYOUTS[kind]) as (keyof (typeof DATA_LAYOUTS)[typeof kind])[]
  return fc.oneof(
    ...names.map((name) => {
      return dataBody(kind, name).map((body) => [types[name] as number, encodeData(kind, name, body)] as const)
    })
  )
}

/** Any type octet with any octets. */
function untyped(least: number, most: number): Arbitrary<readonly [number, Uint8Array]> {
  return fc.tuple(octet, octets(least, most))
}

/** From the lower to the higher, all, one, or OPAQUE (section 3.13.1). */
const ports: Arbitrary<readonly [number, number]> = /* @__PURE__ */ fc.oneof(
  { weight: 5, arbitrary: fc.tuple(uint16, uint16).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const) },
  { weight: 2, arbitrary: fc.constant([0, 0xffff] as const) },
  { weight: 2, arbitrary: uint16.map((port) => [port, port] as const) },
  { weight: 1, arbitrary: fc.constant([0xffff, 0] as const) }
)

function range(type: 7 | 8): Arbitrary<TrafficSelector> {
  const size = type === TRAFFIC_SELECTOR_TYPE.TS_IPV4_ADDR_RANGE ? 4 : 16
  const addresses = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(octets(size), octets(size)) },
    { weight: 1, arbitrary: octets(size).map((address) => [address, address] as const) }
  )
  return fc.tuple(octet, ports, addresses).map(([protocol, [startPort, endPort], [one, two]]) => {
    const [startAddress, endAddress] = compareBytes(one, two) <= 0 ? [one, two] : [two, one]
    return { type, protocol, startPort, endPort, startAddress, endAddress }
  })
}

/** A selector as sections 3.13.1 and 2.9 know them, or one of a type not known here. */
const selector: Arbitrary<TrafficSelector> = /* @__PURE__ */ fc.oneof(
  range(7),
  range(8),
  fc.record({ type: octet.filter((type) => type !== 7 && type !== 8), protocol: octet, body: octets(0, 30) }, PLAIN)
)

function trafficSelector<K extends 'trafficSelectorInitiator' | 'trafficSelectorResponder'>(
  kind: K
): Arbitrary<TrafficSelectorPayload & { readonly kind: K }> {
  return fc.array(selector, { minLength: 1, maxLength: 5 }).map((selectors) => ({ kind, selectors }))
}

/** An identity with RESERVED of zero, as a sender must write it (RFC 7296 section 3.5). */
export function identity<K extends 'identificationInitiator' | 'identificationResponder'>(
  kind: K
): Arbitrary<PayloadOf<K>> {
  return fc
    .oneof(typed('identification', ID_TYPE), untyped(0, 40))
    .map(([idType, data]) => ({ kind, idType, data }) as PayloadOf<K>)
}

function identification<K extends 'identificationInitiator' | 'identificationResponder'>(
  kind: K
): Arbitrary<PayloadOf<K>> {
  // Every decoder keeps RESERVED here, for AUTH covers it (section 2.15).
  const reserved = sometimes(fc.integer({ min: 1, max: 0xffffff }), 10)
  return fc
    .tuple(identity(kind), reserved)
    .map(([bare, bits]) => (bits === undefined ? bare : { ...bare, reserved: bits }))
}

function certificate<K extends 'certificate' | 'certificateRequest'>(kind: K): Arbitrary<PayloadOf<K>> {
  return fc
    .oneof(
      typed(kind, CERTIFICATE_ENCODING),
      untyped(0, 200),
      fc.tuple(registered(CERTIFICATE_ENCODING), octets(0, 200))
    )
    .map(([encoding, data]) => ({ kind, encoding, data }) as PayloadOf<K>)
}

/** A number of a fragment or of all fragments, often the first. */
const fragments: Arbitrary<number> = /* @__PURE__ */ fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 0xffff }))

const TYPED_CODES: readonly number[] = [EAP_CODE.REQUEST, EAP_CODE.RESPONSE, EAP_CODE.INITIATE, EAP_CODE.FINISH]

const GENERATORS: { readonly [K in PayloadKind]: () => Arbitrary<PayloadOf<K>> } = {
  securityAssociation: () =>
    fc
      .oneof(proposals(), ikeProposals(0), ikeProposals(8), childProposals())
      .map((list) => ({ kind: 'securityAssociation', proposals: list })),
  keyExchange: () =>
    fc
      .tuple(fc.oneof(uint16, registered(KEY_EXCHANGE_METHOD)), octets(0, 300))
      .map(([group, data]) => ({ kind: 'keyExchange', group, data })),
  identificationInitiator: () => identification('identificationInitiator'),
  identificationResponder: () => identification('identificationResponder'),
  certificate: () => certificate('certificate'),
  certificateRequest: () => certificate('certificateRequest'),
  authentication: () =>
    fc
      .oneof(typed('authentication', AUTH_METHOD), untyped(0, 100), fc.tuple(registered(AUTH_METHOD), octets(0, 100)))
      .map(([method, data]) => ({ kind: 'authentication', method, data })),
  nonce: () => octets(16, 256).map((data) => ({ kind: 'nonce', data })),
  notify: () =>
    fc.oneof(
      fc.constantFrom(...NOTIFY_NAMES).chain(notifyPayload),
      fc.record(
        { kind: fc.constant('notify'), protocol: octet, spi: octets(0, 8), type: uint16, data: octets(0, 64) },
        PLAIN
      )
    ),
  delete: () =>
    fc.oneof(
      fc.constant({ kind: 'delete' as const, protocol: PROTOCOL.IKE, spiSize: 0, spis: [] }),
      fc
        .tuple(fc.constantFrom<number>(PROTOCOL.AH, PROTOCOL.ESP), fc.array(octets(4), { maxLength: 5 }))
        .map(([protocol, spis]) => ({ kind: 'delete' as const, protocol, spiSize: 4, spis })),
      fc
        .tuple(fc.integer({ min: 4, max: 255 }), fc.integer({ min: 1, max: 20 }))
        .chain(([protocol, spiSize]) =>
          fc
            .array(octets(spiSize), { maxLength: 3 })
            .map((spis) => ({ kind: 'delete' as const, protocol, spiSize, spis }))
        )
    ),
  vendorId: () => octets(0, 40).map((data) => ({ kind: 'vendorId', data })),
  trafficSelectorInitiator: () => trafficSelector('trafficSelectorInitiator'),
  trafficSelectorResponder: () => trafficSelector('trafficSelectorResponder'),
  configuration: () => {
    const any = fc.record({ type: fc.integer({ min: 0, max: 0x7fff }), value: octets(0, 20) }, PLAIN)
    const known = fc.constantFrom(...CONFIGURATION_NAMES).chain(configurationAttribute)
    return fc
      .tuple(fc.oneof(octet, registered(CONFIGURATION_TYPE)), fc.array(fc.oneof(known, any), { maxLength: 6 }))
      .map(([configurationType, attributes]) => ({ kind: 'configuration', configurationType, attributes }))
  },
  eap: () =>
    fc.oneof(
      fc
        .tuple(
          fc.constantFrom(...TYPED_CODES),
          octet,
          fc.oneof(typed('eap', EAP_TYPE), untyped(0, 40), fc.tuple(registered(EAP_TYPE), octets(0, 40)))
        )
        .map(([code, id, [type, data]]) => {
          const payload = { kind: 'eap' as const, code, identifier: id, type, data }
          // A Response has no text, a Request has some (RFC 3748 section 5.2).
          const notification = data.length === 0 ? EAP_CODE.RESPONSE : EAP_CODE.REQUEST
          return type === EAP_TYPE.NOTIFICATION ? { ...payload, code: notification } : payload
        }),
      fc
        .tuple(fc.oneof(fc.constantFrom<number>(EAP_CODE.SUCCESS, EAP_CODE.FAILURE), octet), octet)
        .filter(([code]) => !TYPED_CODES.includes(code))
        .map(([code, id]) => ({ kind: 'eap' as const, code, identifier: id }))
    ),
  encrypted: () =>
    fc.tuple(octet, octets(0, 300)).map(([firstInner, body]) => ({ kind: 'encrypted', firstInner, body })),
  encryptedFragment: () =>
    fc.tuple(fragments, fragments, octet, octets(0, 300)).map(([one, two, first, body]) => {
      const fragmentNumber = Math.min(one, two)
      const firstInner = fragmentNumber === 1 ? first : 0
      return { kind: 'encryptedFragment', firstInner, fragmentNumber, totalFragments: Math.max(one, two), body }
    }),
  unknown: () =>
    fc
      .tuple(
        octet.filter((type) => type !== PAYLOAD.NONE && !KNOWN_TYPES.includes(type)),
        octets(0, 60)
      )
      .map(([type, body]) => ({ kind: 'unknown', type, body }))
}

/** Payload types that decoding makes payloads of other kinds of. */
const KNOWN_TYPES: readonly number[] = [...Array.from({ length: 16 }, (_, i) => 33 + i), PAYLOAD.ENCRYPTED_FRAGMENT]

/** Every kind of payload. */
export const PAYLOAD_KINDS: readonly PayloadKind[] = Object.keys(GENERATORS) as PayloadKind[]

/**
 * Payloads of one kind in every form that decoding gives: half of them as the registries have them, half with any number and
 * octets the format takes. Optional fields are there only where they say something, so that decoding gives the same value.
 */
export function payload<K extends PayloadKind>(kind: K): Arbitrary<PayloadOf<K>> {
  return GENERATORS[kind]()
}
