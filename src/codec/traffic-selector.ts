import { compareBytes, readUint16, readUint32, writeUint16 } from '../bytes/index.ts'
import { CODEC_LIMITS } from './limits.ts'
import { Malformed } from './malformed.ts'
import {
  checkNumber,
  checkOctets,
  checkReserved,
  isNumberTo,
  isOctetsTo,
  isRecords,
  putOctets,
  putReserved,
  refuseRecords,
  view
} from './octet-fields.ts'
import { TRAFFIC_SELECTOR_TYPE } from './registry.ts'
import type { AddressRangeSelector, TrafficSelector, TrafficSelectorPayload, UnknownSelector } from './types.ts'

const SELECTOR_HEADER = 4
const RANGE_HEADER = 8

/** TSi or TSr payload body: one or more selectors, as many as the count says (section 3.13). */
export function decodeTrafficSelectors(
  kind: TrafficSelectorPayload['kind'],
  bytes: Uint8Array,
  start: number,
  end: number
): TrafficSelectorPayload | Malformed {
  if (end - start < 4) return new Malformed('truncated', start, end - start)
  const count = bytes[start] as number
  if (count === 0) return new Malformed('invalidStructure', start, 0, 'selectors')
  if (count > CODEC_LIMITS.trafficSelectors) return new Malformed('limitExceeded', start, count, 'selectors')
  const selectors: TrafficSelector[] = []
  let at = start + 4
  for (let index = 0; index < count; index++) {
    if (end - at < SELECTOR_HEADER)
      return atSelector(at === end ? 'invalidStructure' : 'truncated', at, end - at, index)
    const length = readUint16(bytes, at + 2)
    const next = at + length
    if (length < SELECTOR_HEADER || next > end) return atSelector('invalidLength', at + 2, length, index)
    const type = bytes[at] as number
    if (isRangeType(type)) {
      const selector = decodeRange(type, bytes, at, length)
      if (selector instanceof Malformed) return selector.within(`selectors[${index}]`)
      selectors.push(selector)
    } else {
      const protocol = bytes[at + 1] as number
      selectors.push({ type, protocol, body: view(bytes, at + SELECTOR_HEADER, next) })
    }
    at = next
  }
  if (at !== end) return new Malformed('invalidStructure', at, end - at, 'selectors')
  return { kind, selectors }
}

function atSelector(code: Malformed['code'], offset: number, got: number, index: number): Malformed {
  return new Malformed(code, offset, got, `selectors[${index}]`)
}

function isRangeType(type: number): type is 7 | 8 {
  return type === TRAFFIC_SELECTOR_TYPE.TS_IPV4_ADDR_RANGE || type === TRAFFIC_SELECTOR_TYPE.TS_IPV6_ADDR_RANGE
}

/** Octets of one address of a range of this type. */
function addressOctets(type: 7 | 8): 4 | 16 {
  return type === TRAFFIC_SELECTOR_TYPE.TS_IPV4_ADDR_RANGE ? 4 : 16
}

function decodeRange(type: 7 | 8, bytes: Uint8Array, at: number, length: number): AddressRangeSelector | Malformed {
  const size = addressOctets(type)
  if (length !== RANGE_HEADER + 2 * size) return new Malformed('invalidLength', at + 2, length)
  const startPort = readUint16(bytes, at + 4)
  const endPort = readUint16(bytes, at + 6)
  if (!isPortRange(startPort, endPort)) return new Malformed('invalidValue', at + 4, startPort)
  const middle = at + RANGE_HEADER + size
  const startAddress = view(bytes, at + RANGE_HEADER, middle)
  const endAddress = view(bytes, middle, middle + size)
  // "Smallest" and "largest address included" (section 3.13.1): a range that ends before it starts holds no address.
  if (compareBytes(startAddress, endAddress) > 0) {
    return new Malformed('invalidValue', at + RANGE_HEADER, readUint32(bytes, at + RANGE_HEADER))
  }
  return {
    type,
    protocol: bytes[at + 1] as number,
    startPort,
    endPort,
    startAddress,
    endAddress
  }
}

