// A clock, a network and two hosts for the story: an IP packet takes 25 ms, addresses can be dead, one NAT rewrites.

import type { Endpoint, Path } from 'ikev2-mobike'

/** A UDP datagram under way. */
interface Datagram {
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly bytes: Uint8Array
}

/** A host of the network. */
export interface Host {
  readonly name: string
  holds(address: string): boolean
  receive(bytes: Uint8Array, path: Path): void
  wakeAt(): number | undefined
  wake(): void
}

const DELAY_MS = 25

/** Runs the hosts on a clock of its own: the same story every time. */
export class World {
  now = 0
  /** Addresses nothing comes from or gets to. */
  readonly dead = new Set<string>()
  /** Lines of the story. */
  readonly lines: string[] = []
  private readonly hosts: Host[] = []
  private readonly flying: { readonly at: number; readonly datagram: Datagram }[] = []
  private readonly ports = new Map<string, number>()

  /** `nat`: what is behind it begins with `inside`, and comes out as `outside`. */
  constructor(private readonly nat: { readonly inside: string; readonly outside: string }) {}

  add(host: Host): void {
    this.hosts.push(host)
  }

  say(who: string, text: string): void {
    this.lines.push(`${String(this.now).padStart(7)}  ${who.padEnd(8)} ${text}`)
  }

  send(path: Path, bytes: Uint8Array): void {
    const datagram = { source: this.outside(path.local), destination: path.remote, bytes }
    this.flying.push({ at: this.now + DELAY_MS, datagram })
  }

  run(until: number): void {
    for (;;) {
      const wakes = this.hosts.map((host) => host.wakeAt() ?? Number.POSITIVE_INFINITY)
      const next = Math.min(...wakes, ...this.flying.map(({ at }) => at))
      if (next > until) break
      this.now = Math.max(this.now, next)
      const arrived = this.flying.findIndex(({ at }) => at <= this.now)
      if (arrived >= 0) this.deliver(this.flying.splice(arrived, 1)[0]?.datagram)
      else for (const host of this.hosts) if ((host.wakeAt() ?? Number.POSITIVE_INFINITY) <= this.now) host.wake()
    }
    this.now = until
  }

  private deliver(datagram: Datagram | undefined): void {
    if (datagram === undefined) return
    const destination = this.inside(datagram.destination)
    const isLost = [datagram.source, datagram.destination].some(({ address }) => this.dead.has(address))
    const host = isLost ? undefined : this.hosts.find((each) => each.holds(destination.address))
    host?.receive(datagram.bytes, { local: destination, remote: datagram.source })
  }

  private outside(end: Endpoint): Endpoint {
    if (!end.address.startsWith(this.nat.inside)) return end
    const key = `${end.address} ${end.port}`
    const port = this.ports.get(key) ?? 1024 + this.ports.size
    this.ports.set(key, port)
    return { address: this.nat.outside, port }
  }

  private inside(end: Endpoint): Endpoint {
    if (end.address !== this.nat.outside) return end
    const [key] = [...this.ports].find(([, port]) => port === end.port) ?? []
    const [address = '', port = '0'] = key?.split(' ') ?? []
    return { address, port: Number(port) }
  }
}
