import { describe, expect, it } from 'vitest'
import {
  createMobike,
  DEFAULT_MOBIKE_POLICY,
  type MobikeAction,
  type MobikeEvent,
  type MobikeInit,
  type MobikeNotify,
  type MobikePolicy,
  type MobikeState,
  type NatObservation,
  noNatsAllowedFor,
  stepMobike
} from '../../src/mobike/index.ts'
import { type EventInput, entropy, Lab, packets, path } from './harness.ts'

const OLD = '198.18.0.1'
const NEW = '198.18.7.2'
const GW1 = '203.0.113.1'
const GW2 = '203.0.113.2'
const COOKIE2: MobikeNotify = { kind: 'cookie2', data: entropy(7) }
const UPDATE: MobikeNotify = { kind: 'updateSaAddresses' }
const NO_NAT: NatObservation = { localBehindNat: false, remoteBehindNat: false, destinationHash: 'h' }

/** One machine, driven by hand. */
class Alone {
  state: MobikeState
  constructor(
    readonly policy: MobikePolicy = DEFAULT_MOBIKE_POLICY,
    init: Partial<MobikeInit> = {}
  ) {
    this.state = createMobike(policy, {
      now: 0,
      role: 'responder',
      path: path(GW1, OLD),
      natTraversal: true,
      nat: NO_NAT,
      peerAddresses: [],
      localAddresses: [{ address: GW1 }],
      remoteCandidates: [],
      excludedPrefixes: [],
      ...init
    }).state
  }
  step(event: EventInput): readonly MobikeAction[] {
    const { state, actions } = stepMobike(this.policy, this.state, {
      now: 1000,
      ...event
    } as MobikeEvent)
    this.state = state
    return actions
  }
  request(messageId: number, remote: string, notifies: MobikeNotify[], nat: NatObservation | null = null, local = GW1) {
    const actions = this.step({ type: 'requestReceived', messageId, path: path(local, remote), notifies, nat })
    const answers = actions.filter((action) => action.type === 'answer')
    expect(answers).toHaveLength(1)
    const kinds = answers[0]?.type === 'answer' ? answers[0].notifies.map(({ kind }) => kind) : []
    return { actions, kinds }
  }
}

const trusting: MobikePolicy = {
  ...DEFAULT_MOBIKE_POLICY,
  routability: { ...DEFAULT_MOBIKE_POLICY.routability, when: 'never' }
}

