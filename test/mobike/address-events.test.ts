import { describe, expect, it } from 'vitest'
import { DEFAULT_MOBIKE_POLICY, type LocalAddress, peerAddresses, reachability } from '../../src/mobike/index.ts'
import { at, path } from './host.ts'
import { CELL, cookie2Of, GW1, GW2, kinds, LAN, report, Solo, WIFI } from './solo.ts'

const WIFI_PATH = path(WIFI, GW1)
const CELL_PATH = path(CELL, GW1)
const LAN_PATH = path(LAN, GW1)
const V6 = '2001:db8::1'
const LAN6 = '2001:db8:9::1'
const GW6 = '2001:db8:ffff::1'

/** A client on Wi-Fi, which costs 5, and with these others. */
function dear(...others: LocalAddress[]): Solo {
  return new Solo({ localAddresses: [{ address: WIFI, cost: 5 }, ...others] })
}

function tell(solo: Solo, ...addresses: LocalAddress[]): ReturnType<Solo['do']> {
  return solo.do({ type: 'localAddressesChanged', addresses })
}

describe('a better address', () => {
  it('F73 is looked at when it was there for hysteresisMs; when it goes before, nothing is', () => {
    const solo = dear()
    tell(solo, { address: WIFI, cost: 5 }, { address: CELL, cost: 1 })
    expect(solo.wake()).toBe(1000)
    // Told again later, it was there since the first time.
    solo.now = 600
    tell(solo, { address: CELL, cost: 1 }, { address: WIFI, cost: 5 })
    expect(solo.wake()).toBe(1000)
    tell(solo, { address: WIFI, cost: 5 })
    expect(solo.wake()).toBeUndefined()
  })

  it('F73 that does not answer is tried again when its time has come, not before', () => {
    const solo = dear({ address: CELL, cost: 1 })
    tell(solo, { address: WIFI, cost: 5 }, { address: CELL, cost: 1 })
    expect(solo.at(1000)).toEqual([{ type: 'transmitOutstanding', path: CELL_PATH }])
    const probe = solo.must()
    expect([probe.purpose, probe.path]).toEqual(['probe', CELL_PATH])
    while (solo.state.probing !== null) solo.at(solo.wake() as number)
    const until = solo.wake() as number
    expect(until - solo.now).toBe(DEFAULT_MOBIKE_POLICY.probing.retryFailedMs)
    // The probe was answered on the pair in use in the end: it holds the window no more.
    solo.answer(probe, { path: WIFI_PATH, sources: [at(CELL), at(WIFI)] })
    solo.answer(solo.must())
    // Looked at early, as after a list of addresses, it still has to wait.
    solo.now = until - 1
    tell(solo, { address: WIFI, cost: 5 }, { address: CELL, cost: 1 })
    expect(solo.at(until - 1)).toEqual([])
    expect(solo.at(until)).toEqual([{ type: 'transmitOutstanding', path: CELL_PATH }])
  })

  it('F15 waits while an UPDATE or a list is on its way, and is tried when that is answered', () => {
    for (const open of ['update', 'addressList'] as const) {
      const solo = dear({ address: LAN, cost: 9 })
      if (open === 'update') solo.do({ type: 'updateForced' })
      tell(solo, { address: WIFI, cost: 5 }, { address: CELL, cost: 1 })
      const request = solo.must()
      expect(request.purpose).toBe(open)
      expect(solo.at(1000)).toEqual([])
      expect(solo.wake()).toBe(2000)
      solo.answer(request)
      expect(solo.at(2000)).toEqual([{ type: 'transmitOutstanding', path: CELL_PATH }])
    }
  })

  it('F15 waits for an UPDATE that is only wanted, too, and while other pairs are tested; a mere check is no reason', () => {
    const solo = dear()
    tell(solo, { address: WIFI, cost: 5 }, { address: CELL, cost: 1 })
    solo.answer(solo.must())
    solo.do({ type: 'updateForced' })
    expect(solo.at(1000)).toEqual([])
    solo.answer(solo.must())
    solo.do({ type: 'livenessDue' })
    solo.must()
    expect(solo.at(2000)).toEqual([{ type: 'transmitOutstanding', path: CELL_PATH }])
    // LAN is better still, but the test of CELL is not over.
    tell(solo, { address: WIFI, cost: 5 }, { address: CELL, cost: 1 }, { address: LAN, cost: 0 })
    const sent: unknown[] = []
    while (solo.now < 3000) sent.push(...solo.at(Math.max(solo.now + 1, solo.wake() as number)))
    expect(sent).not.toContainEqual({ type: 'transmitOutstanding', path: LAN_PATH })
  })

  it('A009 D12 is nothing to a responder', () => {
    const solo = new Solo({ role: 'responder', localAddresses: [{ address: WIFI, cost: 5 }] })
    tell(solo, { address: WIFI, cost: 5 }, { address: CELL, cost: 1 })
    expect(kinds(solo.must())).toEqual(['additionalAddress'])
    expect(solo.wake()).toBeUndefined()
  })

  it('F10 a test whose last pair cannot be sent on any more ends, and asks for nothing', () => {
    const solo = dear({ address: CELL, cost: 1 })
    tell(solo, { address: WIFI, cost: 5 }, { address: CELL, cost: 1 })
    solo.at(1000)
    // The probe is not built yet.
    tell(solo, { address: WIFI, cost: 5 })
    expect(kinds(solo.must())).toEqual(['noAdditionalAddresses'])
    expect([solo.ask(), solo.wake()]).toEqual([null, undefined])
  })

  it('F73 that failed is waited for when it is cheap again before its time: not tried, and not forgotten', () => {
    const solo = dear({ address: CELL, cost: 1 })
    tell(solo, { address: WIFI, cost: 5 }, { address: CELL, cost: 1 })
    solo.at(1000)
    while (solo.state.probing !== null) solo.at(solo.wake() as number)
    const { now } = solo
    tell(solo, { address: WIFI, cost: 5 }, { address: CELL, cost: 9 })
    expect(solo.wake()).toBeUndefined()
    tell(solo, { address: WIFI, cost: 5 }, { address: CELL, cost: 1 })
    expect(solo.at(now + 1000)).toEqual([])
    expect(solo.wake()).toBe(now + 31_000)
  })

  it('F73 that is none when it is looked for after a move that led back is not looked for again', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    solo.hear(path(WIFI, GW2), [{ kind: 'noAdditionalAddresses' }])
    const refusal = solo.must()
    solo.answer(refusal, { notifies: [{ kind: 'unacceptableAddresses' }, ...cookie2Of(refusal)] })
    solo.answer(solo.must())
    expect([solo.state.ikePath, solo.wake()]).toEqual([WIFI_PATH, 30_000])
    solo.at(30_000)
    expect(solo.wake()).toBeUndefined()
  })
})

