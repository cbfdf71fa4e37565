import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, readUint32, toHex } from '../../src/bytes/index.ts'
import type { ChildSuite } from '../../src/crypto/types.ts'
import { buildUdpPacket, createInboundEspSa, createOutboundEspSa } from '../../src/esp/index.ts'
import rfc7634 from '../vectors/rfc7634-chacha20poly1305.json' with { type: 'json' }
import { cbc, chacha, gcm, gcmWithoutEsn, keysOf, suites } from './suites.ts'

const SPI = 0xc0de0001
const entropy = Uint8Array.from({ length: 32 }, (_, i) => i)
const packet = buildUdpPacket({
  source: { address: '10.3.0.1', port: 4000 },
  destination: { address: '10.4.0.1', port: 7 },
  payload: fromHex('68656c6c6f')
})

const label = (suite: ChildSuite) =>
  `${suite.encryption.name}${suite.integrity === null ? '' : `/${suite.integrity.name}`}${suite.extendedSequenceNumbers ? ' ESN' : ''}`

function pair(suite: ChildSuite, sequence = 0) {
  const keys = keysOf(suite)
  return {
    outbound: createOutboundEspSa({ spi: SPI, suite, keys, sequence }),
    inbound: createInboundEspSa({ spi: SPI, suite, keys })
  }
}

function sent(outbound: ReturnType<typeof createOutboundEspSa>, bytes = packet): Uint8Array {
  const result = outbound.encapsulate(bytes, entropy)
  if (!result.ok) throw new Error(result.error)
  return result.bytes
}

describe('ESP of RFC 7634 appendix A', () => {
  const { espExample } = rfc7634
  const keys = { encryption: fromHex(espExample.keymat), integrity: new Uint8Array(0) }
  // What follows the 20 octets of the outer IPv4 header.
  const esp = espExample.espPacketWithOuterIp.slice(40)

  it('is what the RFC prints, octet for octet', () => {
    const outbound = createOutboundEspSa({ spi: 0x01020304, suite: chacha, keys, sequence: espExample.sequence - 1 })
    expect(toHex(sent(outboundWithIv(outbound), fromHex(espExample.sourcePacket)))).toBe(esp)

    function outboundWithIv(sa: typeof outbound): typeof outbound {
      // AEAD adds the sequence number to the entropy.
      const iv = fromHex(espExample.iv)
      iv[7] = (iv[7] as number) ^ espExample.sequence
      return { ...sa, encapsulate: (bytes) => sa.encapsulate(bytes, iv) }
    }
  })

  it('decapsulates to the ICMP packet the RFC prints', () => {
    const inbound = createInboundEspSa({ spi: 0x01020304, suite: chacha, keys })
    const result = inbound.decapsulate(fromHex(esp))
    expect(result).toMatchObject({ ok: true, sequence: 5 })
    expect(result.ok && toHex(result.packet)).toBe(espExample.sourcePacket)
  })
})

describe.each(suites.map((suite) => ({ name: label(suite), suite })))('ESP with $name', ({ suite }) => {
  it('gives back what it was given, with sequence numbers from 1', () => {
    const { outbound, inbound } = pair(suite)
    let expected = 0
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ minLength: 16, maxLength: 16 }), (payload, iv) => {
        const inner = buildUdpPacket({
          source: { address: '2001:db8::1', port: 1 },
          destination: { address: '2001:db8::2', port: 2 },
          payload
        })
        const result = outbound.encapsulate(inner, iv)
        if (!result.ok) throw new Error(result.error)
        expect(result.sequence).toBe(++expected)
        expect(readUint32(result.bytes, 0)).toBe(SPI)
        expect(readUint32(result.bytes, 4)).toBe(expected)
        expect(result.bytes.length % 4).toBe(0)
        expect(inbound.decapsulate(result.bytes)).toEqual({ ok: true, packet: inner, sequence: expected })
      }),
      { numRuns: 40 }
    )
  })

  it('refuses every single flipped bit, and the window does not move for it', () => {
    const { outbound, inbound } = pair(suite)
    const bytes = sent(outbound)
    for (let bit = 0; bit < bytes.length * 8; bit += 5) {
      const forged = bytes.slice()
      forged[bit >> 3] = (forged[bit >> 3] as number) ^ (1 << (bit & 7))
      const error = bit < 32 ? 'unknownSpi' : 'integrityFailed'
      const result = inbound.decapsulate(forged)
      // A flipped sequence number may look old before it looks forged.
      expect(result.ok ? result : [error, 'replayed']).toContain(result.ok ? undefined : result.error)
    }
    expect(inbound.replay().highest).toBe(0)
    expect(inbound.decapsulate(bytes)).toMatchObject({ ok: true })
  })

  it('never throws on garbage', () => {
    const { inbound } = pair(suite)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (bytes, withSpi) => {
        if (withSpi && bytes.length >= 4) bytes.set([0xc0, 0xde, 0, 1])
        expect(inbound.decapsulate(bytes).ok).toBe(false)
      })
    )
  })
})

