import { describe, expect, it } from 'vitest'
import type { IpAddress } from '../../src/bytes/index.ts'
import { NOTIFY } from '../../src/codec/index.ts'
import { DEFAULT_MOBIKE_POLICY, type MobikePolicy } from '../../src/mobike/index.ts'
import { mobikeReports, type Pair } from './pair.ts'
import { asks, clientAt, failsWith, GW1, GW2, GW3, gatewayAt, HOUR, P0, P1, P2, where, world } from './world.ts'

/** Answers that refuse or fail, and come late or not at all: two ends that a path connects find each other again. */

function expectTogether(pair: Pair): void {
  expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
  const { client, gateway } = where(pair)
  expect(gateway).toEqual(client)
  expect(new Set(client).size).toBe(1)
}

const LIST = [NOTIFY.ADDITIONAL_IP4_ADDRESS, NOTIFY.NO_ADDITIONAL_ADDRESSES]
const acceptsOnly = (address: IpAddress): Partial<MobikePolicy> => ({
  acceptPath: ({ remote }) => remote.address === address
})
const refuses = (address: IpAddress): Partial<MobikePolicy> => ({
  acceptPath: ({ remote }) => remote.address !== address
})

/** The client went to P1, the gateway followed, and the answer was lost; on its way to P2 since. */
function inDoubt(pair: Pair): Pair {
  clientAt(pair, { address: P0, cost: 1 }, { address: P1, cost: 5 })
  pair.advance(2000)
  pair.passes = ({ from, path }) => from === 'client' || path.remote.address !== P1
  clientAt(pair, { address: P1, cost: 5 })
  pair.advance(20)
  clientAt(pair, { address: P0, cost: 10 }, { address: P2, cost: 1 })
  pair.passes = () => true
  return pair
}

