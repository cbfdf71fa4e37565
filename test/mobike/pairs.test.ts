import { describe, expect, it } from 'vitest'
import { createMobike, DEFAULT_MOBIKE_POLICY, type MobikeInit, type MobikeStep } from '../../src/mobike/index.ts'
import { path } from './harness.ts'

const A = '198.18.0.1'
const GW1 = '203.0.113.1'

/** An initiator just established, without a peer to talk to. */
function established(init: Partial<MobikeInit> = {}, policy = DEFAULT_MOBIKE_POLICY): MobikeStep {
  return createMobike(policy, {
    now: 0,
    role: 'initiator',
    path: path(A, GW1),
    natTraversal: true,
    nat: { localBehindNat: false, remoteBehindNat: false, destinationHash: '00' },
    peerAddresses: [],
    localAddresses: [{ address: A }],
    remoteCandidates: [],
    excludedPrefixes: [],
    ...init
  })
}

describe('ports', () => {
  it('ESP is not UDP-encapsulated on the IKE port of the configuration, and is on any other', () => {
    const nat = { localBehindNat: true, remoteBehindNat: false, destinationHash: '00' }
    const isEncapsulated = (ports: MobikeInit['ports'], port: number): boolean =>
      established({
        nat,
        path: path(`${A}#${port}`, `${GW1}#${port}`),
        ...(ports === undefined ? {} : { ports })
      }).state.encapsulate
    expect(isEncapsulated(undefined, 500)).toBe(false)
    expect(isEncapsulated(undefined, 4500)).toBe(true)
    expect(isEncapsulated({ ike: 10_500, natTraversal: 14_500 }, 10_500)).toBe(false)
    expect(isEncapsulated({ ike: 10_500, natTraversal: 14_500 }, 500)).toBe(true)
    // One port for both, as behind firewalls that let nothing else pass.
    expect(isEncapsulated({ ike: 4500, natTraversal: 4500 }, 4500)).toBe(true)
  })
})
