let skippedMs = 0

/** Milliseconds of a monotonic clock: the one time that everything in these programs goes by. */
export function now(): number {
  return performance.now() + skippedMs
}

/**
 * Lets the clock go on by so much at once, as it does for a host that was asleep. Node's own clock stands still meanwhile on
 * Linux: a product reads one that counts sleep (CLOCK_BOOTTIME), or NAT mappings that ended in its sleep stay unnoticed.
 */
export function skipTime(milliseconds: number): void {
  skippedMs += milliseconds
}
