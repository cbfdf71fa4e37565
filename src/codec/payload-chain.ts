import { readUint16, writeUint16 } from '../bytes/index.ts'
import { configurationLength, decodeConfiguration, writeConfiguration } from './configuration.ts'
import { decodeDelete, deleteLength, writeDelete } from './delete.ts'
import { decodeEap, eapLength, writeEap } from './eap.ts'
import {
  decodeEncrypted,
  decodeEncryptedFragment,
  encryptedFragmentLength,
  encryptedLength,
  writeEncryptedFragment
} from './encrypted.ts'
import {
  authenticationLength,
  certificateLength,
  decodeAuthentication,
  decodeCertificate,
  decodeIdentification,
  identificationLength,
  writeAuthentication,
  writeCertificate,
  writeIdentification
} from './identification.ts'
import { decodeKeyExchange, decodeNonce, keyExchangeLength, nonceLength, writeKeyExchange } from './key-exchange.ts'
import { CODEC_LIMITS } from './limits.ts'
import { Malformed } from './malformed.ts'
import { decodeNotify, notifyDefect, notifyLength, writeNotify } from './notify.ts'
import { checkNumber, checkOctets, MAXIMUM_BODY, plainOctets, putOctets, view } from './octet-fields.ts'
import { PAYLOAD } from './registry.ts'
import { withReservedBits } from './reserved-bits.ts'
import {
  decodeSecurityAssociation,
  securityAssociationLength,
  writeSecurityAssociation
} from './security-association.ts'
import { decodeTrafficSelectors, trafficSelectorsLength, writeTrafficSelectors } from './traffic-selector.ts'
import type { DecodeOptions, DecodeResult, Payload } from './types.ts'

/** Octets of the generic payload header (section 3.2). */
export const GENERIC_HEADER_OCTETS = 4
const CRITICAL = 0x80

/**
 * Payloads of a decrypted chain: what an Encrypted payload contains, whose first type is `firstPayload`. Octet fields are
 * views of `bytes`. An Encrypted payload in here is `invalidStructure`, for they do not nest (section 3.14); error offsets
 * count from the start of `bytes`. Never throws on octets.
 *
 * @throws RangeError naming `offset` or `end` when they are no range of `bytes`.
 */
export function decodePayloads(
  bytes: Uint8Array,
  firstPayload: number,
  offset = 0,
  end: number = bytes.length,
  options?: DecodeOptions
): DecodeResult<readonly Payload[]> {
  checkNumber(end, bytes.length, 'decodePayloads', 'end')
  checkNumber(offset, end, 'decodePayloads', 'offset')
  const payloads = decodeChain(plainOctets(bytes), firstPayload, offset, end, false, options?.lossless === true)
  if (!(payloads instanceof Malformed)) return { ok: true, value: payloads }
  return { ok: false, error: payloads.toError('protected') }
}

/** The chain from `start` to `end` exactly; `isOuter` allows an Encrypted payload at its end. */
export function decodeChain(
  bytes: Uint8Array,
  firstPayload: number,
  start: number,
  end: number,
  isOuter: boolean,
  lossless: boolean
): Payload[] | Malformed {
  const defect = checkFraming(bytes, firstPayload, start, end, isOuter)
  if (defect !== undefined) return defect
  const payloads: Payload[] = []
  let type = firstPayload
  let at = start
  while (at < end) {
    const nextType = bytes[at] as number
    const next = at + readUint16(bytes, at + 2)
    const payload = decodeBody(type, nextType, bytes, at + GENERIC_HEADER_OCTETS, next)
    if (payload instanceof Malformed) return payload.within(payloadKind(type))
    const kept = lossless ? withReservedBits(payload, bytes, at) : payload
    payloads.push((bytes[at + 1] as number) >= CRITICAL ? { ...kept, critical: true } : kept)
    at = next
    type = nextType
  }
  return payloads
}

/** Walks the generic headers before any payload is made, so that a broken chain costs next to nothing. */
function checkFraming(
  bytes: Uint8Array,
  firstPayload: number,
  start: number,
  end: number,
  isOuter: boolean
): Malformed | undefined {
  let type = firstPayload
  let at = start
  for (let count = 0; type !== PAYLOAD.NONE; count++) {
    if (count === CODEC_LIMITS.payloads) return new Malformed('limitExceeded', at, count + 1)
    if (end - at < GENERIC_HEADER_OCTETS) return new Malformed('truncated', at, end - at, payloadKind(type))
    const length = readUint16(bytes, at + 2)
    if (length < GENERIC_HEADER_OCTETS || length > end - at) {
      return new Malformed('invalidLength', at + 2, length, payloadKind(type))
    }
    const defect = type === PAYLOAD.NOTIFY ? notifyDefect(bytes, at + GENERIC_HEADER_OCTETS, at + length) : undefined
    if (defect !== undefined) return defect.within(payloadKind(type))
    const isLast = type === PAYLOAD.ENCRYPTED || type === PAYLOAD.ENCRYPTED_FRAGMENT
    if (isLast && !isOuter) return new Malformed('invalidStructure', at, type, payloadKind(type))
    type = isLast ? PAYLOAD.NONE : (bytes[at] as number)
    at += length
  }
  return at === end ? undefined : new Malformed('trailingOctets', at, end - at)
}

