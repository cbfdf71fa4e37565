import { describe, expect, it } from 'vitest'
import { endpointText } from '../../src/bytes/index.ts'
import { NOTIFY } from '../../src/codec/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import {
  atMost,
  createNat,
  dropWhen,
  NO_QUIRKS,
  onInterface,
  PEER_MODELS,
  type PeerModel
} from '../../src/sim/index.ts'
import { scene } from './scene.ts'

/** Implementations of others, as they behave, against this library with nothing set for them. */

type Scene = ReturnType<typeof scene>

const QUIET = { livenessMs: null }
const MODELS = Object.entries(PEER_MODELS) as [keyof typeof PEER_MODELS, PeerModel][]
const withQuirk = (quirks: Partial<PeerModel['quirks']>): PeerModel => ({
  mobike: DEFAULT_MOBIKE_POLICY,
  quirks: { ...NO_QUIRKS, ...quirks }
})

const childOf = (host: Scene['phone']) => host.sessions()[0]?.tunnel.snapshot().children[0]

/** Both ends on one pair, from this address of the phone. */
function expectTogether(world: Scene, phoneSeenAt: string): void {
  const [mine, theirs] = [childOf(world.phone)?.path, childOf(world.gateway)?.path]
  expect(theirs?.remote.address).toBe(phoneSeenAt)
  expect(theirs?.local.address).toBe(mine?.remote.address)
  expect([world.phone, world.gateway].map((host) => host.sessions()[0]?.session().state.phase.name)).toEqual([
    'established',
    'established'
  ])
}

function expectTraffic({ traffic }: Scene, from: number, to: number): void {
  for (const end of ['left', 'right'] as const) expect(traffic.figures(end, from, to).lost).toBe(0)
}

/** Labels of what a host sent since a time, with its ends; no ESP, no keepalives. */
function sentBy({ network, labels }: Scene, host: string, since = 0): string[] {
  return network.trace.flatMap((entry) => {
    if (entry.kind !== 'sent' || entry.host !== host || entry.time < since) return []
    const label = labels.label(entry.datagram)
    if (label.startsWith('ESP') || label === 'NAT keepalive') return []
    return [`${endpointText(entry.datagram.source)} > ${endpointText(entry.datagram.destination)} ${label}`]
  })
}

/** Protocol IDs of the COOKIE2 notifications a host sent. */
function cookie2Protocols({ network, inside }: Scene, host: string): Set<number> {
  const payloads = network.trace.flatMap((entry) =>
    entry.kind === 'sent' && entry.host === host ? inside(entry.datagram) : []
  )
  return new Set(
    payloads.flatMap((payload) =>
      payload.kind === 'notify' && payload.type === NOTIFY.COOKIE2 ? [payload.protocol] : []
    )
  )
}

const updates = (sent: readonly string[]): number =>
  sent.filter((label) => label.includes('request') && label.includes('UPDATE_SA_ADDRESSES')).length

/** Wi-Fi, then cellular behind a NAT, then both, then Wi-Fi alone; looks at everything at each stop. */
function roam(world: Scene, outside: string): void {
  const { network } = world
  const before = world.spis()
  network.changeInterface('phone', 'wlan0', { isUp: false })
  network.changeInterface('phone', 'wwan0', { isUp: true })
  network.runUntil(8000)
  expectTogether(world, outside)
  expectTraffic(world, 6000, 7900)
  expect([world.phone, world.gateway].map((host) => childOf(host)?.encapsulate)).toEqual([true, true])
  network.changeInterface('phone', 'wlan0', { isUp: true })
  network.runUntil(16_000)
  expectTogether(world, '10.1.0.2')
  network.changeInterface('phone', 'wwan0', { isUp: false })
  network.runUntil(20_000)
  expectTogether(world, '10.1.0.2')
  expectTraffic(world, 14_000, 19_900)
  expect(world.spis()).toEqual(before)
  // Two moves, each told once or, where something was in doubt, twice.
  expect(updates(sentBy(world, 'phone', 2000))).toBeLessThanOrEqual(4)
}

