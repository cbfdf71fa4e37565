import { expect } from 'vitest'
import { endpoint, type IpAddress, utf8Bytes } from '../../src/bytes/index.ts'
import { decodeMessage, EXCHANGE, ID_TYPE } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { aes256Gcm16, prfHmacSha256, x25519 } from '../../src/crypto/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import { type Identity, type SessionOptions, type SessionReport, sessionConfig } from '../../src/session/index.ts'
import {
  createIkeLabels,
  createNetwork,
  createQuirkyHost,
  createSessionHost,
  drawLadder,
  dropWhen,
  type InterfaceOptions,
  type Nat,
  onInterface,
  type PeerModel,
  type SessionHostOptions,
  type SimDatagram,
  startTraffic
} from '../../src/sim/index.ts'
import { createKeyRing } from '../../src/sim/key-ring.ts'
import { ipv4Range } from '../esp/suites.ts'

const named = (name: string): Identity => ({ type: ID_TYPE.ID_FQDN, data: utf8Bytes(name) })
export const INNER_CLIENT = endpoint('10.3.0.1', 7000)
const INNER_SERVER = endpoint('10.4.0.1', 7)
const everything = ipv4Range([0, 0, 0, 0], [255, 255, 255, 255])
const servers = ipv4Range([10, 4, 0, 0], [10, 4, 255, 255])

const options: Pick<SessionOptions, 'ikeProposals' | 'childProposals' | 'mobike'> = {
  ikeProposals: [{ encryption: [aes256Gcm16], integrity: [], prf: [prfHmacSha256], keyExchange: [x25519] }],
  childProposals: [{ encryption: [aes256Gcm16], integrity: [] }],
  mobike: DEFAULT_MOBIKE_POLICY
}

export interface SceneOptions {
  readonly seed?: number
  /** The cellular interface, down at first; default 10.2.0.2 in the open. */
  readonly cellular?: Partial<InterfaceOptions>
  readonly wifiNat?: Nat
  readonly gatewayAddresses?: readonly IpAddress[]
  /** Of the phone's session. */
  readonly client?: Partial<SessionOptions>
  /** Of the gateway's sessions. */
  readonly server?: Partial<SessionOptions>
  /** Whose behaviour the phone has, or the gateway. */
  readonly models?: { readonly phone?: PeerModel; readonly gateway?: PeerModel }
}

/** A phone with Wi-Fi and cellular, and a gateway; traffic both ways from one second on. */
export function scene({
  seed = 1,
  cellular = {},
  wifiNat,
  gatewayAddresses = ['192.0.2.1'],
  client = {},
  server = {},
  models = {}
}: SceneOptions = {}) {
  const network = createNetwork({ seed })
  const labels = createIkeLabels()
  const ring = createKeyRing()
  const reports: { readonly host: string; readonly report: SessionReport }[] = []
  const host = (name: 'phone' | 'gateway', role: 'initiator' | 'responder', own: SessionOptions) => {
    const model = models[name]
    const given: SessionHostOptions = {
      role,
      config: sessionConfig(model === undefined ? own : { ...own, mobike: model.mobike }),
      random: network.random.fork(),
      preSharedKey: () => utf8Bytes('correct horse'),
      innerAddresses: [{ addresses: [INNER_CLIENT.address], dnsServers: [] }],
      onInner: (packet) => traffic?.arrived(packet),
      onReport: (report) => reports.push({ host: name, report }),
      onStep(config, session) {
        labels.learn(config, session)
        ring.learn(config, session)
      }
    }
    return model === undefined ? createSessionHost(given) : createQuirkyHost(given, model.quirks)
  }
  const phone = host('phone', 'initiator', {
    ...options,
    localIdentity: named('phone.example'),
    localSelectors: [everything],
    remoteSelectors: [servers],
    requestConfiguration: { ipv4: true, ipv6: false, dns: false },
    ...client
  })
  const gateway = host('gateway', 'responder', {
    ...options,
    localIdentity: named('gateway.example'),
    localSelectors: [servers],
    remoteSelectors: [everything],
    ...server
  })
  network.addHost('phone', phone, [
    { name: 'wlan0', address: '10.1.0.2', ...(wifiNat === undefined ? {} : { nat: wifiNat }) },
    { name: 'wwan0', address: '10.2.0.2', cost: 1, isUp: false, ...cellular }
  ])
  network.addHost(
    'gateway',
    gateway,
    gatewayAddresses.map((address, index) => ({ name: `eth${index}`, address }))
  )
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
    const [mine, theirs] = [phone.sessions()[0], gateway.sessions()[0]]
    const sa = mine?.session().state.ikeSas[0]
    return {
      ike: [sa?.initiatorSpi, sa?.responderSpi],
      esp: mine?.tunnel.snapshot().children.map(({ localSpi, remoteSpi }) => [localSpi, remoteSpi]),
      peer: theirs?.tunnel.snapshot().children.map(({ localSpi, remoteSpi }) => [remoteSpi, localSpi]),
      inner: mine?.configuration()?.addresses
    }
  }
  /** Without ESP, unless it is asked for. */
  const ladder = (withEsp = false) => {
    const label = (datagram: SimDatagram) => {
      const text = labels.label(datagram)
      return withEsp || !text.startsWith('ESP') ? text : undefined
    }
    return drawLadder(network.trace, { lifelines: ['phone', 'gateway'], label })
  }
  /** What is in an INFORMATIONAL; nothing in all else. */
  const inside = ({ protocol, source, bytes }: SimDatagram): readonly Payload[] => {
    const message = source.port === 4500 ? bytes.subarray(4) : bytes
    const decoded = decodeMessage(message)
    if (protocol !== 'udp' || !decoded.ok || decoded.value.exchangeType !== EXCHANGE.INFORMATIONAL) return []
    return ring.open(decoded.value, message)?.payloads ?? []
  }
  /** Nothing gets to the first address of the gateway or from it, and after half a second the phone suspects it. */
  const loseGatewayAddress = (): void => {
    const dead = dropWhen(() => true, 'dead')
    network.addFault(onInterface('gateway', 'eth0', dead))
    network.at(network.now() + 500, () =>
      network.perform('phone', phone.command({ type: 'hintReceived', hint: 'noInboundTraffic' }, network.now()))
    )
  }
  return { network, phone, gateway, traffic, labels, reports, spis, ladder, inside, loseGatewayAddress }
}
