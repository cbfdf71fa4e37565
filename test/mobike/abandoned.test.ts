import { describe, expect, it } from 'vitest'
import { DEFAULT_MOBIKE_POLICY, type MobikePolicy, type MobikeRequest, pathTable } from '../../src/mobike/index.ts'
import { isRefused, withFailedMove, withRecord, withRefusal } from '../../src/mobike/path-table.ts'
import { at, path } from './host.ts'
import { CELL, cookie2Of, GW1, GW2, kinds, LAN, report, Solo, WIFI } from './solo.ts'

/** Pairs that the peer refuses or the host cannot use: what is done next, and what is remembered of them. */

const CELL_PATH = path(CELL, GW1)
const WIFI_PATH = path(WIFI, GW1)
const LAN_PATH = path(LAN, GW1)
const moving = (from: typeof WIFI_PATH, to: typeof WIFI_PATH) => report({ kind: 'moving', from, to })

/** The peer's refusal of an UPDATE. */
function refusal(update: MobikeRequest) {
  return { notifies: [{ kind: 'unacceptableAddresses' } as const, ...cookie2Of(update)] }
}

/** A client with these addresses, whose Wi-Fi has fallen silent and whose liveness check is being copied to the others. */
function suspect(...addresses: string[]): { solo: Solo; check: MobikeRequest } {
  const solo = new Solo({ localAddresses: addresses.map((address) => ({ address })) })
  solo.do({ type: 'livenessDue' })
  const check = solo.must()
  solo.do({ type: 'requestRetransmitted', token: check.token, attempt: 9 })
  return { solo, check }
}

/** The same, and the cellular pair answers: the UPDATE for it. */
function foundByTest(...addresses: string[]): { solo: Solo; update: MobikeRequest } {
  const { solo, check } = suspect(...addresses)
  solo.answer(check, { path: CELL_PATH, sources: [at(WIFI), at(CELL)] })
  return { solo, update: solo.must() }
}

/** The caller takes the client to the cellular address while Wi-Fi stays there. */
function movedByChoice(policy: MobikePolicy = DEFAULT_MOBIKE_POLICY): { solo: Solo; update: MobikeRequest } {
  const solo = new Solo({ localAddresses: [{ address: WIFI, cost: 5 }, { address: CELL }] }, policy)
  solo.at(solo.wake() as number)
  const probe = solo.must()
  expect(probe.purpose).toBe('probe')
  solo.answer(probe)
  return { solo, update: solo.must() }
}

/** The most moves in a row to any pair that came to nothing. */
function failedMoves(solo: Solo): number {
  return Math.max(0, ...solo.state.pairs.records.flatMap((row) => (row ?? []).map((known) => known?.failedMoves ?? 0)))
}

