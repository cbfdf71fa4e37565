import { readUint32, writeUint16, writeUint32 } from '../bytes/index.ts'
import { Malformed } from './malformed.ts'
import { checkNumber, checkOctets, checkRoom, plainOctets, putOctets, view } from './octet-fields.ts'
import { decodeChain, GENERIC_HEADER_OCTETS } from './payload-chain.ts'
import { chainLength, firstType, putGenericHeader, writeChain } from './payload-encoding.ts'
import { PAYLOAD } from './registry.ts'
import type { DecodeOptions, DecodeResult, Message, MessageHeader } from './types.ts'

/** Octets of the IKE header (section 3.1). */
export const HEADER_OCTETS = 28
/** Octets of Fragment Number and Total Fragments (RFC 7383 section 2.5). */
const FRAGMENT_FIELDS_OCTETS = 4

const INITIATOR = 0x08
const HIGHER_VERSION = 0x10
const RESPONSE = 0x20
/** Flags without a meaning in RFC 7296. */
const RESERVED_FLAGS = 0xc7
const MAJOR_VERSION = 2

/** The header alone, as {@link peekHeader} reads it. SPIs are views. */
export interface PeekedHeader extends MessageHeader {
  /** Type of the first payload. */
  readonly nextPayload: number
  /** What the Length field says, which nobody has compared with anything. */
  readonly length: number
}

/**
 * The header of what may be a message, for routing and for answering versions that cannot be decoded (section 2.5).
 * Nothing is checked. Undefined for fewer than 28 octets.
 */
export function peekHeader(datagram: Uint8Array): PeekedHeader | undefined {
  if (datagram.length < HEADER_OCTETS) return undefined
  const bytes = plainOctets(datagram)
  const version = bytes[17] as number
  const flags = bytes[19] as number
  const header = {
    initiatorSpi: view(bytes, 0, 8),
    responderSpi: view(bytes, 8, 16),
    majorVersion: version >>> 4,
    minorVersion: version & 15,
    exchangeType: bytes[18] as number,
    fromInitiator: (flags & INITIATOR) !== 0,
    isResponse: (flags & RESPONSE) !== 0,
    messageId: readUint32(bytes, 20),
    nextPayload: bytes[16] as number,
    length: readUint32(bytes, 24)
  }
  return (flags & HIGHER_VERSION) === 0 ? header : { ...header, higherVersionSupported: true }
}

/**
 * Decodes one IKE message: the whole datagram, without the non-ESP marker of port 4500. Octet fields are views of `bytes`.
 *
 * Checked is what section 3 makes structure: lengths, counts, markers, SPI sizes, forbidden values. Reserved bits, the
 * minor version and the order of payloads are never a reason to refuse. Unknown payloads are kept, critical or not. What
 * a message may contain in an exchange is not checked here. Time is linear in the length; never throws. Reserved bits are
 * kept when `options.lossless` is set: then encoding gives the same octets again.
 */
export function decodeMessage(bytes: Uint8Array, options?: DecodeOptions): DecodeResult<Message> {
  const plain = plainOctets(bytes)
  const message = decode(plain, options?.lossless === true)
  if (!(message instanceof Malformed)) return { ok: true, value: message }
  return { ok: false, error: message.toError(isAnswered(plain, message) ? 'unprotected' : 'never') }
}

/** Section 2.5: only a request, and only one of a higher major version, is answered without protection. */
function isAnswered(bytes: Uint8Array, { code, got }: Malformed): boolean {
  return code === 'unsupportedMajorVersion' && got > MAJOR_VERSION && ((bytes[19] as number) & RESPONSE) === 0
}

function decode(bytes: Uint8Array, lossless: boolean): Message | Malformed {
  if (bytes.length < HEADER_OCTETS) return new Malformed('truncated', 0, bytes.length, 'header')
  const version = bytes[17] as number
  if (version >>> 4 !== MAJOR_VERSION) {
    return new Malformed('unsupportedMajorVersion', 17, version >>> 4, 'majorVersion').within('header')
  }
  const length = readUint32(bytes, 24)
  if (length !== bytes.length) return new Malformed('lengthMismatch', 24, length, 'length').within('header')
  const payloads = decodeChain(bytes, bytes[16] as number, HEADER_OCTETS, bytes.length, true, lossless)
  if (payloads instanceof Malformed) return payloads
  const flags = bytes[19] as number
  const message = {
    initiatorSpi: view(bytes, 0, 8),
    responderSpi: view(bytes, 8, 16),
    majorVersion: MAJOR_VERSION,
    minorVersion: version & 15,
    exchangeType: bytes[18] as number,
    fromInitiator: (flags & INITIATOR) !== 0,
    isResponse: (flags & RESPONSE) !== 0,
    messageId: readUint32(bytes, 20),
    payloads
  }
  const kept = (flags & HIGHER_VERSION) === 0 ? message : { ...message, higherVersionSupported: true }
  return lossless && (flags & RESERVED_FLAGS) !== 0 ? { ...kept, reservedFlags: flags & RESERVED_FLAGS } : kept
}

/**
 * The octets of a message, without non-ESP marker. Lengths and chain links are derived.
 *
 * `unknown` payloads and selectors are written as they are, whatever their type, so that a malformed one can be sent.
 *
 * @throws TypeError or RangeError naming the field that the format cannot hold; RangeError for an Encrypted payload, or an
 * unknown one of type 46 or 53, that is not the last: its Next Payload field names no payload behind it.
 */
