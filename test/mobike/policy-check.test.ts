import { describe, expect, it } from 'vitest'
import { checkMobikePolicy, DEFAULT_MOBIKE_POLICY, type MobikePolicy } from '../../src/mobike/index.ts'
import { sessionConfig } from '../../src/session/index.ts'
import { CLIENT_OPTIONS } from '../session/pair.ts'
import { Solo } from './solo.ts'

const { routability, selection, probing } = DEFAULT_MOBIKE_POLICY

describe('a policy whose numbers are none', () => {
  it.each<[string, Partial<MobikePolicy>]>([
    ['routability.periodicMs', { routability: { ...routability, periodicMs: 0 } }],
    ['routability.validMs', { routability: { ...routability, validMs: Number.NaN } }],
    ['routability.retryMs', { routability: { ...routability, retryMs: -1 } }],
    ['routability.attempts', { routability: { ...routability, attempts: 0 } }],
    ['selection.maxPairs', { selection: { ...selection, maxPairs: 0 } }],
    ['selection.hysteresisMs', { selection: { ...selection, hysteresisMs: -1 } }],
    ['probing.intervalMs', { probing: { ...probing, intervalMs: 0 } }],
    ['probing.fallbackMs', { probing: { ...probing, fallbackMs: 0 } }],
    ['probing.retryFailedMs', { probing: { ...probing, retryFailedMs: Number.NaN } }],
    ['probing.width', { probing: { ...probing, width: 1.5 } }],
    ['probing.attemptsPerPair', { probing: { ...probing, attemptsPerPair: 0 } }],
    ['probing.maxPairs', { probing: { ...probing, maxPairs: 0 } }],
    ['keepaliveIntervalMs', { keepaliveIntervalMs: 0 }],
    ['hintIntervalMs', { hintIntervalMs: -1 }],
    ['outageLimitMs', { outageLimitMs: Number.NaN }],
    ['maxPeerAddresses', { maxPeerAddresses: 0 }],
    ['maxAdvertisedAddresses', { maxAdvertisedAddresses: -1 }],
    ['retransmissionsBeforeProbing', { retransmissionsBeforeProbing: 0.5 }],
    ['natRetryLimit', { natRetryLimit: Number.NaN }]
  ])('%s is named where a session is configured, and where a machine is made', (field, patch) => {
    const policy = { ...DEFAULT_MOBIKE_POLICY, ...patch }
    const named = new RegExp(`^${field.replace('.', '\\.')}: .* is no `)
    expect(() => checkMobikePolicy(policy)).toThrow(RangeError)
    expect(() => new Solo({}, policy)).toThrow(named)
    expect(() => sessionConfig({ ...CLIENT_OPTIONS, mobike: policy })).toThrow(named)
  })

  it('what may be left out may be, and 0 where it means none or at once', () => {
    const policy: MobikePolicy = {
      ...DEFAULT_MOBIKE_POLICY,
      selection: { ...selection, hysteresisMs: 0 },
      hintIntervalMs: 0,
      maxAdvertisedAddresses: 0,
      retransmissionsBeforeProbing: 0,
      natRetryLimit: 0,
      outageLimitMs: 0
    }
    expect(() => checkMobikePolicy(policy)).not.toThrow()
  })
})
