import { describe, expect, it } from 'vitest'
import { endpoint, fromHex, type Path, readUint32, toHex } from '../../src/bytes/index.ts'
import { classifyUdpDatagram } from '../../src/codec/index.ts'
import type { ChildSuite } from '../../src/crypto/index.ts'
import { buildUdpPacket, createEspTunnel, createInboundEspSa, createOutboundEspSa } from '../../src/esp/index.ts'
import { ipv4Range, keysOf, suites } from '../esp/suites.ts'

const OLD: Path = { local: endpoint('10.1.0.2', 4500), remote: endpoint('192.0.2.1', 4500) }
const NEW: Path = { local: endpoint('10.2.0.2', 4500), remote: endpoint('192.0.2.1', 4500) }
const HERE = ipv4Range([10, 3, 0, 1], [10, 3, 0, 1])
const THERE = ipv4Range([10, 4, 0, 0], [10, 4, 255, 255])
const entropy = (seed: number): Uint8Array => new Uint8Array(16).fill(seed)

function packet(source: string, destination: string): Uint8Array {
  return buildUdpPacket({ source: endpoint(source, 1), destination: endpoint(destination, 2), payload: fromHex('00') })
}

/** A tunnel and the peer's sending direction. */
function world(suite: ChildSuite) {
  const tunnel = createEspTunnel()
  const child = { id: 1, localSpi: 0x1000, remoteSpi: 0x2000, localSelectors: [HERE], remoteSelectors: [THERE] }
  const keys = { suite, inbound: keysOf(suite, 1), outbound: keysOf(suite, 2) }
  tunnel.applyChildSaAction(
    { type: 'installChildSa', child, path: OLD, encapsulate: true, replaces: null, outbound: 'now' },
    keys
  )
  const peer = createOutboundEspSa({ spi: 0x1000, suite, keys: keysOf(suite, 1) })
  const next = (seed: number, from = '10.4.0.9', to = '10.3.0.1'): Uint8Array => {
    const sealed = peer.encapsulate(packet(from, to), entropy(seed))
    if (!sealed.ok) throw new Error(sealed.error)
    return sealed.bytes
  }
  return { tunnel, next }
}

const names = suites.map((suite) => {
  const { encryption, extendedSequenceNumbers } = suite
  return { name: `${encryption.id}/${encryption.keyLength}${extendedSequenceNumbers ? ' ESN' : ''}`, suite }
})

describe.each(names)('ESP under attack: $name', ({ suite }) => {
  it('replays are refused before, during and after a move, packets in any order are taken once', () => {
    const { tunnel, next } = world(suite)
    const packets = Array.from({ length: 40 }, (_, i) => next(i))
    const order = packets.map((_, i) => (i * 7) % packets.length)
    order.forEach((index, count) => {
      if (count === 20) tunnel.applyChildSaAction({ type: 'moveChildSas', ids: [1], to: NEW, encapsulate: true })
      expect(tunnel.receive(packets[index] as Uint8Array).ok).toBe(true)
      expect(tunnel.receive(packets[index] as Uint8Array)).toEqual({ ok: false, error: 'replayed' })
    })
    for (const bytes of packets) expect(tunnel.receive(bytes)).toEqual({ ok: false, error: 'replayed' })
    expect(tunnel.snapshot().dropped).toEqual({ replayed: 80 })
  })

  it('a forged packet far ahead does not move the window', () => {
    const { tunnel, next } = world(suite)
    const first = next(1)
    const ahead = next(2).slice()
    ahead.set([0x7f, 0, 0, 0], 4)
    expect(tunnel.receive(ahead)).toEqual({ ok: false, error: 'integrityFailed' })
    expect(tunnel.receive(first).ok).toBe(true)
  })

  it('authentic packets outside the selectors, or for a removed Child SA, are dropped', () => {
    const { tunnel, next } = world(suite)
    for (const [from, to] of [
      ['10.5.0.1', '10.3.0.1'],
      ['10.4.0.9', '10.3.0.2'],
      ['10.3.0.1', '10.4.0.9']
    ] as const) {
      expect(tunnel.receive(next(3, from, to))).toEqual({ ok: false, error: 'outsideSelectors' })
    }
    const late = next(4)
    tunnel.applyChildSaAction({ type: 'removeChildSa', id: 1 })
    expect(tunnel.receive(late)).toEqual({ ok: false, error: 'unknownSpi' })
    expect(tunnel.send(packet('10.3.0.1', '10.4.0.9'), entropy(1))).toEqual({ ok: false, error: 'noChildSa' })
  })

  it('over the boundary of 2^32 it goes on with ESN, in any order, and ends without', () => {
    const keys = keysOf(suite, 1)
    const start = 2 ** 32 - 3
    const replay = { highest: start, received: new Uint32Array(2).fill(0xffffffff) }
    const outbound = createOutboundEspSa({ spi: 0x1000, suite, keys, sequence: start })
    const inbound = createInboundEspSa({ spi: 0x1000, suite, keys, replay })
    const results = Array.from({ length: 6 }, (_, i) =>
      outbound.encapsulate(packet('10.4.0.9', '10.3.0.1'), entropy(i))
    )
    expect(results.filter(({ ok }) => ok)).toHaveLength(suite.extendedSequenceNumbers ? 6 : 2)
    const packets = results.flatMap((result) => (result.ok ? [result] : [])).reverse()
    for (const { bytes, sequence } of packets) expect(inbound.decapsulate(bytes)).toMatchObject({ ok: true, sequence })
    for (const { bytes } of packets) expect(inbound.decapsulate(bytes)).toEqual({ ok: false, error: 'replayed' })
  })

  it('entropy given twice by mistake repeats no IV of an AEAD cipher', () => {
    const { next } = world(suite)
    const { ivOctets, aead } = suite.encryption
    const ivs = Array.from({ length: 300 }, () => toHex(next(9).subarray(8, 8 + ivOctets)))
    expect(new Set(ivs).size).toBe(aead ? 300 : 1)
  })
})

describe('what may stand in a datagram of port 4500', () => {
  it('RFC 3948: an SPI of zero is the non-ESP marker, 0xFF alone a keepalive, and no tunnel takes either', () => {
    const { tunnel } = world(suites[0] as ChildSuite)
    const zero = new Uint8Array(60)
    expect(readUint32(zero, 0)).toBe(0)
    expect(classifyUdpDatagram(zero, true)).toBe('ike')
    expect(classifyUdpDatagram(Uint8Array.of(0xff), true)).toBe('keepalive')
    expect(classifyUdpDatagram(Uint8Array.of(0xff, 0xff), true)).toBe('invalid')
    expect(tunnel.receive(zero)).toEqual({ ok: false, error: 'unknownSpi' })
    expect(tunnel.receive(Uint8Array.of(0xff))).toEqual({ ok: false, error: 'malformed' })
  })
})
