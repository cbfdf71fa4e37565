import { describe, expect, it } from 'vitest'
import { allowedByFlags, inPrefixes } from '../../src/mobike/address-set.ts'
import {
  DEFAULT_MOBIKE_POLICY,
  type MobikeInit,
  type MobikePolicy,
  nextMobikeRequest,
  pathTable,
  type RoutabilityPolicy,
  routabilityOf,
  wantsMobikeRequest
} from '../../src/mobike/index.ts'
import { mayEncapsulate } from '../../src/mobike/nat.ts'
import { bestPath, betterPaths, candidatePaths, hasOtherPath } from '../../src/mobike/selection.ts'
import { at, path } from './host.ts'
import { CELL, cookie2Of, GW1, GW2, kinds, LAN, report, Solo, WIFI } from './solo.ts'

const WIFI_PATH = path(WIFI, GW1)
const BEHIND_NAT = { localBehindNat: true, remoteBehindNat: false, destinationHash: 'aa' }

function routability(patch: Partial<RoutabilityPolicy>): MobikePolicy {
  return { ...DEFAULT_MOBIKE_POLICY, routability: { ...DEFAULT_MOBIKE_POLICY.routability, ...patch } }
}

const ends = (solo: Solo): string[] =>
  pathTable(solo.state).map((view) => `${view.path.remote.address}#${view.path.remote.port}`)

describe('what a machine begins with', () => {
  it('without addresses told, the one of IKE_AUTH is what the host has', () => {
    const solo = new Solo({ localAddresses: [] })
    expect(pathTable(solo.state)).toMatchObject([{ path: WIFI_PATH, status: 'untried', current: true }])
    expect([solo.first, solo.ask(), solo.wake()]).toEqual([[], null, undefined])
  })

  it('the port of an announced address: a responder guesses the usual one, an initiator that of the responder', () => {
    const localAddresses = [{ address: GW1 }]
    const from = { role: 'responder', path: path(GW1, `${WIFI}#1024`), localAddresses, peerAddresses: [CELL] } as const
    expect(ends(new Solo(from))).toEqual([`${WIFI}#1024`, `${CELL}#4500`])
    expect(ends(new Solo({ ...from, natTraversal: false, nat: null }))).toEqual([`${WIFI}#1024`, `${CELL}#500`])
    const to = { path: path(WIFI, `${GW1}#10500`), localAddresses: [{ address: WIFI }], peerAddresses: [GW2] }
    expect(ends(new Solo(to))).toEqual([`${GW1}#10500`, `${GW2}#10500`])
  })

  it('A082 A085 a peer address that IKE_SA_INIT did not run on is checked first of all, unless nothing is ever checked', () => {
    const init = { initPath: WIFI_PATH, path: path(WIFI, GW2) }
    expect(new Solo(init).ask()?.purpose).toBe('routability')
    expect(new Solo({ ...init, initPath: path(CELL, GW2) }).ask()).toBeNull()
    expect(new Solo({ ...init }, routability({ when: 'never' })).ask()).toBeNull()
    expect(new Solo({}, routability({ when: 'never' })).ask()).toBeNull()
  })

  it('F23 D21 behind a NAT the initiator takes its baseline early; a responder takes none', () => {
    expect(kinds(new Solo({ nat: BEHIND_NAT }).must())).toEqual(['natDetection'])
    expect(new Solo({ nat: BEHIND_NAT, role: 'responder' }).ask()).toBeNull()
    expect(new Solo({ nat: BEHIND_NAT, initPath: WIFI_PATH }).ask()).toBeNull()
  })

  it('F26 a responder behind a NAT keeps NAT_DETECTION out of its liveness checks', () => {
    const solo = new Solo({ nat: BEHIND_NAT, role: 'responder' })
    solo.do({ type: 'livenessDue' })
    expect(kinds(solo.must())).toEqual([])
  })

  it('D24 keepalives start with it behind a NAT; only the initiator has to be awake for them', () => {
    const START = [{ type: 'startNatKeepalive', path: WIFI_PATH, intervalMs: 20_000 }]
    const client = new Solo({ nat: BEHIND_NAT, initPath: WIFI_PATH })
    expect([client.first, client.wake()]).toEqual([START, 20_000])
    const gateway = new Solo({ nat: BEHIND_NAT, role: 'responder' })
    expect([gateway.first, gateway.wake()]).toEqual([START, undefined])
  })

  it('the address of IKE_AUTH that is gone by then is left at once', () => {
    const solo = new Solo({ localAddresses: [{ address: CELL }] })
    expect(solo.first).toEqual([
      report({ kind: 'moving', from: WIFI_PATH, to: path(CELL, GW1) }),
      { type: 'redirectOutstanding', path: path(CELL, GW1) },
      { type: 'moveChildSas', from: WIFI_PATH, to: path(CELL, GW1), encapsulate: false }
    ])
  })
})

