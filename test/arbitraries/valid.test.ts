import fc, { type Arbitrary } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  configurationAttribute,
  configurationBody,
  dataBody,
  notifyBody,
  notifyPayload,
  PAYLOAD_KINDS,
  payload
} from '../../src/arbitraries/index.ts'
import {
  CONFIGURATION_LAYOUTS,
  type ConfigurationName,
  DATA_LAYOUTS,
  decodeBody,
  decodeConfigurationAttribute,
  decodeNotify,
  encodeBody,
  encodeConfigurationAttribute,
  encodeNotify,
  type Forms,
  NOTIFY_LAYOUTS,
  type NotifyName
} from '../../src/bodies/index.ts'
import { decodeMessage, encodeMessage, NOTIFY, type Payload } from '../../src/codec/index.ts'
import { messageOf } from './message-of.ts'

const RUNS = { numRuns: 40, seed: 7296 }

describe('payloads', () => {
  it.each(PAYLOAD_KINDS)('of kind %s come back from their octets as they were', (kind) => {
    fc.assert(
      fc.property(payload(kind) as Arbitrary<Payload>, (value) => {
        expect(value.kind).toBe(kind)
        const message = messageOf(value)
        expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, value: message })
      }),
      RUNS
    )
  })
})

describe('bodies', () => {
  it.each(Object.keys(NOTIFY_LAYOUTS) as NotifyName[])(
    'of Notify %s come back from their octets as they were',
    (name) => {
      fc.assert(
        fc.property(notifyBody(name), (body) => {
          const value = encodeNotify(name, body)
          expect(value.type).toBe(NOTIFY[name])
          expect(decodeNotify(value)).toEqual({ ok: true, value: { name, body } })
          expect(decodeMessage(encodeMessage(messageOf(value)))).toEqual({ ok: true, value: messageOf(value) })
        }),
        RUNS
      )
      // What RFC 7296 section 3.10 says of the Protocol ID: AH or ESP where an SPI stands, zero where none does, but for two
      // types that RFC 6290 section 4.1 and RFC 6023 section 4 want to be about the IKE SA.
      const none = name === 'QUICK_CRASH_DETECTION' || name === 'CHILDLESS_IKEV2_SUPPORTED' ? 1 : 0
      fc.assert(
        fc.property(notifyPayload(name), ({ protocol, spi }) => {
          expect([protocol, spi.length]).toEqual(spi.length === 0 ? [none, 0] : [expect.toBeOneOf([2, 3]), 4])
        }),
        RUNS
      )
    }
  )

  it.each(Object.keys(CONFIGURATION_LAYOUTS) as ConfigurationName[])(
    'of configuration attribute %s come back from their octets as they were',
    (name) => {
      fc.assert(
        fc.property(configurationBody(name), (body) => {
          const value = encodeConfigurationAttribute(name, body)
          expect(decodeConfigurationAttribute(value)).toEqual({ ok: true, value: { name, body } })
        }),
        RUNS
      )
      fc.assert(
        fc.property(configurationAttribute(name), (value) => decodeConfigurationAttribute(value)?.ok),
        RUNS
      )
    }
  )

  const data = Object.entries(DATA_LAYOUTS).flatMap(([kind, layouts]) =>
    Object.keys(layouts).map((name) => [kind as keyof typeof DATA_LAYOUTS, name as never] as const)
  )
  it.each(data)('of %s %s come back from their octets as they were', (kind, name) => {
    const { forms } = DATA_LAYOUTS[kind][name] as { readonly forms: Forms }
    fc.assert(
      fc.property(dataBody(kind, name), (value) => {
        const octets = encodeBody(forms, value, 'test')
        expect(decodeBody(forms, octets)).toEqual({ ok: true, value })
      }),
      RUNS
    )
  })

  it('every form of a body occurs: NO_NATS_ALLOWED of both families, PPK_IDENTITY with and without an identity', () => {
    const lengths = (name: NotifyName): number[] =>
      [
        ...new Set(fc.sample(notifyPayload(name), { numRuns: 200, seed: 1 }).map(({ data: { length } }) => length))
      ].sort((a, b) => a - b)
    expect(lengths('NO_NATS_ALLOWED')).toEqual([12, 36])
    expect(lengths('IPSEC_REPLAY_COUNTER_SYNC')).toEqual([4, 8])
    expect(lengths('PPK_IDENTITY').slice(0, 2)).toEqual([0, 1])
    expect(lengths('COOKIE2').at(0)).toBeGreaterThanOrEqual(8)
    expect(lengths('COOKIE2').at(-1)).toBeLessThanOrEqual(64)
  })
})
