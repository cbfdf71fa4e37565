import { describe, expect, it } from 'vitest'
import type { Path } from '../../src/bytes/index.ts'
import { DEFAULT_MOBIKE_POLICY, type MobikePolicy } from '../../src/mobike/index.ts'
import { CLIENT, type Datagram, datagramsIn, Pair, reversed } from './pair.ts'

/** Where replies leave from, and which ports the initial exchanges use: scenarios of ze. */

const SECOND = '198.51.100.1'
const FORBID: MobikePolicy = { ...DEFAULT_MOBIKE_POLICY, natTraversal: 'forbid' }

describe('a reply', () => {
  it('E4.1 F35 OwnerDispatchRepliesFromArrivalSocket: leaves from the address its request arrived at, whatever the IKE SA uses', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
    const { ikePath } = pair.gateway.session.state.mobike ?? {}
    pair.tell('client', { type: 'livenessRequested' })
    const request = pair.wire.shift() as Datagram
    for (const port of [4500, 50_001]) {
      const arrival: Path = { local: { address: SECOND, port: 4500 }, remote: { address: '203.0.113.9', port } }
      const actions = pair.tell('gateway', { type: 'datagramReceived', path: arrival, bytes: request.bytes })
      // The second time it is a repetition, which gets the answer kept.
      expect(datagramsIn(actions).map(({ path }) => path)).toEqual([arrival])
    }
    expect(pair.gateway.session.state.mobike?.ikePath).toEqual(ikePath)
  })

  it('E4.14 InitialResponsesUseReceivedDestination: so do those to IKE_SA_INIT and IKE_AUTH', () => {
    const pair = new Pair()
    const paths = [{ ...CLIENT, remote: { address: SECOND, port: 500 } }]
    pair.connect(paths).settle()
    expect(pair.phase('client')).toBe('established')
    const answers = pair.sent.filter(({ from }) => from === 'gateway').slice(0, 2)
    expect(answers.map(({ path }) => path.local)).toEqual([
      { address: SECOND, port: 500 },
      { address: SECOND, port: 4500 }
    ])
    expect(pair.gateway.session.state.mobike?.childPath).toEqual(
      pair.client.session.state.mobike?.childPath && reversed(pair.client.session.state.mobike.childPath)
    )
  })
})

describe('without NAT traversal', () => {
  it.each([
    ['the client', FORBID, DEFAULT_MOBIKE_POLICY],
    ['the gateway', DEFAULT_MOBIKE_POLICY, FORBID]
  ])(
    'E4.8 AuthWithoutNATTSocketKeepsBaseIKE: where %s has none, IKE stays on port 500, and so does an UPDATE',
    (_, client, gateway) => {
      const pair = new Pair({ mobike: client, livenessMs: null }, { mobike: gateway, livenessMs: null }).establish()
      pair.tell('client', { type: 'updateRequested' })
      pair.settle()
      expect(pair.sent.length).toBeGreaterThanOrEqual(6)
      for (const { path } of pair.sent) expect([path.local.port, path.remote.port]).toEqual([500, 500])
      expect(pair.client.session.state.mobike?.encapsulate).toBe(false)
    }
  )
})
