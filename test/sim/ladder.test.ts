import { describe, expect, it } from 'vitest'
import { endpoint } from '../../src/bytes/index.ts'
import {
  atMost,
  createNat,
  createNetwork,
  drawLadder,
  dropWhen,
  duplicateWhen,
  onInterface
} from '../../src/sim/index.ts'
import { gatewayEnd, phoneEnd, recordingHost, text, udp } from './hosts.ts'

function run() {
  const network = createNetwork({ seed: 1 })
  const nat = createNat({ name: 'home NAT', publicAddress: '203.0.113.7' })
  network.addHost('phone', recordingHost(), [
    { name: 'wlan0', address: '10.1.0.2', nat },
    { name: 'wwan0', address: '2001:db8:1::2', isUp: false }
  ])
  network.addHost('gateway', recordingHost(true), [{ name: 'eth0', address: '192.0.2.1' }])
  network.addFault(
    onInterface(
      'gateway',
      'eth0',
      atMost(
        1,
        dropWhen(() => true, 'black hole')
      ),
      'up'
    )
  )
  network.at(1000, () =>
    network.perform('phone', {
      datagrams: [
        udp(phoneEnd, gatewayEnd, 'INFORMATIONAL request 5 UPDATE_SA_ADDRESSES NAT_DETECTION_SOURCE_IP COOKIE2')
      ],
      notes: ['moveChildSas']
    })
  )
  network.at(1500.25, () => network.perform('phone', { datagrams: [udp(phoneEnd, gatewayEnd, 'probe')] }))
  network.at(1600, () => network.perform('gateway', { datagrams: [], notes: ['report: moved'] }))
  network.at(2000, () => network.changeInterface('phone', 'wlan0', { isUp: false }))
  network.at(2100, () => network.perform('phone', { datagrams: [udp(phoneEnd, gatewayEnd, 'secret')] }))
  network.runUntil(3000)
  return network
}

describe('ladder', () => {
  it('shows arrows, endpoints, NAT rewrites, losses and notes, within 120 columns', () => {
    const label = (datagram: Parameters<typeof text>[0]) => (text(datagram) === 'secret' ? undefined : text(datagram))
    const drawn = drawLadder(run().trace, { lifelines: ['phone', 'gateway'], label, fromMs: 500 })
    expect(`\n${drawn}\n`).toBe(`
          phone                                                   gateway
   1.000  ●                                                             │ moveChildSas
   1.000  │── INFORMATIONAL request 5 UPDATE_SA_ADDRESSES ─────────────▶│ 10.1.0.2:4500 > 192.0.2.1:4500
          │   NAT_DETECTION_SOURCE_IP COOKIE2                           │ home NAT: 203.0.113.7:1024 > 192.0.2.1:4500
   1.020  │            x─ INFORMATIONAL request 5 UPDATE_SA_ADDRESSES ──│ 192.0.2.1:4500 > 203.0.113.7:1024
          │   NAT_DETECTION_SOURCE_IP COOKIE2                           │ lost: black hole
   1.500  │── probe ───────────────────────────────────────────────────▶│ 10.1.0.2:4500 > 192.0.2.1:4500
          │                                                             │ home NAT: 203.0.113.7:1024 > 192.0.2.1:4500
   1.520  │◀─────────────────────────────────────────────────── probe ──│ 192.0.2.1:4500 > 203.0.113.7:1024
          │                                                             │ home NAT: 192.0.2.1:4500 > 10.1.0.2:4500
   1.600  │                                                             ● report: moved
   2.000  ●                                                             │ addresses: none
`)
    for (const line of drawn.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  })

  it('draws hosts in the order given, datagrams under way, and copies', () => {
    const network = createNetwork({ seed: 1 })
    for (const [name, address] of Object.entries({ a: '192.0.2.1', b: '192.0.2.2', c: '192.0.2.3' })) {
      network.addHost(name, recordingHost(), [{ name: 'eth0', address }])
    }
    network.addFault(
      onInterface(
        'c',
        'eth0',
        duplicateWhen(() => true)
      )
    )
    network.runUntil(1)
    const [a, b, c] = [1, 2, 3].map((last) => endpoint(`192.0.2.${last}`, 4500)) as [
      typeof gatewayEnd,
      typeof gatewayEnd,
      typeof gatewayEnd
    ]
    network.perform('a', { datagrams: [udp(a, c, 'one'), udp(a, endpoint('192.0.2.9', 1), 'two')] })
    network.runUntil(1000)
    network.perform('b', { datagrams: [udp(b, a, 'three')] })
    const drawn = drawLadder(network.trace, { lifelines: ['a', 'b', 'c'], label: text, width: 100, fromMs: 1 })
    expect(`\n${drawn}\n`).toBe(`
          a                    b                    c
   0.001  │── one ─────────────────────────────────▶│ 192.0.2.1:4500 > 192.0.2.3:4500
          │                    │                    │ arrived 2 times
   0.001  │── two ─────x       │                    │ 192.0.2.1:4500 > 192.0.2.9:1
          │                    │                    │ lost: unreachable
   1.000  │…────────── three ──│                    │ 192.0.2.2:4500 > 192.0.2.1:4500
`)
  })

  it('leaves out what it is told to', () => {
    const drawn = drawLadder(run().trace, { lifelines: ['gateway'], label: () => undefined, showNote: () => false })
    expect(drawn.trim()).toBe('gateway')
  })
})
