import { concatBytes, writeUint16 } from '../bytes/index.ts'
import { GENERIC_HEADER_OCTETS, PAYLOAD, payloadName, writeGenericHeader } from '../codec/index.ts'
import { type Field, readField, withField } from './fields.ts'
import type { RandomBelow } from './mutations.ts'
import { withOther } from './octet-operators.ts'
import {
  anyOctets,
  type Changed,
  isMessage,
  MAXIMUM_OCTETS,
  partsOf,
  pick,
  rebuilt,
  type Subject,
  subjectFields
} from './subject.ts'

const PAYLOAD_TYPES: readonly number[] = /* @__PURE__ */ Object.values(PAYLOAD)

/** Makes a length, count or SPI size wrong. */
export function lengthLie(subject: Subject, random: RandomBelow): Changed | undefined {
  const fields = subjectFields(subject).filter(
    ({ role }) => role === 'length' || role === 'count' || role === 'spiSize'
  )
  if (fields.length === 0) return undefined
  const target = pick(fields, random)
  const truth = readField(subject.octets, target)
  const any = target.width === 1 ? random(0x100) : random(0x10000)
  return withOther(subject, target, [truth - 1, truth + 1, truth - 4, truth + 4, 0, 1, target.mask, any], random)
}

/** Puts payloads into another order. */
export function shufflePayloads(subject: Subject, random: RandomBelow): Changed | undefined {
  const parts = partsOf(subject)
  if (parts.length < 2) return undefined
  const order = shuffledOrder(parts.length, random)
  return {
    ...rebuilt(
      subject,
      order.map((from) => parts[from] as (typeof parts)[number])
    ),
    detail: `order ${order.join(' ')}`
  }
}

/** An order of so many things (two at least) that is not the one they have. */
export function shuffledOrder(length: number, random: RandomBelow): readonly number[] {
  const order = Array.from({ length }, (_, i) => i)
  for (let i = length - 1; i > 0; i--) {
    const j = random(i + 1)
    const kept = order[i] as number
    order[i] = order[j] as number
    order[j] = kept
  }
  return order.some((from, i) => from !== i) ? order : [...order.slice(1), 0]
}

/** Has one payload twice, next to itself or anywhere behind. */
export function duplicatePayload(subject: Subject, random: RandomBelow): Changed | undefined {
  const parts = partsOf(subject)
  if (parts.length === 0) return undefined
  const from = random(parts.length)
  const part = parts[from] as (typeof parts)[number]
  const to = from + 1 + random(parts.length - from)
  const changed = rebuilt(subject, [...parts.slice(0, to), part, ...parts.slice(to)])
  return { ...changed, detail: `${payloadName(part.type)} ${from} again as ${to}` }
}

/** Leaves one payload out. */
export function dropPayload(subject: Subject, random: RandomBelow): Changed | undefined {
  const parts = partsOf(subject)
  if (parts.length === 0) return undefined
  const at = random(parts.length)
  const part = parts[at] as (typeof parts)[number]
  const changed = rebuilt(subject, [...parts.slice(0, at), ...parts.slice(at + 1)])
  return { ...changed, detail: `${payloadName(part.type)} ${at}` }
}

/** Adds a payload of any type with 0 to 64 octets. */
export function insertPayload(subject: Subject, random: RandomBelow): Changed | undefined {
  if (subject.chain === undefined) return undefined
  const parts = partsOf(subject)
  const at = random(parts.length + 1)
  const type = anyPayloadType(random)
  const changed = rebuilt(subject, [...parts.slice(0, at), { type, octets: anyPayload(random) }, ...parts.slice(at)])
  return { ...changed, detail: `${payloadName(type)} as ${at}` }
}

/** One that is known, or any but 0. */
export function anyPayloadType(random: RandomBelow): number {
  return random(2) === 0 ? pick(PAYLOAD_TYPES, random) || 1 : 1 + random(255)
}

function anyPayload(random: RandomBelow): Uint8Array {
  const length = GENERIC_HEADER_OCTETS + pick([0, 1, 4, random(65)], random)
  const octets = new Uint8Array(length)
  writeGenericHeader(octets, 0, 0, random(4) === 0, length)
  octets.set(anyOctets(length - GENERIC_HEADER_OCTETS, random), GENERIC_HEADER_OCTETS)
  return octets
}

