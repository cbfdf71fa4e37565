import { describe, expect, it } from 'vitest'
import { type Endpoint, type Path, toHex } from '../../src/bytes/index.ts'
import { NOTIFY } from '../../src/codec/index.ts'
import type { SessionAction, SessionOptions } from '../../src/session/index.ts'
import { kinds, read, unmarked } from './forge.ts'
import { Nat } from './nat.ts'
import { type Datagram, datagramsIn, mobikeReports, Pair, reversed, type SideName } from './pair.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']
const { UPDATE_SA_ADDRESSES, COOKIE2, NAT_DETECTION_SOURCE_IP, ADDITIONAL_IP4_ADDRESS } = NOTIFY

/** A pair whose datagrams only arrive between addresses that the hosts have. */
function reachable(client: Partial<SessionOptions> = {}, gateway: Partial<SessionOptions> = {}): Pair {
  const pair = new Pair(client, gateway)
  const has = (name: SideName, { address }: Endpoint): boolean =>
    pair[name].session.state.surroundings.localAddresses.some((known) => known.address === address)
  pair.route = ({ from, path }) => {
    const to = from === 'client' ? 'gateway' : 'client'
    return has(from, path.local) && has(to, path.remote) ? reversed(path) : undefined
  }
  return pair
}

function move(pair: Pair, ...addresses: string[]): void {
  pair.tell('client', { type: 'localAddressesChanged', addresses: addresses.map((address) => ({ address })) })
}

/** Both ends have IKE and Child SAs on the same pair of endpoints (no NAT between them), and the same SAs as before. */
function expectSettled(
  pair: Pair,
  local: string,
  // Where datagrams were lost the client may have gone to the gateway's other address.
  remote = pair.client.session.state.mobike?.ikePath.remote.address ?? ''
): void {
  const path = { local: { address: local, port: 4500 }, remote: { address: remote, port: 4500 } }
  expect(pair.client.session.state.mobike).toMatchObject({ ikePath: path, childPath: path })
  expect(pair.gateway.session.state.mobike).toMatchObject({ ikePath: reversed(path), childPath: reversed(path) })
  for (const name of BOTH) expect(pair.ikeSa(name).requests.outstanding).toEqual([])
}

function spis(pair: Pair): unknown {
  return BOTH.map((name) => [
    pair.ikeSa(name).initiatorSpi,
    pair.ikeSa(name).responderSpi,
    pair[name].session.state.children.map(({ sa }) => [sa.localSpi, sa.remoteSpi])
  ])
}

function movesOf(actions: readonly SessionAction[]): Extract<SessionAction, { type: 'moveChildSas' }>[] {
  return actions.flatMap((action) => (action.type === 'moveChildSas' ? [action] : []))
}

/** Every message from now on, as it is sent. */
function watch(
  pair: Pair
): { at: number; from: SideName; path: Path; isResponse: boolean; kinds: (string | number)[] }[] {
  const seen: ReturnType<typeof watch> = []
  pair.passes = (datagram) => {
    const { message, payloads } = read(pair, datagram)
    seen.push({
      at: pair.now,
      from: datagram.from,
      path: datagram.path,
      isResponse: message.isResponse,
      kinds: kinds(payloads)
    })
    return true
  }
  return seen
}

