import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Path, samePath } from '../../src/bytes/index.ts'
import { DEFAULT_MOBIKE_POLICY, type LocalAddress, type MobikeAction } from '../../src/mobike/index.ts'
import { type Host, Lab, path } from './harness.ts'
import { report, Solo } from './solo.ts'

const GW1 = '203.0.113.1'
const LOCALS = ['198.18.0.1', '198.18.7.2', '198.18.9.9'] as const
const IDS = [1, 2, 3]

interface Outer {
  readonly path: Path
  readonly encapsulate: boolean
}

/** A lab whose hosts have three Child SAs each, migrate them one by one, slowly, and fail at it as they are told. */
class FailingLab extends Lab {
  readonly children = new Map<Host, Map<number, Outer>>()
  /** Whether Child SA `id` can be migrated now. */
  fails: (host: Host, id: number) => boolean = () => false
  private readonly lastAnswer = new Map<Host, number>()

  install(): this {
    for (const host of [this.client, this.gateway]) {
      host.silent = true
      const { childPath, encapsulate } = host.state
      this.children.set(host, new Map(IDS.map((id) => [id, { path: childPath, encapsulate }])))
    }
    return this
  }

  override note(host: Host, action: MobikeAction): void {
    super.note(host, action)
    if (action.type === 'renewChildSas') {
      for (const id of action.ids ?? IDS) this.put(host, id, action)
    } else if (action.type === 'moveChildSas') this.migrate(host, { path: action.to, encapsulate: action.encapsulate })
  }

  private put(host: Host, id: number, { path: outer, encapsulate }: Outer): void {
    this.children.get(host)?.set(id, { path: outer, encapsulate })
  }

  private isAt(host: Host, id: number, to: Outer): boolean {
    const at = this.children.get(host)?.get(id)
    return at !== undefined && samePath(at.path, to.path) && at.encapsulate === to.encapsulate
  }

  private migrate(host: Host, to: Outer): void {
    const failed = IDS.filter((id) => !this.isAt(host, id, to) && this.fails(host, id))
    for (const id of IDS) if (!failed.includes(id)) this.put(host, id, to)
    // One after the other, in their order.
    const at = Math.max(this.now + 40, (this.lastAnswer.get(host) ?? 0) + 1)
    this.lastAnswer.set(host, at)
    this.later(at - this.now, () => {
      if (failed.length === 0) host.step({ type: 'childSasMoved' })
      else if (failed.length === IDS.length) host.step({ type: 'childSaMoveFailed', reason: 'no' })
      else host.step({ type: 'childSaMoveFailed', reason: 'no', ids: failed })
    })
  }
}

describe('another port at our own end', () => {
  const NEW_PORT = 40_001
  const from = (port: number): Path => ({ ...path(LOCALS[0], GW1), local: { address: LOCALS[0], port } })

  it('F43 is a move like any other: UPDATE from it, and the Child SAs of both sides go there', () => {
    const lab = new Lab().start(path(LOCALS[0], GW1))
    lab.client.local({ address: LOCALS[0], port: NEW_PORT })
    lab.run(2000)
    expect(lab.client.requests).toMatchObject([{ purpose: 'update', path: from(NEW_PORT) }])
    expect(lab.client.actions).toContainEqual({
      type: 'moveChildSas',
      from: from(4500),
      to: from(NEW_PORT),
      encapsulate: false
    })
    expect(lab.client.state).toMatchObject({ ikePath: from(NEW_PORT), childPath: from(NEW_PORT) })
    const peer = { local: from(NEW_PORT).remote, remote: from(NEW_PORT).local }
    expect(lab.gateway.state).toMatchObject({ ikePath: peer, childPath: peer })
  })

  it('F43 is no address: nothing is announced, and no other pair is looked for', () => {
    const locals = [
      { address: LOCALS[0], cost: 0 },
      { address: LOCALS[1], cost: 9 }
    ]
    const lab = new Lab().start(path(LOCALS[0], GW1), { client: locals })
    lab.client.local({ address: LOCALS[0], cost: 0, port: NEW_PORT }, { address: LOCALS[1], cost: 9 })
    lab.run(2000)
    expect(lab.client.requests.flatMap(({ notifies }) => notifies.map(({ kind }) => kind))).not.toContain(
      'additionalAddress'
    )
    expect(lab.client.state.ikePath).toEqual(from(NEW_PORT))
  })

  it('F42 F43 the old port is no way back when the host could not migrate to the new one', () => {
    const lab = new Lab().start(path(LOCALS[0], GW1))
    lab.client.canMove = false
    lab.client.local({ address: LOCALS[0], port: NEW_PORT })
    lab.run(2000)
    expect(lab.client.actions).toContainEqual({ type: 'renewChildSas', path: from(NEW_PORT), encapsulate: false })
    expect(lab.client.state).toMatchObject({ ikePath: from(NEW_PORT), childPath: from(NEW_PORT) })
  })

  it('F43 F54 the same port again is no change', () => {
    const lab = new Lab().start(path(LOCALS[0], GW1))
    lab.client.local({ address: LOCALS[0], port: NEW_PORT })
    lab.run(2000)
    const count = lab.client.requests.length
    lab.client.local({ address: LOCALS[0], port: NEW_PORT })
    lab.run(5000)
    expect(lab.client.requests).toHaveLength(count)
  })
})

