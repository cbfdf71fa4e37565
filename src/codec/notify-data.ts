import {
  concatBytes,
  EMPTY,
  type Endpoint,
  type IpAddress,
  ipAddressBytes,
  ipAddressText,
  ipFamily,
  readUint16,
  readUint32,
  uint32Bytes,
  writeUint16
} from '../bytes/index.ts'
import { notify } from './notify.ts'
import { NOTIFY } from './notify-types.ts'
import { checkNumber, checkOctets } from './octet-fields.ts'
import type { NotifyPayload } from './types.ts'

/*
 * Bodies of Notify payloads. A constructor throws TypeError or RangeError naming the argument the RFC forbids. A `decode`
 * function takes a payload of the type it names and returns undefined when the data breaks that type's rule; it never throws.
 */

const HASH_OCTETS = 20
const COOKIE_OCTETS = { least: 1, most: 64 }
const COOKIE2_OCTETS = { least: 8, most: 64 }

function ranged(data: Uint8Array, least: number, most: number, field: string): Uint8Array {
  checkOctets(data, most, 'notify', field)
  if (data.length < least) throw new RangeError(`notify.${field}: ${data.length} octets, at least ${least} are needed`)
  return data
}

function sized(payload: NotifyPayload, least: number, most: number = least): Uint8Array | undefined {
  const length = payload.data.length
  return length >= least && length <= most ? payload.data : undefined
}

/** NAT_DETECTION_SOURCE_IP or NAT_DETECTION_DESTINATION_IP with a SHA-1 hash of 20 octets (section 2.23). */
export function natDetectionNotify(end: 'source' | 'destination', hash: Uint8Array): NotifyPayload {
  const type = end === 'source' ? NOTIFY.NAT_DETECTION_SOURCE_IP : NOTIFY.NAT_DETECTION_DESTINATION_IP
  return notify(type, ranged(hash, HASH_OCTETS, HASH_OCTETS, 'hash'))
}

/** The 20 octets of a NAT_DETECTION_* hash. */
export function decodeNatDetection(payload: NotifyPayload): Uint8Array | undefined {
  return sized(payload, HASH_OCTETS)
}

/** COOKIE of 1 to 64 octets (section 2.6). */
export function cookieNotify(cookie: Uint8Array): NotifyPayload {
  return notify(NOTIFY.COOKIE, ranged(cookie, COOKIE_OCTETS.least, COOKIE_OCTETS.most, 'cookie'))
}

/** The 1 to 64 octets of a COOKIE. */
export function decodeCookie(payload: NotifyPayload): Uint8Array | undefined {
  return sized(payload, COOKIE_OCTETS.least, COOKIE_OCTETS.most)
}

/** COOKIE2 of 8 to 64 octets that the peer cannot predict (RFC 4555 section 4.2.5). */
export function cookie2Notify(cookie: Uint8Array): NotifyPayload {
  return notify(NOTIFY.COOKIE2, ranged(cookie, COOKIE2_OCTETS.least, COOKIE2_OCTETS.most, 'cookie'))
}

/** The 8 to 64 octets of a COOKIE2. */
export function decodeCookie2(payload: NotifyPayload): Uint8Array | undefined {
  return sized(payload, COOKIE2_OCTETS.least, COOKIE2_OCTETS.most)
}

/** INVALID_KE_PAYLOAD naming the accepted key exchange method (section 1.3). */
export function invalidKeyExchangeNotify(method: number): NotifyPayload {
  return notify(NOTIFY.INVALID_KE_PAYLOAD, uint16Bytes(method, 'method'))
}

/** The key exchange method an INVALID_KE_PAYLOAD asks for. */
export function decodeInvalidKeyExchange(payload: NotifyPayload): number | undefined {
  const data = sized(payload, 2)
  return data === undefined ? undefined : readUint16(data, 0)
}

/** REKEY_SA naming the Child SA to be replaced by the SPI its sender expects inbound (section 1.3.3). */
export function rekeySaNotify(protocol: number, spi: Uint8Array): NotifyPayload {
  return childSaNotify(NOTIFY.REKEY_SA, protocol, spi)
}

/** CHILD_SA_NOT_FOUND repeating the SPI of a REKEY_SA nobody knows (section 2.25). */
export function childSaNotFoundNotify(protocol: number, spi: Uint8Array): NotifyPayload {
  return childSaNotify(NOTIFY.CHILD_SA_NOT_FOUND, protocol, spi)
}

function childSaNotify(type: number, protocol: number, spi: Uint8Array): NotifyPayload {
  checkNumber(protocol, 0xff, 'notify', 'protocol')
  return { kind: 'notify', protocol, spi: ranged(spi, 4, 4, 'spi'), type, data: EMPTY }
}

/** Protocol and four-octet SPI of a REKEY_SA or CHILD_SA_NOT_FOUND. */
export function decodeChildSaReference(
  payload: NotifyPayload
): { readonly protocol: number; readonly spi: Uint8Array } | undefined {
  return payload.spi.length === 4 ? { protocol: payload.protocol, spi: payload.spi } : undefined
}

/** SET_WINDOW_SIZE (section 2.3). */
export function setWindowSizeNotify(size: number): NotifyPayload {
  return notify(NOTIFY.SET_WINDOW_SIZE, checkedUint32(size, 'size'))
}

/** The window size of a SET_WINDOW_SIZE. */
export function decodeWindowSize(payload: NotifyPayload): number | undefined {
  return decodeUint32(payload)
}

