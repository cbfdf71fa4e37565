import { equalBytes } from '../bytes/index.ts'
import { exchangeTypeEdit, flagsEdit, ikeSpiEdit, messageIdEdit, versionEdit } from './header-operators.ts'
import {
  type AppliedMutation,
  type MutationName,
  type MutationOptions,
  type MutationSubject,
  mutationsOf,
  type RandomBelow
} from './mutations.ts'
import { bitFlip, byteFlip, extend, numericBoundary, spliceOctets, truncate } from './octet-operators.ts'
import {
  criticalBit,
  dropPayload,
  duplicatePayload,
  insertPayload,
  lengthLie,
  reservedBits,
  resizePayload,
  shufflePayloads,
  splicePayloads,
  substructureMarker,
  swapPayloadType
} from './structure-operators.ts'
import { type Changed, MAXIMUM_OCTETS, messageSubject, type Operator, type Subject } from './subject.ts'

/** Octets after one mutation. */
export interface MutatedOctets {
  /** A fresh array of at most 65535 octets that differs from the input. */
  readonly octets: Uint8Array
  /** What was done: one mutation, or none when none of those asked for can be done to this input. */
  readonly applied: readonly AppliedMutation[]
}

/** A chain after one mutation. */
export interface MutatedChain extends MutatedOctets {
  /** Payload type of the first payload, for the Next Payload field of the Encrypted payload. */
  readonly firstPayload: number
}

/** Does one mutation to octets of which nothing is known. Same input and random numbers, same result; never throws. */
export function mutateOctets(octets: Uint8Array, random: RandomBelow, options: MutationOptions = {}): MutatedOctets {
  return withoutChain(mutate(subjectOf(bareSubject, octets, options.other), random, 'octets', options))
}

/**
 * Does one mutation to a message as it is on the wire, without non-ESP marker: IKE header and payloads are followed as far
 * as they make sense, so it takes what another call has mutated. An Encrypted payload is one opaque payload; to change
 * what is inside, use {@link mutateChain} or {@link mutatePayloads} before protection. Same input and random numbers, same
 * result; never throws.
 */
export function mutateMessage(
  wireMessage: Uint8Array,
  random: RandomBelow,
  options: MutationOptions = {}
): MutatedOctets {
  return withoutChain(mutate(subjectOf(messageSubject, wireMessage, options.other), random, 'message', options))
}

function withoutChain({ octets, applied }: MutatedOctets): MutatedOctets {
  return { octets, applied }
}

/** An input with the other one it may be spliced with. */
function subjectOf<T>(make: (input: T) => Subject, input: T, other: T | undefined): Subject {
  return other === undefined ? make(input) : { ...make(input), other: make(other) }
}

/** What {@link mutateChain} may be told. */
export interface ChainMutationOptions {
  /** Mutations to choose from; otherwise all that can be done to a chain. */
  readonly among?: readonly MutationName[]
  /** The other input of `splice`, which is not chosen without one. */
  readonly other?: { readonly firstPayload: number; readonly octets: Uint8Array }
}

/**
 * Does one mutation to a plaintext chain, such as `encodePayloads` makes and `seal` protects: the peer accepts its
 * checksum and meets the defect inside. Same input and random numbers, same result; never throws.
 */
export function mutateChain(
  firstPayload: number,
  chainOctets: Uint8Array,
  random: RandomBelow,
  options: ChainMutationOptions = {}
): MutatedChain {
  const subject = subjectOf(chainSubject, { firstPayload, octets: chainOctets }, options.other)
  const { octets, applied, firstPayload: first = firstPayload } = mutate(subject, random, 'chain', options)
  return { firstPayload: first, octets, applied }
}

function bareSubject(octets: Uint8Array): Subject {
  return { octets, editableFrom: 0 }
}

function chainSubject({ firstPayload, octets }: { firstPayload: number; octets: Uint8Array }): Subject {
  return { octets, chain: { start: 0, firstPayload }, editableFrom: 0 }
}

const OPERATORS: Readonly<Record<MutationName, Operator>> = {
  bitFlip,
  byteFlip,
  truncate,
  extend,
  numericBoundary,
  splice: (subject, random) => splicePayloads(subject, random) ?? spliceOctets(subject, random),
  lengthLie,
  shufflePayloads,
  duplicatePayload,
  dropPayload,
  insertPayload,
  resizePayload,
  swapPayloadType,
  reservedBits,
  criticalBit,
  substructureMarker,
  versionEdit,
  flagsEdit,
  exchangeTypeEdit,
  messageIdEdit,
  ikeSpiEdit
}

/** Some numbers make no difference (a payload swapped with its like): so often another is tried. */
export const ATTEMPTS = 4

/** Does one mutation out of `among`, in an order that `random` gives, to what can be so changed. */
export function mutate(
  input: Subject,
  random: RandomBelow,
  kind: MutationSubject,
  { among = mutationsOf(kind) }: { readonly among?: readonly MutationName[] }
): MutatedOctets & { readonly firstPayload?: number } {
  // Operators copy with `slice`, which of a Buffer is a view: it would write into what the caller gave.
  const subject = { ...input, octets: new Uint8Array(input.octets) }
  const left = among.filter((name) => mutationsOf(kind).includes(name))
  while (left.length > 0) {
    const [name] = left.splice(random(left.length), 1) as [MutationName]
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const changed = OPERATORS[name](subject, random)
      if (changed === undefined || !differs(subject, changed)) continue
      const { octets, firstPayload, offset, detail } = changed
      const applied = [{ name, offset, detail }]
      return firstPayload === undefined ? { octets, applied } : { octets, firstPayload, applied }
    }
  }
  return { octets: subject.octets.slice(0, MAXIMUM_OCTETS), applied: [] }
}

function differs({ octets, chain }: Subject, changed: Changed): boolean {
  if (changed.octets.length > MAXIMUM_OCTETS) return false
  if (changed.firstPayload !== undefined && changed.firstPayload !== chain?.firstPayload) return true
  return !equalBytes(octets, changed.octets)
}