describe('sequence numbers', () => {
  it('refuses to send instead of wrapping without ESN (RFC 4303 section 3.3.3)', () => {
    const { outbound } = pair(gcmWithoutEsn, 2 ** 32 - 2)
    expect(outbound.encapsulate(packet, entropy)).toMatchObject({ ok: true, sequence: 2 ** 32 - 1 })
    expect(outbound.encapsulate(packet, entropy)).toEqual({ ok: false, error: 'sequenceExhausted' })
    expect(outbound.sequence()).toBe(2 ** 32 - 1)
  })

  it.each([gcm, { ...cbc, extendedSequenceNumbers: true }])(
    'goes on past 2^32 with ESN, both ends in step',
    (suite) => {
      const { outbound } = pair(suite, 2 ** 32 - 3)
      const inbound = createInboundEspSa({
        spi: SPI,
        suite,
        keys: keysOf(suite),
        replay: { highest: 2 ** 32 - 3, received: new Uint32Array(2) }
      })
      const packets = Array.from({ length: 6 }, () => sent(outbound))
      // Out of order over the boundary: the high half of each is deduced, and is part of what the ICV covers.
      for (const index of [3, 0, 5, 1, 2, 4]) {
        expect(inbound.decapsulate(packets[index] as Uint8Array)).toMatchObject({
          ok: true,
          sequence: 2 ** 32 - 2 + index
        })
      }
      for (const again of packets) expect(inbound.decapsulate(again)).toEqual({ ok: false, error: 'replayed' })
    }
  )

  it('does not take a packet of another subspace: the high half is authenticated though it is not sent', () => {
    const { outbound } = pair(gcm, 2 ** 32 + 10)
    const inbound = pair(gcm).inbound
    expect(inbound.decapsulate(sent(outbound))).toEqual({ ok: false, error: 'integrityFailed' })
  })
})

describe('what is inside', () => {
  const seal = (plaintext: Uint8Array) => {
    const keys = keysOf(chacha)
    const header = fromHex('c0de0001 00000001')
    const iv = entropy.slice(0, 8)
    const sealed = chacha.encryption.prepare(keys.encryption).seal(iv, plaintext, header)
    return Uint8Array.from([...header, ...iv, ...sealed])
  }
  const open = (trailer: string, body: Uint8Array = packet) => {
    const result = pair(chacha).inbound.decapsulate(seal(Uint8Array.from([...body, ...fromHex(trailer)])))
    return result.ok ? 'ok' : result.error
  }

  it('drops dummy packets with Next Header 59 (RFC 4303 section 2.6)', () => {
    expect(open('003b', fromHex('00010203'))).toBe('dummy')
  })
  it('takes padding 1, 2, 3… up to 255 octets and refuses any other (section 2.4)', () => {
    expect(open('010203 03 04')).toBe('ok')
    expect(open(`${toHex(Uint8Array.from({ length: 255 }, (_, i) => i + 1))} ff 04`)).toBe('ok')
    expect(open('010303 03 04')).toBe('malformed')
    expect(open('ff04')).toBe('malformed')
  })
  it('cuts off padding that hides the length of the traffic (section 2.7)', () => {
    const result = pair(chacha).inbound.decapsulate(
      seal(Uint8Array.from([...packet, ...fromHex('0000000000000000 01 01 04')]))
    )
    expect(result).toEqual({ ok: true, packet, sequence: 1 })
  })
  it('refuses a Next Header that is not the version of the packet', () => {
    expect(open('0029')).toBe('malformed')
    expect(open('0011')).toBe('malformed')
  })
  it('refuses to send what is no IP packet', () => {
    const { outbound } = pair(gcm)
    for (const bad of ['', '45', '4500001c', toHex(packet.subarray(0, 25)), '00'.repeat(60)]) {
      expect(outbound.encapsulate(fromHex(bad), entropy)).toEqual({ ok: false, error: 'malformed' })
    }
    expect(outbound.sequence()).toBe(0)
  })
})

describe('keys', () => {
  it('are copied: the caller may wipe its own', () => {
    const keys = keysOf(cbc)
    const outbound = createOutboundEspSa({ spi: SPI, suite: cbc, keys })
    const inbound = createInboundEspSa({ spi: SPI, suite: cbc, keys })
    keys.encryption.fill(0)
    keys.integrity.fill(0)
    const { outbound: other } = pair(cbc)
    expect(toHex(sent(outbound))).toBe(toHex(sent(other)))
    expect(inbound.decapsulate(sent(other))).toMatchObject({ ok: true })
  })
  it('of a wrong length are named', () => {
    expect(() => createOutboundEspSa({ spi: SPI, suite: cbc, keys: keysOf(gcm) })).toThrow(/^keys/)
    expect(() => createOutboundEspSa({ spi: 0, suite: cbc, keys: keysOf(cbc) })).toThrow(/^spi/)
    expect(() => pair(cbc).outbound.encapsulate(packet, new Uint8Array(15))).toThrow(/^entropy/)
  })
})
