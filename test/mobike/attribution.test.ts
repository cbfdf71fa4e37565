import { describe, expect, it } from 'vitest'
import type { Endpoint } from '../../src/bytes/index.ts'
import { DEFAULT_MOBIKE_POLICY, initialAddressNotifies, type MobikeNotify } from '../../src/mobike/index.ts'
import { at, type EventInput, type Host, Lab, path } from './harness.ts'

const WIFI = '198.18.0.1'
const CELL = '198.18.7.2'
const GW1 = '203.0.113.1'
const GW2 = '203.0.113.2'
const kinds = (host: Host): string[][] => host.requests.map(({ notifies }) => notifies.map(({ kind }) => kind))
const purposes = (host: Host): string[] => host.requests.map(({ purpose }) => purpose)

/** The honest response to the last request of `host`, with the addresses its copies are said to have used. */
function respond(host: Host, sources: Endpoint[], destinations: Endpoint[], extra: MobikeNotify[] = []): void {
  const request = host.requests.at(-1)
  const token = host.state.outstanding.at(-1)?.token ?? null
  if (request === undefined) throw new Error('no request')
  host.outstanding = null
  const event: EventInput = {
    type: 'responseReceived',
    token,
    path: request.path,
    sources,
    destinations,
    notifies: [...extra, ...request.notifies.filter(({ kind }) => kind === 'cookie2')],
    nat: null
  }
  host.step(event)
}

