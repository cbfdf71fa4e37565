import { describe, expect, it } from 'vitest'
import { endpoint } from '../../src/bytes/index.ts'
import {
  atMost,
  corruptWhen,
  createNetwork,
  createSeededRandom,
  delayWhen,
  dropWhen,
  duplicateWhen,
  during,
  type Fault,
  type LinkConditions,
  onInterface,
  partition
} from '../../src/sim/index.ts'
import { gatewayEnd, phoneEnd, recordingHost, text, udp } from './hosts.ts'

function twoHosts(seed = 1, up: LinkConditions = { delayMs: 10 }) {
  const network = createNetwork({ seed })
  const phone = recordingHost()
  const gateway = recordingHost()
  network.addHost('phone', phone, [{ name: 'wlan0', address: '10.1.0.2', up, down: { delayMs: 5 } }])
  network.addHost('gateway', gateway, [{ name: 'eth0', address: '192.0.2.1', up: { delayMs: 1 } }])
  const send = (words: string) => network.perform('phone', { datagrams: [udp(phoneEnd, gatewayEnd, words)] })
  return { network, phone, gateway, send }
}

const lossReasons = (network: ReturnType<typeof createNetwork>) =>
  network.trace.flatMap((entry) => (entry.kind === 'lost' ? [entry.reason] : []))

