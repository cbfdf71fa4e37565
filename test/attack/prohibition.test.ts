import { describe, expect, it } from 'vitest'
import { type Path, toHex } from '../../src/bytes/index.ts'
import { EXCHANGE, NOTIFY, notify } from '../../src/codec/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import { kinds, read, unmarked } from '../session/forge.ts'
import { type Datagram, datagramsIn, mobikeReports, Pair, reversed } from '../session/pair.ts'
import { cookie2, established, fromClient, octets } from './hostile.ts'

const FORBID = { mobike: { ...DEFAULT_MOBIKE_POLICY, natTraversal: 'forbid' as const } }

const inside = (pair: Pair, datagram: Datagram): (string | number)[] => kinds(read(pair, datagram).payloads)

function translated(pair: Pair, address: string): void {
  pair.route = (datagram) => {
    const path = reversed(datagram.path)
    if (datagram.from === 'client') return { ...path, remote: { address, port: 61_000 } }
    return { ...path, local: { address: '10.1.0.2', port: 500 } }
  }
}

describe('NAT prohibition over whole sessions (RFC 4555 section 3.9)', () => {
  it.each([
    ['both sides', FORBID, FORBID],
    ['the initiator alone', FORBID, {}],
    ['the responder alone', {}, FORBID]
  ])(
    'A012 A103 A139 D15 D16 %s: no NAT_DETECTION is agreed, IKE_AUTH carries NO_NATS_ALLOWED, all on port 500',
    (_, client, gateway) => {
      const pair = new Pair(client, gateway)
      pair.connect()
      const seen: (string | number)[][] = []
      pair.passes = (datagram) => {
        if (unmarked(datagram)[18] !== EXCHANGE.IKE_SA_INIT) seen.push(inside(pair, datagram))
        expect(datagram.path.local.port).toBe(500)
        return true
      }
      pair.settle()
      expect(pair.phase('client')).toBe('established')
      expect(seen[0]).toContain(NOTIFY.NO_NATS_ALLOWED)
      expect(seen[0]).not.toContain(NOTIFY.NAT_DETECTION_SOURCE_IP)
      // Only the first IKE_AUTH *request* can update addresses.
      expect(seen[1]).not.toContain(NOTIFY.NO_NATS_ALLOWED)
      const moved = pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
      const update = datagramsIn(moved)[0] as { path: Path; bytes: Uint8Array }
      const { payloads } = read(pair, { from: 'client', ...update })
      expect(kinds(payloads)).toEqual([NOTIFY.UPDATE_SA_ADDRESSES, NOTIFY.NO_NATS_ALLOWED, NOTIFY.COOKIE2])
      const prohibition = payloads.find(
        (payload) => payload.kind === 'notify' && payload.type === NOTIFY.NO_NATS_ALLOWED
      )
      // 10.2.0.2, 192.0.2.1, 500, 500.
      expect(prohibition?.kind === 'notify' && toHex(prohibition.data)).toBe('0a020002c000020101f401f4')
      pair.settle()
      expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe('10.2.0.2')
    }
  )

  it('A105 A106 A107 A111 E4.5 IKE_AUTH through a NAT: UNEXPECTED_NAT_DETECTED to where it came from, nothing else', () => {
    const pair = new Pair(FORBID, FORBID)
    translated(pair, '203.0.113.1')
    pair.connect().settle()
    expect(pair.gateway.session.state.phase).toMatchObject({ name: 'closed', reason: 'unexpectedNat' })
    // The initiator tries again (A109); this responder is one session, and over.
    expect(pair.phase('client')).toBe('expectInitResponse')
    const refusal = pair.sent.filter(({ from }) => from === 'gateway').at(-1)
    expect(refusal?.path.remote).toEqual({ address: '203.0.113.1', port: 61_000 })
    expect(pair.gateway.actions.some(({ type }) => type === 'installChildSa' || type === 'ask')).toBe(false)
  })

  it('A104 A106 A108 A110 an UPDATE through a NAT: new requests, a finite number, nothing moves at the responder', () => {
    const pair = new Pair(FORBID, FORBID).establish()
    translated(pair, '203.0.113.1')
    const before = pair.sent.length
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    pair.settle()
    pair.advance(10_000)
    const ids = new Set(
      pair.sent.slice(before).flatMap(({ from, bytes }) => (from === 'client' ? [toHex(bytes.slice(20, 24))] : []))
    )
    expect(ids.size).toBeGreaterThan(3)
    expect(ids.size).toBeLessThan(20)
    expect(pair.gateway.actions.some(({ type }) => type === 'moveChildSas')).toBe(false)
  })
})

