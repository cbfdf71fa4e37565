import { type IpAddress, ipFamily } from '../bytes/index.ts'
import type { LocalAddress } from '../mobike/types.ts'
import type { Fault, FaultPlace } from './faults.ts'
import type { Nat } from './nat.ts'
import { createSchedule } from './schedule.ts'
import { createSeededRandom, type SeededRandom } from './seeded-random.ts'
import type { SimDatagram, SimHost, SimHostEvent, SimHostOutput, TraceEntry } from './types.ts'

/** How one direction of a host's link behaves. Jitter above the gap between datagrams reorders them. */
export interface LinkConditions {
  /** One way, ms. */
  readonly delayMs: number
  /** Up to so many ms more, evenly spread; default 0. */
  readonly jitterMs?: number
  /** Share of datagrams lost, 0 to 1; default 0. */
  readonly loss?: number
  /** Share of datagrams that arrive twice; default 0. */
  readonly duplication?: number
}

/** An interface of a host: one address and the link to the world. */
export interface InterfaceOptions {
  readonly name: string
  readonly address: IpAddress
  /** Both directions, unless `down` is given; default 10 ms and nothing lost. */
  readonly up?: LinkConditions
  readonly down?: LinkConditions
  /** What stands between this interface and the world; without one its address can be reached from everywhere. */
  readonly nat?: Nat
  /** Of `LocalAddress`. */
  readonly cost?: number
  /** False: it is down at first. Default true. */
  readonly isUp?: boolean
}

/** What can be changed of an interface while the clock runs. `nat: null` takes it out. */
export type InterfaceChange = Partial<Pick<InterfaceOptions, 'address' | 'up' | 'down' | 'isUp'>> & {
  readonly nat?: Nat | null
}

/** A seeded network on a virtual clock: the same seed and the same calls give the same run. */
export interface Network {
  /** ms. */
  now(): number
  /** Numbers for whoever takes part; not those that the network itself draws. */
  readonly random: SeededRandom
  /** All that happened, oldest first. */
  readonly trace: readonly TraceEntry[]
  /**
   * A host with its interfaces; it hears of its addresses when the clock first runs.
   *
   * @throws TypeError naming `name` when there is such a host.
   */
  addHost(name: string, host: SimHost, interfaces: readonly InterfaceOptions[]): void
  /**
   * Changes an interface; the host hears of its addresses at once where they changed.
   *
   * @throws TypeError naming `host` or `interfaceName` when there is none.
   */
  changeInterface(host: string, interfaceName: string, change: InterfaceChange): void
  /** Adds a fault to every link and gives back what removes it. */
  addFault(fault: Fault): () => void
  /** Does something at a time, or now when that has passed. */
  at(time: number, task: () => void): void
  /**
   * Carries out what a host wanted outside of its events.
   *
   * @throws TypeError naming `host` when there is none.
   */
  perform(host: string, output: SimHostOutput): void
  /**
   * Runs the clock up to and including `time`.
   *
   * @throws RangeError naming `time` when a host asks for wake-ups without end at one time; so does `runUntilTrue`.
   */
  runUntil(time: number): void
  /** Runs until `condition` holds, which is asked after each thing that happened, or up to `limit`; true when it held. */
  runUntilTrue(condition: () => boolean, limit: number): boolean
}

interface Interface {
  readonly name: string
  address: IpAddress
  up: LinkConditions
  down: LinkConditions
  nat: Nat | null
  isUp: boolean
  readonly cost: number
}

interface Node {
  readonly name: string
  readonly host: SimHost
  readonly interfaces: readonly Interface[]
  /** Which wake-up is the latest; older ones are void. */
  wakeOrder: number
}

interface Target {
  readonly node: Node
  readonly link: Interface
  readonly datagram: SimDatagram
}

const DEFAULT_LINK: LinkConditions = { delayMs: 10 }
const MAX_STEPS_AT_ONCE = 100_000

