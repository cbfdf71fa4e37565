import { describe, expect, it } from 'vitest'
import { pathText } from '../../src/bytes/index.ts'
import {
  DEFAULT_MOBIKE_POLICY,
  type MobikeAction,
  type MobikeInit,
  type MobikePolicy,
  type MobikeRequest,
  type ProbingPolicy,
  pathTable,
  reachability,
  retransmissionPath
} from '../../src/mobike/index.ts'

import { at, path } from './host.ts'
import { CELL, GW1, GW2, LAN, report, Solo, WIFI } from './solo.ts'

const WIFI_PATH = path(WIFI, GW1)
const CELL_PATH = path(CELL, GW1)
const LAN_PATH = path(LAN, GW1)

function probing(patch: Partial<ProbingPolicy>): MobikePolicy {
  return { ...DEFAULT_MOBIKE_POLICY, probing: { ...DEFAULT_MOBIKE_POLICY.probing, ...patch } }
}

const sentOn = (actions: readonly MobikeAction[]): string[] =>
  actions.flatMap((action) => (action.type === 'transmitOutstanding' ? [pathText(action.path)] : []))

/** A liveness check that was repeated twice in vain: other pairs are tested. */
function suspect(init: Partial<MobikeInit> = {}, policy = DEFAULT_MOBIKE_POLICY): { solo: Solo; check: MobikeRequest } {
  const solo = new Solo(init, policy)
  solo.do({ type: 'livenessDue' })
  const check = solo.must()
  solo.do({ type: 'requestRetransmitted', token: check.token, attempt: 2 })
  return { solo, check }
}

/** A cheaper address than that in use is under test; the request for it is not built. */
function better(policy = DEFAULT_MOBIKE_POLICY): Solo {
  const solo = new Solo({ localAddresses: [{ address: WIFI, cost: 5 }] }, policy)
  solo.do({
    type: 'localAddressesChanged',
    addresses: [
      { address: WIFI, cost: 5 },
      { address: CELL, cost: 1 },
      { address: LAN, cost: 2 }
    ]
  })
  solo.answer(solo.must())
  expect(sentOn(solo.at(1000))).toEqual([pathText(CELL_PATH)])
  return solo
}

/** Everything a machine does by time alone until `ms`, by time. */
function course(solo: Solo, ms: number): [number, readonly MobikeAction[]][] {
  const all: [number, readonly MobikeAction[]][] = []
  for (let at = solo.wake(); at !== undefined && at <= ms; at = solo.wake()) all.push([at, solo.at(at)])
  return all
}

