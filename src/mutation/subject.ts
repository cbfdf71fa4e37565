import { readUint32, writeUint32 } from '../bytes/index.ts'
import { HEADER_OCTETS } from '../codec/index.ts'
import { chainFields, endsChain, type Field, field, type Piece, piecesOf } from './fields.ts'
import type { RandomBelow } from './mutations.ts'

/** The most octets a UDP datagram's length field can speak of, and the most any mutation gives. */
export const MAXIMUM_OCTETS = 0xffff

/** What is being changed. A message has an IKE header, a chain has none, bare octets have no `chain`. */
export interface Subject {
  readonly octets: Uint8Array
  /** Where the payloads begin and what the first one is; undefined when the octets are nothing but octets. */
  readonly chain?: { readonly start: number; readonly firstPayload: number }
  /** The first octet that may be touched in place. */
  readonly editableFrom: number
  readonly other?: Subject
}

/** A subject after one mutation. */
export interface Changed {
  readonly octets: Uint8Array
  /** Type of the first payload, where it is not the one it was. Of a message it is in the octets already. */
  readonly firstPayload?: number
  readonly offset: number
  readonly detail: string
}

/** Does one mutation; undefined when there is nothing in the subject it could be done to. */
export type Operator = (subject: Subject, random: RandomBelow) => Changed | undefined

/** A whole message as far as it has a header. */
export function messageSubject(octets: Uint8Array): Subject {
  if (octets.length < HEADER_OCTETS) return { octets, editableFrom: 0 }
  return { octets, chain: { start: HEADER_OCTETS, firstPayload: octets[16] as number }, editableFrom: 0 }
}

/** True when the subject begins with an IKE header. */
export function isMessage({ chain }: Subject): boolean {
  return chain?.start === HEADER_OCTETS
}

/** Payloads of the subject, as far as they can be followed. */
export function subjectPieces({ octets, chain }: Subject): readonly Piece[] {
  return chain === undefined ? [] : piecesOf(octets, chain.firstPayload, chain.start)
}

/** Fields of the subject that may be touched, header included. */
export function subjectFields(subject: Subject): readonly Field[] {
  const { octets, chain, editableFrom } = subject
  if (chain === undefined) return []
  const payloads = chainFields(octets, chain.firstPayload, chain.start)
  return (isMessage(subject) ? [...HEADER_FIELDS, ...payloads] : payloads).filter(
    ({ offset }) => offset >= editableFrom
  )
}

const HEADER_FIELDS: readonly Field[] = [
  /* @__PURE__ */ field('nextPayload', 'first payload', 16, 1),
  { role: 'reserved', name: 'flags RESERVED', offset: 19, width: 1, mask: 0xc7 },
  /* @__PURE__ */ field('length', 'message Length', 24, 4)
]

/** One of a list that is not empty. */
export function pick<T>(list: readonly T[], random: RandomBelow): T {
  return list[random(list.length)] as T
}

/** So many octets of any value. */
export function anyOctets(length: number, random: RandomBelow): Uint8Array {
  return Uint8Array.from({ length }, () => random(256))
}

/**
 * The subject with other payloads: links rewritten, and the Length of a message where it was right before. What follows
 * the last payload that could be followed stays where it is. `bodies` are whole payloads with their generic headers.
 */
export function rebuilt(
  subject: Subject,
  parts: readonly { readonly type: number; readonly octets: Uint8Array }[]
): Changed {
  const { octets, chain } = subject
  const start = chain?.start ?? 0
  const pieces = subjectPieces(subject)
  const last = pieces.at(-1)
  const tail = octets.subarray(last?.end ?? start)
  const terminal =
    last === undefined ? (chain?.firstPayload ?? 0) : endsChain(last.type) ? 0 : (octets[last.start] as number)
  const size = parts.reduce((sum, part) => sum + part.octets.length, start + tail.length)
  const out = new Uint8Array(size)
  out.set(octets.subarray(0, start))
  let at = start
  parts.forEach((part, i) => {
    out.set(part.octets, at)
    if (!endsChain(part.type)) out[at] = parts[i + 1]?.type ?? terminal
    at += part.octets.length
  })
  out.set(tail, at)
  const firstPayload = parts[0]?.type ?? terminal
  if (isMessage(subject)) {
    out[16] = firstPayload
    correctLength(octets, out)
  }
  return { octets: out, firstPayload, offset: start, detail: '' }
}

/** Writes the Length of a message that was changed in size, unless it was a lie before. */
export function correctLength(before: Uint8Array, after: Uint8Array): void {
  if (readUint32(before, 24) === before.length) writeUint32(after, 24, after.length)
}

/** The payloads as they are, to be put together again by {@link rebuilt}. */
export function partsOf(subject: Subject): { readonly type: number; readonly octets: Uint8Array }[] {
  return subjectPieces(subject).map(({ type, start, end }) => ({ type, octets: subject.octets.subarray(start, end) }))
}