/** An empty network. `seed` is a 32-bit number. */
export function createNetwork(options: { readonly seed: number }): Network {
  const chance = createSeededRandom(options.seed)
  const random = chance.fork()
  const schedule = createSchedule()
  const nodes = new Map<string, Node>()
  const faults = new Set<Fault>()
  const trace: TraceEntry[] = []
  let clock = 0
  let stepsAtOnce = 0
  let lastId = 0

  function nodeOf(name: string): Node {
    const node = nodes.get(name)
    if (node === undefined) throw new TypeError(`host: no '${name}'`)
    return node
  }

  function deliver(node: Node, event: SimHostEvent): void {
    carryOut(node, node.host.handle(event, clock))
  }

  function carryOut(node: Node, output: SimHostOutput): void {
    for (const text of output.notes ?? []) trace.push({ time: clock, kind: 'note', host: node.name, text })
    for (const datagram of output.datagrams) send(node, datagram)
    const order = ++node.wakeOrder
    if (output.wakeAt === undefined) return
    schedule.add(Math.max(clock, output.wakeAt), () => {
      if (node.wakeOrder === order) deliver(node, { type: 'wake' })
    })
  }

  function announceAddresses(node: Node): void {
    const up = node.interfaces.filter((link) => link.isUp)
    const addresses: LocalAddress[] = up.map(({ address, name, cost }) => ({ address, interfaceName: name, cost }))
    trace.push({ time: clock, kind: 'addresses', host: node.name, addresses: up.map((link) => link.address) })
    deliver(node, { type: 'addressesChanged', addresses })
  }

  function lose(id: number, datagram: SimDatagram, reason: string): void {
    trace.push({ time: clock, kind: 'lost', id, reason, datagram })
  }

  function send(node: Node, datagram: SimDatagram): void {
    const id = ++lastId
    const copy = { ...datagram, bytes: datagram.bytes.slice() }
    trace.push({
      time: clock,
      kind: 'sent',
      id,
      host: node.name,
      towards: ownerOf(copy.destination.address),
      datagram: copy
    })
    const link = node.interfaces.find((each) => each.isUp && each.address === copy.source.address)
    if (link === undefined) {
      lose(id, copy, 'no such source address')
      return
    }
    if (ipFamily(copy.source.address) !== ipFamily(copy.destination.address)) {
      lose(id, copy, 'address families')
      return
    }
    cross(id, copy, node, link, 'up', (sent) => route(id, sent, link.nat))
  }

  /** One direction of a link: faults, loss, copies, delay; then `next` for each copy that is left. */
  function cross(
    id: number,
    datagram: SimDatagram,
    node: Node,
    link: Interface,
    direction: 'up' | 'down',
    next: (datagram: SimDatagram) => void
  ): void {
    const { delayMs, jitterMs = 0, loss = 0, duplication = 0 } = direction === 'up' ? link.up : link.down
    if (loss > 0 && chance.fraction() < loss) {
      lose(id, datagram, 'loss')
      return
    }
    let copies = duplication > 0 && chance.fraction() < duplication ? 2 : 1
    let delay = delayMs
    let current = datagram
    const place: FaultPlace = { now: clock, random: chance, host: node.name, interfaceName: link.name, direction }
    for (const fault of faults) {
      const verdict = fault(current, place)
      if (verdict.drop !== undefined) {
        lose(id, current, verdict.drop)
        return
      }
      if (verdict.bytes !== undefined) current = { ...current, bytes: verdict.bytes }
      delay += verdict.delayMs ?? 0
      copies += verdict.copies ?? 0
    }
    for (let copy = 0; copy < copies; copy++) {
      const time = clock + delay + (jitterMs > 0 ? chance.fraction() * jitterMs : 0)
      schedule.add(time, () => next(current))
    }
  }

  function route(id: number, datagram: SimDatagram, nat: Nat | null): void {
    let sent = datagram
    if (nat !== null) {
      const result = nat.outbound(datagram, clock)
      if (!result.ok) {
        lose(id, datagram, result.reason)
        return
      }
      sent = result.datagram
      trace.push({ time: clock, kind: 'translated', id, nat: nat.name, datagram: sent })
    }
    const target = findTarget(id, sent)
    if (typeof target === 'string') {
      lose(id, sent, target)
      return
    }
    cross(id, target.datagram, target.node, target.link, 'down', (arrived) => {
      const { node, link } = target
      if (!link.isUp || link.address !== arrived.destination.address) {
        lose(id, arrived, 'address gone')
        return
      }
      const received = { ...arrived, bytes: arrived.bytes.slice() }
      trace.push({ time: clock, kind: 'delivered', id, host: node.name, datagram: received })
      deliver(node, { type: 'datagramArrived', datagram: received })
    })
  }

  /** Where a datagram goes from the middle of the network, or why it does not. */
  function findTarget(id: number, datagram: SimDatagram): Target | string {
    const direct = interfaceAt(datagram.destination.address, null)
    if (direct !== undefined) return { ...direct, datagram }
    const nat = natAt(datagram.destination.address)
    if (nat === undefined) return 'unreachable'
    const result = nat.inbound(datagram, clock)
    if (!result.ok) return result.reason
    trace.push({ time: clock, kind: 'translated', id, nat: nat.name, datagram: result.datagram })
    const inside = interfaceAt(result.datagram.destination.address, nat)
    return inside === undefined ? 'address gone' : { ...inside, datagram: result.datagram }
  }

  function interfaceAt(address: IpAddress, nat: Nat | null): Pick<Target, 'node' | 'link'> | undefined {
    for (const node of nodes.values()) {
      const link = node.interfaces.find((each) => each.nat === nat && each.address === address)
      if (link !== undefined) return { node, link }
    }
    return undefined
  }

  function natAt(address: IpAddress): Nat | undefined {
    for (const node of nodes.values()) {
      for (const { nat } of node.interfaces) if (nat?.publicAddress() === address) return nat
    }
    return undefined
  }

  function ownerOf(address: IpAddress): string | undefined {
    for (const node of nodes.values()) {
      const owns = (link: Interface) => (link.nat === null ? link.address : link.nat.publicAddress()) === address
      if (node.interfaces.some(owns)) return node.name
    }
    return undefined
  }

  function step(limit: number): boolean {
    const time = schedule.nextTime()
    if (time === undefined || time > limit) return false
    stepsAtOnce = time > clock ? 0 : stepsAtOnce + 1
    if (stepsAtOnce > MAX_STEPS_AT_ONCE) throw new RangeError(`time: stands still at ${clock} ms, a host never rests`)
    clock = Math.max(clock, time)
    schedule.take()?.task()
    return true
  }

  return {
    now: () => clock,
    random,
    trace,
    addHost(name, host, interfaces) {
      if (nodes.has(name)) throw new TypeError(`name: '${name}' is taken`)
      const links = interfaces.map((each) => {
        const { address, up = DEFAULT_LINK, down = up, nat = null, isUp = true, cost = 0 } = each
        return { name: each.name, address, up, down, nat, isUp, cost }
      })
      const node: Node = { name, host, interfaces: links, wakeOrder: 0 }
      nodes.set(name, node)
      schedule.add(clock, () => announceAddresses(node))
    },
    changeInterface(host, interfaceName, change) {
      const node = nodeOf(host)
      const link = node.interfaces.find((each) => each.name === interfaceName)
      if (link === undefined) throw new TypeError(`interfaceName: '${host}' has no '${interfaceName}'`)
      const before = link.isUp ? link.address : undefined
      Object.assign(link, change)
      if ((link.isUp ? link.address : undefined) !== before) announceAddresses(node)
    },
    addFault(fault) {
      faults.add(fault)
      return () => faults.delete(fault)
    },
    at: (time, task) => schedule.add(Math.max(clock, time), task),
    perform: (host, output) => carryOut(nodeOf(host), output),
    runUntil(time) {
      while (step(time)) {}
      clock = Math.max(clock, time)
    },
    runUntilTrue(condition, limit) {
      while (!condition()) {
        if (step(limit)) continue
        clock = Math.max(clock, limit)
        return false
      }
      return true
    }
  }
}
