import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex } from '../../src/bytes/index.ts'
import {
  type DecodeResult,
  decodeMessage,
  decodePayloads,
  encodeMessage,
  encodePayloads,
  messageSummary,
  PAYLOAD,
  type Payload,
  peekHeader
} from '../../src/codec/index.ts'
import { DECODE_ERROR_CODES } from './error-codes.ts'
import { recordedChains, recordedMessages } from './recorded-messages.ts'

const messages = [...new Set(recordedMessages.map(({ hex }) => hex))].map(fromHex)

const chains = [...new Map(recordedChains.map((chain) => [chain.plaintext, chain])).values()]

/** A result is a value that encodes to as many octets, or an error with a known code and a place in the input. */
function checkMessage(octets: Uint8Array): boolean {
  const result = decodeMessage(octets)
  if (!result.ok) return checkError(result, octets.length)
  messageSummary(result.value)
  const { length } = encodeMessage(result.value)
  if (length !== octets.length) throw new Error(`${length} octets instead of ${octets.length}`)
  return true
}

function checkChain(octets: Uint8Array, firstPayload: number): boolean {
  const result = decodePayloads(octets, firstPayload)
  if (!result.ok) return checkError(result, octets.length)
  const { bytes } = encodePayloads(result.value)
  if (bytes.length !== octets.length) throw new Error(`${bytes.length} octets instead of ${octets.length}`)
  return true
}

function checkError(result: DecodeResult<unknown>, length: number): boolean {
  if (result.ok) return true
  const { code, offset, path } = result.error
  if (
    !DECODE_ERROR_CODES.includes(code) ||
    !(offset >= 0 && offset <= length) ||
    !path.every((part) => typeof part === 'string')
  ) {
    throw new Error(JSON.stringify(result.error))
  }
  return false
}

describe('decoding never throws', () => {
  test('on every truncation of every recorded message, none of which it accepts', () => {
    for (const octets of messages) {
      for (let length = 0; length < octets.length; length++) {
        if (checkMessage(octets.subarray(0, length))) throw new Error(`accepted ${length} octets`)
      }
    }
  })

  test('on every truncation of every recorded message whose Length was made to fit', () => {
    for (const octets of messages) {
      for (let length = 28; length < octets.length; length++) checkMessage(withLength(octets.slice(0, length)))
    }
  })

  test('on every single-bit error in every recorded message', () => {
    for (const octets of messages) {
      const copy = octets.slice()
      for (let at = 0; at < copy.length; at++) {
        for (let bit = 1; bit < 256; bit <<= 1) {
          copy[at] = (octets[at] as number) ^ bit
          checkMessage(copy)
        }
        copy[at] = octets[at] as number
      }
    }
  })

  test('on every value of every octet of every short recorded inner chain', () => {
    for (const { plaintext, firstPayload } of chains.filter(({ plaintext }) => plaintext.length <= 400)) {
      const octets = fromHex(plaintext)
      const copy = octets.slice()
      for (let at = 0; at < copy.length; at++) {
        for (let value = 0; value < 256; value++) {
          copy[at] = value
          checkChain(copy, firstPayload)
        }
        copy[at] = octets[at] as number
      }
      for (let first = 0; first < 256; first++) checkChain(octets, first)
    }
  })

  test('on every single-bit error in every recorded inner chain, and on every truncation of it', () => {
    for (const { plaintext, firstPayload } of chains) {
      const octets = fromHex(plaintext)
      const copy = octets.slice()
      for (let at = 0; at < copy.length; at++) {
        checkChain(octets.subarray(0, at), firstPayload)
        for (let bit = 1; bit < 256; bit <<= 1) {
          copy[at] = (octets[at] as number) ^ bit
          checkChain(copy, firstPayload)
        }
        copy[at] = octets[at] as number
      }
    }
  })

  test('on random octets, alone and behind a valid header', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        checkMessage(octets)
        peekHeader(octets)
        if (octets.length < 28) return
        octets[17] = 0x20
        octets[16] = 33 + ((octets[16] as number) % 21)
        checkMessage(withLength(octets))
      }),
      { numRuns: 5000 }
    )
  })

  test('on random bodies of every payload type', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 33, max: 53 }),
        fc.array(fc.oneof(fc.constantFrom(0, 0, 1, 2, 3, 4, 8, 12, 16, 0x80), fc.integer({ min: 0, max: 255 })), {
          maxLength: 80
        }),
        (type, body) => {
          checkChain(Uint8Array.from([0, 0, 0, body.length + 4, ...body]), type)
        }
      ),
      { numRuns: 20_000 }
    )
  })
})

describe('work is linear in the datagram', () => {
  // Each fills 65535 octets with the smallest thing of a kind; a limit or the end must come before patience does.
  const fillers: readonly (readonly [string, number, string, string])[] = [
    ['payloads', PAYLOAD.VENDOR_ID, '', '2b000004'],
    ['unknown payloads', 200, '', 'c8000004'],
    ['transform attributes', PAYLOAD.SECURITY_ASSOCIATION, '0000ffdf 0000ffdb 01010001 0000ffd3 01000000', '80010000'],
    ['configuration attributes', PAYLOAD.CONFIGURATION, '0000ffdf 01000000', '00010000'],
    ['proposals', PAYLOAD.SECURITY_ASSOCIATION, '0000ffdf', '02000010 01010001 00000008 01000001'],
    ['SPIs', PAYLOAD.DELETE, '0000ffdf 03043ff5', '01020304']
  ]
  test.each(fillers)('%s', (_, type, start, repeated) => {
    const octets = new Uint8Array(65531)
    octets[16] = type
    octets[17] = 0x20
    const head = fromHex(start)
    octets.set(head, 28)
    const piece = fromHex(repeated)
    for (let at = 28 + head.length; at + piece.length <= octets.length; at += piece.length) octets.set(piece, at)
    withLength(octets)
    const before = performance.now()
    for (let i = 0; i < 20; i++) checkMessage(octets)
    expect(performance.now() - before).toBeLessThan(2000)
  })

  test('one payload of 65535 octets is a view, not a copy', () => {
    const octets = new Uint8Array(28 + 65535)
    octets.set([43, 0x20, 37, 8], 16)
    octets.set([0, 0, 0xff, 0xff], 28)
    const result = decodeMessage(withLength(octets))
    const payload = result.ok ? (result.value.payloads[0] as Payload & { data: Uint8Array }) : undefined
    expect(payload?.data.buffer).toBe(octets.buffer)
  })
})

function withLength(octets: Uint8Array): Uint8Array {
  new DataView(octets.buffer, octets.byteOffset).setUint32(24, octets.length)
  return octets
}