describe('addresses that come while replies are missing', () => {
  /** Moved to CELL, which nothing was heard on. */
  function doubtful(): Solo {
    const solo = new Solo({ localAddresses: [{ address: WIFI }], remoteCandidates: [at(GW2)] })
    solo.local(CELL)
    solo.must()
    expect(solo.wake()).toBe(1000)
    return solo
  }

  it('F12 a new one starts a test of all at once, those that were there do not', () => {
    expect(doubtful().local(CELL)).toEqual([])
    const solo = doubtful()
    expect(solo.local(CELL, LAN)).toEqual([{ type: 'transmitOutstanding', path: path(CELL, GW2) }])
    // All others, and last the one in use.
    const sent = [LAN_PATH, path(CELL, GW2), path(LAN, GW2), CELL_PATH]
    expect(solo.state.probing?.candidates).toHaveLength(sent.length)
    expect(solo.state.probing?.candidates).toEqual(expect.arrayContaining(sent))
    expect(solo.state.probing?.candidates.at(-1)).toEqual(CELL_PATH)
  })

  it('F12 one that is gone, and none that is new, starts nothing', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }], remoteCandidates: [at(GW2)] })
    solo.local(CELL, LAN)
    solo.must()
    expect(solo.local(CELL)).toEqual([])
  })

  it('F12 a new one beside those under test joins them; where all were tried in vain, it is one more chance', () => {
    const solo = new Solo()
    solo.do({ type: 'livenessDue' })
    const { token } = solo.must()
    solo.do({ type: 'requestRetransmitted', token, attempt: 2 })
    expect(solo.state.probing?.candidates).toEqual([CELL_PATH, WIFI_PATH])
    solo.local(WIFI, CELL, LAN)
    expect(solo.state.probing?.candidates).toEqual([CELL_PATH, LAN_PATH, WIFI_PATH])
    while (solo.state.probing !== null) solo.at(solo.wake() as number)
    expect(reachability(solo.state)).toMatchObject({ state: 'unreachable', rounds: 1 })
    const end = (local: string[]): readonly unknown[] => {
      const [state, now] = [solo.state, solo.now]
      solo.local(...local)
      const ended = solo.do({ type: 'requestExhausted', token })
      solo.state = state
      solo.now = now
      return ended
    }
    expect(end([WIFI, CELL, LAN])).toEqual([{ type: 'closeIkeSa', reason: 'noResponse' }])
    expect(end([WIFI, CELL])).toEqual([{ type: 'closeIkeSa', reason: 'noResponse' }])
    expect(end([WIFI, CELL, LAN, '198.18.11.11'])).toEqual([{ type: 'retryOutstanding' }])
  })
})

