import { describe, expect, it } from 'vitest'
import { endpoint, equalBytes } from '../../src/bytes/index.ts'
import { readUdpPacket } from '../../src/esp/index.ts'
import { createNetwork, type SimDatagram, writePcap } from '../../src/sim/index.ts'
import { gatewayEnd, phoneEnd, recordingHost, udp } from './hosts.ts'

describe('pcap', () => {
  it('is a file of raw IP packets with times in microseconds', () => {
    const network = createNetwork({ seed: 1 })
    network.addHost('phone', recordingHost(), [{ name: 'wlan0', address: '10.1.0.2' }])
    network.addHost('gateway', recordingHost(), [{ name: 'eth0', address: '192.0.2.1' }])
    const esp: SimDatagram = {
      ...udp(endpoint('10.1.0.2', 0), endpoint('192.0.2.1', 0), 'ESP packet'),
      protocol: 'esp'
    }
    network.at(1500.25, () => network.perform('phone', { datagrams: [udp(phoneEnd, gatewayEnd, 'hello'), esp] }))
    network.runUntil(2000)
    const file = writePcap(network.trace)
    const view = new DataView(file.buffer)
    const header = [0, 4, 16, 20].map((offset) => view.getUint32(offset, true))
    expect(header).toEqual([0xa1b2c3d4, 2 + (4 << 16), 262144, 101])
    expect([24, 28, 32, 36].map((offset) => view.getUint32(offset, true))).toEqual([1, 500250, 33, 33])
    expect(readUdpPacket(file.subarray(40, 73))).toMatchObject({ source: phoneEnd, destination: gatewayEnd })
    const second = file.subarray(73 + 16)
    expect([second.length, second[9]]).toEqual([30, 50])
    expect(equalBytes(second.subarray(20), esp.bytes)).toBe(true)
    expect(writePcap(network.trace, (entry) => entry.kind === 'delivered').length).toBe(file.length)
  })
})