describe('events', () => {
  it('F57 endpoints the caller names while replies are missing are tried at once; a prefix excluded then is not', () => {
    const doubtful = (): Solo => {
      const solo = new Solo({ localAddresses: [{ address: WIFI }], remoteCandidates: [at(GW2)] })
      solo.local(CELL)
      solo.must()
      return solo
    }
    expect(doubtful().do({ type: 'remoteCandidatesChanged', endpoints: [at(GW2), at('203.0.113.3')] })).toHaveLength(1)
    const prefixes = [{ address: '10.0.0.0', prefixLength: 8 }]
    expect(doubtful().do({ type: 'excludedPrefixesChanged', prefixes })).toEqual([])
  })

  it('A009 an UPDATE forced on a responder is not sent, and the caller is told why', () => {
    const solo = new Solo({ role: 'responder' })
    expect(solo.do({ type: 'updateForced' })).toEqual([
      report({ kind: 'ignored', reason: 'only the MOBIKE initiator updates addresses' })
    ])
    expect(solo.ask()).toBeNull()
  })

  it('F20 A-O9 after an IKE SA rekey only what moved since, or is behind a NAT, is told anew, by the initiator', () => {
    const next = (init: Partial<MobikeInit>, movedSince?: boolean): string | undefined => {
      const solo = new Solo({ initPath: init.path ?? WIFI_PATH, ...init })
      solo.do({ type: 'ikeSaRekeyed', ...(movedSince === undefined ? {} : { movedSince }) })
      return solo.ask()?.purpose
    }
    expect(next({})).toBeUndefined()
    expect(next({}, false)).toBeUndefined()
    expect(next({}, true)).toBe('update')
    expect(next({ nat: BEHIND_NAT })).toBe('update')
    expect(next({ role: 'responder', nat: BEHIND_NAT }, true)).toBeUndefined()
  })

  it('F20 a probe is asked anew on the new IKE SA while its test goes on, and only then', () => {
    const rekeyed = (test: 'wanted' | 'open' | 'over'): string | undefined => {
      const solo = new Solo({ localAddresses: [{ address: WIFI, cost: 5 }] })
      const addresses = [
        { address: WIFI, cost: 5 },
        { address: CELL, cost: 1 }
      ]
      solo.do({ type: 'localAddressesChanged', addresses })
      solo.answer(solo.must())
      solo.at(1000)
      if (test !== 'wanted') solo.must()
      if (test === 'over') while (solo.state.probing !== null) solo.at(solo.wake() as number)
      if (test === 'over') solo.ask()
      solo.do({ type: 'ikeSaRekeyed' })
      return solo.ask()?.purpose
    }
    expect([rekeyed('wanted'), rekeyed('open'), rekeyed('over')]).toEqual(['probe', 'probe', undefined])
    // A test for want of replies has no probe of its own before there is one.
    const solo = new Solo()
    solo.do({ type: 'livenessDue' })
    solo.must()
    solo.do({ type: 'ikeSaRekeyed' })
    expect(solo.ask()).toBeNull()
  })

  it('D40 F20 only requests with COOKIE2 are remembered over a rekey, at most 64, the newest', () => {
    const solo = new Solo()
    for (let round = 0; round < 70; round++) {
      solo.do({ type: 'updateForced' })
      solo.must()
      solo.do({ type: 'livenessDue' })
      solo.must()
      solo.do({ type: 'ikeSaRekeyed' })
      solo.must()
      solo.do({ type: 'ikeSaRekeyed' })
    }
    expect(solo.state.voided).toHaveLength(64)
    expect(solo.state.voided.every(({ purpose }) => purpose === 'update')).toBe(true)
    expect(Math.min(...solo.state.voided.map(({ token }) => token))).toBeGreaterThan(70)
  })

  it('A liveness check while a list waits has no list in it, and does not make it forgotten', () => {
    const solo = new Solo()
    solo.local(WIFI, CELL, LAN)
    solo.answer(solo.must(), { failedWith: 43 })
    solo.do({ type: 'livenessDue' })
    const check = solo.must()
    expect([check.purpose, kinds(check), solo.ask()]).toEqual(['liveness', [], null])
    solo.at(1000)
    expect(solo.ask()?.purpose).toBe('addressList')
  })

  it('A closed machine has no request and no intent left', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    solo.do({ type: 'livenessDue' })
    const { token } = solo.must()
    solo.do({ type: 'livenessDue' })
    expect(solo.do({ type: 'requestExhausted', token })).toEqual([{ type: 'closeIkeSa', reason: 'noResponse' }])
    const pending = { update: false, routability: false, list: false, probe: false, liveness: false }
    expect(solo.state).toMatchObject({ closed: true, outstanding: [], pending })
  })

  it('Whether there is a request to send can be asked before entropy is drawn for it', () => {
    const solo = new Solo()
    expect(wantsMobikeRequest(solo.state, 0)).toBe(false)
    solo.do({ type: 'livenessDue' })
    expect(wantsMobikeRequest(solo.state, 0)).toBe(true)
  })

  it('A probe that the responder had yet to send is not sent once it had no address and has the old one again', () => {
    const localAddresses = [{ address: GW1 }, { address: GW2 }]
    const solo = new Solo({ role: 'responder', path: path(GW1, WIFI), localAddresses, peerAddresses: [CELL] })
    solo.local(GW2)
    const { token } = solo.must()
    solo.do({ type: 'requestRetransmitted', token, attempt: 2 })
    expect(solo.state.pending.probe).toBe(true)
    solo.local()
    solo.local(GW2)
    expect([solo.state.outageSince, solo.ask()]).toEqual([null, null])
  })

  it('The responder whose source is gone moves its own end only, to its own family, encapsulated as before', () => {
    const at6 = '2001:db8:2::1'
    const localAddresses = [GW1, GW2, at6].map((address) => ({ address }))
    const nat = { localBehindNat: false, remoteBehindNat: true, destinationHash: 'aa' }
    const peerAddresses = ['2001:db8:1::7']
    const solo = new Solo({ role: 'responder', path: path(GW1, WIFI), localAddresses, peerAddresses, nat })
    const orders = (...addresses: string[]) => solo.local(...addresses).filter(({ type }) => type === 'moveChildSas')
    const order = { type: 'moveChildSas', from: path(GW1, WIFI), to: path(GW2, WIFI), encapsulate: true }
    expect(orders(GW2, at6)).toEqual([order])
    expect(orders(at6)).toEqual([])
    expect(solo.state.ikePath).toEqual(path(at6, peerAddresses[0] as string))
  })

  it('F33 the same addresses told again lead to a check where policy wants one; any that came, went or moved do not', () => {
    const policy = { ...DEFAULT_MOBIKE_POLICY, checkUnchangedAddresses: true }
    const after = (...addresses: { address: string; port?: number }[]): boolean => {
      const solo = new Solo({}, policy)
      solo.do({ type: 'localAddressesChanged', addresses })
      return solo.state.pending.liveness
    }
    const [wifi, cell] = [{ address: WIFI }, { address: CELL }]
    expect(after(wifi, cell)).toBe(true)
    expect(after(cell, wifi)).toBe(true)
    expect(after(wifi)).toBe(false)
    expect(after(wifi, cell, { address: LAN })).toBe(false)
    expect(after(wifi, { address: LAN })).toBe(false)
    expect(after(wifi, { ...cell, port: 40_001 })).toBe(false)
    expect(after(wifi, wifi)).toBe(false)
    const out = new Solo({}, policy)
    out.local()
    out.local()
    expect(out.state.pending.liveness).toBe(false)
  })

  it('F20 a probe that was answered on another pair than those under test is not asked anew on the new IKE SA', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI, cost: 5 }] })
    const [wifi, cell] = [
      { address: WIFI, cost: 5 },
      { address: CELL, cost: 1 }
    ]
    solo.do({ type: 'localAddressesChanged', addresses: [wifi, cell] })
    solo.answer(solo.must())
    solo.at(1000)
    solo.answer(solo.must(), { path: WIFI_PATH, sources: [at(CELL), at(WIFI)] })
    expect(solo.state.probing).not.toBeNull()
    solo.do({ type: 'ikeSaRekeyed' })
    expect(solo.ask()).toBeNull()
  })

  it('F23 an answer without NAT_DETECTION to a check that has it says nothing of the mapping, nor does one on another pair', () => {
    const solo = new Solo({ nat: BEHIND_NAT, initPath: WIFI_PATH })
    const answered = (patch: Parameters<Solo['answer']>[1]): readonly unknown[] => {
      solo.do({ type: 'livenessDue' })
      return [...solo.answer(solo.must(), patch), solo.ask()]
    }
    expect(answered({ notifies: [], nat: null })).toEqual([null])
    const other = { ...BEHIND_NAT, destinationHash: 'bb' }
    expect(answered({ path: path(CELL, GW1), sources: [at(WIFI)], nat: other })).toEqual([null])
    expect(answered({ nat: other })).toContainEqual(report({ kind: 'natMappingChanged' }))
  })

  it('F74 where no NAT was ever seen a check that sees none leads to nothing', () => {
    const solo = new Solo({ nat: null })
    solo.do({ type: 'espReceived', path: WIFI_PATH, encapsulated: true })
    const update = solo.must()
    solo.answer(update, { notifies: cookie2Of(update), nat: null })
    solo.do({ type: 'livenessDue' })
    const check = solo.must()
    expect(kinds(check)).toEqual(['natDetection'])
    expect(solo.answer(check)).toEqual([])
    expect(solo.ask()).toBeNull()
  })

  it('C40 back on a pair where an UPDATE showed a NAT, ESP is encapsulated at once, and keepalives start', () => {
    const solo = new Solo()
    solo.do({ type: 'updateForced' })
    solo.answer(solo.must(), { nat: BEHIND_NAT })
    solo.do({ type: 'livenessDue' })
    const check = solo.must()
    solo.do({ type: 'requestRetransmitted', token: check.token, attempt: 2 })
    solo.answer(check, { path: path(CELL, GW1), sources: [at(WIFI), at(CELL)] })
    solo.answer(solo.must())
    expect([solo.state.ikePath, solo.state.encapsulate]).toEqual([path(CELL, GW1), false])
    expect(solo.local(WIFI)).toEqual([
      report({ kind: 'moving', from: path(CELL, GW1), to: WIFI_PATH }),
      { type: 'redirectOutstanding', path: WIFI_PATH },
      { type: 'moveChildSas', from: path(CELL, GW1), to: WIFI_PATH, encapsulate: true },
      { type: 'startNatKeepalive', path: WIFI_PATH, intervalMs: 20_000 }
    ])
  })
})

