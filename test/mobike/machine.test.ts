import { describe, expect, it } from 'vitest'
import {
  isExpectedEspPath,
  type MobikeNotify,
  type MobikeState,
  nextMobikeRequest,
  nextMobikeWake,
  noNatsAllowedFor,
  pathTable,
  stepMobike
} from '../../src/mobike/index.ts'
import { at, entropy, type Host, Lab, path } from './harness.ts'

const WIFI = '198.18.0.1'
const CELL = '198.18.7.2'
const GW1 = '203.0.113.1'
const GW2 = '203.0.113.2'
const purposes = (host: Host): string[] => host.requests.map(({ purpose }) => purpose)
const HINTS = ['icmpError', 'linkTrouble', 'noInboundTraffic', 'unprotectedNotify', 'addressLost'] as const

describe('hints', () => {
  it('A036 A037 A144 A146 D6 each leads to one liveness check on the current pair, never to a move', () => {
    for (const hint of HINTS) {
      const lab = new Lab().start(path(WIFI, GW1), { client: [{ address: WIFI }, { address: CELL }] })
      lab.client.step({ type: 'hintReceived', hint })
      lab.run(1000)
      expect(lab.client.requests).toEqual([{ purpose: 'liveness', path: path(WIFI, GW1), notifies: [] }])
      expect(lab.client.actions.filter(({ type }) => type !== 'report')).toEqual([])
    }
  })

  it('A036 forged hints in masses start no more than one check a second', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    for (let i = 0; i < 100; i++) {
      lab.client.step({ type: 'hintReceived', hint: 'icmpError' })
      lab.run(50)
    }
    expect(purposes(lab.client)).toHaveLength(5)
  })

  it('A117 A118 A119 F51 D26 ESP from other addresses than expected is no evidence; the initiator checks the pair', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    expect(isExpectedEspPath(lab.client.state, path(WIFI, GW1))).toBe(true)
    for (const other of [path(CELL, GW1), path(WIFI, GW2), path(WIFI, `${GW1}#4501`)]) {
      expect(isExpectedEspPath(lab.client.state, other)).toBe(false)
    }
    lab.client.step({ type: 'espReceived', path: path(WIFI, GW1) })
    expect(purposes(lab.client)).toEqual([])
    lab.client.step({ type: 'espReceived', path: path(WIFI, GW2) })
    expect(purposes(lab.client)).toEqual(['liveness'])
    lab.gateway.step({ type: 'espReceived', path: path(GW1, CELL) })
    expect(purposes(lab.gateway)).toEqual([])
    expect(lab.gateway.state.childPath).toEqual(path(GW1, WIFI))
  })

  it('A118 while a move is under way ESP on the old pair is expected', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.drops = () => true
    lab.client.local(CELL)
    lab.client.step({ type: 'espReceived', path: path(WIFI, GW1) })
    expect(lab.client.state.pending.liveness).toBe(false)
  })
})

