import { describe, expect, it } from 'vitest'
import { decodeMessage, EXCHANGE, encodeMessage, NOTIFY, notify } from '../../src/codec/index.ts'
import { createMobike, DEFAULT_MOBIKE_POLICY, type MobikeInit, stepMobike } from '../../src/mobike/index.ts'
import { path } from '../mobike/harness.ts'
import { forge, kinds, read } from '../session/forge.ts'
import { Pair } from '../session/pair.ts'
import { Client, entropy, gatewayWith } from './clients.ts'

/** RFC 5723: what is said in the table of section 5 of MOBIKE, and that sessions themselves are not resumed here. */
describe('session resumption', () => {
  it('D33 of an IKE SA that another stack resumed: all that MOBIKE knows is of the new exchange', () => {
    const init: MobikeInit = {
      now: 0,
      role: 'responder',
      path: path('203.0.113.1', '198.18.0.1'),
      natTraversal: true,
      nat: null,
      peerAddresses: ['198.18.7.2'],
      localAddresses: [{ address: '203.0.113.1' }],
      remoteCandidates: [],
      excludedPrefixes: []
    }
    const first = createMobike(DEFAULT_MOBIKE_POLICY, init).state
    const { state } = stepMobike(DEFAULT_MOBIKE_POLICY, first, {
      type: 'requestReceived',
      now: 10,
      messageId: 5,
      path: init.path,
      notifies: [{ kind: 'additionalAddress', address: '198.18.9.3' }],
      nat: null
    })
    expect(state.peerAddresses).toEqual(['198.18.0.1', '198.18.9.3'])
    // The client comes back from elsewhere with a ticket and announces nothing: "should be resent by client if necessary".
    const resumed = createMobike(DEFAULT_MOBIKE_POLICY, {
      ...init,
      now: 5000,
      path: path('203.0.113.1', '198.18.44.4'),
      peerAddresses: []
    }).state
    expect(resumed.peerAddresses).toEqual(['198.18.44.4'])
    expect(resumed.verified.map(({ address }) => address)).toEqual(['198.18.44.4'])
    expect([resumed.lastUpdateMessageId, resumed.lastListMessageId]).toEqual([null, null])
  })

  it('D33 no ticket is given, in INFORMATIONAL either', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
    const messageId = pair.ikeSa('gateway').responses.nextMessageId
    const before = pair.sent.length
    pair.put(forge(pair, 'client', { messageId, payloads: [notify(NOTIFY.TICKET_REQUEST)] }))
    pair.settle()
    const answers = pair.sent.slice(before).map((datagram) => read(pair, datagram))
    expect(answers.map(({ message, payloads }) => [message.messageId, kinds(payloads)])).toEqual([[messageId, []]])
  })

  it('D33 IKE_SESSION_RESUME opens no session, and touches none', () => {
    const gateway = gatewayWith()
    const client = new Client('10.1.0.2').connect(gateway)
    const before = gateway.ids().map((id) => gateway.session(id))
    const bytes = encodeMessage({
      initiatorSpi: new Uint8Array(8).fill(7),
      responderSpi: new Uint8Array(8),
      majorVersion: 2,
      minorVersion: 0,
      exchangeType: EXCHANGE.IKE_SESSION_RESUME,
      fromInitiator: true,
      isResponse: false,
      messageId: 0,
      payloads: [
        { kind: 'nonce', data: new Uint8Array(32).fill(1) },
        notify(NOTIFY.TICKET_OPAQUE, new Uint8Array(100).fill(2))
      ]
    })
    const { local, remote } = client.path
    const actions = gateway.receive({ now: 0, entropy: entropy(), path: { local: remote, remote: local }, bytes })
    const answers = actions.flatMap(({ action }) => (action.type === 'sendDatagram' ? [action.bytes] : []))
    expect(answers).toHaveLength(1)
    const decoded = decodeMessage(answers[0] as Uint8Array)
    expect(decoded.ok && kinds(decoded.value.payloads)).toEqual([NOTIFY.INVALID_IKE_SPI])
    expect(gateway.ids().map((id) => gateway.session(id))).toEqual(before)
    expect(before).toHaveLength(1)
  })
})
