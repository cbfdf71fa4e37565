import type { Attribute, Message, Payload, Proposal, Selector, Transform } from './message.ts'

/*
 * The floor our decoder is measured against: what one writes in an afternoon to decode RFC 7296 section 3 as fast as
 * JavaScript goes. Strict (every length, count and marker is checked), fully materialised, one function per shape, shifts
 * on a plain Uint8Array, no error but "no".
 */

const NONE = new Uint8Array(0)
const NO_ATTRIBUTES: Attribute[] = []

/** The message, or undefined when the octets are none. */
export function decode(b: Uint8Array): Message | undefined {
  const n = b.length
  if (n < 28) return undefined
  const length = u32(b, 24)
  const version = b[17]!
  if (length !== n || version >> 4 !== 2) return undefined
  const payloads: Payload[] = []
  let type = b[16]!
  let at = 28
  while (type !== 0) {
    if (at + 4 > n) return undefined
    const size = (b[at + 2]! << 8) | b[at + 3]!
    const end = at + size
    if (size < 4 || end > n) return undefined
    const payload = body(type, (b[at + 1]! & 0x80) !== 0, b, at, end)
    if (payload === undefined) return undefined
    payloads.push(payload)
    type = type === 46 || type === 53 ? 0 : b[at]!
    at = end
  }
  if (at !== n) return undefined
  return {
    spiI: b.subarray(0, 8),
    spiR: b.subarray(8, 16),
    version,
    exchange: b[18]!,
    flags: b[19]!,
    id: u32(b, 20),
    payloads
  }
}

function u32(b: Uint8Array, at: number): number {
  return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0
}

function view(b: Uint8Array, start: number, end: number): Uint8Array {
  return start === end ? NONE : b.subarray(start, end)
}

function body(type: number, critical: boolean, b: Uint8Array, at: number, end: number): Payload | undefined {
  const size = end - at
  switch (type) {
    case 33: {
      const proposals = sa(b, at + 4, end)
      return proposals && { type, critical, proposals }
    }
    case 34:
      if (size < 9) return undefined
      return { type, critical, group: (b[at + 4]! << 8) | b[at + 5]!, data: view(b, at + 8, end) }
    case 35:
    case 36:
    case 39:
      if (size < 8) return undefined
      return { type, critical, kind: b[at + 4]!, data: view(b, at + 8, end) }
    case 37:
    case 38:
      if (size < 5) return undefined
      return { type, critical, kind: b[at + 4]!, data: view(b, at + 5, end) }
    case 40:
      if (size < 20 || size > 260) return undefined
      return { type, critical, wireType: type, data: view(b, at + 4, end) }
    case 41: {
      const spiSize = size < 8 ? 255 : b[at + 5]!
      const data = at + 8 + spiSize
      if (data > end) return undefined
      return {
        type,
        critical,
        protocol: b[at + 4]!,
        spi: view(b, at + 8, data),
        notify: (b[at + 6]! << 8) | b[at + 7]!,
        data: view(b, data, end)
      }
    }
    case 42: {
      if (size < 8) return undefined
      const spiSize = b[at + 5]!
      const count = (b[at + 6]! << 8) | b[at + 7]!
      if (count * spiSize !== size - 8) return undefined
      const spis: Uint8Array[] = []
      if (spiSize !== 0) for (let p = at + 8; p < end; p += spiSize) spis.push(b.subarray(p, p + spiSize))
      return { type, critical, protocol: b[at + 4]!, spiSize, spis }
    }
    case 43:
      return { type, critical, wireType: type, data: view(b, at + 4, end) }
    case 44:
    case 45: {
      if (size < 8) return undefined
      const selectors = ts(b, at + 8, end, b[at + 4]!)
      return selectors && { type, critical, selectors }
    }
    case 46:
    case 53:
      return { type, critical, first: b[at]!, data: view(b, at + 4, end) }
    case 47: {
      if (size < 8) return undefined
      const attributes = cp(b, at + 8, end)
      return attributes && { type, critical, kind: b[at + 4]!, attributes }
    }
    case 48: {
      if (size < 8 || ((b[at + 6]! << 8) | b[at + 7]!) !== size - 4) return undefined
      const typed = size > 8
      return {
        type,
        critical,
        code: b[at + 4]!,
        id: b[at + 5]!,
        method: typed ? b[at + 8]! : 0,
        data: typed ? view(b, at + 9, end) : NONE
      }
    }
    default:
      return { type: 0, critical, wireType: type, data: view(b, at + 4, end) }
  }
}

