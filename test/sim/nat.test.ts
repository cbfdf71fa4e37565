import { describe, expect, it } from 'vitest'
import { endpoint } from '../../src/bytes/index.ts'
import { createNat, createNetwork, type Nat, type NatOptions, type SimDatagram } from '../../src/sim/index.ts'
import { gatewayEnd, phoneEnd, recordingHost, udp } from './hosts.ts'

const laptopEnd = endpoint('10.1.0.3', 4500)
const elsewhere = endpoint('198.51.100.1', 4500)
const nat = (options: Partial<NatOptions> = {}) =>
  createNat({ name: 'nat', publicAddress: '203.0.113.7', firstPort: 1024, ...options })

function out(box: Nat, source = phoneEnd, destination = gatewayEnd, now = 0): number | string {
  const result = box.outbound(udp(source, destination), now)
  return result.ok ? result.datagram.source.port : result.reason
}

function into(box: Nat, port: number, source = gatewayEnd, now = 0): string {
  const result = box.inbound(udp(source, endpoint('203.0.113.7', port)), now)
  return result.ok ? result.datagram.destination.address : result.reason
}

describe('NAT (RFC 4787)', () => {
  it('maps each inner endpoint to a port of its own, and back', () => {
    const box = nat()
    expect([out(box), out(box, laptopEnd), out(box)]).toEqual([1024, 1025, 1024])
    expect([into(box, 1024), into(box, 1025), into(box, 1026)]).toEqual(['10.1.0.2', '10.1.0.3', 'nat: no mapping'])
  })
  it('endpoint-independent mapping keeps the port for another destination, symmetric mapping does not', () => {
    const plain = nat()
    const symmetric = nat({ mapping: 'symmetric' })
    expect([out(plain), out(plain, phoneEnd, elsewhere)]).toEqual([1024, 1024])
    expect([out(symmetric), out(symmetric, phoneEnd, elsewhere)]).toEqual([1024, 1025])
  })
  it.each([
    ['endpointIndependent', '10.1.0.2', '10.1.0.2'],
    ['addressDependent', '10.1.0.2', 'nat: filtered'],
    ['addressAndPortDependent', 'nat: filtered', 'nat: filtered']
  ] as const)('%s filtering', (filtering, fromOtherPort, fromStranger) => {
    const box = nat({ filtering })
    out(box)
    expect(into(box, 1024, endpoint(gatewayEnd.address, 500))).toBe(fromOtherPort)
    expect(into(box, 1024, elsewhere)).toBe(fromStranger)
  })
  it('a mapping expires unless something goes out', () => {
    const box = nat({ expiryMs: 1000 })
    out(box)
    out(box, phoneEnd, gatewayEnd, 900)
    expect(into(box, 1024, gatewayEnd, 1899)).toBe('10.1.0.2')
    expect(into(box, 1024, gatewayEnd, 1900)).toBe('nat: no mapping')
    expect(out(box, phoneEnd, gatewayEnd, 1901)).toBe(1025)
    expect(box.mappings(1901)).toEqual([
      { internal: phoneEnd, external: endpoint('203.0.113.7', 1025), remotes: [gatewayEnd], expiresAt: 2901 }
    ])
  })
  it('a flush gives new ports or a new address', () => {
    const box = nat()
    out(box)
    box.flush({ firstPort: 5000, publicAddress: '203.0.113.8' })
    expect(into(box, 1024)).toBe('nat: no mapping')
    expect(out(box)).toBe(5000)
    expect(box.publicAddress()).toBe('203.0.113.8')
  })
  it('says when it has no port left', () => {
    const box = nat({ firstPort: 7, lastPort: 7 })
    expect([out(box), out(box, laptopEnd)]).toEqual([7, 'nat: no free port'])
    expect(() => nat({ firstPort: 7, lastPort: 6 })).toThrow(/^lastPort/)
    expect(() => box.flush({ firstPort: 9, lastPort: 8 })).toThrow(/^lastPort/)
  })
  it('lets no plain ESP and no other family through', () => {
    const esp: SimDatagram = { ...udp(endpoint('10.1.0.2', 0), endpoint('192.0.2.1', 0)), protocol: 'esp' }
    expect(nat().outbound(esp, 0)).toEqual({ ok: false, reason: 'nat: plain ESP' })
    expect(nat().inbound(esp, 0)).toEqual({ ok: false, reason: 'nat: plain ESP' })
    expect(out(nat(), phoneEnd, endpoint('2001:db8::1', 1))).toBe('nat: other address family')
  })
})

describe('hosts behind a NAT', () => {
  it('reach the world, are reached through their mapping, and share a private address with others', () => {
    const network = createNetwork({ seed: 1 })
    const [phone, other, gateway] = [recordingHost(), recordingHost(), recordingHost(true)]
    network.addHost('phone', phone, [{ name: 'wlan0', address: '10.1.0.2', nat: nat() }])
    const neighbour = createNat({ name: 'neighbour', publicAddress: '203.0.113.9' })
    network.addHost('other', other, [{ name: 'wlan0', address: '10.1.0.2', nat: neighbour }])
    network.addHost('gateway', gateway, [{ name: 'eth0', address: '192.0.2.1' }])
    network.runUntil(0)
    network.perform('phone', { datagrams: [udp(phoneEnd, gatewayEnd)] })
    network.perform('other', { datagrams: [udp(phoneEnd, gatewayEnd)] })
    network.runUntil(500)
    expect(gateway.arrivals().map(({ source }) => source)).toEqual([
      endpoint('203.0.113.7', 1024),
      endpoint('203.0.113.9', 1024)
    ])
    for (const host of [phone, other])
      expect(host.arrivals()).toMatchObject([{ source: gatewayEnd, destination: phoneEnd }])
    network.perform('gateway', { datagrams: [udp(gatewayEnd, phoneEnd)] })
    network.runUntil(600)
    expect(network.trace.at(-1)).toMatchObject({ kind: 'lost', reason: 'unreachable' })
  })

  it('are in the open again when the NAT is taken out', () => {
    const network = createNetwork({ seed: 1 })
    const gateway = recordingHost()
    network.addHost('phone', recordingHost(), [{ name: 'wlan0', address: '10.1.0.2', nat: nat() }])
    network.addHost('gateway', gateway, [{ name: 'eth0', address: '192.0.2.1' }])
    network.changeInterface('phone', 'wlan0', { nat: null })
    network.perform('phone', { datagrams: [udp(phoneEnd, gatewayEnd)] })
    network.runUntil(100)
    expect(gateway.arrivals()).toMatchObject([{ source: phoneEnd }])
  })
})
