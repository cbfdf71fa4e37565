import { expect, test } from 'vitest'
import { prefixSelector } from '../../src/ike/index.ts'
import { copySelectors, keepSelectors } from '../../src/ike/traffic-selectors.ts'

const net = prefixSelector('10.9.0.0', 16)
const known = [net, prefixSelector('2001:db8::', 32)]

test('selectors equal to the known ones are the known ones: no Child SA holds copies of its configuration', () => {
  expect(keepSelectors(copySelectors(known), known)).toBe(known)
})

test('other selectors are copies that share no octets with the datagram they came in', () => {
  for (const other of [[net], [...known].reverse(), [{ ...net, startPort: 80, endPort: 80 }], []]) {
    const kept = keepSelectors(other, known)
    expect(kept).toEqual(other)
    expect(kept).not.toBe(other)
    for (const selector of kept) expect(selector.startAddress).not.toBe(net.startAddress)
  }
})
