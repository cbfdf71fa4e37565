import { parentPort, workerData } from 'node:worker_threads'
import { Fuzzer, type Progress } from './engine.ts'
import { readRecordings } from './recordings.ts'
import { TARGETS } from './targets/index.ts'

/** What a worker is told. */
export interface Assignment {
  /** Names of targets, fuzzed by turns. */
  readonly targets: readonly string[]
  readonly seed: number
  readonly milliseconds: number
  /** Folders of vector files. */
  readonly folders: readonly string[]
  /** Whether to stop at the first failure. */
  readonly isOneEnough: boolean
}

/** What a worker tells, once a second and at its end. */
export interface News {
  readonly isLast: boolean
  /** How long it ran, ms. */
  readonly elapsed: number
  readonly seeds: number
  readonly progress: Readonly<Record<string, Progress>>
}

/** Executions of a target before another has its turn, so that each gets about the same time. */
const TURN: Readonly<Record<string, number>> = { decode: 400, 'decode-encode': 400, fragments: 400, unprotect: 100 }
const SHORT_TURN = 20

const { targets, seed, milliseconds, folders, isOneEnough } = workerData as Assignment
const recordings = readRecordings(folders)
const fuzzers = TARGETS.filter(({ name }) => targets.includes(name)).map((target, index) => ({
  name: target.name,
  fuzzer: new Fuzzer(target, recordings, seed + index)
}))
const seeds = fuzzers.reduce((sum, { fuzzer }) => sum + fuzzer.seedsLeft, 0)

const started = performance.now()
let told = started
const isOver = (): boolean =>
  performance.now() - started > milliseconds ||
  (isOneEnough && fuzzers.some(({ fuzzer }) => fuzzer.progress.failures.length > 0))

while (!isOver()) {
  for (const { name, fuzzer } of fuzzers) {
    for (let left = TURN[name] ?? SHORT_TURN; left > 0; left--) {
      fuzzer.step()
      if (isOneEnough && fuzzer.progress.failures.length > 0) break
    }
    if (isOver()) break
    if (performance.now() - told < 1000) continue
    told = performance.now()
    tell(false)
  }
}
tell(true)

function tell(isLast: boolean): void {
  const progress = Object.fromEntries(fuzzers.map(({ name, fuzzer }) => [name, fuzzer.progress]))
  parentPort?.postMessage({ isLast, elapsed: performance.now() - started, seeds, progress } satisfies News)
}
