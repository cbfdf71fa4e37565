import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sameEndpoint } from '../../src/bytes/index.ts'
import { at, type Host, Lab, path } from './harness.ts'

describe('two machines over a bad network', () => {
  const CLIENT = ['198.18.0.1', '10.0.0.2', '198.18.7.2']
  const GATEWAY = ['203.0.113.1', '203.0.113.2']
  const KINDS = ['client', 'gateway', 'cost', 'block', 'loss', 'remap', 'other', 'liveness'] as const
  const operations = fc.array(
    fc.record({
      kind: fc.constantFrom(...KINDS),
      pick: fc.integer({ min: 0, max: 7 }),
      wait: fc.constantFrom(1, 20, 30, 60, 500, 3000, 20_000)
    }),
    { minLength: 1, maxLength: 12 }
  )

  it('C36 C37 C38 C40 once the network works again, both ends use the same pair, and no SA died while a pair worked', () => {
    fc.assert(
      fc.property(operations, (all) => {
        const lab = new Lab()
        lab.nats.set('10.0.0.2', at('198.18.3.3#40000'))
        lab.start(path('198.18.0.1', '203.0.113.1'), {
          client: CLIENT.map((address) => ({ address })),
          gateway: GATEWAY.map((address) => ({ address })),
          // Configured, so that the client knows them even while no list gets through.
          remoteCandidates: GATEWAY.map((address) => at(address))
        })
        let port = 40_001
        let dead: (string | undefined)[] = []
        let noise = 1
        let isLossy = false
        lab.drops = (from, to) => {
          noise = (noise * 48271) % 2147483647
          return (isLossy && noise % 10 < 3) || dead.includes(from.address) || dead.includes(to.address)
        }
        for (const { kind, pick, wait } of all) {
          const chosen = CLIENT.filter((_, index) => (pick & (1 << index)) !== 0)
          if (kind === 'client') lab.client.local(...chosen)
          if (kind === 'gateway') lab.gateway.local(...[GATEWAY.slice(0, 1), GATEWAY.slice(1), GATEWAY][pick % 3]!)
          if (kind === 'cost') {
            lab.client.local(...CLIENT.map((address, index) => ({ address, cost: (pick * (index + 1)) % 5 })))
          }
          if (kind === 'loss') isLossy = pick > 3
          if (kind === 'block') dead = [CLIENT[pick % 3], GATEWAY[pick % 2]].slice(pick & 1)
          // One of the addresses each side has always works, whatever else does not.
          const isCut = (host: Host): boolean => host.state.local.every(({ address }) => dead.includes(address))
          if (isCut(lab.client) || isCut(lab.gateway)) dead = []
          if (kind === 'remap') lab.nats.set('10.0.0.2', at(`198.18.3.3#${port++}`))
          if (kind === 'other') lab.gateway.sendOther()
          if (kind === 'liveness') lab.client.step({ type: 'livenessDue' })
          if (wait === 20_000) lab.client.step({ type: 'livenessDue' })
          lab.run(wait)
          expect([lab.client.closed, lab.gateway.closed]).toEqual([null, null])
        }
        dead = []
        isLossy = false
        lab.gateway.local(...GATEWAY)
        lab.client.local(...CLIENT)
        lab.run(60_000)
        lab.client.step({ type: 'livenessDue' })
        lab.run(60_000)
        expect([lab.client.closed, lab.gateway.closed]).toEqual([null, null])
        const mine = lab.client.state
        const theirs = lab.gateway.state
        expect(mine.childPath).toEqual(mine.ikePath)
        expect(theirs.childPath).toEqual(theirs.ikePath)
        const outside = lab.nats.get(mine.childPath.local.address) ?? mine.childPath.local
        expect(sameEndpoint(theirs.childPath.remote, outside)).toBe(true)
        expect(theirs.childPath.local).toEqual(mine.childPath.remote)
        expect(theirs.encapsulate).toBe(mine.encapsulate)
        expect(mine.encapsulate).toBe(lab.nats.has(mine.childPath.local.address))
        expect([lab.client.outstanding, lab.gateway.outstanding]).toEqual([null, null])
      }),
      { numRuns: 1000 }
    )
  })
})
