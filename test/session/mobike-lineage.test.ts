import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes/index.ts'
import { EXCHANGE, NOTIFY } from '../../src/codec/index.ts'
import { createChildPayloads, offerChild, prefixSelector } from '../../src/ike/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import { disagreement, disagreementOnPaths } from './agreement.ts'
import { forge, kinds, read } from './forge.ts'
import { CLIENT_OPTIONS, type Datagram, datagramsIn, mobikeReports, other, Pair, type SideName } from './pair.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']
const { COOKIE2 } = NOTIFY

function move(pair: Pair, ...addresses: string[]): void {
  pair.tell('client', { type: 'localAddressesChanged', addresses: addresses.map((address) => ({ address })) })
}

describe('roles and what a lineage keeps', () => {
  it('A007 either side starts INFORMATIONAL and CREATE_CHILD_SA; the roles of MOBIKE are other roles', () => {
    const pair = new Pair().establish()
    for (const name of BOTH) {
      const requests: number[] = []
      pair.passes = (datagram) => {
        const { message } = read(pair, datagram)
        if (datagram.from === name && !message.isResponse) requests.push(message.exchangeType)
        return true
      }
      pair.tell(name, { type: 'livenessRequested' })
      pair.settle()
      pair.tell(name, { type: 'childSaRequested' })
      pair.settle()
      expect(requests).toEqual([EXCHANGE.INFORMATIONAL, EXCHANGE.CREATE_CHILD_SA])
    }
    expect(BOTH.map((name) => pair[name].session.state.mobike?.role)).toEqual(['initiator', 'responder'])
  })

  it.each(BOTH)(
    'A031 F20 F46 an IKE SA rekey by the %s keeps role, peer addresses and NAT state; the baseline goes',
    (name) => {
      const pair = new Pair({ livenessMs: null }, { livenessMs: null })
      pair.route = ({ from, path }) =>
        from === 'client'
          ? { local: path.remote, remote: { address: '203.0.113.7', port: 30_000 + path.local.port } }
          : { local: { address: '10.1.0.2', port: path.remote.port - 30_000 }, remote: path.local }
      pair.establish()
      pair.advance(1000)
      expect(pair.client.session.state.mobike?.natBaseline).not.toBeNull()
      const kept = () =>
        BOTH.map((side) => {
          const {
            role,
            natTraversal,
            nat,
            peerAddresses,
            announced,
            verified,
            ikePath,
            childPath,
            encapsulate,
            keepalive
          } = pair[side].session.state.mobike ?? {}
          const behind = [nat?.localBehindNat, nat?.remoteBehindNat]
          // The UPDATE that follows behind a NAT proves them again.
          const proven = verified?.map(({ address }) => address)
          return {
            role,
            natTraversal,
            behind,
            peerAddresses,
            announced,
            proven,
            ikePath,
            childPath,
            encapsulate,
            keepalive
          }
        })
      const before = kept()
      pair.tell(name, { type: 'ikeSaRekeyRequested' })
      const baselines: unknown[] = []
      while (pair.wire.length > 0) {
        pair.deliver(pair.wire.shift() as Datagram)
        if (pair.ikeSa('client').generation === 1) baselines.push(pair.client.session.state.mobike?.natBaseline)
      }
      expect(BOTH.map((side) => pair.ikeSa(side).generation)).toEqual([1, 1])
      expect(kept()).toEqual(before)
      expect(baselines[0]).toBeNull()
    }
  )

  it('D33 a new session of the same peer starts with nothing of the old one: MOBIKE and addresses are said again', () => {
    const first = new Pair().establish()
    first.tell('gateway', {
      type: 'localAddressesChanged',
      addresses: [{ address: '192.0.2.1' }, { address: '203.0.113.55' }]
    })
    first.settle()
    expect(first.client.session.state.mobike?.peerAddresses).toContain('203.0.113.55')
    first.tell('client', { type: 'closeRequested' })
    first.settle()
    expect(first.client.session.state.mobike).toBeNull()
    const second = new Pair({}, { mobike: null }).establish()
    expect(second.client.session.state.mobike).toBeNull()
    const third = new Pair().establish()
    expect(third.client.session.state.mobike?.peerAddresses).toEqual(['192.0.2.1', '198.51.100.1'])
  })
})

describe('a rekey by the gateway whose answer is lost with the address that it went to', () => {
  it('F56 F40 the UPDATE goes on the old IKE SA, however late, and both go on', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
    let here = '10.1.0.2'
    pair.route = ({ from, path }) => {
      const client = from === 'client' ? path.local.address : path.remote.address
      return client === here ? { local: path.remote, remote: path.local } : undefined
    }
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    pair.wire = []
    // A list is under way when the address goes, so that the UPDATE has to wait for its answer.
    move(pair, here, '10.2.0.2')
    here = '10.2.0.2'
    move(pair, here)
    // All of that is lost too, and the client sleeps beyond the time at which the new IKE SA would take over.
    pair.wire = []
    pair.now += 98_000
    pair.advance(120_000)
    for (const name of BOTH) expect(pair.ikeSa(name).generation).toBe(1)
    expect(disagreement(pair)).toBeUndefined()
    expect(disagreementOnPaths(pair)).toBeUndefined()
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe(here)
  })
})

describe('a peer that makes a new IKE SA and forgets the old one without a Delete', () => {
  it.each([DEFAULT_MOBIKE_POLICY, null])(
    'is found on the new one, although it never says anything unasked',
    (mobike) => {
      const pair = new Pair({ livenessMs: 20_000, mobike }, { livenessMs: null, mobike }).establish()
      const old = pair.ikeSa('client').initiatorSpi
      let isQuiet = false
      // Of the old IKE SA nothing passes any more once the rekey was answered, and so the gateway's Delete neither.
      pair.passes = ({ bytes }) => !isQuiet || !toHex(bytes).includes(old)
      pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
      pair.deliver(pair.wire.shift() as Datagram)
      isQuiet = true
      pair.settle()
      expect([pair.ikeSa('gateway').generation, pair.ikeSa('client').generation]).toEqual([1, 0])
      pair.advance(600_000)
      for (const name of BOTH) expect([pair.phase(name), pair.ikeSa(name).generation]).toEqual(['established', 1])
    }
  )
})