describe('where to go from a pair that the peer refuses', () => {
  it('A062 to one that was not tried rather than back to one that gave no replies', () => {
    const { solo, update } = foundByTest(WIFI, CELL, LAN)
    expect(failedMoves(solo)).toBe(0)
    expect(solo.answer(update, refusal(update))).toContainEqual(moving(CELL_PATH, LAN_PATH))
    expect(solo.state.fallbackAt).toBe(solo.now + solo.policy.probing.fallbackMs)
  })

  it('A062 to one that gave no replies where there is no other, and there the others are soon tested again', () => {
    const solo = new Solo()
    solo.local(CELL, LAN)
    const update = solo.must()
    solo.do({ type: 'requestRetransmitted', token: update.token, attempt: 9 })
    while (solo.state.probing !== null) solo.at(solo.wake() as number)
    expect(pathTable(solo.state).map(({ status }) => status)).toEqual(['failed', 'failed'])
    expect(solo.answer(update, refusal(update))).toContainEqual(moving(CELL_PATH, LAN_PATH))
    expect(solo.state.fallbackAt).toBe(solo.now + solo.policy.probing.fallbackMs)
  })

  it('A062 the pair in use: to another one, and the refusal is remembered', () => {
    const solo = new Solo()
    solo.do({ type: 'updateForced' })
    const update = solo.must()
    expect(solo.answer(update, refusal(update))).toContainEqual(moving(WIFI_PATH, CELL_PATH))
    expect(solo.state.fallbackAt).toBe(solo.now + solo.policy.probing.fallbackMs)
    expect(pathTable(solo.state)).toMatchObject([
      { path: WIFI_PATH, refusedUntil: 30_000 },
      { path: CELL_PATH, refusedUntil: null }
    ])
    expect(solo.state.updatesInDoubt).toBe(0)
  })

  it('A062 the pair in use, where no UPDATE is in doubt and the other one failed: it stays', () => {
    const solo = new Solo()
    const pairs = withRecord(solo.state, CELL_PATH, { status: 'failed', failedAt: 0, until: 30_000 })
    solo.state = { ...solo.state, pairs }
    solo.do({ type: 'updateForced' })
    const update = solo.must()
    solo.answer(update, refusal(update))
    expect(solo.state.ikePath).toEqual(WIFI_PATH)
  })

  it('A062 the pair in use, where an UPDATE may have taken the peer to one that could not be used: there', () => {
    const { solo, update } = foundByTest(WIFI, CELL)
    // Its answer is lost; then the host cannot migrate, and Wi-Fi is back.
    solo.do({ type: 'localAddressesChanged', addresses: [{ address: WIFI }, { address: CELL }] })
    solo.now = 31_000
    solo.do({ type: 'childSaMoveFailed', reason: 'EINVAL' })
    expect(solo.state).toMatchObject({ ikePath: WIFI_PATH, rollback: null })
    expect(update.path).toEqual(CELL_PATH)
    const back = solo.must()
    expect(solo.answer(back, refusal(back))).toContainEqual(moving(WIFI_PATH, CELL_PATH))
  })
})

describe('the way back from a pair that the peer refuses', () => {
  const NO_LIST = { ...DEFAULT_MOBIKE_POLICY, maxAdvertisedAddresses: 0 }

  it('A062 D11 one UPDATE and nothing else, with no list where none is told', () => {
    const { solo, update } = movedByChoice(NO_LIST)
    const actions = solo.answer(update, refusal(update))
    expect(actions).toContainEqual({ type: 'moveChildSas', from: CELL_PATH, to: WIFI_PATH, encapsulate: false })
    const back = solo.must()
    expect([back.path, kinds(back)]).toEqual([WIFI_PATH, ['updateSaAddresses', 'natDetection', 'cookie2']])
    solo.answer(back)
    expect(solo.ask()).toBeNull()
  })

  it('A062 no routability check follows where none is ever made, whatever the answer holds', () => {
    const routability = { ...DEFAULT_MOBIKE_POLICY.routability, when: 'never' } as const
    const { solo, update } = movedByChoice({ ...DEFAULT_MOBIKE_POLICY, routability })
    solo.answer(update, refusal(update))
    solo.answer(solo.must(), { notifies: [] })
    expect(solo.ask()).toBeNull()
  })

  it('A062 F68 the move back is a move like any other: where the host cannot make it the Child SAs are made anew', () => {
    const { solo, update } = movedByChoice()
    solo.do({ type: 'childSasMoved' })
    solo.answer(update, refusal(update))
    expect(solo.do({ type: 'childSaMoveFailed', reason: 'EINVAL' })).toContainEqual(
      expect.objectContaining({ type: 'renewChildSas', path: WIFI_PATH })
    )
  })

  it('F68 F69 after the peer agreed, and refused to take it back: the Child SAs are ordered to where the IKE SA is', () => {
    const { solo, update } = movedByChoice()
    solo.answer(update)
    expect(solo.do({ type: 'childSaMoveFailed', reason: 'EINVAL' })).toContainEqual(moving(CELL_PATH, WIFI_PATH))
    const back = solo.must()
    expect(solo.answer(back, refusal(back))).toContainEqual({
      type: 'moveChildSas',
      from: WIFI_PATH,
      to: CELL_PATH,
      encapsulate: false
    })
  })
})