describe('intents', () => {
  it('F02 the most urgent is built first: update, routability, list, probe, liveness; one each', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    const pending = { update: true, routability: true, list: true, probe: true, liveness: true }
    let state: MobikeState = { ...lab.client.state, pending }
    const built: string[] = []
    const tokens = new Set<number>()
    for (let i = 0; i < 10; i++) {
      const next = nextMobikeRequest(lab.client.policy, state, { now: 0, entropy: entropy(i) })
      state = next.state
      if (next.request === null) break
      built.push(next.request.purpose)
      tokens.add(next.request.token)
    }
    // The UPDATE carries the list and is a liveness check.
    expect(built).toEqual(['update', 'routability', 'probe'])
    expect(tokens.size).toBe(3)
    const withoutUpdate = { ...lab.client.state, pending: { ...pending, update: false, routability: false } }
    const order: string[] = []
    for (let next: MobikeState | null = withoutUpdate; next !== null; ) {
      const { request, state: after } = nextMobikeRequest(lab.client.policy, next, { now: 0, entropy: entropy(1) })
      if (request !== null) order.push(request.purpose)
      next = request === null ? null : after
    }
    expect(order).toEqual(['addressList', 'probe', 'liveness'])
  })

  it('A048 with a window above 1 the response to the older of two UPDATEs gets no MOBIKE processing', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.drops = () => true
    lab.client.local(CELL)
    lab.client.outstanding = null // the window has room for another one
    lab.client.step({ type: 'updateForced' })
    const [first, second] = lab.client.state.outstanding
    expect([first?.superseded, second?.superseded]).toEqual([true, false])
    const notifies: MobikeNotify[] = [
      { kind: 'unacceptableAddresses' },
      {
        kind: 'cookie2',
        data: lab.client.requests[0]?.notifies.flatMap((n) => (n.kind === 'cookie2' ? [n.data] : []))[0] ?? entropy(0)
      }
    ]
    const { token = null } = first ?? {}
    const actions = lab.client.step({
      type: 'responseReceived',
      token,
      path: path(CELL, GW1),
      sources: [at(CELL)],
      destinations: [at(GW1)],
      notifies,
      nat: null
    })
    expect(actions).toEqual([])
    expect(lab.client.state.ikePath).toEqual(path(CELL, GW1))
  })

  describe('the response to a request voided by an IKE SA rekey', () => {
    const answered = (notifies: readonly MobikeNotify[]) => {
      const lab = new Lab().start(path(WIFI, GW1))
      lab.drops = () => true
      lab.client.local(CELL)
      const token = lab.client.state.outstanding[0]?.token ?? null
      lab.client.outstanding = null
      lab.client.step({ type: 'ikeSaRekeyed' })
      const { policy, state } = lab.client
      const route = { path: path(CELL, GW1), sources: [], destinations: [] }
      return stepMobike(policy, state, { type: 'responseReceived', now: 1, token, ...route, notifies, nat: null })
        .actions
    }

    it('only shows that its pair works', () => {
      expect(answered([])).toEqual([])
    })

    it('D40 A089 A090 closes the IKE SA all the same when its COOKIE2 differs', () => {
      expect(answered([{ kind: 'cookie2', data: entropy(3) }])).toContainEqual({
        type: 'closeIkeSa',
        reason: 'cookie2Mismatch'
      })
    })

    it('D40 A089 whichever of a full window of 64 it was', () => {
      const { client } = new Lab().start(path(WIFI, GW1))
      const { policy } = client
      let { state } = client
      for (let count = 0; count < 64; count++) {
        state = stepMobike(policy, state, { type: count % 4 === 0 ? 'livenessDue' : 'updateForced', now: count }).state
        state = nextMobikeRequest(policy, state, { now: count, entropy: entropy(count) }).state
      }
      const { outstanding } = state
      expect(outstanding).toHaveLength(64)
      const rekeyed = stepMobike(policy, state, { type: 'ikeSaRekeyed', now: 100 }).state
      expect(rekeyed.voided.length).toBeLessThanOrEqual(64)
      const route = { path: path(WIFI, GW1), sources: [at(WIFI)], destinations: [at(GW1)], nat: null }
      const notifies = [{ kind: 'cookie2', data: entropy(200) }] as const
      for (const { token, purpose } of outstanding) {
        const answer = { type: 'responseReceived', now: 101, token, ...route, notifies } as const
        const closes = stepMobike(policy, rekeyed, answer).actions.some(({ type }) => type === 'closeIkeSa')
        expect(closes).toBe(purpose === 'update')
      }
    })
  })

  it('a closed machine answers and does nothing else', () => {
    const lab = new Lab({ outageLimitMs: 10 }).start(path(WIFI, GW1))
    lab.client.local()
    lab.run(20)
    expect(lab.client.closed).toBe('outageLimit')
    const { state, policy } = lab.client
    const base = { now: 99, entropy: entropy(1) }
    const notifies: MobikeNotify[] = [{ kind: 'updateSaAddresses' }, { kind: 'cookie2', data: entropy(9) }]
    const request = {
      ...base,
      type: 'requestReceived',
      messageId: 1,
      path: path(WIFI, GW1),
      notifies,
      nat: null
    } as const
    expect(stepMobike(policy, state, request)).toEqual({
      state,
      actions: [{ type: 'answer', notifies: [notifies[1]] }]
    })
    const gone = { ...base, type: 'localAddressesChanged', addresses: [{ address: CELL }] } as const
    expect(stepMobike(policy, state, gone)).toEqual({ state, actions: [] })
    expect(nextMobikeRequest(policy, state, base).request).toBeNull()
    expect(nextMobikeWake(state)).toBeUndefined()
  })
})

