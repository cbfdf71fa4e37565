import { describe, expect, it } from 'vitest'
import { ipAddressBytes, type Path } from '../../src/bytes/index.ts'
import { decodeMessage, EXCHANGE, encodeMessage, NOTIFY, notify } from '../../src/codec/index.ts'
import type { NotifyPayload, Payload } from '../../src/codec/types.ts'
import { createChildPayloads, offerChild, prefixSelector } from '../../src/ike/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import type { Session, SessionOptions } from '../../src/session/index.ts'
import { forge, kinds, marked, read, unmarked } from './forge.ts'
import { CLIENT_OPTIONS, type Datagram, datagramsIn, other, Pair, reversed, type SideName } from './pair.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']
const { MOBIKE_SUPPORTED, ADDITIONAL_IP4_ADDRESS, UPDATE_SA_ADDRESSES, COOKIE2, NO_NATS_ALLOWED } = NOTIFY
const FORBID = { mobike: { ...DEFAULT_MOBIKE_POLICY, natTraversal: 'forbid' as const } }

const exchangeOf = (datagram: Datagram): number => unmarked(datagram)[18] as number
const additional = (address: string): NotifyPayload => notify(ADDITIONAL_IP4_ADDRESS, ipAddressBytes(address))
const notifiesOf = (payloads: readonly Payload[], type: number): NotifyPayload[] =>
  payloads.flatMap((payload) => (payload.kind === 'notify' && payload.type === type ? [payload] : []))

/** What both sides say in IKE_SA_INIT and IKE_AUTH, in order. */
function spoken(pair: Pair): { readonly exchange: number; readonly payloads: readonly Payload[] }[] {
  const seen: ReturnType<typeof spoken> = []
  pair.passes = (datagram) => {
    seen.push({ exchange: exchangeOf(datagram), payloads: read(pair, datagram).payloads })
    return true
  }
  return seen
}

/** Establishes a session in which one side's IKE_AUTH message holds other payloads. */
function withAuth(pair: Pair, from: SideName, edit: (payloads: readonly Payload[]) => readonly Payload[]): Pair {
  if (pair.sent.length === 0) pair.connect()
  const isIt = (datagram: Datagram): boolean => datagram.from === from && exchangeOf(datagram) === EXCHANGE.IKE_AUTH
  for (let next = pair.wire.shift(); next !== undefined && !isIt(next); next = pair.wire.shift()) pair.deliver(next)
  const real = pair.sent.at(-1) as Datagram
  const { message, payloads } = read(pair, real)
  const { exchangeType, isResponse, messageId } = message
  pair.deliver(forge(pair, from, { exchangeType, isResponse, messageId, payloads: edit(payloads), path: real.path }))
  pair.settle()
  return pair
}

/** The client's IKE_SA_INIT request with a payload more, which the client then takes for its own. */
function withInit(pair: Pair, extra: readonly Payload[]): Pair {
  pair.connect()
  const real = pair.wire.shift() as Datagram
  const decoded = decodeMessage(real.bytes)
  if (!decoded.ok) throw new Error('no IKE_SA_INIT')
  const bytes = encodeMessage({ ...decoded.value, payloads: [...decoded.value.payloads, ...extra] })
  const { session } = pair.client
  const phase = { ...session.state.phase, request: bytes } as Session['state']['phase']
  pair.client.session = { ...session, state: { ...session.state, phase } }
  pair.deliver({ ...real, bytes })
  pair.settle()
  return pair
}

const mobikeOf = (pair: Pair) => BOTH.map((name) => pair[name].session.state.mobike !== null)

