import { describe, expect, it } from 'vitest'
import { endpointText, readUint32 } from '../../src/bytes/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import { createNat, dropWhen, onInterface, type SimDatagram } from '../../src/sim/index.ts'
import { scene } from './scene.ts'

/** The test suites of strongSwan and libreswan for MOBIKE, played with real messages and real ESP on a virtual clock. */

type Scene = ReturnType<typeof scene>

const childOf = (host: Scene['phone']) => host.sessions()[0]?.tunnel.snapshot().children[0]
const selectorsOf = (host: Scene['phone']) => {
  const sa = host.sessions()[0]?.session().state.children[0]?.sa
  return [sa?.localSelectors, sa?.remoteSelectors]
}

/** What a host sent since a time: ESP as sequence number and pair, the rest as label and pair. */
function sentBy({ network, labels }: Scene, host: string, since: number) {
  const sent = network.trace.flatMap((entry) =>
    entry.kind === 'sent' && entry.host === host && entry.time >= since ? [entry.datagram] : []
  )
  const pair = ({ source, destination }: SimDatagram) => `${endpointText(source)} > ${endpointText(destination)}`
  const isEsp = (datagram: SimDatagram) => labels.label(datagram).startsWith('ESP')
  return {
    esp: sent.filter(isEsp).map((datagram) => ({
      ends: `${datagram.source.address} > ${datagram.destination.address}`,
      sequence: readUint32(datagram.bytes, 4),
      source: datagram.source.address,
      isEncapsulated: datagram.protocol === 'udp'
    })),
    ike: sent
      .filter((datagram) => !isEsp(datagram) && labels.label(datagram) !== 'NAT keepalive')
      .map((datagram) => ({ label: labels.label(datagram), source: datagram.source.address, pair: pair(datagram) }))
  }
}

const updatesIn = (sent: ReturnType<typeof sentBy>) =>
  sent.ike.filter(({ label }) => label.includes('request') && label.includes('UPDATE_SA_ADDRESSES'))

/** The sequence numbers a host gave to its ESP go on by one, whatever was moved meanwhile. */
function expectUnbroken(world: Scene, host: string): void {
  const numbers = sentBy(world, host, 0).esp.map(({ sequence }) => sequence)
  expect(numbers.length).toBeGreaterThan(20)
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
}

const lost = ({ traffic }: Scene, from: number, to: number) =>
  (['left', 'right'] as const).map((end) => traffic.figures(end, from, to).lost)

