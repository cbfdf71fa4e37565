import fc, { type Arbitrary } from 'fast-check'
import {
  ENCRYPTION,
  ESN,
  INTEGRITY,
  KEY_EXCHANGE_METHOD,
  PRF,
  PROTOCOL,
  type Proposal,
  TRANSFORM_ATTRIBUTE,
  TRANSFORM_TYPE,
  type Transform,
  type TransformAttribute
} from '../codec/index.ts'
import { octet, octets, PLAIN, registered, uint16 } from './draw.ts'

const attribute: Arbitrary<TransformAttribute> = /* @__PURE__ */ fc.record(
  { type: fc.integer({ min: 0, max: 0x7fff }), value: fc.oneof(uint16, octets(0, 5)) },
  PLAIN
)

/** A Key Length in TV format that comes first is `keyLength`, not an attribute: decoding gives no other form. */
const attributes: Arbitrary<readonly TransformAttribute[]> = /* @__PURE__ */ fc.uniqueArray(attribute, {
  selector: ({ type }) => type,
  minLength: 1,
  maxLength: 4
})

const REGISTRIES: readonly (readonly [number, Readonly<Record<string, number>>])[] = [
  [TRANSFORM_TYPE.ENCR, ENCRYPTION],
  [TRANSFORM_TYPE.PRF, PRF],
  [TRANSFORM_TYPE.INTEG, INTEGRITY],
  [TRANSFORM_TYPE.KE, KEY_EXCHANGE_METHOD],
  [TRANSFORM_TYPE.ESN, ESN]
]

/** An algorithm that a registry names, half of them with a key length. */
const named: Arbitrary<Transform> = /* @__PURE__ */ fc
  .tuple(
    fc.oneof(...REGISTRIES.map(([type, table]) => registered(table).map((id) => ({ type, id })))),
    fc.option(fc.constantFrom(128, 192, 256), { nil: undefined, freq: 2 })
  )
  .map(([bare, keyLength]) => (keyLength === undefined ? bare : { ...bare, keyLength }))

const transform: Arbitrary<Transform> = /* @__PURE__ */ fc.oneof(
  { weight: 3, arbitrary: named },
  { weight: 3, arbitrary: fc.record({ type: octet, id: uint16 }, PLAIN) },
  { weight: 3, arbitrary: fc.record({ type: octet, id: uint16, keyLength: uint16 }, PLAIN) },
  {
    weight: 1,
    arbitrary: fc
      .record({ type: octet, id: uint16, attributes }, PLAIN)
      .filter(({ attributes: [first] }) => first?.type !== 14 || typeof first.value !== 'number')
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ type: octet, id: uint16, keyLength: uint16, attributes }, PLAIN)
      .filter(({ attributes: list }) => list.every(({ type }) => type !== TRANSFORM_ATTRIBUTE.KEY_LENGTH))
  }
)

const protocolAndSpi = /* @__PURE__ */ fc.oneof(
  fc.record({ protocol: fc.constant<number>(PROTOCOL.IKE), spi: fc.oneof(octets(0), octets(8)) }),
  fc.record({ protocol: fc.constantFrom<number>(PROTOCOL.AH, PROTOCOL.ESP), spi: octets(4) }),
  fc.record({ protocol: fc.integer({ min: 4, max: 255 }), spi: octets(0, 20) })
)

/** Proposals of any protocol, algorithm and attribute that the format takes. A lone one may have any number. */
export function proposals(): Arbitrary<readonly Proposal[]> {
  const list = fc.array(fc.tuple(protocolAndSpi, fc.array(transform, { minLength: 1, maxLength: 6 })), {
    minLength: 1,
    maxLength: 4
  })
  return fc.tuple(list, fc.integer({ min: 1, max: 255 })).map(([all, lone]) =>
    all.map(([{ protocol, spi }, transforms], i) => ({
      number: all.length === 1 ? lone : i + 1,
      protocol,
      spi,
      transforms
    }))
  )
}

