import { describe, expect, it } from 'vitest'
import type { Path } from '../../src/bytes/index.ts'
import { buildUdpPacket, createEspTunnel, type EspTunnel } from '../../src/esp/index.ts'
import { prefixSelector } from '../../src/ike/index.ts'
import { childSaKeys, type SessionAction } from '../../src/session/index.ts'
import { Pair, reversed, type SideName } from './pair.ts'

/** Two hosts that protect nothing but the traffic between their own two addresses, and whose policies follow them. */

const BOTH: readonly SideName[] = ['client', 'gateway']
const OLD = '10.1.0.2'
const NEW = '10.2.0.2'
const PEER = '192.0.2.1'
const IV = new Uint8Array(16)

class Hosts {
  readonly pair: Pair
  readonly tunnels: Readonly<Record<SideName, EspTunnel>> = { client: createEspTunnel(), gateway: createEspTunnel() }
  private readonly done: Record<SideName, number> = { client: 0, gateway: 0 }

  constructor() {
    this.pair = new Pair(
      {
        requestConfiguration: null,
        localSelectors: [prefixSelector(OLD, 32)],
        remoteSelectors: [prefixSelector(PEER, 32)]
      },
      { localSelectors: [prefixSelector(PEER, 32)] }
    )
    const has = (name: SideName, address: string): boolean =>
      this.pair[name].session.state.surroundings.localAddresses.some((known) => known.address === address)
    this.pair.route = ({ from, path }): Path | undefined =>
      from === 'gateway' || has('client', path.local.address) ? reversed(path) : undefined
    this.pair.move = (name) => {
      const [action] = this.carryOut(name)
      if (action === undefined) throw new Error('no moveChildSas to answer')
      return { type: 'childSasMoved', rewritten: action.selectorsAtEndpoint }
    }
    this.pair.establish()
    this.sync()
  }

  sync(): void {
    for (const name of BOTH) this.carryOut(name)
  }

  /** Does for ESP what the session asks, selectors included; returns the migrations. */
  private carryOut(name: SideName): Extract<SessionAction, { type: 'moveChildSas' }>[] {
    const { actions, config, session } = this.pair[name]
    const fresh = actions.slice(this.done[name])
    this.done[name] = actions.length
    const moves: Extract<SessionAction, { type: 'moveChildSas' }>[] = []
    for (const action of fresh) {
      if (action.type === 'installChildSa') {
        this.tunnels[name].applyChildSaAction(action, childSaKeys(config, session, action.child.id))
      } else if (action.type === 'removeChildSa') this.tunnels[name].applyChildSaAction(action)
      else if (action.type === 'moveChildSas') {
        this.tunnels[name].applyChildSaAction({ ...action, rewritten: action.selectorsAtEndpoint })
        moves.push(action)
      }
    }
    return moves
  }

  /** A ping from the client's `address` and its answer; the outer path, and both sequence numbers, or undefined. */
  ping(address: string): { readonly outer: Path; readonly sequences: readonly [number, number] } | undefined {
    const client = { address, port: 7 }
    const gateway = { address: PEER, port: 7 }
    const payload = new Uint8Array([1, 2, 3])
    const out = this.tunnels.client.send(buildUdpPacket({ source: client, destination: gateway, payload }), IV)
    if (!out.ok || !this.tunnels.gateway.receive(out.bytes).ok) return undefined
    const back = this.tunnels.gateway.send(buildUdpPacket({ source: gateway, destination: client, payload }), IV)
    if (!back.ok || !this.tunnels.client.receive(back.bytes).ok) return undefined
    return { outer: out.path, sequences: [out.sequence, back.sequence] }
  }

  move(address: string): void {
    this.pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address }] })
    this.pair.settle()
    this.pair.advance(1000)
    this.sync()
  }
}

describe('host to host', () => {
  it('E1.1 F29 the address in use goes: outer addresses and selectors of both ends follow, and the ESP sequence goes on', () => {
    const hosts = new Hosts()
    const { pair } = hosts
    expect(hosts.ping(OLD)?.sequences).toEqual([1, 1])
    const spis = BOTH.map((name) => pair[name].session.state.children.map(({ sa }) => [sa.localSpi, sa.remoteSpi]))
    hosts.move(NEW)
    expect(hosts.ping(NEW)).toEqual({
      outer: { local: { address: NEW, port: 4500 }, remote: { address: PEER, port: 4500 } },
      sequences: [2, 2]
    })
    expect(hosts.ping(OLD)).toBeUndefined()
    expect(BOTH.map((name) => pair[name].session.state.children.map(({ sa }) => [sa.localSpi, sa.remoteSpi]))).toEqual(
      spis
    )
    expect(hosts.tunnels.gateway.snapshot().children).toMatchObject([{ path: { remote: { address: NEW } } }])
  })

  it('F29 a rekey after it, by either side, keeps the selectors that both ends have now', () => {
    for (const name of BOTH) {
      const hosts = new Hosts()
      const { pair } = hosts
      hosts.move(NEW)
      pair.tell(name, { type: 'childSaRekeyRequested', id: pair.childIds(name)[0] as number })
      pair.settle()
      hosts.sync()
      const selectors = [prefixSelector(NEW, 32)]
      expect(pair.client.session.state.children.map(({ sa }) => sa.localSelectors)).toEqual([selectors])
      expect(pair.gateway.session.state.children.map(({ sa }) => sa.remoteSelectors)).toEqual([selectors])
      expect(hosts.ping(NEW)?.sequences).toEqual([1, 1])
    }
  })

  it('F29 and home again', () => {
    const hosts = new Hosts()
    hosts.move(NEW)
    hosts.move(OLD)
    expect(hosts.ping(OLD)?.outer.local.address).toBe(OLD)
    expect(hosts.pair.client.session.state.children[0]?.sa.localSelectors).toEqual([prefixSelector(OLD, 32)])
  })
})