function sa(b: Uint8Array, start: number, end: number): Proposal[] | undefined {
  const proposals: Proposal[] = []
  let at = start
  for (;;) {
    if (at + 8 > end) return undefined
    const more = b[at]!
    const stop = at + ((b[at + 2]! << 8) | b[at + 3]!)
    const spiSize = b[at + 6]!
    let p = at + 8 + spiSize
    if (stop > end || p > stop || b[at + 4] !== proposals.length + 1) return undefined
    const transforms: Transform[] = []
    const count = b[at + 7]!
    for (let i = 0; i < count; i++) {
      if (p + 8 > stop || b[p] !== (i === count - 1 ? 0 : 3)) return undefined
      const next = p + ((b[p + 2]! << 8) | b[p + 3]!)
      if (next > stop || next < p + 8) return undefined
      let keyLength = 0
      let attributes = NO_ATTRIBUTES
      if (next === p + 12 && b[p + 8] === 0x80 && b[p + 9] === 14) {
        keyLength = (b[p + 10]! << 8) | b[p + 11]!
      } else if (next !== p + 8) {
        const found = transformAttributes(b, p + 8, next)
        if (found === undefined) return undefined
        attributes = found
      }
      transforms.push({ type: b[p + 4]!, id: (b[p + 6]! << 8) | b[p + 7]!, keyLength, attributes })
      p = next
    }
    if (p !== stop) return undefined
    proposals.push({ number: b[at + 4]!, protocol: b[at + 5]!, spi: view(b, at + 8, at + 8 + spiSize), transforms })
    at = stop
    if (more === 0) return at === end ? proposals : undefined
    if (more !== 2) return undefined
  }
}

function transformAttributes(b: Uint8Array, start: number, end: number): Attribute[] | undefined {
  const attributes: Attribute[] = []
  let at = start
  while (at < end) {
    if (at + 4 > end) return undefined
    const type = (b[at]! << 8) | b[at + 1]!
    const value = (b[at + 2]! << 8) | b[at + 3]!
    at += 4
    if (type & 0x8000) {
      attributes.push({ type, value, data: NONE })
      continue
    }
    if (at + value > end) return undefined
    attributes.push({ type, value, data: view(b, at, at + value) })
    at += value
  }
  return attributes
}

function ts(b: Uint8Array, start: number, end: number, count: number): Selector[] | undefined {
  const selectors: Selector[] = []
  let at = start
  while (at < end) {
    if (at + 8 > end) return undefined
    const type = b[at]!
    const size = type === 7 ? 4 : 16
    const stop = at + ((b[at + 2]! << 8) | b[at + 3]!)
    if ((type !== 7 && type !== 8) || stop > end || stop - at !== 8 + 2 * size) return undefined
    selectors.push({
      type,
      protocol: b[at + 1]!,
      startPort: (b[at + 4]! << 8) | b[at + 5]!,
      endPort: (b[at + 6]! << 8) | b[at + 7]!,
      start: b.subarray(at + 8, at + 8 + size),
      end: b.subarray(at + 8 + size, stop)
    })
    at = stop
  }
  return selectors.length === count ? selectors : undefined
}

function cp(b: Uint8Array, start: number, end: number): Attribute[] | undefined {
  const attributes: Attribute[] = []
  let at = start
  while (at < end) {
    if (at + 4 > end) return undefined
    const stop = at + 4 + ((b[at + 2]! << 8) | b[at + 3]!)
    if (stop > end) return undefined
    attributes.push({ type: ((b[at]! & 0x7f) << 8) | b[at + 1]!, value: 0, data: view(b, at + 4, stop) })
    at = stop
  }
  return attributes
}