describe('MOBIKE_SUPPORTED', () => {
  it('A021 A022 A028 A029 D2 E4.7 stands in both IKE_AUTH messages beside the SA payload, without data; the addresses too', () => {
    const pair = new Pair().connect()
    const addresses = [{ address: '10.1.0.2' }, { address: '10.7.0.2' }]
    pair.tell('client', { type: 'localAddressesChanged', addresses })
    const seen = spoken(pair)
    pair.settle()
    expect(mobikeOf(pair)).toEqual([true, true])
    const [init, request, response] = [seen.slice(0, -2), ...seen.slice(-2)]
    for (const { payloads } of init as typeof seen) expect(notifiesOf(payloads, MOBIKE_SUPPORTED)).toEqual([])
    for (const [said, listed] of [
      [request, '10.7.0.2'],
      [response, '198.51.100.1']
    ] as const) {
      const { payloads = [] } = (said ?? {}) as { payloads?: readonly Payload[] }
      expect(kinds(payloads)).toContain('securityAssociation')
      expect(notifiesOf(payloads, MOBIKE_SUPPORTED)).toEqual([notify(MOBIKE_SUPPORTED)])
      expect(notifiesOf(payloads, ADDITIONAL_IP4_ADDRESS)).toEqual([additional(listed)])
      expect(notifiesOf(payloads, NOTIFY.NO_ADDITIONAL_ADDRESSES)).toEqual([])
    }
  })

  it.each(BOTH)('A125 D2 data in that of the %s is ignored', (from) => {
    const pair = withAuth(new Pair(), from, (payloads) =>
      payloads.map((payload) =>
        payload.kind === 'notify' && payload.type === MOBIKE_SUPPORTED
          ? { ...payload, data: Uint8Array.of(1, 2, 3) }
          : payload
      )
    )
    expect(mobikeOf(pair)).toEqual([true, true])
  })

  it.each(BOTH)(
    'A023 F21 without that of the %s MOBIKE is not in force, and the other side sends nothing of it',
    (from) => {
      const off = { mobike: null }
      const pair = (from === 'client' ? new Pair(off) : new Pair({}, off)).connect()
      const seen = spoken(pair)
      pair.settle()
      expect(mobikeOf(pair)).toEqual([false, false])
      const answer = seen.at(-1)?.payloads ?? []
      expect(notifiesOf(answer, MOBIKE_SUPPORTED)).toEqual([])
      expect(notifiesOf(answer, ADDITIONAL_IP4_ADDRESS)).toEqual([])
    }
  )

  it('F39 MOBIKE notifications in IKE_SA_INIT mean nothing', () => {
    const early = [notify(MOBIKE_SUPPORTED), notify(UPDATE_SA_ADDRESSES), additional('203.0.113.9')]
    expect(mobikeOf(withInit(new Pair({ mobike: null }), early))).toEqual([false, false])
    const pair = withInit(new Pair(), early)
    expect(mobikeOf(pair)).toEqual([true, true])
    expect(pair.gateway.session.state.mobike?.peerAddresses).toEqual(['10.1.0.2'])
  })
})

describe('where a session starts', () => {
  it('A025 D3 IKE SA and Child SA of the gateway start at the source of the first IKE_AUTH request', () => {
    const pair = new Pair()
    pair.route = (datagram) => {
      const path = reversed(datagram.path)
      if (datagram.from === 'gateway') return path
      const isInit = exchangeOf(datagram) === EXCHANGE.IKE_SA_INIT
      return { ...path, remote: isInit ? path.remote : { address: '203.0.113.20', port: 61_234 } }
    }
    pair.connect().settle()
    const path: Path = {
      local: { address: '192.0.2.1', port: 4500 },
      remote: { address: '203.0.113.20', port: 61_234 }
    }
    expect(pair.gateway.session.state.mobike).toMatchObject({ ikePath: path, childPath: path })
    expect(pair.gateway.actions.find(({ type }) => type === 'installChildSa')).toMatchObject({ path })
  })

  it('A026 A027 D3 the client goes to port 4500 with IKE_AUTH although it cannot know yet whether the peer has MOBIKE', () => {
    for (const gateway of [{}, { mobike: null }]) {
      const pair = new Pair({}, gateway).establish()
      const auth = pair.sent.find((datagram) => exchangeOf(datagram) === EXCHANGE.IKE_AUTH)
      expect([auth?.path.local.port, auth?.path.remote.port]).toEqual([4500, 4500])
      // No NAT was detected.
      expect(pair.client.session.state.nat.observation).toMatchObject({ localBehindNat: false, remoteBehindNat: false })
    }
  })

  it('A030 A031 the lists of IKE_AUTH are stored, and nothing else happens for a minute', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).connect()
    pair.tell('client', {
      type: 'localAddressesChanged',
      addresses: [{ address: '10.1.0.2' }, { address: '10.7.0.2' }]
    })
    pair.settle()
    expect(pair.client.session.state.mobike?.peerAddresses).toEqual(['192.0.2.1', '198.51.100.1'])
    expect(pair.gateway.session.state.mobike?.peerAddresses).toEqual(['10.1.0.2', '10.7.0.2'])
    const { length } = pair.sent
    pair.advance(60_000)
    expect(pair.sent).toHaveLength(length)
    for (const name of BOTH) expect(pair[name].actions.some(({ type }) => type === 'moveChildSas')).toBe(false)
  })

  it('A147 D37 F65 addresses that are excluded or not to be disclosed are not in IKE_AUTH', () => {
    const pair = new Pair()
    pair.connect()
    pair.tell('client', {
      type: 'localAddressesChanged',
      addresses: [{ address: '10.1.0.2' }, { address: '10.3.0.7' }, { address: '10.8.0.2', advertise: false }]
    })
    pair.tell('client', { type: 'excludedPrefixesChanged', prefixes: [{ address: '10.3.0.0', prefixLength: 16 }] })
    const seen = spoken(pair)
    pair.settle()
    const request = seen.at(-2)?.payloads ?? []
    expect(notifiesOf(request, MOBIKE_SUPPORTED)).toHaveLength(1)
    expect(notifiesOf(request, ADDITIONAL_IP4_ADDRESS)).toEqual([])
    expect(pair.gateway.session.state.mobike?.peerAddresses).toEqual(['10.1.0.2'])
  })
})

