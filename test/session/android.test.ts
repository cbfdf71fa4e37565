import { describe, expect, it } from 'vitest'
import type { IpAddress, Path } from '../../src/bytes/index.ts'
import { NOTIFY, notify } from '../../src/codec/index.ts'
import { findNotify } from '../../src/ike/index.ts'
import { at, Lab, path } from '../mobike/harness.ts'
import { forge, kinds, read } from './forge.ts'
import { type Datagram, mobikeReports, type News, Pair, reversed, type SideName } from './pair.ts'

/** What Android's tests of its IKE library ask of MOBIKE, asked of this one. */

const QUIET = { livenessMs: null }
const NEW = '10.2.0.2'

/** Hosts get only what is sent to addresses they have. */
function reachable(): Pair {
  const pair = new Pair(QUIET, QUIET)
  const has = (name: SideName, address: IpAddress): boolean =>
    pair[name].session.state.surroundings.localAddresses.some((known) => known.address === address)
  pair.route = ({ from, path: sent }) =>
    has(from, sent.local.address) && has(from === 'client' ? 'gateway' : 'client', sent.remote.address)
      ? reversed(sent)
      : undefined
  return pair.establish()
}

function addresses(pair: Pair, ...all: IpAddress[]): void {
  pair.tell('client', { type: 'localAddressesChanged', addresses: all.map((address) => ({ address })) })
}

const clientPaths = (pair: Pair): (Path | undefined)[] => {
  const { mobike } = pair.client.session.state
  return [mobike?.ikePath, mobike?.childPath]
}

/** Types of the notifications and kinds of payloads the client sent since, and whether each was a response. */
function sentByClient(pair: Pair, since: number): { isResponse: boolean; kinds: (string | number)[] }[] {
  return pair.sent
    .slice(since)
    .filter(({ from }) => from === 'client')
    .map((datagram) => {
      const { message, payloads } = read(pair, datagram)
      return { isResponse: message.isResponse, kinds: kinds(payloads) }
    })
}

/** What the client may be in the middle of. */
const STATES: readonly (readonly [string, (pair: Pair) => News | null])[] = [
  ['idle', () => null],
  ['a liveness check', () => ({ type: 'livenessRequested' })],
  ['a Child SA rekey', (pair) => ({ type: 'childSaRekeyRequested', id: pair.childIds('client')[0] as number })],
  ['an IKE SA rekey', () => ({ type: 'ikeSaRekeyRequested' })],
  ['an UPDATE', () => ({ type: 'updateRequested' })]
]

/** A pair whose client has a request under way that has not arrived yet. */
function during(begin: (pair: Pair) => News | null): { pair: Pair; request: Datagram | undefined } {
  const pair = reachable()
  const news = begin(pair)
  if (news !== null) pair.tell('client', news)
  const request = pair.wire.shift()
  return { pair, request }
}

describe('negotiation', () => {
  it.each([
    ['both', true, true],
    ['the client alone', true, false],
    ['the gateway alone', false, true]
  ])('E3.1 MOBIKE wanted by %s', (_, client, gateway) => {
    const pair = new Pair(client ? {} : { mobike: null }, gateway ? {} : { mobike: null }).establish()
    for (const name of ['client', 'gateway'] as const) {
      expect(pair[name].session.state.mobike !== null).toBe(client && gateway)
    }
  })
})

describe('a routability check of the peer', () => {
  it.each(STATES)('E3.1 F59 during %s gets its COOKIE2 back, and no TEMPORARY_FAILURE', (_, begin) => {
    const { pair } = during(begin)
    const cookie = Uint8Array.from({ length: 32 }, (_unused, index) => index + 1)
    const { nextMessageId } = pair.ikeSa('gateway').requests
    pair.deliver(forge(pair, 'gateway', { messageId: nextMessageId, payloads: [notify(NOTIFY.COOKIE2, cookie)] }))
    const { message, payloads } = read(pair, pair.sent.at(-1) as Datagram)
    expect([message.isResponse, message.messageId]).toEqual([true, nextMessageId])
    expect(findNotify(payloads, NOTIFY.COOKIE2)?.data).toEqual(cookie)
    expect(kinds(payloads)).not.toContain(NOTIFY.TEMPORARY_FAILURE)
  })
})

describe('requests of the peer during an own UPDATE', () => {
  it.each<[string, (pair: Pair) => News]>([
    ['a liveness check', () => ({ type: 'livenessRequested' })],
    ['a new Child SA', () => ({ type: 'childSaRequested' })],
    ['a Child SA rekey', (pair) => ({ type: 'childSaRekeyRequested', id: pair.childIds('gateway')[0] as number })],
    ['an IKE SA rekey', () => ({ type: 'ikeSaRekeyRequested' })]
  ])(
    'E3.1 %s is answered as ever: TEMPORARY_FAILURE would be for rekeys that collide, which an UPDATE is not',
    (_, request) => {
      const { pair } = during(() => ({ type: 'updateRequested' }))
      const before = pair.sent.length
      pair.tell('gateway', request(pair))
      pair.settle()
      const answers = sentByClient(pair, before).filter(({ isResponse }) => isResponse)
      expect(answers.length).toBeGreaterThan(0)
      for (const answer of answers) expect(answer.kinds).not.toContain(NOTIFY.TEMPORARY_FAILURE)
      pair.advance(10_000)
      expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
    }
  )

  it('E3.1 a Delete of the IKE SA closes it', () => {
    const { pair } = during(() => ({ type: 'updateRequested' }))
    pair.tell('gateway', { type: 'closeRequested' })
    pair.settle()
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'closedByPeer' })
  })
})

