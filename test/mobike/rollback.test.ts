import { describe, expect, it } from 'vitest'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import { type Host, Lab, path } from './harness.ts'
import { cookie2Of, GW2, kinds, report, Solo } from './solo.ts'

const WIFI = '198.18.0.1'
const CELL = '198.18.7.2'
const GW1 = '203.0.113.1'
const updates = (host: Host): Host['requests'] => host.requests.filter(({ purpose }) => purpose === 'update')

describe('initiator, refused', () => {
  const refuseFrom = (address: string) => ({
    acceptPath: ({ remote }: { remote: { address: string } }) => remote.address !== address
  })

  it('A040 A062 D11 UNACCEPTABLE_ADDRESSES rolls back IKE and Child SAs when the old pair is still there', () => {
    const lab = new Lab({}, refuseFrom(WIFI)).start(path(CELL, GW1), { client: [{ address: CELL, cost: 10 }] })
    lab.client.local({ address: CELL, cost: 10 }, { address: WIFI, cost: 1 })
    lab.run(2000)
    expect(lab.client.reports).toContainEqual({ kind: 'refused', path: path(WIFI, GW1), by: 'peer' })
    expect(lab.client.state.ikePath).toEqual(path(CELL, GW1))
    expect(lab.client.state.childPath).toEqual(path(CELL, GW1))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
    expect(lab.client.state.rollback).toBeNull()
  })

  it('A062 the next pair is tried when there is nothing to go back to', () => {
    const lab = new Lab({}, refuseFrom(CELL)).start(path(WIFI, GW1))
    lab.client.local(CELL, '198.18.9.9')
    lab.run(2000)
    expect(lab.client.state.childPath).toEqual(path('198.18.9.9', GW1))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, '198.18.9.9'))
  })

  it('A062 pairs that were all refused are not tried in turn for ever', () => {
    const lab = new Lab({}, { acceptPath: () => false }).start(path(WIFI, GW1))
    lab.client.local(CELL, '198.18.9.9')
    lab.run(5000)
    expect(updates(lab.client)).toHaveLength(2)
    expect(lab.client.closed).toBe('updateRefused')
  })

  it('A062 with no pair left the IKE SA is closed', () => {
    const lab = new Lab({}, refuseFrom(CELL)).start(path(WIFI, GW1))
    lab.client.local(CELL)
    lab.run(2000)
    expect(lab.client.closed).toBe('updateRefused')
  })

  it('D11 going back after an unanswered UPDATE tells the peer so', () => {
    const routability = { ...DEFAULT_MOBIKE_POLICY.routability, when: 'never' as const }
    const lab = new Lab({}, { ...refuseFrom('198.18.9.9'), routability }).start(path(CELL, GW1), {
      client: [{ address: CELL, cost: 10 }]
    })
    const cheap = { address: WIFI, cost: 1 }
    lab.client.local({ address: CELL, cost: 10 }, cheap)
    lab.run(1080) // UPDATE from WIFI is on its way
    expect(updates(lab.client)).toHaveLength(1)
    expect(lab.gateway.state.childPath).toEqual(path(GW1, WIFI))
    lab.client.local({ address: '198.18.9.9', cost: 0 }, { address: CELL, cost: 10 })
    lab.run(5000)
    expect(lab.client.state.ikePath).toEqual(path(CELL, GW1))
    expect(lab.client.state.childPath).toEqual(path(CELL, GW1))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
  })

  it('F68 F69 F42 a migration the host cannot do rolls back IKE and Child SAs together, and the peer is told', () => {
    const lab = new Lab().start(path(CELL, GW1), { client: [{ address: CELL, cost: 10 }] })
    lab.client.canMove = false
    lab.client.local({ address: CELL, cost: 10 }, { address: WIFI, cost: 1 })
    lab.run(1100)
    lab.run(2000)
    // The pair is left alone for a while.
    lab.run(10_000)
    expect(lab.client.reports.filter(({ kind }) => kind === 'moveFailed')).toHaveLength(1)
    expect(lab.client.reports).toContainEqual({ kind: 'moveFailed', reason: 'kernel refused' })
    expect(lab.client.state.ikePath).toEqual(path(CELL, GW1))
    expect(lab.client.state.childPath).toEqual(path(CELL, GW1))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
  })
})

