import { describe, expect, it } from 'vitest'
import type { NotifyPayload, Payload } from '../../src/codec/types.ts'
import { type MobikeNotify, mobikeNotifiesOf, mobikeNotifyPayloads } from '../../src/mobike/index.ts'

const notify = (type: number, data: number[] = [], extra: Partial<NotifyPayload> = {}): NotifyPayload => ({
  kind: 'notify',
  protocol: 0,
  spi: new Uint8Array(0),
  type,
  data: Uint8Array.from(data),
  ...extra
})
const hashes = { source: new Uint8Array(20).fill(1), destination: new Uint8Array(20).fill(2) }

describe('notify payloads', () => {
  // Numbers of RFC 4555 section 4 and RFC 7296 section 3.10.1.
  it('A120 A121 A122 A126 A128 A129 A130 A134 A137 have the numbers of section 4, Protocol ID 0 and no SPI', () => {
    const all: MobikeNotify[] = [
      { kind: 'unacceptableAddresses' },
      { kind: 'unexpectedNatDetected' },
      { kind: 'additionalAddress', address: '192.0.2.7' },
      { kind: 'additionalAddress', address: '2001:db8::7' },
      { kind: 'noAdditionalAddresses' },
      { kind: 'updateSaAddresses' },
      { kind: 'cookie2', data: new Uint8Array(8) },
      { kind: 'noNatsAllowed', data: new Uint8Array(12) },
      { kind: 'natDetection' }
    ]
    const payloads = mobikeNotifyPayloads(all, hashes)
    expect(payloads.map(({ type }) => type)).toEqual([40, 41, 16397, 16398, 16399, 16400, 16401, 16402, 16388, 16389])
    expect(payloads.map(({ data }) => data.length)).toEqual([0, 0, 4, 16, 0, 0, 8, 12, 20, 20])
    expect(payloads.every(({ protocol, spi }) => protocol === 0 && spi.length === 0)).toBe(true)
    expect(mobikeNotifiesOf(payloads)).toEqual(all)
  })

  it('without hashes NAT_DETECTION is left out', () => {
    expect(mobikeNotifyPayloads([{ kind: 'natDetection' }], null)).toEqual([])
  })

  it('A-O5 ADDITIONAL_*_ADDRESS of a wrong length or mapped into IPv6 is skipped', () => {
    const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1]
    const payloads = [
      notify(16397, [1, 2, 3]),
      notify(16397, new Array(16).fill(1)),
      notify(16398, [1, 2, 3, 4]),
      notify(16398, mapped)
    ]
    expect(mobikeNotifiesOf(payloads)).toEqual([])
  })

  it('Everything else is passed over; Protocol ID and SPI of careless peers do not matter', () => {
    const other: Payload = { kind: 'vendorId', data: new Uint8Array(4) }
    const careless = notify(16401, [1, 2, 3, 4, 5, 6, 7, 8], { protocol: 1, spi: new Uint8Array(4) })
    expect(mobikeNotifiesOf([other, notify(16396), notify(14), careless])).toEqual([
      { kind: 'cookie2', data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }
    ])
  })

  it('an EAP type that is also the number of an error is none', () => {
    const eap: Payload = { kind: 'eap', code: 1, identifier: 1, type: 40, data: new Uint8Array(4) }
    expect(mobikeNotifiesOf([eap])).toEqual([])
  })

  it('what is no address is left out of a message', () => {
    expect(mobikeNotifyPayloads([{ kind: 'additionalAddress', address: 'gateway.example' }], null)).toEqual([])
  })

  it('NAT_DETECTION of one end alone counts, too', () => {
    expect(mobikeNotifiesOf([notify(16388)])).toEqual([{ kind: 'natDetection' }])
    expect(mobikeNotifiesOf([notify(16389)])).toEqual([{ kind: 'natDetection' }])
  })

  it('several NAT_DETECTION payloads count once', () => {
    expect(mobikeNotifiesOf([notify(16388), notify(16388), notify(16389)])).toEqual([{ kind: 'natDetection' }])
  })

  it('octets are copied: a socket may reuse its buffer', () => {
    for (const [type, kind] of [
      [16401, 'cookie2'],
      [16402, 'noNatsAllowed']
    ] as const) {
      const payload = notify(type, [1, 2, 3, 4, 5, 6, 7, 8])
      const notifies = mobikeNotifiesOf([payload])
      payload.data.fill(0)
      expect(notifies).toEqual([{ kind, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }])
    }
  })
})
