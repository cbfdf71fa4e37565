import fc, { type Arbitrary } from 'fast-check'
import {
  CODEC_LIMITS,
  type Message,
  type Payload,
  PROTOCOL,
  TRAFFIC_SELECTOR_TYPE,
  type TrafficSelector,
  type Transform
} from '../codec/index.ts'
import { filled } from './defect.ts'
import { header } from './messages.ts'

/** Octets that a payload holds behind its generic header (RFC 7296 section 3.2). */
const BODY = 0xffff - 4

function many<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

function transform(attributes = 0): Transform {
  const bare = { type: 1, id: 0xffff }
  return attributes === 0
    ? bare
    : { ...bare, attributes: many(attributes, (i) => ({ type: 0x7fff - i, value: filled(i) })) }
}

function association(perProposal: readonly number[], spi: Uint8Array = filled(8)): Payload {
  const proposals = perProposal.map((count, i) => ({
    number: i + 1,
    protocol: spi.length > 8 ? 255 : PROTOCOL.IKE,
    spi,
    transforms: many(count, () => transform())
  }))
  return { kind: 'securityAssociation', proposals }
}

function selectors(list: readonly TrafficSelector[]): Payload {
  return { kind: 'trafficSelectorInitiator', selectors: list }
}

/** From the lowest to the highest address, or one address only; every port, or OPAQUE (section 3.13.1). */
function range(type: 7 | 8, first: number, last: number, startPort: number, endPort: number): TrafficSelector {
  const size = type === TRAFFIC_SELECTOR_TYPE.TS_IPV4_ADDR_RANGE ? 4 : 16
  return { type, protocol: 255, startPort, endPort, startAddress: filled(size, first), endAddress: filled(size, last) }
}

const BOUNDARY_PAYLOADS: Readonly<Record<string, () => Payload>> = {
  'the shortest nonce': () => ({ kind: 'nonce', data: filled(16) }),
  'the longest nonce': () => ({ kind: 'nonce', data: filled(256) }),
  'a lone proposal of the highest number': () => ({
    kind: 'securityAssociation',
    proposals: [{ number: 255, protocol: PROTOCOL.ESP, spi: filled(4), transforms: [transform()] }]
  }),
  'as many proposals as are taken': () => association(many(CODEC_LIMITS.proposals, () => 1)),
  'as many transforms in a proposal as it can count': () => association([255]),
  'as many transforms as are taken': () => association([255, 255, 255, 255, 4]),
  'as many attributes in a transform as are taken': () => ({
    kind: 'securityAssociation',
    proposals: [
      { number: 1, protocol: PROTOCOL.IKE, spi: filled(0), transforms: [transform(CODEC_LIMITS.transformAttributes)] }
    ]
  }),
  'the longest SPI of a proposal': () => association([1], filled(255)),
  'key exchange data of no octets': () => ({ kind: 'keyExchange', group: 0, data: filled(0) }),
  'the most key exchange data': () => ({ kind: 'keyExchange', group: 0xffff, data: filled(BODY - 4) }),
  'an identity of no octets': () => ({ kind: 'identificationInitiator', idType: 0, data: filled(0) }),
  'the longest identity, every RESERVED bit set': () => ({
    kind: 'identificationResponder',
    idType: 255,
    data: filled(BODY - 4),
    reserved: 0xffffff
  }),
  'a certificate of no octets': () => ({ kind: 'certificate', encoding: 0, data: filled(0) }),
  'the longest certificate': () => ({ kind: 'certificate', encoding: 255, data: filled(BODY - 1) }),
  'a certificate request for any authority': () => ({ kind: 'certificateRequest', encoding: 4, data: filled(0) }),
  'AUTH of no octets': () => ({ kind: 'authentication', method: 13, data: filled(0) }),
  'the longest AUTH': () => ({ kind: 'authentication', method: 255, data: filled(BODY - 4) }),
  'a notification with nothing': () => ({ kind: 'notify', protocol: 0, spi: filled(0), type: 0, data: filled(0) }),
  'the longest SPI of a notification': () => ({
    kind: 'notify',
    protocol: 255,
    spi: filled(255),
    type: 0xffff,
    data: filled(0)
  }),
  'the most notification data': () => ({
    kind: 'notify',
    protocol: 0,
    spi: filled(0),
    type: 0xffff,
    data: filled(BODY - 4)
  }),
  'a Delete of no Child SA': () => ({ kind: 'delete', protocol: PROTOCOL.ESP, spiSize: 4, spis: [] }),
  'a Delete of as many SPIs as are taken': () => ({
    kind: 'delete',
    protocol: PROTOCOL.AH,
    spiSize: 4,
    spis: many(CODEC_LIMITS.deleteSpis, (i) => filled(4, i & 0xff))
  }),
  'a Delete of the longest SPI': () => ({ kind: 'delete', protocol: 255, spiSize: 255, spis: [filled(255)] }),
  'a Vendor ID of no octets': () => ({ kind: 'vendorId', data: filled(0) }),
  'the longest Vendor ID': () => ({ kind: 'vendorId', data: filled(BODY) }),
  'as many selectors as can be counted': () => selectors(many(255, () => range(7, 0, 255, 0, 0xffff))),
  'a selector of one IPv6 address and OPAQUE ports': () => selectors([range(8, 255, 255, 0xffff, 0)]),
  'an unknown selector of no octets': () => selectors([{ type: 255, protocol: 0, body: filled(0) }]),
  'the longest unknown selector': () => selectors([{ type: 9, protocol: 255, body: filled(BODY - 8) }]),
  'configuration without attributes': () => ({ kind: 'configuration', configurationType: 0, attributes: [] }),
  'as many configuration attributes as are taken': () => ({
    kind: 'configuration',
    configurationType: 255,
    attributes: many(CODEC_LIMITS.configurationAttributes, (i) => ({ type: 0x7fff - i, value: filled(0) }))
  }),
  'the longest configuration attribute': () => ({
    kind: 'configuration',
    configurationType: 1,
    attributes: [{ type: 0x7fff, value: filled(BODY - 8) }]
  }),
  'EAP of four octets': () => ({ kind: 'eap', code: 255, identifier: 255 }),
  'EAP of a type without data': () => ({ kind: 'eap', code: 1, identifier: 0, type: 1, data: filled(0) }),
  'the longest EAP': () => ({ kind: 'eap', code: 2, identifier: 255, type: 255, data: filled(BODY - 5) }),
  'an Encrypted payload of no octets': () => ({ kind: 'encrypted', firstInner: 0, body: filled(0) }),
  'the longest Encrypted payload': () => ({ kind: 'encrypted', firstInner: 255, body: filled(BODY) }),
  'the only fragment': () => ({
    kind: 'encryptedFragment',
    firstInner: 35,
    fragmentNumber: 1,
    totalFragments: 1,
    body: filled(0)
  }),
  'the last fragment of the most': () => ({
    kind: 'encryptedFragment',
    firstInner: 0,
    fragmentNumber: 0xffff,
    totalFragments: 0xffff,
    body: filled(BODY - 4)
  }),
  'an unknown payload of the lowest type and no octets': () => ({ kind: 'unknown', type: 1, body: filled(0) }),
  'the longest unknown payload': () => ({ kind: 'unknown', type: 255, body: filled(BODY) })
}

