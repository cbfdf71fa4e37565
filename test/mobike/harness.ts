import { type Endpoint, endpointText, type Path, sameEndpoint } from '../../src/bytes/index.ts'
import {
  DEFAULT_MOBIKE_POLICY,
  type LocalAddress,
  type MobikeAction,
  type MobikePolicy
} from '../../src/mobike/index.ts'
import { Host, type Packet, type World } from './host.ts'

export { at, deepFreeze, type EventInput, entropy, Host, path } from './host.ts'

function holds(host: Host, end: Endpoint): boolean {
  return host.state.local.some(({ address }) => address === end.address)
}

/** A virtual clock, a network with a constant delay, port-mapping NATs and dead links, and two hosts. */
export class Lab implements World {
  now = 0
  delayMs = 25
  readonly ladder: string[] = []
  /** True drops a packet; addresses are those on the wire after the NAT. */
  drops: (from: Endpoint, to: Endpoint) => boolean = () => false
  /** Inside address to the NAT's outside endpoint. */
  readonly nats = new Map<string, Endpoint>()
  readonly client: Host
  readonly gateway: Host
  private readonly insidePorts = new Map<string, number>()
  private readonly queue: { at: number; run: () => void }[] = []

  constructor(clientPolicy: Partial<MobikePolicy> = {}, gatewayPolicy: Partial<MobikePolicy> = {}) {
    this.client = new Host(this, 'client', { ...DEFAULT_MOBIKE_POLICY, ...clientPolicy }, 5, 1)
    // RFC 4555 section 3.11: the responder is patient, at least five minutes.
    this.gateway = new Host(this, 'gateway', { ...DEFAULT_MOBIKE_POLICY, ...gatewayPolicy }, 8, 100_001)
  }

  /** Both machines on `path` (the client's view, as IKE_AUTH ran), without NAT unless one is set for the client's address. */
  start(
    on: Path,
    options: {
      client?: LocalAddress[]
      gateway?: LocalAddress[]
      natTraversal?: boolean
      remoteCandidates?: Endpoint[]
      initPath?: Path
      /** The gateway pretended to be behind a NAT in IKE_SA_INIT. */
      claimedNat?: boolean
    } = {}
  ): this {
    const natTraversal = options.natTraversal ?? true
    const seen = this.nats.get(on.local.address) ?? on.local
    const isBehindNat = !sameEndpoint(seen, on.local)
    const client = options.client ?? [{ address: on.local.address }]
    const gateway = options.gateway ?? [{ address: on.remote.address }]
    const others = (all: LocalAddress[], own: string): string[] =>
      all.map(({ address }) => address).filter((address) => address !== own)
    const common = { now: this.now, natTraversal, excludedPrefixes: [] }
    this.gateway.start({
      ...common,
      role: 'responder',
      path: { local: on.remote, remote: seen },
      nat: natTraversal
        ? { localBehindNat: false, remoteBehindNat: isBehindNat, destinationHash: endpointText(on.remote) }
        : null,
      peerAddresses: others(client, on.local.address),
      localAddresses: gateway,
      remoteCandidates: []
    })
    this.client.start({
      ...common,
      role: 'initiator',
      path: on,
      nat: natTraversal
        ? {
            localBehindNat: isBehindNat,
            remoteBehindNat: options.claimedNat === true,
            destinationHash: endpointText(seen)
          }
        : null,
      peerAddresses: others(gateway, on.remote.address),
      localAddresses: client,
      remoteCandidates: options.remoteCandidates ?? [],
      ...(options.initPath === undefined ? {} : { initPath: options.initPath })
    })
    return this
  }

  send(from: Host, packet: Packet): void {
    const outside = this.nats.get(packet.from.address) ?? packet.from
    this.insidePorts.set(packet.from.address, packet.from.port)
    const { transport, ...outer } = packet.to
    const to = [...this.nats].find(([, end]) => sameEndpoint(end, outer))
    const inside = to === undefined ? outer : { address: to[0], port: this.insidePorts.get(to[0]) ?? 4500 }
    // A host sends from and receives at the addresses it has.
    const lost = this.drops(outside, packet.to) || !holds(from, packet.from)
    const peer = from === this.client ? this.gateway : this.client
    const words = packet.notifies.map(({ kind }) => kind).join(' ')
    const kind = packet.isResponse ? 'response' : 'request'
    this.ladder.push(
      `${this.now} ${from.name} ${endpointText(packet.from)} > ${endpointText(packet.to)} ${kind} ${packet.messageId} {${words}}${lost ? ' lost' : ''}`
    )
    if (lost) return
    // Either end of a stream names the other as the one behind TCP.
    const source = transport === undefined ? outside : { ...outside, transport }
    this.later(this.delayMs, () => {
      if (holds(peer, inside)) peer.receive({ ...packet, from: source, to: inside })
    })
  }

  note(host: Host, action: MobikeAction): void {
    if (action.type === 'moveChildSas') {
      const { local, remote } = action.to
      const udp = action.encapsulate ? ' in UDP' : ''
      this.ladder.push(
        `${this.now} ${host.name} moves Child SAs to ${endpointText(local)} > ${endpointText(remote)}${udp}`
      )
    }
  }

  later(delay: number, run: () => void): void {
    this.queue.push({ at: this.now + delay, run })
  }

  /** Runs everything due within `ms`. */
  run(ms: number): this {
    const end = this.now + ms
    for (let steps = 0; ; steps++) {
      if (steps > 20_000) throw new Error(`no rest at ${this.now}`)
      const wakes = [this.client, this.gateway].map((host) => host.wakeAt() ?? Number.POSITIVE_INFINITY)
      const packet = Math.min(...this.queue.map((entry) => entry.at), Number.POSITIVE_INFINITY)
      const next = Math.min(packet, ...wakes)
      if (next > end) break
      this.now = Math.max(this.now, next)
      if (packet <= this.now) {
        const index = this.queue.findIndex((entry) => entry.at === packet)
        this.queue.splice(index, 1)[0]?.run()
      } else {
        for (const host of [this.client, this.gateway]) if ((host.wakeAt() ?? end + 1) <= this.now) host.wake()
      }
    }
    this.now = end
    return this
  }
}

/** Packet lines of a ladder without their times. */
export function packets(lab: Lab): string[] {
  return lab.ladder.map((line) => line.replace(/^\d+ /, ''))
}