describe('responder, UPDATE_SA_ADDRESSES', () => {
  it('A014 A054 A055 A056 A057 D9 takes the addresses of the header, answers, and only then checks and moves', () => {
    const lab = new Lab().start(path(OLD, GW1))
    lab.client.local(NEW)
    lab.run(26)
    expect(lab.gateway.state.ikePath).toEqual(path(GW1, NEW))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, OLD))
    expect(lab.gateway.requests.map(({ purpose }) => purpose)).toEqual(['routability'])
    lab.run(60)
    expect(lab.gateway.state.childPath).toEqual(path(GW1, NEW))
    const order = packets(lab).filter((line) => line.startsWith('gateway'))
    expect(order[0]).toContain('response 0')
    expect(order[1]).toContain('request 0')
    expect(order[2]).toContain('moves Child SAs')
    expect(lab.gateway.reports).toContainEqual({ kind: 'peerMoved', from: path(GW1, OLD), to: path(GW1, NEW) })
  })

  it('A055 A057 D9 where no check is needed the answer still comes before the move', () => {
    const { actions } = new Alone(trusting).request(0, NEW, [UPDATE])
    const types = actions.map(({ type }) => type).filter((type) => type !== 'report' && type !== 'redirectOutstanding')
    expect(types).toEqual(['answer', 'moveChildSas'])
  })

  it('F05 A045 its own outstanding request follows the peer and is sent again at once', () => {
    const lab = new Lab().start(path(OLD, GW1))
    lab.drops = (_from, to) => to.address === OLD
    lab.gateway.sendOther()
    lab.run(10)
    lab.client.local(NEW)
    lab.run(26)
    expect(lab.gateway.actions).toContainEqual({ type: 'redirectOutstanding', path: path(GW1, NEW) })
    lab.run(60)
    expect(lab.gateway.requests.map(({ purpose }) => purpose)).toEqual(['other', 'routability'])
  })

  it('A050 D9 a stale UPDATE gets a normal response and no other action', () => {
    const gateway = new Alone(trusting)
    gateway.request(5, NEW, [UPDATE])
    const { kinds, actions } = gateway.request(4, '198.18.9.9', [UPDATE, { kind: 'natDetection' }, COOKIE2], NO_NAT)
    expect(kinds).toEqual(['natDetection', 'cookie2'])
    expect(actions).toHaveLength(1)
    expect(gateway.state.ikePath).toEqual(path(GW1, NEW))
  })

  it('A052 A053 D10 F70 a pair policy refuses: UNACCEPTABLE_ADDRESSES with COOKIE2, nothing changed', () => {
    const gateway = new Alone({ ...trusting, acceptPath: ({ remote }) => remote.address !== NEW })
    const before = gateway.state
    const list: MobikeNotify = { kind: 'additionalAddress', address: '192.0.2.77' }
    const { kinds } = gateway.request(0, NEW, [UPDATE, list, COOKIE2])
    expect(kinds).toEqual(['unacceptableAddresses', 'cookie2'])
    expect(gateway.state.ikePath).toBe(before.ikePath)
    expect(gateway.state.childPath).toBe(before.childPath)
    expect(gateway.state.peerAddresses).toBe(before.peerAddresses)
  })

  it('A051 A105 A106 D16 NO_NATS_ALLOWED that differs from the header: UNEXPECTED_NAT_DETECTED, nothing done', () => {
    const gateway = new Alone(trusting, { natTraversal: false, nat: null })
    const honest = noNatsAllowedFor(path(NEW, GW1))
    for (const data of [
      noNatsAllowedFor(path(OLD, GW1)),
      noNatsAllowedFor(path(`${NEW}#4501`, GW1)),
      new Uint8Array(3)
    ]) {
      const { kinds } = gateway.request(0, NEW, [UPDATE, { kind: 'noNatsAllowed', data }, COOKIE2])
      expect(kinds).toEqual(['unexpectedNatDetected', 'cookie2'])
      expect(gateway.state.ikePath).toEqual(path(GW1, OLD))
      gateway.state = new Alone(trusting, { natTraversal: false, nat: null }).state
    }
    expect(gateway.request(1, NEW, [UPDATE, { kind: 'noNatsAllowed', data: honest }]).kinds).toEqual([])
    expect(gateway.state.childPath).toEqual(path(GW1, NEW))
  })

  it('A058 F43 F68 NAT_DETECTION of the request decides encapsulation; a new port alone is a move', () => {
    const gateway = new Alone(trusting)
    const behind = { ...NO_NAT, remoteBehindNat: true }
    const { actions } = gateway.request(0, `${OLD}#33000`, [UPDATE, { kind: 'natDetection' }], behind)
    expect(actions).toContainEqual({
      type: 'moveChildSas',
      from: path(GW1, OLD),
      to: path(GW1, `${OLD}#33000`),
      encapsulate: true
    })
    gateway.request(1, OLD, [UPDATE, { kind: 'natDetection' }], NO_NAT)
    expect(gateway.state.encapsulate).toBe(false)
    // Without NAT_DETECTION it stays as it is.
    gateway.request(2, `${OLD}#33000`, [UPDATE, { kind: 'natDetection' }], behind)
    gateway.request(3, OLD, [UPDATE])
    expect(gateway.state.encapsulate).toBe(true)
  })

  it('F75 A054 a move to another address of ours is a move although the peer address is the same', () => {
    const gateway = new Alone(trusting, { localAddresses: [{ address: GW1 }, { address: GW2 }] })
    gateway.request(0, OLD, [UPDATE], null, GW2)
    expect(gateway.state.childPath).toEqual(path(GW2, OLD))
  })

  it('A100 A102 D23 C80 a request without UPDATE_SA_ADDRESSES leaves no trace, wherever it comes from', () => {
    const gateway = new Alone(trusting)
    const before = gateway.state
    for (const notifies of [[], [COOKIE2], [{ kind: 'natDetection' } as const, COOKIE2]]) {
      const { actions } = gateway.request(0, NEW, notifies, { ...NO_NAT, remoteBehindNat: true })
      expect(actions).toHaveLength(1)
      expect(gateway.state).toEqual(before)
    }
  })

  it('A-O3 an UPDATE received by the initiator is refused and reported; nothing moves', () => {
    const client = new Alone(trusting, { role: 'initiator' })
    const { kinds, actions } = client.request(0, NEW, [UPDATE, COOKIE2])
    expect(kinds).toEqual(['unacceptableAddresses', 'cookie2'])
    expect(actions.some((action) => action.type === 'report' && action.report.kind === 'violation')).toBe(true)
    expect(client.state.ikePath).toEqual(path(GW1, OLD))
    expect(client.state.pending.liveness).toBe(true)
  })

  it('A-O9 after an IKE SA rekey a first Message ID is newer, but one of the old IKE SA that was overtaken is not', () => {
    const gateway = new Alone(trusting)
    gateway.request(9, NEW, [UPDATE])
    gateway.step({ type: 'ikeSaRekeyed' })
    gateway.request(8, '198.18.8.8', [UPDATE])
    expect(gateway.state.childPath).toEqual(path(GW1, NEW))
    gateway.request(2 ** 32, '198.18.9.9', [UPDATE])
    expect(gateway.state.childPath).toEqual(path(GW1, '198.18.9.9'))
  })

  it('F42 F50 F68 it has agreed to the UPDATE, so Child SAs its host cannot migrate are made anew where the IKE SA is', () => {
    const gateway = new Alone(trusting)
    gateway.request(0, NEW, [UPDATE])
    const actions = gateway.step({ type: 'childSaMoveFailed', reason: 'EINVAL' })
    expect(actions).toEqual([
      { type: 'report', report: { kind: 'moveFailed', reason: 'EINVAL' } },
      { type: 'renewChildSas', path: path(GW1, NEW), encapsulate: false }
    ])
    expect(gateway.state.childPath).toEqual(path(GW1, NEW))
    expect(gateway.state.ikePath).toEqual(path(GW1, NEW))
  })

  it('F69 only the Child SAs that its host names are made anew; the others were moved', () => {
    const gateway = new Alone(trusting)
    gateway.request(0, NEW, [UPDATE])
    const actions = gateway.step({ type: 'childSaMoveFailed', reason: 'EINVAL', ids: [7] })
    expect(actions).toEqual([
      { type: 'report', report: { kind: 'moveFailed', reason: 'EINVAL', ids: [7] } },
      { type: 'renewChildSas', path: path(GW1, NEW), encapsulate: false, ids: [7] }
    ])
    expect(gateway.state.childPath).toEqual(path(GW1, NEW))
  })
})

