import { describe, expect, it } from 'vitest'
import { ipAddressBytes } from '../../src/bytes/index.ts'
import { EXCHANGE, NOTIFY, notify } from '../../src/codec/index.ts'
import type { NotifyPayload } from '../../src/codec/types.ts'
import { createChildPayloads, offerChild, prefixSelector } from '../../src/ike/index.ts'
import { CLIENT_OPTIONS } from '../session/pair.ts'
import { cookie2, established, fromClient, type Hostile, octets, sent } from './hostile.ts'

function address(text: string): NotifyPayload {
  const data = ipAddressBytes(text) as Uint8Array
  return notify(data.length === 4 ? NOTIFY.ADDITIONAL_IP4_ADDRESS : NOTIFY.ADDITIONAL_IP6_ADDRESS, data)
}

const victims = (count: number, seed = 0): NotifyPayload[] =>
  Array.from({ length: count }, (_, i) => address(`203.0.${(i + seed) & 255}.${((i + seed) >> 8) + 1}`))

/** The most a victim sends in any one of the seconds, with nobody answering. */
function worstSecond(hostile: Hostile, seconds: number): number {
  let worst = 0
  for (let second = 0; second < seconds && hostile.alive; second++) {
    const before = hostile.pair.sent.filter(({ from }) => from === hostile.victim).length
    hostile.pair.advance(1000)
    worst = Math.max(worst, hostile.pair.sent.filter(({ from }) => from === hostile.victim).length - before)
  }
  return worst
}

/** Sends `count` messages and says how many datagrams the worst of them drew, and how the session grew. */
function flood(
  hostile: Hostile,
  count: number,
  one: (index: number) => number
): { worst: number; all: number; grown: number } {
  const before = hostile.size()
  let worst = 0
  let all = 0
  for (let index = 0; index < count && hostile.alive; index++) {
    const drawn = one(index)
    worst = Math.max(worst, drawn)
    all += drawn
  }
  return { worst, all, grown: hostile.size() - before }
}

describe('floods of a hostile client', () => {
  it('UPDATEs from ever new addresses: two or three datagrams each, bounded state', () => {
    const hostile = established('client')
    const result = flood(hostile, 300, (index) =>
      sent(
        hostile.notifies(
          [NOTIFY.UPDATE_SA_ADDRESSES, cookie2(octets(16))],
          fromClient(`203.0.${index & 255}.${(index >> 8) + 1}`)
        )
      )
    )
    expect(result.worst).toBeLessThanOrEqual(2)
    expect(result.grown).toBeLessThan(20_000)
    // D18: not one of these addresses was proven.
    const { mobike } = hostile.pair.gateway.session.state
    expect(mobike?.childPath.remote.address).toBe('10.1.0.2')
    expect(worstSecond(hostile, 400)).toBeLessThanOrEqual(2)
  })

  it('lists of a thousand addresses, odd COOKIE2 and NAT_DETECTION: one answer each, bounded state, nothing sent to them', () => {
    const hostile = established('client')
    const odd = [
      [...victims(250), NOTIFY.NO_ADDITIONAL_ADDRESSES],
      [cookie2(octets(0)), cookie2(octets(300)), cookie2(octets(8)), cookie2(octets(8))],
      [notify(NOTIFY.NAT_DETECTION_SOURCE_IP, octets(3)), notify(NOTIFY.NAT_DETECTION_DESTINATION_IP, octets(0))],
      [notify(NOTIFY.NO_NATS_ALLOWED, octets(5))],
      [NOTIFY.UNACCEPTABLE_ADDRESSES, NOTIFY.UNEXPECTED_NAT_DETECTED],
      ['224.0.0.1', '0.0.0.0', '127.0.0.1', '198.51.100.1', '255.255.255.255', '::1', 'ff02::1', '::'].map(address)
    ]
    const result = flood(hostile, 60, (index) => sent(hostile.notifies(odd[index % odd.length] as never)))
    expect(result.worst).toBe(1)
    expect(result.grown).toBeLessThan(20_000)
    const { peerAddresses = [] } = hostile.pair.gateway.session.state.mobike ?? {}
    expect(peerAddresses).toEqual(['10.1.0.2', '198.51.100.1'])
    // Not even our own address, though it is kept in the set, is ever sent to.
    hostile.pair.tell('gateway', { type: 'localAddressesChanged', addresses: [{ address: '198.51.100.1' }] })
    hostile.pair.advance(60_000)
    const towards = new Set(
      hostile.pair.sent.filter(({ from }) => from === 'gateway').map(({ path }) => path.remote.address)
    )
    expect([...towards].sort()).toEqual(['10.1.0.2'])
  })

  it('Deletes of hundreds of unknown SPIs and CREATE_CHILD_SA without end', () => {
    const hostile = established('client')
    hostile.pair.tell('gateway', { type: 'childSaRequested' })
    const spis = Array.from({ length: 800 }, (_, i) => Uint8Array.of(9, 9, i >> 8, i & 255))
    const result = flood(hostile, 60, (index) => {
      if (index % 3 === 0) return sent(hostile.request([{ kind: 'delete', protocol: 3, spiSize: 4, spis }]))
      const rekeyed = hostile.pair.gateway.session.state.children[0]?.sa.remoteSpi ?? 0
      return sent(
        hostile.request(
          createChildPayloads({
            proposals: offerChild(CLIENT_OPTIONS.childProposals, Uint8Array.of(1, 2, 3, index), 'createChild'),
            selectorsInitiator: Array.from({ length: 255 }, (_, i) => prefixSelector(`10.3.0.${i}`, 32)),
            selectorsResponder: Array.from({ length: 255 }, (_, i) => prefixSelector(`10.9.0.${i}`, 32)),
            nonce: octets(32, index),
            publicValue: null,
            rekeyedSpi: index % 3 === 1 ? null : rekeyed
          }),
          { exchangeType: EXCHANGE.CREATE_CHILD_SA }
        )
      )
    })
    expect(result.worst).toBeLessThanOrEqual(1)
    expect(hostile.pair.childIds('gateway').length).toBeLessThanOrEqual(32)
    expect(result.grown).toBeLessThan(600_000)
  })

  it('requests beyond the window, old ones, and responses to nothing: nothing is sent or changed', () => {
    const hostile = established('client')
    hostile.notifies([NOTIFY.UPDATE_SA_ADDRESSES])
    const next = hostile.pair.ikeSa('gateway').responses.nextMessageId
    for (const index of [-1, 1, 2, 1000, 0xffffffff - next]) {
      const elsewhere = fromClient('203.0.113.5')
      const actions = hostile.say(
        { messageId: next + index, payloads: [notify(NOTIFY.UPDATE_SA_ADDRESSES)] },
        elsewhere
      )
      // The first has the Message ID of a request that was answered, but is another.
      expect(sent(actions)).toBe(0)
      expect(hostile.pair.gateway.session.state.mobike?.ikePath.remote.address).toBe('10.1.0.2')
    }
    for (const messageId of [0, 1, 77, 0xffffffff]) {
      expect(sent(hostile.say({ messageId, isResponse: true, payloads: [] }))).toBe(0)
    }
  })
})