const carrierNat = () => createNat({ name: 'carrier NAT', publicAddress: '203.0.113.7' })

describe('our client and a gateway like', () => {
  it.each(MODELS)('%s roams into a NAT and out of it on the same SAs, with one or two UPDATEs a move', (_, gateway) => {
    roam(scene({ models: { gateway }, cellular: { nat: carrierNat() } }), '203.0.113.7')
  })

  it.each(MODELS)('%s goes on over the second address of the gateway when the first one fails', (_, gateway) => {
    const world = scene({ models: { gateway }, gatewayAddresses: ['192.0.2.1', '198.51.100.1'] })
    const { network, phone } = world
    world.loseGatewayAddress()
    network.runUntil(60_000)
    expect(childOf(phone)?.path.remote.address).toBe('198.51.100.1')
    expectTogether(world, '10.1.0.2')
    expectTraffic(world, 50_000, 59_900)
  })
})

describe('what strongSwan does besides', () => {
  it('lists of its addresses, one right after the other, soon after the IKE SA is up: both are answered, the last counts', () => {
    const world = scene({
      models: { gateway: PEER_MODELS.strongSwan },
      gatewayAddresses: ['192.0.2.1', '198.51.100.1']
    })
    const { network, gateway, phone } = world
    const lists = [['192.0.2.1'], ['192.0.2.1', '198.51.100.7', '198.51.100.1']]
    for (const addresses of lists) {
      const told = { type: 'localAddressesChanged' as const, addresses: addresses.map((address) => ({ address })) }
      network.perform('gateway', gateway.command(told, network.now()))
    }
    network.runUntil(4000)
    const sent = sentBy(world, 'gateway', 1999).filter((label) => label.includes('request'))
    expect(sent.map((label) => label.includes('ADDITIONAL'))).toEqual([true, true])
    expect(new Set(phone.sessions()[0]?.session().state.mobike?.peerAddresses)).toEqual(new Set(lists[1]))
    // A list that has the address in use is no reason to move.
    expect(updates(sentBy(world, 'phone', 1999))).toBe(0)
    expectTraffic(world, 2000, 3900)
  })

  it('rekeys the Child SA while the client moves: one Child SA is left, on the new addresses, and traffic goes on', () => {
    for (const after of [1, 15, 25, 40]) {
      const world = scene({ models: { gateway: PEER_MODELS.strongSwan }, cellular: { isUp: true } })
      const { network, gateway, phone } = world
      const id = gateway.sessions()[0]?.session().state.children[0]?.sa.id ?? expect.fail()
      network.changeInterface('phone', 'wlan0', { isUp: false })
      network.at(network.now() + after, () =>
        network.perform('gateway', gateway.command({ type: 'childSaRekeyRequested', id }, network.now()))
      )
      network.runUntil(8000)
      for (const host of [phone, gateway]) expect(host.sessions()[0]?.tunnel.snapshot().children).toHaveLength(1)
      expect(world.spis().esp).toEqual(world.spis().peer)
      expect(childOf(gateway)?.path.remote.address).toBe('10.2.0.2')
      expectTogether(world, '10.2.0.2')
      expectTraffic(world, 6000, 7900)
    }
  })

  it('moves its own end when its address goes: the client still tells it with an UPDATE, and both are together', () => {
    const world = scene({
      models: { gateway: PEER_MODELS.strongSwan },
      gatewayAddresses: ['192.0.2.1', '198.51.100.1']
    })
    const { network } = world
    network.changeInterface('gateway', 'eth0', { isUp: false })
    network.runUntil(6000)
    expect(updates(sentBy(world, 'phone', 2000))).toBe(1)
    expect(childOf(world.gateway)?.path.local.address).toBe('198.51.100.1')
    expectTogether(world, '10.1.0.2')
    expectTraffic(world, 4000, 5900)
  })
})

