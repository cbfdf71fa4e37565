import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import { Lab, path } from './harness.ts'

const WIFI = '198.18.0.1'
const CELL = '198.18.7.2'
const HOME = '198.18.9.3'
const GW1 = '203.0.113.1'
const GW2 = '203.0.113.2'
const GATEWAY = [{ address: GW1 }, { address: GW2 }]
const CLIENT = [
  { address: WIFI, cost: 1 },
  { address: CELL, cost: 0 },
  { address: HOME, cost: 2 }
]

/** What happens to a client, in any order. */
const happenings = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('addresses' as const), addresses: fc.shuffledSubarray(CLIENT) }),
    fc.record({ kind: fc.constant('dead' as const), addresses: fc.subarray([WIFI, CELL, GW1, GW2], { maxLength: 2 }) }),
    fc.record({ kind: fc.constantFrom('update' as const, 'liveness' as const, 'other' as const, 'suspicion' as const) })
  ),
  { minLength: 4, maxLength: 12 }
)

describe('tests of pairs', () => {
  it('F15 a request made to test a pair holds nothing that changes the peer, whatever waits to be told', () => {
    let probes = 0
    let waiting = 0
    fc.assert(
      fc.property(happenings, fc.boolean(), (all, natTraversal) => {
        const lab = new Lab({ natTraversal: natTraversal ? 'allow' : 'forbid' })
        lab.start(path(WIFI, GW1), { gateway: GATEWAY, natTraversal })
        for (const each of all) {
          if (each.kind === 'addresses') lab.client.local(...each.addresses)
          else if (each.kind === 'dead')
            lab.drops = (from, to) => each.addresses.some((address) => [from.address, to.address].includes(address))
          else if (each.kind === 'update') lab.client.step({ type: 'updateForced' })
          else if (each.kind === 'liveness') lab.client.step({ type: 'livenessDue' })
          else if (each.kind === 'suspicion') lab.client.step({ type: 'hintReceived', hint: 'noInboundTraffic' })
          else lab.client.sendOther()
          lab.run(1700)
          if (lab.client.state.pending.list && lab.client.state.probing !== null) waiting++
        }
        lab.run(20_000)
        const tests = lab.client.requests.filter(({ purpose }) => purpose === 'probe')
        probes += tests.length
        for (const { notifies } of tests) expect(notifies.filter(({ kind }) => kind !== 'natDetection')).toEqual([])
      }),
      { numRuns: 300 }
    )
    expect(probes).toBeGreaterThan(50)
    expect(waiting).toBeGreaterThan(10)
  })

  it('F15 an UPDATE that fills the window when replies stop is told anew on the pair its copies found', () => {
    const lab = new Lab().start(path(WIFI, GW1), { gateway: GATEWAY })
    lab.drops = (from, to) => [from.address, to.address].includes(GW1)
    lab.client.local(CELL, HOME)
    lab.run(10_000)
    const updates = lab.client.requests.filter(({ purpose }) => purpose === 'update')
    expect(lab.client.requests).toEqual(updates)
    const [first, ...anew] = updates.map((request) => request.path)
    expect(first).toEqual(path(CELL, GW1))
    // The gateway acted on some copy: the last UPDATE says which pair it is, and that went to one pair alone.
    expect(anew.at(-1)).toEqual(lab.client.state.ikePath)
    expect(lab.client.state.ikePath.remote.address).toBe(GW2)
    const { local, remote } = lab.client.state.childPath
    expect(lab.gateway.state.childPath).toEqual({ local: remote, remote: local })
    expect(new Set(lab.gateway.state.peerAddresses)).toEqual(new Set([CELL, HOME]))
  })

  it('F15 a list that fills the window when replies stop is told anew after copies from several addresses', () => {
    const lab = new Lab({ selection: { ...DEFAULT_MOBIKE_POLICY.selection, mode: 'stay' } }, {}).start(
      path(WIFI, GW1),
      { gateway: GATEWAY }
    )
    // Nothing gets from Wi-Fi to anywhere, but Wi-Fi does not say so.
    lab.drops = (from, to) => [from.address, to.address].includes(WIFI)
    lab.client.local(WIFI, CELL)
    lab.run(10_000)
    const [list, ...others] = lab.client.requests
    expect(list?.notifies.map(({ kind }) => kind)).toEqual(['additionalAddress'])
    expect(list?.path).toEqual(path(WIFI, GW1))
    // The copy that arrived came from cellular, and named cellular as the other address: Wi-Fi was missing.
    expect(others[0]?.path.local.address).toBe(CELL)
    expect(others[0]?.notifies).toContainEqual({ kind: 'additionalAddress', address: WIFI })
    expect(new Set(lab.gateway.state.peerAddresses)).toEqual(new Set([WIFI, CELL]))
  })

  it('one in vain is followed by a check of the current pair: a peer that took it for an UPDATE comes back', () => {
    const lab = new Lab().start(path(WIFI, GW1), { client: [{ address: WIFI, cost: 5 }] })
    // What the client sends from cellular arrives, nothing comes back.
    lab.drops = (_from, to) => to.address === CELL
    lab.client.local({ address: WIFI, cost: 5 }, { address: CELL, cost: 1 })
    lab.run(10_000)
    const [, probe, check, ...more] = lab.client.requests
    expect([probe?.purpose, probe?.path]).toEqual(['probe', path(CELL, GW1)])
    expect([check?.purpose, check?.path]).toEqual(['liveness', path(WIFI, GW1)])
    expect(more).toEqual([])
    expect(lab.client.outstanding).toBeNull()
  })
})
