import { readUint16 } from '../bytes/index.ts'
import { GENERIC_HEADER_OCTETS, PAYLOAD } from '../codec/index.ts'

/** What a number on the wire is for. */
export type FieldRole =
  /** Octets of something: payload, substructure, attribute. */
  | 'length'
  /** How many of something follow. */
  | 'count'
  | 'spiSize'
  /** A type, code, identifier or port. */
  | 'number'
  /** Last Substruc: 0 for the last, 2 or 3 for the others. */
  | 'marker'
  /** Next Payload. */
  | 'nextPayload'
  | 'reserved'
  | 'critical'

/** A big-endian number at a place; only the bits of `mask` belong to it. */
export interface Field {
  readonly role: FieldRole
  readonly name: string
  readonly offset: number
  readonly width: 1 | 2 | 3 | 4
  readonly mask: number
}

/** One payload of a chain, generic header included. */
export interface Piece {
  readonly type: number
  readonly start: number
  readonly end: number
}

/** Payloads from `start` as far as Next Payload and Payload Length make sense. An Encrypted payload is the last. */
export function piecesOf(octets: Uint8Array, firstPayload: number, start: number): readonly Piece[] {
  const pieces: Piece[] = []
  let type = firstPayload
  let at = start
  while (type !== PAYLOAD.NONE && octets.length - at >= GENERIC_HEADER_OCTETS) {
    const length = readUint16(octets, at + 2)
    if (length < GENERIC_HEADER_OCTETS || length > octets.length - at) break
    pieces.push({ type, start: at, end: at + length })
    if (endsChain(type)) break
    type = octets[at] as number
    at += length
  }
  return pieces
}

/** True for the payloads whose Next Payload field names what is inside of them. */
export function endsChain(type: number): boolean {
  return type === PAYLOAD.ENCRYPTED || type === PAYLOAD.ENCRYPTED_FRAGMENT
}

/** Every number of a chain that can be found from `start` on. */
export function chainFields(octets: Uint8Array, firstPayload: number, start: number): readonly Field[] {
  return piecesOf(octets, firstPayload, start).flatMap((piece) => pieceFields(octets, piece))
}

const MASKS = { 1: 0xff, 2: 0xffff, 3: 0xffffff, 4: 0xffffffff } as const

/** A field of whole octets. */
export function field(role: FieldRole, name: string, offset: number, width: 1 | 2 | 3 | 4): Field {
  return { role, name, offset, width, mask: MASKS[width] }
}

function pieceFields(octets: Uint8Array, { type, start, end }: Piece): readonly Field[] {
  return [
    field('nextPayload', 'Next Payload', start, 1),
    { role: 'critical', name: 'Critical', offset: start + 1, width: 1, mask: 0x80 },
    { role: 'reserved', name: 'payload RESERVED', offset: start + 1, width: 1, mask: 0x7f },
    field('length', 'Payload Length', start + 2, 2),
    ...bodyFields(octets, type, start + GENERIC_HEADER_OCTETS, end)
  ]
}

function bodyFields(octets: Uint8Array, type: number, start: number, end: number): readonly Field[] {
  switch (type) {
    case PAYLOAD.SECURITY_ASSOCIATION:
      return proposalFields(octets, start, end)
    case PAYLOAD.TRAFFIC_SELECTOR_INITIATOR:
    case PAYLOAD.TRAFFIC_SELECTOR_RESPONDER:
      return selectorFields(octets, start, end)
    case PAYLOAD.CONFIGURATION:
      return configurationFields(octets, start, end)
    default:
      return (FIXED_FIELDS.get(type) ?? [])
        .filter(({ offset, width }) => start + offset + width <= end)
        .map((fixed) => ({ ...fixed, offset: start + fixed.offset }))
  }
}

const identification = [field('number', 'ID Type', 0, 1), field('reserved', 'identification RESERVED', 1, 3)]
const certificate = [field('number', 'Cert Encoding', 0, 1)]

/** Fields at fixed places of a body. */
const FIXED_FIELDS: ReadonlyMap<number, readonly Field[]> = /* @__PURE__ */ new Map([
  [PAYLOAD.KEY_EXCHANGE, [field('number', 'key exchange method', 0, 2), field('reserved', 'KE RESERVED', 2, 2)]],
  [PAYLOAD.IDENTIFICATION_INITIATOR, identification],
  [PAYLOAD.IDENTIFICATION_RESPONDER, identification],
  [PAYLOAD.CERTIFICATE, certificate],
  [PAYLOAD.CERTIFICATE_REQUEST, certificate],
  [PAYLOAD.AUTHENTICATION, [field('number', 'Auth Method', 0, 1), field('reserved', 'AUTH RESERVED', 1, 3)]],
  [
    PAYLOAD.NOTIFY,
    [
      field('number', 'notify Protocol ID', 0, 1),
      field('spiSize', 'notify SPI Size', 1, 1),
      field('number', 'Notify Message Type', 2, 2)
    ]
  ],
  [
    PAYLOAD.DELETE,
    [
      field('number', 'delete Protocol ID', 0, 1),
      field('spiSize', 'delete SPI Size', 1, 1),
      field('count', 'Num of SPIs', 2, 2)
    ]
  ],
  [
    PAYLOAD.EAP,
    [
      field('number', 'EAP Code', 0, 1),
      field('number', 'EAP Identifier', 1, 1),
      field('length', 'EAP Length', 2, 2),
      field('number', 'EAP Type', 4, 1)
    ]
  ],
  [PAYLOAD.ENCRYPTED_FRAGMENT, [field('number', 'Fragment Number', 0, 2), field('number', 'Total Fragments', 2, 2)]]
])