describe('our gateway and a client like', () => {
  it.each(MODELS)('%s: each new address is proven first, then traffic follows, on the same SAs', (_, phone) => {
    const world = scene({ models: { phone }, cellular: { nat: carrierNat() } })
    roam(world, '203.0.113.7')
    const verified = world.reports.flatMap(({ host, report }) =>
      host === 'gateway' && report.kind === 'mobike' && report.report.kind === 'routabilityVerified'
        ? [report.report.address]
        : []
    )
    expect(verified).toContain('203.0.113.7')
  })
})

describe('a peer that', () => {
  it('F67 never returns COOKIE2, nor NAT_DETECTION: our client moves all the same, behind a NAT too', () => {
    const gateway = withQuirk({ returnsCookie2: 'never', omitsNatDetection: true })
    const world = scene({ models: { gateway }, cellular: { nat: carrierNat() } })
    world.network.changeInterface('phone', 'wlan0', { isUp: false })
    world.network.changeInterface('phone', 'wwan0', { isUp: true })
    // The gateway asks for proof as we do.
    world.network.runUntil(8000)
    expectTogether(world, '203.0.113.7')
    expectTraffic(world, 6000, 7900)
  })

  it('returns COOKIE2 only beside NAT_DETECTION proves its address: our check has both', () => {
    const world = scene({ models: { phone: PEER_MODELS.libreswan }, cellular: { isUp: true } })
    world.network.changeInterface('phone', 'wlan0', { isUp: false })
    world.network.runUntil(5000)
    const checks = sentBy(world, 'gateway', 2000).filter((label) => label.includes('request'))
    expect(checks).toHaveLength(1)
    expect(checks[0]).toContain('N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP), N(COOKIE2)')
    expectTogether(world, '10.2.0.2')
  })

  it.each(['phone', 'gateway'] as const)('names a Protocol ID in COOKIE2 is understood, as %s', (side) => {
    const world = scene({ models: { [side]: PEER_MODELS.openIked }, cellular: { isUp: true } })
    world.network.changeInterface('phone', 'wlan0', { isUp: false })
    world.network.runUntil(5000)
    expect(cookie2Protocols(world, side)).toEqual(new Set([1]))
    expectTogether(world, '10.2.0.2')
    expectTraffic(world, 3500, 4900)
  })

  it('F59 is busy while it updates: TEMPORARY_FAILURE to our check ends nothing, and the check is made again', () => {
    const world = scene({ models: { phone: PEER_MODELS.android }, cellular: { isUp: true } })
    const { network, labels } = world
    // The answer to its UPDATE is lost once, so that our check comes first.
    const isAnswer = (label: string): boolean => label.includes('response') && label.includes('N(COOKIE2)')
    network.addFault(
      onInterface(
        'phone',
        'wwan0',
        atMost(
          1,
          dropWhen((datagram) => isAnswer(labels.label(datagram)))
        ),
        'down'
      )
    )
    network.changeInterface('phone', 'wlan0', { isUp: false })
    network.runUntil(9000)
    expect(sentBy(world, 'phone', 2000).some((label) => label.includes('N(TEMPORARY_FAILURE)'))).toBe(true)
    expect(sentBy(world, 'gateway', 2000).filter((label) => label.includes('request')).length).toBeGreaterThan(1)
    expectTogether(world, '10.2.0.2')
    expectTraffic(world, 7000, 8900)
  })

  it('F26 never answers checks with NAT_DETECTION: our gateway puts none into its own', () => {
    const phone = withQuirk({ dropsNatDetectionChecks: true })
    const world = scene({ models: { phone }, wifiNat: carrierNat(), client: QUIET, server: { livenessMs: 3000 } })
    world.traffic.stop()
    world.network.runUntil(60_000)
    const checks = sentBy(world, 'gateway', 2000).filter((label) => label.includes('request'))
    expect(checks.length).toBeGreaterThan(3)
    expect(checks.every((label) => label.endsWith('{}'))).toBe(true)
    expectTogether(world, '203.0.113.7')
  })

  it('F26 as a gateway does not answer them: our client says why it ends, and without them it stays', () => {
    const gateway = withQuirk({ dropsNatDetectionChecks: true })
    const world = scene({ models: { gateway }, wifiNat: carrierNat() })
    world.network.runUntil(600_000)
    expect(world.reports).toContainEqual({
      host: 'phone',
      report: { kind: 'mobike', report: { kind: 'natDetectionUnanswered' } }
    })
    const mobike = { ...DEFAULT_MOBIKE_POLICY, natDetectionInLiveness: 'never' as const }
    const calm = scene({ models: { gateway }, wifiNat: carrierNat(), client: { mobike } })
    calm.network.runUntil(120_000)
    expectTogether(calm, '203.0.113.7')
    expectTraffic(calm, 2000, 119_000)
  })

  it('moves on any request: after the test of a better pair that lets nothing back a check on the current one brings it back', () => {
    const world = scene({ models: { gateway: PEER_MODELS.openIked } })
    const { network } = world
    network.changeInterface('phone', 'wlan0', { isUp: false })
    network.changeInterface('phone', 'wwan0', { isUp: true })
    network.runUntil(5000)
    expectTogether(world, '10.2.0.2')
    network.addFault(
      onInterface(
        'phone',
        'wlan0',
        dropWhen(() => true, 'one way'),
        'down'
      )
    )
    network.changeInterface('phone', 'wlan0', { isUp: true })
    network.runUntil(100_000)
    // It did move to where nothing came back.
    const { lost, outageMs } = world.traffic.figures('right', 5000, 99_900)
    expect(lost).toBeGreaterThan(0)
    // Three rounds of the test, 300 ms and twice as long each time, and a round trip.
    expect(outageMs).toBeLessThan(2500)
    expect(world.traffic.figures('left', 5000, 99_900).lost).toBe(0)
    expectTogether(world, '10.2.0.2')
    expectTraffic(world, 95_000, 99_900)
  })

  it('does not look at a refusal gets no traffic where policy forbids it, and all of it again when it is back', () => {
    const acceptPath = ({ remote }: { remote: { address: string } }) => remote.address !== '10.2.0.2'
    const world = scene({
      models: { phone: PEER_MODELS.strongSwan },
      server: { mobike: { ...DEFAULT_MOBIKE_POLICY, acceptPath } }
    })
    const { network } = world
    network.changeInterface('phone', 'wlan0', { isUp: false })
    network.changeInterface('phone', 'wwan0', { isUp: true })
    network.runUntil(8000)
    expect(sentBy(world, 'gateway', 2000).some((label) => label.includes('N(UNACCEPTABLE_ADDRESSES)'))).toBe(true)
    expect(childOf(world.phone)?.path.local.address).toBe('10.2.0.2')
    expect(childOf(world.gateway)?.path.remote.address).toBe('10.1.0.2')
    network.changeInterface('phone', 'wwan0', { isUp: false })
    network.changeInterface('phone', 'wlan0', { isUp: true })
    network.runUntil(16_000)
    expectTogether(world, '10.1.0.2')
    expectTraffic(world, 14_000, 15_900)
  })

  it('F17 breaks on more than eight addresses is told eight', () => {
    const world = scene({ models: { gateway: PEER_MODELS.strongSwan } })
    const { network, phone } = world
    const addresses = [
      { address: '10.1.0.2', cost: 0 },
      ...Array.from({ length: 12 }, (_, index) => ({ address: `10.5.0.${index + 1}`, cost: 1 }))
    ]
    network.perform('phone', phone.command({ type: 'localAddressesChanged', addresses }, network.now()))
    network.runUntil(6000)
    const [list] = sentBy(world, 'phone', 2000)
    expect(list?.match(/N\(ADDITIONAL_IP4_ADDRESS\)/g)).toHaveLength(8)
    expect(phone.sessions()[0]?.session().state.ikeSas[0]?.requests.outstanding).toEqual([])
    expectTogether(world, '10.1.0.2')
  })
})