describe('strongSwan', () => {
  it('E1.2 mobike-virtual-ip: the address in use goes; outer addresses follow, inner address and selectors stay, sequence numbers go on', () => {
    const world = scene({ cellular: { isUp: true } })
    const before = { ...world.spis(), selectors: [world.phone, world.gateway].map(selectorsOf) }
    world.network.changeInterface('phone', 'wlan0', { isUp: false })
    world.network.runUntil(5000)
    expect(childOf(world.phone)?.path.local.address).toBe('10.2.0.2')
    expect(childOf(world.gateway)?.path.remote.address).toBe('10.2.0.2')
    expect({ ...world.spis(), selectors: [world.phone, world.gateway].map(selectorsOf) }).toEqual(before)
    for (const host of ['phone', 'gateway']) expectUnbroken(world, host)
    expect(lost(world, 3000, 4900)).toEqual([0, 0])
  })

  it('E1.3 mobike-virtual-ip-nat: into a NAT and, as the better path is back, out of it; encapsulation on and off, sequence numbers go on', () => {
    const nat = createNat({ name: 'moon', publicAddress: '203.0.113.7' })
    const world = scene({ cellular: { nat } })
    const before = world.spis()
    const encapsulations = () => [childOf(world.phone)?.encapsulate, childOf(world.gateway)?.encapsulate]
    expect(encapsulations()).toEqual([false, false])
    world.network.changeInterface('phone', 'wwan0', { isUp: true })
    world.network.changeInterface('phone', 'wlan0', { isUp: false })
    world.network.runUntil(5000)
    expect(encapsulations()).toEqual([true, true])
    expect(childOf(world.gateway)?.path.remote).toEqual(nat.mappings(5000)[0]?.external)
    // The other interface stays: it is the better path that brings it back.
    world.network.changeInterface('phone', 'wlan0', { isUp: true })
    world.network.runUntil(12_000)
    expect(encapsulations()).toEqual([false, false])
    expect(childOf(world.gateway)?.path.remote.address).toBe('10.1.0.2')
    expect(world.spis()).toEqual(before)
    for (const host of ['phone', 'gateway']) expectUnbroken(world, host)
    expect(lost(world, 10_000, 11_900)).toEqual([0, 0])
  })

  it('E1.4 A097 mobike-nat-mappings: the NAT gives other ports; nothing reaches the client until its next DPD, then both ways work', () => {
    const wifiNat = createNat({ name: 'moon', publicAddress: '203.0.113.7', firstPort: 1024, lastPort: 1999 })
    const world = scene({ wifiNat, client: { livenessMs: 5000 }, server: { livenessMs: null } })
    const before = world.spis()
    const port = () => childOf(world.gateway)?.path.remote.port ?? 0
    expect(port()).toBeLessThan(2000)
    wifiNat.flush({ firstPort: 5024, lastPort: 5999 })
    world.network.runUntil(6500)
    // The client still sends and is heard; what goes back to the old port is lost.
    expect(world.traffic.figures('left', 2000, 6400).lost).toBe(0)
    const down = world.traffic.figures('right', 2100, 6400)
    expect(down.lost).toBe(down.sent)
    expect(port()).toBeLessThan(2000)
    world.network.runUntil(12_000)
    expect(port()).toBeGreaterThanOrEqual(5024)
    expect(world.reports).toContainEqual({
      host: 'phone',
      report: { kind: 'mobike', report: { kind: 'natMappingChanged' } }
    })
    expect(lost(world, 8000, 11_900)).toEqual([0, 0])
    expect(world.spis()).toEqual(before)
    for (const host of ['phone', 'gateway']) expectUnbroken(world, host)
  })
})

