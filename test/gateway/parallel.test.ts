import { describe, expect, it, vi } from 'vitest'
import { utf8Bytes } from '../../src/bytes/index.ts'
import { ID_TYPE } from '../../src/codec/index.ts'
import type { GatewayAction, SessionId } from '../../src/gateway/index.ts'
import { Client, entropy, gatewayWith, serve } from './clients.ts'

const NAME = { type: ID_TYPE.ID_FQDN, data: utf8Bytes('client.example') }

describe('one client authenticates twice at the same time', () => {
  it('E4.15 ParallelAuthKeepsPromotedPolicyEndpoints: the IKE SA that stays keeps its endpoints, and moves on its own', () => {
    const gateway = gatewayWith()
    const [first, second] = [new Client('10.1.0.2'), new Client('10.2.0.2', { initialContact: true })]
    // Both are half open before either says who it is.
    for (const client of [first, second]) {
      client.step({ type: 'connectRequested', paths: [client.path] })
      client.exchange(gateway)
    }
    const [old, promoted] = gateway.ids() as [SessionId, SessionId]
    const settle = (client: Client): void => {
      while (client.sent.length > 0) client.exchange(gateway)
    }
    settle(first)
    expect(gateway.sessionsOfIdentity(NAME)).toEqual([old])
    settle(second)
    expect([first, second].map(({ session }) => session.state.phase.name)).toEqual(['established', 'established'])
    expect(gateway.ids()).toEqual([promoted])
    const childPath = () => gateway.session(promoted)?.state.mobike?.childPath.remote
    expect(childPath()).toEqual({ address: '10.2.0.2', port: 4500 })
    // What the client of the retired IKE SA still says, an UPDATE too, changes nothing of the other.
    first.step({ type: 'localAddressesChanged', addresses: [{ address: '10.9.0.9' }] })
    settle(first)
    expect(childPath()).toEqual({ address: '10.2.0.2', port: 4500 })
    second.step({ type: 'localAddressesChanged', addresses: [{ address: '10.3.0.2' }] })
    settle(second)
    expect(childPath()).toEqual({ address: '10.3.0.2', port: 4500 })
    expect(second.session.state.phase.name).toBe('established')
  })

  it('E4.15 ParallelAuthRetiresChildRekey: a Child SA rekey under way on the retired IKE SA ends with it, answered or not', () => {
    const gateway = gatewayWith()
    const [first, second] = [new Client('10.1.0.2'), new Client('10.2.0.2', { initialContact: true })]
    second.step({ type: 'connectRequested', paths: [second.path] })
    second.exchange(gateway)
    const [promoted] = gateway.ids() as [SessionId]
    first.connect(gateway)
    const old = gateway.ids().find((id) => id !== promoted) as SessionId
    const child = gateway.session(old)?.state.children[0]?.sa.id as number
    const rekey = gateway.tell(old, { type: 'childSaRekeyRequested', now: 0, entropy: entropy(), id: child })
    const [request] = serve(gateway, rekey, 0)
    if (request === undefined) throw new Error('no rekey')
    // The client takes it for what it is, but its answer comes after the other IKE_AUTH.
    first.step({
      type: 'datagramReceived',
      path: { local: request.path.remote, remote: request.path.local },
      bytes: request.bytes
    })
    const told = vi.spyOn(gateway, 'tell')
    while (second.sent.length > 0) second.exchange(gateway)
    const ended = told.mock.results
      .flatMap(({ value }) => value as readonly GatewayAction[])
      .filter(({ session }) => session === old)
    expect(gateway.ids()).toEqual([promoted])
    expect(ended.map(({ action }) => action.type)).toEqual(['removeChildSa', 'report'])
    const before = gateway.session(promoted)
    expect(first.sent.length).toBeGreaterThan(0)
    const late = first.sent.map((datagram) =>
      gateway.receive({
        now: 0,
        entropy: entropy(),
        path: { local: datagram.path.remote, remote: datagram.path.local },
        bytes: datagram.bytes
      })
    )
    expect(late.flat().filter(({ session }) => session !== null)).toEqual([])
    expect(gateway.session(promoted)).toEqual(before)
    expect(gateway.session(promoted)?.state.children).toHaveLength(1)
  })
})
