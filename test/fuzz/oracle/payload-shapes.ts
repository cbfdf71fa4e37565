import type {
  ConfigurationAttribute,
  Payload,
  Proposal,
  TrafficSelector,
  Transform,
  TransformAttribute
} from '../../../src/codec/types.ts'
import type { Cursor } from './cursor.ts'

/**
 * The bodies of RFC 7296 sections 3.3 to 3.16 and RFC 7383 section 2.5 as a table, written from those texts alone. It is
 * there to disagree with `src/codec`: nothing here is imported from it but the types of its values.
 */

/** One field of a body, read into `values`. */
type Field = (cursor: Cursor, values: Record<string, unknown>) => void

const number =
  (name: string, octets: number): Field =>
  (cursor, values) => {
    values[name] = cursor.number(octets)
  }
const reserved =
  (octets: number): Field =>
  (cursor) =>
    cursor.reserved(octets)
const rest =
  (name: string, least = 0, most = 0xffff): Field =>
  (cursor, values) => {
    cursor.need(cursor.left >= least && cursor.left <= most, 'invalidValue')
    values[name] = cursor.rest()
  }

interface Shape {
  readonly kind: Payload['kind']
  readonly fields: readonly Field[]
}

function shape(kind: Payload['kind'], ...fields: readonly Field[]): Shape {
  return { kind, fields }
}

/** Section 3.5. AUTH covers the reserved octets, so they are kept (section 2.15). */
const identification: readonly Field[] = [
  number('idType', 1),
  (cursor, values) => {
    const kept = cursor.number(3)
    if (kept !== 0) values['reserved'] = kept
  },
  rest('data')
]

/** Section 3.10: SPI Size stands before the type, the SPI after it. */
const notify: readonly Field[] = [
  number('protocol', 1),
  (cursor, values) => {
    const spiSize = cursor.number(1)
    values['type'] = cursor.number(2)
    cursor.must(spiSize <= cursor.left, 'invalidLength')
    values['spi'] = cursor.take(spiSize)
  },
  rest('data')
]

/** By payload type. */
export const SHAPES: Readonly<Record<number, Shape>> = {
  33: shape('securityAssociation', proposals),
  34: shape('keyExchange', number('group', 2), reserved(2), rest('data')),
  35: shape('identificationInitiator', ...identification),
  36: shape('identificationResponder', ...identification),
  37: shape('certificate', number('encoding', 1), rest('data')),
  38: shape('certificateRequest', number('encoding', 1), rest('data')),
  39: shape('authentication', number('method', 1), reserved(3), rest('data')),
  40: shape('nonce', rest('data', 16, 256)),
  41: shape('notify', ...notify),
  42: shape('delete', deletion),
  43: shape('vendorId', rest('data')),
  44: shape('trafficSelectorInitiator', selectors),
  45: shape('trafficSelectorResponder', selectors),
  46: shape('encrypted', rest('body')),
  47: shape('configuration', number('configurationType', 1), reserved(3), attributes),
  48: shape('eap', eap),
  53: shape('encryptedFragment', fragmentNumbers, rest('body'))
}

const IKE = 1
const AH = 2
const ESP = 3

/** Section 3.3. */
function proposals(cursor: Cursor, values: Record<string, unknown>): void {
  const list: Proposal[] = []
  let transformCount = 0
  for (const part of cursor.parts(2, 8)) {
    cursor.need(part.number(1) === (cursor.left === 0 ? 0 : 2), 'invalidStructure')
    part.reserved(1)
    part.number(2)
    const number = part.number(1)
    // "The first proposal MUST be 1, and each subsequent one more"; an answer repeats the number of the one it accepts.
    const isLone = list.length === 0 && cursor.left === 0
    cursor.need(isLone ? number !== 0 : number === list.length + 1, 'invalidStructure')
    const protocol = part.number(1)
    const spiSize = part.number(1)
    const count = part.number(1)
    cursor.need(count > 0, 'invalidStructure')
    cursor.need(protocol !== 0, 'invalidValue')
    if (protocol === IKE) cursor.need(spiSize === 0 || spiSize === 8, 'invalidStructure')
    if (protocol === ESP || protocol === AH) cursor.need(spiSize === 4, 'invalidStructure')
    part.must(spiSize <= part.left, 'invalidLength')
    const spi = part.take(spiSize)
    const transforms = transformsOf(part, count)
    cursor.need(count === transforms.length, 'invalidStructure')
    transformCount += count
    list.push({ number, protocol, spi, transforms })
  }
  cursor.need(list.length > 0, 'invalidStructure')
  cursor.need(list.length <= 128 && transformCount <= 1024, 'limitExceeded')
  values['proposals'] = list
}

