/** One line of the table, as a group process sends it to `run.mjs`. */
export interface Row {
  readonly figure: string
  /** What `ours` and `floor` count. */
  readonly unit: 'µs' | 'kB'
  readonly ours: number
  /** Null where the target is an absolute figure. */
  readonly floor: number | null
  /** Compared with `must` and `aim`: floor/ours for `atLeast`, ours/floor or ours alone for `atMost`. */
  readonly ratio: number
  readonly bound: 'atLeast' | 'atMost'
  readonly must: number
  readonly aim: number
}

/** A figure to measure: the same work by us and by its floor. */
export interface Comparison {
  readonly figure: string
  readonly ours: () => unknown
  readonly floor: () => unknown
  readonly bound: 'atLeast' | 'atMost'
  readonly must: number
  readonly aim: number
  /** Calls before measuring, where what is compiled for the default number is not yet what runs for hours. */
  readonly warmUpCalls?: number
}

const quick = process.argv.includes('--quick')
const ROUNDS = quick ? 7 : 21
const BATCH_MICROSECONDS = quick ? 5000 : 15_000
const WARM_UP_MICROSECONDS = quick ? 40_000 : 150_000
/** What takes milliseconds needs calls, not time, to be compiled. */
const WARM_UP_CALLS = quick ? 100 : 500

/** Results are kept for a while, as a caller would, but never so many that the garbage collector is what is measured. */
const alive: unknown[] = new Array(64).fill(undefined)

/** Measures one after the other, once everything has run: code specialised for the first kind alone would flatter it. */
export function compareAll(comparisons: readonly Comparison[]): void {
  for (let i = 0; i < 2000; i++) {
    for (const { ours, floor } of comparisons) {
      alive[i & 63] = ours()
      alive[i & 63] = floor()
    }
  }
  for (const comparison of comparisons) compare(comparison)
}

/** Measures in interleaved rounds, so that a slow moment of the machine hits both, and sends the row. */
export function compare({ figure, ours, floor, bound, must, aim, warmUpCalls }: Comparison): void {
  const oursTimes: number[] = []
  const floorTimes: number[] = []
  const ratios: number[] = []
  const oursCalls = calibrate(ours, warmUpCalls)
  const floorCalls = calibrate(floor, warmUpCalls)
  for (let round = 0; round < ROUNDS; round++) {
    const floorTime = batch(floor, floorCalls)
    const oursTime = batch(ours, oursCalls)
    oursTimes.push(oursTime)
    floorTimes.push(floorTime)
    ratios.push(bound === 'atLeast' ? floorTime / oursTime : oursTime / floorTime)
  }
  const row = { figure, unit: 'µs', ours: median(oursTimes), floor: median(floorTimes), ratio: median(ratios) } as const
  send({ ...row, bound, must, aim })
}

/** CPU microseconds of one call, median of the rounds. */
export function time(work: () => unknown): number {
  const calls = calibrate(work)
  return median(Array.from({ length: ROUNDS }, () => batch(work, calls)))
}

/** Hands a row to `run.mjs`, or prints it when started alone. */
export function send(row: Row): void {
  if (process.send === undefined) console.log(row)
  else process.send(row)
}

/** Warms up until the compiler has done its work, then says how many calls fill a batch. */
function calibrate(work: () => unknown, warmUpCalls = WARM_UP_CALLS): number {
  let calls = 1
  let made = 0
  let total = 0
  for (;;) {
    const spent = batch(work, calls) * calls
    total += spent
    made += calls
    if (total > WARM_UP_MICROSECONDS && made >= warmUpCalls)
      return Math.max(1, Math.round((calls * BATCH_MICROSECONDS) / Math.max(spent, 1)))
    if (spent < BATCH_MICROSECONDS) calls *= 2
  }
}

/** CPU microseconds of one of `calls` calls: all threads of the process, so the garbage collector's are paid for. */
function batch(work: () => unknown, calls: number): number {
  const start = process.cpuUsage()
  for (let i = 0; i < calls; i++) alive[i & 63] = work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / calls
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