/** Makes the body of one payload shorter or longer while all that encloses it stays true. */
export function resizePayload(subject: Subject, random: RandomBelow): Changed | undefined {
  const parts = partsOf(subject)
  if (parts.length === 0) return undefined
  const at = random(parts.length)
  const { type, octets } = parts[at] as (typeof parts)[number]
  const before = octets.length
  const lengths = [
    GENERIC_HEADER_OCTETS,
    before - 1,
    before + 1,
    GENERIC_HEADER_OCTETS + random(before),
    before + random(64)
  ]
  const possible = lengths.filter(
    (length) => length >= GENERIC_HEADER_OCTETS && length <= MAXIMUM_OCTETS && length !== before
  )
  if (possible.length === 0) return undefined
  const length = pick(possible, random)
  const resized = concatBytes(octets.subarray(0, length), anyOctets(Math.max(0, length - before), random))
  writeUint16(resized, 2, length)
  const changed = rebuilt(
    subject,
    parts.map((part, i) => (i === at ? { type, octets: resized } : part))
  )
  return { ...changed, detail: `${payloadName(type)} ${at} from ${before} to ${length} octets` }
}

/** Changes what a payload is called, in the Next Payload field before it. */
export function swapPayloadType(subject: Subject, random: RandomBelow): Changed | undefined {
  const { octets, chain } = subject
  if (chain === undefined) return undefined
  const links = subjectFields(subject).filter(({ role }) => role === 'nextPayload')
  const target = isMessage(subject) ? pick(links, random) : pick([undefined, ...links], random)
  const type = random(8) === 0 ? 0 : anyPayloadType(random)
  if (target !== undefined) return linkEdit(octets, target, type)
  if (type === chain.firstPayload || subject.editableFrom > 0) return undefined
  return {
    octets: octets.slice(),
    firstPayload: type,
    offset: 0,
    detail: `first payload ${chain.firstPayload} to ${type}`
  }
}

function linkEdit(octets: Uint8Array, target: Field, type: number): Changed | undefined {
  const before = readField(octets, target)
  if (before === type) return undefined
  const detail = `${target.name} ${payloadName(before)} to ${payloadName(type)}`
  return { octets: withField(octets, target, type), offset: target.offset, detail }
}

/** Sets or clears bits the RFC reserves. */
export function reservedBits(subject: Subject, random: RandomBelow): Changed | undefined {
  const fields = subjectFields(subject).filter(({ role }) => role === 'reserved')
  if (fields.length === 0) return undefined
  const target = pick(fields, random)
  const bits = target.mask
  return withOther(subject, target, [0, bits, bits & -bits, (random(0x1000000) & bits) >>> 0], random)
}

/** Inverts the Critical bit of one payload. */
export function criticalBit(subject: Subject, random: RandomBelow): Changed | undefined {
  const fields = subjectFields(subject).filter(({ role }) => role === 'critical')
  return fields.length === 0 ? undefined : withOther(subject, pick(fields, random), [0, 0x80], random)
}

/** Changes a Last Substruc mark. */
export function substructureMarker(subject: Subject, random: RandomBelow): Changed | undefined {
  const fields = subjectFields(subject).filter(({ role }) => role === 'marker')
  return fields.length === 0 ? undefined : withOther(subject, pick(fields, random), [0, 2, 3, random(256)], random)
}

/** Joins the first payloads of the subject to the last ones of the other input. */
export function splicePayloads(subject: Subject, random: RandomBelow): Changed | undefined {
  if (subject.chain === undefined || subject.other === undefined) return undefined
  const ours = partsOf(subject)
  const theirs = partsOf(subject.other)
  if (theirs.length === 0) return undefined
  const head = random(ours.length + 1)
  const from = random(theirs.length)
  const changed = rebuilt(subject, [...ours.slice(0, head), ...theirs.slice(from)])
  return { ...changed, detail: `${head} payloads, then the other's from ${from}` }
}
