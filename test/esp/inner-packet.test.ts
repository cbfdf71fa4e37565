import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import { buildUdpPacket, matchesInbound, matchesOutbound, readInnerPacket, readUdpPacket } from '../../src/esp/index.ts'
import { ipv4Range } from './suites.ts'

const inner = (hex: string) => readInnerPacket(fromHex(hex))

describe('inner packets', () => {
  it('reads ICMP type and code as a port (the packet of RFC 7634 appendix A)', () => {
    expect(inner(`45000054a6f200004001e778c6336405c0000205${'08005b7a3a080000'}${'00'.repeat(56)}`)).toMatchObject({
      version: 4,
      length: 84,
      protocol: 1,
      sourcePort: 0x0800
    })
  })
  it('skips IPv6 extension headers, and hides ports behind a later fragment', () => {
    const addresses = `${'20010db8'.padEnd(32, '0')}${'20010db8'.padEnd(31, '0')}1`
    const udp = '0035 1f90 0008 0000'
    expect(inner(`60000000 0010 00 40 ${addresses} 1100010400000000 ${udp}`)).toMatchObject({
      protocol: 17,
      sourcePort: 53,
      destinationPort: 8080
    })
    expect(inner(`60000000 0010 2c 40 ${addresses} 1100000000000001 ${udp}`)).toMatchObject({
      protocol: 17,
      sourcePort: 53
    })
    expect(inner(`60000000 0010 2c 40 ${addresses} 1100000800000001 ${udp}`)).toMatchObject({
      protocol: 17,
      sourcePort: null
    })
  })
  it('never throws on garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(0, 0x45, 0x60), (bytes, first) => {
        if (first !== 0 && bytes.length > 0) bytes[0] = first
        readInnerPacket(bytes)
        readUdpPacket(bytes)
      })
    )
  })
})

describe('UDP packets', () => {
  it('carries the checksums that Wireshark computes', () => {
    const packet = (from: string, to: string, payload: string) =>
      buildUdpPacket({
        source: { address: from, port: 7000 },
        destination: { address: to, port: 9 },
        payload: fromHex(payload)
      })
    const ipv4 = packet('10.1.0.2', '192.0.2.1', '68656c6c6f')
    expect([toHex(ipv4.subarray(10, 12)), toHex(ipv4.subarray(26, 28))]).toEqual(['aec8', 'd49c'])
    expect(toHex(packet('2001:db8::1', '2001:db8::2', '68656c6c').subarray(46, 48))).toBe('b42e')
  })
  it('gives back what went in, either family, and refuses a damaged one', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(['10.0.0.1', '192.0.2.9'] as const, ['2001:db8::1', 'fe80::2'] as const),
        fc.integer({ min: 0, max: 65535 }),
        fc.integer({ min: 0, max: 65535 }),
        fc.uint8Array({ maxLength: 99 }),
        fc.nat(),
        ([from, to], sourcePort, destinationPort, payload, place) => {
          const udp = {
            source: { address: from, port: sourcePort },
            destination: { address: to, port: destinationPort },
            payload
          }
          const packet = buildUdpPacket(udp)
          expect(readUdpPacket(packet)).toEqual(udp)
          if (payload.length === 0) return
          const index = packet.length - 1 - (place % payload.length)
          packet[index] = (packet[index] as number) ^ 0x40
          expect(readUdpPacket(packet)).toBeUndefined()
        }
      )
    )
  })
})

describe('traffic selectors', () => {
  const packet = readInnerPacket(
    buildUdpPacket({
      source: { address: '10.3.0.1', port: 4000 },
      destination: { address: '10.4.0.1', port: 7 },
      payload: new Uint8Array(4)
    })
  )
  if (packet === undefined) throw new Error('no packet')
  const local = ipv4Range([10, 3, 0, 1], [10, 3, 0, 1])
  const remote = ipv4Range([10, 4, 0, 0], [10, 4, 255, 255])

  it('look at source and destination by direction', () => {
    expect(matchesOutbound({ localSelectors: [local], remoteSelectors: [remote] }, packet)).toBe(true)
    expect(matchesInbound({ localSelectors: [local], remoteSelectors: [remote] }, packet)).toBe(false)
    expect(matchesInbound({ localSelectors: [remote], remoteSelectors: [local] }, packet)).toBe(true)
  })
  it.each([
    [{ protocol: 17 }, true],
    [{ protocol: 6 }, false],
    [{ protocol: 17, startPort: 7, endPort: 7 }, true],
    [{ protocol: 17, startPort: 8, endPort: 9 }, false],
    [{ startPort: 65535, endPort: 0 }, false]
  ])('%j takes a packet to UDP port 7: %s', (rest, expected) => {
    const remoteSelectors = [ipv4Range([10, 4, 0, 0], [10, 4, 255, 255], rest)]
    expect(matchesOutbound({ localSelectors: [local], remoteSelectors }, packet)).toBe(expected)
  })
  it('takes hidden ports by ANY and OPAQUE only (RFC 4301 section 4.4.1.1)', () => {
    const fragment = { ...packet, sourcePort: null, destinationPort: null }
    const with_ = (startPort: number, endPort: number) =>
      matchesOutbound({ localSelectors: [local], remoteSelectors: [{ ...remote, startPort, endPort }] }, fragment)
    expect([with_(0, 65535), with_(65535, 0), with_(7, 7)]).toEqual([true, true, false])
  })
})