describe('UPDATE_SA_ADDRESSES on the wire', () => {
  it('A054 A055 A056 A057 A065 D9 the reply comes first, then the check, then one move of all Child SAs', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'childSaRequested' })
    pair.settle()
    pair.passes = () => false
    const [update] = datagramsIn(
      pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    )
    if (update === undefined) throw new Error('no UPDATE')
    const actions = pair.deliver({ from: 'client', ...update })
    const [reply, check, ...more] = datagramsIn(actions).map((action) => ({ from: 'gateway' as const, ...action }))
    if (reply === undefined || check === undefined) throw new Error('reply or check missing')
    expect(more).toEqual([])
    expect(read(pair, reply).message.isResponse).toBe(true)
    expect(inside(pair, reply)).toEqual([16388, 16389, NOTIFY.COOKIE2])
    expect(read(pair, check).message.isResponse).toBe(false)
    expect(inside(pair, check)).toContain(NOTIFY.COOKIE2)
    expect(check.path.remote.address).toBe('10.2.0.2')
    expect(actions.some(({ type }) => type === 'moveChildSas')).toBe(false)
    pair.deliver(reply)
    const proof = datagramsIn(pair.deliver(check)).map((action) => ({ from: 'client' as const, ...action }))[0]
    const after = pair.deliver(proof as Datagram).filter(({ type }) => type === 'moveChildSas')
    expect(after).toMatchObject([{ ids: pair.childIds('gateway'), to: { remote: { address: '10.2.0.2' } } }])
    expect(pair.childIds('gateway')).toHaveLength(2)
  })

  it('A006 A-O9 D1 after the responder rekeyed the IKE SA the same side updates, and only that side', () => {
    const pair = new Pair().establish()
    for (const address of ['10.2.0.2', '10.3.0.2']) {
      pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address }] })
      pair.settle()
    }
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.settle()
    expect(pair.ikeSa('client').startedHere).toBe(false)
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.4.0.2' }] })
    pair.settle()
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe('10.4.0.2')
    expect(pair.client.session.state.role).toBe('initiator')
    const before = pair.gateway.actions.length
    pair.tell('gateway', { type: 'updateRequested' })
    expect(datagramsIn(pair.gateway.actions.slice(before))).toEqual([])
  })

  it('B039 an UPDATE delayed until after a newer one changes nothing, wherever it comes from', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    const old = pair.sent.at(-1) as Datagram
    pair.settle()
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.3.0.2' }] })
    pair.settle()
    const before = pair.gateway.session.state.mobike
    for (const address of ['10.2.0.2', '203.0.113.5']) {
      pair.route = ({ path }) => ({ ...reversed(path), remote: { address, port: 4500 } })
      expect(datagramsIn(pair.deliver(old))).toEqual([])
      expect(pair.gateway.session.state.mobike).toEqual(before)
    }
  })

  it('A100 A102 D23 INFORMATIONALs without UPDATE from other addresses change neither path, whatever else they hold', () => {
    const hostile = established('client')
    const nat = [
      notify(NOTIFY.NAT_DETECTION_SOURCE_IP, octets(20)),
      notify(NOTIFY.NAT_DETECTION_DESTINATION_IP, octets(20))
    ]
    const view = () => {
      const { ikePath, childPath, encapsulate, keepalive } = hostile.pair.gateway.session.state.mobike ?? {}
      return { ikePath, childPath, encapsulate, keepalive }
    }
    const before = view()
    const elsewhere = fromClient('203.0.113.5', 1024, '198.51.100.1')
    for (const payloads of [
      [],
      nat,
      [cookie2(octets(20))],
      [NOTIFY.NO_ADDITIONAL_ADDRESSES],
      [NOTIFY.MOBIKE_SUPPORTED]
    ]) {
      const actions = hostile.notifies(payloads, elsewhere)
      expect(datagramsIn(actions).map(({ path }) => path)).toEqual([reversed(elsewhere)])
      expect(view()).toEqual(before)
    }
  })

  it.each(['client', 'gateway'] as const)(
    'A090 D40 hostile %s: a COOKIE2 that differs closes the IKE SA, also after the addresses changed',
    (name) => {
      for (const later of [false, true]) {
        const hostile = established(name)
        const { pair } = hostile
        if (name === 'client') hostile.notifies([NOTIFY.UPDATE_SA_ADDRESSES], fromClient('10.2.0.2'))
        else pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
        expect(hostile.cookieOf()).toHaveLength(32)
        if (later && name === 'client') hostile.notifies([NOTIFY.UPDATE_SA_ADDRESSES], fromClient('10.3.0.2'))
        if (later && name === 'gateway') {
          pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.3.0.2' }] })
        }
        hostile.respond([cookie2(octets(32, 9))])
        expect(pair[hostile.victim].session.state.phase).toMatchObject({ name: 'closed', reason: 'cookie2Mismatch' })
        expect(hostile.tunnel.snapshot().children).toEqual([])
      }
    }
  )

  it('A045 B036 D31 an outstanding request is the same octets on every new address', () => {
    const pair = new Pair().establish()
    pair.passes = () => false
    const first = datagramsIn(pair.tell('client', { type: 'childSaRequested' }))[0]
    const again = ['10.2.0.2', '10.3.0.2'].flatMap((address) =>
      datagramsIn(pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address }] }))
    )
    expect(again.map(({ bytes }) => toHex(bytes))).toEqual([
      toHex(first?.bytes ?? octets(0)),
      toHex(first?.bytes ?? octets(0))
    ])
    expect(again.map(({ path }) => path.local.address)).toEqual(['10.2.0.2', '10.3.0.2'])
    expect(mobikeReports(pair.client.actions).map(({ kind }) => kind)).not.toContain('moved')
  })
})
