import { HEADER_OCTETS, type Payload } from '../../src/codec/index.ts'
import { remainder, type Sample } from './messages.ts'
import type { Statement } from './statement-list.ts'
import { places } from './statements.ts'

/** What one side states and the other does not, or not with this value. */
export interface Difference {
  readonly at: number
  readonly name: string
  readonly ours: Statement['value'] | undefined
  readonly theirs: Statement['value'] | undefined
}

/** The differences inside one payload of a message, or in its header. */
export interface Disagreement {
  /** Which of the messages compared it is in. */
  readonly message: number
  /** Undefined for the header. */
  readonly payload: Payload | undefined
  /** Their places count from where the payload starts. */
  readonly differences: readonly Difference[]
  /** What stands before it, if anything. */
  readonly previous: Payload | undefined
}

/** Someone to compare with: what it states of messages, and what we state. */
export interface Dissector {
  readonly ask: (samples: readonly Sample[]) => Promise<readonly (readonly Statement[])[]>
  readonly ours: (sample: Sample) => readonly Statement[]
}

/** The differences between two lists of statements, in the order of the message. */
export function differences(ours: readonly Statement[], theirs: readonly Statement[]): readonly Difference[] {
  const key = ({ at, name }: Statement): string => `${at} ${name}`
  const left = new Map(theirs.map((statement) => [key(statement), statement]))
  const found: Difference[] = []
  for (const statement of ours) {
    const { at, name, value } = statement
    const their = left.get(key(statement))?.value
    left.delete(key(statement))
    if (their !== value) found.push({ at, name, ours: value, theirs: their })
  }
  for (const { at, name, value } of left.values()) found.push({ at, name, ours: undefined, theirs: value })
  return found.sort((one, two) => one.at - two.at)
}

/**
 * Every disagreement about the messages. A dissector that leaves the chain at one payload has nothing comparable to
 * say of the rest: what stands behind the first payload in dispute is asked about again, as a message of its own.
 */
export async function disagreements(
  samples: readonly Sample[],
  { ask, ours }: Dissector
): Promise<readonly Disagreement[]> {
  const found: Disagreement[] = []
  let pending = samples.map((sample, message) => ({ sample, message }))
  while (pending.length > 0) {
    const answers = await ask(pending.map(({ sample }) => sample))
    pending = pending.flatMap(({ sample, message }, index) => {
      const list = differences(ours(sample), answers[index]!)
      if (list.length === 0) return []
      const { disagreement, following } = firstDisagreement(sample, message, list)
      found.push(disagreement)
      return following === undefined ? [] : [{ sample: following, message }]
    })
  }
  return found
}

function firstDisagreement(
  sample: Sample,
  message: number,
  list: readonly Difference[]
): { readonly disagreement: Disagreement; readonly following: Sample | undefined } {
  const { payloads } = sample.message
  const spans = places(payloads, HEADER_OCTETS)
  const first = list[0]!
  const inHeader = first.at < HEADER_OCTETS || spans.length === 0
  const index = inHeader ? -1 : spans.findIndex(({ end }, i) => first.at < end || i === spans.length - 1)
  const { start, end } = spans[index] ?? { start: 0, end: Number.POSITIVE_INFINITY }
  const isLast = index === spans.length - 1
  const within = list.filter(({ at }) => at < end || isLast)
  const disagreement = {
    message,
    payload: payloads[index],
    previous: payloads[index - 1],
    differences: within.map((difference) => ({ ...difference, at: difference.at - start }))
  }
  const isRestAsked = within.length < list.length
  return { disagreement, following: isRestAsked ? remainder(sample, index + 1) : undefined }
}