describe('a test of pairs because replies are missing', () => {
  it('C15 copies the open request to one pair after the other, slower each round, the one in use last', () => {
    const { solo } = suspect()
    expect(course(solo, 5000)).toEqual([
      [300, [{ type: 'transmitOutstanding', path: WIFI_PATH }]],
      [600, [{ type: 'transmitOutstanding', path: CELL_PATH }]],
      [1200, [{ type: 'transmitOutstanding', path: WIFI_PATH }]],
      [1800, [{ type: 'transmitOutstanding', path: CELL_PATH }]],
      [3000, [{ type: 'transmitOutstanding', path: WIFI_PATH }]],
      [4200, [report({ kind: 'pathFailed', path: CELL_PATH }), report({ kind: 'pathFailed', path: WIFI_PATH })]]
    ])
    // Nothing else is asked for: the open request is what goes there.
    expect(solo.wake()).toBeUndefined()
  })

  it('C15 as many at a time as policy says, whatever request is open', () => {
    const policy = probing({ width: 2, attemptsPerPair: 1 })
    const { solo } = suspect({ localAddresses: [{ address: WIFI }, { address: CELL }, { address: LAN }] }, policy)
    expect(solo.state.probing?.cursor).toBe(1)
    expect(course(solo, 300).map(([time, actions]) => [time, sentOn(actions)])).toEqual([[300, [pathText(WIFI_PATH)]]])
  })

  it('A038 more pairs than are tested at a time take turns, with the one in use each time, and none twice', () => {
    const policy = probing({ maxPairs: 2, attemptsPerPair: 1 })
    const { solo } = suspect(
      { localAddresses: [{ address: WIFI }, { address: CELL }, { address: LAN }], remoteCandidates: [at(GW2)] },
      policy
    )
    const sent = course(solo, 20_000).flatMap(([, actions]) => sentOn(actions))
    const others = [path(CELL, GW1), path(CELL, GW2), path(LAN, GW1), path(LAN, GW2), path(WIFI, GW2)].map(pathText)
    // The first of them went out at once.
    const missing = others.filter((one) => !sent.includes(one))
    expect(missing).toHaveLength(1)
    expect(sent.filter((one) => one !== pathText(WIFI_PATH))).toHaveLength(4)
    expect(sent.filter((one) => one === pathText(WIFI_PATH))).toHaveLength(5)
    expect(solo.do({ type: 'requestExhausted', token: 1 })).toEqual([{ type: 'closeIkeSa', reason: 'noResponse' }])
  })

  it('A038 F06 the first pair that answers is moved to, the old one counts as failed, and how long it took is told', () => {
    const { solo, check } = suspect()
    solo.now = 40
    const on = { path: CELL_PATH, sources: [at(WIFI), at(CELL)] }
    expect(solo.answer(check, on)).toEqual([
      report({ kind: 'pathWorks', path: CELL_PATH, roundTripMs: 40 }),
      report({ kind: 'pathFailed', path: WIFI_PATH }),
      report({ kind: 'moving', from: WIFI_PATH, to: CELL_PATH }),
      { type: 'redirectOutstanding', path: CELL_PATH },
      { type: 'moveChildSas', from: WIFI_PATH, to: CELL_PATH, encapsulate: false }
    ])
    expect(pathTable(solo.state)).toMatchObject([
      { path: WIFI_PATH, status: 'failed', until: 30_040, roundTripMs: null, current: false },
      { path: CELL_PATH, status: 'working', until: null, roundTripMs: 40, current: true }
    ])
    expect(solo.ask()?.purpose).toBe('update')
    expect(solo.wake()).toBeUndefined()
  })

  it('A038 an answer on the pair in use ends it, without a round trip for what was not sent there', () => {
    const { solo, check } = suspect()
    expect(solo.answer(check)).toEqual([])
    expect([solo.state.probing, solo.wake(), solo.ask()]).toEqual([null, undefined, null])
    expect(pathTable(solo.state)).toMatchObject([{ status: 'working', roundTripMs: null }, { status: 'untried' }])
  })

  it('A038 shows in the table: under test is what was sent on', () => {
    const { solo } = suspect()
    expect(pathTable(solo.state).map(({ status }) => status)).toEqual(['untried', 'probing'])
    solo.at(300)
    expect(pathTable(solo.state).map(({ status }) => status)).toEqual(['probing', 'probing'])
  })

  it('A010 A018 the responder that tells its list after its source was lost takes the pair that answers, for its own end', () => {
    const solo = new Solo({ role: 'responder', path: WIFI_PATH, peerAddresses: [GW2] })
    solo.local(CELL)
    const list = solo.must()
    solo.do({ type: 'requestRetransmitted', token: list.token, attempt: 2 })
    solo.now = 30
    const found = path(CELL, GW2)
    expect(solo.answer(list, { path: found, sources: [at(CELL)], destinations: [at(GW1), at(GW2)] })).toEqual([
      report({ kind: 'pathWorks', path: found, roundTripMs: 30 }),
      report({ kind: 'pathFailed', path: CELL_PATH }),
      { type: 'redirectOutstanding', path: found }
    ])
    // The peer's end of the Child SAs is the peer's to move.
    expect(solo.state.childPath).toEqual(CELL_PATH)
  })

  it('A038 without another pair nothing is sent: all that can be tried was tried', () => {
    const { solo } = suspect({ localAddresses: [{ address: WIFI }] })
    expect([solo.state.probing, solo.wake()]).toEqual([null, undefined])
    expect(reachability(solo.state)).toEqual({ state: 'unreachable', since: 0, rounds: 1 })
  })

  it('C15 copies a request of the host to as many pairs at a time, too', () => {
    const solo = new Solo({}, probing({ width: 2 }))
    const sent = sentOn(solo.do({ type: 'requestRetransmitted', token: null, attempt: 2 }))
    expect(sent).toEqual([pathText(CELL_PATH), pathText(WIFI_PATH)])
  })

  it('F06 how long an answer took counts from the last copy on its own pair, and the newest counts', () => {
    const { solo, check } = suspect()
    solo.at(300)
    solo.now = 400
    expect(solo.answer(check, { path: CELL_PATH })).toContainEqual(
      report({ kind: 'pathWorks', path: CELL_PATH, roundTripMs: 400 })
    )
    const again = suspect()
    again.solo.answer(again.check)
    again.solo.do({ type: 'livenessDue' })
    const check2 = again.solo.must()
    again.solo.do({ type: 'requestRetransmitted', token: check2.token, attempt: 2 })
    again.solo.at(300)
    again.solo.now = 340
    again.solo.answer(check2)
    expect(pathTable(again.solo.state)[0]).toMatchObject({ path: WIFI_PATH, status: 'working', roundTripMs: 40 })
  })

  it('A038 each time replies are missing every pair is tried once, those that failed the time before as well', () => {
    const policy = probing({ maxPairs: 2, attemptsPerPair: 1 })
    const solo = new Solo({ localAddresses: [{ address: WIFI }, { address: CELL }, { address: LAN }] }, policy)
    for (const start of [1000, 5000]) {
      solo.now = start
      solo.do({ type: 'livenessDue' })
      const check = solo.must()
      const first = solo.do({ type: 'requestRetransmitted', token: check.token, attempt: 2 })
      const sent = [...sentOn(first), ...course(solo, start + 3000).flatMap(([, actions]) => sentOn(actions))]
      expect(sent).toEqual([CELL_PATH, WIFI_PATH, LAN_PATH, WIFI_PATH].map(pathText))
      expect(reachability(solo.state)).toMatchObject({ state: 'unreachable', rounds: 1 })
      solo.answer(check)
      expect(reachability(solo.state).state).toBe('working')
    }
  })

  it('F06 an answer on none of the pairs under test does not end it, but no silence is left to be counted', () => {
    const { solo } = suspect({}, probing({ attemptsPerPair: 1 }))
    solo.answer(null, { path: path(CELL, GW2) })
    expect(course(solo, 10_000)).toEqual([
      [300, [{ type: 'transmitOutstanding', path: WIFI_PATH }]],
      [600, [report({ kind: 'pathFailed', path: CELL_PATH }), report({ kind: 'pathFailed', path: WIFI_PATH })]]
    ])
    expect(reachability(solo.state)).toEqual({ state: 'working', since: null, rounds: 0 })
  })
})

