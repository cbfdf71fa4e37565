import fc from 'fast-check'
import type {
  Message,
  Payload,
  Proposal,
  TrafficSelector,
  Transform,
  TransformAttribute
} from '../../src/codec/index.ts'

/** Valid messages in the form decoding gives them: no optional field that says what its absence says. */

const octet = fc.integer({ min: 0, max: 0xff })
const uint16 = fc.integer({ min: 0, max: 0xffff })
const uint32 = fc.integer({ min: 0, max: 0xffffffff })

function octets(minLength: number, maxLength: number = minLength): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength })
}

const attribute: fc.Arbitrary<TransformAttribute> = fc.record({
  type: fc.integer({ min: 0, max: 0x7fff }),
  value: fc.oneof(uint16, octets(0, 5))
})

const attributes = fc.uniqueArray(attribute, { selector: ({ type }) => type, minLength: 1, maxLength: 4 })

const transform: fc.Arbitrary<Transform> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: octet, id: uint16 }) },
  { weight: 3, arbitrary: fc.record({ type: octet, id: uint16, keyLength: uint16 }) },
  fc
    .record({ type: octet, id: uint16, attributes })
    .filter(({ attributes: [first] }) => first?.type !== 14 || typeof first.value !== 'number'),
  fc
    .record({ type: octet, id: uint16, keyLength: uint16, attributes })
    .filter(({ attributes: list }) => list.every(({ type }) => type !== 14))
)

const protocolAndSpi = fc.oneof(
  fc.record({ protocol: fc.constant(1), spi: fc.oneof(octets(0), octets(8)) }),
  fc.record({ protocol: fc.constantFrom(2, 3), spi: octets(4) }),
  fc.record({ protocol: fc.integer({ min: 4, max: 255 }), spi: octets(0, 20) })
)

const proposals: fc.Arbitrary<readonly Proposal[]> = fc
  .array(fc.tuple(protocolAndSpi, fc.array(transform, { minLength: 1, maxLength: 6 })), { minLength: 1, maxLength: 4 })
  .map((list) => list.map(([{ protocol, spi }, transforms], i) => ({ number: i + 1, protocol, spi, transforms })))

function range(type: 7 | 8): fc.Arbitrary<TrafficSelector> {
  const size = type === 7 ? 4 : 16
  return fc
    .record({ protocol: octet, startPort: uint16, endPort: uint16, one: octets(size), two: octets(size) })
    .map(({ protocol, startPort, endPort, one, two }) => {
      const [startAddress, endAddress] = Buffer.compare(one, two) <= 0 ? [one, two] : [two, one]
      return { type, protocol, startPort, endPort, startAddress, endAddress }
    })
}

const selector = fc.oneof(
  range(7),
  range(8),
  fc.record({ type: octet.filter((type) => type !== 7 && type !== 8), protocol: octet, body: octets(0, 30) })
)

const eap = fc.oneof(
  fc.record({
    kind: fc.constant('eap' as const),
    code: fc.constantFrom(1, 2, 5, 6),
    identifier: octet,
    type: octet,
    data: octets(0, 40)
  }),
  fc.record({ kind: fc.constant('eap' as const), code: fc.constantFrom(0, 3, 4, 7, 255), identifier: octet })
)

const deletion = fc.oneof(
  fc.constant({ kind: 'delete' as const, protocol: 1, spiSize: 0, spis: [] }),
  fc.record({
    kind: fc.constant('delete' as const),
    protocol: fc.constantFrom(2, 3),
    spiSize: fc.constant(4),
    spis: fc.array(octets(4), { maxLength: 5 })
  })
)

const identification = fc.oneof(
  fc.record({
    kind: fc.constantFrom('identificationInitiator' as const, 'identificationResponder' as const),
    idType: octet,
    data: octets(0, 40)
  }),
  fc.record({
    kind: fc.constant('identificationInitiator' as const),
    idType: octet,
    data: octets(0, 40),
    reserved: fc.integer({ min: 1, max: 0xffffff })
  })
)

const plainPayload: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ kind: fc.constant('securityAssociation' as const), proposals }),
  fc.record({ kind: fc.constant('keyExchange' as const), group: uint16, data: octets(0, 300) }),
  identification,
  fc.record({
    kind: fc.constantFrom('certificate' as const, 'certificateRequest' as const),
    encoding: octet,
    data: octets(0, 200)
  }),
  fc.record({ kind: fc.constant('authentication' as const), method: octet, data: octets(0, 100) }),
  fc.record({ kind: fc.constant('nonce' as const), data: octets(16, 256) }),
  fc.record({
    kind: fc.constant('notify' as const),
    protocol: octet,
    spi: octets(0, 8),
    type: uint16,
    data: octets(0, 64)
  }),
  deletion,
  fc.record({ kind: fc.constant('vendorId' as const), data: octets(0, 40) }),
  fc.record({
    kind: fc.constantFrom('trafficSelectorInitiator' as const, 'trafficSelectorResponder' as const),
    selectors: fc.array(selector, { minLength: 1, maxLength: 5 })
  }),
  fc.record({
    kind: fc.constant('configuration' as const),
    configurationType: octet,
    attributes: fc.array(fc.record({ type: fc.integer({ min: 0, max: 0x7fff }), value: octets(0, 20) }), {
      maxLength: 6
    })
  }),
  eap,
  fc.record({
    kind: fc.constant('unknown' as const),
    type: octet.filter((type) => type !== 0 && (type < 33 || type > 48) && type !== 53),
    body: octets(0, 60)
  })
)

function critical(payload: fc.Arbitrary<Payload>): fc.Arbitrary<Payload> {
  return fc
    .tuple(payload, fc.integer({ min: 0, max: 9 }))
    .map(([value, dice]) => (dice === 0 ? { ...value, critical: true } : value))
}

const encrypted: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ kind: fc.constant('encrypted' as const), firstInner: octet, body: octets(0, 300) }),
  fc
    .record({
      kind: fc.constant('encryptedFragment' as const),
      firstInner: octet,
      fragmentNumber: fc.integer({ min: 1, max: 0xffff }),
      totalFragments: fc.integer({ min: 1, max: 0xffff }),
      body: octets(0, 300)
    })
    .filter(({ fragmentNumber, totalFragments }) => fragmentNumber <= totalFragments)
)

/** A chain as an Encrypted payload contains it. */
export const innerPayloads: fc.Arbitrary<readonly Payload[]> = fc.array(critical(plainPayload), { maxLength: 8 })

/** A chain as a message contains it. */
export const outerPayloads: fc.Arbitrary<readonly Payload[]> = fc
  .tuple(innerPayloads, fc.option(critical(encrypted), { nil: undefined }))
  .map(([plain, last]) => (last === undefined ? plain : [...plain, last]))

/** A message that decoding accepts. */
export const message: fc.Arbitrary<Message> = fc
  .record({
    initiatorSpi: octets(8),
    responderSpi: octets(8),
    majorVersion: fc.constant(2),
    minorVersion: fc.integer({ min: 0, max: 15 }),
    exchangeType: octet,
    fromInitiator: fc.boolean(),
    isResponse: fc.boolean(),
    messageId: uint32,
    payloads: outerPayloads,
    higherVersionSupported: fc.constantFrom(true, undefined)
  })
  .map(({ higherVersionSupported, ...header }) =>
    higherVersionSupported === true ? { ...header, higherVersionSupported } : header
  )
