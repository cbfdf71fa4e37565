import { createSeededRandom } from '../../src/sim/seeded-random.ts'
import { Seen, startCounting, stopCounting } from './counters.ts'
import { FuzzedData } from './fuzzed-data.ts'
import { havoc } from './havoc.ts'
import { minimise } from './minimise.ts'
import type { FuzzTarget, Recordings } from './target.ts'
import { violatedProperty } from './violation.ts'

/** An input that shows that a property does not hold, made as small as it gets. */
export interface Failure {
  readonly property: string
  readonly detail: string
  readonly input: Uint8Array
  /** Octets before it was minimised. */
  readonly foundIn: number
  /** Which execution it was. */
  readonly execution: number
}

/** How far fuzzing has come. */
export interface Progress {
  readonly executions: number
  readonly corpus: number
  /** Branches and comparisons, see `counters.ts`. */
  readonly features: number
  /** Most branches taken for the octets of an input, as a share of what is allowed. */
  readonly hardestWork: number
  readonly failures: readonly Failure[]
}

/** One failure of a property is enough to know; different ones are worth a look. */
const FAILURES_KEPT = 10

/**
 * Fuzzes one target from its seeds, for as long as it is asked for more. What is done depends on the seed and on how many
 * executions there were, never on time.
 */
export class Fuzzer {
  private readonly corpus: Uint8Array[] = []
  private readonly failures: Failure[] = []
  private readonly waiting: Uint8Array[]
  private readonly random: ReturnType<typeof createSeededRandom>
  private readonly seen = new Seen()
  private executions = 0
  private hardestWork = 0

  constructor(
    private readonly target: FuzzTarget,
    recordings: Recordings,
    seed: number
  ) {
    this.random = createSeededRandom(seed)
    this.waiting = [...target.seeds(recordings)].reverse()
  }

  /** Executions that the seeds alone take. */
  get seedsLeft(): number {
    return this.waiting.length
  }

  get progress(): Progress {
    const { executions, corpus, failures, hardestWork, seen } = this
    return { executions, corpus: corpus.length, features: seen.features, hardestWork, failures }
  }

  /** One execution. */
  step(): void {
    const input = this.waiting.pop() ?? this.invent()
    this.executions++
    const { thrown, isNew } = this.run(input)
    if (thrown === undefined) {
      if (isNew || this.corpus.length === 0) this.corpus.push(input)
      return
    }
    const property = violatedProperty(thrown)
    if (this.failures.length < FAILURES_KEPT && this.failures.every((known) => known.property !== property)) {
      this.failures.push(this.failure(input, property))
    }
  }

  private run(input: Uint8Array): { readonly thrown?: unknown; readonly isNew: boolean } {
    const limit = this.target.workLimit(input.length)
    startCounting(this.seen, limit)
    try {
      this.target.fuzz(input)
    } catch (thrown) {
      return { thrown, isNew: stopCounting().isNew }
    }
    const { steps, isNew } = stopCounting()
    this.hardestWork = Math.max(this.hardestWork, steps / limit)
    return { isNew }
  }

  private failure(input: Uint8Array, property: string): Failure {
    const { executions: execution } = this
    const fails = (smaller: Uint8Array): boolean => {
      const { thrown } = this.run(smaller)
      return thrown !== undefined && violatedProperty(thrown) === property
    }
    const least = minimise(input, fails)
    const { thrown } = this.run(least)
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    return { property, detail: text.slice(0, 2000), input: least, foundIn: input.length, execution }
  }

  /** A new input from an old one, changed once or a few times. */
  private invent(): Uint8Array {
    const { random, target } = this
    let input = this.pick()
    for (let changes = 1 << random.below(4); changes > 0; changes--) {
      const decisions = new FuzzedData(random.octets(96))
      const meaningful = target.mutate !== undefined && random.below(2) === 0
      const mutated = meaningful ? target.mutate?.(input, decisions) : undefined
      input = mutated ?? havoc(input, decisions, this.pick())
    }
    return input
  }

  /** Newer inputs reach further, shorter ones are quicker. */
  private pick(): Uint8Array {
    const { random, corpus } = this
    const anywhere = random.below(corpus.length)
    const recent = corpus.length - 1 - random.below(Math.min(corpus.length, 64))
    const one = corpus[random.below(3) === 0 ? recent : anywhere] as Uint8Array
    const two = corpus[random.below(corpus.length)] as Uint8Array
    return one.length <= two.length || random.below(4) === 0 ? one : two
  }
}