describe('the client moves', () => {
  it('A042 A046 A054 A057 A065 D28 F45 break before make: one UPDATE from the new address, and all SAs go on under the same SPIs', () => {
    const pair = reachable().establish()
    pair.tell('client', { type: 'childSaRequested' })
    pair.settle()
    const before = spis(pair)
    const seen = watch(pair)
    move(pair, '10.2.0.2')
    pair.settle()
    expectSettled(pair, '10.2.0.2', '192.0.2.1')
    expect(spis(pair)).toEqual(before)
    expect(seen[0]).toMatchObject({ from: 'client', isResponse: false, path: { local: { address: '10.2.0.2' } } })
    expect(seen[0]?.kinds).toContain(UPDATE_SA_ADDRESSES)
    expect(seen[0]?.kinds).toContain(NAT_DETECTION_SOURCE_IP)
    expect(seen.filter(({ kinds: all, isResponse }) => !isResponse && all.includes(UPDATE_SA_ADDRESSES))).toHaveLength(
      1
    )
    for (const name of BOTH) {
      const [moved] = movesOf(pair[name].actions)
      expect(moved?.ids).toEqual(pair.childIds(name))
    }
  })

  it('make before break: the new address is used although the old one still works, if it costs less', () => {
    const pair = reachable().establish()
    pair.tell('client', {
      type: 'localAddressesChanged',
      addresses: [
        { address: '10.1.0.2', cost: 10 },
        { address: '10.2.0.2', cost: 1 }
      ]
    })
    pair.settle()
    pair.advance(5000)
    expectSettled(pair, '10.2.0.2', '192.0.2.1')
    move(pair, '10.2.0.2')
    pair.settle()
    pair.advance(1000)
    expectSettled(pair, '10.2.0.2', '192.0.2.1')
  })

  it('A056 A057 A084 E4.3 the gateway moves traffic only after the new address has returned COOKIE2', () => {
    const pair = reachable().establish()
    const seen = watch(pair)
    move(pair, '10.2.0.2')
    const update = pair.wire.shift() as Datagram
    pair.deliver(update)
    expect(movesOf(pair.gateway.actions)).toEqual([])
    const check = seen.find(
      ({ from, isResponse, kinds: all }) => from === 'gateway' && !isResponse && all.includes(COOKIE2)
    )
    expect(check?.path.remote.address).toBe('10.2.0.2')
    pair.settle()
    const index = pair.gateway.actions.findIndex(({ type }) => type === 'moveChildSas')
    const verified = pair.gateway.actions.findIndex(
      (action) =>
        action.type === 'report' &&
        action.report.kind === 'mobike' &&
        action.report.report.kind === 'routabilityVerified'
    )
    expect(verified).toBeGreaterThan(0)
    expect(verified).toBeLessThan(index)
  })

  it('A048 A049 several moves while nothing gets through end in one consistent place', () => {
    const pair = reachable().establish()
    pair.passes = () => false
    for (const address of ['10.2.0.2', '10.4.0.2', '10.1.0.2', '10.5.0.2', '10.2.0.2']) {
      move(pair, address)
      pair.advance(700)
    }
    pair.passes = () => true
    pair.advance(60_000)
    expectSettled(pair, '10.2.0.2')
  })

  it('F11 F60 without any address nothing is sent and nothing times out, for an hour; then it goes on', () => {
    const pair = reachable({}, { livenessMs: null }).establish()
    const before = spis(pair)
    move(pair)
    const sent = pair.sent.length
    pair.advance(3_600_000)
    expect(pair.sent).toHaveLength(sent)
    move(pair, '10.2.0.2')
    pair.settle()
    pair.advance(5000)
    expectSettled(pair, '10.2.0.2', '192.0.2.1')
    expect(spis(pair)).toEqual(before)
  })

  it('F40 the same address after an outage is told with an UPDATE', () => {
    const pair = reachable().establish()
    move(pair)
    const seen = watch(pair)
    move(pair, '10.1.0.2')
    pair.settle()
    expect(seen[0]?.kinds).toContain(UPDATE_SA_ADDRESSES)
    expectSettled(pair, '10.1.0.2', '192.0.2.1')
  })

  it('F54 F63 the same addresses again lead to no message', () => {
    const pair = reachable().establish()
    const sent = pair.sent.length
    move(pair, '10.1.0.2')
    pair.settle()
    pair.advance(5000)
    expect(pair.sent).toHaveLength(sent)
  })

  it('A045 F05 F47 a request that was on its way goes on from the new address as the same octets, before the UPDATE', () => {
    const pair = reachable().establish()
    pair.tell('client', { type: 'childSaRequested' })
    const request = pair.wire.shift() as Datagram
    move(pair, '10.2.0.2')
    const again = pair.wire[0] as Datagram
    expect(again.bytes).toEqual(request.bytes)
    expect(again.path.local.address).toBe('10.2.0.2')
    pair.settle()
    pair.advance(3000)
    expectSettled(pair, '10.2.0.2', '192.0.2.1')
    expect(pair.childIds('gateway')).toHaveLength(2)
  })

  it('F45 without any Child SA a move works all the same', () => {
    const pair = reachable().establish()
    pair.tell('client', { type: 'childSaDeleteRequested', id: pair.childIds('client')[0] as number })
    pair.settle()
    move(pair, '10.2.0.2')
    pair.settle()
    expectSettled(pair, '10.2.0.2', '192.0.2.1')
  })

  it('F42 F68 a host that cannot migrate its Child SAs goes back to where they are', () => {
    const pair = reachable().establish()
    pair.move = (name) =>
      name === 'client' ? { type: 'childSaMoveFailed', reason: 'no migration here' } : { type: 'childSasMoved' }
    pair.tell('client', {
      type: 'localAddressesChanged',
      addresses: [{ address: '10.1.0.2', cost: 9 }, { address: '10.2.0.2' }]
    })
    pair.advance(20_000)
    expectSettled(pair, '10.1.0.2', '192.0.2.1')
    expect(mobikeReports(pair.client.actions)).toContainEqual({ kind: 'moveFailed', reason: 'no migration here' })
  })

  it('IPv4 to IPv6 and back', () => {
    const pair = reachable()
    pair.connect()
    const gateway = [{ address: '192.0.2.1' }, { address: '2001:db8::1' }]
    pair.tell('gateway', { type: 'localAddressesChanged', addresses: gateway })
    pair.settle()
    const before = spis(pair)
    move(pair, '2001:db8:1::2')
    pair.settle()
    pair.advance(5000)
    expectSettled(pair, '2001:db8:1::2', '2001:db8::1')
    move(pair, '10.2.0.2')
    pair.settle()
    pair.advance(5000)
    expectSettled(pair, '10.2.0.2', '192.0.2.1')
    expect(spis(pair)).toEqual(before)
  })

  it('an old address that comes to life after the move changes nothing: late datagrams are repeats', () => {
    const pair = reachable().establish()
    pair.tell('client', { type: 'livenessRequested' })
    const old = pair.wire.shift() as Datagram
    pair.deliver(old)
    pair.settle()
    move(pair, '10.2.0.2')
    pair.settle()
    const { state } = pair.gateway.session
    const actions = pair.tell('gateway', { type: 'datagramReceived', path: reversed(old.path), bytes: old.bytes })
    expect(pair.gateway.session.state).toEqual(state)
    expect(datagramsIn(actions).length).toBeLessThanOrEqual(1)
  })
})