describe('a network that is set', () => {
  it.each(STATES)(
    'E3.1 during %s: everything goes on on the new one, under the same or the rekeyed SAs',
    (_, begin) => {
      const { pair } = during(begin)
      addresses(pair, NEW)
      pair.settle()
      pair.advance(10_000)
      for (const used of clientPaths(pair)) expect(used?.local.address).toBe(NEW)
      expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe(NEW)
      expect(pair.ikeSa('client').requests.outstanding).toEqual([])
      expect([pair.childIds('client'), pair.childIds('gateway')].map(({ length }) => length)).toEqual([1, 1])
    }
  )

  it.each(STATES)(
    'E3.1 is lost during %s: nothing is sent, and no time passes for it, until there is another',
    (_, begin) => {
      const { pair } = during(begin)
      addresses(pair)
      const before = pair.sent.length
      pair.advance(3_600_000)
      expect(sentByClient(pair, before)).toEqual([])
      addresses(pair, NEW)
      pair.settle()
      pair.advance(10_000)
      for (const used of clientPaths(pair)) expect(used?.local.address).toBe(NEW)
      expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe(NEW)
      expect(pair.phase('client')).toBe('established')
    }
  )
})

describe('NAT_DETECTION in an UPDATE', () => {
  const FAMILIES = [
    ['IPv4', '198.18.0.1', '198.18.7.2', '203.0.113.1'],
    ['IPv6', '2001:db8:1::1', '2001:db8:7::2', '2001:db8:2::1']
  ] as const
  const NATS = [
    ['behind a NAT', true, true],
    ['without a NAT', false, true],
    ['without NAT traversal', false, false]
  ] as const

  it.each(FAMILIES.flatMap(([family, ...ends]) => NATS.map(([nat, ...how]) => [family, nat, ends, how] as const)))(
    'E3.1 over %s %s',
    (_family, _nat, [old, next, gateway], [isTranslated, natTraversal]) => {
      const lab = new Lab()
      if (isTranslated) lab.nats.set(next, at(`${gateway.includes(':') ? '2001:db8:99::1' : '192.0.2.9'}#40001`))
      lab.start(path(old, gateway), { natTraversal })
      lab.client.local(next)
      lab.run(1000)
      const update = lab.client.requests.find(({ purpose }) => purpose === 'update')
      const has = (kind: string): boolean => update?.notifies.some((said) => said.kind === kind) ?? false
      expect([has('natDetection'), has('noNatsAllowed')]).toEqual([natTraversal, !natTraversal])
      expect(lab.gateway.state.childPath.remote).toEqual(isTranslated ? lab.nats.get(next) : at(next))
      expect([lab.client.state.encapsulate, lab.gateway.state.encapsulate]).toEqual([isTranslated, isTranslated])
    }
  )
})

describe('what the connection’s owner says of networks', () => {
  const updates = (pair: Pair, since: number): number =>
    sentByClient(pair, since).filter((sent) => !sent.isResponse && sent.kinds.includes(NOTIFY.UPDATE_SA_ADDRESSES))
      .length

  it('E3.3 lost and updated networks: suspended without one, told with the next', () => {
    const pair = reachable()
    const before = pair.sent.length
    addresses(pair)
    expect(pair.client.session.state.suspendedSince).toBe(pair.now)
    pair.advance(5000)
    expect(updates(pair, before)).toBe(0)
    addresses(pair, NEW)
    pair.settle()
    expect(pair.client.session.state.suspendedSince).toBeNull()
    expect(updates(pair, before)).toBe(1)
  })

  it('E3.3 F54 F55 the same network again is skipped, unless the update is forced', () => {
    const pair = reachable()
    const before = pair.sent.length
    for (let i = 0; i < 5; i++) addresses(pair, '10.1.0.2')
    pair.settle()
    expect(pair.sent).toHaveLength(before)
    pair.tell('client', { type: 'updateRequested' })
    pair.settle()
    expect(updates(pair, before)).toBe(1)
  })

  it('E3.3 F22 where MOBIKE is off neither loss nor update of networks does anything', () => {
    const pair = new Pair({ ...QUIET, mobike: null }, QUIET).establish()
    const before = pair.sent.length
    addresses(pair)
    addresses(pair, NEW)
    pair.tell('client', { type: 'updateRequested' })
    pair.settle()
    expect(pair.sent).toHaveLength(before)
    expect(pair.client.session.state.path?.local.address).toBe('10.1.0.2')
  })

  it('E3.3 C30 remote addresses that were looked up anew on a network of the other family end the wait', () => {
    const pair = reachable()
    const six = '2001:db8:2::1'
    addresses(pair, '2001:db8:1::7')
    pair.advance(5000)
    expect(mobikeReports(pair.client.actions).at(-1)).toEqual({ kind: 'noPath' })
    pair.tell('gateway', { type: 'localAddressesChanged', addresses: [{ address: '192.0.2.1' }, { address: six }] })
    pair.tell('client', { type: 'remoteCandidatesChanged', endpoints: [{ address: six, port: 500 }] })
    pair.settle()
    pair.advance(5000)
    expect(clientPaths(pair).map((used) => used?.remote.address)).toEqual([six, six])
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe('2001:db8:1::7')
  })
})
