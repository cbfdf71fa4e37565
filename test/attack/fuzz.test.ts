import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { innerPayloads } from '../../src/arbitraries/index.ts'
import { EXCHANGE, NOTIFY, notify } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { established, fromClient, sent } from './hostile.ts'

const mobikeTypes = [40, 41, 16388, 16389, 16396, 16397, 16398, 16399, 16400, 16401, 16402]
const mobikeNotify: fc.Arbitrary<Payload> = fc
  .tuple(
    fc.constantFrom(...mobikeTypes, NOTIFY.REKEY_SA, 16385, 16387, 16393, 43, 44, 14),
    fc.oneof(fc.constant(0), fc.constantFrom(4, 12, 16, 20, 36, 8, 64), fc.nat(300)),
    fc.nat(255)
  )
  .map(([type, length, value]) => notify(type, new Uint8Array(length).fill(value)))
const payloads = fc
  .tuple(fc.array(mobikeNotify, { maxLength: 6 }), innerPayloads())
  .map(([notifies, others]) => [...notifies, ...others.filter(({ kind }) => kind !== 'encrypted')])

const address = fc.constantFrom('10.1.0.2', '203.0.113.5', '198.51.100.77', '224.0.0.1', '192.0.2.1', '255.255.255.255')
const message = fc.record({
  payloads,
  kind: fc.constantFrom('request', 'request', 'response', 'createChild'),
  address,
  port: fc.constantFrom(4500, 500, 1024),
  wait: fc.constantFrom(0, 0, 0, 700, 20_000)
})

describe('a peer that holds the keys and says anything well-formed', () => {
  it.each(['client', 'gateway'] as const)('never makes the other throw, grow or send much: hostile %s', (name) => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
        const hostile = established(name)
        const { pair, victim } = hostile
        const least = hostile.size()
        for (const { payloads, kind, address, port, wait } of messages) {
          if (!hostile.alive) break
          const from =
            name === 'client'
              ? fromClient(address, port)
              : { local: { address, port }, remote: { address: '10.1.0.2', port: 4500 } }
          const exchangeType = kind === 'createChild' ? EXCHANGE.CREATE_CHILD_SA : EXCHANGE.INFORMATIONAL
          const actions =
            kind === 'response'
              ? hostile.respond(payloads, from)
              : hostile.request(payloads, { from, path: from, exchangeType })
          expect(sent(actions)).toBeLessThanOrEqual(4)
          if (wait > 0 && hostile.alive) {
            const before = pair.sent.length
            pair.advance(wait)
            expect(pair.sent.length - before).toBeLessThan(wait / 100)
          }
        }
        expect(hostile.size()).toBeLessThan(least + 200_000)
        expect(victim).not.toBe(name)
      }),
      { numRuns: Number(process.env['RUNS'] ?? 40), endOnFailure: true }
    )
  })
})
