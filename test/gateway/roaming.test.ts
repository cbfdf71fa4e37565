import { describe, expect, it } from 'vitest'
import type { Path } from '../../src/bytes/index.ts'
import type { Gateway, SessionId } from '../../src/gateway/index.ts'
import { Client, entropy, gatewayWith } from './clients.ts'

const NAT = '203.0.113.7'

function move(client: Client, gateway: Gateway, address: string): void {
  client.step({ type: 'localAddressesChanged', addresses: [{ address }] })
  while (client.sent.length > 0) client.exchange(gateway)
}

const childPathOf = (gateway: Gateway, id: SessionId): Path | undefined => gateway.session(id)?.state.mobike?.childPath

describe('sessions that roam', () => {
  it('F44 A150 are found by their SPIs and by who they are, never by an address: another client may take the old one', () => {
    const gateway = gatewayWith()
    const first = new Client('10.1.0.2').connect(gateway)
    const [id] = gateway.ids() as [SessionId]
    move(first, gateway, '10.2.0.2')
    const second = new Client('10.1.0.2').connect(gateway)
    expect(gateway.ids()).toHaveLength(2)
    first.step({ type: 'livenessRequested' })
    first.exchange(gateway)
    expect(first.session.state.ikeSas[0]?.requests.outstanding).toEqual([])
    expect(childPathOf(gateway, id)?.remote.address).toBe('10.2.0.2')
    const [, other] = gateway.ids() as [SessionId, SessionId]
    expect(childPathOf(gateway, other)?.remote.address).toBe('10.1.0.2')
    expect(second.session.state.phase.name).toBe('established')
    // The authenticated identity stays with the session wherever it is.
    const { phase } = gateway.session(id)?.state ?? {}
    expect(phase?.name === 'established' && new TextDecoder().decode(phase.peerIdentity.data)).toBe('client.example')
  })

  it('A149 D35 two peers behind one NAT with the same outbound SPI are both served; each moves alone', () => {
    const gateway = gatewayWith()
    // The SPI of its Child SA is drawn when a client has its key: the same entropy there, the same SPI.
    const same = (seed: number) => {
      const client = new Client(`10.1.0.${seed}`)
      client.draw = (type) => (type === 'answered' ? new Uint8Array(32).fill(9) : entropy())
      client.seenAt = ({ local }) => (local.address.startsWith('10.1.') ? { address: NAT, port: 1024 + seed } : local)
      return client.connect(gateway)
    }
    const clients = [same(2), same(3)]
    const ids = gateway.ids()
    expect(ids).toHaveLength(2)
    const children = ids.map((id) => gateway.session(id)?.state.children[0]?.sa)
    expect(children[0]?.remoteSpi).toBe(children[1]?.remoteSpi)
    expect(new Set(ids.map((id) => childPathOf(gateway, id)?.remote.address))).toEqual(new Set([NAT]))
    move(clients[0] as Client, gateway, '10.5.0.2')
    expect(ids.map((id) => childPathOf(gateway, id)?.remote)).toEqual([
      { address: '10.5.0.2', port: 4500 },
      { address: NAT, port: 1027 }
    ])
    for (const client of clients) expect(client.session.state.children).toHaveLength(1)
  })

  it('F42 F68 whose Child SAs the gateway’s host cannot migrate get new ones, found by their SPIs, where the client is now', () => {
    const gateway = gatewayWith()
    const client = new Client('10.1.0.2').connect(gateway)
    const [id] = gateway.ids() as [SessionId]
    const spis = (): number[] => gateway.session(id)?.state.children.map(({ sa }) => sa.localSpi) ?? []
    const [old] = spis() as [number]
    client.moved = { type: 'childSaMoveFailed', reason: 'no migration here' }
    move(client, gateway, '10.2.0.2')
    const [fresh, ...others] = spis() as [number]
    expect(others).toEqual([])
    expect(fresh).not.toBe(old)
    expect(gateway.sessionsOfChildSpi(old)).toEqual([])
    expect(gateway.sessionsOfChildSpi(fresh)).toEqual([id])
    expect(childPathOf(gateway, id)?.remote.address).toBe('10.2.0.2')
    expect(client.session.state.children.map(({ sa }) => sa.remoteSpi)).toEqual([fresh])
  })

  it('A149 D35 inbound SPIs that were drawn twice lead to both sessions, and none is refused for it', () => {
    const gateway = gatewayWith()
    // The gateway draws the SPI when it has the configuration: with the same entropy it draws the same.
    let isSame = false
    const draw = (): Uint8Array => (isSame ? new Uint8Array(32).fill(7) : entropy())
    const connect = (address: string): void => {
      const client = new Client(address)
      client.step({ type: 'connectRequested', paths: [client.path] })
      isSame = false
      client.exchange(gateway, draw)
      isSame = true
      client.exchange(gateway, draw)
      expect(client.session.state.phase.name).toBe('established')
      expect(client.session.state.children).toHaveLength(1)
    }
    connect('10.1.0.2')
    connect('10.1.0.3')
    const ids = gateway.ids()
    const spis = ids.map((id) => gateway.session(id)?.state.children[0]?.sa.localSpi as number)
    expect(spis[0]).toBe(spis[1])
    expect(gateway.sessionsOfChildSpi(spis[0] as number)).toEqual(ids)
  })
})
