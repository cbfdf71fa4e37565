import {
  encodeMessage,
  encodePayloadBody,
  encodePayloads,
  type Message,
  type Payload
} from '../../../src/codec/index.ts'
import { isSame, isSameOctets, show } from '../equal.ts'
import { mutateCodecInput } from '../mutate-codec-input.ts'
import type { FuzzTarget } from '../target.ts'
import { claim } from '../violation.ts'
import { codecSeeds } from './decode.ts'
import { type Take, takes } from './readings.ts'

/**
 * Encoding what was decoded gives the octets again, RESERVED bits cleared, or all of them after lossless decoding; decoding
 * those gives the value again.
 */
export const decodeEncodeTarget: FuzzTarget = {
  name: 'decode-encode',
  fuzz,
  seeds: codecSeeds,
  mutate: mutateCodecInput,
  workLimit: (octets) => 4000 + 150 * octets
}

export function fuzz(data: Uint8Array): void {
  for (const take of takes(data)) {
    const result = take.decode(take.octets)
    if (!result.ok) continue
    checkRoundTrip(take, result.value, data[0] as number)
    checkLossless(take, data[0] as number)
  }
}

function checkRoundTrip({ octets, decode, read }: Take, value: Message | readonly Payload[], first: number): void {
  const reading = read(octets)
  claim(reading.ok, 'what RFC 7296 forbids is refused')
  const encoded = encode(value, first)
  claim(
    isSameOctets(encoded, reading.canonical),
    'encoding gives the octets that were decoded, with RESERVED bits cleared',
    () => show([encoded, reading.canonical])
  )
  const again = decode(encoded)
  claim(again.ok && isSame(again.value, value), 'what was encoded decodes to the same value', () =>
    show([again, value])
  )
  for (const payload of 'payloads' in value ? value.payloads : value) {
    const { length } = encodePayloadBody(payload)
    claim(length <= 0xffff - 4, 'a body fits in a payload', () => `${length}`)
  }
}

/** Lossless decoding accepts the same, and loses nothing. */
function checkLossless({ octets, decode }: Take, first: number): void {
  const lossless = decode(octets, { lossless: true })
  claim(lossless.ok, 'lossless decoding accepts what decoding accepts')
  const encoded = encode(lossless.value, first)
  claim(isSameOctets(encoded, octets), 'encoding what was decoded losslessly gives the very octets', () =>
    show([encoded, octets])
  )
}

function encode(value: Message | readonly Payload[], first: number): Uint8Array {
  if ('payloads' in value) return encodeMessage(value)
  const { firstPayload, bytes } = encodePayloads(value)
  claim(firstPayload === first, 'the first payload keeps its type', () => `${firstPayload} instead of ${first}`)
  return bytes
}