describe('a refusal while another UPDATE is in doubt (RFC 4555 section 3.5)', () => {
  it.each([
    ['after', 200],
    ['before', 0]
  ])('A062 P2 and P0 are refused, and P1 is there again %s that: the client finds the gateway at P1', (_, ms) => {
    const pair = inDoubt(world({}, acceptsOnly(P1)))
    pair.advance(ms)
    clientAt(pair, { address: P0, cost: 1 }, { address: P1, cost: 5 }, { address: P2, cost: 10 })
    pair.advance(HOUR)
    expectTogether(pair)
  })

  it('A062 P2 is refused, and the UPDATE back to P0 fails for half a minute: it is asked again', () => {
    let isBusy = true
    const pair = world({}, refuses(P2))
    failsWith(pair, NOTIFY.TEMPORARY_FAILURE, (datagram) => {
      return isBusy && datagram.path.local.address === P0 && asks(pair, datagram, NOTIFY.UPDATE_SA_ADDRESSES)
    })
    inDoubt(pair)
    pair.advance(20)
    clientAt(pair, { address: P0, cost: 1 }, { address: P1, cost: 5 }, { address: P2, cost: 10 })
    pair.advance(60_000)
    isBusy = false
    pair.advance(HOUR)
    expectTogether(pair)
  })

  it.each([[[GW1]], [[GW1, GW2]]])(
    'A062 the gateway of %j is at P1, whose answers were lost for seconds; P0 is refused: the IKE SA does not end',
    (addresses) => {
      const pair = world({}, acceptsOnly(P1))
      gatewayAt(pair, ...addresses)
      pair.advance(1000)
      pair.copies = () => [20]
      pair.passes = ({ from, path }) => from === 'client' || path.remote.address !== P1
      clientAt(pair, { address: P1 })
      pair.advance(3000)
      clientAt(pair, { address: P0 }, { address: P1 })
      pair.advance(2030)
      pair.passes = () => true
      pair.advance(60_000)
      expectTogether(pair)
    }
  )

  it('A062 a pair that was silent for a while is tried before a refusal ends the IKE SA; one that stays silent does not save it', () => {
    for (const isBack of [true, false]) {
      const pair = world({}, { acceptPath: ({ local }) => local.address !== GW2 })
      pair.advance(1000)
      pair.copies = () => [20]
      // The way to GW1 breaks. GW2 answers, and refuses.
      const { route } = pair
      let isBroken = true
      pair.route = (datagram) => {
        const { local, remote } = datagram.path
        return isBroken && (local.address === GW1 || remote.address === GW1) ? undefined : route(datagram)
      }
      clientAt(pair, { address: P1 })
      while (where(pair).client[0] !== `${P1}>${GW2}`) pair.advance(10)
      isBroken = !isBack
      pair.advance(HOUR)
      if (isBack) {
        expect(where(pair).client[0]).toBe(`${P1}>${GW1}`)
        expectTogether(pair)
      } else expect(pair.reports('client')).toContainEqual({ kind: 'closed', reason: 'updateRefused' })
    }
  })

  it.each([1, 4])(
    'A066 window %i: the gateway moved its own end while the client was elsewhere and was refused there: back, it is told',
    (window) => {
      const pair = world({}, refuses(P1), window)
      pair.advance(1000)
      clientAt(pair, { address: P0, cost: 10 }, { address: P1, cost: 1 })
      pair.copies = ({ path }) => [[path.local.address, path.remote.address].includes(P1) ? 450 : 50]
      while (where(pair).client[0] !== `${P1}>${GW1}`) pair.advance(10)
      // Window 1: a request of the gateway's own is under way, so that its two lists become one. Window 4: the first is lost.
      if (window === 1) pair.tell('gateway', { type: 'livenessRequested' })
      else pair.passes = ({ from }) => from !== 'gateway'
      gatewayAt(pair, GW2)
      pair.passes = () => true
      gatewayAt(pair, GW1, GW2)
      pair.advance(10_000)
      clientAt(pair, { address: P0, cost: 1 }, { address: P1, cost: 10 })
      pair.advance(HOUR)
      expectTogether(pair)
    }
  )

  it('a routability check that overtakes an UPDATE does not take away the way back from it', () => {
    const routability = { ...DEFAULT_MOBIKE_POLICY.routability, periodicMs: 10_000 }
    const pair = world({ routability }, { acceptPath: ({ local }) => local.address !== GW2 }, 4)
    pair.advance(8500)
    pair.copies = (datagram) => [asks(pair, datagram, NOTIFY.UPDATE_SA_ADDRESSES) ? 900 : 5]
    pair.tell('client', {
      type: 'remoteCandidatesChanged',
      endpoints: [
        { address: GW1, port: 4500, cost: 10 },
        { address: GW2, port: 4500, cost: 1 }
      ]
    })
    pair.advance(330_000)
    expectTogether(pair)
  })

  it('A062 a NAT whose new mapping is refused: the client goes where the gateway can reach it', () => {
    const fresh = '203.0.113.99'
    const pair = world({}, refuses(fresh))
    let outside = '203.0.113.5'
    pair.route = ({ from, path: { local, remote } }) => {
      if (from === 'client')
        return { local: remote, remote: local.address === P0 ? { ...local, address: outside } : local }
      if (remote.address === outside) return { local: { ...remote, address: P0 }, remote: local }
      return remote.address === P1 ? { local: remote, remote: local } : undefined
    }
    clientAt(pair, { address: P0, cost: 1 }, { address: P1, cost: 5 })
    pair.tell('client', { type: 'updateRequested' })
    pair.advance(60_000)
    outside = fresh
    pair.tell('client', { type: 'livenessRequested' })
    pair.advance(HOUR)
    expect([fresh, P1]).toContain(pair.gateway.session.state.mobike?.childPath.remote.address)
  })
})

describe('a better pair that the peer always refuses', () => {
  const refusals = (pair: Pair) => mobikeReports(pair.client.actions).filter(({ kind }) => kind === 'refused').length

  it('A062 is tried ever more seldom, for each try takes traffic there and back', () => {
    const pair = world({}, refuses(P1))
    clientAt(pair, { address: P0, cost: 10 }, { address: P1, cost: 1 })
    pair.advance(HOUR)
    expect(refusals(pair)).toBeGreaterThan(4)
    expect(refusals(pair)).toBeLessThan(20)
    // Gone and there again, it has all its chances.
    const before = refusals(pair)
    clientAt(pair, { address: P0, cost: 10 })
    pair.advance(1000)
    clientAt(pair, { address: P0, cost: 10 }, { address: P1, cost: 1 })
    pair.advance(60_000)
    expect(refusals(pair)).toBeGreaterThan(before)
    expectTogether(pair)
  })

  it('A062 leaves the second best its turn', () => {
    const pair = world({}, refuses(P2))
    clientAt(pair, { address: P0, cost: 10 }, { address: P1, cost: 5 }, { address: P2, cost: 1 })
    pair.advance(300_000)
    expect(where(pair).client).toEqual([`${P1}>${GW1}`, `${P1}>${GW1}`])
    expectTogether(pair)
  })
})

