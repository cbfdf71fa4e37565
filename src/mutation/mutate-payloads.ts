import { equalBytes } from '../bytes/index.ts'
import { encodePayloads, GENERIC_HEADER_OCTETS, type Payload, payloadName, payloadType } from '../codec/index.ts'
import { endsChain } from './fields.ts'
import { ATTEMPTS, mutate } from './mutate.ts'
import { type AppliedMutation, type MutationName, mutationsOf, type RandomBelow } from './mutations.ts'
import { anyPayloadType, shuffledOrder } from './structure-operators.ts'
import { anyOctets, pick } from './subject.ts'

/** Payload values after one mutation. */
export interface MutatedPayloads {
  readonly payloads: readonly Payload[]
  /** What was done: one mutation, or none when none of those asked for can be done to these payloads. */
  readonly applied: readonly AppliedMutation[]
}

/** What {@link mutatePayloads} may be told. */
export interface PayloadMutationOptions {
  /** Mutations to choose from; otherwise all that can be done to payload values. */
  readonly among?: readonly MutationName[]
  /** The other input of `splice`, which is not chosen without one. */
  readonly other?: readonly Payload[]
}

/**
 * Does one mutation to the payloads of a plaintext chain, as values, to be encoded and protected afterwards. A payload
 * whose body or type is changed becomes an `unknown` one of that type and those octets, which encoding writes as it is,
 * valid or not: so `encodePayloads` takes every result. A type that ends a chain (46, 53) is put at its end only. Same
 * input and random numbers, same result.
 *
 * @throws what `encodePayloads` throws when the payloads given cannot be encoded.
 */
export function mutatePayloads(
  payloads: readonly Payload[],
  random: RandomBelow,
  options: PayloadMutationOptions = {}
): MutatedPayloads {
  const possible = mutationsOf('payloads')
  const left = (options.among ?? possible).filter((name) => possible.includes(name))
  const before = encodePayloads(payloads)
  while (left.length > 0) {
    const [name] = left.splice(random(left.length), 1) as [MutationName]
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const changed = mutatedBy(name, payloads, random, options.other)
      if (changed === undefined || !isAnother(before, encodePayloads(changed.payloads))) continue
      const { offset, detail } = changed
      return { payloads: changed.payloads, applied: [{ name, offset, detail }] }
    }
  }
  return { payloads, applied: [] }
}

/** The largest chain a mutation makes: an Encrypted payload of a datagram can hold no more. */
const MOST_OCTETS = 0xffff

type Encoded = ReturnType<typeof encodePayloads>

function isAnother(before: Encoded, after: Encoded): boolean {
  if (after.bytes.length > MOST_OCTETS) return false
  return after.firstPayload !== before.firstPayload || !equalBytes(after.bytes, before.bytes)
}

interface Changed {
  readonly payloads: readonly Payload[]
  readonly offset: number
  readonly detail: string
}

function mutatedBy(
  name: MutationName,
  payloads: readonly Payload[],
  random: RandomBelow,
  other: readonly Payload[] | undefined
): Changed | undefined {
  if (name === 'insertPayload') return inserted(payloads, random)
  if (name === 'splice') return other === undefined || other.length === 0 ? undefined : spliced(payloads, other, random)
  if (name === 'shufflePayloads') return shuffled(payloads, random)
  if (name === 'duplicatePayload') return duplicated(payloads, random)
  if (payloads.length === 0) return undefined
  const at = random(payloads.length)
  const payload = payloads[at] as Payload
  const type = payloadType(payload)
  switch (name) {
    case 'dropPayload':
      return { payloads: payloads.filter((_, i) => i !== at), offset: at, detail: `${payloadName(type)} ${at}` }
    case 'criticalBit':
      return replaced(payloads, at, withCritical(payload, payload.critical !== true), 'Critical')
    case 'swapPayloadType': {
      const other = typeAt(at === payloads.length - 1, random, type)
      const detail = `${payloadName(type)} to ${payloadName(other)}`
      return replaced(payloads, at, rawPayload(payload, other, bodyOf(payload)), detail)
    }
    default:
      // Not every body has a length or reserved bits: the next that has them.
      for (let i = 0; i < payloads.length; i++) {
        const changed = bodyChanged(name, payloads, (at + i) % payloads.length, random)
        if (changed !== undefined) return changed
      }
      return undefined
  }
}