describe('floods of a hostile gateway', () => {
  const gateway = (own: string) => ({
    local: { address: own, port: 4500 },
    remote: { address: '10.1.0.2', port: 4500 }
  })

  it('ever new lists without the address in use: few datagrams each, paced afterwards, ESP stays', () => {
    const hostile = established('gateway')
    const result = flood(hostile, 200, (index) =>
      sent(hostile.notifies(victims(100, index * 100), gateway(`198.51.100.${(index % 200) + 1}`)))
    )
    expect(result.worst).toBeLessThanOrEqual(3)
    expect(result.grown).toBeLessThan(40_000)
    expect(worstSecond(hostile, 400)).toBeLessThanOrEqual(6)
    expect(hostile.tunnel.snapshot().children.every(({ path }) => path.remote.address === '192.0.2.1')).toBe(true)
  })

  it.each([
    ['UNACCEPTABLE_ADDRESSES', [notify(NOTIFY.UNACCEPTABLE_ADDRESSES)]],
    ['UNEXPECTED_NAT_DETECTED', [notify(NOTIFY.UNEXPECTED_NAT_DETECTED)]],
    ['a NAT that is always another', 'nat'],
    ['nothing', []]
  ] as const)('answers everything with %s: no storm', (_, payloads) => {
    const hostile = established('gateway')
    hostile.pair.tell('client', {
      type: 'localAddressesChanged',
      addresses: [{ address: '10.1.0.2' }, { address: '10.2.0.2', cost: -1 }]
    })
    let all = 0
    let rounds = 0
    for (let second = 0; second < 120 && hostile.alive; second++) {
      for (let round = 0; round < 50; round++) {
        const record = hostile.pair.ikeSa('client').requests.outstanding[0]
        if (record === undefined) break
        rounds++
        const nat = [
          notify(NOTIFY.NAT_DETECTION_SOURCE_IP, octets(20, rounds & 255)),
          notify(NOTIFY.NAT_DETECTION_DESTINATION_IP, octets(20, rounds & 255))
        ]
        const cookie = hostile.cookieOf()
        const echo = cookie === undefined ? [] : [cookie2(cookie)]
        const destination = record.destinations[0] ?? { address: '192.0.2.1', port: 4500 }
        const from = { local: destination, remote: record.sources[0] ?? destination }
        all += sent(hostile.respond([...(payloads === 'nat' ? nat : payloads), ...echo], from))
        if (!hostile.alive) break
      }
      if (hostile.alive) hostile.pair.advance(1000)
    }
    expect(rounds).toBeLessThan(120)
    expect(all).toBeLessThan(120)
  })

  it('never answers: the worst second has few datagrams, and it ends', () => {
    const hostile = established('gateway')
    hostile.notifies(victims(200))
    hostile.pair.tell('client', {
      type: 'localAddressesChanged',
      addresses: [{ address: '10.1.0.2' }, { address: '10.2.0.2' }, { address: '10.3.0.2' }]
    })
    hostile.pair.tell('client', { type: 'livenessRequested' })
    expect(worstSecond(hostile, 900)).toBeLessThanOrEqual(6)
    expect(hostile.alive).toBe(false)
  })

  it('unprotected messages under real SPIs: at most one liveness check a second', () => {
    const hostile = established('gateway')
    const { initiatorSpi, responderSpi } = hostile.pair.ikeSa('client')
    const header = Buffer.from(`00000000${initiatorSpi}${responderSpi}2920252000000000000000240000000800000004`, 'hex')
    const before = hostile.pair.sent.length
    for (let index = 0; index < 500; index++) {
      hostile.pair.now += 10
      hostile.pair.tell('client', {
        type: 'datagramReceived',
        path: { local: { address: '10.1.0.2', port: 4500 }, remote: { address: '203.0.113.5', port: 4500 } },
        bytes: header
      })
      hostile.respond([])
    }
    expect(hostile.pair.sent.length - before).toBeLessThanOrEqual(6)
  })
})
