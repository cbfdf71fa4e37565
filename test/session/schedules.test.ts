import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Endpoint } from '../../src/bytes/index.ts'
import { DEFAULT_MOBIKE_POLICY, type MobikeHint, type MobikePolicy } from '../../src/mobike/index.ts'
import { disagreement, disagreementOnPaths } from './agreement.ts'
import { Nat } from './nat.ts'
import type { Pair, SideName } from './pair.ts'
import { type Deed, gatewayAddresses, perform, stormy, type Weather } from './storm.ts'

/** Random schedules over a bad network: whatever happens, both ends come to agree, and nothing is left over. */

const who = fc.constantFrom<SideName>('client', 'gateway')
const which = fc.nat(3)
const rekeys: fc.Arbitrary<Deed>[] = [
  fc.record({ what: fc.constant('rekeyChild' as const), who, which }),
  fc.record({ what: fc.constant('rekeyIke' as const), who })
]
const children: fc.Arbitrary<Deed>[] = [
  fc.record({ what: fc.constant('newChild' as const), who }),
  fc.record({ what: fc.constant('deleteChild' as const), who, which })
]
const moves: fc.Arbitrary<Deed>[] = [
  fc.record({ what: fc.constant('move' as const), to: fc.nat(2), before: fc.boolean() }),
  fc.record({ what: fc.constant('gatewayAddress' as const), keep: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ what: fc.constant('update' as const) })
]
const wait: fc.Arbitrary<Deed> = fc.record({
  what: fc.constant('wait' as const),
  ms: fc.oneof(fc.nat(20), fc.nat(400), fc.nat(6000))
})
const liveness: fc.Arbitrary<Deed> = fc.record({ what: fc.constant('liveness' as const), who })

const weather: fc.Arbitrary<Weather> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  loss: fc.constantFrom(0, 0, 0.1, 0.3, 0.5),
  copies: fc.constantFrom(0, 0.2),
  jitterMs: fc.constantFrom(0, 30, 700)
})

/** Both ends agree on everything, and nothing is under way or left over. */
function agreement(pair: Pair): void {
  expect(disagreement(pair)).toBeUndefined()
  expect(disagreementOnPaths(pair)).toBeUndefined()
}

/** Connects in bad weather; false when that failed, which is no fault: time was up for one of the two. */
function comesUp(pair: Pair): boolean {
  pair.connect()
  const isUp = (): boolean => pair.phase('client') === 'established' && pair.phase('gateway') === 'established'
  for (let count = 0; count < 40 && !isUp(); count++) pair.advance(500)
  return isUp()
}

function run(deeds: readonly Deed[], sky: Weather, isRestored = true): Pair {
  const { pair, calm } = stormy(sky)
  pair.isRestored = isRestored
  if (!comesUp(pair)) return pair
  for (const deed of deeds) perform(pair, deed)
  calm()
  pair.tell('gateway', {
    type: 'localAddressesChanged',
    addresses: gatewayAddresses(3)
  })
  pair.advance(400_000)
  agreement(pair)
  return pair
}

const RUNS = Number(process.env['SCHEDULE_RUNS'] ?? 100)
const SEED = Number(process.env['SCHEDULE_SEED'] ?? 20_260_101)