describe('before IKE_AUTH has been answered', () => {
  /** A client with two addresses whose IKE_AUTH request nobody answers. */
  function unanswered(options: Partial<SessionOptions>): { readonly pair: Pair; readonly copies: Datagram[] } {
    const pair = new Pair(options, options).connect()
    const addresses = [{ address: '10.1.0.2' }, { address: '10.7.0.2' }]
    pair.tell('client', { type: 'localAddressesChanged', addresses })
    const copies: Datagram[] = []
    pair.passes = (datagram) => {
      if (exchangeOf(datagram) !== EXCHANGE.IKE_AUTH) return true
      copies.push(datagram)
      return false
    }
    pair.settle()
    pair.advance(20_000)
    return { pair, copies }
  }

  it.each([
    ['F14 with NAT traversal', {}],
    ['F14 E4.13 under NAT prohibition', FORBID]
  ])('%s the request is no path test: every copy is the same, on the same pair', (_, options) => {
    const { copies } = unanswered(options)
    expect(copies.length).toBeGreaterThan(3)
    for (const copy of copies) expect([copy.path, copy.bytes]).toEqual([copies[0]?.path, copies[0]?.bytes])
  })

  it('F25 what the caller wished meanwhile comes to nothing when the peer turns out to have no MOBIKE', () => {
    const pair = new Pair({}, { mobike: null }).connect()
    for (let i = 0; i < 3; i++) pair.deliver(pair.wire.shift() as Datagram)
    expect(pair.phase('client')).toBe('expectAuthResponse')
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.7.0.2' }] })
    pair.tell('client', { type: 'hintReceived', hint: 'linkTrouble' })
    const ignored = pair.tell('client', { type: 'updateRequested' })
    expect(ignored).toMatchObject([{ type: 'report', report: { kind: 'eventIgnored' } }])
    pair.settle()
    pair.advance(5000)
    expect(pair.phase('client')).toBe('established')
    expect(pair.sent).toHaveLength(4)
    expect(pair.client.session.state.path?.local.address).toBe('10.1.0.2')
  })
})

describe('without MOBIKE', () => {
  it.each(BOTH)(
    'A-O7 F21 MOBIKE notifications sent to the %s are unknown: an empty answer, nothing changes',
    (name) => {
      const pair = new Pair({ mobike: null }, { mobike: null }).establish()
      const from = other(name)
      const payloads = [
        notify(UPDATE_SA_ADDRESSES),
        additional('203.0.113.9'),
        notify(COOKIE2, new Uint8Array(16)),
        notify(NO_NATS_ALLOWED, new Uint8Array(12)),
        notify(NOTIFY.NAT_DETECTION_SOURCE_IP, new Uint8Array(20)),
        notify(NOTIFY.NAT_DETECTION_DESTINATION_IP, new Uint8Array(20))
      ]
      const { path, children } = pair[name].session.state
      const messageId = pair.ikeSa(from).requests.nextMessageId
      const actions = pair.deliver(forge(pair, from, { messageId, payloads }))
      const [sent] = datagramsIn(actions)
      expect(sent && read(pair, { from: name, ...sent }).payloads).toEqual([])
      expect(pair[name].session.state.path).toEqual(path)
      expect(pair[name].session.state.children).toEqual(children)
      expect(actions.some(({ type }) => type === 'moveChildSas')).toBe(false)
    }
  )

  it('F22 nothing roams: the session stays on its addresses, whatever the caller says of his', () => {
    const pair = new Pair({ mobike: null }, { mobike: null }).establish()
    const before = BOTH.map((name) => pair[name].session.state.path)
    const { length } = pair.sent
    for (const addresses of [
      [{ address: '10.7.0.2' }],
      [],
      [{ address: '10.1.0.2' }, { address: '10.7.0.2', cost: -9 }]
    ]) {
      pair.tell('client', { type: 'localAddressesChanged', addresses })
      pair.tell('gateway', { type: 'localAddressesChanged', addresses })
      pair.settle()
      pair.advance(3000)
    }
    expect(BOTH.map((name) => pair[name].session.state.path)).toEqual(before)
    expect(pair.sent).toHaveLength(length)
    for (const name of BOTH) expect(pair[name].actions.some(({ type }) => type === 'moveChildSas')).toBe(false)
  })
})