describe('migrations that overlap', () => {
  const THIRD = '198.18.9.9'
  const twoMoves = (): Alone => {
    const gateway = new Alone(trusting)
    gateway.request(0, NEW, [UPDATE])
    gateway.request(1, THIRD, [UPDATE])
    return gateway
  }
  const renewals = (actions: readonly MobikeAction[]): unknown =>
    actions.flatMap((action) => (action.type === 'renewChildSas' ? [action.ids ?? 'all'] : []))

  it('F68 each answer of the host is for the oldest open migration', () => {
    const secondFails = twoMoves()
    secondFails.step({ type: 'childSasMoved' })
    expect(renewals(secondFails.step({ type: 'childSaMoveFailed', reason: 'no' }))).toEqual(['all'])
    const firstFails = twoMoves()
    expect(renewals(firstFails.step({ type: 'childSaMoveFailed', reason: 'no' }))).toEqual([])
    firstFails.step({ type: 'childSasMoved' })
    expect(firstFails.state.childPath).toEqual(path(GW1, THIRD))
    expect(firstFails.state.childMoves).toEqual([])
    const bothFail = twoMoves()
    expect(renewals(bothFail.step({ type: 'childSaMoveFailed', reason: 'no' }))).toEqual([])
    expect(renewals(bothFail.step({ type: 'childSaMoveFailed', reason: 'no' }))).toEqual(['all'])
    expect(bothFail.state.childPath).toEqual(path(GW1, THIRD))
    expect(bothFail.step({ type: 'childSaMoveFailed', reason: 'no' })).toMatchObject([{ report: { kind: 'ignored' } }])
  })

  it('F69 after two that failed in part it is not known which are where: all Child SAs are made anew', () => {
    const gateway = twoMoves()
    gateway.step({ type: 'childSaMoveFailed', reason: 'no', ids: [3] })
    expect(renewals(gateway.step({ type: 'childSaMoveFailed', reason: 'no', ids: [4] }))).toEqual(['all'])
    expect(gateway.state.scattered).toBe(false)
  })

  it('F69 one that failed in part is mended by the next that does not', () => {
    const gateway = twoMoves()
    gateway.step({ type: 'childSaMoveFailed', reason: 'no', ids: [3] })
    expect(gateway.state.scattered).toBe(true)
    gateway.step({ type: 'childSasMoved' })
    expect(gateway.state.scattered).toBe(false)
    expect(gateway.state.childPath).toEqual(path(GW1, THIRD))
  })

  it('F69 Child SAs that failed in part are gathered by the next move, even one to where most of them are', () => {
    const trusted = [{ address: NEW, prefixLength: 32 }]
    const gateway = new Alone({
      ...DEFAULT_MOBIKE_POLICY,
      routability: { ...DEFAULT_MOBIKE_POLICY.routability, trusted }
    })
    gateway.request(0, NEW, [UPDATE])
    gateway.request(1, THIRD, [UPDATE])
    expect(renewals(gateway.step({ type: 'childSaMoveFailed', reason: 'no', ids: [3] }))).toEqual([])
    const { actions } = gateway.request(2, NEW, [UPDATE])
    expect(actions).toContainEqual(expect.objectContaining({ type: 'moveChildSas', to: path(GW1, NEW) }))
    gateway.step({ type: 'childSasMoved' })
    expect(gateway.state).toMatchObject({ scattered: false, moveDue: false, childMoves: [] })
  })

  it('F42 a move and the move back that both failed left the Child SAs where they belong: none is made anew', () => {
    const gateway = new Alone(trusting)
    gateway.request(0, NEW, [UPDATE])
    gateway.request(1, OLD, [UPDATE])
    expect(renewals(gateway.step({ type: 'childSaMoveFailed', reason: 'no' }))).toEqual([])
    expect(renewals(gateway.step({ type: 'childSaMoveFailed', reason: 'no' }))).toEqual([])
    expect(gateway.state).toMatchObject({ ikePath: path(GW1, OLD), childPath: path(GW1, OLD), childMoves: [] })
  })

  it('F42 a migration that failed while the next one waits for return routability is left to that', () => {
    const gateway = new Alone()
    const local = { address: GW1, port: 4500 }
    gateway.request(0, OLD, [UPDATE], { ...NO_NAT, remoteBehindNat: true })
    expect(gateway.state.childMoves).toHaveLength(1)
    gateway.request(1, NEW, [UPDATE])
    expect(gateway.state.moveDue).toBe(true)
    expect(renewals(gateway.step({ type: 'childSaMoveFailed', reason: 'no' }))).toEqual([])
    expect(gateway.state.moveDue).toBe(true)
    expect(gateway.state.childPath).toEqual({ local, remote: { address: OLD, port: 4500 } })
    expect(gateway.state.encapsulate).toBe(false)
  })
})

