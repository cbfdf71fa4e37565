import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, utf8Bytes } from '../../src/bytes/index.ts'
import { decodeMessage, decodePayloads } from '../../src/codec/index.ts'
import { type Explained, explainMessage, explainPayloads, explainText } from '../../src/explain/index.ts'
import { escaped } from '../../src/explain/outline.ts'
import { mutateChain, mutateMessage } from '../../src/mutation/index.ts'
import { recordedChains, recordedMessages } from '../codec/recorded-messages.ts'

/** Numbers below a limit, the same for the same seed. */
function randomBelow(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** Every leaf, in order. */
function leaves(node: Explained): readonly Explained[] {
  return node.children.length === 0 ? [node] : node.children.flatMap(leaves)
}

function defects(node: Explained): readonly string[] {
  return [...(node.defect === undefined ? [] : [node.defect]), ...node.children.flatMap(defects)]
}

/** Throws unless leaves cover the octets once and in order, and parts cover their whole. */
function checkCover(tree: Explained, octets: Uint8Array): void {
  let at = 0
  for (const leaf of leaves(tree)) {
    expect([leaf.name, leaf.offset]).toEqual([leaf.name, at])
    at += leaf.length
  }
  expect(at).toBe(octets.length)
  checkParts(tree)
}

function checkParts({ name, offset, length, children }: Explained): void {
  if (children.length === 0) return
  const sum = children.reduce((total, child) => total + child.length, 0)
  expect([name, children[0]?.offset, sum]).toEqual([name, offset, length])
  for (const child of children) checkParts(child)
}

describe('recorded messages', () => {
  const messages = recordedMessages.map(({ name, hex }) => ({ name, octets: fromHex(hex) }))

  it('are explained without a gap, those that the codec accepts without a defect, the others with one', () => {
    expect(messages.length).toBeGreaterThan(100)
    for (const { name, octets } of messages) {
      const { tree, error } = explainMessage(octets)
      checkCover(tree, octets)
      const decoded = decodeMessage(octets)
      expect([name, error?.code]).toEqual([name, decoded.ok ? undefined : decoded.error.code])
    }
  })

  it('chains too', () => {
    for (const { name, plaintext, firstPayload } of recordedChains) {
      const octets = fromHex(plaintext)
      const { tree, error } = explainPayloads({ octets, firstPayload })
      checkCover(tree, octets)
      expect([name, error?.code]).toEqual([name, undefined])
      expect([name, defects(tree).filter((text) => !/at its octet/.test(text))]).toEqual([name, []])
    }
  })

  it('the payloads are those that another decoder saw', () => {
    const notations: Readonly<Record<string, string>> = {
      SA: 'security association payload',
      KE: 'key exchange payload',
      N: 'notify payload',
      V: 'vendor id payload',
      SK: 'encrypted payload'
    }
    let compared = 0
    for (const { hex, payloads = [] } of recordedMessages) {
      const octets = fromHex(hex)
      if (!decodeMessage(octets).ok) continue
      const names = explainMessage(octets)
        .tree.children.slice(1)
        .map(({ name }) => name)
      for (const [i, payload] of payloads.entries()) {
        const expected = notations[payload.replace(/[^A-Za-z].*/, '')]
        if (expected === undefined) continue
        expect(names[i]).toBe(expected)
        compared++
      }
    }
    expect(compared).toBeGreaterThan(250)
  })
})

describe('any octets', () => {
  it('are explained without a gap', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(255), (octets, firstPayload) => {
        const message = explainMessage(octets)
        checkCover(message.tree, octets)
        expect(explainText(message.tree)).toContain('IKE message')
        checkCover(explainPayloads({ octets, firstPayload }).tree, octets)
      }),
      { numRuns: 2000 }
    )
  })

  it('damaged messages and chains are, and what the codec refuses for its structure shows a defect or is refused by name', () => {
    fc.assert(
      fc.property(fc.nat(recordedMessages.length - 1), fc.nat(), (index, seed) => {
        const octets = mutateMessage(fromHex(recordedMessages[index]?.hex ?? ''), randomBelow(seed)).octets
        const { tree, line, error } = explainMessage(octets)
        checkCover(tree, octets)
        if (error !== undefined) expect(line).toMatch(/^malformed: \w+ at octet \d+/)
      }),
      { numRuns: 1500 }
    )
    fc.assert(
      fc.property(fc.nat(recordedChains.length - 1), fc.nat(), (index, seed) => {
        const chain = recordedChains[index]
        if (chain === undefined) return
        const { octets, firstPayload } = mutateChain(chain.firstPayload, fromHex(chain.plaintext), randomBelow(seed))
        const { tree, error } = explainPayloads({ octets, firstPayload })
        checkCover(tree, octets)
        expect(error === undefined).toBe(decodePayloads(octets, firstPayload).ok)
      }),
      { numRuns: 1500 }
    )
  })

  it('a message of ten thousand payloads takes time in proportion', () => {
    const octets = new Uint8Array(28 + 40_000)
    octets[16] = 43
    octets[17] = 0x20
    for (let at = 28; at < octets.length; at += 4) octets.set([43, 0, 0, 4], at)
    checkCoverQuickly(explainMessage(octets).tree, octets.length)
  })
})

