import { describe, expect, it } from 'vitest'
import { DEFAULT_MOBIKE_POLICY, type MobikeNotify } from '../../src/mobike/index.ts'
import { at, type Host, Lab, packets, path } from './harness.ts'

const WIFI = '198.18.0.1'
const CELL = '198.18.7.2'
const GW1 = '203.0.113.1'
const GW2 = '203.0.113.2'
const kinds = (notifies: readonly MobikeNotify[]): string[] => notifies.map(({ kind }) => kind)
const updates = (host: Host): Host['requests'] => host.requests.filter(({ purpose }) => purpose === 'update')
const moves = (host: Host): unknown[] => host.actions.filter(({ type }) => type === 'moveChildSas')

describe('initiator, break before make', () => {
  it('A042 A043 A045 A046 D8 moves IKE SA, Child SAs and outstanding requests at once, then sends the UPDATE', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.drops = (from) => from.address === WIFI
    lab.client.sendOther()
    lab.run(10)
    lab.client.local(CELL)
    const types = lab.client.actions.map(({ type }) => type)
    expect(types).toEqual(['report', 'redirectOutstanding', 'moveChildSas'])
    expect(lab.client.state.ikePath).toEqual(path(CELL, GW1))
    expect(lab.client.state.pending.update).toBe(true)
    expect(updates(lab.client)).toHaveLength(0)
    lab.run(51)
    // The window opened with the response to the older request, sent again unchanged from the new address.
    expect(updates(lab.client)).toHaveLength(1)
    expect(lab.client.state.pending.update).toBe(false)
    lab.run(1000)
    expect(lab.client.reports.at(-1)).toEqual({ kind: 'moved', path: path(CELL, GW1), encapsulate: false })
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
  })

  it('A047 A076 the UPDATE has NAT_DETECTION, COOKIE2 of 32 octets, and a changed address list', () => {
    const lab = new Lab().start(path(WIFI, GW1), { client: [{ address: WIFI }] })
    lab.client.local(CELL, { address: '198.18.7.3', cost: 1 })
    lab.run(500)
    const [update] = updates(lab.client)
    expect(kinds(update?.notifies ?? [])).toEqual(['updateSaAddresses', 'natDetection', 'additionalAddress', 'cookie2'])
    expect(update?.notifies.find((notify) => notify.kind === 'cookie2')).toMatchObject({ data: { length: 32 } })
    expect(lab.gateway.state.peerAddresses).toEqual([CELL, '198.18.7.3'])
  })

  it('A008 A009 A013 the initiator decides: its ESP leaves from the new address before the responder has answered', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.local(CELL)
    expect(lab.client.state.childPath).toEqual(path(CELL, GW1))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, WIFI))
  })

  it('C36 without any address nothing is sent, and the next address resumes with an UPDATE', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.step({ type: 'livenessDue' })
    lab.run(100)
    const sent = lab.client.requests.length
    lab.client.local()
    expect(lab.client.suspended).toBe(true)
    lab.client.step({ type: 'livenessDue' })
    lab.run(3_600_000)
    expect(lab.client.requests.length).toBe(sent)
    lab.client.local(CELL)
    expect(lab.client.suspended).toBe(false)
    lab.run(1000)
    expect(updates(lab.client)).toHaveLength(1)
    expect(lab.client.reports.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['noPath', 'moving', 'pathRestored', 'moved'])
    )
    expect(lab.client.closed).toBeNull()
  })

  it('F11 F60 a request outstanding when the network goes survives the outage', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.drops = (from) => from.address === WIFI
    lab.client.sendOther()
    lab.run(2000)
    lab.client.local()
    lab.run(900_000)
    expect(lab.client.closed).toBeNull()
    lab.client.local(CELL)
    lab.run(1000)
    expect(lab.client.outstanding).toBeNull()
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
  })

  it('F40 the same address back after an outage still leads to an UPDATE', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.local()
    lab.run(5000)
    lab.client.local(WIFI)
    lab.run(1000)
    expect(updates(lab.client)).toHaveLength(1)
    expect(moves(lab.client)).toHaveLength(0)
  })

  it('F41 an address without a route is no candidate until it has one', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.local({ address: CELL, routable: false })
    lab.run(1000)
    expect(lab.client.state.outageSince).not.toBeNull()
    lab.client.local({ address: CELL, routable: true })
    lab.run(1000)
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
  })

  it('An outage limit set by the caller closes the IKE SA', () => {
    const lab = new Lab({ outageLimitMs: 60_000 }).start(path(WIFI, GW1))
    lab.client.local()
    lab.run(59_999)
    expect(lab.client.closed).toBeNull()
    lab.run(1)
    expect(lab.client.closed).toBe('outageLimit')
  })

  it('A048 A060 D8 a change while an UPDATE is outstanding starts again; the old response is ignored', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.local(CELL)
    lab.run(30)
    lab.client.local('198.18.9.9')
    lab.run(1000)
    expect(updates(lab.client)).toHaveLength(2)
    const moved = lab.client.reports.filter(({ kind }) => kind === 'moved')
    expect(moved).toEqual([{ kind: 'moved', path: path('198.18.9.9', GW1), encapsulate: false }])
    expect(lab.gateway.state.childPath).toEqual(path(GW1, '198.18.9.9'))
  })

  it('F01 a liveness check or list asked for while an UPDATE is outstanding does not void its response', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.local(CELL)
    lab.client.step({ type: 'livenessDue' })
    lab.run(500)
    expect(updates(lab.client)).toHaveLength(1)
    expect(lab.client.reports.some(({ kind }) => kind === 'moved')).toBe(true)
  })

  it('A049 D19 an UPDATE whose copies left from several sources or went to several destinations is followed by a fresh one', () => {
    const lab = new Lab().start(path(WIFI, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    // Nothing comes back from the first address: the UPDATE is copied to the second.
    lab.drops = (from) => from.address === GW1
    lab.client.local(CELL)
    lab.run(20_000)
    expect(updates(lab.client).map((request) => request.path)).toEqual([path(CELL, GW1), path(CELL, GW2)])
    expect(lab.client.state.childPath).toEqual(path(CELL, GW2))
    expect(lab.gateway.state.childPath).toEqual(path(GW2, CELL))
  })

  it('A001 A004 A065 one moveChildSas for all Child SAs, from the old pair to the new one', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.local(CELL)
    lab.run(1000)
    expect(moves(lab.client)).toEqual([
      { type: 'moveChildSas', from: path(WIFI, GW1), to: path(CELL, GW1), encapsulate: false }
    ])
  })

  it('A011 C14 pairs of unlike families are never formed; another family of the peer is used when ours changes', () => {
    const six = '2001:db8:1::7'
    const gw6 = '2001:db8:2::1'
    const lab = new Lab().start(path(WIFI, GW1), { gateway: [{ address: GW1 }, { address: gw6 }] })
    lab.client.local(six)
    lab.run(1000)
    expect(lab.client.state.childPath).toEqual(path(six, gw6))
    expect(lab.gateway.state.childPath).toEqual(path(gw6, six))
  })

  it('F64 configured endpoints are candidates beside the announced list, on port 4500 with NAT traversal', () => {
    const lab = new Lab().start(path('2001:db8:1::7', '2001:db8:2::1'), { remoteCandidates: [at(`${GW2}#500`)] })
    lab.client.local(WIFI)
    expect(lab.client.state.ikePath).toEqual(path(WIFI, GW2))
  })
})

