import { describe, expect, it } from 'vitest'
import { utf8Bytes } from '../../src/bytes/index.ts'
import { ID_TYPE } from '../../src/codec/index.ts'
import { createGateway, type Gateway, type SessionId } from '../../src/gateway/index.ts'
import { sessionConfig } from '../../src/session/index.ts'
import { GATEWAY_OPTIONS } from '../session/pair.ts'
import { Client, entropy, gatewayWith, serve } from './clients.ts'

const named = (name: string) => ({ type: ID_TYPE.ID_FQDN, data: utf8Bytes(name) })
const CLIENT = named('client.example')
const OTHER = named('other.example')
const connect = (gateway: Gateway, address: string, options: ConstructorParameters<typeof Client>[1] = {}): Client =>
  new Client(address, options).connect(gateway)

describe('sessions by identity', () => {
  it('A150 are found by whom the peer proved to be, wherever it roams, until they end', () => {
    const gateway = gatewayWith()
    const client = connect(gateway, '10.1.0.2')
    connect(gateway, '10.1.0.3', { localIdentity: OTHER })
    const [first, second] = gateway.ids() as [SessionId, SessionId]
    client.step({ type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    while (client.sent.length > 0) client.exchange(gateway)
    expect(gateway.session(first)?.state.mobike?.childPath.remote.address).toBe('10.2.0.2')
    expect(gateway.sessionsOfIdentity(CLIENT)).toEqual([first])
    expect(gateway.sessionsOfIdentity(OTHER)).toEqual([second])
    expect(gateway.sessionsOfIdentity(named('nobody.example'))).toEqual([])
    expect(gateway.sessionsOfIdentity({ ...CLIENT, type: ID_TYPE.ID_RFC822_ADDR })).toEqual([])
    connect(gateway, '10.1.0.4')
    const [, , third] = gateway.ids() as [SessionId, SessionId, SessionId]
    expect(gateway.sessionsOfIdentity(CLIENT)).toEqual([first, third])
    client.step({ type: 'closeRequested' })
    while (client.sent.length > 0) client.exchange(gateway)
    expect(gateway.sessionsOfIdentity(CLIENT)).toEqual([third])
  })

  it('A150 an identity that was claimed but not proved finds nothing', () => {
    const gateway = gatewayWith()
    const impostor = new Client('10.1.0.9')
    impostor.answer = utf8Bytes('not the secret')
    impostor.connect(gateway)
    expect(gateway.sessionsOfIdentity(CLIENT)).toEqual([])
  })
})

describe('INITIAL_CONTACT', () => {
  it('A150 B066 ends the peer’s other sessions without a message, and nobody else’s', () => {
    const gateway = gatewayWith()
    connect(gateway, '10.1.0.2')
    connect(gateway, '10.1.0.2')
    connect(gateway, '10.1.0.3', { localIdentity: OTHER })
    const [first, second, other] = gateway.ids() as [SessionId, SessionId, SessionId]
    const restarted = new Client('10.7.0.2', { initialContact: true })
    const seen: { session: SessionId | null; what: string }[] = []
    restarted.step({ type: 'connectRequested', paths: [restarted.path] })
    while (restarted.sent.length > 0) {
      const datagram = restarted.sent.shift() as Client['sent'][number]
      const path = { local: datagram.path.remote, remote: datagram.path.local }
      const watch = { ...gateway, tell: gateway.tell.bind(gateway) }
      watch.tell = (id, event) => note(gateway.tell(id, event))
      const note = (actions: ReturnType<Gateway['receive']>): ReturnType<Gateway['receive']> => {
        for (const { session, action } of actions) {
          const reason = action.type === 'report' && action.report.kind === 'closed' ? action.report.reason : ''
          seen.push({ session, what: `${action.type} ${reason}`.trim() })
        }
        return actions
      }
      const actions = note(gateway.receive({ now: 0, entropy: entropy(), path, bytes: datagram.bytes }))
      for (const { bytes } of serve(watch, actions, 0)) {
        restarted.step({ type: 'datagramReceived', path: datagram.path, bytes })
      }
    }
    expect(restarted.session.state.phase.name).toBe('established')
    const left = gateway.ids()
    expect(left).toHaveLength(2)
    expect(left[0]).toBe(other)
    expect(gateway.sessionsOfIdentity(CLIENT)).toEqual([left[1]])
    for (const id of [first, second]) {
      expect(seen.filter(({ session }) => session === id).map(({ what }) => what)).toEqual([
        'removeChildSa',
        'report peerRestarted'
      ])
    }
  })

  it('A150 is only reported where several hosts share an identity', () => {
    const gateway = createGateway({ session: sessionConfig(GATEWAY_OPTIONS), initialContact: 'report' })
    connect(gateway, '10.1.0.2')
    connect(gateway, '10.1.0.3', { initialContact: true })
    expect(gateway.sessionsOfIdentity(CLIENT)).toHaveLength(2)
  })

  it('A150 without the notification older sessions stay: the same identity may connect twice', () => {
    const gateway = gatewayWith()
    connect(gateway, '10.1.0.2')
    connect(gateway, '10.1.0.3')
    expect(gateway.ids()).toHaveLength(2)
  })

  it('B066 an impostor who does not know the key ends no session with it', () => {
    const gateway = gatewayWith()
    connect(gateway, '10.1.0.2')
    const [id] = gateway.ids() as [SessionId]
    const impostor = new Client('10.1.0.9', { initialContact: true })
    impostor.answer = utf8Bytes('not the secret')
    impostor.connect(gateway)
    expect(impostor.session.state.phase.name).toBe('closed')
    expect(gateway.sessionsOfIdentity(CLIENT)).toEqual([id])
  })
})
