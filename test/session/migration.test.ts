import { describe, expect, it } from 'vitest'
import { type Endpoint, toHex } from '../../src/bytes/index.ts'
import { EXCHANGE, NOTIFY, notify } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { prefixSelector } from '../../src/ike/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import type { SessionAction, SessionOptions } from '../../src/session/index.ts'
import { forge, kinds, read } from './forge.ts'
import { mobikeReports, type News, other, Pair, reversed, type SideName } from './pair.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']
const FAILED: News = { type: 'childSaMoveFailed', reason: 'no migration here' }

/** A pair whose datagrams only arrive between addresses that the hosts have. */
function reachable(client: Partial<SessionOptions> = {}, gateway: Partial<SessionOptions> = {}): Pair {
  const pair = new Pair(client, gateway)
  const has = (name: SideName, { address }: Endpoint): boolean =>
    pair[name].session.state.surroundings.localAddresses.some((known) => known.address === address)
  pair.route = ({ from, path }) => (has(from, path.local) && has(other(from), path.remote) ? reversed(path) : undefined)
  return pair
}

function move(pair: Pair, ...addresses: string[]): void {
  pair.tell('client', { type: 'localAddressesChanged', addresses: addresses.map((address) => ({ address })) })
}

const movesOf = (actions: readonly SessionAction[]) =>
  actions.flatMap((action) => (action.type === 'moveChildSas' ? [action] : []))

const installsOf = (actions: readonly SessionAction[]) =>
  actions.flatMap((action) => (action.type === 'installChildSa' ? [action] : []))

/** SPIs of a side's Child SAs, ours first. */
const spisOf = (pair: Pair, name: SideName): (readonly [number, number])[] =>
  pair[name].session.state.children.map(({ sa }) => [sa.localSpi, sa.remoteSpi])

/** IKE SA and Child SAs of both sides are on one pair of addresses, and both sides have the same Child SAs. */
function expectTogether(pair: Pair, local: string, remote: string): void {
  const path = { local: { address: local, port: 4500 }, remote: { address: remote, port: 4500 } }
  expect(pair.client.session.state.mobike).toMatchObject({ ikePath: path, childPath: path, childMoves: [] })
  expect(pair.gateway.session.state.mobike).toMatchObject({
    ikePath: reversed(path),
    childPath: reversed(path),
    childMoves: []
  })
  expect(spisOf(pair, 'gateway').map(([ours, theirs]) => [theirs, ours])).toEqual(spisOf(pair, 'client'))
  for (const name of BOTH) {
    expect(pair.ikeSa(name).requests.outstanding).toEqual([])
    expect(pair[name].session.state.children.filter(({ stranded, closing }) => stranded || closing)).toEqual([])
  }
}

/** The client’s next CREATE_CHILD_SA request is answered with these payloads; the gateway sees an empty request instead. */
function refuseNextRekey(pair: Pair, payloads: readonly Payload[]): void {
  let refused: number | undefined
  pair.passes = (datagram) => {
    const { message } = read(pair, datagram)
    const { messageId, exchangeType, isResponse } = message
    if (datagram.from === 'gateway') return !isResponse || messageId !== refused
    if (refused !== undefined || isResponse || exchangeType !== EXCHANGE.CREATE_CHILD_SA) return true
    refused = messageId
    pair.put(forge(pair, 'client', { messageId, payloads: [] }))
    pair.put(forge(pair, 'gateway', { exchangeType, isResponse: true, messageId, payloads }))
    return false
  }
}

/** The host of the client answers every migration it was asked for and has not answered. */
function answerAll(pair: Pair, news: News): void {
  const open = pair.client.session.state.mobike?.childMoves.length ?? 0
  for (let count = 0; count < open; count++) pair.tell('client', news)
}