describe('initiator without need', () => {
  it('F54 F63 the same addresses, or one more that is no better, start no exchange but the list', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.local(WIFI)
    lab.run(5000)
    expect(lab.client.requests).toHaveLength(0)
    lab.client.local(WIFI, CELL)
    lab.run(60_000)
    expect(lab.client.requests.map(({ purpose }) => purpose)).toEqual(['addressList'])
  })

  it('F55 A098 an UPDATE can be forced', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.step({ type: 'updateForced' })
    lab.run(1000)
    expect(updates(lab.client)).toHaveLength(1)
    expect(moves(lab.gateway)).toHaveLength(0)
  })

  it('F65 an excluded address is never a candidate and is left when it becomes one', () => {
    const lab = new Lab().start(path(WIFI, GW1), { client: [{ address: WIFI }, { address: '10.9.9.9', cost: -5 }] })
    lab.client.step({ type: 'excludedPrefixesChanged', prefixes: [{ address: '10.9.0.0', prefixLength: 16 }] })
    lab.run(10_000)
    expect(lab.client.state.ikePath).toEqual(path(WIFI, GW1))
    lab.client.local()
    lab.client.local('10.9.9.9')
    expect(lab.client.state.outageSince).not.toBeNull()
  })

  it('F31 deprecated, temporary and link-local addresses are neither candidates nor announced', () => {
    const flagged = [
      { address: '198.18.1.1', deprecated: true },
      { address: '198.18.1.2', temporary: true },
      { address: '198.18.1.3', linkLocal: true }
    ]
    const lab = new Lab().start(path(WIFI, GW1), { client: [{ address: WIFI }, ...flagged] })
    expect(lab.client.state.announced).toEqual([])
    lab.client.local(...flagged)
    expect(lab.client.state.outageSince).not.toBeNull()
  })
})