/** INVALID_MAJOR_VERSION with the highest version supported (section 2.5). */
export function invalidMajorVersionNotify(version: number): NotifyPayload {
  checkNumber(version, 15, 'notify', 'version')
  return notify(NOTIFY.INVALID_MAJOR_VERSION, Uint8Array.of(version))
}

/** The major version an INVALID_MAJOR_VERSION offers. */
export function decodeInvalidMajorVersion(payload: NotifyPayload): number | undefined {
  return sized(payload, 1)?.[0]
}

/** UNSUPPORTED_CRITICAL_PAYLOAD with the payload type (section 2.5). */
export function unsupportedCriticalPayloadNotify(payloadType: number): NotifyPayload {
  checkNumber(payloadType, 0xff, 'notify', 'payloadType')
  return notify(NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(payloadType))
}

/** The payload type of an UNSUPPORTED_CRITICAL_PAYLOAD. */
export function decodeUnsupportedCriticalPayload(payload: NotifyPayload): number | undefined {
  return sized(payload, 1)?.[0]
}

/** INVALID_MESSAGE_ID with the Message ID that is out of the window (section 2.3). */
export function invalidMessageIdNotify(messageId: number): NotifyPayload {
  return notify(NOTIFY.INVALID_MESSAGE_ID, checkedUint32(messageId, 'messageId'))
}

/** The Message ID of an INVALID_MESSAGE_ID. */
export function decodeInvalidMessageId(payload: NotifyPayload): number | undefined {
  return decodeUint32(payload)
}

/** SIGNATURE_HASH_ALGORITHMS listing {@link HASH_ALGORITHM} numbers (RFC 7427 section 4). */
export function signatureHashAlgorithmsNotify(algorithms: readonly number[]): NotifyPayload {
  return notify(
    NOTIFY.SIGNATURE_HASH_ALGORITHMS,
    concatBytes(...algorithms.map((algorithm, i) => uint16Bytes(algorithm, `algorithms[${i}]`)))
  )
}

/** The hash algorithm numbers of a SIGNATURE_HASH_ALGORITHMS. */
export function decodeSignatureHashAlgorithms(payload: NotifyPayload): readonly number[] | undefined {
  const { data } = payload
  if (data.length % 2 !== 0) return undefined
  return Array.from({ length: data.length / 2 }, (_, i) => readUint16(data, 2 * i))
}

/** ADDITIONAL_IP4_ADDRESS or ADDITIONAL_IP6_ADDRESS, by the family of the address (RFC 4555 section 4.2.2). */
export function additionalAddressNotify(address: IpAddress): NotifyPayload {
  const octets = addressOctets(address, 'address')
  return notify(octets.length === 4 ? NOTIFY.ADDITIONAL_IP4_ADDRESS : NOTIFY.ADDITIONAL_IP6_ADDRESS, octets)
}

/** The address of an ADDITIONAL_IP4_ADDRESS (4 octets) or ADDITIONAL_IP6_ADDRESS (16). */
export function decodeAdditionalAddress(payload: NotifyPayload): IpAddress | undefined {
  const data = sized(payload, payload.type === NOTIFY.ADDITIONAL_IP4_ADDRESS ? 4 : 16)
  return data === undefined ? undefined : ipAddressText(data)
}

/** NO_NATS_ALLOWED with the addresses and ports the packet is sent from and to (RFC 4555 section 4.2.6). */
export function noNatsAllowedNotify(source: Endpoint, destination: Endpoint): NotifyPayload {
  const sourceOctets = addressOctets(source.address, 'source.address')
  const destinationOctets = addressOctets(destination.address, 'destination.address')
  if (ipFamily(source.address) !== ipFamily(destination.address)) {
    throw new RangeError('destination.address: not of the family of source.address')
  }
  return notify(
    NOTIFY.NO_NATS_ALLOWED,
    concatBytes(
      sourceOctets,
      destinationOctets,
      uint16Bytes(source.port, 'source.port'),
      uint16Bytes(destination.port, 'destination.port')
    )
  )
}

/** Source and destination that a NO_NATS_ALLOWED names: 12 octets for IPv4, 36 for IPv6. */
export function decodeNoNatsAllowed(
  payload: NotifyPayload
): { readonly source: Endpoint; readonly destination: Endpoint } | undefined {
  const { data } = payload
  if (data.length !== 12 && data.length !== 36) return undefined
  const size = data.length === 12 ? 4 : 16
  return {
    source: { address: ipAddressText(data.subarray(0, size)) as IpAddress, port: readUint16(data, 2 * size) },
    destination: {
      address: ipAddressText(data.subarray(size, 2 * size)) as IpAddress,
      port: readUint16(data, 2 * size + 2)
    }
  }
}

function addressOctets(address: IpAddress, field: string): Uint8Array {
  const octets = ipAddressBytes(address)
  if (octets === undefined) throw new TypeError(`${field}: ${address} is not an IP address`)
  return octets
}

function uint16Bytes(value: number, field: string): Uint8Array {
  checkNumber(value, 0xffff, 'notify', field)
  const octets = new Uint8Array(2)
  writeUint16(octets, 0, value)
  return octets
}

function checkedUint32(value: number, field: string): Uint8Array {
  checkNumber(value, 0xffffffff, 'notify', field)
  return uint32Bytes(value)
}

function decodeUint32(payload: NotifyPayload): number | undefined {
  const data = sized(payload, 4)
  return data === undefined ? undefined : readUint32(data, 0)
}
