import { writeUint16 } from '../bytes/index.ts'
import { configurationLength, writeConfiguration } from './configuration.ts'
import { deleteLength, writeDelete } from './delete.ts'
import { eapLength, writeEap } from './eap.ts'
import { encryptedFragmentLength, encryptedLength, writeEncryptedFragment } from './encrypted.ts'
import {
  authenticationLength,
  certificateLength,
  identificationLength,
  writeAuthentication,
  writeCertificate,
  writeIdentification
} from './identification.ts'
import { keyExchangeLength, nonceLength, writeKeyExchange } from './key-exchange.ts'
import { notifyLength, writeNotify } from './notify.ts'
import {
  checkNumber,
  checkOctets,
  checkRoom,
  isRecords,
  MAXIMUM_BODY,
  putOctets,
  refuseRecords
} from './octet-fields.ts'
import { CRITICAL, GENERIC_HEADER_OCTETS, payloadType } from './payload-chain.ts'
import { PAYLOAD } from './registry.ts'
import { securityAssociationLength, writeSecurityAssociation } from './security-association.ts'
import { trafficSelectorsLength, writeTrafficSelectors } from './traffic-selector.ts'
import type { Payload } from './types.ts'

/**
 * The octets of a chain that goes into an Encrypted payload, and the type that its Next Payload field must name
 * (0 for an empty chain).
 *
 * `unknown` payloads and selectors are written as they are, whatever their type, so that a malformed one can be sent.
 *
 * @throws TypeError or RangeError naming the payload and field that the format cannot hold; RangeError for an Encrypted
 * payload, which does not nest, and for an unknown one of type 46 or 53 that is not the last: its Next Payload field names no
 * payload behind it.
 */
export function encodePayloads(payloads: readonly Payload[]): {
  readonly firstPayload: number
  readonly bytes: Uint8Array
} {
  const bytes = new Uint8Array(chainLength(payloads, false))
  writeChain(bytes, 0, payloads)
  return { firstPayload: firstType(payloads), bytes }
}

/**
 * The body of a payload, without its generic header. For an Identification payload these are the octets that AUTH covers
 * (RestOfInitIDPayload, section 2.15).
 *
 * @throws TypeError or RangeError naming the field that the format cannot hold.
 */
export function encodePayloadBody(payload: Payload): Uint8Array {
  const body = new Uint8Array(payloadLength(payload) - GENERIC_HEADER_OCTETS)
  writeBody(body, 0, payload)
  return body
}

/**
 * Writes a generic header (section 3.2); `length` includes it.
 *
 * @throws TypeError or RangeError naming the argument that the format cannot hold, or `out` when it ends before the header.
 */
export function writeGenericHeader(
  out: Uint8Array,
  offset: number,
  nextPayload: number,
  critical: boolean,
  length: number
): void {
  checkNumber(offset, 0xffffffff, 'genericHeader', 'offset')
  checkNumber(nextPayload, 0xff, 'genericHeader', 'nextPayload')
  checkNumber(length, 0xffff, 'genericHeader', 'length')
  if (length < GENERIC_HEADER_OCTETS) throw new RangeError(`genericHeader.length: ${length}, at least 4 are its own`)
  checkRoom(out, offset, GENERIC_HEADER_OCTETS, 'genericHeader')
  putGenericHeader(out, offset, nextPayload, critical, length)
}

/** The same for arguments that are known to fit. */
export function putGenericHeader(
  out: Uint8Array,
  offset: number,
  nextPayload: number,
  critical: boolean,
  length: number
): void {
  out[offset] = nextPayload
  out[offset + 1] = critical ? CRITICAL : 0
  writeUint16(out, offset + 2, length)
}

/** Octets of a chain; `isOuter` allows an Encrypted payload as its last. Throws on what the format cannot hold. */
export function chainLength(payloads: readonly Payload[], isOuter: boolean): number {
  if (!isRecords(payloads)) refuseRecords(payloads, 'message', 'payloads')
  let total = 0
  for (let i = 0; i < payloads.length; i++) {
    const payload = payloads[i] as Payload
    total += payloadLength(payload)
    const { kind } = payload
    if (kind === 'unknown') {
      if (payload.type !== PAYLOAD.ENCRYPTED && payload.type !== PAYLOAD.ENCRYPTED_FRAGMENT) continue
    } else if (kind !== 'encrypted' && kind !== 'encryptedFragment') continue
    if (!isOuter && kind !== 'unknown') throw new RangeError(`${kind}: does not nest in another`)
    if (i !== payloads.length - 1) throw new RangeError(`${kind}: must be the last payload`)
  }
  return total
}