describe('a host that cannot migrate its Child SAs', () => {
  it.each(BOTH)(
    'F42 F68 F61 E3.2 the %s has them rekeyed where the IKE SA went when there is no way back',
    (failing) => {
      const pair = reachable().establish()
      pair.tell('client', { type: 'childSaRequested' })
      pair.settle()
      pair.move = (name) => (name === failing ? FAILED : { type: 'childSasMoved' })
      const before = spisOf(pair, 'client')
      const ike = pair.ikeSa('client').initiatorSpi
      const installed = installsOf(pair[failing].actions).length
      move(pair, '10.2.0.2')
      pair.settle()
      pair.advance(5000)
      expectTogether(pair, '10.2.0.2', '192.0.2.1')
      expect(pair.ikeSa('client').initiatorSpi).toBe(ike)
      const after = spisOf(pair, 'client')
      expect(after).toHaveLength(2)
      expect(after.flat().filter((spi) => before.flat().includes(spi))).toEqual([])
      // Made anew on the new addresses, with the old ones named; those are never moved again.
      const fresh = installsOf(pair[failing].actions).slice(installed)
      expect(fresh.map(({ path }) => path)).toEqual([0, 1].map(() => pair[failing].session.state.mobike?.childPath))
      expect(fresh.every(({ replaces }) => replaces !== null)).toBe(true)
      expect(movesOf(pair[failing].actions)).toHaveLength(1)
      expect(mobikeReports(pair[failing].actions)).toContainEqual({ kind: 'moveFailed', reason: 'no migration here' })
    }
  )

  it.each([
    ['of the same', '10.2.0.2', '192.0.2.1'],
    ['of the other', '2001:db8:1::2', '2001:db8::1']
  ])('E3.2 an address %s family is a migration: the host is asked, and no SA is made anew', (_, address, gateway) => {
    const pair = reachable()
    pair.connect()
    pair.tell('gateway', {
      type: 'localAddressesChanged',
      addresses: [{ address: '192.0.2.1' }, { address: '2001:db8::1' }]
    })
    pair.settle()
    const before = spisOf(pair, 'client')
    move(pair, address)
    pair.advance(5000)
    expectTogether(pair, address, gateway)
    expect(spisOf(pair, 'client')).toEqual(before)
    for (const name of BOTH) expect(installsOf(pair[name].actions)).toHaveLength(1)
  })

  it('F68 what was made anew moves like any other', () => {
    const pair = reachable().establish()
    pair.move = () => FAILED
    move(pair, '10.2.0.2')
    pair.settle()
    pair.advance(5000)
    pair.move = () => ({ type: 'childSasMoved' })
    const spis = spisOf(pair, 'client')
    move(pair, '10.4.0.2')
    pair.settle()
    pair.advance(5000)
    expectTogether(pair, '10.4.0.2', '192.0.2.1')
    expect(spisOf(pair, 'client')).toEqual(spis)
  })

  it('F69 it names those that failed: they alone are replaced, and the others keep SPIs and keys', () => {
    const pair = reachable().establish()
    pair.tell('client', { type: 'childSaRequested' })
    pair.settle()
    const [first, second] = pair.client.session.state.children.map(({ sa }) => sa)
    if (first === undefined || second === undefined) throw new Error('two Child SAs are needed')
    pair.move = (name) => (name === 'client' ? { ...FAILED, ids: [first.id] } : { type: 'childSasMoved' })
    move(pair, '10.2.0.2')
    pair.settle()
    pair.advance(5000)
    expectTogether(pair, '10.2.0.2', '192.0.2.1')
    const left = pair.client.session.state.children.map(({ sa }) => sa)
    expect(left).toHaveLength(2)
    expect(left).toContainEqual(second)
    expect(left.map(({ localSpi }) => localSpi)).not.toContain(first.localSpi)
    expect(mobikeReports(pair.client.actions)).toContainEqual({
      kind: 'moveFailed',
      reason: 'no migration here',
      ids: [first.id]
    })
  })

  it('F42 F69 with a way back all return together, those that were moved and those that were not', () => {
    const pair = reachable().establish()
    pair.tell('client', { type: 'childSaRequested' })
    pair.settle()
    const [first] = pair.childIds('client') as [number]
    const before = spisOf(pair, 'client')
    let moves = 0
    pair.move = (name) => (name === 'client' && moves++ === 0 ? { ...FAILED, ids: [first] } : { type: 'childSasMoved' })
    pair.tell('client', {
      type: 'localAddressesChanged',
      addresses: [{ address: '10.1.0.2', cost: 9 }, { address: '10.2.0.2' }]
    })
    pair.advance(20_000)
    expectTogether(pair, '10.1.0.2', '192.0.2.1')
    expect(spisOf(pair, 'client')).toEqual(before)
    expect(movesOf(pair.client.actions).map(({ ids, to }) => [ids, to.local.address])).toEqual([
      [pair.childIds('client'), '10.2.0.2'],
      [pair.childIds('client'), '10.1.0.2']
    ])
  })

  it('F69 an answer that names all of them says that none was moved: the way back asks for no migration', () => {
    const pair = reachable().establish()
    pair.move = (name) => (name === 'client' ? { ...FAILED, ids: pair.childIds('client') } : { type: 'childSasMoved' })
    pair.tell('client', {
      type: 'localAddressesChanged',
      addresses: [{ address: '10.1.0.2', cost: 9 }, { address: '10.2.0.2' }]
    })
    pair.advance(20_000)
    expectTogether(pair, '10.1.0.2', '192.0.2.1')
    expect(movesOf(pair.client.actions)).toHaveLength(1)
  })

  it('F69 Child SAs that closed before the answer came do not count as failed', () => {
    const pair = reachable().establish()
    pair.tell('client', { type: 'childSaRequested' })
    pair.settle()
    const [first] = pair.childIds('client') as [number]
    pair.move = (name) => (name === 'client' ? undefined : { type: 'childSasMoved' })
    pair.tell('client', { type: 'childSaDeleteRequested', id: first })
    move(pair, '10.2.0.2')
    pair.settle()
    pair.advance(2000)
    expect(pair.childIds('client')).not.toContain(first)
    answerAll(pair, { ...FAILED, ids: [first] })
    pair.advance(2000)
    expectTogether(pair, '10.2.0.2', '192.0.2.1')
    expect(mobikeReports(pair.client.actions).filter(({ kind }) => kind === 'moveFailed')).toEqual([])
  })

  it.each([
    ['never was', [999]],
    ['is none', [-1, 0.5]]
  ])('F69 an answer that names a Child SA that %s says that the migration failed, not that it succeeded', (_, ids) => {
    const pair = reachable().establish()
    const before = spisOf(pair, 'client')
    pair.move = (name) => (name === 'client' ? { ...FAILED, ids } : { type: 'childSasMoved' })
    move(pair, '10.2.0.2')
    pair.settle()
    pair.advance(2000)
    expect(mobikeReports(pair.client.actions)).toContainEqual({ kind: 'moveFailed', reason: 'no migration here' })
    // All were left behind, so all are made anew.
    const after = spisOf(pair, 'client')
    expect(after).toHaveLength(before.length)
    expect(after).not.toEqual(before)
    expectTogether(pair, '10.2.0.2', '192.0.2.1')
  })

  it('F61 F68 the peer has no room just now: it is asked again, and the dead Child SA is not moved meanwhile', () => {
    const pair = reachable().establish()
    pair.move = (name) => (name === 'client' ? FAILED : { type: 'childSasMoved' })
    refuseNextRekey(pair, [notify(NOTIFY.TEMPORARY_FAILURE)])
    move(pair, '10.2.0.2')
    pair.settle()
    pair.advance(1000)
    expect(pair.client.session.state.children.map(({ stranded }) => stranded)).toEqual([true])
    move(pair, '10.4.0.2')
    pair.advance(30_000)
    expectTogether(pair, '10.4.0.2', '192.0.2.1')
    expect(movesOf(pair.client.actions)).toHaveLength(1)
  })

  it.each([
    ['an error', [notify(NOTIFY.NO_PROPOSAL_CHOSEN)]],
    ['a refusal of every further Child SA', [notify(NOTIFY.NO_ADDITIONAL_SAS)]],
    ['an answer that lacks what it must have', []]
  ])('F61 E3.2 %s instead of a new Child SA: the dead one is reported and closed, the others stay', (_, payloads) => {
    const pair = reachable().establish()
    pair.tell('client', { type: 'childSaRequested' })
    pair.settle()
    const [first, second] = pair.childIds('client') as [number, number]
    pair.move = (name) => (name === 'client' ? { ...FAILED, ids: [first] } : { type: 'childSasMoved' })
    refuseNextRekey(pair, payloads)
    move(pair, '10.2.0.2')
    pair.settle()
    pair.advance(5000)
    expect(pair.reports('client')).toContainEqual(expect.objectContaining({ kind: 'childSaFailed', replaces: first }))
    expect(pair.client.actions).toContainEqual({ type: 'removeChildSa', id: first })
    expect(pair.childIds('client')).toEqual([second])
    expectTogether(pair, '10.2.0.2', '192.0.2.1')
  })

  it('F61 E3.2 when no Child SA is left the IKE SA is deleted, and its caller knows why', () => {
    const pair = reachable().establish()
    pair.move = (name) => (name === 'client' ? FAILED : { type: 'childSasMoved' })
    refuseNextRekey(pair, [notify(NOTIFY.NO_ADDITIONAL_SAS)])
    move(pair, '10.2.0.2')
    pair.settle()
    pair.advance(5000)
    expect(pair.reports('client')).toContainEqual({ kind: 'closed', reason: 'migrationFailed' })
    expect(pair.reports('gateway')).toContainEqual({ kind: 'closed', reason: 'closedByPeer' })
  })

  it('F42 without any network the rekey waits for the next address', () => {
    const pair = reachable().establish()
    pair.move = (name) => (name === 'client' ? undefined : { type: 'childSasMoved' })
    move(pair, '10.2.0.2')
    pair.settle()
    move(pair)
    const sent = pair.sent.length
    answerAll(pair, FAILED)
    pair.advance(600_000)
    expect(pair.sent.slice(sent).filter(({ from }) => from === 'client')).toEqual([])
    move(pair, '10.4.0.2')
    pair.settle()
    pair.advance(5000)
    expectTogether(pair, '10.4.0.2', '192.0.2.1')
  })

  it('F52 F68 without MOBIKE Child SAs that cannot follow the peer’s new NAT mapping are rekeyed', () => {
    const pair = new Pair({ mobike: null }, { mobike: null })
    let outside = 30_000
    pair.route = ({ from, path }) =>
      from === 'client'
        ? { local: path.remote, remote: { address: '203.0.113.7', port: outside + path.local.port } }
        : { local: { address: '10.1.0.2', port: path.remote.port - outside }, remote: path.local }
    pair.establish()
    const before = spisOf(pair, 'gateway')
    pair.move = () => FAILED
    outside = 40_000
    pair.tell('client', { type: 'livenessRequested' })
    pair.settle()
    expect(spisOf(pair, 'gateway')).toHaveLength(1)
    expect(spisOf(pair, 'gateway')).not.toEqual(before)
    expect(installsOf(pair.gateway.actions).at(-1)?.path.remote.port).toBe(44_500)
    expect(spisOf(pair, 'gateway').map(([ours, theirs]) => [theirs, ours])).toEqual(spisOf(pair, 'client'))
  })
})

