import { readUint16 } from '../bytes/index.ts'
import { decodeConfiguration } from './configuration.ts'
import { decodeDelete } from './delete.ts'
import { decodeEap } from './eap.ts'
import { decodeEncrypted, decodeEncryptedFragment } from './encrypted.ts'
import { decodeAuthentication, decodeCertificate, decodeIdentification } from './identification.ts'
import { decodeKeyExchange, decodeNonce } from './key-exchange.ts'
import { CODEC_LIMITS } from './limits.ts'
import { Malformed } from './malformed.ts'
import { decodeNotify, notifyDefect } from './notify.ts'
import { checkNumber, plainOctets, view } from './octet-fields.ts'
import { PAYLOAD } from './registry.ts'
import { withReservedBits } from './reserved-bits.ts'
import { decodeSecurityAssociation } from './security-association.ts'
import { decodeTrafficSelectors } from './traffic-selector.ts'
import type { DecodeOptions, DecodeResult, Payload } from './types.ts'

/** Octets of the generic payload header (section 3.2). */
export const GENERIC_HEADER_OCTETS = 4
/** The Critical bit beside seven RESERVED ones. */
export const CRITICAL = 0x80

/**
 * Payloads of a decrypted chain: what an Encrypted payload contains, whose first type is `firstPayload`. Octet fields are
 * views of `bytes`. An Encrypted payload in here is `invalidStructure`, for they do not nest (section 3.14); error offsets
 * count from the start of `bytes`. Never throws on octets.
 *
 * @throws RangeError naming `firstPayload` when it is no octet, `offset` or `end` when they are no range of `bytes`.
 */
export function decodePayloads(
  bytes: Uint8Array,
  firstPayload: number,
  offset = 0,
  end: number = bytes.length,
  options?: DecodeOptions
): DecodeResult<readonly Payload[]> {
  checkNumber(firstPayload, 0xff, 'decodePayloads', 'firstPayload')
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
