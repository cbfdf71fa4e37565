import fc, { type Arbitrary } from 'fast-check'
import { concatBytes, readUint16 } from '../bytes/index.ts'
import { CODEC_LIMITS, encodePayloadBody, PAYLOAD, PROTOCOL } from '../codec/index.ts'
import { type BodyDefect, defect, filled, withLength, withOctet, wrong } from './defect.ts'
import { octet, octets, uint16 } from './draw.ts'
import { type PayloadKind, type PayloadOf, payload } from './payloads.ts'

const { NOTIFY, DELETE, EAP, NONCE, CONFIGURATION, ENCRYPTED_FRAGMENT } = PAYLOAD
const SELECTORS = PAYLOAD.TRAFFIC_SELECTOR_INITIATOR

/** Fewer octets than the fixed part of a body needs. */
function short(type: number, name: string, section: string, needed = 4): BodyDefect {
  const body = octets(0, needed - 1).map((found) => wrong(type, found, 'truncated', 0))
  return defect(`${name} of less than ${needed} octets`, section, body)
}

/** Bodies of valid payloads of a kind. */
function valid<K extends PayloadKind>(kind: K): Arbitrary<Uint8Array> {
  return payload(kind).map((value: PayloadOf<K>) => encodePayloadBody(value))
}

const SHORT: readonly BodyDefect[] = [
  short(PAYLOAD.KEY_EXCHANGE, 'Key Exchange', '3.4'),
  short(PAYLOAD.IDENTIFICATION_INITIATOR, 'IDi', '3.5'),
  short(PAYLOAD.IDENTIFICATION_RESPONDER, 'IDr', '3.5'),
  short(PAYLOAD.CERTIFICATE, 'Certificate', '3.6', 1),
  short(PAYLOAD.CERTIFICATE_REQUEST, 'Certificate Request', '3.7', 1),
  short(PAYLOAD.AUTHENTICATION, 'AUTH', '3.8'),
  short(NOTIFY, 'Notify', '3.10'),
  short(DELETE, 'Delete', '3.11'),
  short(PAYLOAD.TRAFFIC_SELECTOR_INITIATOR, 'TSi', '3.13'),
  short(PAYLOAD.TRAFFIC_SELECTOR_RESPONDER, 'TSr', '3.13'),
  short(CONFIGURATION, 'Configuration', '3.15'),
  short(EAP, 'EAP', '3.16'),
  short(ENCRYPTED_FRAGMENT, 'Encrypted Fragment', 'RFC 7383 2.5')
]

const SIMPLE: readonly BodyDefect[] = [
  defect(
    'nonce of less than 16 octets',
    '3.9',
    octets(0, 15).map((found) => wrong(NONCE, found, 'invalidValue', 0))
  ),
  defect(
    'nonce of more than 256 octets',
    '3.9',
    octets(257, 300).map((found) => wrong(NONCE, found, 'invalidValue', 0))
  ),
  defect(
    'SPI beyond its Notify',
    '3.10',
    fc
      .tuple(valid('notify'), octet)
      .filter(([body, size]) => 4 + size > body.length)
      .map(([body, size]) => wrong(NOTIFY, withOctet(body, 1, size), 'invalidLength', 1))
  ),
  defect(
    'fragment number 0',
    'RFC 7383 2.5',
    valid('encryptedFragment').map((body) => wrong(ENCRYPTED_FRAGMENT, withLength(body, 0, 0), 'invalidValue', 0))
  ),
  defect(
    'fragment number above the total',
    'RFC 7383 2.5',
    valid('encryptedFragment').map((body) => {
      const number = readUint16(body, 0)
      return wrong(ENCRYPTED_FRAGMENT, withLength(body, 2, number - 1), 'invalidValue', 2)
    })
  )
]

/** Protocol, SPI size, number of SPIs, SPIs. */
function deletion(protocol: number, spiSize: number, count: number, spis: Uint8Array): Uint8Array {
  return concatBytes(withLength(Uint8Array.of(protocol, spiSize, 0, 0), 2, count), spis)
}