describe('what a response proves depends on where its request was sent', () => {
  const silent = (): Lab => {
    const lab = new Lab().start(path(WIFI, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    lab.drops = () => true
    return lab
  }

  it('A049 D19 several sources, or several destinations, each call for a fresh UPDATE; one of each does not', () => {
    for (const [sources, destinations, updates] of [
      [[CELL], [GW1], 1],
      [[CELL, WIFI], [GW1], 2],
      [[CELL], [GW1, GW2], 2]
    ] as const) {
      const lab = silent()
      lab.client.local(CELL)
      respond(lab.client, sources.map(at), destinations.map(at))
      expect(purposes(lab.client).filter((purpose) => purpose === 'update')).toHaveLength(updates)
    }
  })

  it('A049 retransmissions between the same two addresses are no doubt, however often the host names them', () => {
    const lab = silent()
    lab.client.local(CELL)
    respond(lab.client, [at(CELL), at(CELL), at(CELL)], [at(GW1), at(GW1), at(GW1)])
    expect(purposes(lab.client)).toEqual(['update'])
    expect(lab.client.state.updatesInDoubt).toBe(0)
    lab.gateway.step({
      type: 'requestReceived',
      messageId: 7,
      path: path(GW1, CELL),
      notifies: [{ kind: 'updateSaAddresses' }],
      nat: null
    })
    respond(lab.gateway, [at(GW1), at(GW1)], [at(CELL), at(CELL)])
    expect(purposes(lab.gateway)).toEqual(['routability'])
    expect(lab.gateway.state.childPath).toEqual(path(GW1, CELL))
  })

  it('A049 A076 the fresh UPDATE carries the list again, and so does one that replaces an unanswered UPDATE', () => {
    const lab = silent()
    lab.client.local(CELL, '198.18.9.9')
    respond(lab.client, [at(CELL), at(WIFI)], [at(GW1)])
    lab.client.outstanding = null
    lab.client.local('198.18.9.9', CELL)
    lab.client.step({ type: 'updateForced' })
    expect(kinds(lab.client)).toEqual([
      ['updateSaAddresses', 'natDetection', 'additionalAddress', 'cookie2'],
      ['updateSaAddresses', 'natDetection', 'additionalAddress', 'cookie2'],
      ['updateSaAddresses', 'natDetection', 'cookie2']
    ])
    const replaced = silent()
    replaced.client.local(CELL, '198.18.9.9')
    replaced.client.outstanding = null
    replaced.client.local('198.18.9.9', WIFI)
    expect(kinds(replaced.client).at(-1)).toContain('additionalAddress')
  })

  it('A059 a routability check of an address the peer has left proves nothing, even if it never went elsewhere', () => {
    const lab = silent()
    const update = (messageId: number, from: string): void => {
      const notifies: MobikeNotify[] = [{ kind: 'updateSaAddresses' }]
      lab.gateway.step({ type: 'requestReceived', messageId, path: path(GW1, from), notifies, nat: null })
    }
    update(0, CELL)
    expect(purposes(lab.gateway)).toEqual(['routability'])
    update(1, '198.18.9.9')
    respond(lab.gateway, [at(GW1)], [at(CELL)])
    expect(lab.gateway.reports.some(({ kind }) => kind === 'routabilityVerified')).toBe(false)
    expect(lab.gateway.state.childPath).toEqual(path(GW1, WIFI))
    expect(purposes(lab.gateway)).toEqual(['routability', 'routability'])
    respond(lab.gateway, [at(GW1)], [at('198.18.9.9')])
    expect(lab.gateway.state.childPath).toEqual(path(GW1, '198.18.9.9'))
    expect(purposes(lab.gateway)).toHaveLength(2)
  })

  it('A059 back at a proven address nothing is left to check', () => {
    const lab = silent()
    const notifies: MobikeNotify[] = [{ kind: 'updateSaAddresses' }]
    for (const [messageId, from] of [CELL, WIFI].entries()) {
      lab.gateway.step({ type: 'requestReceived', messageId, path: path(GW1, from), notifies, nat: null })
    }
    respond(lab.gateway, [at(GW1)], [at(CELL), at(WIFI)])
    expect(purposes(lab.gateway)).toEqual(['routability'])
    expect(lab.gateway.state.ikePath).toEqual(path(GW1, WIFI))
    expect(lab.gateway.state.childPath).toEqual(path(GW1, WIFI))
  })

  it('F20 A-O9 whatever was open when the IKE SA was rekeyed is asked again on the new one', () => {
    const check = silent()
    const notifies: MobikeNotify[] = [{ kind: 'updateSaAddresses' }]
    check.gateway.step({ type: 'requestReceived', messageId: 7, path: path(GW1, CELL), notifies, nat: null })
    const list = silent()
    list.gateway.local(GW1, GW2, '203.0.113.3')
    for (const [host, purpose] of [
      [check.gateway, 'routability'],
      [list.gateway, 'addressList']
    ] as const) {
      const before = purposes(host).filter((one) => one === purpose).length
      host.outstanding = null
      host.step({ type: 'ikeSaRekeyed' })
      expect(purposes(host).filter((one) => one === purpose)).toHaveLength(before + 1)
    }
    // Still the newest of the old IKE SA, and older than all of the new one.
    expect(check.gateway.state.lastUpdateMessageId).toBe(7)
  })

  it('F06 a reply from an address nothing was sent to is no proof of any', () => {
    const lab = silent()
    lab.client.local(CELL)
    const before = lab.client.state.verified.length
    const token = lab.client.state.outstanding[0]?.token ?? null
    lab.client.outstanding = null
    lab.client.step({
      type: 'responseReceived',
      token,
      path: path(CELL, GW2),
      sources: [at(CELL)],
      destinations: [at(GW1)],
      notifies: lab.client.requests[0]?.notifies.filter(({ kind }) => kind === 'cookie2') ?? [],
      nat: null
    })
    expect(lab.client.state.verified).toHaveLength(before)
  })
})

describe('pace', () => {
  it('After a move to an untested pair the others get their turn when fallbackMs have passed without a reply', () => {
    const lab = new Lab().start(path(WIFI, GW1), { gateway: [{ address: GW1 }, { address: GW2 }] })
    lab.drops = (from, to) => [from.address, to.address].includes(GW1)
    lab.client.local(CELL)
    lab.run(DEFAULT_MOBIKE_POLICY.probing.fallbackMs - 1)
    expect(lab.client.actions.some(({ type }) => type === 'transmitOutstanding')).toBe(false)
    lab.run(1)
    expect(lab.client.actions).toContainEqual({ type: 'transmitOutstanding', path: path(CELL, GW2) })
  })

  it('C15 C63 pairs are tested one after the other, intervalMs apart, slower every round', () => {
    const lab = new Lab().start(path(WIFI, GW1), { client: [{ address: WIFI }, { address: CELL }] })
    lab.drops = () => true
    lab.client.sendOther()
    const times: number[] = []
    for (let i = 0; i < 8000; i++) {
      const before = lab.client.actions.length
      lab.run(1)
      const sent = lab.client.actions.slice(before).filter(({ type }) => type === 'transmitOutstanding')
      for (const _ of sent) times.push(lab.now)
    }
    const first = times[0] as number
    expect(times.slice(0, 6).map((time) => time - first)).toEqual([0, 300, 600, 1200, 1800, 3000])
  })

  it('Once a pair is found no further probe is sent', () => {
    const lab = new Lab().start(path(WIFI, GW1), { client: [{ address: WIFI }, { address: CELL }] })
    lab.drops = (from, to) => [from.address, to.address].includes(WIFI)
    lab.client.sendOther()
    lab.run(60_000)
    expect(purposes(lab.client)).toEqual(['other', 'update'])
  })

  it('A039 when no replacement for a withdrawn address answers, the present pair is checked', () => {
    const lab = new Lab().start(path(WIFI, GW1))
    lab.drops = (from, to) => ![from.address, to.address].includes(GW1)
    const notifies: MobikeNotify[] = [{ kind: 'additionalAddress', address: '203.0.113.9' }]
    lab.client.step({ type: 'requestReceived', messageId: 0, path: path(WIFI, GW2), notifies, nat: null })
    lab.run(20_000)
    expect(purposes(lab.client)).toContain('liveness')
    expect(lab.client.closed).toBeNull()
    expect(lab.client.state.childPath).toEqual(path(WIFI, GW1))
  })
})

describe('prefixes', () => {
  it('C33 F65 of any length exclude what lies in them and nothing else', () => {
    const announced = (prefix: string, prefixLength: number, addresses: string[]): number =>
      initialAddressNotifies(
        DEFAULT_MOBIKE_POLICY,
        addresses.map((address) => ({ address })),
        path(WIFI, GW1),
        [{ address: prefix, prefixLength }]
      ).length
    expect(announced('172.16.0.0', 12, ['172.31.255.1', '172.32.0.1', '172.15.0.1'])).toBe(2)
    expect(announced('192.0.2.128', 25, ['192.0.2.127', '192.0.2.129'])).toBe(1)
    expect(announced('192.0.2.7', 32, ['192.0.2.7', '192.0.2.6'])).toBe(1)
    expect(announced('10.0.0.0', 8, ['10.255.0.1', '11.0.0.1'])).toBe(1)
    expect(announced('0.0.0.0', 0, ['10.255.0.1', '2001:db8::1'])).toBe(1)
    expect(announced('2001:db8::', 33, ['2001:db8:7fff::1', '2001:db8:8000::1'])).toBe(1)
  })
})