describe('initiator, make before break', () => {
  it('C37 A112 A113 F15 F73 a cheaper address is tested first; traffic moves when the test is answered', () => {
    const lab = new Lab().start(path(CELL, GW1), { client: [{ address: CELL, cost: 10 }] })
    lab.client.local({ address: CELL, cost: 10 }, { address: WIFI, cost: 1 })
    lab.run(DEFAULT_MOBIKE_POLICY.selection.hysteresisMs - 1)
    expect(lab.client.requests.map(({ purpose }) => purpose)).toEqual(['addressList'])
    lab.run(40)
    expect(lab.client.requests.at(-1)).toEqual({ purpose: 'probe', path: path(WIFI, GW1), notifies: [] })
    expect(lab.client.state.childPath).toEqual(path(CELL, GW1))
    lab.run(1000)
    expect(lab.client.state.childPath).toEqual(path(WIFI, GW1))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, WIFI))
  })

  it('F73 hysteresis: an address that goes before its time is not tried', () => {
    const lab = new Lab().start(path(CELL, GW1), { client: [{ address: CELL, cost: 10 }] })
    lab.client.local({ address: CELL, cost: 10 }, { address: WIFI, cost: 1 })
    lab.run(500)
    lab.client.local({ address: CELL, cost: 10 })
    lab.run(60_000)
    expect(lab.client.requests.every(({ purpose }) => purpose === 'addressList')).toBe(true)
  })

  it('F72 mode stay and a pinned local address keep the SA where it is', () => {
    for (const selection of [
      { ...DEFAULT_MOBIKE_POLICY.selection, mode: 'stay' as const },
      { ...DEFAULT_MOBIKE_POLICY.selection, pinnedLocal: CELL }
    ]) {
      const lab = new Lab({ selection }).start(path(CELL, GW1), { client: [{ address: CELL, cost: 10 }] })
      lab.client.local({ address: CELL, cost: 10 }, { address: WIFI, cost: 1 })
      lab.run(60_000)
      expect(lab.client.state.ikePath).toEqual(path(CELL, GW1))
    }
  })

  it('A015 a better pair that does not answer costs nothing: the current one carries on and the window is freed', () => {
    const lab = new Lab().start(path(CELL, GW1), { client: [{ address: CELL, cost: 10 }] })
    lab.drops = (from, to) => [from.address, to.address].includes(WIFI)
    lab.client.local({ address: CELL, cost: 10 }, { address: WIFI, cost: 1 })
    lab.run(10_000)
    expect(lab.client.reports).toContainEqual({ kind: 'pathFailed', path: path(WIFI, GW1) })
    expect(lab.client.outstanding).toBeNull()
    expect(moves(lab.client)).toHaveLength(0)
    // And it is tried again later: "a better (but previously unavailable) path becomes available".
    lab.drops = () => false
    lab.run(DEFAULT_MOBIKE_POLICY.probing.retryFailedMs + 1000)
    expect(lab.client.state.childPath).toEqual(path(WIFI, GW1))
  })
})