describe('initiator whose host cannot migrate Child SAs', () => {
  const renewals = (host: Host): unknown[] => host.actions.filter(({ type }) => type === 'renewChildSas')
  const both = [
    { address: CELL, cost: 10 },
    { address: WIFI, cost: 1 }
  ]

  it('F42 F68 with the old address gone there is no way back: Child SAs are made anew on the pair of the IKE SA', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.canMove = false
    lab.client.local(CELL)
    lab.run(3000)
    expect(renewals(lab.client)).toEqual([{ type: 'renewChildSas', path: path(CELL, GW1), encapsulate: false }])
    expect(lab.client.state.ikePath).toEqual(path(CELL, GW1))
    expect(lab.client.state.childPath).toEqual(path(CELL, GW1))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
  })

  it('F42 a pair that was left because it gave no replies is no way back either', () => {
    const lab = new Lab().start(path(WIFI, GW1), { client: [{ address: WIFI }, { address: CELL }] })
    lab.client.canMove = false
    lab.drops = (from, to) => [from.address, to.address].includes(WIFI)
    lab.client.sendOther()
    lab.run(20_000)
    expect(renewals(lab.client)).toHaveLength(1)
    expect(lab.client.state.ikePath).toEqual(path(CELL, GW1))
    expect(lab.client.state.childPath).toEqual(path(CELL, GW1))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
  })

  it('F42 F68 a failure told after the UPDATE was confirmed takes both back with an UPDATE of its own', () => {
    const lab = new Lab().start(path(CELL, GW1), { client: both.slice(0, 1) })
    lab.client.silent = true
    lab.client.local(...both)
    lab.run(3000)
    expect(lab.client.state).toMatchObject({ ikePath: path(WIFI, GW1), childPath: path(WIFI, GW1), rollback: null })
    lab.client.silent = false
    lab.client.step({ type: 'childSaMoveFailed', reason: 'late' })
    lab.run(3000)
    expect(lab.client.state).toMatchObject({ ikePath: path(CELL, GW1), childPath: path(CELL, GW1), rollback: null })
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
    expect(updates(lab.client)).toHaveLength(2)
    expect(renewals(lab.client)).toEqual([])
  })

  it('F69 some moved and some did not: the way back is an order for all of them, and what fails again is made anew', () => {
    const lab = new Lab().start(path(CELL, GW1), { client: both.slice(0, 1) })
    lab.client.silent = true
    lab.client.local(...both)
    lab.run(3000)
    const back = lab.client.step({ type: 'childSaMoveFailed', reason: 'in part', ids: [5] })
    expect(back).toContainEqual({
      type: 'moveChildSas',
      from: path(WIFI, GW1),
      to: path(CELL, GW1),
      encapsulate: false
    })
    const again = lab.client.step({ type: 'childSaMoveFailed', reason: 'in part', ids: [6] })
    expect(again).toContainEqual({ type: 'renewChildSas', path: path(CELL, GW1), encapsulate: false })
    lab.run(3000)
    expect(lab.client.state).toMatchObject({ ikePath: path(CELL, GW1), childPath: path(CELL, GW1), scattered: false })
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
  })

  it('F69 the order that gathers them is given once, though the UPDATE that is answered meanwhile asks for the same', () => {
    const lab = new Lab().start(path(CELL, GW1), { client: both.slice(0, 1) })
    lab.client.silent = true
    lab.client.local(...both)
    lab.run(3000)
    lab.client.step({ type: 'childSaMoveFailed', reason: 'in part', ids: [5] })
    lab.run(3000)
    expect(updates(lab.client)).toHaveLength(2)
    expect(lab.client.actions.filter(({ type }) => type === 'moveChildSas')).toHaveLength(2)
  })

  it('F42 a way back that the peer refuses leads to Child SAs made anew, not to IKE and Child SAs apart', () => {
    let refuses = false
    const lab = new Lab({}, { acceptPath: ({ remote }) => !refuses || remote.address !== CELL })
    lab.start(path(CELL, GW1), { client: both.slice(0, 1) })
    lab.client.silent = true
    lab.client.local(...both)
    lab.run(3000)
    lab.client.silent = false
    lab.client.canMove = false
    refuses = true
    lab.client.step({ type: 'childSaMoveFailed', reason: 'late' })
    lab.run(3000)
    expect(lab.client.state.ikePath).toEqual(path(WIFI, GW1))
    expect(lab.client.state.childPath).toEqual(path(WIFI, GW1))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, WIFI))
    expect(renewals(lab.client)).toEqual([{ type: 'renewChildSas', path: path(WIFI, GW1), encapsulate: false }])
  })

  it('F68 encapsulation that cannot be changed on the same pair: Child SAs are made anew with it', () => {
    const lab = new Lab().start(path(CELL, GW1))
    lab.client.canMove = false
    lab.nats.set(CELL, { address: '198.51.100.9', port: 61_000 })
    lab.client.step({ type: 'updateForced' })
    lab.run(3000)
    expect(renewals(lab.client)).toEqual([{ type: 'renewChildSas', path: path(CELL, GW1), encapsulate: true }])
    expect(lab.client.state).toMatchObject({ childPath: path(CELL, GW1), encapsulate: true })
  })
})

describe('initiator across an IKE SA rekey', () => {
  it('F20 F46 A-O9 an UPDATE not answered is asked again on the new IKE SA; order and baseline start anew', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.drops = () => true
    lab.client.local(CELL)
    lab.run(500)
    expect(updates(lab.client)).toHaveLength(1)
    lab.drops = () => false
    lab.client.outstanding = null
    lab.client.step({ type: 'ikeSaRekeyed' })
    lab.gateway.step({ type: 'ikeSaRekeyed' })
    lab.run(2000)
    expect(updates(lab.client)).toHaveLength(2)
    expect(lab.client.state.lastListMessageId).toBeNull()
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
  })
})