describe('libreswan', () => {
  it('E2.1 ikev2-mobike-01: of two addresses the one in use is deleted; one UPDATE from the other, and traffic goes on', () => {
    const world = scene({ cellular: { isUp: true } })
    world.network.changeInterface('phone', 'wlan0', { isUp: false })
    world.network.runUntil(5000)
    const sent = sentBy(world, 'phone', 2000)
    expect(updatesIn(sent).map(({ source }) => source)).toEqual(['10.2.0.2'])
    expect(new Set(sent.esp.map(({ source }) => source))).toEqual(new Set(['10.2.0.2']))
    expect(lost(world, 3000, 4900)).toEqual([0, 0])
  })

  it('E2.2 ikev2-mobike-02: the only address goes, another comes and then its route: nothing is sent before that, then an UPDATE', () => {
    const world = scene()
    const { network, phone } = world
    network.changeInterface('phone', 'wlan0', { isUp: false })
    network.at(4000, () => {
      const addresses = [{ address: '10.2.0.2', routable: false }]
      network.perform('phone', phone.command({ type: 'localAddressesChanged', addresses }, network.now()))
    })
    network.runUntil(6000)
    expect(sentBy(world, 'phone', 2001).ike).toEqual([])
    network.changeInterface('phone', 'wwan0', { isUp: true })
    network.runUntil(9000)
    const [first, ...more] = sentBy(world, 'phone', 6000).ike
    expect(first).toMatchObject({ source: '10.2.0.2', label: expect.stringContaining('UPDATE_SA_ADDRESSES') })
    expect(more.every(({ label }) => label.includes('response'))).toBe(true)
    expect(lost(world, 7000, 8900)).toEqual([0, 0])
  })

  it('E2.3 ikev2-mobike-03: behind a NAT, from one network to another behind another NAT', () => {
    const wifiNat = createNat({ name: 'nic', publicAddress: '203.0.113.7' })
    const other = createNat({ name: 'nic 2', publicAddress: '203.0.113.77' })
    const world = scene({ wifiNat, cellular: { nat: other } })
    const before = world.spis()
    world.network.changeInterface('phone', 'wlan0', { isUp: false })
    world.network.changeInterface('phone', 'wwan0', { isUp: true })
    world.network.runUntil(5000)
    expect(childOf(world.gateway)).toMatchObject({ encapsulate: true, path: { remote: { address: '203.0.113.77' } } })
    expect(childOf(world.phone)).toMatchObject({ encapsulate: true, path: { local: { address: '10.2.0.2' } } })
    expect(world.spis()).toEqual(before)
    expect(lost(world, 3000, 4900)).toEqual([0, 0])
  })

  it('E2.4 F40 ikev2-mobike-04: the lid is closed, the same address comes back after five seconds: an UPDATE all the same', () => {
    const wifiNat = createNat({ name: 'nic', publicAddress: '203.0.113.7', expiryMs: 3000 })
    const world = scene({ wifiNat })
    const before = childOf(world.gateway)?.path.remote
    world.network.changeInterface('phone', 'wlan0', { isUp: false })
    world.network.runUntil(7000)
    wifiNat.flush({ firstPort: 5024 })
    world.network.changeInterface('phone', 'wlan0', { isUp: true })
    world.network.runUntil(10_000)
    expect(updatesIn(sentBy(world, 'phone', 7000))).toHaveLength(1)
    // Which is how the gateway learns of the other port.
    expect(childOf(world.gateway)?.path.remote).toEqual({ address: before?.address, port: 5024 })
    expect(lost(world, 8000, 9900)).toEqual([0, 0])
  })

  it('E2.5 ikev2-mobike-05-gcm: keys of the AEAD cipher and sequence numbers survive', () => {
    const world = scene({ cellular: { isUp: true } })
    const keys = () =>
      [world.phone, world.gateway].map((host) => {
        const session = host.sessions()[0]?.session()
        const child = session?.state.children[0]
        return session === undefined || child === undefined ? [] : Object.values(session.secrets.childKeys)
      })
    const before = structuredClone(keys())
    expect(before.every((each) => each.length === 1)).toBe(true)
    world.network.changeInterface('phone', 'wlan0', { isUp: false })
    world.network.runUntil(5000)
    expect(keys()).toEqual(before)
    for (const host of ['phone', 'gateway']) expectUnbroken(world, host)
    expect(lost(world, 3000, 4900)).toEqual([0, 0])
  })

  it('E2.6 F41 ikev2-mobike-06: the address is back before its route: the UPDATE goes out only with the route', () => {
    const world = scene()
    const { network, phone } = world
    network.changeInterface('phone', 'wlan0', { isUp: false })
    network.at(4000, () => {
      const addresses = [{ address: '10.1.0.2', routable: false }]
      network.perform('phone', phone.command({ type: 'localAddressesChanged', addresses }, network.now()))
    })
    network.runUntil(5000)
    expect(sentBy(world, 'phone', 2001).ike).toEqual([])
    network.changeInterface('phone', 'wlan0', { isUp: true })
    network.runUntil(8000)
    expect(updatesIn(sentBy(world, 'phone', 5000)).map(({ source }) => source)).toEqual(['10.1.0.2'])
    expect(lost(world, 6000, 7900)).toEqual([0, 0])
  })

  it('E2.12 F36 interop 38: an empty INFORMATIONAL from a new address is answered there and moves nothing; the UPDATE then does', () => {
    const world = scene()
    const { network } = world
    network.changeInterface('phone', 'wlan0', { isUp: false })
    network.changeInterface('phone', 'wwan0', { isUp: true })
    network.runUntil(5000)
    network.changeInterface('phone', 'wlan0', { isUp: true })
    const isProbed = () =>
      sentBy(world, 'gateway', 5000).ike.some(({ pair }) => pair === '192.0.2.1:4500 > 10.1.0.2:4500')
    expect(network.runUntilTrue(isProbed, 12_000)).toBe(true)
    const probe = sentBy(world, 'phone', 5000).ike.find(({ source }) => source === '10.1.0.2')
    expect(probe?.label).toMatch(/^INFORMATIONAL request \d+ \{\s*\}$/)
    expect(childOf(world.gateway)?.path.remote.address).toBe('10.2.0.2')
    network.runUntil(15_000)
    expect(updatesIn(sentBy(world, 'phone', 5000)).map(({ source }) => source)).toEqual(['10.1.0.2'])
    expect(childOf(world.gateway)?.path.remote.address).toBe('10.1.0.2')
    expect(lost(world, 5500, 14_900)).toEqual([0, 0])
  })
})