describe('the end of an outage', () => {
  for (const role of ['initiator', 'responder'] as const) {
    it(`F40 F60 C36 an ${role} goes on at once, and says when the first reply shows that the pair works`, () => {
      const solo = new Solo({ role, localAddresses: [{ address: WIFI }] })
      solo.do({ type: 'livenessDue' })
      const check = solo.must()
      solo.now = 5000
      expect(solo.local()).toEqual([{ type: 'suspendRetransmission' }, report({ kind: 'noPath' })])
      expect(reachability(solo.state)).toEqual({ state: 'noPath', since: 5000, rounds: 0 })
      expect(solo.local()).toEqual([])
      expect(solo.local(WIFI)).toEqual([
        { type: 'resumeRetransmission' },
        { type: 'redirectOutstanding', path: WIFI_PATH }
      ])
      expect(solo.ask()?.purpose).toBe(role === 'initiator' ? 'update' : undefined)
      expect(solo.answer(check)).toEqual([report({ kind: 'pathRestored', path: WIFI_PATH })])
    })
  }

  it('F71 without a path since the address went, and since before, if replies were missing then', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }], remoteCandidates: [at(GW2)] })
    solo.do({ type: 'livenessDue' })
    solo.now = 3000
    solo.do({ type: 'requestRetransmitted', token: solo.must().token, attempt: 2 })
    solo.now = 4000
    solo.local()
    expect(reachability(solo.state)).toMatchObject({ state: 'noPath', since: 3000 })
  })

  it('F40 F60 a responder says so on another address as well', () => {
    const solo = new Solo({ role: 'responder', localAddresses: [{ address: WIFI }] })
    solo.local()
    solo.local(CELL)
    expect(solo.answer(solo.must())).toEqual([report({ kind: 'pathRestored', path: CELL_PATH })])
  })

  it('F40 an address whose pairs were all tried in vain is better than none', () => {
    const solo = new Solo()
    solo.do({ type: 'livenessDue' })
    solo.do({ type: 'requestRetransmitted', token: solo.must().token, attempt: 2 })
    while (solo.state.probing !== null) solo.at(solo.wake() as number)
    expect(solo.local(CELL)).toContainEqual(report({ kind: 'moving', from: WIFI_PATH, to: CELL_PATH }))
  })
})

