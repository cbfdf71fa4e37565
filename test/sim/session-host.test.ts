import { describe, expect, it } from 'vitest'
import { endpoint, toHex } from '../../src/bytes/index.ts'
import { createNat } from '../../src/sim/index.ts'
import { udp } from './hosts.ts'
import { INNER_CLIENT, scene } from './scene.ts'

describe('session hosts', () => {
  it('shake hands, get an inner address and carry traffic both ways', () => {
    const { traffic, spis, reports, ladder } = scene()
    expect(
      reports
        .filter(({ report }) => report.kind === 'established')
        .map(({ host }) => host)
        .sort()
    ).toEqual(['gateway', 'phone'])
    expect(spis().inner).toEqual([INNER_CLIENT.address])
    expect(spis().esp).toEqual(spis().peer)
    for (const end of ['left', 'right'] as const)
      expect(traffic.figures(end, 1000, 1900)).toMatchObject({ lost: 0, sent: 18 })
    expect(ladder()).toContain('IKE_AUTH request 1')
    expect(ladder()).toContain('N(MOBIKE_SUPPORTED)')
  })

  it('B219 F48 roam from Wi-Fi to cellular behind a NAT and back on the same SAs, break before make', () => {
    const cellularNat = createNat({ name: 'carrier NAT', publicAddress: '203.0.113.7' })
    const { network, phone, gateway, traffic, spis } = scene({ cellular: { nat: cellularNat } })
    const before = spis()
    const sequence = () => phone.sessions()[0]?.tunnel.snapshot().children[0]?.sent ?? 0
    const sentBefore = sequence()

    network.changeInterface('phone', 'wlan0', { isUp: false })
    network.changeInterface('phone', 'wwan0', { isUp: true })
    network.runUntil(4000)
    expect(spis()).toEqual(before)
    expect(sequence()).toBeGreaterThan(sentBefore)
    for (const host of [phone, gateway]) {
      expect(host.sessions()[0]?.tunnel.snapshot().children).toMatchObject([{ encapsulate: true }])
    }
    expect(gateway.sessions()[0]?.tunnel.snapshot().children[0]?.path.remote).toEqual(
      cellularNat.mappings(network.now())[0]?.external
    )
    for (const end of ['left', 'right'] as const) {
      expect(traffic.figures(end, 2000, 4000).outageMs).toBeLessThan(1000)
      expect(traffic.figures(end, 3000, 3900).lost).toBe(0)
    }

    network.changeInterface('phone', 'wlan0', { isUp: true })
    network.runUntil(5000)
    network.changeInterface('phone', 'wwan0', { isUp: false })
    network.runUntil(7000)
    expect(spis()).toEqual(before)
    expect(gateway.sessions()[0]?.tunnel.snapshot().children).toMatchObject([
      { path: { remote: { address: '10.1.0.2' } }, encapsulate: false }
    ])
    for (const end of ['left', 'right'] as const) expect(traffic.figures(end, 6000, 6900).lost).toBe(0)
  })

  it('B227 drop keepalives in silence, and send them behind a NAT', () => {
    const wifiNat = createNat({ name: 'home NAT', publicAddress: '203.0.113.8' })
    const { network, traffic, gateway, labels } = scene({ wifiNat })
    traffic.stop()
    const before = gateway.sessions()[0]?.session()
    network.runUntil(45_000)
    const keepalives = network.trace.filter(
      (entry) => entry.kind === 'delivered' && labels.label(entry.datagram) === 'NAT keepalive'
    )
    expect(keepalives.length).toBeGreaterThanOrEqual(2)
    expect(gateway.sessions()[0]?.session()).toBe(before)
  })

  it('run the same for the same seed', () => {
    const trace = (seed: number) =>
      scene({ seed }).network.trace.map((entry) =>
        'datagram' in entry ? `${entry.time} ${toHex(entry.datagram.bytes)}` : ''
      )
    expect(trace(3)).toEqual(trace(3))
    expect(trace(3)).not.toEqual(trace(4))
  })

  it('note what is nothing, and ESP of unknown SPIs, and go on', () => {
    const { network, traffic } = scene()
    const [from, to] = [endpoint('10.1.0.2', 4500), endpoint('192.0.2.1', 4500)]
    for (const bytes of ['', 'abc', '\0\0\0\0x', `\0\0\0\0${'y'.repeat(40)}`, 'unknown ESP packet', '\xff']) {
      network.perform('phone', { datagrams: [udp(from, to, bytes)] })
    }
    network.runUntil(3000)
    const notes = network.trace.flatMap((entry) =>
      entry.kind === 'note' && entry.host === 'gateway' ? entry.text : []
    )
    expect(notes.slice(-5)).toEqual([
      'ignored: neither IKE nor ESP',
      'ignored: neither IKE nor ESP',
      'ignored: too short for IKE',
      expect.stringMatching(/^ignored: unknown IKE SPI/),
      expect.stringMatching(/^ESP dropped: unknownSpi/)
    ])
    expect(traffic.figures('right', 2000, 2900).lost).toBe(0)
  })

  it('roam make before break: nothing is lost', () => {
    const { network, traffic, spis } = scene()
    const before = spis()
    network.changeInterface('phone', 'wwan0', { isUp: true })
    network.at(5000, () => network.changeInterface('phone', 'wlan0', { isUp: false }))
    network.runUntil(8000)
    expect(spis()).toEqual(before)
    for (const end of ['left', 'right'] as const) expect(traffic.figures(end, 6000, 7900)).toMatchObject({ lost: 0 })
    expect(traffic.figures('left', 2000, 7900).lost).toBe(0)
  })

  it('move from IPv4 to IPv6', () => {
    const { network, phone, gateway, traffic, spis } = scene({
      cellular: { address: '2001:db8:1::2' },
      gatewayAddresses: ['192.0.2.1', '2001:db8:9::1']
    })
    const before = spis()
    network.changeInterface('phone', 'wlan0', { isUp: false })
    network.changeInterface('phone', 'wwan0', { isUp: true })
    network.runUntil(8000)
    expect(spis()).toEqual(before)
    for (const host of [phone, gateway]) {
      const path = host.sessions()[0]?.tunnel.snapshot().children[0]?.path
      expect([path?.local.address, path?.remote.address].sort()).toEqual(['2001:db8:1::2', '2001:db8:9::1'])
    }
    for (const end of ['left', 'right'] as const) expect(traffic.figures(end, 6000, 7900).lost).toBe(0)
  })

  it('go on over the second address of the gateway when the first one fails', () => {
    const { network, phone, traffic, spis, loseGatewayAddress } = scene({
      gatewayAddresses: ['192.0.2.1', '198.51.100.1']
    })
    const before = spis()
    loseGatewayAddress()
    network.runUntil(60_000)
    expect(spis()).toEqual(before)
    expect(phone.sessions()[0]?.tunnel.snapshot().children[0]?.path.remote.address).toBe('198.51.100.1')
    for (const end of ['left', 'right'] as const) expect(traffic.figures(end, 50_000, 59_900).lost).toBe(0)
  })
})