describe('time', () => {
  it('a tick before its time does nothing: not to a check that waits, nor to an UPDATE, nor to a test of pairs', () => {
    const unproven = new Solo({ localAddresses: [{ address: WIFI }] })
    unproven.hear(path(WIFI, GW2), [{ kind: 'noAdditionalAddresses' }])
    unproven.answer(unproven.must(), { notifies: [] })
    expect(unproven.at(500)).toEqual([])
    expect([unproven.ask(), unproven.wake()]).toEqual([null, 1000])
    // What the host asks a moment before time is no request either.
    const early = nextMobikeRequest(unproven.policy, unproven.state, { now: 999, entropy: new Uint8Array(32) })
    expect(early.request).toBeNull()
    const due = nextMobikeRequest(unproven.policy, unproven.state, { now: 1000, entropy: new Uint8Array(32) })
    expect(due.request?.purpose).toBe('routability')

    const failed = new Solo()
    failed.do({ type: 'updateForced' })
    failed.answer(failed.must(), { notifies: [], nat: null, failedWith: 43 })
    expect(failed.at(500)).toEqual([])
    expect([failed.ask(), failed.wake()]).toEqual([null, 1000])
    const again = nextMobikeRequest(failed.policy, failed.state, { now: 1000, entropy: new Uint8Array(32) })
    expect(again.request?.purpose).toBe('update')

    const better = new Solo({ localAddresses: [{ address: WIFI, cost: 5 }] })
    better.do({
      type: 'localAddressesChanged',
      addresses: [
        { address: WIFI, cost: 5 },
        { address: CELL, cost: 1 }
      ]
    })
    expect(better.at(999)).toEqual([])
    expect(better.wake()).toBe(1000)
  })

  it('A clock may begin below zero: what waits for nothing does not wait', () => {
    const solo = new Solo({ now: -2000 }, routability({ periodicMs: 500 }))
    solo.at(-1000)
    expect(solo.must().purpose).toBe('routability')
    solo.do({ type: 'updateForced' })
    expect(solo.must().purpose).toBe('update')
  })

  it('A145 a periodic check is asked for when it is due, and again so long after each proof', () => {
    const solo = new Solo({}, routability({ periodicMs: 60_000 }))
    expect(solo.wake()).toBe(60_000)
    expect(solo.at(59_999)).toEqual([])
    expect(solo.ask()).toBeNull()
    solo.at(60_000)
    const check = solo.must()
    expect([check.purpose, solo.wake()]).toEqual(['routability', 120_000])
    solo.now = 61_000
    solo.answer(check)
    expect(solo.wake()).toBe(121_000)
  })

  it('A083 a check that is too old counts no more, to the millisecond', () => {
    const policy = routability({ validMs: 10_000 })
    const moved = (now: number, since = 0): string | undefined => {
      const solo = new Solo({ role: 'responder', path: path(GW1, WIFI), localAddresses: [{ address: GW1 }] }, policy)
      solo.now = since
      solo.hear(path(GW1, CELL), [{ kind: 'updateSaAddresses' }])
      solo.answer(solo.must())
      solo.hear(path(GW1, WIFI), [{ kind: 'updateSaAddresses' }])
      solo.ask()
      solo.now = now
      solo.hear(path(GW1, CELL), [{ kind: 'updateSaAddresses' }])
      return solo.ask()?.purpose
    }
    expect([moved(9999), moved(10_000)]).toEqual([undefined, 'routability'])
    expect([moved(14_999, 5000), moved(15_000, 5000)]).toEqual([undefined, 'routability'])
  })

  it('A086 an answer to a request of its own counts as one, the last for each address', () => {
    const solo = new Solo({ initPath: path(WIFI, GW2) }, routability({ when: 'never' }))
    for (const now of [10, 20]) {
      solo.now = now
      solo.do({ type: 'livenessDue' })
      solo.answer(solo.must())
    }
    expect(routabilityOf(solo.state)).toEqual([{ address: GW1, level: 'answer', at: 20 }])
  })

  it('A145 a periodic check that waits for the window is not sent when the UPDATE before it proved the address', () => {
    const solo = new Solo({}, routability({ periodicMs: 500 }))
    solo.do({ type: 'updateForced' })
    const update = solo.must()
    solo.at(500)
    expect(solo.state.pending.routability).toBe(true)
    solo.answer(update)
    expect(solo.ask()).toBeNull()
  })

  it('A036 hints make one check in a second: the next counts when a second is over', () => {
    const solo = new Solo()
    const hint = (now: number): string | undefined => {
      solo.now = now
      solo.do({ type: 'hintReceived', hint: 'icmpError' })
      return solo.ask()?.purpose
    }
    expect([hint(0), hint(999), hint(1000)]).toEqual(['liveness', undefined, 'liveness'])
  })

  it('A145 with a policy that wants no periodic checks any more the one that is due is the last', () => {
    const solo = new Solo()
    solo.state = new Solo({}, routability({ periodicMs: 60_000 })).state
    solo.at(60_000)
    expect([solo.ask()?.purpose, solo.wake()]).toEqual(['routability', undefined])
  })
})