describe('a test of a better pair', () => {
  it('A015 F15 sends a request of its own there; until that is built, no copy of anything', () => {
    const solo = better(probing({ width: 2 }))
    const probe = solo.must()
    expect([probe.purpose, probe.path, probe.notifies]).toEqual(['probe', CELL_PATH, []])
    expect(solo.ask()).toBeNull()
    // With it there is something to copy, to as many as policy says, and no other is needed.
    expect(sentOn(solo.at(1300))).toEqual([pathText(LAN_PATH)])
    expect(solo.ask()).toBeNull()
  })

  it('A015 with a request open that leaves no trace, that is copied, and the probe is built all the same', () => {
    const solo = better(probing({ width: 2 }))
    const again = new Solo({ localAddresses: [{ address: WIFI, cost: 5 }] }, probing({ width: 2 }))
    again.do({ type: 'localAddressesChanged', addresses: solo.state.local })
    again.answer(again.must())
    again.do({ type: 'livenessDue' })
    again.must()
    expect(sentOn(again.at(1000))).toEqual([pathText(CELL_PATH), pathText(LAN_PATH)])
    expect(again.ask()?.purpose).toBe('probe')
  })

  it('F15 pauses while an UPDATE or a list is open, which a copy would have the peer act on', () => {
    for (const open of ['update', 'addressList'] as const) {
      const solo = better()
      if (open === 'update') solo.do({ type: 'updateForced' })
      else
        solo.do({
          type: 'localAddressesChanged',
          addresses: [...solo.state.local, { address: '198.18.11.11', cost: 9 }]
        })
      const request = solo.must()
      expect(request.purpose).toBe(open)
      expect(solo.at(1300)).toEqual([])
      expect(solo.wake()).toBe(1600)
      solo.answer(request)
      expect(sentOn(solo.at(1600))).toEqual([pathText(LAN_PATH)])
    }
  })

  it('A015 that brings nothing gives the window back, checks the pair in use and is repeated when its time has come', () => {
    const solo = better(probing({ attemptsPerPair: 1 }))
    solo.must()
    expect(course(solo, 1600)).toEqual([
      [1300, [{ type: 'transmitOutstanding', path: LAN_PATH }]],
      [
        1600,
        [
          report({ kind: 'pathFailed', path: CELL_PATH }),
          report({ kind: 'pathFailed', path: LAN_PATH }),
          { type: 'redirectOutstanding', path: WIFI_PATH }
        ]
      ]
    ])
    expect(solo.ask()?.purpose).toBe('liveness')
    expect(solo.wake()).toBe(31_600)
  })

  it('A015 that never had a request has none to take back, and asks for none any more', () => {
    const solo = better(probing({ attemptsPerPair: 1 }))
    expect(course(solo, 1600).at(-1)?.[1]).toEqual([
      report({ kind: 'pathFailed', path: CELL_PATH }),
      report({ kind: 'pathFailed', path: LAN_PATH })
    ])
    expect(solo.ask()?.purpose).toBe('liveness')
    expect(solo.ask()).toBeNull()
  })

  it('C37 that answers is moved to; the one left is not marked, as it worked', () => {
    const solo = better()
    const probe = solo.must()
    solo.now = 1020
    expect(solo.answer(probe)).toEqual([
      report({ kind: 'pathWorks', path: CELL_PATH, roundTripMs: 20 }),
      report({ kind: 'moving', from: WIFI_PATH, to: CELL_PATH }),
      { type: 'redirectOutstanding', path: CELL_PATH },
      { type: 'moveChildSas', from: WIFI_PATH, to: CELL_PATH, encapsulate: false }
    ])
    expect(pathTable(solo.state).find((view) => view.path.local.address === WIFI)?.status).toBe('working')
    // It answered: there is no need of a way back, nor of other pairs.
    expect(solo.wake()).toBeUndefined()
  })

  it('replies that are missing meanwhile start a test of all pairs; those of the probe itself say nothing', () => {
    const solo = better()
    const probe = solo.must()
    expect(solo.do({ type: 'requestRetransmitted', token: probe.token, attempt: 2 })).toEqual([])
    expect(solo.state.probing?.reason).toBe('better')
    solo.do({ type: 'livenessDue' })
    const check = solo.must()
    expect(sentOn(solo.do({ type: 'requestRetransmitted', token: check.token, attempt: 2 }))).toHaveLength(1)
    expect(solo.state.probing?.reason).toBe('suspect')
    // Under way, it is not begun again.
    expect(solo.do({ type: 'requestRetransmitted', token: check.token, attempt: 3 })).toEqual([])
  })

  it('A015 that never had a request leaves one that is open where it is when it ends', () => {
    const solo = better(probing({ attemptsPerPair: 1 }))
    const again = new Solo({ localAddresses: [{ address: WIFI, cost: 5 }] }, probing({ attemptsPerPair: 1 }))
    again.do({ type: 'localAddressesChanged', addresses: solo.state.local })
    again.answer(again.must())
    again.do({ type: 'livenessDue' })
    again.must()
    expect(course(again, 1600).at(-1)?.[1]).toEqual([
      report({ kind: 'pathFailed', path: CELL_PATH }),
      report({ kind: 'pathFailed', path: LAN_PATH })
    ])
  })

  it('a request of the host that is not answered meanwhile starts a test of all pairs, and so does a probe left over', () => {
    const solo = better()
    expect(sentOn(solo.do({ type: 'requestRetransmitted', token: null, attempt: 2 }))).toHaveLength(1)
    expect(solo.state.probing?.reason).toBe('suspect')
    const over = better(probing({ attemptsPerPair: 1 }))
    const { token } = over.must()
    course(over, 1600)
    over.do({ type: 'requestRetransmitted', token, attempt: 2 })
    expect(over.state.probing?.reason).toBe('suspect')
  })
})