describe('random schedules over a network that loses, copies and reorders', { timeout: 600_000 }, () => {
  it('B188 B189 B190 B200 B201 rekeys of Child SAs by both ends leave both with the same Child SAs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(wait, rekeys[0] as fc.Arbitrary<Deed>), { maxLength: 8 }),
        weather,
        (deeds, sky) => {
          const pair = run(deeds, sky)
          if (pair.phase('client') === 'established') expect(pair.childIds('client')).toHaveLength(1)
        }
      ),
      { numRuns: RUNS, seed: SEED }
    )
  })

  it('B191 B192 B193 B206 rekeys of the IKE SA by both ends leave both with the same IKE SA', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(wait, rekeys[1] as fc.Arbitrary<Deed>), { maxLength: 8 }),
        weather,
        (deeds, sky) => {
          run(deeds, sky)
        }
      ),
      { numRuns: RUNS, seed: SEED }
    )
  })

  it('B195 B205 B210 B211 rekeys, new and closed Child SAs of both ends collide and come to rest', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(wait, ...rekeys, ...children), { maxLength: 12 }), weather, (deeds, sky) => {
        run(deeds, sky)
      }),
      { numRuns: RUNS, seed: SEED }
    )
  })

  it('B212 F56 moves, rekeys and all else in any order leave both ends on the same addresses', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(wait, liveness, ...rekeys, ...children, ...moves), { maxLength: 12 }),
        weather,
        (deeds, sky) => {
          run(deeds, sky)
        }
      ),
      { numRuns: RUNS, seed: SEED }
    )
  })

  it('a snapshot restored after every step changes nothing: the same octets leave at the same time', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(wait, ...rekeys, ...moves), { maxLength: 8 }), weather, (deeds, sky) => {
        const [one, two] = [true, false].map((isRestored) => run(deeds, sky, isRestored).sent)
        expect(one).toEqual(two)
      }),
      { numRuns: 15, seed: SEED }
    )
  })

  it('B076 B209 whoever closes, and whatever is under way, both ends close and keep nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(wait, ...rekeys, ...children, ...moves), { maxLength: 8 }),
        weather,
        fc.constantFrom<readonly SideName[]>(['client'], ['gateway'], ['client', 'gateway']),
        fc.nat(3000),
        (deeds, sky, closers, ms) => {
          const { pair, calm } = stormy(sky)
          if (!comesUp(pair)) return
          for (const deed of deeds) perform(pair, deed)
          for (const name of closers) pair.tell(name, { type: 'closeRequested' })
          pair.advance(ms)
          calm()
          const all = gatewayAddresses(3)
          pair.tell('gateway', { type: 'localAddressesChanged', addresses: all })
          // Long enough for a side that was left alone to notice by its own liveness checks.
          pair.advance(900_000)
          for (const name of ['client', 'gateway'] as const) {
            expect(pair.phase(name)).toBe('closed')
            const { secrets } = pair[name].session
            expect(secrets).toEqual({ ikeKeys: {}, childKeys: {}, privateKeys: {}, preSharedKey: null })
            const live = new Set<number>()
            for (const action of pair[name].actions) {
              if (action.type === 'installChildSa') live.add(action.child.id)
              if (action.type === 'removeChildSa') expect(live.delete(action.id)).toBe(true)
            }
            expect(live.size).toBe(0)
          }
        }
      ),
      { numRuns: RUNS, seed: SEED }
    )
  })

  it('B185 without MOBIKE, with short lifetimes at both ends and loss, the tunnel stands', () => {
    fc.assert(
      fc.property(weather, fc.integer({ min: 5, max: 60 }), ({ loss, ...sky }, seconds) => {
        const lifetimes = { ikeSaMs: seconds * 7000, childSaMs: seconds * 3000 }
        const { pair, calm } = stormy({ ...sky, loss: Math.min(loss, 0.3) }, { mobike: null, lifetimes })
        if (!comesUp(pair)) return
        pair.advance(600_000)
        calm()
        pair.advance(300_000)
        for (const name of ['client', 'gateway'] as const) {
          expect(pair.phase(name)).toBe('established')
          expect(pair[name].session.state.children.length).toBeGreaterThan(0)
          expect(pair[name].session.state.children.length).toBeLessThanOrEqual(4)
        }
      }),
      { numRuns: Math.ceil(RUNS / 10), seed: SEED }
    )
  })

  it('A096 A097 B219 in and out of a NAT that forgets its mappings: the gateway ends where the client is seen', () => {
    const flush = fc.constant<Deed | 'flush'>('flush')
    fc.assert(
      fc.property(fc.array(fc.oneof(wait, flush, ...rekeys, ...moves), { maxLength: 12 }), weather, (deeds, sky) => {
        const { pair, calm } = stormy(sky)
        const nat = new Nat(pair)
        if (!comesUp(pair)) return
        for (const deed of deeds) {
          if (deed === 'flush') nat.flush()
          else perform(pair, deed)
        }
        calm()
        const all = gatewayAddresses(3)
        pair.tell('gateway', { type: 'localAddressesChanged', addresses: all })
        // A mapping that changed is found by the next liveness check.
        pair.advance(400_000)
        const client = pair.client.session.state.mobike
        const gateway = pair.gateway.session.state.mobike
        const isInside = client?.childPath.local.address === nat.inside
        const seen = isInside ? { address: nat.outside, port: nat.port(4500) } : client?.childPath.local
        expect(gateway?.childPath.remote).toEqual(seen)
        expect(gateway?.ikePath).toEqual(gateway?.childPath)
        expect(client?.ikePath).toEqual(client?.childPath)
        expect([client?.encapsulate, gateway?.encapsulate]).toEqual([isInside, isInside])
        expect(client?.keepalive ?? null).toEqual(isInside ? (client?.ikePath ?? null) : null)
      }),
      { numRuns: RUNS, seed: SEED }
    )
  })

  it('A097 A101 A117 F32 sleeps, hints and ESP from where the client is seen, whatever the gateway makes of it, change nothing of that', () => {
    type Sign = { readonly what: 'sleep'; readonly ms: number } | { readonly what: 'hint'; readonly hint: MobikeHint }
    const sleep = fc.record({ what: fc.constant('sleep' as const), ms: fc.constantFrom(100, 25_000, 45_000, 900_000) })
    const hint = fc.record({
      what: fc.constant('hint' as const),
      hint: fc.constantFrom<MobikeHint>('resumed', 'noInboundTraffic', 'icmpError')
    })
    const sign: fc.Arbitrary<Sign | 'esp' | 'flush'> = fc.oneof(sleep, hint, fc.constantFrom('esp', 'flush'))
    const espUpdates = fc.constantFrom<MobikePolicy['espUpdates']>('ignore', 'follow')
    const deeds = fc.array(fc.oneof(wait, sign, sign, ...rekeys, ...moves), { maxLength: 14 })
    fc.assert(
      fc.property(deeds, weather, espUpdates, fc.boolean(), (all, sky, follows, isClockStopped) => {
        const { pair, calm } = stormy(sky, { mobike: { ...DEFAULT_MOBIKE_POLICY, espUpdates: follows } })
        const nat = new Nat(pair)
        if (!comesUp(pair)) return
        const seen = (): Endpoint | undefined => {
          const { local } = pair.client.session.state.mobike?.childPath ?? {}
          return local?.address === nat.inside ? { address: nat.outside, port: nat.port(local.port) } : local
        }
        const bothSendEsp = (): void => {
          const { childPath, encapsulate } = pair.client.session.state.mobike ?? {}
          const [mine, theirs] = [pair.childIds('client')[0], pair.childIds('gateway')[0]]
          const remote = seen()
          if (childPath === undefined || remote === undefined || mine === undefined || theirs === undefined) return
          const encapsulated = encapsulate === true
          pair.tell('gateway', {
            type: 'espReceived',
            id: theirs,
            path: { local: childPath.remote, remote },
            encapsulated
          })
          pair.tell('client', { type: 'espReceived', id: mine, path: childPath, encapsulated })
        }
        for (const deed of all) {
          if (deed === 'flush') nat.flush()
          else if (deed === 'esp') bothSendEsp()
          else if (deed.what === 'hint') pair.tell('client', { type: 'hintReceived', hint: deed.hint })
          else if (deed.what !== 'sleep') perform(pair, deed)
          else if (isClockStopped) pair.tell('client', { type: 'hintReceived', hint: 'resumed' })
          else {
            pair.now += deed.ms
            pair.advance(0)
          }
        }
        calm()
        const addresses = gatewayAddresses(3)
        pair.tell('gateway', { type: 'localAddressesChanged', addresses })
        pair.advance(300_000)
        // A mapping lost between an IKE SA rekey and the first check after it leaves no trace in hashes (D22): it shows in
        // that nothing of the gateway arrives any more.
        for (let count = 0; count < 2; count++) {
          const { childPath } = pair.gateway.session.state.mobike ?? {}
          if (childPath?.remote.port !== seen()?.port) {
            pair.tell('client', { type: 'hintReceived', hint: 'noInboundTraffic' })
          }
          pair.advance(50_000)
        }
        const client = pair.client.session.state.mobike
        const gateway = pair.gateway.session.state.mobike
        expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
        expect(gateway?.childPath.remote).toEqual(seen())
        expect(gateway?.ikePath).toEqual(gateway?.childPath)
        expect(client?.ikePath).toEqual(client?.childPath)
      }),
      { numRuns: RUNS, seed: SEED }
    )
  })
})