describe('a socket opened anew', () => {
  it('F43 B002 has another port: IKE goes on from it with the non-ESP marker, and everything works', () => {
    const pair = reachable().establish()
    const before = spisOf(pair, 'client')
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.1.0.2', port: 40_001 }] })
    const [update] = pair.wire
    expect(update?.path).toEqual({
      local: { address: '10.1.0.2', port: 40_001 },
      remote: { address: '192.0.2.1', port: 4500 }
    })
    // RFC 7296 section 2.23: four zero octets before an IKE header on port 4500.
    expect(update?.bytes.subarray(0, 4)).toEqual(new Uint8Array(4))
    pair.settle()
    pair.advance(3000)
    expect(pair.gateway.session.state.mobike).toMatchObject({
      ikePath: { remote: { address: '10.1.0.2', port: 40_001 } },
      childPath: { remote: { address: '10.1.0.2', port: 40_001 } }
    })
    expect(spisOf(pair, 'client')).toEqual(before)
    for (const name of BOTH) {
      pair.tell(name, { type: 'childSaRekeyRequested', id: pair.childIds(name)[0] as number })
      pair.settle()
    }
    expect(
      spisOf(pair, 'client')
        .flat()
        .some((spi) => before.flat().includes(spi))
    ).toBe(false)
    expect(pair.sent.at(-1)?.bytes.subarray(0, 4)).toEqual(new Uint8Array(4))
  })

  it('F43 without NAT traversal the peer listens on port 500, where IKE has no marker', () => {
    const policy = { ...DEFAULT_MOBIKE_POLICY, natTraversal: 'forbid' as const }
    const pair = reachable({ mobike: policy }, { mobike: policy }).establish()
    const spi = pair.ikeSa('client').initiatorSpi
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.1.0.2', port: 40_001 }] })
    expect(pair.wire[0]?.path.remote.port).toBe(500)
    expect(toHex(pair.wire[0]?.bytes.subarray(0, 8) ?? new Uint8Array())).toBe(spi)
    pair.settle()
    pair.advance(3000)
    expect(pair.gateway.session.state.mobike?.childPath.remote.port).toBe(40_001)
  })
})

