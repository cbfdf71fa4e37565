import { describe, expect, it } from 'vitest'
import { type IpAddress, toHex } from '../../src/bytes/index.ts'
import { NOTIFY } from '../../src/codec/index.ts'
import { DEFAULT_MOBIKE_POLICY, type MobikePolicy } from '../../src/mobike/index.ts'
import { read } from './forge.ts'
import { mobikeReports, type Pair, reversed } from './pair.ts'
import { asks, clientAt, failsWith, GW1, GW2, GW3, gatewayAt, HOUR, P0, P1, P2, where, world } from './world.ts'

/** What cannot go on as it is: neither an end that stays somewhere else for good, nor the same vain try without end. */

const NAT = '203.0.113.5'
const NEW_NAT = '203.0.113.99'

const refuses = (address: IpAddress): Partial<MobikePolicy> => ({
  acceptPath: ({ local, remote }) => local.address !== address && remote.address !== address
})

function touches(datagram: { readonly path: Pair['client']['session']['state']['path'] }, address: IpAddress): boolean {
  return [datagram.path?.local.address, datagram.path?.remote.address].includes(address)
}

/** Different requests of the client in the next hour. */
function requestsInAnHour(pair: Pair): number {
  const before = pair.sent.length
  pair.advance(HOUR)
  return new Set(pair.sent.slice(before).flatMap(({ from, bytes }) => (from === 'client' ? [toHex(bytes)] : []))).size
}

describe('a responder whose list was answered at another address than that of the last UPDATE', () => {
  const BOTH = [
    { address: P0, cost: 10 },
    { address: P1, cost: 1 }
  ]

  it('A009 A066 while it checks the new address: its Child SAs still go there', () => {
    const pair = world()
    gatewayAt(pair, GW1)
    clientAt(pair, { address: P0, cost: 1 }, { address: P1, cost: 10 })
    pair.advance(1000)
    // What the client answers is lost: everything until it has moved, then what leaves from P1.
    pair.passes = (datagram) => {
      if (datagram.from !== 'client' || !read(pair, datagram).message.isResponse) return true
      const hasMoved = pair.gateway.session.state.mobike?.ikePath.remote.address === P1
      return hasMoved && datagram.path.local.address !== P1
    }
    clientAt(pair, ...BOTH)
    pair.advance(900)
    gatewayAt(pair, GW1, GW3)
    pair.advance(10_000)
    pair.passes = () => true
    // The client gives up P0.
    clientAt(pair, { address: P1 })
    pair.advance(HOUR)
    const together = [`${P1}>${GW1}`, `${P1}>${GW1}`]
    expect(where(pair)).toEqual({ client: together, gateway: together })
  })

  /** The gateway's list was answered from P0 alone, while the client stayed at P1. */
  function answeredElsewhere(): Pair {
    const pair = world()
    gatewayAt(pair, GW1)
    pair.advance(1000)
    clientAt(pair, ...BOTH)
    pair.advance(60_000)
    expect(where(pair).gateway).toEqual([`${P1}>${GW1}`, `${P1}>${GW1}`])
    pair.passes = (datagram) => datagram.from !== 'client' || datagram.path.local.address !== P1
    gatewayAt(pair, GW1, GW3)
    pair.advance(6000)
    pair.passes = () => true
    return pair
  }

  it('A009 A066 its IKE SA stays where the client is', () => {
    const pair = answeredElsewhere()
    pair.advance(HOUR)
    expect(where(pair).gateway[0]).toBe(where(pair).client[0])
  })

  it('A066 its IKE SA does not end for a request to an address that the client has given up', () => {
    const pair = answeredElsewhere()
    clientAt(pair, { address: P1 })
    pair.advance(60_000)
    pair.tell('gateway', { type: 'childSaRekeyRequested', id: pair.childIds('gateway')[0] as number })
    pair.advance(HOUR)
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
  })
})