describe('a gateway like strongSwan', () => {
  it('E2.13 interop 39: that checks no return routability follows the UPDATE of a client that moves at once, and asks nothing itself', () => {
    const routability = { ...DEFAULT_MOBIKE_POLICY.routability, when: 'never' as const }
    const world = scene({
      client: { livenessMs: null },
      server: { livenessMs: null, mobike: { ...DEFAULT_MOBIKE_POLICY, routability } }
    })
    const { network } = world
    const before = world.spis()
    network.changeInterface('phone', 'wwan0', { isUp: true })
    network.changeInterface('phone', 'wlan0', { isUp: false })
    network.runUntil(4000)
    expect(updatesIn(sentBy(world, 'phone', 2000)).map(({ source }) => source)).toEqual(['10.2.0.2'])
    expect(sentBy(world, 'gateway', 2000).ike.filter(({ label }) => label.includes('request'))).toEqual([])
    // As the better network is back: a probe that moves nothing, then the UPDATE.
    network.changeInterface('phone', 'wlan0', { isUp: true })
    network.runUntil(9000)
    const [probe, update] = sentBy(world, 'phone', 4000).ike.filter(({ source }) => source === '10.1.0.2')
    expect(probe).toMatchObject({
      source: '10.1.0.2',
      label: expect.stringMatching(/^INFORMATIONAL request \d+ \{\s*\}$/)
    })
    expect(update).toMatchObject({ source: '10.1.0.2', label: expect.stringContaining('UPDATE_SA_ADDRESSES') })
    expect(childOf(world.gateway)?.path.remote.address).toBe('10.1.0.2')
    expect(sentBy(world, 'gateway', 2000).ike.filter(({ label }) => label.includes('request'))).toEqual([])
    expect(world.spis()).toEqual(before)
    for (const host of ['phone', 'gateway']) expectUnbroken(world, host)
    expect(lost(world, 7000, 8900)).toEqual([0, 0])
  })
})

describe('one pair at a time', () => {
  it('A004 while pairs are tested ESP of either side leaves on one pair alone: first the old one, then the one that works', () => {
    const gatewayAddresses = ['192.0.2.1', '198.51.100.1', '198.51.100.2']
    const world = scene({ gatewayAddresses, cellular: { isUp: true } })
    const { network, phone } = world
    const everything = dropWhen(() => true, 'dead')
    network.addFault(onInterface('gateway', 'eth0', everything))
    network.addFault(onInterface('phone', 'wlan0', everything))
    network.at(2500, () =>
      network.perform('phone', phone.command({ type: 'hintReceived', hint: 'noInboundTraffic' }, network.now()))
    )
    network.runUntil(40_000)
    // Several pairs were tested, and others as well.
    const tried = new Set(sentBy(world, 'phone', 2500).ike.map(({ pair }) => pair))
    expect(tried.size).toBeGreaterThan(3)
    const used = (host: string): string[] =>
      sentBy(world, host, 0)
        .esp.map(({ ends }) => ends)
        .filter((ends, index, all) => ends !== all[index - 1])
    const [was, ...then] = used('phone')
    expect(was).toBe('10.1.0.2 > 192.0.2.1')
    expect(then).toHaveLength(1)
    expect(then[0]).toMatch(/^10\.2\.0\.2 > 198\.51\.100\.[12]$/)
    const mirrored = [was, then[0]].map((ends) => ends?.split(' > ').reverse().join(' > '))
    expect(used('gateway')).toEqual(mirrored)
    for (const host of ['phone', 'gateway']) expectUnbroken(world, host)
    expect(lost(world, 35_000, 39_900)).toEqual([0, 0])
  })
})