describe('pairs to choose from', () => {
  const three = new Solo({
    localAddresses: [
      { address: WIFI, cost: 5 },
      { address: CELL, cost: 1 },
      { address: LAN, cost: 2 }
    ]
  })

  it('C38 as many as asked for, those that failed last, and only if they are wanted', () => {
    const { state } = three
    const all = [path(CELL, GW1), path(LAN, GW1), WIFI_PATH]
    expect(candidatePaths(state, 0, 2, true)).toEqual(all.slice(0, 2))
    const records = state.pairs.locals.map((_, row) =>
      row === 2
        ? null
        : [
            {
              path: all[row] as typeof WIFI_PATH,
              status: 'failed',
              failedAt: 0,
              until: 10,
              failedMoves: 0,
              roundTripMs: null,
              refusals: 0,
              refusedUntil: null,
              nat: null
            } as const
          ]
    )
    const failed = { ...state, pairs: { ...state.pairs, records } }
    expect(candidatePaths(failed, 0, 1, true)).toEqual([WIFI_PATH])
    expect(candidatePaths(failed, 0, 2, true)).toEqual([WIFI_PATH, path(CELL, GW1)])
    expect(candidatePaths(failed, 0, 9, true)).toEqual([WIFI_PATH, path(CELL, GW1), path(LAN, GW1)])
    expect(candidatePaths(failed, 0, 9, false)).toEqual([WIFI_PATH])
    expect(bestPath(failed, 0, false, WIFI_PATH)).toBeUndefined()
    expect(bestPath(failed, 0, true, WIFI_PATH)).toEqual(path(CELL, GW1))
    expect(betterPaths(three.policy, failed, WIFI_PATH, 0, false)).toEqual([])
    expect(betterPaths(three.policy, failed, WIFI_PATH, 0, true)).toEqual([path(CELL, GW1), path(LAN, GW1)])
    const one = { ...three.policy, probing: { ...three.policy.probing, maxPairs: 1 } }
    expect(betterPaths(one, failed, WIFI_PATH, 0, true)).toEqual([path(CELL, GW1)])
  })

  it('C38 with one pair there is another only if that is not the one meant', () => {
    const { state } = new Solo({ localAddresses: [{ address: WIFI }] })
    expect([hasOtherPath(state, WIFI_PATH), hasOtherPath(state, path(CELL, GW1))]).toEqual([false, true])
    expect(hasOtherPath(three.state, WIFI_PATH)).toBe(true)
  })

  it('A011 C14 the table shows pairs of one family only', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }, { address: '2001:db8::1' }] })
    expect(pathTable(solo.state)).toHaveLength(1)
  })
})