const DELETIONS: readonly BodyDefect[] = [
  defect(
    'Delete of protocol 0',
    '3.11',
    octets(8).map((spi) => wrong(DELETE, deletion(PROTOCOL.NONE, 4, 2, spi), 'invalidValue', 0))
  ),
  defect(
    'Delete of the IKE SA with an SPI size',
    '3.11',
    octets(8).map((spi) => wrong(DELETE, deletion(PROTOCOL.IKE, 8, 1, spi), 'invalidStructure', 1))
  ),
  defect(
    'Delete of a Child SA with SPIs that are not of 4 octets',
    '3.11',
    octets(8).map((spi) => wrong(DELETE, deletion(PROTOCOL.ESP, 8, 1, spi), 'invalidStructure', 1))
  ),
  defect(
    'Delete of many SPIs of no octets',
    '3.11',
    uint16
      .filter((count) => count > 0)
      .map((count) => wrong(DELETE, deletion(PROTOCOL.IKE, 0, count, filled(0)), 'invalidStructure', 2))
  ),
  defect(
    'Delete with another number of SPIs than it says',
    '3.11',
    fc
      .tuple(fc.nat(9), fc.nat(9))
      .filter(([said, there]) => said !== there)
      .map(([said, there]) => wrong(DELETE, deletion(PROTOCOL.ESP, 4, said, filled(4 * there)), 'invalidLength', 2))
  ),
  defect(
    'Delete of more SPIs than are taken',
    '3.11',
    fc.constant(CODEC_LIMITS.deleteSpis + 1).map((count) => {
      return wrong(DELETE, deletion(PROTOCOL.AH, 4, count, filled(4 * count)), 'limitExceeded', 2)
    })
  )
]

const FIRST_SELECTOR = 4
/** One selector of IPv4 addresses: 4 octets, then 16 of which the addresses begin at +8. */
const oneRange: Arbitrary<Uint8Array> = octets(3).map((rest) => {
  const selector = concatBytes(
    Uint8Array.of(7, rest[0] as number, 0, 16),
    Uint8Array.of(0, rest[1] as number, 0xff, rest[2] as number),
    filled(4),
    filled(4, 255)
  )
  return concatBytes(Uint8Array.of(1, 0, 0, 0), selector)
})

const TRAFFIC_SELECTORS: readonly BodyDefect[] = [
  defect(
    'TS without selectors',
    '3.13',
    octets(0, 20).map((rest) => wrong(SELECTORS, concatBytes(filled(4), rest), 'invalidStructure', 0))
  ),
  defect(
    'a selector fewer than counted',
    '3.13',
    valid('trafficSelectorInitiator').map((body) => {
      return wrong(SELECTORS, withOctet(body, 0, (body[0] as number) + 1), 'invalidStructure', body.length)
    })
  ),
  defect(
    'octets behind the last selector',
    '3.13',
    fc
      .tuple(valid('trafficSelectorInitiator'), octets(1, 20))
      .map(([body, more]) => wrong(SELECTORS, concatBytes(body, more), 'invalidStructure', body.length))
  ),
  defect(
    'selector of less than 4 octets',
    '3.13.1',
    octets(1, 3).map((rest) =>
      wrong(SELECTORS, concatBytes(Uint8Array.of(1, 0, 0, 0), rest), 'truncated', FIRST_SELECTOR)
    )
  ),
  defect(
    'selector length below its header',
    '3.13.1',
    fc.tuple(valid('trafficSelectorInitiator'), fc.nat(3)).map(([body, length]) => {
      return wrong(SELECTORS, withLength(body, FIRST_SELECTOR + 2, length), 'invalidLength', FIRST_SELECTOR + 2)
    })
  ),
  defect(
    'selector length beyond the payload',
    '3.13.1',
    valid('trafficSelectorInitiator').map((body) => {
      const length = body.length - FIRST_SELECTOR + 1
      return wrong(SELECTORS, withLength(body, FIRST_SELECTOR + 2, length), 'invalidLength', FIRST_SELECTOR + 2)
    })
  ),
  defect(
    'address range that is not of two addresses',
    '3.13.1',
    octets(0, 40)
      .filter(({ length }) => length !== 12)
      .map((rest) => {
        const selector = withLength(concatBytes(Uint8Array.of(7, 0, 0, 0), rest), 2, 4 + rest.length)
        return wrong(SELECTORS, concatBytes(Uint8Array.of(1, 0, 0, 0), selector), 'invalidLength', FIRST_SELECTOR + 2)
      })
  ),
  defect(
    'address range that ends before it starts',
    '3.13.1',
    oneRange.map((body) => wrong(SELECTORS, swapped(body), 'invalidValue', FIRST_SELECTOR + 8))
  ),
  defect(
    'ports that end before they start and are not OPAQUE',
    '3.13.1',
    oneRange.map((body) => {
      const ports = withLength(withLength(body, FIRST_SELECTOR + 4, 0xffff), FIRST_SELECTOR + 6, 1)
      return wrong(SELECTORS, ports, 'invalidValue', FIRST_SELECTOR + 4)
    })
  )
]

