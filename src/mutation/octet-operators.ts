import { concatBytes } from '../bytes/index.ts'
import { HEADER_OCTETS } from '../codec/index.ts'
import { type Field, field, readField, withField } from './fields.ts'
import type { RandomBelow } from './mutations.ts'
import {
  anyOctets,
  type Changed,
  correctLength,
  isMessage,
  MAXIMUM_OCTETS,
  pick,
  type Subject,
  subjectFields,
  subjectPieces
} from './subject.ts'

/** Inverts one bit. */
export function bitFlip(subject: Subject, random: RandomBelow): Changed | undefined {
  const offset = anyOffset(subject, random)
  if (offset === undefined) return undefined
  const bit = random(8)
  const octets = subject.octets.slice()
  octets[offset] = (octets[offset] as number) ^ (1 << bit)
  return { octets, offset, detail: `bit ${bit} of octet ${offset}` }
}

/** Gives one octet another value. */
export function byteFlip(subject: Subject, random: RandomBelow): Changed | undefined {
  const offset = anyOffset(subject, random)
  if (offset === undefined) return undefined
  const octets = subject.octets.slice()
  const before = octets[offset] as number
  octets[offset] = before ^ (1 + random(255))
  return { octets, offset, detail: `octet ${offset} from ${before} to ${octets[offset]}` }
}

function anyOffset({ octets, editableFrom }: Subject, random: RandomBelow): number | undefined {
  const room = octets.length - editableFrom
  return room <= 0 ? undefined : editableFrom + random(room)
}

/** Cuts the end off: anywhere, near the end or at the end of a payload. */
export function truncate(subject: Subject, random: RandomBelow): Changed | undefined {
  const { octets } = subject
  if (octets.length === 0) return undefined
  const ends = [random(octets.length), octets.length - 1 - random(Math.min(8, octets.length))]
  for (const { start } of subjectPieces(subject)) ends.push(start)
  const end = Math.min(pick(ends, random), MAXIMUM_OCTETS)
  const cut = octets.slice(0, end)
  const corrected = mayCorrectLength(subject, cut, random)
  return { octets: cut, offset: end, detail: `${octets.length} octets to ${end}${corrected}` }
}

/** Appends up to 64 octets, zero or any. */
export function extend(subject: Subject, random: RandomBelow): Changed | undefined {
  const { octets } = subject
  const room = Math.min(64, MAXIMUM_OCTETS - octets.length)
  if (room <= 0) return undefined
  const count = 1 + random(room)
  const added = random(2) === 0 ? new Uint8Array(count) : anyOctets(count, random)
  const longer = concatBytes(octets, added)
  const corrected = mayCorrectLength(subject, longer, random)
  return { octets: longer, offset: octets.length, detail: `${count} octets more${corrected}` }
}

/** Every other time, that the defect gets past the comparison with the datagram's length. */
function mayCorrectLength(subject: Subject, after: Uint8Array, random: RandomBelow): string {
  if (!isMessage(subject) || after.length < HEADER_OCTETS || random(2) === 0) return ''
  correctLength(subject.octets, after)
  return ', Length corrected'
}

/** Joins octets at any places of the two. */
export function spliceOctets(subject: Subject, random: RandomBelow): Changed | undefined {
  const { octets, other } = subject
  if (other === undefined) return undefined
  const head = random(octets.length + 1)
  const from = random(other.octets.length + 1)
  const joined = concatBytes(octets.subarray(0, head), other.octets.subarray(from)).slice(0, MAXIMUM_OCTETS)
  return { octets: joined, offset: head, detail: `${head} octets, then the other from ${from}` }
}

/** Writes a boundary into a number of the structure, or anywhere when there is none. */
export function numericBoundary(subject: Subject, random: RandomBelow): Changed | undefined {
  const numbers = subjectFields(subject).filter(({ role }) => role === 'number')
  if (numbers.length > 0) return writtenBoundary(subject, pick(numbers, random), random)
  const room = subject.octets.length - subject.editableFrom
  if (room <= 0) return undefined
  const width = pick(
    ([1, 2, 4] as const).filter((octets) => octets <= room),
    random
  )
  const offset = subject.editableFrom + random(room - width + 1)
  return writtenBoundary(subject, field('number', `${width} octets at ${offset}`, offset, width), random)
}

function writtenBoundary(subject: Subject, target: Field, random: RandomBelow): Changed | undefined {
  const most = target.mask
  const half = most >>> 1
  return withOther(subject, target, [0, 1, half, half + 1, most - 1, most], random)
}

/** The field with one of `values` that is not the one it has. */
export function withOther(
  { octets }: Subject,
  target: Field,
  values: readonly number[],
  random: RandomBelow
): Changed | undefined {
  const before = readField(octets, target)
  const others = values.filter((value) => value >= 0 && value <= target.mask && value !== before)
  if (others.length === 0) return undefined
  const value = pick(others, random)
  return {
    octets: withField(octets, target, value),
    offset: target.offset,
    detail: `${target.name} ${before} to ${value}`
  }
}
