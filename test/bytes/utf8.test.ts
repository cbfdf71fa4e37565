import { expect, it } from 'vitest'
import { fromHex, toHex, utf8Bytes, utf8Text } from '../../src/bytes/index.ts'

// Examples and limits of RFC 3629 sections 4 and 7.
it.each([
  ['A', '41'],
  ['\u007f', '7f'],
  ['\u0080', 'c280'],
  ['\u07ff', 'dfbf'],
  ['\u0800', 'e0a080'],
  ['\uffff', 'efbfbf'],
  ['\u{10000}', 'f0908080'],
  ['\u{10ffff}', 'f48fbfbf'],
  ['A\u2262\u0391.', '41e289a2ce912e'],
  ['\u{233b4}', 'f0a38eb4']
])('%j is %s in UTF-8 and back', (text, octets) => {
  expect(toHex(utf8Bytes(text))).toBe(octets)
  expect(utf8Text(fromHex(octets))).toBe(text)
})

it.each([
  'c080',
  'c1bf',
  'e09fbf',
  'f08fbfbf',
  'eda080',
  'edbfbf',
  'f4908080',
  'f8888080',
  '80',
  'c2',
  'e282',
  'f09080',
  'c241',
  'e28241'
])('%s is no UTF-8', (octets) => {
  expect(utf8Text(fromHex(octets))).toBeUndefined()
})

it('a lone surrogate becomes the replacement character', () => {
  expect(toHex(utf8Bytes('\ud800'))).toBe('efbfbd')
})