describe('a list that failed (RFC 4555 section 3.6)', () => {
  it.each([
    ['TEMPORARY_FAILURE', 40_000],
    ['UNEXPECTED_NAT_DETECTED', 1000]
  ] as const)(
    'A067 A108 with %s for a while is told in the end, and used when the known address breaks',
    (error, ms) => {
      const pair = world()
      let isFailing = true
      failsWith(
        pair,
        NOTIFY[error],
        (datagram) => isFailing && datagram.from === 'gateway' && asks(pair, datagram, ...LIST)
      )
      gatewayAt(pair, GW1, GW3)
      pair.advance(ms)
      isFailing = false
      pair.advance(600_000)
      expect(pair.client.session.state.mobike?.peerAddresses).toEqual([GW1, GW3])
      const { route } = pair
      pair.route = (datagram) => {
        const { local, remote } = datagram.path
        return local.address === GW1 || remote.address === GW1 ? undefined : route(datagram)
      }
      pair.tell('client', { type: 'livenessRequested' })
      pair.advance(600_000)
      expect(where(pair).client[0]).toBe(`${P0}>${GW3}`)
      expectTogether(pair)
    }
  )

  it('A108 for a NAT that was on the way for a second, where both forbid one', () => {
    const pair = world({ natTraversal: 'forbid' }, { natTraversal: 'forbid' })
    const outside = '203.0.113.5'
    const { route } = pair
    let isNat = true
    pair.route = (datagram) => {
      if (!isNat) return route(datagram)
      const { from, path } = datagram
      if (from === 'gateway') {
        const arrival = route(datagram)
        return arrival && { ...arrival, remote: { ...arrival.remote, address: outside } }
      }
      const isThere = path.remote.address === outside
      return route(isThere ? { ...datagram, path: { ...path, remote: { ...path.remote, address: GW1 } } } : datagram)
    }
    pair.copies = () => [10]
    gatewayAt(pair, GW1, GW2, GW3)
    pair.advance(1000)
    isNat = false
    pair.advance(600_000)
    expect(pair.client.session.state.mobike?.peerAddresses).toContain(GW3)
  })
})

describe('what the responder knows of addresses', () => {
  it('A018 A066 a list that nobody answers where the client was is told at the address that it announced', () => {
    const v6 = '2001:db8:a::2'
    const pair = world()
    gatewayAt(pair, GW1)
    pair.advance(1000)
    clientAt(pair, { address: P0 }, { address: v6 })
    pair.advance(1000)
    // The client has IPv6 alone, and knows no such address of the gateway.
    clientAt(pair, { address: v6 })
    pair.advance(10_000)
    expect(pair.client.session.state.mobike?.outageSince).not.toBeNull()
    gatewayAt(pair, GW1, '2001:db8:1::1')
    pair.advance(60_000)
    expect(where(pair).client[0]).toBe(`${v6}>2001:db8:1::1`)
    expectTogether(pair)
  })

  it.each([1, 4])(
    'A070 A074 window %i: a list told and then a move to one of its addresses: it knows all three',
    (window) => {
      const pair = world({}, {}, window)
      clientAt(pair, { address: P2 })
      pair.advance(5000)
      clientAt(pair, { address: P0, cost: 0 }, { address: P1, cost: 1 }, { address: P2, cost: 1 })
      pair.advance(60_000)
      expect([...(pair.gateway.session.state.mobike?.peerAddresses ?? [])].sort()).toEqual([P0, P1, P2])
      // The way to P0 breaks, and the gateway has another address, which the client is still to be told: over P1 or P2.
      const { route } = pair
      pair.route = (datagram) => {
        const { local, remote } = datagram.path
        return local.address === P0 || remote.address === P0 ? undefined : route(datagram)
      }
      gatewayAt(pair, GW3)
      pair.advance(120_000)
      expect(where(pair).client[0]).toMatch(new RegExp(`^(${P1}|${P2})>${GW3}$`))
      expectTogether(pair)
    }
  )
})
