import { describe, expect, it } from 'vitest'
import { endpoint } from '../../src/bytes/index.ts'
import {
  createNetwork,
  dropWhen,
  during,
  type Network,
  onInterface,
  startTraffic,
  type Traffic
} from '../../src/sim/index.ts'

/** Two hosts that send inner packets as they are. */
function run(prepare: (network: Network) => void, until: number): Traffic {
  const network = createNetwork({ seed: 5 })
  const carrier = () => ({
    handle: (event: { type: string; datagram?: { bytes: Uint8Array } }) => {
      if (event.datagram !== undefined) expect(traffic.arrived(event.datagram.bytes)).toBe(true)
      return { datagrams: [] }
    }
  })
  network.addHost('a', carrier(), [{ name: 'eth0', address: '192.0.2.1' }])
  network.addHost('b', carrier(), [{ name: 'eth0', address: '192.0.2.2' }])
  const [a, b] = [endpoint('192.0.2.1', 4500), endpoint('192.0.2.2', 4500)]
  const traffic = startTraffic(network, {
    intervalMs: 100,
    left: {
      endpoint: endpoint('10.3.0.1', 9),
      send: (bytes) => network.perform('a', { datagrams: [{ source: a, destination: b, protocol: 'udp', bytes }] })
    },
    right: {
      endpoint: endpoint('10.4.0.1', 9),
      send: (bytes) => network.perform('b', { datagrams: [{ source: b, destination: a, protocol: 'udp', bytes }] })
    }
  })
  prepare(network)
  network.at(until - 100, () => traffic.stop())
  network.runUntil(until)
  return traffic
}

describe('traffic', () => {
  it('shows its own interval when nothing is wrong', () => {
    const traffic = run(() => {}, 5000)
    expect(traffic.figures('left', 1000, 3000)).toEqual({ sent: 20, lost: 0, outageMs: 100 })
    expect(traffic.figures('right', 1000, 3000)).toEqual({ sent: 20, lost: 0, outageMs: 100 })
  })
  it('measures the silence and the losses of each direction apart', () => {
    const outage = during(
      2000,
      2500,
      onInterface(
        'a',
        'eth0',
        dropWhen(() => true),
        'up'
      )
    )
    const traffic = run((network) => network.addFault(outage), 5000)
    // Sent at 2000 … 2400 lost: the last before arrived at 1920, the next at 2520.
    expect(traffic.figures('left', 2000, 4000)).toEqual({ sent: 20, lost: 5, outageMs: 600 })
    expect(traffic.figures('right', 2000, 4000)).toEqual({ sent: 20, lost: 0, outageMs: 100 })
  })
  it('counts an outage that does not end up to the end', () => {
    const traffic = run(
      (network) =>
        network.addFault(
          during(
            2000,
            9000,
            dropWhen(() => true)
          )
        ),
      5000
    )
    const { outageMs, lost } = traffic.figures('left', 2000, 4000)
    // The last arrival was at 1920.
    expect({ outageMs, lost }).toEqual({ outageMs: 2080, lost: 20 })
  })
  it('does not take other packets for its own', () => {
    const traffic = run(() => {}, 200)
    expect(traffic.arrived(new Uint8Array(3))).toBe(false)
  })
})
