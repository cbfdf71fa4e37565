import { describe, expect, it } from 'vitest'
import { type MobikeNotify, type MobikeState, noNatsAllowedFor, stepMobike } from '../../src/mobike/index.ts'
import { at, type Host, Lab, packets, path } from './harness.ts'

const A = '198.18.0.1'
const B = '198.18.7.2'
const GW1 = '203.0.113.1'
const GW2 = '203.0.113.2'
const HOME = '10.1.0.2'
const listed = (...addresses: string[]): MobikeNotify[] =>
  addresses.map((address) => ({ kind: 'additionalAddress', address }))
const receive = (host: Host, messageId: number, on: ReturnType<typeof path>, notifies: MobikeNotify[]) =>
  host.step({ type: 'requestReceived', messageId, path: on, notifies, nat: null })
const kindsOf = (notifies: readonly MobikeNotify[]): string[] => notifies.map(({ kind }) => kind)

/** Where a host sent requests to and from, as `from > to`. */
const pairsOf = (lab: Lab, name: string): Set<string> =>
  new Set(
    packets(lab)
      .filter((line) => line.startsWith(`${name} `) && line.includes(' request '))
      .map((line) => line.split(' ').slice(1, 4).join(' '))
  )

describe('addresses the peer announced', () => {
  it('A034 A079 A080 D5 a responder whose one address stays answers each list and never sends to what is in it', () => {
    const lab = new Lab({}, {}).start(path(A, GW1), { gateway: [{ address: GW1 }] })
    for (const [messageId, notifies] of [
      listed(B, '198.18.9.9'),
      listed('192.0.2.200'),
      [{ kind: 'noAdditionalAddresses' } as const]
    ].entries()) {
      const before = lab.gateway.state
      const [answer] = receive(lab.gateway, messageId, path(GW1, A), notifies)
      expect(answer).toEqual({ type: 'answer', notifies: [] })
      // Nothing but the list itself and the table made of it.
      const { peerAddresses: _, lastListMessageId: __, pairs: ___, ...others } = lab.gateway.state
      expect(before).toMatchObject(others)
    }
    // Not even while the client does not answer.
    lab.drops = () => true
    receive(lab.gateway, 9, path(GW1, A), listed(B))
    lab.gateway.step({ type: 'livenessDue' })
    lab.run(30_000)
    expect(pairsOf(lab, 'gateway')).toEqual(new Set([`${GW1}:4500 > ${A}:4500`]))
  })

  it('A034 the initiator sends to none of them either while the pair in use works', () => {
    const lab = new Lab().start(path(A, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    receive(lab.client, 0, path(A, GW1), listed(GW2, '203.0.113.3'))
    for (let i = 0; i < 10; i++) {
      lab.client.step({ type: 'livenessDue' })
      lab.run(10_000)
    }
    expect(pairsOf(lab, 'client')).toEqual(new Set([`${A}:4500 > ${GW1}:4500`]))
  })

  it('A035 A017 D5 those of a client behind a NAT are wrong: the responder tries, and the client finds it by itself', () => {
    const lab = new Lab()
    const outside = at('198.18.3.3#40001')
    lab.nats.set(HOME, outside)
    lab.start(path(HOME, GW1), {
      client: [{ address: HOME }, { address: '10.1.0.3' }],
      gateway: [{ address: GW1 }, { address: GW2 }]
    })
    expect(lab.gateway.state.peerAddresses).toEqual([outside.address, '10.1.0.3'])
    // The NAT lets in only what comes from where the client has sent to; nobody is at the private address.
    const contacted = new Set([GW1])
    lab.drops = (from, to) => {
      if (from.address === outside.address) contacted.add(to.address)
      return (
        to.address === '10.1.0.3' ||
        from.address === GW1 ||
        to.address === GW1 ||
        (to.address === outside.address && !contacted.has(from.address))
      )
    }
    lab.gateway.local(GW2)
    lab.run(3000)
    expect(pairsOf(lab, 'gateway')).toContain(`${GW2}:4500 > 10.1.0.3:4500`)
    expect(lab.gateway.closed).toBeNull()
    lab.client.step({ type: 'livenessDue' })
    lab.run(20_000)
    expect([lab.client.closed, lab.gateway.closed]).toEqual([null, null])
    expect(lab.client.state.childPath).toEqual(path(HOME, GW2))
    expect(lab.gateway.state.childPath).toEqual({ local: at(GW2), remote: outside })
  })

  it('A127 A128 A129 in a response lists and UPDATE_SA_ADDRESSES have no effect', () => {
    for (const role of ['client', 'gateway'] as const) {
      const lab = new Lab().start(path(A, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
      const peer = role === 'client' ? lab.gateway : lab.client
      peer.mangleAnswer = () => [
        { kind: 'updateSaAddresses' },
        ...listed('192.0.2.66'),
        { kind: 'noAdditionalAddresses' }
      ]
      const before = lab[role].state
      lab[role].step({ type: 'livenessDue' })
      lab.run(1000)
      const { peerAddresses, ikePath, childPath } = lab[role].state
      expect({ peerAddresses, ikePath, childPath }).toEqual({
        peerAddresses: before.peerAddresses,
        ikePath: before.ikePath,
        childPath: before.childPath
      })
      expect(lab[role].requests).toHaveLength(1)
    }
  })

  it('D29 NO_ADDITIONAL_ADDRESSES puts nothing to sleep: moves, checks and liveness go on as before', () => {
    const lab = new Lab().start(path(A, GW1))
    receive(lab.gateway, 0, path(GW1, A), [{ kind: 'noAdditionalAddresses' }])
    expect(lab.gateway.suspended).toBe(false)
    lab.gateway.step({ type: 'livenessDue' })
    lab.run(1000)
    expect(lab.gateway.requests.map(({ purpose }) => purpose)).toEqual(['liveness'])
    expect(lab.gateway.state.ikePath).toEqual(path(GW1, A))
  })
})

describe('errors of section 4.1', () => {
  it.each([
    ['a liveness check', { type: 'livenessDue' }],
    ['an address list', { type: 'localAddressesChanged', addresses: [{ address: A }, { address: B }] }]
  ] as const)('A120 UNACCEPTABLE_ADDRESSES in answer to %s is about no address change and changes none', (_, event) => {
    const lab = new Lab().start(path(A, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    lab.gateway.mangleAnswer = (notifies) => [{ kind: 'unacceptableAddresses' }, ...notifies]
    lab.client.step(event)
    lab.run(3000)
    expect(lab.client.closed).toBeNull()
    expect(lab.client.state.ikePath).toEqual(path(A, GW1))
    expect(lab.client.actions.some(({ type }) => type === 'moveChildSas' || type === 'redirectOutstanding')).toBe(false)
    expect(lab.client.reports.some(({ kind }) => kind === 'refused')).toBe(false)
  })

  it('A120 it is never the answer to a request without UPDATE_SA_ADDRESSES, whatever policy says', () => {
    for (const notifies of [
      [],
      listed(B),
      [{ kind: 'cookie2', data: new Uint8Array(8) } as const],
      [{ kind: 'natDetection' } as const]
    ]) {
      const lab = new Lab({}, { acceptPath: () => false }).start(path(A, GW1))
      const [answer] = receive(lab.gateway, 0, path(GW1, '192.0.2.9'), notifies)
      expect(answer?.type === 'answer' ? kindsOf(answer.notifies) : ['no answer first']).not.toContain(
        'unacceptableAddresses'
      )
    }
  })
})

describe('NAT prohibition and new addresses', () => {
  it('A136 D31 E4.6 an UPDATE whose addresses change is not sent with another NO_NATS_ALLOWED: a new request has the new one, and the list', () => {
    const lab = new Lab().start(path(`${A}#500`, `${GW1}#500`), { natTraversal: false })
    lab.drops = () => true
    lab.client.local(B)
    lab.run(10)
    lab.client.local('198.18.9.9', '198.18.9.10')
    lab.drops = () => false
    lab.run(5000)
    const updates = lab.client.requests.filter(({ purpose }) => purpose === 'update')
    expect(updates.map((update) => update.path.local.address)).toEqual([B, '198.18.9.9'])
    for (const update of updates) {
      expect(update.notifies).toContainEqual({ kind: 'noNatsAllowed', data: noNatsAllowedFor(update.path) })
    }
    expect(updates[1]?.notifies).toContainEqual({ kind: 'additionalAddress', address: '198.18.9.10' })
    // The first one, resent from the new address, names an address it does not come from: nothing of it is carried out.
    const told = lab.gateway.reports.filter(({ kind }) => kind === 'unexpectedNat')
    expect(told).toHaveLength(1)
    expect(lab.gateway.state.childPath).toEqual(path(`${GW1}#500`, '198.18.9.9#500'))
    expect(lab.client.state.childPath).toEqual(path('198.18.9.9#500', `${GW1}#500`))
  })

  it('E4.10 an UPDATE with NO_NATS_ALLOWED waits for return routability like any other', () => {
    const lab = new Lab().start(path(`${A}#500`, `${GW1}#500`), { natTraversal: false })
    lab.client.local(B)
    lab.run(26)
    expect(lab.gateway.state.ikePath.remote.address).toBe(B)
    expect(lab.gateway.state.childPath.remote.address).toBe(A)
    lab.run(60)
    expect(lab.gateway.state.childPath.remote.address).toBe(B)
  })

  it('A105 D16 a host that does NAT traversal verifies NO_NATS_ALLOWED all the same', () => {
    const lab = new Lab().start(path(A, GW1))
    const wrong: MobikeNotify = { kind: 'noNatsAllowed', data: noNatsAllowedFor(path('192.0.2.1', GW1)) }
    const [answer] = receive(lab.gateway, 0, path(GW1, B), [{ kind: 'updateSaAddresses' }, wrong])
    expect(answer).toEqual({ type: 'answer', notifies: [{ kind: 'unexpectedNatDetected' }] })
    expect(lab.gateway.state.ikePath).toEqual(path(GW1, A))
  })
})

describe('address events', () => {
  it('F30 several changes told at once lose none: an address that goes while another gets its route', () => {
    const lab = new Lab().start(path(A, GW1), { client: [{ address: A }, { address: B, routable: false }] })
    lab.client.local({ address: B, routable: true }, '198.18.9.9')
    lab.run(1000)
    expect(lab.client.state.childPath).toEqual(path(B, GW1))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, B))
    expect(lab.gateway.state.peerAddresses).toEqual([B, '198.18.9.9'])
  })

  it('E4.9 a path test keeps IKE SA and Child SAs where they are until it is answered', () => {
    const lab = new Lab().start(path(A, GW1), { client: [{ address: A, cost: 5 }] })
    lab.drops = (_from, to) => to.address === B
    lab.client.local({ address: A, cost: 5 }, { address: B, cost: 1 })
    const seen: MobikeState[] = []
    for (let i = 0; i < 40; i++) {
      lab.run(50)
      seen.push(lab.client.state, lab.gateway.state)
    }
    expect(lab.client.requests.some(({ purpose }) => purpose === 'probe')).toBe(true)
    for (const { role, ikePath, childPath } of seen) {
      const own = role === 'initiator' ? path(A, GW1) : path(GW1, A)
      expect([ikePath, childPath]).toEqual([own, own])
    }
  })

  it('A007 either role may ask and must answer: a step takes requests and makes them whatever the role', () => {
    for (const role of ['client', 'gateway'] as const) {
      const lab = new Lab().start(path(A, GW1))
      const { policy, state } = lab[role]
      const on = role === 'client' ? path(A, GW1) : path(GW1, A)
      const request = { type: 'requestReceived', now: 1, messageId: 0, path: on, notifies: [], nat: null } as const
      expect(stepMobike(policy, state, request).actions).toEqual([{ type: 'answer', notifies: [] }])
      lab[role].step({ type: 'livenessDue' })
      expect(lab[role].requests).toHaveLength(1)
    }
  })
})
