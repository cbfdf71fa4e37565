import { describe, expect, it } from 'vitest'
import type { Path } from '../../src/bytes/index.ts'
import { EXCHANGE, NOTIFY } from '../../src/codec/index.ts'
import { createGateway, type GatewayAction } from '../../src/gateway/index.ts'
import { createResponderSession, sessionConfig, stepSession } from '../../src/session/index.ts'
import { kinds, read, unmarked } from '../session/forge.ts'
import { datagramsIn, GATEWAY_OPTIONS, mobikeReports, Pair, reportsIn, reversed } from '../session/pair.ts'
import { established, octets } from './hostile.ts'

/** The client's IKE_SA_INIT request. */
function initRequest(): Uint8Array {
  const pair = new Pair()
  pair.connect()
  return (pair.sent[0] as { bytes: Uint8Array }).bytes
}

const sends = (actions: readonly GatewayAction[]): number =>
  actions.filter(({ action }) => action.type === 'sendDatagram').length

describe('a network that forges sources', () => {
  const remotes: Path['remote'][] = [
    { address: '203.0.113.9', port: 0 },
    { address: '224.0.0.1', port: 500 },
    { address: '255.255.255.255', port: 500 },
    { address: '0.0.0.0', port: 500 },
    { address: '::', port: 500 },
    { address: 'ff02::1', port: 500 }
  ]

  it.each(remotes)('never makes us send where no answer can go: %j', (remote) => {
    const local = { address: remote.address.includes(':') ? '2001:db8::1' : '192.0.2.1', port: 500 }
    const config = sessionConfig(GATEWAY_OPTIONS)
    const event = { now: 1, entropy: octets(32), path: { local, remote }, bytes: initRequest() }
    for (const cookieThreshold of [0, 32]) {
      const gateway = createGateway({ session: config, limits: { cookieThreshold } })
      expect(sends(gateway.receive(event))).toBe(0)
      const unknown = event.bytes.slice()
      unknown[18] = EXCHANGE.INFORMATIONAL
      expect(sends(gateway.receive({ ...event, bytes: unknown }))).toBe(0)
    }
    const step = stepSession(config, createResponderSession(config), { type: 'datagramReceived', ...event })
    expect(datagramsIn(step.actions)).toEqual([])
    expect(reportsIn(step.actions)).toHaveLength(1)
    const hostile = established('client')
    const from = { local: remote, remote: { ...local, port: 4500 } }
    expect(datagramsIn(hostile.notifies([NOTIFY.UPDATE_SA_ADDRESSES], from))).toEqual([])
    expect(hostile.pair.gateway.session.state.mobike?.ikePath.remote.address).toBe('10.1.0.2')
  })
})

describe('IKE_AUTH from another address than IKE_SA_INIT', () => {
  function lookalike(auth: string): Pair {
    const pair = new Pair()
    pair.route = (datagram) => {
      const path = reversed(datagram.path)
      const isAuth = datagram.from === 'client' && unmarked(datagram)[18] !== EXCHANGE.IKE_SA_INIT
      return isAuth ? { ...path, remote: { ...path.remote, address: auth } } : path
    }
    return pair
  }

  it('A084 A145 its address has shown nothing: it is checked', () => {
    const pair = lookalike('203.0.113.66')
    pair.connect()
    // What goes to the address of IKE_AUTH is lost, but for the response to IKE_AUTH.
    pair.passes = ({ from, path, bytes }) =>
      from === 'client' || path.remote.address === '10.1.0.2' || unmarked({ path, bytes })[18] === EXCHANGE.IKE_AUTH
    pair.settle()
    expect(pair.phase('gateway')).toBe('established')
    const checks = pair.sent.filter(
      (datagram) => datagram.from === 'gateway' && kinds(read(pair, datagram).payloads).includes(NOTIFY.COOKIE2)
    )
    expect(checks).toHaveLength(1)
    expect(pair.gateway.session.state.mobike?.verified).toEqual([])
  })

  it('the same address needs no check', () => {
    const pair = new Pair().establish()
    expect(pair.sent).toHaveLength(4)
  })
})

describe('an outage', () => {
  it('A045 F11 a request outstanding when the network comes back is sent once, not twice', () => {
    const pair = new Pair().establish()
    pair.passes = () => false
    pair.tell('client', { type: 'livenessRequested' })
    pair.tell('client', { type: 'localAddressesChanged', addresses: [] })
    pair.advance(5000)
    const actions = pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    expect(datagramsIn(actions)).toHaveLength(1)
  })

  it('an address that goes during IKE_AUTH is not taken for one we have', () => {
    const pair = new Pair().connect()
    // IKE_SA_INIT both ways, IKE_AUTH there.
    for (let i = 0; i < 3; i++) pair.deliver(pair.wire.shift() as never)
    expect(pair.phase('client')).toBe('expectAuthResponse')
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    pair.settle()
    expect(pair.phase('client')).toBe('established')
    expect(pair.client.session.state.mobike?.ikePath.local.address).toBe('10.2.0.2')
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe('10.2.0.2')
  })
})

describe('an attacker on the path who swaps a source address once', () => {
  it('A097 A117 the client notices by the next liveness check and both ends meet again; ESP never goes to the victim', () => {
    const pair = new Pair().establish()
    const victim = '203.0.113.66'
    let swapped = 0
    pair.route = (datagram) => {
      const path = reversed(datagram.path)
      if (path.remote.address === victim || path.local.address === victim) return undefined
      if (datagram.from === 'client' && swapped++ === 0) return { ...path, remote: { ...path.remote, address: victim } }
      return path.remote.address === victim ? undefined : path
    }
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    pair.settle()
    pair.advance(200_000)
    expect(pair.phase('client')).toBe('established')
    const { mobike } = pair.gateway.session.state
    expect(mobike?.ikePath.remote.address).toBe('10.2.0.2')
    expect(mobike?.childPath.remote.address).toBe('10.2.0.2')
    const moves = pair.gateway.actions.flatMap((action) =>
      action.type === 'moveChildSas' ? [action.to.remote.address] : []
    )
    expect(moves).not.toContain(victim)
    expect(mobikeReports(pair.client.actions).map(({ kind }) => kind)).toContain('natMappingChanged')
  })
})