describe('network', () => {
  it('delivers after the delay of the sender up and of the receiver down', () => {
    const { network, gateway, phone, send } = twoHosts()
    network.runUntil(100)
    send('ping')
    network.perform('gateway', { datagrams: [udp(gatewayEnd, phoneEnd)] })
    network.runUntil(200)
    expect(gateway.arrivals()).toMatchObject([{ at: 111, source: phoneEnd, destination: gatewayEnd }])
    expect(phone.arrivals()).toMatchObject([{ at: 106 }])
    expect(network.now()).toBe(200)
  })

  it('gives the same run for the same seed, another for another', () => {
    const run = (seed: number) => {
      const { network, send } = twoHosts(seed, { delayMs: 10, jitterMs: 30, loss: 0.3, duplication: 0.2 })
      network.addFault(corruptWhen((_, place) => place.random.fraction() < 0.1))
      for (let i = 0; i < 100; i++) network.at(i * 7, () => send(`datagram ${i}`))
      network.runUntil(2000)
      return JSON.stringify(network.trace)
    }
    expect(run(7)).toBe(run(7))
    expect(run(7)).not.toBe(run(8))
  })

  it('loses and doubles at the rates it is told, and reorders by jitter', () => {
    const { network, gateway, send } = twoHosts(3, { delayMs: 10, jitterMs: 50, loss: 0.3, duplication: 0.1 })
    for (let i = 0; i < 5000; i++) network.at(i * 10, () => send(`${i}`))
    network.runUntil(60_000)
    const numbers = gateway.arrivals().map((datagram) => Number(text(datagram)))
    expect(lossReasons(network).length / 5000).toBeCloseTo(0.3, 1)
    const distinct = new Set(numbers).size
    expect(distinct + lossReasons(network).length).toBe(5000)
    expect((numbers.length - distinct) / distinct).toBeCloseTo(0.1, 1)
    expect(numbers.some((number, index) => index > 0 && number < (numbers[index - 1] as number))).toBe(true)
  })

  it('wakes a host at the last time it asked for, once', () => {
    const network = createNetwork({ seed: 1 })
    const woken: number[] = []
    const host = {
      handle(event: { type: string }, now: number) {
        if (event.type === 'wake') woken.push(now)
        return { datagrams: [], wakeAt: event.type === 'addressesChanged' ? 50 : undefined }
      }
    }
    network.addHost('phone', host, [])
    network.runUntil(10)
    network.perform('phone', { datagrams: [], wakeAt: 30.5 })
    network.runUntil(100)
    expect(woken).toEqual([30.5])
  })

  it('stops a host that never rests', () => {
    const network = createNetwork({ seed: 1 })
    network.addHost('phone', { handle: (_, now) => ({ datagrams: [], wakeAt: now }) }, [])
    expect(() => network.runUntil(1)).toThrow(/never rests/)
  })

  it('tells a host of its addresses, and loses what comes to an address that is gone', () => {
    const { network, phone, gateway } = twoHosts()
    network.addHost('other', recordingHost(), [])
    network.at(100, () => network.perform('gateway', { datagrams: [udp(gatewayEnd, phoneEnd)] }))
    network.at(103, () => network.changeInterface('phone', 'wlan0', { isUp: false }))
    network.at(110, () => network.perform('phone', { datagrams: [udp(phoneEnd, gatewayEnd)] }))
    network.at(120, () => network.changeInterface('phone', 'wlan0', { isUp: true, address: '10.9.0.2' }))
    network.at(130, () => network.perform('gateway', { datagrams: [udp(gatewayEnd, endpoint('203.0.113.9', 1))] }))
    network.runUntil(200)
    const changes = phone.events.flatMap(({ event }) => (event.type === 'addressesChanged' ? [event.addresses] : []))
    expect(changes.map((addresses) => addresses.map(({ address }) => address))).toEqual([
      ['10.1.0.2'],
      [],
      ['10.9.0.2']
    ])
    expect(changes[0]).toMatchObject([{ interfaceName: 'wlan0' }])
    expect(lossReasons(network)).toEqual(['address gone', 'no such source address', 'unreachable'])
    expect(gateway.arrivals()).toEqual([])
  })

  it('never lets a receiver change what a sender or the trace holds', () => {
    const { network, gateway } = twoHosts()
    network.runUntil(1)
    const bytes = Uint8Array.of(1, 2, 3)
    network.perform('phone', { datagrams: [{ ...udp(phoneEnd, gatewayEnd), bytes }] })
    bytes.fill(0)
    network.runUntil(50)
    expect(gateway.arrivals()[0]?.bytes).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('names misuse', () => {
    const { network } = twoHosts()
    expect(() => network.addHost('phone', recordingHost(), [])).toThrow(/^name/)
    expect(() => network.perform('nobody', { datagrams: [] })).toThrow(/^host/)
    expect(() => network.changeInterface('phone', 'eth9', {})).toThrow(/^interfaceName/)
  })
})

describe('faults', () => {
  function arrivalsWith(fault: Fault) {
    const { network, gateway, send } = twoHosts()
    network.addFault(fault)
    for (let i = 0; i < 5; i++) network.at(i * 10, () => send(`${i}`))
    network.runUntil(1000)
    return { texts: gateway.arrivals().map(text), lost: lossReasons(network) }
  }
  const isOne = (datagram: Parameters<typeof text>[0]) => text(datagram) === '1'

  it.each<[string, Fault, string[], string[]]>([
    ['drop', dropWhen(isOne, 'firewall'), ['0', '2', '3', '4'], ['firewall']],
    [
      'delay',
      delayWhen((datagram, { direction }) => isOne(datagram) && direction === 'up', 25),
      ['0', '2', '3', '1', '4'],
      []
    ],
    ['duplicate', onInterface('gateway', 'eth0', duplicateWhen(isOne)), ['0', '1', '1', '2', '3', '4'], []],
    ['partition', during(10, 30, partition(['192.0.2.1'], ['10.1.0.2'])), ['3', '4'], Array(3).fill('partition')],
    [
      'during',
      onInterface(
        'phone',
        'wlan0',
        during(
          10,
          30,
          dropWhen(() => true)
        ),
        'up'
      ),
      ['0', '3', '4'],
      ['dropped', 'dropped']
    ],
    [
      'atMost',
      onInterface(
        'phone',
        'wlan0',
        atMost(
          2,
          dropWhen(() => true)
        )
      ),
      ['2', '3', '4'],
      ['dropped', 'dropped']
    ],
    [
      'elsewhere',
      onInterface(
        'phone',
        'wwan0',
        dropWhen(() => true)
      ),
      ['0', '1', '2', '3', '4'],
      []
    ]
  ])('%s', (_, fault, texts, lost) => expect(arrivalsWith(fault)).toEqual({ texts, lost }))

  it('corrupts exactly one bit', () => {
    const { texts } = arrivalsWith(onInterface('phone', 'wlan0', corruptWhen(isOne)))
    const difference = (texts[1] as string).charCodeAt(0) ^ '1'.charCodeAt(0)
    expect([1, 2, 4, 8, 16, 32, 64, 128]).toContain(difference)
  })

  it('can be taken away again', () => {
    const { network, gateway, send } = twoHosts()
    const remove = network.addFault(dropWhen(() => true))
    network.at(10, () => send('a'))
    network.at(20, remove)
    network.at(30, () => send('b'))
    network.runUntil(100)
    expect(gateway.arrivals().map(text)).toEqual(['b'])
  })
})

describe('seeded random', () => {
  it('is even enough, and a fork does not depend on what the other draws', () => {
    const random = createSeededRandom(42)
    const fork = random.fork()
    const drawn = Array.from({ length: 10_000 }, () => random.fraction())
    expect(drawn.reduce((a, b) => a + b) / drawn.length).toBeCloseTo(0.5, 1)
    expect(new Set(Array.from({ length: 1000 }, () => random.below(6)))).toEqual(new Set([0, 1, 2, 3, 4, 5]))
    expect(fork.octets(32)).toEqual(createSeededRandom(42).fork().octets(32))
  })
})