describe('what a host can do', () => {
  it.each(BOTH)('F53 a %s that cannot migrate has no MOBIKE: neither offered nor accepted, and IKE works', (name) => {
    const options = { canMigrate: false }
    const pair = name === 'client' ? reachable(options) : reachable({}, options)
    const said: (string | number)[] = []
    pair.connect()
    pair.passes = (datagram) => {
      if (datagram.from === name) said.push(...kinds(read(pair, datagram).payloads))
      return true
    }
    pair.settle()
    expect(BOTH.map((side) => pair.phase(side))).toEqual(['established', 'established'])
    expect(said.length).toBeGreaterThan(0)
    expect(said).not.toContain(NOTIFY.MOBIKE_SUPPORTED)
    for (const side of BOTH) expect(pair[side].session.state.mobike).toBeNull()
    pair.tell('gateway', { type: 'childSaRekeyRequested', id: pair.childIds('gateway')[0] as number })
    pair.settle()
    expect(pair.childIds('client')).toHaveLength(1)
  })

  it('F49 A052 an UPDATE from IPv4 to IPv6 that policy forbids is refused, and nothing is answered that is not done', () => {
    const acceptPath = ({ remote }: { remote: Endpoint }): boolean => !remote.address.includes(':')
    const pair = reachable({}, { mobike: { ...DEFAULT_MOBIKE_POLICY, acceptPath } })
    pair.connect()
    pair.tell('gateway', {
      type: 'localAddressesChanged',
      addresses: [{ address: '192.0.2.1' }, { address: '2001:db8::1' }]
    })
    pair.settle()
    const answers: (string | number)[][] = []
    pair.passes = (datagram) => {
      const { message, payloads } = read(pair, datagram)
      if (datagram.from === 'gateway' && message.isResponse) answers.push(kinds(payloads))
      return true
    }
    pair.tell('client', {
      type: 'localAddressesChanged',
      addresses: [{ address: '10.1.0.2', cost: 9 }, { address: '2001:db8:1::2' }]
    })
    pair.advance(10_000)
    expect(answers.flat()).toContain(NOTIFY.UNACCEPTABLE_ADDRESSES)
    expect(movesOf(pair.gateway.actions)).toEqual([])
    expectTogether(pair, '10.1.0.2', '192.0.2.1')
  })
})

