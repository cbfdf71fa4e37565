import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../src/bytes/index.ts'
import {
  aes128Cbc,
  aes128Gcm16,
  aes192Cbc,
  aes256Cbc,
  aes256Gcm16,
  chacha20Poly1305,
  hmacSha1_96,
  hmacSha256_128,
  hmacSha512_256,
  type IkeSuite,
  ikeKeyLayout,
  openFragment,
  openMessage,
  type ProtectedHeader,
  prfHmacSha1,
  prfHmacSha256,
  sealedFragmentOctets,
  sealedMessageOctets,
  sealFragment,
  sealMessage,
  x25519
} from '../../src/crypto/index.ts'
import rub from '../vectors/RUB-NDS_IPsec-StateMachineExtractor.json' with { type: 'json' }
import rfc7634 from '../vectors/rfc7634-chacha20poly1305.json' with { type: 'json' }

const rest = { prf: prfHmacSha256, keyExchange: x25519 }
const SUITES: [string, IkeSuite][] = [
  ['AES-GCM-16-128', { encryption: aes128Gcm16, integrity: null, ...rest }],
  ['AES-GCM-16-256', { encryption: aes256Gcm16, integrity: null, ...rest }],
  ['ChaCha20-Poly1305', { encryption: chacha20Poly1305, integrity: null, ...rest }],
  ['AES-CBC-128 with HMAC-SHA1-96', { encryption: aes128Cbc, integrity: hmacSha1_96, ...rest }],
  ['AES-CBC-192 with HMAC-SHA2-512-256', { encryption: aes192Cbc, integrity: hmacSha512_256, ...rest }],
  ['AES-CBC-256 with HMAC-SHA2-256-128', { encryption: aes256Cbc, integrity: hmacSha256_128, ...rest }]
]
const HEADER: ProtectedHeader = {
  initiatorSpi: fromHex('c0c1c2c3c4c5c6c7'),
  responderSpi: fromHex('d0d1d2d3d4d5d6d7'),
  exchangeType: 37,
  fromInitiator: false,
  isResponse: false,
  messageId: 9
}

describe('the IKE message of RFC 7634 appendix B', () => {
  const { key, plaintext, packet } = rfc7634.ikev2Example
  const suite: IkeSuite = { encryption: chacha20Poly1305, integrity: null, ...rest }
  const material = new Uint8Array(ikeKeyLayout(suite).length)
  material.set(fromHex(key), ikeKeyLayout(suite).er[0])
  const inner = fromHex(plaintext).slice(0, -1)
  const iv = fromHex('1011121314151617')

  it('is what sealing gives', () => {
    expect(toHex(sealMessage({ suite, material, header: HEADER, firstInner: 41, inner, iv }))).toBe(packet)
  })

  it('opens', () => {
    const opened = openMessage({ suite, material, sender: 'responder', message: fromHex(packet), offset: 28 })
    expect(opened).toEqual({ ok: true, firstInner: 41, inner, iv, padding: new Uint8Array(0) })
  })

  it('does not open with the keys of the other side: a message reflected to its sender is refused', () => {
    const message = fromHex(packet)
    expect(openMessage({ suite, material, sender: 'initiator', message, offset: 28 })).toEqual({
      ok: false,
      error: 'integrityFailed'
    })
  })
})

describe('recorded AES-CBC messages of another implementation', () => {
  const suite: IkeSuite = { encryption: aes128Cbc, integrity: hmacSha1_96, prf: prfHmacSha1, keyExchange: x25519 }
  const { SK_d, SK_ai, SK_ar, SK_ei, SK_er, SK_pi, SK_pr } = rub.handshake
  const material = fromHex([SK_d, SK_ai, SK_ar, SK_ei, SK_er, SK_pi, SK_pr].join(''))
  const encrypted = rub.messages.filter(({ header }) => header.nextPayload === 46)

  it('B126 open, and seal to the same octets with the same IV and padding', () => {
    expect(encrypted.length).toBe(2)
    for (const { hex, header, ...record } of encrypted) {
      const message = fromHex(hex)
      const sender = header.initiator ? 'initiator' : 'responder'
      const opened = openMessage({ suite, material, sender, message, offset: 28 })
      if (!opened.ok) return expect.fail(opened.error)
      expect(toHex(opened.inner)).toBe((record as { plaintext?: string }).plaintext)
      const sealed = sealMessage({
        suite,
        material,
        header: {
          initiatorSpi: fromHex(header.spiI),
          responderSpi: fromHex(header.spiR),
          exchangeType: header.exchangeType,
          fromInitiator: header.initiator,
          isResponse: header.response,
          messageId: header.messageId
        },
        firstInner: opened.firstInner,
        inner: opened.inner,
        iv: opened.iv,
        padding: opened.padding
      })
      expect(toHex(sealed)).toBe(hex)
    }
  })
})