describe('what is remembered of refusals', () => {
  it('A062 each of a pair counts twice as long as the one before, and an UPDATE that is carried out wipes that out', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    const refused = (): number => {
      solo.do({ type: 'updateForced' })
      const update = solo.must()
      solo.answer(update, refusal(update))
      return (pathTable(solo.state)[0]?.refusedUntil ?? 0) - solo.now
    }
    expect([refused(), refused(), refused()]).toEqual([30_000, 60_000, 120_000])
    solo.do({ type: 'updateForced' })
    solo.answer(solo.must())
    expect(pathTable(solo.state)[0]?.refusedUntil).toBeNull()
    expect(refused()).toBe(30_000)
  })

  it('until its time is over, and nothing of a pair that is none', () => {
    const { state } = new Solo()
    const pairs = withRefusal(state, WIFI_PATH, 0, 1000)
    expect([999, 1000].map((now) => isRefused({ ...state, pairs }, WIFI_PATH, now))).toEqual([true, false])
    const stranger = path('198.18.77.77', GW1)
    expect(isRefused(state, stranger, 0)).toBe(false)
    expect(withRefusal(state, stranger, 0, 1000)).toEqual({ ...state.pairs, records: [null, null] })
    expect(withFailedMove(state, stranger, 0, 1000)).toEqual({ ...state.pairs, records: [null, null] })
  })

  it('A067 A108 a list that met a NAT too often has all its tries again when it is told later', () => {
    const solo = new Solo()
    solo.local(WIFI)
    const meetsNat = () => ({ notifies: [{ kind: 'unexpectedNatDetected' } as const] })
    solo.answer(solo.must(), meetsNat())
    solo.answer(solo.must(), meetsNat())
    for (let round = 2; round < 6; round++) solo.answer(solo.mustLater(), meetsNat())
    solo.answer(solo.mustLater(), meetsNat())
    // The first of the new tries, at once.
    expect(solo.ask()?.purpose).toBe('addressList')
  })
})

describe('moves to a better pair that come to nothing', () => {
  it('F68 each keeps the pair out twice as long as the one before; a move that is settled at both ends wipes that out', () => {
    const { solo, update: first } = movedByChoice()
    let update = first
    const fails = (): number => {
      solo.do({ type: 'childSaMoveFailed', reason: 'EINVAL' })
      const cell = pathTable(solo.state).find((row) => row.path.local.address === CELL)
      expect(solo.state.ikePath).toEqual(WIFI_PATH)
      return (cell?.until ?? 0) - solo.now
    }
    const again = (): void => {
      solo.do({ type: 'childSasMoved' })
      solo.answer(update)
      solo.answer(solo.must())
      solo.at(solo.now + 3_600_000)
      solo.answer(solo.must())
      update = solo.must()
      expect(update.path).toEqual(CELL_PATH)
    }
    expect(fails()).toBe(30_000)
    again()
    expect(fails()).toBe(60_000)
    again()
    expect(fails()).toBe(120_000)
    again()
    // The peer agrees, and the host does it: in this order or the other.
    solo.answer(update)
    solo.do({ type: 'childSasMoved' })
    expect(failedMoves(solo)).toBe(0)
  })

  it('F68 that the peer agrees does not settle a move that the host has still to make', () => {
    const { solo, update } = movedByChoice()
    solo.state = { ...solo.state, pairs: withFailedMove(solo.state, CELL_PATH, 0, 1000) }
    solo.answer(update)
    expect(failedMoves(solo)).toBe(1)
    solo.do({ type: 'childSasMoved' })
    expect(failedMoves(solo)).toBe(0)
  })

  it('F68 the host does it first, then the peer agrees: likewise', () => {
    const { solo, update } = movedByChoice()
    const failed = { ...solo.state, pairs: withFailedMove(solo.state, CELL_PATH, 0, 1000) }
    solo.state = failed
    solo.do({ type: 'childSasMoved' })
    expect(failedMoves(solo)).toBe(1)
    solo.answer(update)
    expect(failedMoves(solo)).toBe(0)
  })
})

