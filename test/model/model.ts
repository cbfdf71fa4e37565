import { type Endpoint, type IpAddress, type Path, sameEndpoint, samePath, toHex } from '../../src/bytes/index.ts'
import { NOTIFY, type Payload } from '../../src/codec/index.ts'
import type { SessionAction } from '../../src/session/index.ts'
import { read, unmarked } from '../session/forge.ts'
import type { News, Pair, SideName } from '../session/pair.ts'

/** The Response flag (RFC 7296 section 3.1). */
const RESPONSE = 0x20

interface Child {
  readonly localSpi: number
  readonly remoteSpi: number
  path: Path
}

/** Names a request and its response, whatever address they came from: both SPIs, and the Message ID. */
function exchangeOf(message: Uint8Array): { readonly sa: string; readonly id: number } {
  const id = new DataView(message.buffer, message.byteOffset).getUint32(20)
  return { sa: toHex(message.subarray(0, 16)), id }
}

function isResponse(message: Uint8Array): boolean {
  return ((message[19] as number) & RESPONSE) !== 0
}

function has(payloads: readonly Payload[], type: number): boolean {
  return payloads.some((payload) => payload.kind === 'notify' && payload.type === type)
}

/**
 * What RFC 4555 lets two ends do, in the words of a kernel and of a wire: who may send Child SA traffic where, and what must
 * be the same after a move as before. Of messages it
 * reads that one asks for a move or returns COOKIE2; it knows no timer and nothing of how sessions decide.
 */
export class Model {
  private readonly kernels: Readonly<Record<SideName, Map<number, Child>>> = { client: new Map(), gateway: new Map() }
  /** By IKE SA: where the newest UPDATE came from when it was first heard. */
  private readonly updates = new Map<string, { readonly id: number; readonly from: Endpoint }>()
  /** Addresses the gateway knows its client to be at: of the initial exchanges, and those that returned COOKIE2. */
  private readonly shown = new Set<IpAddress>()

  constructor(
    private readonly pair: Pair,
    private readonly checksBefore: boolean,
    /** The address of a NAT that both ends have forbidden, or null. */
    private readonly forbidden: IpAddress | null
  ) {
    for (const name of ['client', 'gateway'] as const) {
      const { state } = pair[name].session
      const path = state.mobike?.childPath ?? state.path
      if (path === null) throw new Error(`${name} is not established`)
      for (const { sa } of state.children) {
        this.kernels[name].set(sa.id, { localSpi: sa.localSpi, remoteSpi: sa.remoteSpi, path })
      }
      if (name === 'gateway') this.shown.add(path.remote.address)
    }
    const tell = pair.tell.bind(pair)
    let depth = 0
    pair.tell = (name: SideName, news: News) => {
      if (name === 'gateway' && news.type === 'datagramReceived') this.heard(news.path, news.bytes)
      depth++
      const actions = tell(name, news)
      depth--
      // A step that another one asked for is part of that: the outer one gives the actions of both.
      if (depth > 0) return actions
      for (const action of actions) this.acts(name, action)
      this.agreesWithState(name)
      return actions
    }
  }

  /** What the gateway may take from a datagram of its client: only what no one else could have written. */
  private heard(path: Path, bytes: Uint8Array): void {
    const payloads = this.opened(path, bytes)
    if (payloads === undefined) return
    const message = unmarked({ path, bytes })
    const { sa, id } = exchangeOf(message)
    if (!isResponse(message)) {
      // A106: one that a NAT changed on its way is refused, and counts for nothing.
      if (path.remote.address === this.forbidden) return
      const newest = this.updates.get(sa)
      if (has(payloads, NOTIFY.UPDATE_SA_ADDRESSES) && (newest === undefined || id > newest.id)) {
        this.updates.set(sa, { id, from: path.remote })
      }
      return
    }
    if (has(payloads, NOTIFY.COOKIE2) && this.wentOnlyTo(path.remote.address, sa, id)) {
      this.shown.add(path.remote.address)
    }
  }

  private opened(path: Path, bytes: Uint8Array): readonly Payload[] | undefined {
    try {
      return read(this.pair, { from: 'client', path, bytes }).payloads
    } catch {
      return undefined
    }
  }

