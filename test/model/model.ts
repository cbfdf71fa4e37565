import { type Endpoint, type Path, sameEndpoint, samePath } from '../../src/bytes/index.ts'
import type { SessionAction } from '../../src/session/index.ts'
import { unmarked } from '../session/forge.ts'
import { type Datagram, type News, other, type Pair, type SideName } from '../session/pair.ts'

/** The Response flag (RFC 7296 section 3.1). */
const RESPONSE = 0x20

interface Child {
  readonly localSpi: number
  readonly remoteSpi: number
  path: Path
}

/** What one end may do, by what it was told and by what has arrived. */
class End {
  readonly children = new Map<number, Child>()
  /** Where requests came from, and whence responses. */
  readonly requestsFrom: Endpoint[] = []
  readonly responsesFrom: Endpoint[] = []
}

/**
 * What RFC 4555 lets two ends do, in the words of a kernel and of a wire: who may send Child SA traffic where, and what must
 * be the same after a move as before. It knows no message, no timer and nothing of how sessions decide.
 */
export class Model {
  private readonly ends: Readonly<Record<SideName, End>> = { client: new End(), gateway: new End() }

  constructor(
    private readonly pair: Pair,
    private readonly checksBefore: boolean
  ) {
    for (const name of ['client', 'gateway'] as const) {
      const { state } = pair[name].session
      const path = state.mobike?.childPath ?? state.path
      if (path === null) throw new Error(`${name} is not established`)
      for (const { sa } of state.children) {
        this.ends[name].children.set(sa.id, { localSpi: sa.localSpi, remoteSpi: sa.remoteSpi, path })
      }
      this.ends[name].requestsFrom.push(path.remote)
      this.ends[name].responsesFrom.push(path.remote)
    }
    const deliver = pair.deliver.bind(pair)
    pair.deliver = (datagram) => {
      this.arrives(datagram)
      return deliver(datagram)
    }
    const tell = pair.tell.bind(pair)
    let depth = 0
    pair.tell = (name: SideName, news: News) => {
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

  private arrives(datagram: Datagram): void {
    const path = this.pair.route(datagram)
    if (path === undefined) return
    const end = this.ends[other(datagram.from)]
    const isResponse = ((unmarked(datagram)[19] as number) & RESPONSE) !== 0
    const known = isResponse ? end.responsesFrom : end.requestsFrom
    if (!known.some((one) => sameEndpoint(one, path.remote))) known.push(path.remote)
  }

  private acts(name: SideName, action: SessionAction): void {
    const end = this.ends[name]
    switch (action.type) {
      case 'installChildSa': {
        const { id, localSpi, remoteSpi } = action.child
        if (end.children.has(id)) throw new Error(`${name} installs Child SA ${id} twice`)
        for (const known of end.children.values()) {
          if (known.localSpi === localSpi) throw new Error(`${name} uses SPI ${localSpi} twice`)
        }
        end.children.set(id, { localSpi, remoteSpi, path: action.path })
        return
      }
      case 'removeChildSa':
        if (!end.children.delete(action.id))
          throw new Error(`${name} removes Child SA ${action.id}, which is not there`)
        return
      case 'moveChildSas':
        return this.moves(name, end, action)
      default:
    }
  }

  /** A065: all Child SAs of the IKE SA move, and with nothing but their addresses. */
  private moves(name: SideName, end: End, { ids, to: path }: Extract<SessionAction, { type: 'moveChildSas' }>): void {
    if (ids.length !== end.children.size) throw new Error(`A065: ${name} moves ${ids.length} of its Child SAs`)
    const hasLocal = this.pair[name].session.state.surroundings.localAddresses.some(
      ({ address }) => address === path.local.address
    )
    if (!hasLocal) throw new Error(`${name} moves Child SAs to ${path.local.address}, which is not its own`)
    const before = [...end.children.values()][0]?.path
    const isElsewhere = before !== undefined && !sameEndpoint(before.remote, path.remote)
    if (name === 'gateway' && isElsewhere) {
      // A009: the responder follows a request of the initiator, and nothing else.
      if (!end.requestsFrom.some((one) => sameEndpoint(one, path.remote))) {
        throw new Error('A009: the responder moves to where no request came from')
      }
      // A014: with the check before, nothing is sent to an address that has not answered.
      // Routability is of an address, whatever the port (RFC 4621 section 5.5).
      if (this.checksBefore && !end.responsesFrom.some(({ address }) => address === path.remote.address)) {
        throw new Error('A014: the responder moves to an address that has not shown that it is there')
      }
    }
    for (const child of end.children.values()) child.path = path
  }

  /** The Child SAs of the state are those of the kernel, with the SPIs that they were made with. */
  private agreesWithState(name: SideName): void {
    const { state } = this.pair[name].session
    const { children } = this.ends[name]
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

  /** In the end traffic of both kernels goes to where the other end is. */
  kernelsMeet(seen: (path: Path) => Path): void {
    const [client] = this.ends.client.children.values()
    const [gateway] = this.ends.gateway.children.values()
    if (client === undefined || gateway === undefined) return
    if (!samePath(seen(client.path), gateway.path)) {
      throw new Error(`A065: kernels are on ${JSON.stringify([client.path, gateway.path])}`)
    }
  }
}