function decodeBody(
  type: number,
  nextType: number,
  bytes: Uint8Array,
  start: number,
  end: number
): Payload | Malformed {
  switch (type) {
    case PAYLOAD.NOTIFY:
      return decodeNotify(bytes, start, end)
    case PAYLOAD.ENCRYPTED:
      return decodeEncrypted(nextType, bytes, start, end)
    case PAYLOAD.SECURITY_ASSOCIATION:
      return decodeSecurityAssociation(bytes, start, end)
    case PAYLOAD.KEY_EXCHANGE:
      return decodeKeyExchange(bytes, start, end)
    case PAYLOAD.NONCE:
      return decodeNonce(bytes, start, end)
    case PAYLOAD.IDENTIFICATION_INITIATOR:
      return decodeIdentification('identificationInitiator', bytes, start, end)
    case PAYLOAD.IDENTIFICATION_RESPONDER:
      return decodeIdentification('identificationResponder', bytes, start, end)
    case PAYLOAD.AUTHENTICATION:
      return decodeAuthentication(bytes, start, end)
    case PAYLOAD.CERTIFICATE:
      return decodeCertificate('certificate', bytes, start, end)
    case PAYLOAD.CERTIFICATE_REQUEST:
      return decodeCertificate('certificateRequest', bytes, start, end)
    case PAYLOAD.TRAFFIC_SELECTOR_INITIATOR:
      return decodeTrafficSelectors('trafficSelectorInitiator', bytes, start, end)
    case PAYLOAD.TRAFFIC_SELECTOR_RESPONDER:
      return decodeTrafficSelectors('trafficSelectorResponder', bytes, start, end)
    case PAYLOAD.CONFIGURATION:
      return decodeConfiguration(bytes, start, end)
    case PAYLOAD.DELETE:
      return decodeDelete(bytes, start, end)
    case PAYLOAD.VENDOR_ID:
      return { kind: 'vendorId', data: view(bytes, start, end) }
    case PAYLOAD.EAP:
      return decodeEap(bytes, start, end)
    case PAYLOAD.ENCRYPTED_FRAGMENT:
      return decodeEncryptedFragment(nextType, bytes, start, end)
    default:
      return { kind: 'unknown', type, body: view(bytes, start, end) }
  }
}

const PAYLOAD_TYPES = {
  securityAssociation: 33,
  keyExchange: 34,
  identificationInitiator: 35,
  identificationResponder: 36,
  certificate: 37,
  certificateRequest: 38,
  authentication: 39,
  nonce: 40,
  notify: 41,
  delete: 42,
  vendorId: 43,
  trafficSelectorInitiator: 44,
  trafficSelectorResponder: 45,
  encrypted: 46,
  configuration: 47,
  eap: 48,
  encryptedFragment: 53
} as const satisfies Record<Exclude<Payload['kind'], 'unknown'>, number>

const KINDS: ReadonlyMap<number, string> = /* @__PURE__ */ new Map(
  Object.entries(PAYLOAD_TYPES).map(([kind, type]) => [type, kind])
)

/** `kind` of a payload type: the first element of an error's path. */
function payloadKind(type: number): string {
  return KINDS.get(type) ?? 'unknown'
}

/** The payload type number of a payload. */
export function payloadType(payload: Payload): number {
  return payload.kind === 'unknown' ? payload.type : PAYLOAD_TYPES[payload.kind]
}

/**
 * The octets of a chain that goes into an Encrypted payload, and the type that its Next Payload field must name
 * (0 for an empty chain).
 *
 * @throws TypeError or RangeError naming the payload and field that the format cannot hold; RangeError for an Encrypted
 * payload, which does not nest.
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
  const body = new Uint8Array(bodyLength(payload))
  writeBody(body, 0, payload)
  return body
}

/** Writes a generic header (section 3.2); `length` includes it. */
export function writeGenericHeader(
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
  let total = 0
  for (let i = 0; i < payloads.length; i++) {
    const payload = payloads[i] as Payload
    const length = GENERIC_HEADER_OCTETS + bodyLength(payload)
    if (length > 0xffff) throw new RangeError(`${payload.kind}: ${length} octets, a payload holds 65535`)
    if (payload.kind === 'encrypted' || payload.kind === 'encryptedFragment') {
      if (!isOuter) throw new RangeError(`${payload.kind}: does not nest in another`)
      if (i !== payloads.length - 1) throw new RangeError(`${payload.kind}: must be the last payload`)
    }
    total += length
  }
  return total
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
    writeGenericHeader(out, at, linkAfter(payloads, i), payload.critical === true, end - at)
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
  return last.kind === 'encrypted' || last.kind === 'encryptedFragment' ? last.firstInner : PAYLOAD.NONE
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