/** Algorithms that encrypt and authenticate in one: they have no integrity transform (RFC 7296 section 3.3). */
const COMBINED: readonly number[] = [
  ENCRYPTION.ENCR_AES_GCM_16,
  ENCRYPTION.ENCR_AES_CCM_16,
  ENCRYPTION.ENCR_CHACHA20_POLY1305
]
/** Algorithms with keys of several lengths, whose attribute says which (section 3.3.5). */
const SIZED: readonly number[] = [
  ENCRYPTION.ENCR_AES_CBC,
  ENCRYPTION.ENCR_AES_CTR,
  ENCRYPTION.ENCR_AES_GCM_16,
  ENCRYPTION.ENCR_AES_CCM_16
]

/**
 * Proposals for an IKE SA as an implementation makes them (section 3.3.3): encryption with a key length where it needs one,
 * integrity where it is not combined, a PRF, key exchange methods. `spiOctets` is 0 in IKE_SA_INIT and 8 for a rekey.
 */
export function ikeProposals(spiOctets: 0 | 8): Arbitrary<readonly Proposal[]> {
  const prf = fc.tuple(kind(TRANSFORM_TYPE.PRF, PRF), kind(TRANSFORM_TYPE.KE, KEY_EXCHANGE_METHOD))
  return numbered(fc.constant(PROTOCOL.IKE), octets(spiOctets), prf)
}

/**
 * Proposals for a Child SA: ESP as above, with Extended Sequence Numbers or without; `withKeyExchange`, some have key exchange
 * methods, which IKE_AUTH must not offer (section 1.2).
 */
export function childProposals(withKeyExchange = true): Arbitrary<readonly Proposal[]> {
  const esn = kind(TRANSFORM_TYPE.ESN, ESN)
  const methods = fc.oneof(fc.constant([]), kind(TRANSFORM_TYPE.KE, KEY_EXCHANGE_METHOD))
  return numbered(fc.constant(PROTOCOL.ESP), octets(4), withKeyExchange ? fc.tuple(esn, methods) : fc.tuple(esn))
}

/** What a responder chose: one of the proposals with one transform of each type (section 2.7). */
export function accepted(offered: Arbitrary<readonly Proposal[]>): Arbitrary<readonly Proposal[]> {
  return offered.map((list) =>
    list.slice(-1).map((one) => ({
      ...one,
      transforms: one.transforms.filter(({ type }, i, all) => all.findIndex((other) => other.type === type) === i)
    }))
  )
}

function numbered(
  protocol: Arbitrary<number>,
  spi: Arbitrary<Uint8Array>,
  others: Arbitrary<readonly (readonly Transform[])[]>
): Arbitrary<readonly Proposal[]> {
  const one = fc.tuple(protocol, spi, ciphers, others)
  return fc.array(one, { minLength: 1, maxLength: 3 }).map((all) =>
    all.map(([is, name, cipher, rest], i) => ({
      number: i + 1,
      protocol: is,
      spi: name,
      transforms: [...cipher, ...rest.flat()]
    }))
  )
}

const ciphers: Arbitrary<readonly Transform[]> = /* @__PURE__ */ fc
  .tuple(
    fc.constantFrom(...SIZED, ENCRYPTION.ENCR_CHACHA20_POLY1305, ENCRYPTION.ENCR_3DES),
    fc.constantFrom(128, 192, 256),
    kind(TRANSFORM_TYPE.INTEG, INTEGRITY)
  )
  .map(([id, keyLength, integrity]) => {
    const bare = { type: TRANSFORM_TYPE.ENCR, id }
    return [SIZED.includes(id) ? { ...bare, keyLength } : bare, ...(COMBINED.includes(id) ? [] : integrity)]
  })

/** One or two algorithms of a transform type; NONE, which is 0 but for sequence numbers, is none. */
function kind(type: number, table: Readonly<Record<string, number>>): Arbitrary<readonly Transform[]> {
  const known = Object.values(table).filter((id) => id !== 0 || type === TRANSFORM_TYPE.ESN)
  const ids = fc.uniqueArray(fc.constantFrom(...known), { minLength: 1, maxLength: 2 })
  return ids.map((list) => list.map((id) => ({ type, id })))
}
