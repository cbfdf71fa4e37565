import { parentPort, workerData } from 'node:worker_threads'
import { live, planOf, smallest } from './sessions.ts'

interface Assignment {
  readonly from: number
  readonly step: number
  /** The first that is not lived any more. */
  readonly end: number
  readonly isOneEnough: boolean
}

/** Sessions between two reports. */
const BATCH = 50
/** More failures than that say nothing new. */
const FAILURES_KEPT = 5

const { from, step, end, isOneEnough } = workerData as Assignment
let failures: { seed: number; message: string; plan: string }[] = []
let lived = 0
let failed = 0

for (let seed = from; seed < end && failed < FAILURES_KEPT; seed += step) {
  const message = troubleOf(seed)
  lived++
  if (message !== undefined) failed++
  if (lived === BATCH) tell()
  if (message !== undefined && isOneEnough) break
}
tell()

function tell(): void {
  parentPort?.postMessage({ lived, failures })
  lived = 0
  failures = []
}

function troubleOf(seed: number): string | undefined {
  const plan = planOf(seed)
  try {
    live(plan)
    return undefined
  } catch (error) {
    const least = isOneEnough ? plan : smallest(plan)
    const message = (error as Error).message.slice(0, 1000)
    failures.push({ seed, message, plan: JSON.stringify(least) })
    return message
  }
}
