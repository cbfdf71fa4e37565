// A phone with Wi-Fi and cellular, and a gateway with two addresses, on the simulator's virtual clock.

import { endpoint, type SessionOptions, sessionConfig, utf8Bytes } from 'ikev2-mobike'
import { ID_TYPE } from 'ikev2-mobike/codec'
import { aes256Gcm16, prfHmacSha256, x25519 } from 'ikev2-mobike/crypto'
import { prefixSelector } from 'ikev2-mobike/ike'
import { DEFAULT_MOBIKE_POLICY } from 'ikev2-mobike/mobike'
import {
  createIkeLabels,
  createNat,
  createNetwork,
  createSessionHost,
  drawLadder,
  type SessionHost,
  startTraffic,
  type Traffic
} from 'ikev2-mobike/sim'

/** All of it on the phone's side, half each way. */
export const ROUND_TRIP_MS = 50
/** Between two inner packets of one direction: outages are seen to this precision. */
export const PACKET_MS = 10

const INNER_PHONE = endpoint('10.3.0.1', 7000)
const INNER_SERVER = endpoint('10.9.0.1', 7)

const anywhere = prefixSelector('0.0.0.0', 0)
const servers = prefixSelector('10.9.0.0', 16)

const algorithms: Pick<SessionOptions, 'ikeProposals' | 'childProposals' | 'mobike'> = {
  ikeProposals: [{ encryption: [aes256Gcm16], integrity: [], prf: [prfHmacSha256], keyExchange: [x25519] }],
  childProposals: [{ encryption: [aes256Gcm16], integrity: [] }],
  mobike: DEFAULT_MOBIKE_POLICY
}

/** What the story is told with. */
export type World = ReturnType<typeof createWorld>

/** What one world has other than the next. */
export interface WorldOptions {
  /** Whether the gateway checks a new address before traffic goes there (RFC 4555 section 3.7), the default, or after. */
  readonly routability?: 'before' | 'after'
  /** Default `PACKET_MS`. */
  readonly packetMs?: number
}

/** The world one second after its clock began, the tunnel up and traffic flowing both ways. */
export function createWorld({ routability = 'before', packetMs = PACKET_MS }: WorldOptions = {}) {
  const network = createNetwork({ seed: 4555 })
  const labels = createIkeLabels()
  const link = { up: { delayMs: ROUND_TRIP_MS / 2 }, down: { delayMs: ROUND_TRIP_MS / 2 } }
  const arrivals = { initiator: [] as number[], responder: [] as number[] }
  let traffic: Traffic | undefined

  const host = (role: 'initiator' | 'responder', options: SessionOptions): SessionHost =>
    createSessionHost({
      role,
      config: sessionConfig(options),
      random: network.random.fork(),
      preSharedKey: () => utf8Bytes('correct horse battery staple'),
      innerAddresses: [{ addresses: [INNER_PHONE.address], dnsServers: [] }],
      onInner(packet, now) {
        if (traffic?.arrived(packet)) arrivals[role].push(now)
      },
      onStep: labels.learn
    })

  const phone = host('initiator', {
    ...algorithms,
    localIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('phone.example') },
    localSelectors: [anywhere],
    remoteSelectors: [servers],
    requestConfiguration: { ipv4: true, ipv6: false, dns: false }
  })
  const gateway = host('responder', {
    ...algorithms,
    localIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('gateway.example') },
    localSelectors: [servers],
    remoteSelectors: [anywhere],
    mobike: {
      ...DEFAULT_MOBIKE_POLICY,
      routability: { ...DEFAULT_MOBIKE_POLICY.routability, when: routability }
    }
  })
  const carrierNat = createNat({ name: 'carrier NAT', publicAddress: '203.0.113.7' })
  network.addHost('phone', phone, [
    { name: 'wlan0', address: '198.18.0.2', ...link },
    { name: 'wwan0', address: '10.2.0.2', cost: 1, isUp: false, nat: carrierNat, ...link }
  ])
  network.addHost('gateway', gateway, [
    { name: 'eth0', address: '192.0.2.1', up: { delayMs: 0 }, down: { delayMs: 0 } },
    { name: 'eth1', address: '198.51.100.1', up: { delayMs: 0 }, down: { delayMs: 0 } }
  ])

  network.at(0, () => {
    const path = { local: endpoint('198.18.0.2', 500), remote: endpoint('192.0.2.1', 500) }
    network.perform('phone', phone.command({ type: 'connectRequested', paths: [path] }, network.now()))
  })
  network.runUntilTrue(() => phone.sessions()[0]?.tunnel.snapshot().children.length === 1, 5000)
  network.runUntil(network.now() + 200)
  const running = startTraffic(network, {
    intervalMs: packetMs,
    left: { endpoint: INNER_PHONE, send: (packet) => network.perform('phone', phone.sendInner(packet)) },
    right: { endpoint: INNER_SERVER, send: (packet) => network.perform('gateway', gateway.sendInner(packet)) }
  })
  traffic = running
  network.runUntil(1000)

  return {
    network,
    phone,
    gateway,
    traffic: running,
    /** How long after a time (ms) the first inner packet arrived at an end; never is infinite. */
    firstArrival(end: 'phone' | 'gateway', sinceMs: number): number {
      const times = arrivals[end === 'phone' ? 'initiator' : 'responder']
      return (times.find((time) => time >= sinceMs) ?? Number.POSITIVE_INFINITY) - sinceMs
    },
    /** All that must never change. */
    identity(): string {
      const client = phone.sessions()[0]
      const server = gateway.sessions()[0]
      const ikeSa = client?.session().state.ikeSas[0]
      const esp = client?.tunnel.snapshot().children.map(({ localSpi, remoteSpi }) => [localSpi, remoteSpi])
      const peer = server?.tunnel.snapshot().children.map(({ localSpi, remoteSpi }) => [remoteSpi, localSpi])
      if (JSON.stringify(esp) !== JSON.stringify(peer)) return 'the two ends hold different Child SAs'
      const hex = (spi: number): string => spi.toString(16).padStart(8, '0')
      return [
        `IKE ${ikeSa?.initiatorSpi}/${ikeSa?.responderSpi}`,
        ...(esp ?? []).map(([inbound, outbound]) => `ESP ${hex(inbound ?? 0)}/${hex(outbound ?? 0)}`),
        `inner ${client?.configuration()?.addresses.join(' ')}`
      ].join(', ')
    },
    /** Where the tunnel runs, seen from the gateway. */
    tunnel(): string {
      const child = gateway.sessions()[0]?.tunnel.snapshot().children[0]
      if (child === undefined) return 'none'
      const { local, remote } = child.path
      return `${remote.address} > ${local.address}${child.encapsulate ? ', UDP-encapsulated' : ''}`
    },
    ladder(fromMs: number, toMs: number): string {
      return drawLadder(network.trace, {
        lifelines: ['phone', 'gateway'],
        fromMs,
        toMs,
        label: (datagram) => {
          const text = labels.label(datagram)
          return text.startsWith('ESP') ? undefined : text
        }
      })
    }
  }
}
