import type { MobikePolicy } from './policy.ts'

/**
 * Looks at the numbers of a policy. Times that are no time would have a session wake for ever, or never.
 *
 * @throws RangeError naming the field, such as `probing.intervalMs`, that is out of its range.
 */
export function checkMobikePolicy(policy: MobikePolicy): void {
  const { routability, selection, probing } = policy
  check('time in ms above 0', (ms) => ms > 0, {
    'routability.periodicMs': routability.periodicMs,
    'routability.validMs': routability.validMs,
    'routability.retryMs': routability.retryMs,
    'probing.intervalMs': probing.intervalMs,
    'probing.fallbackMs': probing.fallbackMs,
    'probing.retryFailedMs': probing.retryFailedMs,
    keepaliveIntervalMs: policy.keepaliveIntervalMs
  })
  check('time in ms from 0 on', (ms) => ms >= 0, {
    'selection.hysteresisMs': selection.hysteresisMs,
    hintIntervalMs: policy.hintIntervalMs,
    outageLimitMs: policy.outageLimitMs
  })
  check('whole number from 1 on', (count) => Number.isInteger(count) && count >= 1, {
    'routability.attempts': routability.attempts,
    'selection.maxPairs': selection.maxPairs,
    maxPeerAddresses: policy.maxPeerAddresses,
    'probing.width': probing.width,
    'probing.attemptsPerPair': probing.attemptsPerPair,
    'probing.maxPairs': probing.maxPairs
  })
  check('whole number from 0 on', (count) => Number.isInteger(count) && count >= 0, {
    maxAdvertisedAddresses: policy.maxAdvertisedAddresses,
    retransmissionsBeforeProbing: policy.retransmissionsBeforeProbing,
    natRetryLimit: policy.natRetryLimit
  })
}

/** Fields that are left out are left to their defaults. */
function check(
  wanted: string,
  isWanted: (value: number) => boolean,
  fields: Readonly<Record<string, number | undefined>>
): void {
  for (const [field, value] of Object.entries(fields)) {
    if (value !== undefined && !isWanted(value)) throw new RangeError(`${field}: ${value} is no ${wanted}`)
  }
}