function checkCoverQuickly(tree: Explained, length: number): void {
  expect(leaves(tree).reduce((sum, leaf) => sum + leaf.length, 0)).toBe(length)
}

it('the text of a tree with more lines than a call takes arguments', () => {
  const leaf: Explained = { name: 'octet', offset: 0, length: 1, text: '', children: [] }
  const tree: Explained = { ...leaf, children: Array.from({ length: 200_000 }, () => leaf) }
  expect(explainText(tree).split('\n').length).toBeGreaterThan(200_000)
})

describe('text of a peer, which a terminal must not obey', () => {
  const hostile = '\u001b]0;x\u0007\u001b[2J\u007f\u009b1m\u202e\u2028\n"\\x'
  const octets = utf8Bytes(hostile)
  const identity = (type: number): Uint8Array =>
    concatBytes(Uint8Array.of(0, 0, 0, 8 + octets.length, type, 0, 0, 0), octets)
  const notification = (type: number, data: Uint8Array): Uint8Array =>
    concatBytes(Uint8Array.of(0, 0, 0, 8 + data.length, 0, 0, type >> 8, type), data)
  const gateway = concatBytes(Uint8Array.of(3, octets.length), octets)

  it.each([
    ['ID_FQDN', 35, identity(2)],
    ['ID_RFC822_ADDR', 35, identity(3)],
    ['REDIRECT', 41, notification(16407, concatBytes(gateway, new Uint8Array(32)))],
    ['REDIRECTED_FROM', 41, notification(16408, gateway)],
    ['Vendor ID', 43, concatBytes(Uint8Array.of(0, 0, 0, 12), utf8Bytes('a"b\\cdef'))],
    ['EAP identity', 48, concatBytes(Uint8Array.of(0, 0, 0, 9 + octets.length, 2, 1, 0, 5 + octets.length, 1), octets)],
    [
      'APPLICATION_VERSION',
      47,
      concatBytes(Uint8Array.of(0, 0, 0, 12 + octets.length, 2, 0, 0, 0, 0, 7, 0, octets.length), octets)
    ]
  ])('%s', (_, firstPayload, chain) => {
    const { tree } = explainPayloads({ octets: chain, firstPayload })
    for (const { text } of leaves(tree)) expect(text).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u)
    for (const line of explainText(tree).split('\n')) expect(line).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u)
    expect(explainText(tree)).not.toContain('a"b')
  })

  it('is shown escaped as in JavaScript, between quotes it cannot end', () => {
    expect(`"${escaped(hostile)}"`).toBe(String.raw`"\u{1b}]0;x\u{7}\u{1b}[2J\u{7f}\u{9b}1m\u{202e}\u{2028}\u{a}\"\\x"`)
    expect(escaped('grüße@例え.jp')).toBe('grüße@例え.jp')
    expect(escaped('한글\u115f\u1160\u3164\uffa0\u034f')).toBe(String.raw`한글\u{115f}\u{1160}\u{3164}\u{ffa0}\u{34f}`)
  })
})

describe('what is said', () => {
  // A MOBIKE request in the clear: UPDATE_SA_ADDRESSES, ADDITIONAL_IP4_ADDRESS, COOKIE2 (RFC 4555 section 4).
  const chain = fromHex(`29000008 00004010  2900000c 0000400d c6336401  00000010 00004011 0011223344556677`)

  it('a MOBIKE chain, octet for octet', () => {
    const { tree, line } = explainPayloads({ octets: chain, firstPayload: 41 })
    expect(line).toBe('{ notify payload, notify payload, notify payload }')
    expect(explainText(tree)).toBe(`\
 0–35  decrypted payloads
  0–7    notify payload           UPDATE_SA_ADDRESSES  [RFC 7296 section 3.10]
    0      Next Payload           41 (NOTIFY)
    1      Critical and RESERVED  not critical
  2–3      Payload Length         8 octets
    4      Protocol ID            0 (NONE)
    5      SPI Size               0
  6–7      Notify Message Type    16400 (UPDATE_SA_ADDRESSES), status
 8–19    notify payload           ADDITIONAL_IP4_ADDRESS  [RFC 7296 section 3.10]
    8      Next Payload           41 (NOTIFY)
    9      Critical and RESERVED  not critical
10–11      Payload Length         12 octets
   12      Protocol ID            0 (NONE)
   13      SPI Size               0
14–15      Notify Message Type    16397 (ADDITIONAL_IP4_ADDRESS), status
16–19      address                198.51.100.1  [RFC 4555 section 4.2.2]
20–35    notify payload           COOKIE2  [RFC 7296 section 3.10]
   20      Next Payload           0 (none)
   21      Critical and RESERVED  not critical
22–23      Payload Length         16 octets
   24      Protocol ID            0 (NONE)
   25      SPI Size               0
26–27      Notify Message Type    16401 (COOKIE2), status
28–35      cookie                 0011223344556677  [RFC 4555 section 4.2.5]
`)
  })

  it('a length that lies is shown where it stands', () => {
    const octets = chain.slice()
    octets[11] = 200
    const { tree, error, line } = explainPayloads({ octets, firstPayload: 41 })
    expect(error?.code).toBe('invalidLength')
    expect(line).toBe('malformed: invalidLength at octet 10, notify: 200')
    expect(defects(tree)).toContain('200 octets are said to be here, 28 are')
    checkCover(tree, octets)
  })
})
