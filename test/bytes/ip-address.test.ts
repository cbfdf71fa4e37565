import { isIPv4 } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ipAddressBytes, sendableAddressBytes } from '../../src/bytes/index.ts'

const runs = { numRuns: 2000 }

/** Texts that are or nearly are IPv4 addresses. */
const nearly = fc
  .array(fc.oneof(fc.nat(300).map(String), fc.constantFrom('', '00', '01', '+1', ' 1', '1 ', '0x1', '1e1', '١')), {
    minLength: 3,
    maxLength: 5
  })
  .map((parts) => parts.join('.'))

test('every IPv4 address gives its four octets', () => {
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      expect(ipAddressBytes(text)).toEqual(Uint8Array.from(text.split('.'), Number))
    }),
    runs
  )
})

test('what Node does not take for an IPv4 address gives undefined, and the other way round', () => {
  fc.assert(
    fc.property(
      fc.oneof(nearly, fc.string(), fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '/') })),
      (text) => {
        fc.pre(!text.includes(':'))
        expect(ipAddressBytes(text) !== undefined).toBe(isIPv4(text))
      }
    ),
    runs
  )
})

test('an IPv4 address at the end of an IPv6 address is read by the same rules', () => {
  fc.assert(
    fc.property(nearly, (text) => {
      expect(ipAddressBytes(`64:ff9b::${text}`)?.subarray(12)).toEqual(isIPv4(text) ? ipAddressBytes(text) : undefined)
    }),
    runs
  )
})

test('an address with a zone and an IPv4-mapped one have octets, but none that can be sent', () => {
  for (const text of ['fe80::1%eth0', '::ffff:192.0.2.1', '::ffff:c000:201']) {
    expect(ipAddressBytes(text)?.length).toBe(16)
    expect(sendableAddressBytes(text)).toBeUndefined()
  }
  for (const text of ['192.0.2.1', 'fe80::1', '::192.0.2.1', '::fffe:c000:201']) {
    expect(sendableAddressBytes(text)).toEqual(ipAddressBytes(text))
  }
  expect(sendableAddressBytes('host')).toBeUndefined()
})