describe.each(SUITES)('%s', (_, suite) => {
  const material = Uint8Array.from({ length: ikeKeyLayout(suite).length }, (_, i) => 11 * i)
  const iv = new Uint8Array(suite.encryption.ivOctets).fill(0xa5)
  const header: ProtectedHeader = { ...HEADER, fromInitiator: true, isResponse: true, messageId: 0xfffffffe }
  const input = { suite, material, header, firstInner: 41, iv }
  const open = (message: Uint8Array) => openMessage({ suite, material, sender: 'initiator', message, offset: 28 })

  it('what is sealed opens, at any length, and has the length foretold', () => {
    for (const length of [...Array.from({ length: 70 }, (_, i) => i), 1200, 65000]) {
      const inner = new Uint8Array(length).fill(length)
      const message = sealMessage({ ...input, inner })
      expect(message.length).toBe(sealedMessageOctets(suite, length))
      expect(open(message)).toMatchObject({ ok: true, firstInner: 41, inner, iv })
    }
  })

  it('B126 any padding that aligns is accepted, up to 255 octets', () => {
    const { blockOctets } = suite.encryption
    const inner = new Uint8Array(20).fill(1)
    for (let octets = 0; octets <= 255; octets++) {
      const padding = new Uint8Array(octets).fill(0xee)
      const seal = () => sealMessage({ ...input, inner, padding })
      if ((20 + octets + 1) % blockOctets === 0) expect(open(seal())).toMatchObject({ ok: true, inner, padding })
      else expect(seal).toThrow(/^padding: /)
    }
    expect(() => sealMessage({ ...input, inner, padding: new Uint8Array(256 + 11) })).toThrow(/^padding: /)
  })

  it('B127 one bit changed anywhere, from the first octet of the header on, is integrityFailed', () => {
    const message = sealMessage({ ...input, inner: new Uint8Array(12).fill(3) })
    for (let bit = 0; bit < 8 * message.length; bit += 3) {
      const changed = message.slice()
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(open(changed)).toEqual({ ok: false, error: 'integrityFailed' })
    }
  })

  it('a message cut short or grown is refused, never thrown at', () => {
    const message = sealMessage({ ...input, inner: new Uint8Array(12).fill(3) })
    for (let length = 0; length < message.length; length++) {
      expect(open(message.subarray(0, length)).ok).toBe(false)
    }
    expect(open(concatBytes(message, Uint8Array.of(0)))).toEqual({ ok: false, error: 'integrityFailed' })
    for (const offset of [-1, 0, 27, 29, message.length, message.length + 1, 1e9, Number.NaN]) {
      expect(openMessage({ suite, material, sender: 'initiator', message, offset }).ok).toBe(false)
    }
  })

  it('no octets make opening throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: -5, max: 310 }), (message, offset) => {
        expect(openMessage({ suite, material, sender: 'responder', message, offset }).ok).toBe(false)
        expect(openFragment({ suite, material, sender: 'responder', message, offset }).ok).toBe(false)
      })
    )
  })

  it('an authentic message whose Pad Length exceeds the plaintext is malformed', () => {
    // Pad Length is the last octet of the plaintext: an inner chain sealed as if it were padding and length.
    const context = suite.encryption.prepare(material.slice(...ikeKeyLayout(suite).ei))
    const message = sealMessage({ ...input, inner: new Uint8Array(15), padding: new Uint8Array(0) })
    const plaintext = new Uint8Array(16)
    plaintext[15] = 16
    message.set(context.seal(iv, plaintext, message.subarray(0, 32)), 32 + iv.length)
    if (suite.integrity !== null) {
      const end = message.length - suite.integrity.icvOctets
      const integrity = suite.integrity.prepare(material.slice(...ikeKeyLayout(suite).ai))
      message.set(integrity.checksum(message.subarray(0, end)), end)
    }
    expect(open(message)).toEqual({ ok: false, error: 'malformed' })
  })

  it('authenticates unencrypted payloads that precede the Encrypted payload (RFC 5282 section 5.1)', () => {
    const message = sealMessage({ ...input, inner: new Uint8Array(12).fill(3) })
    const inserted = concatBytes(message.subarray(0, 28), fromHex('2b000006abcd'), message.subarray(28))
    expect(openMessage({ suite, material, sender: 'initiator', message: inserted, offset: 34 })).toEqual({
      ok: false,
      error: 'integrityFailed'
    })
  })

  it('a fragment opens with its numbers, and only as a fragment (RFC 7383 section 2.5)', () => {
    const inner = new Uint8Array(77).fill(8)
    const message = sealFragment({ ...input, inner, fragmentNumber: 2, totalFragments: 3 })
    expect(message.length).toBe(sealedFragmentOctets(suite, 77))
    expect(toHex(message.subarray(16, 36))).toBe(
      `35202528fffffffe${message.length.toString(16).padStart(8, '0')}0000${(message.length - 28).toString(16).padStart(4, '0')}00020003`
    )
    const input2 = { suite, material, sender: 'initiator', message, offset: 28 } as const
    expect(openFragment(input2)).toMatchObject({ ok: true, firstInner: 0, inner, fragmentNumber: 2, totalFragments: 3 })
    expect(openMessage(input2).ok).toBe(false)
    for (const at of [32, 33, 34, 35]) {
      const changed = message.slice()
      changed[at] = (changed[at] as number) ^ 1
      expect(openFragment({ ...input2, message: changed })).toEqual({ ok: false, error: 'integrityFailed' })
    }
  })

  it('misuse names the argument', () => {
    const inner = new Uint8Array(5)
    expect(() => sealMessage({ ...input, inner, iv: new Uint8Array(3) })).toThrow(/^iv: /)
    expect(() => sealMessage({ ...input, inner, material: material.slice(1) })).toThrow(/^material: /)
    expect(() => sealMessage({ ...input, inner: new Uint8Array(65536) })).toThrow(RangeError)
    expect(() => sealFragment({ ...input, inner, fragmentNumber: 0, totalFragments: 1 })).toThrow(/fragmentNumber/)
    expect(() => sealFragment({ ...input, inner, fragmentNumber: 2, totalFragments: 1 })).toThrow(/fragmentNumber/)
  })
})