describe('candidates', () => {
  it('F68 a migration that fails during an outage brings the old pair back if it is there', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.drops = () => true
    lab.client.canMove = false
    lab.client.local(CELL)
    lab.client.local({ address: WIFI, deprecated: true })
    expect(lab.client.suspended).toBe(true)
    lab.run(1)
    expect(lab.client.suspended).toBe(false)
    expect(lab.client.state.ikePath).toEqual(path(WIFI, GW1))
    expect(lab.client.state.childPath).toEqual(path(WIFI, GW1))
  })

  it('A038 a schedule used up at once starts over while other pairs are left, and only then', () => {
    const lone = new Lab().start(path(WIFI, GW1))
    expect(lone.client.step({ type: 'requestExhausted', token: null })).toEqual([
      { type: 'closeIkeSa', reason: 'noResponse' }
    ])
    const lab = new Lab().start(path(WIFI, GW1), { client: [{ address: WIFI }, { address: CELL }] })
    expect(lab.client.step({ type: 'requestExhausted', token: null })).toEqual([
      { type: 'retryOutstanding' },
      { type: 'transmitOutstanding', path: path(CELL, GW1) }
    ])
    expect(lab.client.step({ type: 'requestExhausted', token: null })).toEqual([{ type: 'retryOutstanding' }])
  })

  it('F15 a better pair is not tested while an UPDATE or a list is outstanding: a copy would change the peer', () => {
    const lab = new Lab().start(path(WIFI, GW1), { client: [{ address: WIFI, cost: 5 }] })
    lab.drops = () => true
    lab.client.step({ type: 'updateForced' })
    lab.client.local({ address: WIFI, cost: 5 }, { address: CELL, cost: 1 })
    lab.run(2500)
    expect(lab.client.state.probing).toBeNull()
    lab.drops = () => false
    lab.run(6000)
    expect(lab.client.state.ikePath).toEqual(path(CELL, GW1))
  })

  it('A147 F41 an address without a route is not announced until it has one', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.local(WIFI, { address: CELL, routable: false })
    lab.run(1000)
    expect(purposes(lab.client)).toEqual([])
    lab.client.local(WIFI, { address: CELL, routable: true })
    lab.run(1000)
    expect(purposes(lab.client)).toEqual(['addressList'])
  })

  it('The end of an outage is reported once', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.local()
    lab.run(5000)
    lab.client.local(WIFI)
    lab.run(1000)
    lab.client.step({ type: 'livenessDue' })
    lab.run(1000)
    const restored = lab.client.reports.filter(({ kind }) => kind === 'pathRestored')
    expect(restored).toEqual([{ kind: 'pathRestored', path: path(WIFI, GW1) }])
  })

  it('F10 a pair under test whose local address goes is dropped, the test goes on', () => {
    const lab = new Lab().start(path(WIFI, GW1), {
      client: [{ address: WIFI }, { address: CELL }, { address: '198.18.9.9' }]
    })
    lab.drops = () => true
    lab.client.step({ type: 'livenessDue' })
    lab.run(3050)
    expect(lab.client.state.probing?.candidates).toHaveLength(3)
    lab.client.local(WIFI, '198.18.9.9')
    expect(lab.client.state.probing?.candidates).toEqual([path('198.18.9.9', GW1), path(WIFI, GW1)])
  })

  it('F57 C30 endpoints the caller adds end an outage they can end', () => {
    const six = '2001:db8:1::7'
    const gw6 = '2001:db8:2::1'
    const lab = new Lab().start(path(WIFI, GW1))
    lab.client.local(six)
    expect(lab.client.suspended).toBe(true)
    lab.client.step({ type: 'remoteCandidatesChanged', endpoints: [at(`${gw6}#500`)] })
    expect(lab.client.suspended).toBe(false)
    expect(lab.client.state.ikePath).toEqual(path(six, gw6))
  })

  it('F57 A067 a list that was on its way when the address went ends an outage that it can end, in either role', () => {
    const six = '2001:db8:1::7'
    const gw6 = '2001:db8:2::1'
    for (const name of ['client', 'gateway'] as const) {
      const lab = new Lab().start(path(WIFI, GW1))
      const [host, own, peer, from, to] =
        name === 'client' ? [lab.client, six, gw6, WIFI, GW1] : [lab.gateway, gw6, six, GW1, WIFI]
      const told = (messageId: number, address: string): void => {
        const notifies: MobikeNotify[] = [{ kind: 'additionalAddress', address }]
        host.step({ type: 'requestReceived', messageId, path: path(from, to), notifies, nat: null })
      }
      host.local(own)
      expect(host.suspended).toBe(true)
      told(0, '192.0.2.9')
      expect(host.suspended).toBe(true)
      told(1, peer)
      expect(host.suspended).toBe(false)
      expect(host.state.ikePath).toEqual(path(own, peer))
    }
  })

  it('C60 the path table shows every pair, what was learnt of it, and which is current', () => {
    const lab = new Lab().start(path(WIFI, GW1), {
      client: [{ address: WIFI }, { address: CELL }],
      gateway: [{ address: GW1 }, { address: GW2 }]
    })
    lab.drops = (from, to) => [from.address, to.address].includes(WIFI)
    lab.client.step({ type: 'livenessDue' })
    lab.run(3001)
    expect(pathTable(lab.client.state).map(({ status }) => status)).toContain('probing')
    lab.run(3000)
    const table = pathTable(lab.client.state)
    expect(table).toHaveLength(4)
    const row = (local: string, remote: string) =>
      table.find((view) => view.path.local.address === local && view.path.remote.address === remote)
    expect(row(CELL, GW1)).toMatchObject({ status: 'working', roundTripMs: 50, current: true })
    expect(row(WIFI, GW1)).toMatchObject({ status: 'failed', current: false })
    expect(row(CELL, GW2)).toMatchObject({ status: 'untried' })
  })

  it('A010 A018 for its list the responder chooses the pair itself; one that no NAT lets through fails quietly', () => {
    const lab = new Lab().start(path(WIFI, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    lab.drops = (from) => from.address === GW2
    lab.gateway.local(GW2)
    lab.run(60_000)
    expect(lab.gateway.closed).toBeNull()
    expect(lab.client.state.ikePath).toEqual(path(WIFI, GW1))
  })
})