describe('an initiator step by step', () => {
  const WIFI_PATH = path(WIFI, GW1)
  const CELL_PATH = path(CELL, GW1)
  const OTHER6 = '2001:db8:1::7'
  const FAILED = { type: 'childSaMoveFailed', reason: 'no' } as const

  /** It tells its list when the peer leaves for GW2: the only pair to go to, with the same header address. */
  function listLost(): Solo {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    solo.local(WIFI, OTHER6)
    expect(kinds(solo.must())).toEqual(['additionalAddress'])
    solo.hear(path(WIFI, GW2), [{ kind: 'noAdditionalAddresses' }])
    return solo
  }

  it('A list on its way when the pair changes is told again with the UPDATE', () => {
    const update = listLost().must()
    expect([update.purpose, update.path]).toEqual(['update', path(WIFI, GW2)])
    expect(update.notifies).toContainEqual({ kind: 'additionalAddress', address: OTHER6 })
  })

  it('D11 a list that the peer refused with the UPDATE goes with the one for the way back', () => {
    const solo = listLost()
    const update = solo.must()
    solo.answer(update, { notifies: [{ kind: 'unacceptableAddresses' }, ...cookie2Of(update)], nat: null })
    const back = solo.must()
    expect([back.purpose, back.path]).toEqual(['update', WIFI_PATH])
    expect(back.notifies).toContainEqual({ kind: 'additionalAddress', address: OTHER6 })
  })

  it('A062 the next pair after a refusal has shown nothing: others are tested when nothing comes back', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    solo.local(CELL, '198.18.9.9')
    const update = solo.must()
    solo.now = 500
    solo.answer(update, { notifies: [{ kind: 'unacceptableAddresses' }, ...cookie2Of(update)], nat: null })
    expect(solo.state.ikePath).toEqual(path('198.18.9.9', GW1))
    expect(solo.wake()).toBe(1500)
  })

  it('A062 a NAT where none may be, found without a move: there is nothing to go back to, and the IKE SA ends', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] }, { ...DEFAULT_MOBIKE_POLICY, natRetryLimit: 0 })
    solo.do({ type: 'updateForced' })
    const update = solo.must()
    const notifies = [{ kind: 'unexpectedNatDetected' } as const, ...cookie2Of(update)]
    const close = { type: 'closeIkeSa', reason: 'natNotAllowed' }
    expect(solo.answer(update, { notifies, nat: null }).at(-1)).toEqual(close)
  })

  it('A request that is exhausted right after a move has other pairs before it: the peer is not given up', () => {
    const solo = new Solo()
    solo.local(CELL, '198.18.9.9')
    const { token } = solo.must()
    expect(solo.do({ type: 'requestExhausted', token })).toContainEqual({ type: 'retryOutstanding' })
    expect(solo.state.closed).toBe(false)
  })

  /** A better pair was found to work, and the UPDATE for it is on its way when the host says that it cannot migrate. */
  function backWithUpdateOpen() {
    const solo = new Solo({ localAddresses: [{ address: WIFI, cost: 5 }] })
    const addresses = [
      { address: WIFI, cost: 5 },
      { address: CELL, cost: 1 }
    ]
    solo.do({ type: 'localAddressesChanged', addresses })
    solo.answer(solo.must())
    solo.at(1000)
    solo.answer(solo.must())
    const update = solo.must()
    expect([update.purpose, update.path]).toEqual(['update', CELL_PATH])
    solo.do(FAILED)
    expect(solo.state.ikePath).toEqual(WIFI_PATH)
    return { solo, update }
  }

  it('D40 the answer to an UPDATE that a way back made obsolete proves nothing', () => {
    const { solo, update } = backWithUpdateOpen()
    const { verified } = solo.state
    solo.answer(update)
    expect(solo.state.verified).toEqual(verified)
  })

  it('D40 but its COOKIE2 is compared all the same', () => {
    const { solo, update } = backWithUpdateOpen()
    const notifies = [{ kind: 'cookie2', data: new Uint8Array(32) } as const]
    expect(solo.answer(update, { notifies })).toContainEqual({ type: 'closeIkeSa', reason: 'cookie2Mismatch' })
  })

  it('F42 the way back from a move that ended in an outage ends that, and the first reply is reported', () => {
    const solo = new Solo({ localAddresses: [{ address: WIFI }] })
    solo.local(CELL)
    // Not to be used, but what was in use may stay in use.
    const gone = solo.do({ type: 'localAddressesChanged', addresses: [{ address: WIFI, deprecated: true }] })
    expect(gone).toContainEqual(report({ kind: 'noPath' }))
    expect(solo.do(FAILED)).toContainEqual({ type: 'resumeRetransmission' })
    expect(solo.answer(solo.must())).toContainEqual(report({ kind: 'pathRestored', path: WIFI_PATH }))
  })
})