/** Section 3.3.2. */
function transformsOf(cursor: Cursor, count: number): Transform[] {
  const list: Transform[] = []
  for (const part of cursor.parts(2, 8)) {
    const marker = part.number(1)
    cursor.need(
      marker === (cursor.left === 0 ? 0 : 3) && marker === (list.length === count - 1 ? 0 : 3),
      'invalidStructure'
    )
    part.reserved(1)
    part.number(2)
    const type = part.number(1)
    part.reserved(1)
    const id = part.number(2)
    list.push({ type, id, ...transformAttributes(part) })
  }
  cursor.need(list.length > 0, 'invalidStructure')
  return list
}

/** Section 3.3.5: no type twice in one transform. */
function transformAttributes(cursor: Cursor): Pick<Transform, 'keyLength' | 'attributes'> {
  const list: TransformAttribute[] = []
  while (cursor.left > 0) {
    cursor.need(list.length < 16, 'limitExceeded')
    cursor.must(cursor.left >= 4, 'truncated')
    const format = cursor.number(2)
    const second = cursor.number(2)
    const type = format % 0x8000
    cursor.need(!list.some((other) => other.type === type), 'invalidStructure')
    list.push({ type, value: format === type ? cursor.part(second).rest() : second })
  }
  const [first, ...others] = list
  if (first === undefined) return {}
  if (first.type !== 14 || typeof first.value !== 'number') return { attributes: list }
  return others.length === 0 ? { keyLength: first.value } : { keyLength: first.value, attributes: others }
}

/** Section 3.11. */
function deletion(cursor: Cursor, values: Record<string, unknown>): void {
  const protocol = cursor.number(1)
  const spiSize = cursor.number(1)
  const count = cursor.number(2)
  cursor.need(protocol !== 0, 'invalidValue')
  if (protocol === IKE) cursor.need(spiSize === 0, 'invalidStructure')
  if (protocol === ESP || protocol === AH) cursor.need(spiSize === 4, 'invalidStructure')
  if (spiSize === 0) cursor.need(count === 0, 'invalidStructure')
  cursor.need(cursor.left === spiSize * count, 'invalidLength')
  cursor.need(count <= 4096, 'limitExceeded')
  const spis = Array.from({ length: count }, () => cursor.take(spiSize))
  Object.assign(values, { protocol, spiSize, spis })
}

/** Section 3.13. */
function selectors(cursor: Cursor, values: Record<string, unknown>): void {
  const count = cursor.number(1)
  cursor.reserved(3)
  cursor.need(count > 0, 'invalidStructure')
  const list: TrafficSelector[] = []
  for (const part of cursor.parts(2, 4)) {
    const type = part.number(1)
    const protocol = part.number(1)
    part.number(2)
    list.push(type === 7 || type === 8 ? addressRange(type, protocol, part) : { type, protocol, body: part.rest() })
    cursor.need(list.length < count || cursor.left === 0, 'invalidStructure')
  }
  cursor.need(list.length === count, 'invalidStructure')
  values['selectors'] = list
}

/** Section 3.13.1: starting and ending address, of one size, both included. */
function addressRange(type: 7 | 8, protocol: number, cursor: Cursor): TrafficSelector {
  const size = type === 7 ? 4 : 16
  cursor.must(cursor.left === 4 + 2 * size, 'invalidLength')
  const startPort = cursor.number(2)
  const endPort = cursor.number(2)
  cursor.need(startPort <= endPort || (startPort === 65535 && endPort === 0), 'invalidValue')
  const startAddress = cursor.take(size)
  const endAddress = cursor.take(size)
  cursor.need(Buffer.compare(startAddress, endAddress) <= 0, 'invalidValue')
  return { type, protocol, startPort, endPort, startAddress, endAddress }
}

/** Section 3.15.1. */
function attributes(cursor: Cursor, values: Record<string, unknown>): void {
  const list: ConfigurationAttribute[] = []
  for (const part of cursor.parts(2, 4, 4)) {
    const type = part.bits(2, 0x7fff)
    part.number(2)
    list.push({ type, value: part.rest() })
    cursor.need(list.length < 256 || cursor.left === 0, 'limitExceeded')
  }
  values['attributes'] = list
}

/** Section 3.16 and RFC 3748 section 4: Request and Response have a type; so have Initiate and Finish (RFC 6696). */
function eap(cursor: Cursor, values: Record<string, unknown>): void {
  const whole = cursor.left
  const code = cursor.number(1)
  const identifier = cursor.number(1)
  cursor.need(cursor.number(2) === whole, 'invalidLength')
  Object.assign(values, { code, identifier })
  if ([1, 2, 5, 6].includes(code)) Object.assign(values, { type: cursor.number(1), data: cursor.rest() })
  else cursor.need(cursor.left === 0, 'invalidLength')
}

/** RFC 7383 section 2.5. */
function fragmentNumbers(cursor: Cursor, values: Record<string, unknown>): void {
  const fragmentNumber = cursor.number(2)
  const totalFragments = cursor.number(2)
  cursor.need(fragmentNumber >= 1 && fragmentNumber <= totalFragments, 'invalidValue')
  Object.assign(values, { fragmentNumber, totalFragments })
}