/** The addresses of {@link oneRange} the other way round. */
function swapped(body: Uint8Array): Uint8Array {
  return concatBytes(body.subarray(0, FIRST_SELECTOR + 8), filled(4, 255), filled(4))
}

const CONFIGURATIONS: readonly BodyDefect[] = [
  defect(
    'configuration attribute of less than 4 octets',
    '3.15.1',
    fc
      .tuple(valid('configuration'), octets(1, 3))
      .map(([body, rest]) => wrong(CONFIGURATION, concatBytes(body, rest), 'truncated', body.length))
  ),
  defect(
    'configuration attribute beyond its payload',
    '3.15.1',
    fc.tuple(valid('configuration'), octets(0, 20), uint16).map(([body, rest, more]) => {
      const length = Math.min(rest.length + 1 + more, 0xffff)
      const attribute = withLength(concatBytes(filled(4), rest), 2, length)
      return wrong(CONFIGURATION, concatBytes(body, attribute), 'invalidLength', body.length + 2)
    })
  ),
  defect(
    'more configuration attributes than are taken',
    '3.15.1',
    fc.constant(CODEC_LIMITS.configurationAttributes).map((most) => {
      return wrong(CONFIGURATION, filled(4 + 4 * (most + 1)), 'limitExceeded', 4 + 4 * most)
    })
  )
]

const EAPS: readonly BodyDefect[] = [
  defect(
    'EAP length that is not that of the payload',
    '3.16',
    fc
      .tuple(valid('eap'), uint16)
      .filter(([body, length]) => length !== body.length)
      .map(([body, length]) => wrong(EAP, withLength(body, 2, length), 'invalidLength', 2))
  ),
  defect(
    'EAP Success or Failure with data',
    'RFC 3748 4.2',
    fc.tuple(fc.constantFrom(3, 4), octets(1, 20)).map(([code, rest]) => {
      return wrong(EAP, concatBytes(Uint8Array.of(code, 0, 0, 4 + rest.length), rest), 'invalidLength', 2)
    })
  ),
  defect(
    'EAP Request or Response without a type',
    'RFC 3748 4.1',
    fc
      .tuple(fc.constantFrom(1, 2), octet)
      .map(([code, id]) => wrong(EAP, Uint8Array.of(code, id, 0, 4), 'truncated', 4))
  )
]

/** Bodies of all payloads but SA that break what their section says of lengths, counts and values. */
export const DEFECTIVE_BODIES: readonly BodyDefect[] = [
  ...SHORT,
  ...SIMPLE,
  ...DELETIONS,
  ...TRAFFIC_SELECTORS,
  ...CONFIGURATIONS,
  ...EAPS
]