export function encodeMessage(message: Message): Uint8Array {
  const { payloads } = message
  const length = HEADER_OCTETS + chainLength(payloads, true)
  const out = new Uint8Array(length)
  putHeader(out, message, firstType(payloads), length)
  writeChain(out, HEADER_OCTETS, payloads)
  return out
}

/**
 * Writes the 28 octets of a header at the start of `out`. `length` is that of the whole message.
 *
 * @throws TypeError or RangeError naming the field that the format cannot hold, or `out` when it is too short.
 */
export function writeHeader(out: Uint8Array, header: MessageHeader, firstPayload: number, length: number): void {
  checkNumber(firstPayload, 0xff, 'header', 'firstPayload')
  checkNumber(length, 0xffffffff, 'header', 'length')
  checkRoom(out, 0, HEADER_OCTETS, 'header')
  putHeader(out, header, firstPayload, length)
}

/** The same where there is room for it, and what it leads to is known to fit. */
function putHeader(out: Uint8Array, header: MessageHeader, firstPayload: number, length: number): void {
  const { majorVersion, minorVersion, exchangeType, messageId, reservedFlags = 0 } = header
  checkSpi(header.initiatorSpi, 'initiatorSpi')
  checkSpi(header.responderSpi, 'responderSpi')
  checkNumber(majorVersion, 15, 'header', 'majorVersion')
  checkNumber(minorVersion, 15, 'header', 'minorVersion')
  checkNumber(exchangeType, 0xff, 'header', 'exchangeType')
  checkNumber(messageId, 0xffffffff, 'header', 'messageId')
  checkNumber(reservedFlags, RESERVED_FLAGS, 'header', 'reservedFlags')
  if ((reservedFlags & ~RESERVED_FLAGS) !== 0)
    throw new RangeError(`header.reservedFlags: ${reservedFlags} has other bits`)
  putOctets(out, 0, header.initiatorSpi)
  putOctets(out, 8, header.responderSpi)
  out[16] = firstPayload
  out[17] = (majorVersion << 4) | minorVersion
  out[18] = exchangeType
  out[19] =
    (header.fromInitiator ? INITIATOR : 0) |
    (header.isResponse ? RESPONSE : 0) |
    (header.higherVersionSupported === true ? HIGHER_VERSION : 0) |
    reservedFlags
  writeUint32(out, 20, messageId)
  writeUint32(out, 24, length)
}

function checkSpi(spi: Uint8Array, field: string): void {
  checkOctets(spi, 8, 'header', field)
  if (spi.length !== 8) throw new RangeError(`header.${field}: ${spi.length} octets instead of 8`)
}

/** A message whose Encrypted body is still to be filled in. */
export interface EncryptedFrame {
  /** The whole message; everything from `bodyOffset` on is zero. */
  readonly bytes: Uint8Array
  /** Where IV, ciphertext and checksum go; what precedes it is AEAD's associated data (RFC 5282 section 5.1). */
  readonly bodyOffset: number
}

/**
 * A message that consists of one Encrypted payload with room for `bodyOctets` octets of IV, ciphertext and checksum, so
 * that sealing writes in place.
 *
 * @throws TypeError or RangeError naming the field that the format cannot hold.
 */
export function encryptedFrame(header: MessageHeader, firstInner: number, bodyOctets: number): EncryptedFrame {
  const length = HEADER_OCTETS + GENERIC_HEADER_OCTETS + bodyOctets
  checkNumber(bodyOctets, 0xffff - GENERIC_HEADER_OCTETS, 'encryptedFrame', 'bodyOctets')
  checkNumber(firstInner, 0xff, 'encryptedFrame', 'firstInner')
  const bytes = new Uint8Array(length)
  putHeader(bytes, header, PAYLOAD.ENCRYPTED, length)
  putGenericHeader(bytes, HEADER_OCTETS, firstInner, false, length - HEADER_OCTETS)
  return { bytes, bodyOffset: length - bodyOctets }
}

/**
 * The same for one Encrypted Fragment (RFC 7383 section 2.5). `firstInner` is the type of the message's first inner
 * payload; it is written in fragment 1 only.
 *
 * @throws TypeError or RangeError naming the field that the format cannot hold.
 */
export function encryptedFragmentFrame(
  header: MessageHeader,
  firstInner: number,
  fragmentNumber: number,
  totalFragments: number,
  bodyOctets: number
): EncryptedFrame {
  const length = HEADER_OCTETS + GENERIC_HEADER_OCTETS + FRAGMENT_FIELDS_OCTETS + bodyOctets
  checkNumber(bodyOctets, 0xffff - GENERIC_HEADER_OCTETS - FRAGMENT_FIELDS_OCTETS, 'encryptedFrame', 'bodyOctets')
  checkNumber(firstInner, 0xff, 'encryptedFrame', 'firstInner')
  checkNumber(totalFragments, 0xffff, 'encryptedFrame', 'totalFragments')
  checkNumber(fragmentNumber, totalFragments, 'encryptedFrame', 'fragmentNumber')
  if (fragmentNumber === 0) throw new RangeError('encryptedFrame.fragmentNumber: counts from 1')
  const bytes = new Uint8Array(length)
  putHeader(bytes, header, PAYLOAD.ENCRYPTED_FRAGMENT, length)
  putGenericHeader(bytes, HEADER_OCTETS, fragmentNumber === 1 ? firstInner : 0, false, length - HEADER_OCTETS)
  writeUint16(bytes, HEADER_OCTETS + GENERIC_HEADER_OCTETS, fragmentNumber)
  writeUint16(bytes, HEADER_OCTETS + GENERIC_HEADER_OCTETS + 2, totalFragments)
  return { bytes, bodyOffset: length - bodyOctets }
}
