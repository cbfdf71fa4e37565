import { Violation } from './violation.ts'

/**
 * What the instrumented copy of `src` counts while it runs (see `instrument.mjs`): how often each branch was taken, and
 * how near each comparison of numbers came to its boundary. Reading them costs a microsecond, so every single execution
 * is judged; V8's own block coverage, read over the inspector, takes a millisecond.
 */

const BRANCHES = 1 << 14
const DISTANCES = 64

/** What executions of one target have done so far. */
export class Seen {
  readonly hits: Uint8Array = new Uint8Array(BRANCHES)
  readonly distances: Uint8Array = new Uint8Array(BRANCHES * DISTANCES)
  /** How many different things: branches by order of count, comparisons by order of distance. */
  features = 0
}

/** An execution took more branches than its input justifies; a loop without end comes here too. */
export class TooMuchWork extends Violation {
  constructor() {
    super('work grows no faster than the input')
  }
}

const hits = new Uint32Array(BRANCHES)
let seen = new Seen()
let highest = 0
let steps = 0
let stepLimit = Number.POSITIVE_INFINITY
let isNew = false

/** A branch is taken. */
export function hit(branch: number): void {
  if (++steps > stepLimit) throw new TooMuchWork()
  hits[branch] = (hits[branch] as number) + 1
  if (branch > highest) highest = branch
}

/** `a` and `b` are compared: the order of magnitude of their distance, with its sign, is a thing to be seen once. */
export function near(site: number, a: unknown, b: unknown): void {
  if (typeof a !== 'number' || typeof b !== 'number') return
  const distance = a - b
  const magnitude = Math.min(30, 32 - Math.clz32(Math.abs(distance)))
  const place = site * DISTANCES + (distance < 0 ? magnitude : 31 + magnitude)
  if (seen.distances[place] !== 0) return
  seen.distances[place] = 1
  seen.features++
  isNew = true
}

/** Before an execution, which may take `limit` branches. */
export function startCounting(target: Seen, limit: number): void {
  hits.fill(0, 0, highest + 1)
  seen = target
  steps = 0
  stepLimit = limit
  isNew = false
}

/** After one: branches it took, and whether it did anything that none before it did. Orders of count are powers of two. */
export function stopCounting(): { readonly steps: number; readonly isNew: boolean } {
  stepLimit = Number.POSITIVE_INFINITY
  for (let branch = 0; branch <= highest; branch++) {
    const count = hits[branch] as number
    if (count === 0) continue
    const order = 1 << Math.min(7, 31 - Math.clz32(count))
    const known = seen.hits[branch] as number
    if ((known & order) !== 0) continue
    seen.hits[branch] = known | order
    seen.features++
    isNew = true
  }
  return { steps, isNew }
}
