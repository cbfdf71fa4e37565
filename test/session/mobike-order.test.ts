import { describe, expect, it } from 'vitest'
import { ipAddressBytes, type Path } from '../../src/bytes/index.ts'
import { EXCHANGE, NOTIFY, notify } from '../../src/codec/index.ts'
import type { SessionAction } from '../../src/session/index.ts'
import { forge, kinds, read } from './forge.ts'
import { type Datagram, datagramsIn, Pair, reversed, type SideName } from './pair.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']
const { UPDATE_SA_ADDRESSES, COOKIE2 } = NOTIFY

function move(pair: Pair, ...addresses: string[]): readonly SessionAction[] {
  return pair.tell('client', { type: 'localAddressesChanged', addresses: addresses.map((address) => ({ address })) })
}

/** What is in a message, by the exchange it belongs to. */
function opened(pair: Pair, datagram: Datagram) {
  const { message, payloads } = read(pair, datagram)
  return { exchange: message.exchangeType, isResponse: message.isResponse, kinds: kinds(payloads) }
}

/** Exchange types of requests of a side that were sent from now on, UPDATEs as 'update'. */
function requestsOf(pair: Pair, name: SideName): (number | 'update')[] {
  const seen: (number | 'update')[] = []
  pair.passes = (datagram) => {
    const { exchange, isResponse, kinds: all } = opened(pair, datagram)
    if (datagram.from === name && !isResponse) seen.push(all.includes(UPDATE_SA_ADDRESSES) ? 'update' : exchange)
    return true
  }
  return seen
}

const movesOf = (actions: readonly SessionAction[]) =>
  actions.flatMap((action) => (action.type === 'moveChildSas' ? [action] : []))

describe('what comes first', () => {
  it('F13 the UPDATE is next when the window opens: before Deletes, rekeys and new Child SAs that waited longer', () => {
    const pair = new Pair().establish()
    const [child] = pair.childIds('client') as [number]
    pair.tell('client', { type: 'livenessRequested' })
    const blocking = pair.wire.shift() as Datagram
    pair.tell('client', { type: 'childSaRequested' })
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.tell('client', { type: 'childSaDeleteRequested', id: child })
    const requests = requestsOf(pair, 'client')
    pair.tell('client', { type: 'updateRequested' })
    pair.deliver(blocking)
    pair.settle()
    pair.advance(1000)
    const { INFORMATIONAL, CREATE_CHILD_SA } = EXCHANGE
    expect(requests[0]).toBe('update')
    expect(requests.slice(1).sort()).toEqual([CREATE_CHILD_SA, CREATE_CHILD_SA, INFORMATIONAL, INFORMATIONAL].sort())
  })

  it('F34 Child SAs are named in the order they were installed, the newest last', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'childSaRequested' })
    pair.settle()
    const [first] = pair.childIds('client') as [number]
    // The rekeyed one is not deleted yet when the client moves.
    pair.tell('client', { type: 'childSaRekeyRequested', id: first })
    while (pair.childIds('client').length < 3) pair.deliver(pair.wire.shift() as Datagram)
    pair.wire = []
    move(pair, '10.2.0.2')
    pair.advance(5000)
    for (const name of BOTH) {
      const installed = pair[name].actions.flatMap((action) =>
        action.type === 'installChildSa' ? [action.child.id] : []
      )
      for (const { ids } of movesOf(pair[name].actions)) {
        expect(ids).toEqual(installed.filter((id) => ids.includes(id)))
        expect(ids.length).toBeGreaterThan(1)
      }
      expect(movesOf(pair[name].actions).length).toBeGreaterThan(0)
    }
  })

  it('F04 a repetition on its schedule leaves on the addresses the IKE SA has then', () => {
    const pair = new Pair({}, { livenessMs: null }).establish()
    pair.tell('gateway', { type: 'livenessRequested' })
    const request = pair.wire.shift() as Datagram
    move(pair, '10.2.0.2')
    // Nothing of the gateway arrives for a while.
    const repeated: Path[] = []
    pair.passes = ({ from, path, bytes }) => {
      if (from === 'gateway' && Buffer.compare(bytes, request.bytes) === 0) repeated.push(path)
      return from !== 'gateway'
    }
    pair.settle()
    pair.advance(10_000)
    expect(repeated.length).toBeGreaterThan(2)
    for (const path of repeated) expect(path.remote.address).toBe('10.2.0.2')
  })
})