describe('initiator, dead pairs', () => {
  it('F73 A113 a preferred pair that failed is gone back to when it works again', () => {
    const lab = new Lab().start(path(WIFI, GW1), {
      client: [
        { address: WIFI, cost: 1 },
        { address: CELL, cost: 10 }
      ]
    })
    lab.drops = (from, to) => [from.address, to.address].includes(WIFI)
    lab.client.step({ type: 'livenessDue' })
    lab.run(100_000)
    expect(lab.client.state.childPath).toEqual(path(CELL, GW1))
    lab.drops = () => false
    lab.run(DEFAULT_MOBIKE_POLICY.probing.retryFailedMs * 2)
    expect(lab.client.state.childPath).toEqual(path(WIFI, GW1))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, WIFI))
  })

  it('A038 A114 F09 F12 retransmissions without reply start a test of the other pairs', () => {
    const lab = new Lab().start(path(WIFI, GW1), { client: [{ address: WIFI }, { address: CELL }] })
    lab.drops = (from, to) => [from.address, to.address].includes(WIFI)
    lab.client.sendOther()
    lab.run(2999)
    expect(lab.client.state.probing).toBeNull()
    lab.run(2000)
    expect(lab.client.reports).toContainEqual({ kind: 'pathFailed', path: path(WIFI, GW1) })
    expect(lab.client.state.childPath).toEqual(path(CELL, GW1))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
  })

  it('F12 a new address while replies are missing is tried at once', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.drops = (from, to) => [from.address, to.address].includes(WIFI)
    lab.client.step({ type: 'livenessDue' })
    lab.run(5000)
    lab.client.local(WIFI, CELL)
    lab.run(1000)
    expect(lab.client.state.childPath).toEqual(path(CELL, GW1))
  })

  it('A038 a pair that answers after all stays in use without an UPDATE', () => {
    const lab = new Lab().start(path(WIFI, GW1), { client: [{ address: WIFI }, { address: CELL }] })
    lab.drops = () => true
    lab.client.step({ type: 'livenessDue' })
    lab.run(3001)
    expect(lab.client.state.probing?.reason).toBe('suspect')
    lab.drops = (from, to) => [from.address, to.address].includes(CELL)
    lab.run(5000)
    expect(lab.client.state.probing).toBeNull()
    expect(lab.client.requests.map(({ purpose }) => purpose)).toEqual(['liveness'])
  })

  it('A038 no pair answers: each is tested before the IKE SA is given up', () => {
    const lab = new Lab().start(path(WIFI, GW1), {
      client: [{ address: WIFI }, { address: CELL }],
      gateway: [{ address: GW1 }, { address: GW2 }]
    })
    lab.drops = () => true
    lab.client.step({ type: 'livenessDue' })
    lab.run(600_000)
    expect(lab.client.closed).toBe('noResponse')
    for (const local of [WIFI, CELL]) {
      for (const remote of [GW1, GW2]) {
        expect(packets(lab)).toContain(`client ${local}:4500 > ${remote}:4500 request 0 {} lost`)
      }
    }
  })

  it('F06 the pair of the reply is what works, whatever was sent last', () => {
    const lab = new Lab().start(path(WIFI, GW1), {
      client: [{ address: WIFI }, { address: CELL }, { address: '198.18.9.9' }]
    })
    lab.drops = (from, to) => [from.address, to.address].includes(WIFI)
    lab.delayMs = 200 // a round trip takes longer than the pace of the test
    lab.client.step({ type: 'livenessDue' })
    lab.run(10_000)
    expect(lab.client.state.childPath).toEqual(path(CELL, GW1))
  })
})
