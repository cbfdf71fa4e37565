import { describe, expect, it } from 'vitest'
import { NOTIFY, notify } from '../../src/codec/index.ts'
import { forge, read } from './forge.ts'
import { type Datagram, Pair } from './pair.ts'

/** Status notifications we never asked for, two of them unknown. */
const UNASKED = [
  notify(NOTIFY.INTERMEDIATE_EXCHANGE_SUPPORTED),
  notify(NOTIFY.MOBIKE_SUPPORTED),
  notify(16_399),
  notify(40_960, Uint8Array.of(1))
]

describe('notifications nobody asked for', () => {
  it('E2.7 libreswan ikev2-mobike-07: in a response, to an UPDATE as well, they do no harm', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
    for (const news of [{ type: 'livenessRequested' }, { type: 'updateRequested' }] as const) {
      pair.tell('client', news)
      const request = pair.wire.shift() as Datagram
      const { message } = read(pair, request)
      pair.deliver(request)
      const answer = pair.wire.shift() as Datagram
      const { payloads } = read(pair, answer)
      const response = forge(pair, 'gateway', {
        messageId: message.messageId,
        isResponse: true,
        payloads: [...UNASKED, ...payloads]
      })
      pair.deliver({ ...response, path: answer.path })
      expect(pair.ikeSa('client').requests.outstanding).toEqual([])
    }
    pair.settle()
    pair.advance(60_000)
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
    const { mobike } = pair.client.session.state
    expect(mobike?.ikePath).toEqual(mobike?.childPath)
    expect(mobike?.peerAddresses).toEqual(['192.0.2.1', '198.51.100.1'])
  })
})