describe('CREATE_CHILD_SA', () => {
  const request = (extra: readonly Payload[]): readonly Payload[] => [
    ...createChildPayloads({
      proposals: offerChild(CLIENT_OPTIONS.childProposals, Uint8Array.of(9, 9, 9, 9), 'createChild'),
      selectorsInitiator: [prefixSelector('10.3.0.7', 32)],
      selectorsResponder: [prefixSelector('10.9.0.0', 16)],
      nonce: new Uint8Array(32).fill(7),
      publicValue: null,
      rekeyedSpi: null
    }),
    ...extra
  ]
  const ask = (pair: Pair, extra: readonly Payload[], path?: Path) => {
    const messageId = pair.ikeSa('client').requests.nextMessageId
    const exchangeType = EXCHANGE.CREATE_CHILD_SA
    const forged = forge(pair, 'client', { exchangeType, messageId, payloads: request(extra) })
    const from = path ?? forged.path
    const actions = pair.deliver({ ...forged, path: from, bytes: marked(reversed(from), unmarked(forged)) })
    const [sent] = datagramsIn(actions)
    return { actions, answer: sent === undefined ? [] : read(pair, { from: 'gateway', ...sent }).payloads }
  }

  it('D38 F39 COOKIE2 is not echoed, UPDATE_SA_ADDRESSES and lists have no effect: they belong to INFORMATIONAL', () => {
    const pair = new Pair().establish()
    const before = pair.gateway.session.state.mobike
    const elsewhere = { ...reversed(before?.ikePath as Path), local: { address: '203.0.113.5', port: 4500 } }
    const extra = [notify(COOKIE2, new Uint8Array(16)), notify(UPDATE_SA_ADDRESSES), additional('203.0.113.9')]
    const { answer } = ask(pair, extra, elsewhere)
    expect(kinds(answer)).toContain('securityAssociation')
    expect(answer.filter(({ kind }) => kind === 'notify')).toEqual([])
    expect(pair.gateway.session.state.mobike).toEqual(before)
  })

  it('A002 D27 USE_TRANSPORT_MODE is not agreed to: Child SAs are tunnels, the only ones that move', () => {
    const pair = new Pair().establish()
    const { answer } = ask(pair, [notify(NOTIFY.USE_TRANSPORT_MODE)])
    // RFC 7296 section 1.3.1: declined by leaving it out; the Child SA is then in tunnel mode.
    expect(kinds(answer)).toContain('securityAssociation')
    expect(kinds(answer)).not.toContain(NOTIFY.USE_TRANSPORT_MODE)
    const honest = new Pair().establish()
    const seen = spoken(honest)
    for (const name of BOTH) honest.tell(name, { type: 'childSaRequested' })
    honest.settle()
    expect(seen.length).toBeGreaterThan(3)
    for (const { payloads } of seen) expect(kinds(payloads)).not.toContain(NOTIFY.USE_TRANSPORT_MODE)
  })

  it('A024 D3 a request that comes from elsewhere makes a Child SA on the addresses of the IKE SA, not on its own', () => {
    const pair = new Pair().establish()
    const { ikePath, childPath } = pair.gateway.session.state.mobike ?? {}
    const elsewhere = { ...reversed(ikePath as Path), local: { address: '203.0.113.5', port: 999 } }
    const { actions } = ask(pair, [], elsewhere)
    expect(datagramsIn(actions)[0]?.path).toEqual(reversed(elsewhere))
    expect(actions.find(({ type }) => type === 'installChildSa')).toMatchObject({ path: childPath })
  })
})