describe('the gateway moves', () => {
  it('A067 A069 A070 A074 its new address list reaches the client', () => {
    const pair = reachable().establish()
    const seen = watch(pair)
    pair.tell('gateway', {
      type: 'localAddressesChanged',
      addresses: [{ address: '192.0.2.1' }, { address: '198.51.100.1' }, { address: '203.0.113.99' }]
    })
    pair.settle()
    expect(seen[0]?.from).toBe('gateway')
    expect(seen[0]?.kinds.filter((kind) => kind === ADDITIONAL_IP4_ADDRESS)).toHaveLength(2)
    expect(mobikeReports(pair.client.actions)).toContainEqual({
      kind: 'peerAddresses',
      addresses: ['192.0.2.1', '198.51.100.1', '203.0.113.99']
    })
    expectSettled(pair, '10.1.0.2', '192.0.2.1')
  })

  it('A039 A078 F16 its address vanishes: it says so from another one, and the client moves there', () => {
    const pair = reachable().establish()
    const before = spis(pair)
    pair.tell('gateway', { type: 'localAddressesChanged', addresses: [{ address: '198.51.100.1' }] })
    pair.settle()
    pair.advance(10_000)
    expectSettled(pair, '10.1.0.2', '198.51.100.1')
    expect(spis(pair)).toEqual(before)
  })

  it('A038 A112 A114 its address dies without a word: the client finds the other one by itself', () => {
    const pair = reachable().establish()
    const alive = pair.route
    pair.route = (datagram) => {
      const { from, path } = datagram
      const end = from === 'gateway' ? path.local.address : path.remote.address
      return end === '192.0.2.1' ? undefined : alive(datagram)
    }
    pair.tell('client', { type: 'livenessRequested' })
    pair.advance(20_000)
    expect(pair.client.session.state.mobike?.ikePath.remote.address).toBe('198.51.100.1')
    expect(pair.gateway.session.state.mobike?.childPath.local.address).toBe('198.51.100.1')
  })

  it('A003 both move at once, and find each other', () => {
    const pair = reachable().establish()
    pair.tell('gateway', { type: 'localAddressesChanged', addresses: [{ address: '198.51.100.1' }] })
    move(pair, '10.2.0.2')
    pair.advance(30_000)
    expectSettled(pair, '10.2.0.2', '198.51.100.1')
  })
})