describe('liveness', () => {
  it('F37 a move starts the time of silence anew: no liveness check while its UPDATE is under way or just answered', () => {
    const pair = new Pair({ livenessMs: 10_000 }, { livenessMs: null }).establish()
    pair.advance(9000)
    const requests = requestsOf(pair, 'client')
    const { passes } = pair
    let isDeaf = true
    pair.passes = (datagram) => passes(datagram) && (datagram.from === 'client' || !isDeaf)
    move(pair, '10.2.0.2')
    pair.advance(2000)
    expect(new Set(requests)).toEqual(new Set(['update']))
    isDeaf = false
    pair.advance(8000)
    expect(new Set(requests)).toEqual(new Set(['update']))
    pair.advance(4000)
    expect(requests.at(-1)).toBe(EXCHANGE.INFORMATIONAL)
  })

  it('F66 minutes after a move both sides rekey, check liveness and make Child SAs on the new path, and stay up', () => {
    const pair = new Pair({ livenessMs: 20_000 }, { livenessMs: 20_000 }).establish()
    move(pair, '10.2.0.2')
    pair.settle()
    pair.route = ({ path }) =>
      [path.local.address, path.remote.address].includes('10.1.0.2') ? undefined : reversed(path)
    pair.advance(480_000)
    for (const name of BOTH) {
      pair.tell(name, { type: 'ikeSaRekeyRequested' })
      pair.settle()
      pair.tell(name, { type: 'childSaRekeyRequested', id: pair.childIds(name)[0] as number })
      pair.settle()
      pair.tell(name, { type: 'childSaRequested' })
      pair.settle()
      pair.advance(60_000)
    }
    for (const name of BOTH) {
      expect(pair.phase(name)).toBe('established')
      expect(pair.childIds(name)).toHaveLength(3)
      expect(pair.ikeSa(name).generation).toBe(2)
      expect(
        pair[name].actions.some((action) => action.type === 'report' && action.report.kind === 'retransmitted')
      ).toBe(false)
    }
  })
})