/** What a proposal, a transform and a traffic selector have at least (RFC 7296 sections 3.3.1, 3.3.2, 3.13.1). */
const SUBSTRUCTURE_OCTETS = 8

function proposalFields(octets: Uint8Array, start: number, end: number): readonly Field[] {
  const fields: Field[] = []
  let at = start
  while (end - at >= SUBSTRUCTURE_OCTETS) {
    fields.push(
      field('marker', 'proposal Last Substruc', at, 1),
      field('reserved', 'proposal RESERVED', at + 1, 1),
      field('length', 'proposal length', at + 2, 2),
      field('number', 'Proposal Num', at + 4, 1),
      field('number', 'proposal Protocol ID', at + 5, 1),
      field('spiSize', 'proposal SPI Size', at + 6, 1),
      field('count', 'Num Transforms', at + 7, 1)
    )
    const next = at + readUint16(octets, at + 2)
    if (next < at + SUBSTRUCTURE_OCTETS || next > end) return fields
    addTransformFields(fields, octets, at + SUBSTRUCTURE_OCTETS + (octets[at + 6] as number), next)
    at = next
  }
  return fields
}

// Appended one by one: a payload holds more fields than a call takes arguments.
function addTransformFields(fields: Field[], octets: Uint8Array, start: number, end: number): void {
  let at = start
  while (end - at >= SUBSTRUCTURE_OCTETS) {
    fields.push(
      field('marker', 'transform Last Substruc', at, 1),
      field('reserved', 'transform RESERVED', at + 1, 1),
      field('length', 'transform length', at + 2, 2),
      field('number', 'Transform Type', at + 4, 1),
      field('reserved', 'transform RESERVED', at + 5, 1),
      field('number', 'Transform ID', at + 6, 2)
    )
    const next = at + readUint16(octets, at + 2)
    if (next < at + SUBSTRUCTURE_OCTETS || next > end) return
    addAttributeFields(fields, octets, at + SUBSTRUCTURE_OCTETS, next)
    at = next
  }
}

function addAttributeFields(fields: Field[], octets: Uint8Array, start: number, end: number): void {
  let at = start
  while (end - at >= 4) {
    const isShort = (octets[at] as number) >= 0x80
    fields.push(field('number', 'transform attribute type', at, 2))
    fields.push(
      isShort
        ? field('number', 'transform attribute value', at + 2, 2)
        : field('length', 'transform attribute length', at + 2, 2)
    )
    at += isShort ? 4 : 4 + readUint16(octets, at + 2)
  }
}

function selectorFields(octets: Uint8Array, start: number, end: number): readonly Field[] {
  if (end - start < 4) return []
  const fields = [field('count', 'Number of TSs', start, 1), field('reserved', 'TS RESERVED', start + 1, 3)]
  let at = start + 4
  while (end - at >= SUBSTRUCTURE_OCTETS) {
    fields.push(
      field('number', 'TS Type', at, 1),
      field('number', 'IP Protocol ID', at + 1, 1),
      field('length', 'Selector Length', at + 2, 2),
      field('number', 'Start Port', at + 4, 2),
      field('number', 'End Port', at + 6, 2)
    )
    const length = readUint16(octets, at + 2)
    if (length < SUBSTRUCTURE_OCTETS) return fields
    at += length
  }
  return fields
}

function configurationFields(octets: Uint8Array, start: number, end: number): readonly Field[] {
  if (end - start < 4) return []
  const fields = [field('number', 'CFG Type', start, 1), field('reserved', 'CP RESERVED', start + 1, 3)]
  let at = start + 4
  while (end - at >= 4) {
    fields.push(
      { role: 'reserved', name: 'configuration attribute R', offset: at, width: 2, mask: 0x8000 },
      { role: 'number', name: 'configuration attribute type', offset: at, width: 2, mask: 0x7fff },
      field('length', 'configuration attribute length', at + 2, 2)
    )
    at += 4 + readUint16(octets, at + 2)
  }
  return fields
}

/** The value of a field, bits outside its mask left out. */
export function readField(octets: Uint8Array, { offset, width, mask }: Field): number {
  let value = 0
  for (let i = 0; i < width; i++) value = (value << 8) | (octets[offset + i] as number)
  return (value & mask) >>> 0
}

/** A copy of `octets` where the field has another value. */
export function withField(octets: Uint8Array, { offset, width, mask }: Field, value: number): Uint8Array {
  const copy = octets.slice()
  for (let i = 0; i < width; i++) {
    const shift = 8 * (width - 1 - i)
    const bits = (mask >>> shift) & 0xff
    copy[offset + i] = ((copy[offset + i] as number) & ~bits) | ((value >>> shift) & bits)
  }
  return copy
}
