/** Beyond that many doublings every wait is at its longest, and a number stays a number. */
const MOST_DOUBLINGS = 24

/** A wait that doubles with each of the `times` before, at most `longestMs`. */
export function backOff(firstMs: number, times: number, longestMs: number): number {
  return Math.min(firstMs * 2 ** Math.min(times, MOST_DOUBLINGS), longestMs)
}
