import fc, { type Arbitrary } from 'fast-check'
import { decodeNotify, NOTIFY_LAYOUTS, type NotifyName } from '../bodies/index.ts'
import { concatBytes, writeUint32 } from '../bytes/index.ts'
import {
  CODEC_LIMITS,
  type DecodeErrorCode,
  encodeMessage,
  encodePayloads,
  GENERIC_HEADER_OCTETS,
  HEADER_OCTETS,
  type MessageHeader,
  type NotifyPayload,
  PAYLOAD,
  type Payload,
  payloadType,
  writeGenericHeader,
  writeHeader
} from '../codec/index.ts'
import { type BodyDefect, type DefectiveBody, withLength, withOctet } from './defect.ts'
import { DEFECTIVE_ASSOCIATIONS } from './defective-associations.ts'
import { DEFECTIVE_BODIES } from './defective-bodies.ts'
import { octet, octets, uint32 } from './draw.ts'
import { header, innerPayloads, message } from './messages.ts'
import { notifyPayload, payload } from './payloads.ts'

/** Octets that are a message but for one defect. */
export interface NearValid {
  readonly octets: Uint8Array
  /** Set when the octets are a chain for `decodePayloads`, the content of an Encrypted payload; else they are a message. */
  readonly firstPayload?: number
  /** What is wrong, for people. */
  readonly defect: string
  /** Where that is said: of RFC 7296 where no RFC is named. */
  readonly section: string
  /** What decoding reports. */
  readonly code: DecodeErrorCode
  /** Where, from the start of the octets. */
  readonly offset: number
}

type Found = Omit<NearValid, 'defect' | 'section'>
type Row = readonly [defect: string, section: string, found: Arbitrary<Found>]

/** Every defect of octets that decoding has to find, by what is wrong. */
const ROWS: readonly Row[] = [
  [
    'datagram of less than 28 octets',
    '3.1',
    octets(0, HEADER_OCTETS - 1).map((found) => ({ octets: found, code: 'truncated', offset: 0 }))
  ],
  [
    'another major version',
    '2.5',
    fc
      .tuple(message(), octet)
      .filter(([, version]) => version >>> 4 !== 2)
      .map(([value, version]) => {
        return { octets: withOctet(encodeMessage(value), 17, version), code: 'unsupportedMajorVersion', offset: 17 }
      })
  ],
  [
    'header Length that is not the number of octets',
    '3.1',
    fc
      .tuple(message().map(encodeMessage), uint32)
      .filter(([bytes, length]) => length !== bytes.length)
      .map(([bytes, length]) => ({ octets: withMessageLength(bytes, length), code: 'lengthMismatch', offset: 24 }))
  ],
  [
    'datagram that was cut',
    '3.1',
    fc
      .tuple(message().map(encodeMessage), fc.nat())
      .filter(([bytes]) => bytes.length > HEADER_OCTETS)
      .map(([bytes, dice]) => {
        const end = HEADER_OCTETS + (dice % (bytes.length - HEADER_OCTETS))
        return { octets: bytes.slice(0, end), code: 'lengthMismatch', offset: 24 }
      })
  ],
  ['payload of less than 4 octets', '3.2', brokenEnd((rest) => ({ rest, code: 'truncated', at: 0 }), 0, 3)],
  [
    'payload length below its header',
    '3.2',
    brokenEnd((rest) => ({ rest: withLength(rest, 2, rest.length % 4), code: 'invalidLength', at: 2 }), 4, 20)
  ],
  [
    'payload length beyond the message',
    '3.2',
    brokenEnd((rest) => ({ rest: withLength(rest, 2, rest.length + 1), code: 'invalidLength', at: 2 }), 4, 20)
  ],
  [
    'octets behind the last payload',
    '3.2',
    fc.tuple(header(), innerPayloads(), octets(1, 20)).map(([fields, list, more]) => {
      const bytes = encodeMessage({ ...fields, payloads: list })
      const longer = withMessageLength(concatBytes(bytes, more), bytes.length + more.length)
      return { octets: longer, code: 'trailingOctets', offset: bytes.length }
    })
  ],
  [
    'payload behind the Encrypted one',
    '3.14',
    fc.tuple(header(), innerPayloads(), payload('encrypted'), payload('nonce')).map(([fields, list, last, nonce]) => {
      const bytes = encodeMessage({ ...fields, payloads: [...list, last] })
      const more = encodePayloads([nonce]).bytes
      const longer = withMessageLength(concatBytes(bytes, more), bytes.length + more.length)
      return { octets: longer, code: 'trailingOctets', offset: bytes.length }
    })
  ],
  [
    'more payloads than are taken',
    '3.2',
    header().map((fields) => {
      const count = CODEC_LIMITS.payloads + 1
      const payloads = Array.from({ length: count }, (): Payload => ({ kind: 'vendorId', data: new Uint8Array(0) }))
      const bytes = encodeMessage({ ...fields, payloads })
      return { octets: bytes, code: 'limitExceeded', offset: bytes.length - GENERIC_HEADER_OCTETS }
    })
  ],
  [
    'Encrypted payload in an Encrypted payload',
    '3.14',
    fc
      .tuple(innerPayloads(), fc.oneof<Arbitrary<Payload>[]>(payload('encrypted'), payload('encryptedFragment')))
      .map(([list, last]) => {
        const { bytes, firstPayload } = encodePayloads([
          ...list,
          { kind: 'unknown', type: payloadType(last), body: new Uint8Array(9) }
        ])
        return {
          octets: bytes,
          firstPayload,
          code: 'invalidStructure',
          offset: bytes.length - 9 - GENERIC_HEADER_OCTETS
        }
      })
  ],
  ...[...DEFECTIVE_ASSOCIATIONS, ...DEFECTIVE_BODIES].map(rowOf)
]

