import { describe, expect, it } from 'vitest'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import { type Host, Lab, path } from './harness.ts'

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
