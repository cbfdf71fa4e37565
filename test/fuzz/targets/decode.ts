import type { DecodeError, DecodeResult, Payload } from '../../../src/codec/index.ts'
import * as codec from '../../../src/codec/index.ts'
import { DECODE_ERROR_CODES } from '../../codec/error-codes.ts'
import { isSame, isSameOctets, show } from '../equal.ts'
import { mutateCodecInput } from '../mutate-codec-input.ts'
import type { Fault, Reading } from '../oracle/read-message.ts'
import type { FuzzTarget, Recordings } from '../target.ts'
import { claim } from '../violation.ts'
import { type Take, takes } from './readings.ts'

/** Decoding any octets: never throws, errors are true and have a place, nothing outside of the octets counts. */
export const decodeTarget: FuzzTarget = {
  name: 'decode',
  fuzz,
  seeds: codecSeeds,
  mutate: mutateCodecInput,
  workLimit: (octets) => 4000 + 150 * octets
}

/** Whole messages as they are; a chain behind the type of its first payload. */
export function codecSeeds({ messages, chains }: Recordings): readonly Uint8Array[] {
  return [...messages, ...chains.map(({ firstPayload, octets }) => Uint8Array.of(firstPayload, ...octets))]
}

export function fuzz(data: Uint8Array): void {
  codec.peekHeader(data)
  for (const onNatTraversalPort of [false, true]) codec.classifyUdpDatagram(data, onNatTraversalPort)
  for (const take of takes(data)) {
    const before = take.octets.slice()
    const result = take.decode(take.octets)
    claim(isSameOctets(before, take.octets), 'decoding changes nothing')
    checkAgreement(result, take.read(take.octets))
    if (!result.ok) checkError(result.error, take.octets.length)
    checkSurroundings(take, result)
    if (!result.ok) continue
    if ('payloads' in result.value) codec.messageSummary(result.value)
    for (const payload of 'payloads' in result.value ? result.value.payloads : result.value) checkPayload(payload)
  }
}

function checkAgreement(result: DecodeResult<unknown>, reading: Reading<unknown>): void {
  if (reading.ok) {
    claim(result.ok, 'what RFC 7296 allows is accepted', () => show((result as { error: unknown }).error))
    const same = isSame(result.value, reading.value)
    claim(same, 'values are those of RFC 7296', () => `${show(result.value)} instead of ${show(reading.value)}`)
  } else {
    claim(!result.ok, 'what RFC 7296 forbids is refused', () => show(reading.faults))
    const { error } = result
    const there = reading.faults.filter((fault) => isAt(error, fault))
    claim(there.length > 0, 'the error names a payload that is broken and a place in it', () =>
      show([error, reading.faults])
    )
    const isNamed = there.some(({ codes }) => codes.includes(error.code))
    claim(isNamed, 'the error has a code of what is broken', () => show([error, there]))
  }
}

function isAt({ path, offset }: DecodeError, { kind, start, end }: Fault): boolean {
  return (path[0] ?? '') === kind && offset >= start && offset <= end
}

function checkError({ code, offset, path }: DecodeError, length: number): void {
  claim(DECODE_ERROR_CODES.includes(code), 'an error has a code of the closed list', () => code)
  claim(Number.isInteger(offset) && offset >= 0 && offset <= length, 'an error is in the octets', () => `${offset}`)
  claim(
    path.length <= 4 && path.every((part) => /^[a-z][A-Za-z]*(\[\d+\])?$/.test(part)),
    'the path of an error is a list of fields',
    () => show(path)
  )
}

/** The same octets in the midst of others: they alone count, and decoding them again gives the same. */
function checkSurroundings({ octets, decodeWithin }: Take, result: DecodeResult<unknown>): void {
  for (const filling of [0x00, 0xff]) {
    const around = new Uint8Array(octets.length + 64).fill(filling)
    around.set(octets, 24)
    const again = decodeWithin(around, 24, 24 + octets.length)
    claim(isSame(again, result), 'octets outside of the message do not count', () => show([result, again]))
  }
}

/** Whatever looks at a decoded payload next does not throw either. */
function checkPayload(payload: Payload): void {
  codec.payloadNotation(payload)
  codec.payloadType(payload)
}
