/**
 * Whole numbers from 0 up to but not `limit` (at least 1): the only source of chance here. Give it a seeded generator and
 * a run can be repeated; `createSeededRandom(seed).below` of `ikev2-mobike/sim` is one.
 */
export type RandomBelow = (limit: number) => number

/** What a mutation can be done to: bare octets, a whole IKE message, a plaintext payload chain, payload values. */
export type MutationSubject = 'octets' | 'message' | 'chain' | 'payloads'

const everywhere: readonly MutationSubject[] = ['octets', 'message', 'chain', 'payloads']
const structured: readonly MutationSubject[] = ['message', 'chain', 'payloads']
const header: readonly MutationSubject[] = ['message']

/** Every mutation there is. Do not write to it. */
export const MUTATIONS: readonly Mutation[] = [
  { name: 'bitFlip', does: 'inverts one bit', subjects: everywhere },
  { name: 'byteFlip', does: 'gives one octet another value', subjects: everywhere },
  {
    name: 'truncate',
    does: 'cuts octets off the end; the Length of the header stays or is corrected',
    subjects: ['octets', 'message', 'chain']
  },
  {
    name: 'extend',
    does: 'appends octets; the Length of the header stays or is corrected',
    subjects: ['octets', 'message', 'chain']
  },
  {
    name: 'numericBoundary',
    does: 'writes 0, 1, the largest value, its half or a neighbour of them into a number',
    subjects: everywhere
  },
  {
    name: 'splice',
    does: 'joins the beginning of one input to the end of another, at payload boundaries where there are payloads',
    subjects: everywhere
  },
  {
    name: 'lengthLie',
    does: 'makes a length, count or SPI size wrong: by one, zero, smallest, largest or any',
    subjects: structured
  },
  { name: 'shufflePayloads', does: 'puts payloads into another order and links them again', subjects: structured },
  { name: 'duplicatePayload', does: 'has one payload twice', subjects: structured },
  { name: 'dropPayload', does: 'leaves one payload out and links the others', subjects: structured },
  { name: 'insertPayload', does: 'adds a payload of any type and any octets', subjects: structured },
  {
    name: 'resizePayload',
    does: 'makes the body of one payload shorter or longer, with Lengths corrected, so that only its content is wrong',
    subjects: structured
  },
  { name: 'swapPayloadType', does: 'calls a payload by the type of another', subjects: structured },
  { name: 'reservedBits', does: 'sets or clears bits the RFC reserves', subjects: structured },
  { name: 'criticalBit', does: 'inverts the Critical bit of one payload', subjects: structured },
  {
    name: 'substructureMarker',
    does: 'changes the mark that tells the last proposal or transform from the others',
    subjects: structured
  },
  { name: 'versionEdit', does: 'changes major or minor version', subjects: header },
  { name: 'flagsEdit', does: 'inverts the Initiator, Response or Version flag', subjects: header },
  { name: 'exchangeTypeEdit', does: 'changes the exchange type', subjects: header },
  { name: 'messageIdEdit', does: 'changes the Message ID: neighbours, ends of its range, any', subjects: header },
  { name: 'ikeSpiEdit', does: 'makes an IKE SPI zero, all ones or the other one', subjects: header }
]

/** Names of {@link MUTATIONS}. */
export type MutationName =
  | 'bitFlip'
  | 'byteFlip'
  | 'truncate'
  | 'extend'
  | 'numericBoundary'
  | 'splice'
  | 'lengthLie'
  | 'shufflePayloads'
  | 'duplicatePayload'
  | 'dropPayload'
  | 'insertPayload'
  | 'resizePayload'
  | 'swapPayloadType'
  | 'reservedBits'
  | 'criticalBit'
  | 'substructureMarker'
  | 'versionEdit'
  | 'flagsEdit'
  | 'exchangeTypeEdit'
  | 'messageIdEdit'
  | 'ikeSpiEdit'

/** One kind of change. */
export interface Mutation {
  readonly name: MutationName
  /** In a few words, for reports. */
  readonly does: string
  /** Where it can be asked for. */
  readonly subjects: readonly MutationSubject[]
}

/** A mutation that was done. */
export interface AppliedMutation {
  readonly name: MutationName
  /**
   * Octets from the start of the input to the place of the change; an index for payload values. Lengths and links before
   * it that are corrected for its sake do not count. For what puts payloads together anew it is where payloads begin.
   */
  readonly offset: number
  /** What was changed into what, for reports: `proposal length 44 to 45`. */
  readonly detail: string
}

/** What a mutator of octets may be told. */
export interface MutationOptions {
  /** Mutations to choose from; otherwise all that can be done to the subject. */
  readonly among?: readonly MutationName[]
  /** The other input of `splice`, which is not chosen without one. */
  readonly other?: Uint8Array
}

/** Names of the mutations that can be done to a subject. */
export function mutationsOf(subject: MutationSubject): readonly MutationName[] {
  return MUTATIONS.filter(({ subjects }) => subjects.includes(subject)).map(({ name }) => name)
}
