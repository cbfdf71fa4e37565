import { describe, expect, it } from 'vitest'
import { type Path, toHex } from '../../src/bytes/index.ts'
import { EXCHANGE, NOTIFY, notify } from '../../src/codec/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import { createResponderSession } from '../../src/session/index.ts'
import { forge, kinds, read, unmarked } from './forge.ts'
import { CLIENT, type Datagram, mobikeReports, Pair, reversed } from './pair.ts'

const forbid = (natRetryLimit = 5): { mobike: typeof DEFAULT_MOBIKE_POLICY } => ({
  mobike: { ...DEFAULT_MOBIKE_POLICY, natTraversal: 'forbid', natRetryLimit }
})

const exchangeOf = (datagram: Datagram): number => unmarked(datagram)[18] as number
const isInit = (datagram: Datagram): boolean =>
  datagram.from === 'client' && exchangeOf(datagram) === EXCHANGE.IKE_SA_INIT
const isAuth = (datagram: Datagram): boolean => datagram.from === 'client' && exchangeOf(datagram) === EXCHANGE.IKE_AUTH

/** A gateway that has a session for every initiator, of which the pair shows the last one. */
function hospitable(pair: Pair): Pair {
  pair.passes = (datagram) => {
    if (isInit(datagram) && pair.phase('gateway') === 'closed') {
      pair.gateway.session = createResponderSession(pair.gateway.config)
    }
    return true
  }
  return pair
}

/** Sends what `chosen` names through a NAT. */
function translate(pair: Pair, chosen: (datagram: Datagram) => boolean): void {
  const client = new Map<string, Path>()
  pair.route = (datagram) => {
    const path = reversed(datagram.path)
    if (datagram.from === 'gateway') return client.get(JSON.stringify(datagram.path)) ?? path
    if (!chosen(datagram)) return path
    const outside = { ...path, remote: { address: '203.0.113.1', port: 61_000 } }
    client.set(JSON.stringify(outside), datagram.path)
    return outside
  }
}

const initsOf = (pair: Pair): Datagram[] => pair.sent.filter(isInit)

describe('UNEXPECTED_NAT_DETECTED in IKE_AUTH (RFC 4555 section 3.9)', () => {
  it('A109 D17 one translated IKE_AUTH does not cost the session: set-up starts again from a new IKE_SA_INIT', () => {
    const pair = hospitable(new Pair(forbid(), forbid()))
    let attacks = 1
    translate(pair, (datagram) => isAuth(datagram) && attacks-- > 0)
    pair.connect().settle()
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
    const [first, second, ...more] = initsOf(pair).map(unmarked)
    if (first === undefined || second === undefined) throw new Error('no second IKE_SA_INIT')
    expect(more).toEqual([])
    // A new attempt: SPI, key and nonce are new, and it is no retransmission.
    expect(toHex(second.slice(0, 8))).not.toBe(toHex(first.slice(0, 8)))
    expect(toHex(second.slice(28))).not.toBe(toHex(first.slice(28)))
    expect(mobikeReports(pair.client.actions)).toContainEqual({ kind: 'unexpectedNat', by: 'peer' })
    expect(pair.client.session.state.ikeSas).toHaveLength(1)
    expect(pair.client.actions.filter(({ type }) => type === 'installChildSa')).toHaveLength(1)
  })

  it('A109 D17 nothing of the refused attempt is kept: neither its IKE SA and keys nor the pre-shared key', () => {
    const pair = new Pair(forbid(), forbid())
    translate(pair, isAuth)
    pair.connect().settle()
    expect(pair.phase('gateway')).toBe('closed')
    expect(pair.phase('client')).toBe('expectInitResponse')
    const { state, secrets } = pair.client.session
    expect(state).toMatchObject({ ikeSas: [], children: [], path: null, initPath: null, mobike: null })
    expect(secrets).toMatchObject({ ikeKeys: {}, childKeys: {}, preSharedKey: null })
    expect(Object.keys(secrets.privateKeys)).toHaveLength(1)
    // The answer once more, late: it belongs to no IKE SA any more.
    const refusal = pair.sent.filter((sent) => sent.from === 'gateway').at(-1) as Datagram
    pair.deliver(refusal)
    expect(pair.client.session.state).toEqual(state)
  })

  it.each([0, 1, 3])('A109 D17 a NAT that is really there ends it after %i further attempts', (natRetryLimit) => {
    const pair = hospitable(new Pair(forbid(natRetryLimit), forbid()))
    translate(pair, isAuth)
    pair.connect().settle()
    expect(initsOf(pair)).toHaveLength(natRetryLimit + 1)
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'unexpectedNat' })
    expect(mobikeReports(pair.client.actions)).toHaveLength(natRetryLimit + 1)
    expect(pair.client.actions.some(({ type }) => type === 'installChildSa')).toBe(false)
    pair.advance(600_000)
    expect(initsOf(pair)).toHaveLength(natRetryLimit + 1)
  })

  it('A109 attempts go round the paths: where only one is behind a NAT the next attempt succeeds', () => {
    const pair = hospitable(new Pair(forbid(), forbid()))
    const second: Path = { ...CLIENT, remote: { address: '198.51.100.1', port: 500 } }
    translate(pair, (datagram) => isAuth(datagram) && datagram.path.remote.address === '192.0.2.1')
    pair.connect([CLIENT, second]).settle()
    expect(pair.phase('client')).toBe('established')
    expect(initsOf(pair).map(({ path }) => path.remote.address)).toEqual(['192.0.2.1', '198.51.100.1'])
    expect(pair.client.session.state.mobike?.ikePath.remote.address).toBe('198.51.100.1')
  })

  it('A103 A105 A106 a NAT all the way: every attempt is refused, none comes up, both sides end', () => {
    const pair = hospitable(new Pair(forbid(), forbid()))
    translate(pair, () => true)
    pair.connect().settle()
    expect(pair.reports('client')).toContainEqual({ kind: 'closed', reason: 'unexpectedNat' })
    expect(pair.reports('gateway')).toContainEqual({ kind: 'closed', reason: 'unexpectedNat' })
    const auths = pair.sent.filter(isAuth)
    expect(auths).toHaveLength(DEFAULT_MOBIKE_POLICY.natRetryLimit + 1)
    expect(new Set(auths.map(({ bytes }) => toHex(bytes.slice(0, 16)))).size).toBe(auths.length)
  })

  it('A109 who did not forbid NATs is not made to start again by the notify', () => {
    const pair = new Pair()
    const asked = pair.connect()
    while (asked.wire[0] !== undefined && !isAuth(asked.wire[0])) asked.deliver(asked.wire.shift() as Datagram)
    const auth = asked.wire.shift() as Datagram
    expect(kinds(read(pair, auth).payloads)).not.toContain(NOTIFY.NO_NATS_ALLOWED)
    const payloads = [notify(NOTIFY.UNEXPECTED_NAT_DETECTED)]
    const answer = { exchangeType: EXCHANGE.IKE_AUTH, isResponse: true, messageId: 1, payloads }
    pair.deliver(forge(pair, 'gateway', { ...answer, path: reversed(auth.path) }))
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'protocolError' })
    expect(initsOf(pair)).toHaveLength(1)
  })
})