describe('answers', () => {
  it('A088 A093 A131 F18 every answer echoes COOKIE2 as it came and NAT_DETECTION when it was there, errors included', () => {
    for (const role of ['initiator', 'responder'] as const) {
      const host = new Alone(trusting, { role })
      const { actions } = host.request(0, OLD, [{ kind: 'natDetection' }, COOKIE2])
      expect(actions).toEqual([{ type: 'answer', notifies: [{ kind: 'natDetection' }, COOKIE2] }])
    }
  })

  it('A-O2 E4.2 a COOKIE2 of forbidden length is echoed all the same', () => {
    for (const length of [0, 7, 65, 300]) {
      const cookie: MobikeNotify = { kind: 'cookie2', data: new Uint8Array(length).fill(9) }
      const { actions } = new Alone().request(0, OLD, [cookie])
      expect(actions).toEqual([{ type: 'answer', notifies: [cookie] }])
    }
  })

  it('D16 without NAT traversal no NAT_DETECTION is sent, not even when asked', () => {
    const host = new Alone(trusting, { natTraversal: false, nat: null })
    expect(host.request(0, OLD, [{ kind: 'natDetection' }, COOKIE2]).kinds).toEqual(['cookie2'])
  })

  it('A094 NAT_DETECTION alone changes nothing', () => {
    const host = new Alone(trusting)
    const before = host.state
    host.request(0, OLD, [{ kind: 'natDetection' }], { ...NO_NAT, localBehindNat: true })
    expect(host.state).toEqual(before)
  })
})