/** Every defect that {@link nearValid} makes. */
export const DEFECTS: readonly string[] = ROWS.map(([name]) => name)

/**
 * Octets with one defect that decoding must find, all else valid, and what it must report: for decoders of any make, and for
 * what they do next. `defect` is one of {@link DEFECTS}; any when left out. Throws RangeError for another.
 */
export function nearValid(defect?: string): Arbitrary<NearValid> {
  const rows = ROWS.filter(([name]) => defect === undefined || name === defect)
  if (rows.length === 0) throw new RangeError(`defect: ${defect} is not one of DEFECTS`)
  return fc.oneof(...rows.map(([name, section, found]) => found.map((one) => ({ ...one, defect: name, section }))))
}

/**
 * Well-formed Notify payloads of registered types whose data is not what the type's RFC says: an octet short, an octet long, or
 * of any length. `decodeNotify` refuses each.
 */
export function nearValidNotify(): Arbitrary<NotifyPayload> {
  const names = (Object.keys(NOTIFY_LAYOUTS) as NotifyName[]).filter((name) => {
    return NOTIFY_LAYOUTS[name].forms.some((form: readonly unknown[]) => form.length > 0)
  })
  return fc
    .tuple(fc.constantFrom(...names).chain(notifyPayload), fc.constantFrom(-1, 1, 0), octets(0, 80))
    .map(([value, change, other]) => {
      const { data } = value
      if (change === 0) return { ...value, data: other }
      return { ...value, data: change < 0 ? data.slice(0, -1) : concatBytes(data, Uint8Array.of(0)) }
    })
    .filter((value) => decodeNotify(value)?.ok === false)
}

function withMessageLength(bytes: Uint8Array, length: number): Uint8Array {
  const changed = bytes.slice()
  writeUint32(changed, 24, length)
  return changed
}

/** A message whose last payload, a Vendor ID of so many octets with its header, is made wrong. */
function brokenEnd(
  damage: (rest: Uint8Array) => { readonly rest: Uint8Array; readonly code: DecodeErrorCode; readonly at: number },
  least: number,
  most: number
): Arbitrary<Found> {
  return fc.tuple(header(), innerPayloads(), octets(least, most)).map(([fields, list, last]) => {
    const { rest, code, at } = damage(withOctet(last, 0, PAYLOAD.NONE))
    const before = framed(fields, list, PAYLOAD.VENDOR_ID, rest.length)
    return { octets: concatBytes(before, rest), code, offset: before.length + at }
  })
}

/** Header and payloads of a message that goes on with `more` octets, the first of a payload of type `next`. */
function framed(fields: MessageHeader, list: readonly Payload[], next: number, more: number): Uint8Array {
  const { bytes, firstPayload } = encodePayloads([...list, { kind: 'unknown', type: next, body: new Uint8Array(0) }])
  const before = bytes.subarray(0, bytes.length - GENERIC_HEADER_OCTETS)
  const out = new Uint8Array(HEADER_OCTETS + before.length)
  writeHeader(out, fields, firstPayload, out.length + more)
  out.set(before, HEADER_OCTETS)
  return out
}

function rowOf({ name, section, body }: BodyDefect): Row {
  const found = fc.tuple(header(), innerPayloads(), body, innerPayloads()).map(([fields, before, defective, after]) => {
    return defective.type === PAYLOAD.ENCRYPTED_FRAGMENT
      ? among(fields, before, defective, [])
      : among(fields, before, defective, after)
  })
  return [name, section, found]
}

/** A message with the defective body between valid payloads. */
function among(
  fields: MessageHeader,
  before: readonly Payload[],
  { type, octets: body, code, offset }: DefectiveBody,
  after: readonly Payload[]
): Found {
  const rest = encodePayloads(after)
  const generic = new Uint8Array(GENERIC_HEADER_OCTETS)
  writeGenericHeader(generic, 0, rest.firstPayload, false, generic.length + body.length)
  const start = framed(fields, before, type, generic.length + body.length + rest.bytes.length)
  return {
    octets: concatBytes(start, generic, body, rest.bytes),
    code,
    offset: start.length + generic.length + offset
  }
}