describe('addresses and ports', () => {
  it('B217 ESP is encapsulated on no IKE port, at either end; 4500 is 4500 whatever the peer seems to be on', () => {
    const ports = { ike: 500, natTraversal: 4500 }
    const may = (local: number, remote: number): boolean =>
      mayEncapsulate(ports, path(`${WIFI}#${local}`, `${GW1}#${remote}`))
    expect([may(4500, 500), may(4500, 4500), may(10_500, 10_500)]).toEqual([true, true, true])
    expect([may(500, 4500), may(500, 500), may(10_500, 500)]).toEqual([false, false, false])
  })

  it('C33 a prefix holds what begins with its bits, in its family, and nothing where it is none', () => {
    const isIn = (address: string, network: string, prefixLength: number): boolean =>
      inPrefixes(address, [{ address: network, prefixLength }])
    expect([isIn('10.1.2.3', '10.0.0.0', 8), isIn('11.1.2.3', '10.0.0.0', 8)]).toEqual([true, false])
    expect([isIn('10.1.2.3', '10.1.0.0', 16), isIn('10.2.2.3', '10.1.0.0', 16)]).toEqual([true, false])
    expect([isIn('172.31.0.1', '172.16.0.0', 12), isIn('172.32.0.1', '172.16.0.0', 12)]).toEqual([true, false])
    expect([isIn('9.9.9.9', '0.0.0.0', 0), isIn('2001:db8::1', '0.0.0.0', 0)]).toEqual([true, false])
    expect([isIn('192.0.2.1', '192.0.2.1', 32), isIn('192.0.2.2', '192.0.2.1', 32)]).toEqual([true, false])
    expect([isIn('no address', '0.0.0.0', 0), isIn('10.0.0.1', 'no address', 0)]).toEqual([false, false])
    expect(inPrefixes('10.0.0.1', [])).toBe(false)
  })

  it('A147 F65 what may not be announced is not; a prefix for the peer’s addresses does not touch our own', () => {
    const told = (init: Partial<MobikeInit>, max = 8): readonly string[] =>
      new Solo(init, { ...DEFAULT_MOBIKE_POLICY, maxAdvertisedAddresses: max }).state.announced
    const excluded = { address: '198.18.7.0', prefixLength: 24 }
    expect(told({})).toEqual([CELL])
    expect(told({ excludedPrefixes: [excluded] })).toEqual([])
    expect(told({ excludedPrefixes: [{ ...excluded, announcedOnly: true }] })).toEqual([CELL])
    const many = [WIFI, CELL, LAN, '198.18.11.11'].map((address) => ({ address }))
    expect(told({ localAddresses: many }, 2)).toEqual([CELL, LAN])
    expect(told({ localAddresses: many }, 0)).toEqual([])
    expect(
      new Solo({ localAddresses: many }, { ...DEFAULT_MOBIKE_POLICY, maxAdvertisedAddresses: 2 }).state.advertisable
    ).toHaveLength(3)
    expect(allowedByFlags(DEFAULT_MOBIKE_POLICY, { address: CELL })).toBe(true)
  })
})