describe('requests of the peer during an own UPDATE', () => {
  /** The client has moved; its UPDATE is not answered yet. */
  function updating(): Pair {
    const pair = new Pair().establish()
    move(pair, '10.2.0.2')
    expect(opened(pair, pair.wire[0] as Datagram).kinds).toContain(UPDATE_SA_ADDRESSES)
    pair.wire = []
    return pair
  }
  const additional = notify(NOTIFY.ADDITIONAL_IP4_ADDRESS, ipAddressBytes('198.51.100.77'))
  const cookie = notify(COOKIE2, new Uint8Array(32).fill(5))

  it.each([
    ['a liveness check', []],
    ['a routability check', [cookie]],
    ['an address list', [additional]]
  ])('D39 F59 %s is answered at once and in full, never with TEMPORARY_FAILURE', (_, payloads) => {
    const pair = updating()
    const [sent] = datagramsIn(pair.deliver(forge(pair, 'gateway', { messageId: 0, payloads })))
    expect(sent && read(pair, { from: 'client', ...sent }).payloads).toEqual(payloads.filter((said) => said === cookie))
    const { peerAddresses } = pair.client.session.state.mobike ?? {}
    expect(peerAddresses?.includes('198.51.100.77')).toBe(payloads.includes(additional))
  })

  it('D39 a Child SA and a rekey of the IKE SA too', () => {
    for (const event of [{ type: 'childSaRequested' }, { type: 'ikeSaRekeyRequested' }] as const) {
      const pair = updating()
      pair.tell('gateway', event)
      const request = pair.wire.shift() as Datagram
      const [sent] = datagramsIn(pair.deliver(request))
      expect(sent && opened(pair, { from: 'client', ...sent }).kinds).toContain('securityAssociation')
    }
  })

  it('D39 a Child SA whose response comes when the UPDATE is pending goes where the IKE SA is, and moves with it', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'childSaRequested' })
    const request = pair.wire.shift() as Datagram
    const [response] = datagramsIn(pair.deliver(request))
    if (response === undefined) throw new Error('no response')
    pair.wire = []
    move(pair, '10.2.0.2')
    pair.wire = []
    expect(pair.client.session.state.mobike?.pending.update).toBe(true)
    pair.tell('client', {
      type: 'datagramReceived',
      path: { local: { address: '10.2.0.2', port: 4500 }, remote: response.path.local },
      bytes: response.bytes
    })
    const installed = pair.client.actions.filter((action) => action.type === 'installChildSa')
    expect(installed[1]).toMatchObject({ path: { local: { address: '10.2.0.2' } } })
    pair.advance(5000)
    for (const name of BOTH)
      expect(pair[name].session.state.mobike?.childPath).toEqual(pair[name].session.state.mobike?.ikePath)
    expect(movesOf(pair.gateway.actions).at(-1)?.ids).toHaveLength(2)
  })

  it('A-O8 an UPDATE that arrives while the gateway is closing the IKE SA is answered and carried out', () => {
    const pair = new Pair().establish()
    pair.tell('gateway', { type: 'closeRequested' })
    pair.wire = []
    move(pair, '10.2.0.2')
    const actions = pair.deliver(pair.wire.shift() as Datagram)
    const answers = datagramsIn(actions).map((sent) => opened(pair, { from: 'gateway', ...sent }))
    expect(answers.find(({ isResponse }) => isResponse)?.kinds).toContain(COOKIE2)
    expect(pair.gateway.session.state.mobike?.ikePath.remote.address).toBe('10.2.0.2')
    pair.advance(10_000)
    expect(BOTH.map((name) => pair.phase(name))).toEqual(['closed', 'closed'])
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'closedByPeer' })
  })
})

describe('an UPDATE while a better pair is tested', () => {
  it('F15 it never leaves on that pair, although it takes the place of the request whose copies tested it', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
    const { hysteresisMs } = pair.client.config.mobike?.selection ?? { hysteresisMs: 0 }
    const addresses = [
      { address: '10.1.0.2', cost: 1 },
      { address: '10.2.0.2', cost: 0 }
    ]
    pair.tell('client', { type: 'localAddressesChanged', addresses })
    pair.settle()
    // A request is on its way, and unanswered, when the test begins.
    pair.tell('client', { type: 'childSaRequested' })
    const request = pair.wire.shift() as Datagram
    const onBetter: (string | number)[][] = []
    let isDeaf = true
    pair.passes = (datagram) => {
      const isBetter = datagram.from === 'client' && datagram.path.local.address === '10.2.0.2'
      if (isBetter) onBetter.push([...opened(pair, datagram).kinds])
      // The pair under test is dead, and no answer reaches the client for a while.
      return !isBetter && (datagram.from === 'client' || !isDeaf)
    }
    pair.advance(hysteresisMs)
    expect(pair.client.session.state.mobike?.probing?.reason).toBe('better')
    expect(onBetter.length).toBeGreaterThan(0)
    isDeaf = false
    pair.deliver(request)
    const answer = pair.wire.find(({ from }) => from === 'gateway') as Datagram
    isDeaf = true
    pair.tell('client', { type: 'updateRequested' })
    pair.deliver(answer)
    const { outstanding } = pair.client.session.state.mobike ?? { outstanding: [] }
    expect(outstanding.map(({ purpose }) => purpose)).toEqual(['update'])
    pair.advance(400)
    expect(onBetter.flat()).not.toContain(UPDATE_SA_ADDRESSES)
    // Once it is answered the test goes on.
    const before = onBetter.length
    isDeaf = false
    pair.advance(3000)
    expect(onBetter.length).toBeGreaterThan(before)
    expect(onBetter.flat()).not.toContain(UPDATE_SA_ADDRESSES)
    expect(pair.client.session.state.mobike?.ikePath.local.address).toBe('10.1.0.2')
  })
})
