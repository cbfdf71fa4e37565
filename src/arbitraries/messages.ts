import fc, { type Arbitrary } from 'fast-check'
import { EXCHANGE, type Message, type MessageHeader, type Payload } from '../codec/index.ts'
import { octet, octets, PLAIN, registered, sometimes, uint32 } from './draw.ts'
import { PAYLOAD_KINDS, payload } from './payloads.ts'

/** One in ten with the Critical bit. */
function critical(any: Arbitrary<Payload>): Arbitrary<Payload> {
  return fc
    .tuple(any, fc.integer({ min: 0, max: 9 }))
    .map(([value, dice]) => (dice === 0 ? { ...value, critical: true } : value))
}

/** A payload that has no others inside. */
function plainPayload(): Arbitrary<Payload> {
  const kinds = PAYLOAD_KINDS.filter((kind) => kind !== 'encrypted' && kind !== 'encryptedFragment')
  return fc.oneof(...kinds.map((kind): Arbitrary<Payload> => payload(kind)))
}

/** A chain as an Encrypted payload contains it, for `encodePayloads`: up to eight payloads in any order. */
export function innerPayloads(): Arbitrary<readonly Payload[]> {
  return fc.array(critical(plainPayload()), { maxLength: 8 })
}

/** A chain as a message contains it: the same, and for some an Encrypted payload or fragment behind. */
export function outerPayloads(): Arbitrary<readonly Payload[]> {
  const last = critical(fc.oneof<Arbitrary<Payload>[]>(payload('encrypted'), payload('encryptedFragment')))
  return fc.tuple(innerPayloads(), sometimes(last, 4)).map(([plain, end]) => {
    return end === undefined ? plain : [...plain, end]
  })
}

/** A header of major version 2, everything else in it free. */
export function header(): Arbitrary<MessageHeader> {
  const free = fc.record(
    {
      initiatorSpi: octets(8),
      responderSpi: octets(8),
      majorVersion: fc.constant(2),
      minorVersion: fc.integer({ min: 0, max: 15 }),
      exchangeType: fc.oneof(octet, registered(EXCHANGE)),
      fromInitiator: fc.boolean(),
      isResponse: fc.boolean(),
      messageId: uint32
    },
    PLAIN
  )
  return fc
    .tuple(free, fc.boolean())
    .map(([bare, higher]) => (higher ? { ...bare, higherVersionSupported: true } : bare))
}

/**
 * A message that decoding accepts and gives back as it was: the format is kept, whether the payloads make sense together is
 * left open. {@link conformingMessage} makes those that do.
 */
export function message(): Arbitrary<Message> {
  return fc.tuple(header(), outerPayloads()).map(([fields, payloads]) => ({ ...fields, payloads }))
}