describe('a pair that answers and refuses, beside one that is silent (RFC 4555 section 3.5)', () => {
  it('A062 the path in use breaks: no UPDATEs at full speed, and the end says that it is for the refusal', () => {
    const pair = world({}, refuses(GW2))
    pair.advance(1000)
    pair.copies = () => [5]
    pair.passes = (datagram) => !touches(datagram, GW1)
    pair.tell('client', { type: 'livenessRequested' })
    expect(requestsInAnHour(pair)).toBeLessThan(40)
    expect(pair.reports('client')).toContainEqual({ kind: 'closed', reason: 'updateRefused' })
  })

  it('A062 the gateway has lost the address in use: likewise', () => {
    const pair = world({}, refuses(GW2))
    pair.advance(1000)
    pair.copies = () => [5]
    gatewayAt(pair, GW2)
    expect(requestsInAnHour(pair)).toBeLessThan(40)
  })

  it('A062 the refusal is over after half a minute: the client is there', () => {
    let isRefused = true
    const pair = world({}, { acceptPath: ({ local }) => !isRefused || local.address !== GW2 })
    pair.advance(1000)
    pair.copies = () => [5]
    pair.passes = (datagram) => !touches(datagram, GW1)
    pair.tell('client', { type: 'livenessRequested' })
    pair.advance(30_000)
    isRefused = false
    pair.advance(120_000)
    expect(where(pair).gateway).toEqual([`${P0}>${GW2}`, `${P0}>${GW2}`])
  })

  it('A062 P1 is refused, and P2 is silent for ten seconds only: silence has minutes', () => {
    const pair = world({}, refuses(P1))
    gatewayAt(pair, GW1)
    pair.advance(1000)
    pair.copies = () => [5]
    pair.passes = (datagram) => !touches(datagram, P2)
    clientAt(pair, { address: P1, cost: 1 }, { address: P2, cost: 5 })
    pair.advance(10_000)
    pair.passes = () => true
    pair.advance(300_000)
    expect(pair.phase('client')).toBe('established')
    expect(where(pair).gateway).toEqual([`${P2}>${GW1}`, `${P2}>${GW1}`])
  })
})

describe('refusals and failures that pass', () => {
  it.each([35_000, 60_000, 120_000])(
    'B196 B197 TEMPORARY_FAILURE for %i ms does not end the IKE SA of a client that has one address',
    (ms) => {
      const pair = world()
      gatewayAt(pair, GW1)
      pair.advance(1000)
      let isBusy = true
      failsWith(pair, NOTIFY.TEMPORARY_FAILURE, (datagram) => {
        return isBusy && datagram.from === 'client' && asks(pair, datagram, NOTIFY.UPDATE_SA_ADDRESSES)
      })
      clientAt(pair, { address: P1 })
      pair.advance(ms)
      isBusy = false
      pair.advance(600_000)
      expect(pair.phase('client')).toBe('established')
      expect(where(pair).gateway).toEqual([`${P1}>${GW1}`, `${P1}>${GW1}`])
    }
  )

  it('A062 A096 a NAT mapping that is refused for a minute is told again: the gateway reaches the client in the end', () => {
    let isRefused = true
    const pair = world({}, { acceptPath: ({ remote }) => !isRefused || remote.address !== NEW_NAT })
    let outside = NAT
    pair.route = ({ from, path: { local, remote } }) => {
      if (from === 'client') return { local: remote, remote: { ...local, address: outside } }
      return remote.address === outside ? { local: { ...remote, address: P0 }, remote: local } : undefined
    }
    pair.tell('client', { type: 'updateRequested' })
    pair.advance(60_000)
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe(NAT)
    outside = NEW_NAT
    pair.tell('client', { type: 'livenessRequested' })
    pair.advance(60_000)
    isRefused = false
    pair.advance(300_000)
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe(NEW_NAT)
  })

  it('A062 an answer that refuses, read when the last address is gone, does not end the IKE SA', () => {
    const pair = world({}, refuses(P1))
    pair.copies = () => [20]
    clientAt(pair, { address: P1 })
    pair.advance(30)
    // The answer waits in the socket when the interface goes.
    const { route } = pair
    pair.route = ({ path }) => reversed(path)
    clientAt(pair)
    pair.advance(50)
    pair.route = route
    clientAt(pair, { address: P0 })
    pair.advance(60_000)
    expect(where(pair).gateway).toEqual([`${P0}>${GW1}`, `${P0}>${GW1}`])
  })

  it('A108 a NAT where none may be, there for a second: as many tries as retransmissions, and spread like them', () => {
    const pair = world({ natTraversal: 'forbid' }, { natTraversal: 'forbid' })
    gatewayAt(pair, GW1)
    pair.advance(1000)
    pair.copies = () => [10]
    const { route } = pair
    let isNat = true
    pair.route = (datagram) => {
      if (!isNat) return route(datagram)
      const { from, path } = datagram
      if (from === 'gateway') return route({ ...datagram, path: { ...path, remote: { ...path.remote, address: P1 } } })
      const arrival = route(datagram)
      return arrival && { ...arrival, remote: { ...arrival.remote, address: NAT } }
    }
    clientAt(pair, { address: P1 })
    pair.advance(1000)
    isNat = false
    pair.advance(60_000)
    expect(where(pair).gateway).toEqual([`${P1}>${GW1}`, `${P1}>${GW1}`])
  })
})

