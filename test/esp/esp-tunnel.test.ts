import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endpoint, fromHex, type Path } from '../../src/bytes/index.ts'
import { buildUdpPacket, type ChildSaAction, createEspTunnel, type TunnelChild } from '../../src/esp/index.ts'
import { gcm, ipv4Range, keysOf } from './suites.ts'

const wifi: Path = { local: endpoint('10.1.0.2', 4500), remote: endpoint('192.0.2.1', 4500) }
const cellular: Path = { local: endpoint('10.2.0.2', 4500), remote: endpoint('198.51.100.1', 4500) }
const entropy = new Uint8Array(16).fill(9)
const client = ipv4Range([10, 3, 0, 1], [10, 3, 0, 1])
const server = ipv4Range([10, 4, 0, 0], [10, 4, 255, 255])

const inner = (from: string, to: string, port = 7) =>
  buildUdpPacket({ source: endpoint(from, 4000), destination: endpoint(to, port), payload: fromHex('6869') })

/** Child SA `id` of the client (even SPIs in) or the gateway (the same the other way round). */
function child(id: number, side: 'client' | 'gateway', rest: Partial<TunnelChild> = {}): TunnelChild {
  const [localSpi, remoteSpi] = side === 'client' ? [id * 256, id * 256 + 1] : [id * 256 + 1, id * 256]
  const [localSelectors, remoteSelectors] = side === 'client' ? [[client], [server]] : [[server], [client]]
  return { id, localSpi, remoteSpi, localSelectors, remoteSelectors, ...rest }
}

function keys(id: number, side: 'client' | 'gateway') {
  const [up, down] = [keysOf(gcm, id), keysOf(gcm, id + 100)]
  return side === 'client' ? { suite: gcm, inbound: down, outbound: up } : { suite: gcm, inbound: up, outbound: down }
}

function install(
  tunnel: ReturnType<typeof createEspTunnel>,
  side: 'client' | 'gateway',
  id: number,
  rest: Partial<ChildSaAction & { type: 'installChildSa' }> = {}
) {
  const action = {
    child: child(id, side),
    path: wifi,
    encapsulate: true,
    replaces: null,
    outbound: 'now' as const,
    ...rest
  }
  return tunnel.applyChildSaAction({ type: 'installChildSa', ...action }, keys(id, side))
}

function pair() {
  const tunnels = { client: createEspTunnel(), gateway: createEspTunnel() }
  install(tunnels.client, 'client', 1)
  install(tunnels.gateway, 'gateway', 1)
  return tunnels
}

function send(tunnel: ReturnType<typeof createEspTunnel>, packet: Uint8Array) {
  const result = tunnel.send(packet, entropy)
  if (!result.ok) throw new Error(result.error)
  return result
}

const up = inner('10.3.0.1', '10.4.0.9')
const down = inner('10.4.0.9', '10.3.0.1')