  /** Section 3.7: a request that went to several addresses shows nothing of any. */
  private wentOnlyTo(address: IpAddress, sa: string, id: number): boolean {
    return this.pair.sent.every((datagram) => {
      if (datagram.from !== 'gateway' || datagram.path.remote.address === address) return true
      const message = unmarked(datagram)
      if (message.length < 28 || isResponse(message)) return true
      const exchange = exchangeOf(message)
      return exchange.sa !== sa || exchange.id !== id
    })
  }

  private acts(name: SideName, action: SessionAction): void {
    const children = this.kernels[name]
    switch (action.type) {
      case 'installChildSa': {
        const { id, localSpi, remoteSpi } = action.child
        if (children.has(id)) throw new Error(`${name} installs Child SA ${id} twice`)
        for (const known of children.values()) {
          if (known.localSpi === localSpi) throw new Error(`${name} uses SPI ${localSpi} twice`)
        }
        children.set(id, { localSpi, remoteSpi, path: action.path })
        return
      }
      case 'removeChildSa':
        if (!children.delete(action.id)) throw new Error(`${name} removes Child SA ${action.id}, which is not there`)
        return
      case 'moveChildSas':
        return this.moves(name, children, action)
      default:
    }
  }

  /** A065: all Child SAs of the IKE SA move, and with nothing but their addresses. */
  private moves(
    name: SideName,
    children: ReadonlyMap<number, Child>,
    { ids, to: path }: Extract<SessionAction, { type: 'moveChildSas' }>
  ): void {
    if (ids.length !== children.size) throw new Error(`A065: ${name} moves ${ids.length} of its Child SAs`)
    const hasLocal = this.pair[name].session.state.surroundings.localAddresses.some(
      ({ address }) => address === path.local.address
    )
    if (!hasLocal) throw new Error(`${name} moves Child SAs to ${path.local.address}, which is not its own`)
    const before = [...children.values()][0]?.path
    if (name === 'gateway' && before !== undefined && !sameEndpoint(before.remote, path.remote))
      this.follows(path.remote)
    for (const child of children.values()) child.path = path
  }

  /** The responder takes its traffic to another endpoint of the initiator. */
  private follows(to: Endpoint): void {
    // A106: NO_NATS_ALLOWED of the request shows that it did not leave from there.
    if (to.address === this.forbidden) throw new Error('A106: the responder moves to a NAT that is forbidden')
    // A009: because the newest UPDATE of an IKE SA came from there, and for nothing else.
    if (![...this.updates.values()].some(({ from }) => sameEndpoint(from, to))) {
      throw new Error('A009: the responder moves to where no UPDATE that counts came from')
    }
    // A014: with the check before, nothing is sent to an address that has not returned COOKIE2. Routability is of an
    // address, whatever the port (RFC 4621 section 5.5).
    if (this.checksBefore && !this.shown.has(to.address)) {
      throw new Error('A014: the responder moves to an address that has not shown that it is there')
    }
  }

  /** The Child SAs of the state are those of the kernel, with the SPIs that they were made with. */
  private agreesWithState(name: SideName): void {
    const { state } = this.pair[name].session
    const children = this.kernels[name]
    if (state.children.length !== children.size) {
      throw new Error(`${name} has ${state.children.length} Child SAs, its kernel ${children.size}`)
    }
    for (const { sa } of state.children) {
      const known = children.get(sa.id)
      if (known?.localSpi !== sa.localSpi || known.remoteSpi !== sa.remoteSpi) {
        throw new Error(`${name}: the SPIs of Child SA ${sa.id} are not those it was made with`)
      }
    }
  }

  /** How the traffic of the kernels does not meet, `seen` being a path of the client as the gateway has it. */
  kernelsDiffer(seen: (path: Path) => Path): string | undefined {
    const [client] = this.kernels.client.values()
    const [gateway] = this.kernels.gateway.values()
    if (client === undefined || gateway === undefined || samePath(seen(client.path), gateway.path)) return undefined
    return `A065: kernels are on ${JSON.stringify([client.path, gateway.path])}`
  }
}