/** Each try takes traffic there and back: as after a refusal, it has to become ever more seldom. */
describe('a better pair that passes its test and then never works', () => {
  function better(): Pair {
    const pair = world()
    gatewayAt(pair, GW1)
    pair.advance(1000)
    return pair
  }

  const movesTo = (pair: Pair, address: IpAddress): number =>
    mobikeReports(pair.client.actions).filter(
      (report) => report.kind === 'moving' && report.to.local.address === address
    ).length

  it('because only small packets get through: tried ever more seldom, and at once again after it has worked', () => {
    const pair = better()
    let isNarrow = true
    pair.passes = (datagram) => !isNarrow || !touches(datagram, P1) || datagram.bytes.length < 120
    clientAt(pair, { address: P0, cost: 10 }, { address: P1, cost: 1 })
    pair.advance(HOUR)
    expect(movesTo(pair, P1)).toBeGreaterThan(3)
    expect(movesTo(pair, P1)).toBeLessThan(12)
    isNarrow = false
    pair.advance(HOUR)
    expect(where(pair).gateway).toEqual([`${P1}>${GW1}`, `${P1}>${GW1}`])
    // What it failed before is forgotten: the next try comes as soon as the first did.
    isNarrow = true
    pair.tell('client', { type: 'livenessRequested' })
    pair.advance(30_000)
    clientAt(pair, { address: P0, cost: 1 }, { address: P1, cost: 10 })
    pair.advance(120_000)
    const before = movesTo(pair, P1)
    clientAt(pair, { address: P0, cost: 10 }, { address: P1, cost: 1 })
    pair.advance(100_000)
    expect(movesTo(pair, P1) - before).toBeGreaterThan(1)
  })

  it('F68 because the host cannot migrate its Child SAs there', () => {
    const pair = better()
    pair.move = (name) => {
      const fails = name === 'client' && pair.client.session.state.mobike?.childPath.local.address === P1
      return fails ? { type: 'childSaMoveFailed', reason: 'EINVAL' } : { type: 'childSasMoved' }
    }
    clientAt(pair, { address: P0, cost: 10 }, { address: P1, cost: 1 })
    pair.advance(HOUR)
    expect(movesTo(pair, P1)).toBeGreaterThan(3)
    expect(movesTo(pair, P1)).toBeLessThan(12)
  })
})

describe('a policy without hysteresis', () => {
  it('does not wake the session every millisecond while an UPDATE waits', () => {
    const pair = world({ selection: { ...DEFAULT_MOBIKE_POLICY.selection, hysteresisMs: 0 } })
    failsWith(pair, NOTIFY.TEMPORARY_FAILURE, (datagram) => {
      return datagram.from === 'client' && asks(pair, datagram, NOTIFY.UPDATE_SA_ADDRESSES)
    })
    pair.tell('client', { type: 'updateRequested' })
    pair.advance(40_000)
    clientAt(pair, { address: P0, cost: 10 }, { address: P1, cost: 1 })
    let ticks = 0
    const tell = pair.tell.bind(pair)
    pair.tell = (name, news) => {
      if (news.type === 'tick') ticks++
      return tell(name, news)
    }
    pair.advance(10_000)
    expect(ticks).toBeLessThan(100)
  })
})