const BOUNDARY_MESSAGES: Readonly<Record<string, Partial<Message>>> = {
  'no payload': { payloads: [] },
  'as many payloads as are taken': {
    payloads: many(CODEC_LIMITS.payloads, () => ({ kind: 'vendorId', data: filled(0) }))
  },
  'the lowest numbers': { minorVersion: 0, messageId: 0, exchangeType: 0 },
  'the highest numbers': { minorVersion: 15, messageId: 0xffffffff, exchangeType: 0xff, higherVersionSupported: true },
  'SPIs of zeros': { initiatorSpi: filled(8, 0), responderSpi: filled(8, 0) }
}

/** Where a payload or message stands at an edge of the format or of `CODEC_LIMITS`. */
export interface Boundary<T> {
  /** Which edge, for people. */
  readonly edge: string
  readonly value: T
}

/** Payloads at the edges, each of which decoding still takes. */
export function boundaryPayload(): Arbitrary<Boundary<Payload>> {
  return fc.constantFrom(...Object.entries(BOUNDARY_PAYLOADS)).map(([edge, make]) => ({ edge, value: make() }))
}

/** Messages at the edges, or with a payload that is. Decoding takes them and gives the same value. */
export function boundaryMessage(): Arbitrary<Boundary<Message>> {
  const whole = fc.constantFrom(...Object.entries(BOUNDARY_MESSAGES))
  return fc.oneof(
    fc.tuple(header(), boundaryPayload()).map(([fields, { edge, value }]) => ({
      edge,
      value: { ...fields, payloads: [value] }
    })),
    fc.tuple(header(), whole).map(([fields, [edge, parts]]) => ({ edge, value: { ...fields, payloads: [], ...parts } }))
  )
}

/** Every edge that {@link boundaryMessage} visits. */
export const BOUNDARIES: readonly string[] = [...Object.keys(BOUNDARY_PAYLOADS), ...Object.keys(BOUNDARY_MESSAGES)]