describe('address lists under NAT prohibition', () => {
  it('A071 A073 A106 A111 NO_NATS_ALLOWED is checked in a list, too; COOKIE2 is returned either way', () => {
    const lab = new Lab().start(path(`${WIFI}#500`, `${GW1}#500`), { natTraversal: false })
    const arrival = path(`${GW1}#500`, `${WIFI}#500`)
    const cookie: MobikeNotify = { kind: 'cookie2', data: entropy(5) }
    const list: MobikeNotify = { kind: 'additionalAddress', address: CELL }
    const receive = (messageId: number, data: Uint8Array) =>
      lab.gateway.step({
        type: 'requestReceived',
        messageId,
        path: arrival,
        notifies: [list, { kind: 'noNatsAllowed', data }, cookie],
        nat: null
      })
    const forged = noNatsAllowedFor(path('192.0.2.99#500', `${GW1}#500`))
    expect(receive(0, forged)[0]).toEqual({ type: 'answer', notifies: [{ kind: 'unexpectedNatDetected' }, cookie] })
    expect(lab.gateway.state.peerAddresses).toEqual([WIFI])
    const honest = noNatsAllowedFor(path(`${WIFI}#500`, `${GW1}#500`))
    expect(receive(1, honest)[0]).toEqual({ type: 'answer', notifies: [cookie] })
    expect(lab.gateway.state.peerAddresses).toEqual([WIFI, CELL])
  })
})