describe('ESP tunnel', () => {
  it('carries packets both ways on the path of the Child SA', () => {
    const tunnels = pair()
    const sent = send(tunnels.client, up)
    expect(sent).toMatchObject({ path: wifi, encapsulate: true, sequence: 1, id: 1 })
    expect(tunnels.gateway.receive(sent.bytes)).toEqual({ ok: true, id: 1, packet: up, sequence: 1 })
    expect(tunnels.client.receive(send(tunnels.gateway, down).bytes)).toMatchObject({ ok: true, packet: down })
  })

  it('A001 F48 a move changes outer addresses only: SPIs, sequence numbers, replay windows and selectors stay', () => {
    const tunnels = pair()
    const old = send(tunnels.client, up).bytes
    expect(tunnels.gateway.receive(old)).toMatchObject({ ok: true })
    const [clientBefore, gatewayBefore] = [tunnels.client.snapshot(), tunnels.gateway.snapshot()]
    for (const tunnel of Object.values(tunnels)) {
      expect(tunnel.applyChildSaAction({ type: 'moveChildSas', ids: [1], to: cellular, encapsulate: false })).toBe(true)
    }
    expect(tunnels.client.snapshot()).toEqual({
      ...clientBefore,
      children: [{ ...clientBefore.children[0], path: cellular, encapsulate: false }]
    })
    expect(tunnels.gateway.snapshot().children[0]?.replay).toEqual(gatewayBefore.children[0]?.replay)
    expect(send(tunnels.client, up)).toMatchObject({ path: cellular, encapsulate: false, sequence: 2 })
    expect(tunnels.gateway.receive(old)).toEqual({ ok: false, error: 'replayed' })
  })

  it('B218 receives by SPI and nothing else: encapsulated or plain, old path or new', () => {
    const tunnels = pair()
    const before = send(tunnels.client, up).bytes
    tunnels.gateway.applyChildSaAction({ type: 'moveChildSas', ids: [1], to: cellular, encapsulate: false })
    expect(tunnels.gateway.receive(before)).toMatchObject({ ok: true })
  })

  it('B219 encapsulates in both directions when a NAT was detected, from the move on', () => {
    const tunnels = pair()
    for (const encapsulate of [false, true]) {
      for (const [side, packet] of [
        ['client', up],
        ['gateway', down]
      ] as const) {
        tunnels[side].applyChildSaAction({ type: 'moveChildSas', ids: [1], to: cellular, encapsulate })
        expect(send(tunnels[side], packet).encapsulate).toBe(encapsulate)
      }
    }
  })

  it('B217 refuses UDP encapsulation on port 500', () => {
    const path = { local: endpoint('10.1.0.2', 500), remote: endpoint('192.0.2.1', 500) }
    const tunnels = pair()
    const before = tunnels.client.snapshot()
    expect(() => install(tunnels.client, 'client', 2, { path })).toThrow(/^path/)
    const move = { type: 'moveChildSas', ids: [1], to: path } as const
    expect(() => tunnels.client.applyChildSaAction({ ...move, encapsulate: true })).toThrow(/^path/)
    expect(tunnels.client.snapshot()).toEqual(before)
    expect(tunnels.client.applyChildSaAction({ ...move, encapsulate: false })).toBe(true)
  })

  it('moves all named Child SAs or none', () => {
    const tunnels = pair()
    const before = tunnels.client.snapshot()
    expect(
      tunnels.client.applyChildSaAction({ type: 'moveChildSas', ids: [1, 9], to: cellular, encapsulate: true })
    ).toBe(false)
    expect(tunnels.client.snapshot()).toEqual(before)
    expect(tunnels.client.applyChildSaAction({ type: 'removeChildSa', id: 9 })).toBe(false)
  })

  it('sends on a rekeyed Child SA from its first inbound packet on, and receives on the old one until it is removed', () => {
    const tunnels = pair()
    install(tunnels.client, 'client', 2, { replaces: 1 })
    install(tunnels.gateway, 'gateway', 2, { replaces: 1, outbound: 'afterInbound' })
    expect(send(tunnels.gateway, down).id).toBe(1)
    const late = send(tunnels.gateway, down)
    expect(tunnels.gateway.receive(send(tunnels.client, up).bytes)).toMatchObject({ ok: true, id: 2 })
    expect(send(tunnels.gateway, down).id).toBe(2)
    expect(tunnels.client.receive(late.bytes)).toMatchObject({ ok: true, id: 1 })
    tunnels.client.applyChildSaAction({ type: 'removeChildSa', id: 1 })
    expect(tunnels.client.receive(late.bytes)).toEqual({ ok: false, error: 'unknownSpi' })
  })

  it('sends on a rekeyed Child SA from the removal of what it replaces on', () => {
    const tunnels = pair()
    install(tunnels.gateway, 'gateway', 2, { replaces: 1, outbound: 'afterInbound' })
    tunnels.gateway.applyChildSaAction({ type: 'removeChildSa', id: 1 })
    expect(send(tunnels.gateway, down).id).toBe(2)
  })

  it('chooses by traffic selectors, the newest that fits', () => {
    const tunnel = createEspTunnel()
    install(tunnel, 'client', 1)
    const narrow = ipv4Range([10, 4, 0, 0], [10, 4, 255, 255], { protocol: 17, startPort: 53, endPort: 53 })
    install(tunnel, 'client', 2, { child: child(2, 'client', { remoteSelectors: [narrow] }) })
    expect(send(tunnel, inner('10.3.0.1', '10.4.0.9', 53)).id).toBe(2)
    expect(send(tunnel, inner('10.3.0.1', '10.4.0.9', 54)).id).toBe(1)
    expect(tunnel.send(inner('10.3.0.2', '10.4.0.9'), entropy)).toEqual({ ok: false, error: 'noChildSa' })
    expect(tunnel.send(fromHex('00'), entropy)).toEqual({ ok: false, error: 'malformed' })
    expect(tunnel.snapshot().dropped).toEqual({ noChildSa: 1, malformed: 1 })
  })

  it('A148 A149 D35 Child SAs with the same peer address and the same outbound SPI are told apart by their handles', () => {
    const tunnel = createEspTunnel()
    const other = ipv4Range([10, 5, 0, 0], [10, 5, 255, 255])
    install(tunnel, 'client', 1)
    install(tunnel, 'client', 2, {
      child: child(2, 'client', { remoteSpi: child(1, 'client').remoteSpi, remoteSelectors: [other] })
    })
    tunnel.applyChildSaAction({ type: 'moveChildSas', ids: [2], to: cellular, encapsulate: false })
    expect(send(tunnel, inner('10.3.0.1', '10.4.0.9'))).toMatchObject({ id: 1, path: wifi, encapsulate: true })
    expect(send(tunnel, inner('10.3.0.1', '10.5.0.9'))).toMatchObject({ id: 2, path: cellular, encapsulate: false })
    tunnel.applyChildSaAction({ type: 'removeChildSa', id: 1 })
    expect(send(tunnel, inner('10.3.0.1', '10.5.0.9'))).toMatchObject({ id: 2, sequence: 2 })
    expect(tunnel.send(inner('10.3.0.1', '10.4.0.9'), entropy)).toMatchObject({ error: 'noChildSa' })
  })

  it('drops what comes through a Child SA but is outside its selectors (RFC 4301 section 5.2)', () => {
    const tunnels = { client: createEspTunnel(), gateway: createEspTunnel() }
    const anything = { localSelectors: [ipv4Range([0, 0, 0, 0], [255, 255, 255, 255])], remoteSelectors: [server] }
    install(tunnels.client, 'client', 1, { child: child(1, 'client', anything) })
    install(tunnels.gateway, 'gateway', 1)
    const spoofed = send(tunnels.client, inner('10.3.0.66', '10.4.0.9')).bytes
    expect(tunnels.gateway.receive(spoofed)).toEqual({ ok: false, error: 'outsideSelectors' })
    expect(tunnels.gateway.snapshot().dropped).toEqual({ outsideSelectors: 1 })
  })

  it('never throws on what comes in', () => {
    const { client: tunnel } = pair()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), fc.boolean(), (bytes, known) => {
        if (known && bytes.length >= 4) bytes.set([0, 0, 1, 0])
        expect(tunnel.receive(bytes).ok).toBe(false)
      })
    )
  })

  it('names misuse', () => {
    const { client: tunnel } = pair()
    expect(() => install(tunnel, 'client', 1)).toThrow(/^child/)
    const action = { type: 'installChildSa', child: child(3, 'client'), path: wifi, encapsulate: true } as const
    expect(() => tunnel.applyChildSaAction({ ...action, replaces: null, outbound: 'now' })).toThrow(/^keys/)
  })

  it('shows its state as plain data without keys', () => {
    const { client: tunnel } = pair()
    send(tunnel, up)
    const snapshot = tunnel.snapshot()
    expect(structuredClone(snapshot)).toEqual(snapshot)
    expect(JSON.stringify(snapshot)).not.toMatch(/key/i)
    expect([
      tunnel.receives(256),
      tunnel.receives(257),
      tunnel.activateOutbound(1),
      tunnel.activateOutbound(2)
    ]).toEqual([true, false, true, false])
  })
})