/** Any type but the one before that may stand there: one that ends the chain at its end only. */
function typeAt(isLast: boolean, random: RandomBelow, before?: number): number {
  let type = anyPayloadType(random)
  while (type === before || (endsChain(type) && !isLast)) type = (type % 0xff) + 1
  return type
}

/** How many payloads others may stand behind: all but one that names its first inner payload (RFC 7296 section 3.14). */
function linkedCount(payloads: readonly Payload[]): number {
  const last = payloads.at(-1)
  return last !== undefined && endsChain(payloadType(last)) ? payloads.length - 1 : payloads.length
}

function duplicated(payloads: readonly Payload[], random: RandomBelow): Changed | undefined {
  const count = linkedCount(payloads)
  if (count === 0) return undefined
  const at = random(count)
  const payload = payloads[at] as Payload
  const to = at + 1 + random(count - at)
  const copies = [...payloads.slice(0, to), payload, ...payloads.slice(to)]
  return { payloads: copies, offset: to, detail: `${payloadName(payloadType(payload))} ${at} again as ${to}` }
}

function inserted(payloads: readonly Payload[], random: RandomBelow): Changed {
  const at = random(linkedCount(payloads) + 1)
  const type = typeAt(at === payloads.length, random)
  const body = anyOctets(pick([0, 1, 4, random(65)], random), random)
  const added: Payload = { kind: 'unknown', type, body }
  const detail = `${payloadName(type)} as ${at}`
  return { payloads: [...payloads.slice(0, at), added, ...payloads.slice(at)], offset: at, detail }
}

function spliced(payloads: readonly Payload[], other: readonly Payload[], random: RandomBelow): Changed {
  const head = random(linkedCount(payloads) + 1)
  const from = random(other.length)
  const detail = `${head} payloads, then the other's from ${from}`
  return { payloads: [...payloads.slice(0, head), ...other.slice(from)], offset: head, detail }
}

function shuffled(payloads: readonly Payload[], random: RandomBelow): Changed | undefined {
  const count = linkedCount(payloads)
  if (count < 2) return undefined
  const order = shuffledOrder(count, random)
  const moved = order.map((from) => payloads[from] as Payload)
  return { payloads: [...moved, ...payloads.slice(count)], offset: 0, detail: `order ${order.join(' ')}` }
}

/** One of the mutations of octets, done to the body of one payload. */
function bodyChanged(
  name: MutationName,
  payloads: readonly Payload[],
  at: number,
  random: RandomBelow
): Changed | undefined {
  const payload = payloads[at] as Payload
  const { firstPayload, bytes } = encodePayloads([payload])
  const subject = { octets: bytes, chain: { start: 0, firstPayload }, editableFrom: GENERIC_HEADER_OCTETS }
  const { octets, applied } = mutate(subject, random, 'payloads', { among: [name] })
  const [mutation] = applied
  if (mutation === undefined) return undefined
  const changed = rawPayload(payload, firstPayload, octets.slice(GENERIC_HEADER_OCTETS))
  return replaced(payloads, at, changed, `${payloadName(firstPayload)} ${mutation.detail}`)
}

function replaced(payloads: readonly Payload[], at: number, payload: Payload, detail: string): Changed {
  return { payloads: payloads.map((one, i) => (i === at ? payload : one)), offset: at, detail }
}

function rawPayload(payload: Payload, type: number, body: Uint8Array): Payload {
  return withCritical({ kind: 'unknown', type, body }, payload.critical === true)
}

function bodyOf(payload: Payload): Uint8Array {
  return encodePayloads([payload]).bytes.subarray(GENERIC_HEADER_OCTETS)
}

function withCritical(payload: Payload, critical: boolean): Payload {
  const { critical: _, ...rest } = payload
  return critical ? { ...rest, critical } : rest
}