describe('a Delete of a replaced IKE SA that nobody answers', () => {
  it('B054 B059 does not stand in for the check that a hint asks for', () => {
    const pair = new Pair({ livenessMs: null, mobike: null }, { livenessMs: 600_000, mobike: null }).establish()
    const old = pair.ikeSa('gateway').initiatorSpi
    pair.passes = ({ bytes }) => bytes[22] !== EXCHANGE.INFORMATIONAL || !toHex(bytes).includes(old)
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.settle()
    pair.advance(5000)
    const before = pair.sent.length
    pair.tell('gateway', { type: 'hintReceived', hint: 'icmpError' })
    expect(pair.sent.slice(before).map(({ bytes }) => toHex(bytes).includes(old))).toEqual([false])
  })

  it.each([DEFAULT_MOBIKE_POLICY, null])('B059 is no liveness check of the new one', (mobike) => {
    const pair = new Pair({ livenessMs: null, mobike }, { livenessMs: 30_000, mobike }).establish()
    const old = pair.ikeSa('gateway').initiatorSpi
    pair.passes = ({ bytes }) => bytes[22] !== EXCHANGE.INFORMATIONAL || !toHex(bytes).includes(old)
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.settle()
    expect(pair.ikeSa('gateway').generation).toBe(1)
    const before = pair.sent.length
    pair.advance(30_001)
    const asked = pair.sent.slice(before).filter(({ from, bytes }) => from === 'gateway' && !toHex(bytes).includes(old))
    expect(asked).toHaveLength(1)
  })
})

describe('COOKIE2', () => {
  it('A133 is another one in every request of a session, from either side', () => {
    const routability = { ...DEFAULT_MOBIKE_POLICY.routability, periodicMs: 5000, validMs: 1 }
    const mobike = { ...DEFAULT_MOBIKE_POLICY, routability }
    const pair = new Pair({ mobike }, { mobike }).establish()
    pair.isThorough = false
    const cookies: Record<SideName, string[]> = { client: [], gateway: [] }
    pair.passes = (datagram) => {
      const { message, payloads } = read(pair, datagram)
      for (const payload of message.isResponse ? [] : payloads) {
        if (payload.kind === 'notify' && payload.type === COOKIE2) cookies[datagram.from].push(toHex(payload.data))
      }
      return true
    }
    for (let i = 0; i < 20; i++) {
      move(pair, i % 2 === 0 ? '10.2.0.2' : '10.1.0.2')
      pair.advance(6000)
      pair.tell('client', { type: 'updateRequested' })
      pair.settle()
    }
    for (const name of BOTH) expect(cookies[name].length).toBeGreaterThan(20)
    const all = [...cookies.client, ...cookies.gateway]
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('authorisation', () => {
  /** What the gateway answers to a Child SA with these client selectors. */
  function childFor(pair: Pair, address: string): (string | number)[] {
    const payloads = createChildPayloads({
      proposals: offerChild(CLIENT_OPTIONS.childProposals, Uint8Array.of(7, 7, 7, 7), 'createChild'),
      selectorsInitiator: [prefixSelector(address, 32)],
      selectorsResponder: [prefixSelector('10.9.0.0', 16)],
      nonce: new Uint8Array(32).fill(7),
      publicValue: null,
      rekeyedSpi: null
    })
    const messageId = pair.ikeSa('gateway').responses.nextMessageId
    const [sent] = datagramsIn(
      pair.deliver(forge(pair, 'client', { exchangeType: EXCHANGE.CREATE_CHILD_SA, messageId, payloads }))
    )
    return sent === undefined ? [] : kinds(read(pair, { from: 'gateway', ...sent }).payloads)
  }

  it('A140 A141 A142 D36 selectors come from what the identity was given, not from where its packets come: before and after a move', () => {
    const pair = new Pair().establish()
    const outer = () => pair.gateway.session.state.mobike?.ikePath.remote.address as string
    expect(outer()).toBe('10.1.0.2')
    expect(childFor(pair, outer())).toEqual([NOTIFY.TS_UNACCEPTABLE])
    expect(childFor(pair, '10.3.0.7')).toContain('securityAssociation')
    const moving = new Pair().establish()
    move(moving, '10.2.0.2')
    moving.settle()
    for (const address of ['10.1.0.2', '10.2.0.2']) {
      const peer = new Pair().establish()
      move(peer, '10.2.0.2')
      peer.settle()
      expect(childFor(peer, address)).toEqual([NOTIFY.TS_UNACCEPTABLE])
    }
    expect(childFor(moving, '10.3.0.7')).toContain('securityAssociation')
  })

  it.each(BOTH)(
    'A143 D36 the %s says that it moved, so that its caller can close Child SAs that were good for the old place',
    (name) => {
      const pair = new Pair().establish()
      move(pair, '10.2.0.2')
      pair.settle()
      const kind = name === 'client' ? 'moved' : 'peerMoved'
      expect(mobikeReports(pair[name].actions).map((report) => report.kind)).toContain(kind)
      pair.tell(name, { type: 'childSaDeleteRequested', id: pair.childIds(name)[0] as number })
      pair.settle()
      expect([pair.childIds(name), pair.childIds(other(name))]).toEqual([[], []])
      expect(pair.phase(name)).toBe('established')
    }
  )
})