describe('a routability check that is answered while an UPDATE is on its way', () => {
  /** The client goes to another address of the gateway: its UPDATE. */
  function asking(policy?: MobikePolicy): { solo: Solo; update: MobikeRequest } {
    const solo = new Solo({ peerAddresses: [GW2], localAddresses: [{ address: WIFI }] }, policy)
    solo.do({ type: 'livenessDue' })
    const request = solo.must()
    solo.do({ type: 'requestRetransmitted', token: request.token, attempt: 9 })
    solo.answer(request, { path: path(WIFI, GW2), destinations: [at(GW1), at(GW2)] })
    return { solo, update: solo.must() }
  }

  /** The gateway has agreed, and not proven itself: the check. */
  function checking(): { solo: Solo; check: MobikeRequest } {
    const { solo, update } = asking()
    solo.answer(update, { notifies: [] })
    const check = solo.ask() ?? solo.mustLater()
    expect(check.purpose).toBe('routability')
    return { solo, check }
  }

  it('A062 does not take away the way back, should that be refused', () => {
    const routability = { ...DEFAULT_MOBIKE_POLICY.routability, periodicMs: 10_000 }
    const { solo, update } = asking({ ...DEFAULT_MOBIKE_POLICY, routability })
    solo.at(10_000)
    const check = solo.must()
    expect(check.purpose).toBe('routability')
    solo.answer(check)
    expect(solo.state.childPath).toEqual(path(WIFI, GW2))
    solo.now = 60_000
    const actions = solo.answer(update, refusal(update))
    expect(actions).toContainEqual({ type: 'redirectOutstanding', path: WIFI_PATH })
    // Back, not on.
    expect(actions).not.toContainEqual(moving(path(WIFI, GW2), WIFI_PATH))
  })

  it('A062 with nothing but a liveness check on its way, the move is settled: a later refusal is for the pair in use', () => {
    const { solo, check } = checking()
    solo.do({ type: 'livenessDue' })
    expect(solo.must().purpose).toBe('liveness')
    solo.answer(check)
    expect(solo.state).toMatchObject({ rollback: null, updatesInDoubt: 0 })
  })

  it('A062 with an UPDATE that is still to be told, it is not', () => {
    const { solo, check } = checking()
    solo.do({ type: 'updateForced' })
    solo.answer(check)
    expect(solo.state.rollback).not.toBeNull()
  })
})

describe('a responder that hears from its client', () => {
  it('A018 has not tried every pair: its list goes to the other addresses', () => {
    const solo = new Solo({
      role: 'responder',
      path: path(GW1, WIFI),
      peerAddresses: [CELL],
      localAddresses: [{ address: GW1 }]
    })
    solo.hear(path(GW1, WIFI), [{ kind: 'updateSaAddresses' }])
    solo.do({ type: 'localAddressesChanged', addresses: [{ address: GW1 }, { address: GW2 }] })
    const list = solo.must()
    expect(list.purpose).toBe('addressList')
    solo.do({ type: 'requestExhausted', token: list.token })
    expect(solo.state.closed).toBe(false)
    const elsewhere = path(GW1, CELL)
    expect(solo.state.probing?.candidates).toContainEqual(elsewhere)
    // Answered there, all else goes on where the client said that it is (section 3.6).
    const answer = { path: elsewhere, sources: [at(GW1)], destinations: [at(WIFI), at(CELL)], notifies: [] }
    expect(solo.answer(list, answer)).toContainEqual({ type: 'redirectOutstanding', path: path(GW1, WIFI) })
    expect(solo.state.ikePath).toEqual(path(GW1, WIFI))
  })
})

describe('a list of which only a part pairs with our addresses', () => {
  it('A018 what the peer no longer names is no candidate, though it was verified', () => {
    const solo = new Solo({ peerAddresses: [GW2], localAddresses: [{ address: WIFI }] })
    solo.do({ type: 'livenessDue' })
    const request = solo.must()
    solo.do({ type: 'requestRetransmitted', token: request.token, attempt: 9 })
    solo.answer(request, { path: path(WIFI, GW2), destinations: [at(GW1), at(GW2)] })
    solo.answer(solo.must())
    expect(solo.state.ikePath).toEqual(path(WIFI, GW2))
    solo.hear(path(WIFI, GW2), [{ kind: 'additionalAddress', address: '2001:db8::1' }])
    expect(pathTable(solo.state).map(({ path: { remote } }) => remote.address)).not.toContain(GW1)
  })
})