describe('moves and rekeys at once', () => {
  const rekeys: readonly [string, (pair: Pair) => void][] = [
    [
      'the client’s Child SA rekey',
      (pair) => void pair.tell('client', { type: 'childSaRekeyRequested', id: pair.childIds('client')[0] as number })
    ],
    [
      'the gateway’s Child SA rekey',
      (pair) => void pair.tell('gateway', { type: 'childSaRekeyRequested', id: pair.childIds('gateway')[0] as number })
    ],
    ['the client’s IKE SA rekey', (pair) => void pair.tell('client', { type: 'ikeSaRekeyRequested' })],
    ['the gateway’s IKE SA rekey', (pair) => void pair.tell('gateway', { type: 'ikeSaRekeyRequested' })],
    [
      'IKE SA rekeys of both',
      (pair) => {
        for (const name of BOTH) pair.tell(name, { type: 'ikeSaRekeyRequested' })
      }
    ]
  ]

  it.each(rekeys)('B212 D39 F20 F56 a move before each datagram of %s', (_, rekey) => {
    for (let moment = 0; moment < 10; moment++) {
      const pair = reachable().establish()
      rekey(pair)
      for (let i = 0; i < moment && pair.wire.length > 0; i++) pair.deliver(pair.wire.shift() as Datagram)
      move(pair, '10.2.0.2')
      pair.settle()
      pair.advance(90_000)
      expectSettled(pair, '10.2.0.2', '192.0.2.1')
      expect(pair.childIds('client')).toHaveLength(1)
      expect(pair.client.session.state.ikeSas).toHaveLength(1)
      expect(pair.gateway.session.state.ikeSas).toHaveLength(1)
    }
  })

  it.each(rekeys)('B212 a move during %s, with every loss pattern of the next six datagrams', (_, rekey) => {
    for (let mask = 0; mask < 64; mask++) {
      const pair = reachable().establish()
      pair.isThorough = false
      let count = 0
      rekey(pair)
      pair.copies = () => ((mask >> count++) & 1 ? [] : [5])
      move(pair, '10.2.0.2')
      pair.advance(150_000)
      pair.copies = () => [0]
      expectSettled(pair, '10.2.0.2')
      expect(pair.ikeSa('client').responderSpi).toBe(pair.ikeSa('gateway').responderSpi)
    }
  })

  it('A-O9 an UPDATE on the old IKE SA that arrives after the peer has gone over to the new one is carried out', () => {
    const pair = reachable().establish()
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    const response = pair.wire.shift() as Datagram
    // The client has a successor and still speaks on the old IKE SA, from its new address.
    move(pair, '10.2.0.2')
    const update = pair.wire.shift() as Datagram
    pair.wire = []
    pair.tell('gateway', { type: 'datagramReceived', path: reversed(response.path), bytes: response.bytes })
    expect(pair.ikeSa('gateway').generation).toBe(1)
    pair.wire = []
    pair.deliver(update)
    expect(pair.gateway.session.state.mobike?.ikePath.remote.address).toBe('10.2.0.2')
    pair.settle()
    pair.advance(30_000)
    expectSettled(pair, '10.2.0.2', '192.0.2.1')
  })

  it('A-O9 A050 an UPDATE on the old IKE SA that is overtaken by one on the new changes nothing', () => {
    const pair = reachable().establish()
    pair.tell('client', { type: 'livenessRequested' })
    pair.settle()
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    const response = pair.wire.shift() as Datagram
    pair.tell('client', { type: 'updateRequested' })
    const late = pair.wire.shift() as Datagram
    expect(read(pair, late).message.messageId).toBeGreaterThan(0)
    pair.wire = []
    pair.tell('gateway', { type: 'datagramReceived', path: reversed(response.path), bytes: response.bytes })
    // All else on the old IKE SA is lost, the gateway's Delete too; what is said on the new one is not.
    pair.wire = []
    const oldSpi = toHex(read(pair, late).message.initiatorSpi)
    pair.passes = ({ path, bytes }) => toHex(unmarked({ path, bytes }).subarray(0, 8)) !== oldSpi
    pair.tell('gateway', { type: 'livenessRequested' })
    pair.settle()
    move(pair, '10.4.0.2')
    pair.settle()
    expect(pair.gateway.session.state.mobike?.ikePath.remote.address).toBe('10.4.0.2')
    expect(pair.gateway.session.state.ikeSas).toHaveLength(2)
    const stale = pair.tell('gateway', { type: 'datagramReceived', path: reversed(late.path), bytes: late.bytes })
    expect(datagramsIn(stale)).toHaveLength(1)
    expect(pair.gateway.session.state.mobike?.ikePath.remote.address).toBe('10.4.0.2')
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe('10.4.0.2')
  })

  it('B212 A-O8 a move told on the old IKE SA alone is told on the new one too: strongSwan keeps addresses with each', () => {
    const pair = reachable().establish()
    const oldSpi = pair.ikeSa('client').initiatorSpi
    const updates: string[] = []
    pair.passes = (datagram) => {
      const { message, payloads } = read(pair, datagram)
      if (kinds(payloads).includes(UPDATE_SA_ADDRESSES)) updates.push(toHex(message.initiatorSpi))
      return true
    }
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    // The client moves while the gateway's request is answered but the gateway was not heard on the new IKE SA.
    move(pair, '10.2.0.2')
    pair.settle()
    pair.advance(5000)
    expect(pair.ikeSa('client').generation).toBe(1)
    expect(updates).toEqual([oldSpi, pair.ikeSa('client').initiatorSpi])
    expectSettled(pair, '10.2.0.2', '192.0.2.1')
  })

  it('A006 the roles of MOBIKE stay when the gateway has rekeyed: the client still updates, the gateway never does', () => {
    const pair = reachable().establish()
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.settle()
    expect(pair.ikeSa('client').startedHere).toBe(false)
    const seen = watch(pair)
    move(pair, '10.2.0.2')
    pair.tell('gateway', { type: 'updateRequested' })
    pair.settle()
    pair.advance(5000)
    const updates = seen.filter(({ kinds: all }) => all.includes(UPDATE_SA_ADDRESSES))
    expect(updates.map(({ from }) => from)).toEqual(['client'])
    expectSettled(pair, '10.2.0.2', '192.0.2.1')
  })
})

