import { describe, expect, it } from 'vitest'
import { endpoint, toHex, utf8Bytes } from '../../src/bytes/index.ts'
import { ID_TYPE } from '../../src/codec/index.ts'
import { aes256Gcm16, prfHmacSha256, x25519 } from '../../src/crypto/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import { type Identity, type SessionOptions, type SessionReport, sessionConfig } from '../../src/session/index.ts'
import {
  createIkeLabels,
  createNat,
  createNetwork,
  createSessionHost,
  drawLadder,
  type InterfaceOptions,
  type Nat,
  startTraffic
} from '../../src/sim/index.ts'
import { ipv4Range } from '../esp/suites.ts'
import { udp } from './hosts.ts'

const named = (name: string): Identity => ({ type: ID_TYPE.ID_FQDN, data: utf8Bytes(name) })
const INNER_CLIENT = endpoint('10.3.0.1', 7000)
const INNER_SERVER = endpoint('10.4.0.1', 7)
const everything = ipv4Range([0, 0, 0, 0], [255, 255, 255, 255])
const servers = ipv4Range([10, 4, 0, 0], [10, 4, 255, 255])

const options: Pick<SessionOptions, 'ikeProposals' | 'childProposals' | 'mobike'> = {
  ikeProposals: [{ encryption: [aes256Gcm16], integrity: [], prf: [prfHmacSha256], keyExchange: [x25519] }],
  childProposals: [{ encryption: [aes256Gcm16], integrity: [] }],
  mobike: DEFAULT_MOBIKE_POLICY
}

/** A phone with Wi-Fi and cellular, and a gateway; traffic both ways from the moment the tunnel is there. */
function scene({ seed = 1, cellularNat, wifiNat }: { seed?: number; cellularNat?: Nat; wifiNat?: Nat } = {}) {
  const network = createNetwork({ seed })
  const labels = createIkeLabels()
  const reports: { readonly host: string; readonly report: SessionReport }[] = []
  const host = (name: string, role: 'initiator' | 'responder', own: SessionOptions, preSharedKey: string) =>
    createSessionHost({
      role,
      config: sessionConfig(own),
      random: network.random.fork(),
      preSharedKey: () => utf8Bytes(preSharedKey),
      innerAddresses: [{ addresses: [INNER_CLIENT.address], dnsServers: [] }],
      onInner: (packet) => traffic?.arrived(packet),
      onReport: (report) => reports.push({ host: name, report }),
      onStep: labels.learn
    })
  const phone = host(
    'phone',
    'initiator',
    {
      ...options,
      localIdentity: named('phone.example'),
      localSelectors: [everything],
      remoteSelectors: [servers],
      requestConfiguration: { ipv4: true, ipv6: false, dns: false }
    },
    'correct horse'
  )
  const gateway = host(
    'gateway',
    'responder',
    { ...options, localIdentity: named('gateway.example'), localSelectors: [servers], remoteSelectors: [everything] },
    'correct horse'
  )
  const wifi: InterfaceOptions = {
    name: 'wlan0',
    address: '10.1.0.2',
    ...(wifiNat === undefined ? {} : { nat: wifiNat })
  }
  const cellular: InterfaceOptions = { name: 'wwan0', address: '10.2.0.2', cost: 1, isUp: false }
  network.addHost('phone', phone, [wifi, { ...cellular, ...(cellularNat === undefined ? {} : { nat: cellularNat }) }])
  network.addHost('gateway', gateway, [{ name: 'eth0', address: '192.0.2.1' }])
  let traffic: ReturnType<typeof startTraffic> | undefined

  network.at(10, () => {
    const path = { local: endpoint('10.1.0.2', 500), remote: endpoint('192.0.2.1', 500) }
    network.perform('phone', phone.command({ type: 'connectRequested', paths: [path] }, network.now()))
  })
  const isUp = () => phone.sessions()[0]?.tunnel.snapshot().children.length === 1
  expect(network.runUntilTrue(isUp, 5000)).toBe(true)
  network.runUntil(network.now() + 500)
  traffic = startTraffic(network, {
    intervalMs: 50,
    left: { endpoint: INNER_CLIENT, send: (packet) => network.perform('phone', phone.sendInner(packet)) },
    right: { endpoint: INNER_SERVER, send: (packet) => network.perform('gateway', gateway.sendInner(packet)) }
  })
  network.runUntil(2000)
  const spis = () => {
    const [client, server] = [phone.sessions()[0], gateway.sessions()[0]]
    const sa = client?.session().state.ikeSas[0]
    return {
      ike: [sa?.initiatorSpi, sa?.responderSpi],
      esp: client?.tunnel.snapshot().children.map(({ localSpi, remoteSpi }) => [localSpi, remoteSpi]),
      peer: server?.tunnel.snapshot().children.map(({ localSpi, remoteSpi }) => [remoteSpi, localSpi]),
      inner: client?.configuration()?.addresses
    }
  }
  const ladder = () => drawLadder(network.trace, { lifelines: ['phone', 'gateway'], label: labels.label })
  return { network, phone, gateway, traffic, labels, reports, spis, ladder }
}

const good = (seed?: number) => scene(seed === undefined ? {} : { seed })

describe('session hosts', () => {
  it('shake hands, get an inner address and carry traffic both ways', () => {
    const { traffic, spis, reports, ladder } = good()
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
    const { network, phone, gateway, traffic, spis } = scene({ cellularNat })
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
      good(seed).network.trace.map((entry) =>
        'datagram' in entry ? `${entry.time} ${toHex(entry.datagram.bytes)}` : ''
      )
    expect(trace(3)).toEqual(trace(3))
    expect(trace(3)).not.toEqual(trace(4))
  })

  it('note what is nothing, and ESP of unknown SPIs, and go on', () => {
    const { network, traffic } = good()
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
})
