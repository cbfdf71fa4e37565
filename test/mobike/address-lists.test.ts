import { describe, expect, it } from 'vitest'
import {
  DEFAULT_MOBIKE_POLICY,
  initialAddressNotifies,
  type MobikeNotify,
  peerAddresses
} from '../../src/mobike/index.ts'
import { type Host, Lab, packets, path } from './harness.ts'

const A = '198.18.0.1'
const B = '198.18.7.2'
const GW1 = '203.0.113.1'
const GW2 = '203.0.113.2'
const listed = (...addresses: string[]): MobikeNotify[] =>
  addresses.map((address) => ({ kind: 'additionalAddress', address }))
const receive = (host: Host, messageId: number, on: ReturnType<typeof path>, notifies: MobikeNotify[]) =>
  host.step({ type: 'requestReceived', messageId, path: on, notifies, nat: null })

describe('the list we send', () => {
  it('A028 A127 A147 F17 D37 in IKE_AUTH: all other addresses we may disclose, at most eight, never NO_ADDITIONAL_ADDRESSES', () => {
    const many = Array.from({ length: 20 }, (_, i) => ({ address: `198.18.2.${i + 1}` }))
    expect(initialAddressNotifies(DEFAULT_MOBIKE_POLICY, many, path('198.18.2.1', GW1))).toEqual(
      listed(...many.slice(1, 9).map(({ address }) => address))
    )
    expect(initialAddressNotifies(DEFAULT_MOBIKE_POLICY, [{ address: A }], path(A, GW1))).toEqual([])
    const hidden = [{ address: A }, { address: B, advertise: false }, { address: '10.9.9.9' }, { address: '127.0.0.1' }]
    const inner = [{ address: '10.9.9.0', prefixLength: 24 }]
    expect(initialAddressNotifies(DEFAULT_MOBIKE_POLICY, hidden, path(A, GW1), inner)).toEqual([])
    expect(initialAddressNotifies({ ...DEFAULT_MOBIKE_POLICY, maxAdvertisedAddresses: 0 }, many, path(A, GW1))).toEqual(
      []
    )
  })

  it('A067 A068 A069 D13 one change, one request: the others in ADDITIONAL_*, or NO_ADDITIONAL_ADDRESSES', () => {
    const lab = new Lab().start(path(A, GW1))
    lab.gateway.local(GW1, GW2, '2001:db8::9')
    lab.run(1000)
    lab.gateway.local(GW1)
    lab.run(1000)
    expect(lab.gateway.requests.map(({ notifies }) => notifies)).toEqual([
      listed(GW2, '2001:db8::9'),
      [{ kind: 'noAdditionalAddresses' }]
    ])
    expect(peerAddresses(lab.client.state)).toEqual([GW1])
  })

  it('A077 D14 a list whose copies left from several sources is followed by a fresh one', () => {
    const lab = new Lab().start(path(A, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    // The first copy leaves from GW1; its answer is lost with GW1.
    lab.drops = (_from, to) => to.address === GW1
    lab.gateway.local(GW1, GW2, '203.0.113.3')
    lab.run(26)
    expect(peerAddresses(lab.client.state)).toEqual([GW1, GW2, '203.0.113.3'])
    lab.gateway.local(GW2, '203.0.113.3')
    lab.run(5000)
    expect(lab.gateway.requests.filter(({ purpose }) => purpose === 'addressList').length).toBeGreaterThan(1)
    expect(peerAddresses(lab.client.state)).toEqual([GW2, '203.0.113.3'])
  })

  it('A077 D14 a list with copies from several sources is sent anew although the pair in use answers it in the end', () => {
    const lab = new Lab().start(path(A, GW1), { client: [{ address: A }, { address: B }] })
    lab.drops = (_from, to) => to.address !== GW1
    lab.client.local(A, B, '198.18.3.3')
    lab.run(20_000)
    const sources = new Set(packets(lab).flatMap((line) => /^client (\S+):\d+ > \S+ request 0 /.exec(line)?.[1] ?? []))
    expect(sources.size).toBeGreaterThan(1)
    lab.drops = () => false
    lab.run(60_000)
    expect(lab.client.requests.filter(({ purpose }) => purpose === 'addressList')).toHaveLength(2)
    expect(peerAddresses(lab.gateway.state)).toEqual([A, B, '198.18.3.3'])
  })

  it('F02 F03 intents merge: many changes while the window is shut make one request', () => {
    const lab = new Lab().start(path(A, GW1))
    lab.gateway.sendOther()
    for (const address of [GW2, '203.0.113.3', '203.0.113.4']) lab.gateway.local(GW1, address)
    lab.gateway.step({ type: 'livenessDue' })
    lab.run(1000)
    expect(lab.gateway.requests.map(({ purpose }) => purpose)).toEqual(['other', 'addressList', 'liveness'])
    expect(peerAddresses(lab.client.state)).toEqual([GW1, '203.0.113.4'])
  })

  it('A081 D37 an initiator that discloses nothing sends no list at all', () => {
    const lab = new Lab({ maxAdvertisedAddresses: 0 }).start(path(A, GW1))
    lab.client.local(A, B)
    lab.run(1000)
    lab.client.local(B)
    lab.run(1000)
    expect(packets(lab).some((line) => /dditionalAddress/.test(line))).toBe(false)
  })
})

describe('the list we receive', () => {
  it('A030 A031 A032 A074 of IKE_AUTH: stored, with the header address, and nothing else', () => {
    const lab = new Lab().start(path(A, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    expect(peerAddresses(lab.client.state)).toEqual([GW1, GW2])
    expect(lab.client.actions).toEqual([])
  })

  it('A070 A074 A075 D13 replaces the old one completely, header address included, and is always answered', () => {
    const { client } = new Lab().start(path(A, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    const actions = receive(client, 0, path(A, GW1), listed('203.0.113.8', '2001:db8::8'))
    expect(actions[0]).toEqual({ type: 'answer', notifies: [] })
    expect(peerAddresses(client.state)).toEqual([GW1, '203.0.113.8', '2001:db8::8'])
    receive(client, 1, path(A, GW1), [{ kind: 'noAdditionalAddresses' }])
    expect(peerAddresses(client.state)).toEqual([GW1])
  })

  it('A072 D13 an older list that comes late is answered and dropped; order is apart from that of UPDATE', () => {
    const { gateway } = new Lab({}, { routability: { ...DEFAULT_MOBIKE_POLICY.routability, when: 'never' } }).start(
      path(A, GW1)
    )
    receive(gateway, 5, path(GW1, A), [{ kind: 'updateSaAddresses' }])
    receive(gateway, 4, path(GW1, A), listed(B))
    expect(peerAddresses(gateway.state)).toEqual([A, B])
    const late = receive(gateway, 3, path(GW1, A), listed('198.18.9.9'))
    expect(late).toEqual([{ type: 'answer', notifies: [] }])
    expect(peerAddresses(gateway.state)).toEqual([A, B])
  })

  it('A-O4 addresses beside NO_ADDITIONAL_ADDRESSES count; the contradiction is reported', () => {
    const { client } = new Lab().start(path(A, GW1))
    const actions = receive(client, 0, path(A, GW1), [{ kind: 'noAdditionalAddresses' }, ...listed(GW2)])
    expect(peerAddresses(client.state)).toEqual([GW1, GW2])
    expect(actions).toContainEqual(
      expect.objectContaining({ type: 'report', report: expect.objectContaining({ kind: 'violation' }) })
    )
  })

  it('A-O6 F17 duplicates and addresses no peer has are dropped, a long list is cut', () => {
    const { client } = new Lab().start(path(A, GW1))
    const bad = [
      '0.0.0.0',
      '127.0.0.1',
      '224.0.0.1',
      '255.255.255.255',
      '169.254.1.1',
      '::',
      '::1',
      'ff02::1',
      'fe80::1'
    ]
    receive(client, 0, path(A, GW1), listed(...bad, GW2, GW2, GW1))
    expect(peerAddresses(client.state)).toEqual([GW1, GW2])
    const many = Array.from({ length: 5000 }, (_, i) => `203.0.${i >> 8}.${i & 255}`)
    receive(client, 1, path(A, GW1), listed(...many))
    expect(peerAddresses(client.state)).toHaveLength(DEFAULT_MOBIKE_POLICY.maxPeerAddresses)
  })

  it('A033 A079 the responder stores the initiator list and uses it for nothing while its own addresses stay', () => {
    const { gateway } = new Lab().start(path(A, GW1))
    const before = gateway.requests.length
    const actions = receive(gateway, 0, path(GW1, A), listed(B))
    expect(actions.map(({ type }) => type)).toEqual(['answer', 'report'])
    expect(gateway.requests.length).toBe(before)
  })

  it('A039 the initiator leaves an address the responder withdrew: with one pair left at once', () => {
    const lab = new Lab().start(path(A, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    receive(lab.client, 0, path(A, GW2), [{ kind: 'noAdditionalAddresses' }])
    expect(lab.client.state.ikePath).toEqual(path(A, GW2))
    lab.run(1000)
    expect(lab.gateway.state.childPath).toEqual(path(GW2, A))
  })

  it('A039 D7 with several pairs left they are tested first, the one the list came over before the others', () => {
    const lab = new Lab().start(path(A, GW1), {
      gateway: [{ address: GW1 }, { address: GW2 }, { address: '203.0.113.3' }]
    })
    receive(lab.client, 0, path(A, '203.0.113.3'), listed(GW2))
    expect(lab.client.requests.at(-1)).toEqual({ purpose: 'probe', path: path(A, '203.0.113.3'), notifies: [] })
    expect(lab.client.state.childPath).toEqual(path(A, GW1))
    lab.run(1000)
    expect(lab.client.state.childPath).toEqual(path(A, '203.0.113.3'))
  })

  it('A117 D7 a list from another address of a responder that still has the one in use: an UPDATE brings it back in step', () => {
    const lab = new Lab().start(path(A, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    lab.gateway.local(GW2)
    lab.gateway.local(GW2, GW1)
    lab.run(5000)
    expect(lab.client.state.childPath.remote).toEqual(lab.gateway.state.childPath.local)
  })

  it('A039 a list with the address in use starts nothing', () => {
    const { client } = new Lab().start(path(A, GW1))
    receive(client, 0, path(A, GW1), listed(GW2, '203.0.113.3'))
    expect(client.requests).toEqual([])
  })
})