/** Octets of a payload with its generic header. */
function payloadLength(payload: Payload): number {
  const length = GENERIC_HEADER_OCTETS + bodyLength(payload)
  if (length > 0xffff) throw new RangeError(`${payload.kind}: ${length} octets, a payload holds 65535`)
  return length
}

/** Type of the first payload, 0 when there is none. */
export function firstType(payloads: readonly Payload[]): number {
  return payloads.length === 0 ? PAYLOAD.NONE : payloadType(payloads[0] as Payload)
}

/** Writes a chain whose length is known to fit and returns the offset behind it. */
export function writeChain(out: Uint8Array, start: number, payloads: readonly Payload[]): number {
  let at = start
  for (let i = 0; i < payloads.length; i++) {
    const payload = payloads[i] as Payload
    const end = writeBody(out, at + GENERIC_HEADER_OCTETS, payload)
    putGenericHeader(out, at, linkAfter(payloads, i), payload.critical === true, end - at)
    const { reservedBits } = payload
    if (reservedBits !== undefined) {
      checkNumber(reservedBits, 0x7f, payload.kind, 'reservedBits')
      out[at + 1] = (out[at + 1] as number) | reservedBits
    }
    at = end
  }
  return at
}

/** Next Payload of payload `index`; an Encrypted payload, always the last, names its first inner one. */
function linkAfter(payloads: readonly Payload[], index: number): number {
  const next = payloads[index + 1]
  if (next !== undefined) return payloadType(next)
  const last = payloads[index] as Payload
  if (last.kind === 'encrypted') return last.firstInner
  return last.kind === 'encryptedFragment' ? last.firstInner || (last.reserved ?? 0) : PAYLOAD.NONE
}

function bodyLength(payload: Payload): number {
  switch (payload.kind) {
    case 'notify':
      return notifyLength(payload)
    case 'encrypted':
      return encryptedLength(payload)
    case 'securityAssociation':
      return securityAssociationLength(payload)
    case 'keyExchange':
      return keyExchangeLength(payload)
    case 'nonce':
      return nonceLength(payload)
    case 'identificationInitiator':
    case 'identificationResponder':
      return identificationLength(payload)
    case 'authentication':
      return authenticationLength(payload)
    case 'certificate':
    case 'certificateRequest':
      return certificateLength(payload)
    case 'trafficSelectorInitiator':
    case 'trafficSelectorResponder':
      return trafficSelectorsLength(payload)
    case 'configuration':
      return configurationLength(payload)
    case 'delete':
      return deleteLength(payload)
    case 'vendorId':
      checkOctets(payload.data, MAXIMUM_BODY, 'vendorId', 'data')
      return payload.data.length
    case 'eap':
      return eapLength(payload)
    case 'encryptedFragment':
      return encryptedFragmentLength(payload)
    case 'unknown':
      checkNumber(payload.type, 0xff, 'unknown', 'type')
      if (payload.type === PAYLOAD.NONE) throw new RangeError('unknown.type: 0 ends a chain')
      checkOctets(payload.body, MAXIMUM_BODY, 'unknown', 'body')
      return payload.body.length
    default:
      return noSuchKind(payload)
  }
}

function noSuchKind(payload: never): never {
  throw new TypeError(`payload.kind: ${String((payload as { kind?: unknown }).kind)} is no payload`)
}

function writeBody(out: Uint8Array, start: number, payload: Payload): number {
  switch (payload.kind) {
    case 'notify':
      return writeNotify(out, start, payload)
    case 'securityAssociation':
      return writeSecurityAssociation(out, start, payload)
    case 'keyExchange':
      return writeKeyExchange(out, start, payload)
    case 'identificationInitiator':
    case 'identificationResponder':
      return writeIdentification(out, start, payload)
    case 'authentication':
      return writeAuthentication(out, start, payload)
    case 'certificate':
    case 'certificateRequest':
      return writeCertificate(out, start, payload)
    case 'trafficSelectorInitiator':
    case 'trafficSelectorResponder':
      return writeTrafficSelectors(out, start, payload)
    case 'configuration':
      return writeConfiguration(out, start, payload)
    case 'delete':
      return writeDelete(out, start, payload)
    case 'eap':
      return writeEap(out, start, payload)
    case 'encryptedFragment':
      return writeEncryptedFragment(out, start, payload)
    case 'nonce':
    case 'vendorId':
      return putOctets(out, start, payload.data)
    case 'encrypted':
    case 'unknown':
      return putOctets(out, start, payload.body)
    default:
      return noSuchKind(payload)
  }
}