describe('responder, its own addresses', () => {
  it('A009 an address of ours that comes or goes changes no SA while the one in use is there', () => {
    const lab = new Lab().start(path(OLD, GW1))
    lab.gateway.local(GW1, GW2)
    lab.run(1000)
    expect(lab.gateway.requests.map(({ purpose }) => purpose)).toEqual(['addressList'])
    expect(lab.gateway.state.ikePath).toEqual(path(GW1, OLD))
    expect(lab.client.state.peerAddresses).toEqual([GW1, GW2])
    expect(lab.client.state.ikePath).toEqual(path(OLD, GW1))
  })

  it('A018 A066 A078 D12 F16 its source gone, it moves its own end, tells the list, and the initiator follows with an UPDATE', () => {
    const lab = new Lab().start(path(OLD, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    lab.drops = (from, to) => [from.address, to.address].includes(GW1)
    lab.gateway.local(GW2)
    expect(lab.gateway.state.childPath).toEqual(path(GW2, OLD))
    expect(lab.gateway.requests.map(({ purpose }) => purpose)).toEqual(['addressList'])
    lab.run(2000)
    expect(lab.client.state.ikePath).toEqual(path(OLD, GW2))
    expect(lab.client.state.childPath).toEqual(path(OLD, GW2))
    expect(lab.client.state.peerAddresses).toEqual([GW2])
    expect(lab.client.requests.map(({ purpose }) => purpose)).toContain('update')
  })

  it('A066 a source of its own choice that does not work is given up for the one its list got through from', () => {
    const lab = new Lab().start(path(OLD, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    lab.drops = (from, to) => [from.address, to.address].includes(GW2)
    lab.gateway.local(GW2)
    lab.gateway.local(GW1, GW2)
    lab.run(20_000)
    expect(lab.gateway.state.childPath).toEqual(path(GW1, OLD))
    expect(lab.client.state.childPath).toEqual(path(OLD, GW1))
  })

  it('A078 A079 F16 where the initiator is not reached, its other announced addresses are tried', () => {
    const lab = new Lab().start(path(OLD, GW1), {
      client: [{ address: OLD }, { address: NEW }],
      gateway: [{ address: GW1 }, { address: GW2 }]
    })
    lab.drops = (from, to) => [from.address, to.address].some((address) => address === GW1 || address === OLD)
    lab.gateway.local(GW2)
    lab.run(10_000)
    expect(packets(lab)).toContain(`gateway ${GW2}:4500 > ${NEW}:4500 request 0 {noAdditionalAddresses}`)
    expect(lab.client.state.peerAddresses).toEqual([GW2])
    expect(lab.client.state.childPath).toEqual(path(NEW, GW2))
    expect(lab.gateway.state.childPath).toEqual(path(GW2, NEW))
  })

  it('F11 F60 a responder without any address waits, too', () => {
    const lab = new Lab().start(path(OLD, GW1))
    lab.gateway.local()
    expect(lab.gateway.suspended).toBe(true)
    lab.run(600_000)
    lab.gateway.local(GW1)
    expect(lab.gateway.suspended).toBe(false)
  })

  it('updateForced is for the MOBIKE initiator only', () => {
    const gateway = new Alone()
    expect(gateway.step({ type: 'updateForced' })).toMatchObject([{ type: 'report', report: { kind: 'ignored' } }])
    expect(gateway.state.pending.update).toBe(false)
  })
})