describe('a responder whose source is gone', () => {
  const init = { role: 'responder', path: WIFI_PATH, peerAddresses: [GW2] } as const

  it('A066 A078 moves its own end, tells its list from the next one, and looks further when nothing comes back', () => {
    const solo = new Solo(init)
    expect(solo.local(CELL)).toEqual([
      { type: 'redirectOutstanding', path: CELL_PATH },
      { type: 'moveChildSas', from: WIFI_PATH, to: CELL_PATH, encapsulate: false }
    ])
    expect(kinds(solo.must())).toEqual(['noAdditionalAddresses'])
    expect(solo.ask()).toBeNull()
    expect(solo.wake()).toBe(1000)
    expect(solo.at(1000)).toEqual([{ type: 'transmitOutstanding', path: path(CELL, GW2) }])
  })

  it('A078 with nowhere else to look there is no such deadline', () => {
    const solo = new Solo({ ...init, peerAddresses: [] })
    solo.local(CELL)
    expect(solo.wake()).toBeUndefined()
  })

  it('A066 A078 goes to where its peer was last, though pairs of the other family come before', () => {
    const solo = new Solo({ ...init, path: path(V6, GW6), localAddresses: [{ address: V6 }], peerAddresses: [GW1] })
    solo.local(CELL, LAN6)
    expect(solo.state.ikePath).toEqual(path(LAN6, GW6))
    expect(solo.state.childPath).toEqual(path(LAN6, GW6))
    expect(solo.must().path).toEqual(path(LAN6, GW6))
    // Only where that cannot be, or was found dead, to another address that was announced.
    solo.local(CELL)
    expect(solo.state.ikePath).toEqual(path(CELL, GW1))
  })

  it('A078 D18 where the last UPDATE came from is one of its addresses, and that of the list before is none any more', () => {
    const solo = new Solo({ ...init, localAddresses: [{ address: WIFI }], peerAddresses: [GW2] })
    const GW3 = '203.0.113.3'
    solo.hear(path(WIFI, GW3), [{ kind: 'updateSaAddresses' }])
    expect(peerAddresses(solo.state)).toEqual([GW3, GW2])
    // The newest one may have been an address of the list.
    solo.hear(path(WIFI, GW2), [{ kind: 'updateSaAddresses' }])
    expect(peerAddresses(solo.state)).toEqual([GW2])
  })

  it('A084 D18 a move that waits for its check goes on waiting: its own end alone is changed', () => {
    const solo = new Solo({ ...init, peerAddresses: [] })
    const to = path(WIFI, GW2)
    solo.hear(to, [{ kind: 'updateSaAddresses' }])
    expect([solo.state.ikePath, solo.state.childPath]).toEqual([to, WIFI_PATH])
    const check = solo.must()
    expect(check.purpose).toBe('routability')
    solo.local(CELL)
    expect([solo.state.ikePath, solo.state.childPath]).toEqual([path(CELL, GW2), CELL_PATH])
    expect(
      solo.answer(check, { path: path(CELL, GW2), sources: [at(WIFI), at(CELL)], destinations: [at(GW2)] })
    ).toEqual([
      report({ kind: 'routabilityVerified', address: GW2 }),
      { type: 'moveChildSas', from: CELL_PATH, to: path(CELL, GW2), encapsulate: false },
      report({ kind: 'peerMoved', from: CELL_PATH, to: path(CELL, GW2) })
    ])
  })

  it('A066 A078 goes to another address of its peer where the one it was last at was found dead from there', () => {
    const policy = { ...DEFAULT_MOBIKE_POLICY, probing: { ...DEFAULT_MOBIKE_POLICY.probing, maxPairs: 3 } }
    const solo = new Solo(init, policy)
    solo.local(CELL, LAN)
    solo.do({ type: 'requestRetransmitted', token: solo.must().token, attempt: 2 })
    expect(solo.state.probing?.candidates).toEqual([path(CELL, GW2), LAN_PATH, CELL_PATH])
    while (solo.state.probing?.candidates.length === 3) solo.at(solo.wake() as number)
    solo.local(LAN)
    expect(solo.state.ikePath).toEqual(path(LAN, GW2))
  })

  it('A078 an UPDATE heard before does not make its first search for its peer the last', () => {
    const solo = new Solo(init)
    solo.hear(path(WIFI, GW1), [{ kind: 'updateSaAddresses' }])
    solo.local(CELL)
    expect(solo.do({ type: 'requestExhausted', token: solo.must().token })).toEqual([
      { type: 'retryOutstanding' },
      { type: 'transmitOutstanding', path: path(CELL, GW2) }
    ])
  })

  it('A084 D18 a move that waits for its check goes on waiting where the peer answers from the same address, too', () => {
    const solo = new Solo({ ...init, peerAddresses: [] })
    solo.hear(path(WIFI, GW2), [{ kind: 'updateSaAddresses' }])
    const check = solo.must()
    solo.local(CELL, LAN)
    const list = solo.must()
    solo.do({ type: 'requestRetransmitted', token: list.token, attempt: 2 })
    solo.answer(list, { path: path(LAN, GW2), sources: [at(CELL), at(LAN)] })
    expect(solo.state.ikePath).toEqual(path(LAN, GW2))
    expect(solo.answer(check, { path: path(LAN, GW2) })).toContainEqual(
      report({ kind: 'peerMoved', from: LAN_PATH, to: path(LAN, GW2) })
    )
  })
})
