import type { Attribute, Message, Payload, Proposal } from './message.ts'

/* The floor our encoder is measured against: one scratch buffer, written front to back, lengths patched, one copy out. */

const out = new Uint8Array(65536)

/** The octets of a message; a fresh array. */
export function encode(message: Message): Uint8Array {
  const { payloads } = message
  const count = payloads.length
  put(0, message.spiI)
  put(8, message.spiR)
  out[16] = count === 0 ? 0 : wireType(payloads[0]!)
  out[17] = message.version
  out[18] = message.exchange
  out[19] = message.flags
  u32(20, message.id)
  let at = 28
  for (let i = 0; i < count; i++) {
    const payload = payloads[i]!
    const end = body(payload, at + 4)
    out[at] =
      payload.type === 46 || payload.type === 53 ? payload.first : i + 1 < count ? wireType(payloads[i + 1]!) : 0
    out[at + 1] = payload.critical ? 0x80 : 0
    u16(at + 2, end - at)
    at = end
  }
  u32(24, at)
  return out.slice(0, at)
}

function wireType(payload: Payload): number {
  return 'wireType' in payload ? payload.wireType : payload.type
}

function u16(at: number, value: number): void {
  out[at] = value >>> 8
  out[at + 1] = value
}

function u32(at: number, value: number): void {
  out[at] = value >>> 24
  out[at + 1] = value >>> 16
  out[at + 2] = value >>> 8
  out[at + 3] = value
}

/** A loop beats the call of `set` for the short pieces most messages are made of. */
function put(at: number, data: Uint8Array): number {
  const n = data.length
  if (n > 64) out.set(data, at)
  else for (let i = 0; i < n; i++) out[at + i] = data[i]!
  return at + n
}

function body(payload: Payload, at: number): number {
  switch (payload.type) {
    case 33:
      return sa(payload.proposals, at)
    case 34:
      u16(at, payload.group)
      u16(at + 2, 0)
      return put(at + 4, payload.data)
    case 35:
    case 36:
    case 39:
      u32(at, 0)
      out[at] = payload.kind
      return put(at + 4, payload.data)
    case 37:
    case 38:
      out[at] = payload.kind
      return put(at + 1, payload.data)
    case 41:
      out[at] = payload.protocol
      out[at + 1] = payload.spi.length
      u16(at + 2, payload.notify)
      return put(put(at + 4, payload.spi), payload.data)
    case 42:
      out[at] = payload.protocol
      out[at + 1] = payload.spiSize
      u16(at + 2, payload.spis.length)
      at += 4
      for (const spi of payload.spis) at = put(at, spi)
      return at
    case 44:
    case 45:
      u32(at, 0)
      out[at] = payload.selectors.length
      at += 4
      for (const selector of payload.selectors) {
        out[at] = selector.type
        out[at + 1] = selector.protocol
        u16(at + 2, 8 + 2 * selector.start.length)
        u16(at + 4, selector.startPort)
        u16(at + 6, selector.endPort)
        at = put(put(at + 8, selector.start), selector.end)
      }
      return at
    case 47:
      u32(at, 0)
      out[at] = payload.kind
      at += 4
      for (const attribute of payload.attributes) {
        u16(at, attribute.type)
        u16(at + 2, attribute.data.length)
        at = put(at + 4, attribute.data)
      }
      return at
    case 48:
      out[at] = payload.code
      out[at + 1] = payload.id
      // Success and Failure (codes 3 and 4) have neither type nor data.
      if (payload.code > 2) {
        u16(at + 2, 4)
        return at + 4
      }
      u16(at + 2, 5 + payload.data.length)
      out[at + 4] = payload.method
      return put(at + 5, payload.data)
    default:
      return put(at, payload.data)
  }
}

function sa(proposals: Proposal[], at: number): number {
  for (let i = 0; i < proposals.length; i++) {
    const proposal = proposals[i]!
    const { transforms } = proposal
    const start = at
    out[at] = i + 1 < proposals.length ? 2 : 0
    out[at + 1] = 0
    out[at + 4] = proposal.number
    out[at + 5] = proposal.protocol
    out[at + 6] = proposal.spi.length
    out[at + 7] = transforms.length
    at = put(at + 8, proposal.spi)
    for (let t = 0; t < transforms.length; t++) {
      const transform = transforms[t]!
      const first = at
      u32(at, 0)
      out[at] = t + 1 < transforms.length ? 3 : 0
      out[at + 4] = transform.type
      out[at + 5] = 0
      u16(at + 6, transform.id)
      at += 8
      if (transform.keyLength !== 0) {
        u16(at, 0x800e)
        u16(at + 2, transform.keyLength)
        at += 4
      }
      if (transform.attributes.length !== 0) at = transformAttributes(transform.attributes, at)
      u16(first + 2, at - first)
    }
    u16(start + 2, at - start)
  }
  return at
}

function transformAttributes(attributes: Attribute[], at: number): number {
  for (const attribute of attributes) {
    u16(at, attribute.type)
    u16(at + 2, attribute.value)
    at = put(at + 4, attribute.data)
  }
  return at
}