describe('a schedule that is used up', () => {
  it('A038 starts again while pairs are tested, and while there is no path', () => {
    const { solo, check } = suspect()
    expect(solo.do({ type: 'requestExhausted', token: check.token })).toEqual([{ type: 'retryOutstanding' }])
    solo.local()
    expect(solo.do({ type: 'requestRetransmitted', token: check.token, attempt: 9 })).toEqual([])
    expect(reachability(solo.state)).toEqual({ state: 'noPath', since: 0, rounds: 0 })
    expect(solo.do({ type: 'requestExhausted', token: check.token })).toEqual([{ type: 'retryOutstanding' }])
  })

  it('A038 before any test it starts again, and the test with it; with no other pair the IKE SA ends', () => {
    const check = (init: Partial<MobikeInit>): readonly MobikeAction[] => {
      const solo = new Solo(init)
      solo.do({ type: 'livenessDue' })
      return solo.do({ type: 'requestExhausted', token: solo.must().token })
    }
    expect(check({})).toEqual([{ type: 'retryOutstanding' }, { type: 'transmitOutstanding', path: CELL_PATH }])
    expect(check({ localAddresses: [{ address: WIFI }] })).toEqual([{ type: 'closeIkeSa', reason: 'noResponse' }])
    // A responder whose source is there leaves it to the initiator.
    expect(check({ role: 'responder' })).toEqual([{ type: 'closeIkeSa', reason: 'noResponse' }])
  })

  it('A066 A078 all pairs tried in vain from a source that is lost then say nothing of the next one', () => {
    const solo = new Solo({
      role: 'responder',
      path: WIFI_PATH,
      localAddresses: [{ address: WIFI }],
      peerAddresses: [GW2]
    })
    solo.local(CELL)
    const { token } = solo.must()
    solo.do({ type: 'requestRetransmitted', token, attempt: 2 })
    for (let tries = 0; tries < 20 && !solo.state.allPairsTried; tries++) solo.at(solo.wake() as number)
    expect(solo.state.allPairsTried).toBe(true)
    solo.local(LAN)
    expect(solo.do({ type: 'requestExhausted', token })[0]).toEqual({ type: 'retryOutstanding' })
    expect(solo.state.closed).toBe(false)
  })

  it('A066 a responder that lost its source looks elsewhere for its list, and for nothing else', () => {
    const lost = (): Solo => {
      const solo = new Solo({ role: 'responder', path: WIFI_PATH, peerAddresses: [GW2] })
      solo.local(CELL)
      return solo
    }
    const withList = lost()
    const to = { type: 'transmitOutstanding', path: path(CELL, GW2) } as const
    expect(withList.do({ type: 'requestExhausted', token: withList.must().token })).toEqual([
      { type: 'retryOutstanding' },
      to
    ])
    const without = lost()
    without.answer(without.must())
    without.do({ type: 'livenessDue' })
    expect(without.do({ type: 'requestExhausted', token: without.must().token })).toEqual([
      { type: 'closeIkeSa', reason: 'noResponse' }
    ])
    // One of the host's is no list either.
    expect(lost().do({ type: 'requestExhausted', token: null })).toEqual([{ type: 'closeIkeSa', reason: 'noResponse' }])
    // With its source, too: the initiator may be elsewhere and know no way to ask. Its Child SAs stay (section 3.5).
    const there = new Solo({ role: 'responder', path: WIFI_PATH })
    there.local(WIFI, LAN)
    const list = there.must()
    expect(there.do({ type: 'requestExhausted', token: list.token })).toEqual([
      { type: 'retryOutstanding' },
      { type: 'transmitOutstanding', path: LAN_PATH }
    ])
    there.answer(list, { path: LAN_PATH })
    expect([there.state.ikePath, there.state.childPath]).toEqual([LAN_PATH, WIFI_PATH])
  })

  it('F26 says that NAT_DETECTION may be the reason only where the check had it and none was answered yet', () => {
    const nat = { localBehindNat: true, remoteBehindNat: false, destinationHash: 'aa' }
    const end = (init: Partial<MobikeInit>, before: (solo: Solo) => void): readonly MobikeAction[] => {
      const solo = new Solo({ localAddresses: [{ address: WIFI }], initPath: WIFI_PATH, ...init })
      before(solo)
      const ended = solo.do({ type: 'requestExhausted', token: solo.must().token })
      return ended.filter(({ type }) => type !== 'stopNatKeepalive')
    }
    const CLOSE = { type: 'closeIkeSa', reason: 'noResponse' } as const
    const check = (solo: Solo): void => void solo.do({ type: 'livenessDue' })
    expect(end({ nat }, check)).toEqual([report({ kind: 'natDetectionUnanswered' }), CLOSE])
    expect(end({}, check)).toEqual([CLOSE])
    expect(end({ nat }, (solo) => void solo.do({ type: 'updateForced' }))).toEqual([CLOSE])
    const answered = (solo: Solo): void => {
      check(solo)
      solo.answer(solo.must(), { nat })
      check(solo)
    }
    expect(end({ nat }, answered)).toEqual([CLOSE])
    const host = new Solo({ localAddresses: [{ address: WIFI }], initPath: WIFI_PATH, nat })
    expect(host.do({ type: 'requestExhausted', token: null })[0]).toEqual(CLOSE)
  })
})

