import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { constantTimeEqual, fromHex, toHex } from '../../src/bytes/index.ts'
import { expandEntropy, natDetectionHash, STATELESS_COOKIE_OCTETS, statelessCookie } from '../../src/crypto/index.ts'

describe('expandEntropy', () => {
  const entropy = Uint8Array.from({ length: 32 }, (_, i) => i * 5)

  it('is the one-step derivation of NIST SP 800-56C with SHA-256', () => {
    const block = (n: number): Buffer =>
      createHash('sha256')
        .update(Buffer.of(0, 0, 0, n, 0, 32))
        .update(entropy)
        .update('iv:3')
        .digest()
    const expected = Buffer.concat([block(1), block(2), block(3)])
    for (const length of [0, 1, 8, 31, 32, 33, 64, 90]) {
      expect(toHex(expandEntropy(entropy, 'iv:3', length))).toBe(expected.subarray(0, length).toString('hex'))
    }
  })

  it('gives unlike octets for unlike labels and unlike entropy', () => {
    const seen = new Set<string>()
    const labels = ['iv:1', 'iv:2', 'iv:11', 'iv', 'spi', 'nonce', 'ke', '']
    for (const label of labels) seen.add(toHex(expandEntropy(entropy, label, 16)))
    seen.add(toHex(expandEntropy(entropy.slice().reverse(), 'iv', 16)))
    // The border between entropy and label cannot be moved.
    seen.add(toHex(expandEntropy(Uint8Array.from([...entropy, 0x69]), 'v', 16)))
    expect(seen.size).toBe(labels.length + 2)
  })

  it('refuses less than 32 octets by name, and a label that is not ASCII', () => {
    expect(() => expandEntropy(new Uint8Array(31), 'iv', 8)).toThrow(/^entropy: /)
    expect(() => expandEntropy(new Uint8Array(0), 'iv', 8)).toThrow(RangeError)
    expect(() => expandEntropy(entropy, 'schlüssel', 8)).toThrow(/^label: /)
  })
})

describe('NAT detection', () => {
  const initiatorSpi = fromHex('0102030405060708')
  const responderSpi = fromHex('1112131415161718')

  it('B221 is SHA-1 over SPIs, address and port in network order', () => {
    const sha1 = (hex: string): string => createHash('sha1').update(hex, 'hex').digest('hex')
    const spis = '01020304050607081112131415161718'
    expect(toHex(natDetectionHash(initiatorSpi, responderSpi, '192.0.2.1', 4500))).toBe(sha1(`${spis}c00002011194`))
    expect(toHex(natDetectionHash(initiatorSpi, responderSpi, '2001:db8::1', 500))).toBe(
      sha1(`${spis}20010db800000000000000000000000101f4`)
    )
  })

  it('misuse names the argument', () => {
    expect(() => natDetectionHash(initiatorSpi, responderSpi, 'here', 500)).toThrow(/^address: /)
    expect(() => natDetectionHash(initiatorSpi, responderSpi, '192.0.2.1', 70000)).toThrow(/^port: /)
    expect(() => natDetectionHash(new Uint8Array(4), responderSpi, '192.0.2.1', 500)).toThrow(/^initiatorSpi: /)
    expect(() => natDetectionHash(initiatorSpi, new Uint8Array(0), '192.0.2.1', 500)).toThrow(/^responderSpi: /)
  })
})

describe('stateless cookie', () => {
  const inputs = {
    secret: new Uint8Array(32).fill(1),
    version: 7,
    nonce: new Uint8Array(32).fill(2),
    address: '192.0.2.1',
    initiatorSpi: new Uint8Array(8).fill(3)
  }

  it('B089 has 1 to 64 octets, B092 the first of which names the secret', () => {
    const cookie = statelessCookie(inputs)
    expect(cookie.length).toBe(STATELESS_COOKIE_OCTETS)
    expect(cookie.length).toBeLessThanOrEqual(64)
    expect(cookie[0]).toBe(7)
    expect(constantTimeEqual(cookie, statelessCookie({ ...inputs }))).toBe(true)
  })

  it('B092 binds secret, nonce, address, port and initiator SPI', () => {
    const others = [
      { secret: new Uint8Array(32).fill(9) },
      { nonce: new Uint8Array(33).fill(2) },
      { address: '192.0.2.2' },
      { address: '2001:db8::1' },
      { port: 500 },
      { port: 501 },
      { initiatorSpi: new Uint8Array(8).fill(4) }
    ]
    const cookies = [{}, ...others].map((change) => toHex(statelessCookie({ ...inputs, ...change })))
    expect(new Set(cookies).size).toBe(cookies.length)
  })

  it('misuse names the argument', () => {
    expect(() => statelessCookie({ ...inputs, address: 'x' })).toThrow(/^address: /)
    expect(() => statelessCookie({ ...inputs, version: 256 })).toThrow(/^version: /)
    expect(() => statelessCookie({ ...inputs, initiatorSpi: new Uint8Array(7) })).toThrow(/^initiatorSpi: /)
  })
})
