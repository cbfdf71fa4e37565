import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'

test('hexadecimal text is what Node writes, at any length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (octets) => {
      expect(toHex(octets)).toBe(Buffer.from(octets).toString('hex'))
      expect(fromHex(toHex(octets))).toEqual(octets)
      expect(fromHex(toHex(octets).toUpperCase())).toEqual(octets)
    })
  )
})

test('white space and colons are skipped', () => {
  expect(fromHex(' 00:ff\n7 F\t')).toEqual(Uint8Array.of(0, 255, 127))
})

test('anything but pairs of hexadecimal digits throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.oneof(fc.constantFrom(...'09afAFgG@/`'), fc.string()), maxLength: 8 }), (text) => {
      const digits = text.replace(/[\s:]/g, '')
      if (digits.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(digits))
        expect(toHex(fromHex(text))).toBe(digits.toLowerCase())
      else expect(() => fromHex(text)).toThrow(TypeError)
    }),
    { numRuns: 2000 }
  )
})