describe('NATs', () => {
  function inFront(pair: Pair): { client?: Path; gateway?: Path; encapsulate: (boolean | undefined)[] } {
    const one = pair.client.session.state.mobike
    const two = pair.gateway.session.state.mobike
    return {
      ...(one === null ? {} : { client: one.childPath }),
      ...(two === null ? {} : { gateway: two.childPath }),
      encapsulate: [one?.encapsulate, two?.encapsulate]
    }
  }

  it('B219 B223 B224 B231 a move behind a NAT turns encapsulation and keepalives on, a move out of it off', () => {
    const pair = reachable()
    const nat = new Nat(pair)
    pair.establish()
    expect(inFront(pair).encapsulate).toEqual([false, false])
    move(pair, nat.inside)
    pair.settle()
    pair.advance(3000)
    expect(inFront(pair).encapsulate).toEqual([true, true])
    expect(inFront(pair).gateway?.remote).toEqual({ address: nat.outside, port: 40_001 })
    const started = pair.client.actions.filter(({ type }) => type === 'startNatKeepalive')
    expect(started).toMatchObject([{ path: { local: { address: nat.inside, port: 4500 } } }])
    expect(pair.gateway.actions.some(({ type }) => type === 'startNatKeepalive')).toBe(false)
    move(pair, '10.1.0.2')
    pair.settle()
    pair.advance(3000)
    expect(inFront(pair).encapsulate).toEqual([false, false])
    // On the private address to which it came back a NAT was suspected until the UPDATE response showed that there is none.
    const keepalives = pair.client.actions.flatMap((action) =>
      action.type === 'startNatKeepalive' || action.type === 'stopNatKeepalive' ? [action] : []
    )
    expect(keepalives.map(({ type, path }) => [type, path.local.address])).toEqual([
      ['startNatKeepalive', nat.inside],
      ['stopNatKeepalive', nat.inside],
      ['startNatKeepalive', '10.1.0.2'],
      ['stopNatKeepalive', '10.1.0.2']
    ])
    expectSettled(pair, '10.1.0.2', '192.0.2.1')
  })

  it('A session that starts behind a NAT encapsulates from the first Child SA on', () => {
    const pair = reachable()
    new Nat(pair, '10.1.0.2')
    pair.establish()
    const installs = BOTH.map((name) => pair[name].actions.find((action) => action.type === 'installChildSa'))
    expect(installs).toMatchObject([
      { encapsulate: true },
      { encapsulate: true, path: { remote: { address: '203.0.113.7' } } }
    ])
  })

  it('A096 A097 A100 A102 a new mapping alone moves nothing on the gateway; the client’s liveness check finds it out and updates', () => {
    const pair = reachable()
    const nat = new Nat(pair, '10.1.0.2')
    pair.establish()
    pair.advance(1000)
    const old = inFront(pair).gateway
    nat.flush()
    pair.tell('client', { type: 'livenessRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    expect(inFront(pair).gateway).toEqual(old)
    pair.settle()
    pair.advance(5000)
    expect(mobikeReports(pair.client.actions)).toContainEqual({ kind: 'natMappingChanged' })
    expect(inFront(pair).gateway?.remote).toEqual({ address: nat.outside, port: 41_001 })
  })

  it('A099 after an IKE SA rekey behind a NAT one UPDATE sets the baseline anew, and liveness checks then match it', () => {
    const pair = reachable()
    new Nat(pair, '10.1.0.2')
    pair.establish()
    pair.advance(1000)
    const seen = watch(pair)
    for (const name of BOTH) {
      pair.tell(name, { type: 'ikeSaRekeyRequested' })
      pair.settle()
      pair.tell('client', { type: 'livenessRequested' })
      pair.settle()
    }
    pair.advance(5000)
    const updates = seen.filter(({ kinds: all }) => all.includes(UPDATE_SA_ADDRESSES))
    expect(updates.map(({ from }) => from)).toEqual(['client', 'client'])
    expect(mobikeReports(pair.client.actions)).not.toContainEqual({ kind: 'natMappingChanged' })
  })

  it('A112 A113 goes to a better pair however slow it is: a test of it is not answered elsewhere', () => {
    const pair = new Pair()
    pair.isThorough = false
    pair.establish()
    pair.copies = ({ path }) => [[path.local.address, path.remote.address].includes('10.4.0.2') ? 400 : 10]
    const addresses = [{ address: '10.1.0.2', cost: 5 }, { address: '10.4.0.2' }]
    pair.tell('client', { type: 'localAddressesChanged', addresses })
    pair.advance(10_000)
    expectSettled(pair, '10.4.0.2')
  })

  it('moves behind a NAT and out of it with every loss pattern of six datagrams', () => {
    for (let mask = 0; mask < 64; mask++) {
      const pair = reachable()
      pair.isThorough = false
      const nat = new Nat(pair)
      pair.establish()
      let count = 0
      pair.copies = () => ((mask >> count++) & 1 ? [] : [5])
      move(pair, nat.inside)
      pair.advance(60_000)
      expect(inFront(pair).encapsulate).toEqual([true, true])
      count = 0
      move(pair, '10.1.0.2')
      pair.advance(60_000)
      pair.copies = () => [0]
      expectSettled(pair, '10.1.0.2')
      expect(inFront(pair).encapsulate).toEqual([false, false])
    }
  })
})
