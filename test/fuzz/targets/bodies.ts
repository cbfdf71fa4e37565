import {
  type BodyResult,
  CONFIGURATION_LAYOUTS,
  DATA_LAYOUTS,
  decodeBody,
  encodeBody,
  type FieldReading,
  type Forms,
  NOTIFY_LAYOUTS,
  readFields
} from '../../../src/bodies/index.ts'
import { isSameOctets, show } from '../equal.ts'
import { FuzzedData } from '../fuzzed-data.ts'
import type { FuzzTarget, Recordings } from '../target.ts'
import { claim } from '../violation.ts'

/** Layouts of bodies: octets that fit one are said by its fields, each octet once, and encode to themselves. */
export const bodiesTarget: FuzzTarget = {
  name: 'bodies',
  fuzz,
  seeds,
  workLimit: (octets) => 4000 + 200 * octets
}

const LAYOUTS: readonly Forms[] = [
  ...Object.values(NOTIFY_LAYOUTS),
  ...Object.values(CONFIGURATION_LAYOUTS),
  ...Object.values(DATA_LAYOUTS).flatMap((kind) => Object.values(kind))
].map(({ forms }) => forms)

/** An octet saying which layout, and a body: of every length that some layout has. */
function seeds({ chains }: Recordings): readonly Uint8Array[] {
  const bodies = [0, 1, 2, 4, 8, 12, 16, 17, 20, 21, 36].map((length) => new Uint8Array(length).fill(4))
  const recorded = chains.slice(0, 40).map(({ octets }) => octets.subarray(0, 40))
  return LAYOUTS.flatMap((_, i) => [...bodies, ...recorded.slice(0, 3)].map((body) => Uint8Array.of(i, ...body)))
}

export function fuzz(data: Uint8Array): void {
  const decisions = new FuzzedData(data)
  const forms = decisions.among(LAYOUTS)
  const body = decisions.rest()
  const decoded: BodyResult<object> = decodeBody(forms, body)
  const readings = readFields(forms, body)
  claim(decoded.ok === readings.ok, 'fields and value are there together')
  if (!decoded.ok || !readings.ok) {
    const { offset } = (decoded as { error: { offset: number } }).error
    claim(offset >= 0 && offset <= body.length, 'the error has a place in the body')
    return
  }
  claim(covers(readings.value, 0, body.length), 'fields cover the body', () => show(readings.value))
  if (!readings.value.every(isWritten)) {
    claim(
      throwsRangeError(() => encodeBody(forms, decoded.value as never, 'body')),
      'what is only read is not written'
    )
    return
  }
  const again = encodeBody(forms, decoded.value as never, 'body')
  claim(isSameOctets(again, body), 'a body encodes to itself', () => `${show(again)} instead of ${show(body)}`)
}

/** Whether encoding takes the value: names are ASCII (RFC 7296 section 3.5), versions are printable and types of 15 bits (3.15.1). */
function isWritten({ field, value }: FieldReading): boolean {
  if (field.is === 'numbers')
    return (value as readonly number[]).every((item) => item <= (field.highestWritten ?? item))
  if (field.is === 'text' && field.written === 'printableAscii') return /^[ -~]*$/.test(value as string)
  const name = field.is === 'text' && field.written === 'ascii' ? value : undefined
  const gateway = field.is === 'gateway' ? (value as { readonly value: unknown }).value : undefined
  return [name, gateway].every((text) => typeof text !== 'string' || /^\p{ASCII}*$/u.test(text))
}

function throwsRangeError(action: () => unknown): boolean {
  try {
    action()
    return false
  } catch (error) {
    return error instanceof RangeError
  }
}

/** Whether fields stand one behind the other from `start` to `end`, and so do the parts of each. */
function covers(readings: readonly FieldReading[], start: number, end: number): boolean {
  let at = start
  for (const { parts, ...reading } of readings) {
    if (reading.start !== at || reading.end < at) return false
    // A record begins with its length.
    if (parts.length > 0 && !covers(parts, (parts[0] as FieldReading).start, reading.end)) return false
    at = reading.end
  }
  return at === end
}