/** "Smallest" and "largest port number allowed", or OPAQUE, which is 65535 to 0 (section 3.13.1). */
function isPortRange(startPort: number, endPort: number): boolean {
  return startPort <= endPort || (startPort === 0xffff && endPort === 0)
}

function isUnknown(selector: TrafficSelector): selector is UnknownSelector {
  return 'body' in selector
}

/** Octets of the body; throws on values the format cannot hold. */
export function trafficSelectorsLength({ kind, selectors, reserved }: TrafficSelectorPayload): number {
  checkReserved(reserved, 0xffffff, kind)
  if (!isRecords(selectors)) refuseRecords(selectors, kind, 'selectors')
  if (selectors.length === 0 || selectors.length > 0xff) {
    throw new RangeError(`${kind}.selectors: ${selectors.length} is not a number from 1 to 255`)
  }
  let total = 4
  for (let i = 0; i < selectors.length; i++) {
    const selector = selectors[i] as TrafficSelector
    total += isUnknown(selector) ? unknownLength(selector, kind, i) : rangeLength(selector, kind, i)
  }
  return total
}

function unknownLength({ type, protocol, body }: UnknownSelector, kind: string, index: number): number {
  checkNumber(type, 0xff, kind, `selectors[${index}].type`)
  checkNumber(protocol, 0xff, kind, `selectors[${index}].protocol`)
  checkOctets(body, 0xffff - SELECTOR_HEADER, kind, `selectors[${index}].body`)
  return SELECTOR_HEADER + body.length
}

function rangeLength(selector: AddressRangeSelector, kind: string, index: number): number {
  const { type, protocol, startPort, endPort, startAddress, endAddress } = selector
  const size = isRangeType(type) ? addressOctets(type) : 0
  if (
    !isNumberTo(0xff, protocol) ||
    !isNumberTo(0xffff, startPort) ||
    !isNumberTo(0xffff, endPort) ||
    !isPortRange(startPort, endPort) ||
    !isOctetsTo(size, startAddress) ||
    !isOctetsTo(size, endAddress) ||
    startAddress.length + endAddress.length !== 2 * size ||
    compareBytes(startAddress, endAddress) > 0
  ) {
    refuseRange(selector, kind, `selectors[${index}]`)
  }
  return RANGE_HEADER + 2 * size
}

function refuseRange(selector: AddressRangeSelector, kind: string, path: string): never {
  const { type, protocol, startPort, endPort, startAddress, endAddress } = selector
  if (!isRangeType(type)) throw new RangeError(`${kind}.${path}.type: ${type as number} is no address range`)
  checkNumber(protocol, 0xff, kind, `${path}.protocol`)
  checkNumber(startPort, 0xffff, kind, `${path}.startPort`)
  checkNumber(endPort, 0xffff, kind, `${path}.endPort`)
  if (!isPortRange(startPort, endPort)) throw new RangeError(`${kind}.${path}.endPort: ${endPort} is below startPort`)
  checkOctets(startAddress, 16, kind, `${path}.startAddress`)
  checkOctets(endAddress, 16, kind, `${path}.endAddress`)
  throw new RangeError(
    `${kind}.${path}.endAddress: no range of ${addressOctets(type)}-octet addresses from startAddress`
  )
}

/** Writes the body at `start` and returns the offset behind it. Lengths are known to fit. */
export function writeTrafficSelectors(out: Uint8Array, start: number, payload: TrafficSelectorPayload): number {
  const { selectors } = payload
  out[start] = selectors.length
  putReserved(out, start + 1, payload.reserved)
  let at = start + 4
  for (let i = 0; i < selectors.length; i++) {
    const selector = selectors[i] as TrafficSelector
    const first = at
    out[at] = selector.type
    out[at + 1] = selector.protocol
    if (isUnknown(selector)) {
      at = putOctets(out, at + SELECTOR_HEADER, selector.body)
    } else {
      writeUint16(out, at + 4, selector.startPort)
      writeUint16(out, at + 6, selector.endPort)
      at = putOctets(out, at + RANGE_HEADER, selector.startAddress)
      at = putOctets(out, at, selector.endAddress)
    }
    writeUint16(out, first + 2, at - first)
  }
  return at
}