describe('where the host sends a request again on its own timer', () => {
  const again = (solo: Solo, token: number | null): string => pathText(retransmissionPath(solo.state, token))

  it('A015 the probe stays on the better pair under test, everything else on the one in use', () => {
    const solo = better()
    solo.do({ type: 'livenessDue' })
    const probe = solo.must()
    const check = solo.must()
    expect([probe.purpose, check.purpose]).toEqual(['probe', 'liveness'])
    expect([probe.token, check.token, null].map((token) => again(solo, token))).toEqual(
      [CELL_PATH, WIFI_PATH, WIFI_PATH].map(pathText)
    )
    solo.at(1300)
    expect(again(solo, probe.token)).toBe(pathText(LAN_PATH))
  })

  it('A015 once the test is over the probe goes where everything goes', () => {
    const solo = better(probing({ attemptsPerPair: 1 }))
    const probe = solo.must()
    course(solo, 1600)
    expect([solo.state.probing, again(solo, probe.token)]).toEqual([null, pathText(WIFI_PATH)])
  })

  it('A038 while the pair in use is in doubt every request stays on that, a probe as well', () => {
    const solo = better()
    const probe = solo.must()
    solo.do({ type: 'requestRetransmitted', token: null, attempt: 2 })
    expect(solo.state.probing?.reason).toBe('suspect')
    expect(solo.state.outstanding.map(({ purpose }) => purpose)).toEqual(['probe'])
    expect(again(solo, probe.token)).toBe(pathText(WIFI_PATH))
  })
})

describe('without a pair that policy allows', () => {
  it('F31 an address in use that is deprecated has no other to try: the IKE SA ends when nobody answers', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI, deprecated: true }] })
    solo.do({ type: 'livenessDue' })
    const { token } = solo.must()
    expect(solo.do({ type: 'requestExhausted', token })).toEqual([{ type: 'closeIkeSa', reason: 'noResponse' }])
  })
})