describe('a host that says it could not migrate', () => {
  const [WIFI, CELL] = LOCALS

  it('F42 without an order open is told that there is none', () => {
    expect(new Solo().do({ type: 'childSaMoveFailed', reason: 'no' })).toEqual([
      report({ kind: 'ignored', reason: 'no move under way' })
    ])
  })

  it('F42 after the peer has agreed is led back to a pair that has to show itself, as after any move', () => {
    const solo = new Solo()
    solo.local(CELL)
    solo.answer(solo.must())
    solo.local(WIFI, CELL)
    solo.now = 100
    expect(solo.do({ type: 'childSaMoveFailed', reason: 'no' })).toContainEqual(
      report({ kind: 'moving', from: path(CELL, GW1), to: path(WIFI, GW1) })
    )
    solo.must()
    // No reply by then: other pairs are tried.
    expect(solo.wake()).toBe(100 + DEFAULT_MOBIKE_POLICY.probing.fallbackMs)
    expect(solo.at(1100)).toContainEqual({ type: 'transmitOutstanding', path: path(CELL, GW1) })
  })
})

describe('hosts that fail to migrate Child SAs, one, some or all of them, at any time', () => {
  it('F42 F68 F69 once the network is quiet IKE SA and every Child SA of both sides are on one pair', () => {
    const addresses = fc.uniqueArray(
      fc.record({ address: fc.constantFrom(...LOCALS), cost: fc.integer({ min: 0, max: 2 }) }),
      { selector: ({ address }) => address, minLength: 1, maxLength: 3 }
    )
    const phase = fc.record({
      local: addresses as fc.Arbitrary<LocalAddress[]>,
      failing: fc.subarray([...IDS, 11, 12, 13]),
      lossy: fc.boolean(),
      ms: fc.constantFrom(10, 60, 90, 130, 400, 2500, 12_000)
    })
    const scenario = fc.array(phase, { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(scenario, (phases) => {
        const lab = new FailingLab().start(path(LOCALS[0], GW1)) as FailingLab
        lab.install()
        for (const { local, failing, lossy, ms } of phases) {
          lab.fails = (host, id) => failing.includes(host === lab.client ? id : id + 10)
          let count = 0
          lab.drops = () => lossy && count++ % 3 === 1
          lab.client.local(...local)
          lab.run(ms)
        }
        lab.drops = () => false
        // Who still fails goes on failing: a rekey needs no migration.
        lab.run(200_000)
        const { ikePath } = lab.client.state
        expect(lab.client.closed).toBeNull()
        for (const host of [lab.client, lab.gateway]) {
          const expected = host === lab.client ? ikePath : { local: ikePath.remote, remote: ikePath.local }
          expect(host.state).toMatchObject({ ikePath: expected, childPath: expected, childMoves: [], scattered: false })
          for (const outer of lab.children.get(host)?.values() ?? []) {
            expect(outer).toEqual({ path: expected, encapsulate: host.state.encapsulate })
          }
        }
      }),
      { numRuns: 400, seed: 4555 }
    )
  })
})