describe('selectors that are an outer address', () => {
  const hosts = (): Pair =>
    reachable(
      { requestConfiguration: null, localSelectors: [prefixSelector('10.1.0.2', 32)] },
      { localSelectors: [prefixSelector('10.9.0.0', 16)] }
    ).establish()

  it('F29 a move names them on both sides, each from its own view', () => {
    const pair = hosts()
    move(pair, '10.2.0.2')
    pair.settle()
    const [client] = pair.childIds('client')
    const [gateway] = pair.childIds('gateway')
    const address = '10.2.0.2'
    const selectors = [prefixSelector(address, 32)]
    expect(movesOf(pair.client.actions)[0]?.selectorsAtEndpoint).toEqual([
      { id: client, side: 'local', address, selectors }
    ])
    expect(movesOf(pair.gateway.actions)[0]?.selectorsAtEndpoint).toEqual([
      { id: gateway, side: 'remote', address, selectors }
    ])
    // Whoever rewrites nothing keeps what was agreed on (A001).
    for (const name of BOTH) {
      const { sa } = pair[name].session.state.children[0] ?? {}
      expect(name === 'client' ? sa?.localSelectors : sa?.remoteSelectors).toEqual([prefixSelector('10.1.0.2', 32)])
    }
  })

  it('F29 they are named again at every further move, after a rekey as well', () => {
    const pair = hosts()
    move(pair, '10.2.0.2')
    pair.settle()
    pair.tell('client', { type: 'childSaRekeyRequested', id: pair.childIds('client')[0] as number })
    pair.settle()
    move(pair, '10.4.0.2')
    pair.settle()
    for (const [name, side] of [
      ['client', 'local'],
      ['gateway', 'remote']
    ] as const) {
      const [id] = pair.childIds(name)
      const selectors = [prefixSelector('10.4.0.2', 32)]
      expect(movesOf(pair[name].actions).at(-1)).toMatchObject({
        ids: [id],
        selectorsAtEndpoint: [{ id, side, address: '10.4.0.2', selectors }]
      })
    }
  })

  it('F29 A001 networks behind an end, inner addresses and selectors of the end that stays are not named', () => {
    const inner = reachable().establish()
    const network = reachable({ requestConfiguration: null, localSelectors: [prefixSelector('10.1.0.0', 24)] })
    for (const pair of [inner, network.phase('client') === 'idle' ? network.establish() : network]) {
      move(pair, '10.2.0.2')
      pair.settle()
      for (const name of BOTH) {
        expect(movesOf(pair[name].actions).flatMap(({ selectorsAtEndpoint }) => selectorsAtEndpoint)).toEqual([])
        expect(movesOf(pair[name].actions)).not.toEqual([])
      }
    }
  })
})
