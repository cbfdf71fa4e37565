import { describe, expect, it } from 'vitest'
import { type Endpoint, type Path, sameEndpoint } from '../../src/bytes/index.ts'
import {
  createMobike,
  DEFAULT_MOBIKE_POLICY,
  type MobikeNotify,
  pathTable,
  stepMobike
} from '../../src/mobike/index.ts'
import { type Host, Lab, path } from './harness.ts'

const WIFI = '198.18.0.1'
const CELL = '198.18.7.2'
const THIRD = '198.18.9.9'
const GW1 = '203.0.113.1'
const TCP: Endpoint = { address: GW1, port: 4500, transport: 'tcp' }

const through = (address: string): Path => ({ local: { address, port: 4500 }, remote: TCP })
/** The same stream, seen by the gateway. */
const inbound = (address: string): Path => ({
  local: { address: GW1, port: 4500 },
  remote: { address, port: 4500, transport: 'tcp' }
})

/** A lab with a gateway that listens on TCP too; `blocked` are networks that let no UDP through. */
function lab(...blocked: string[]): Lab {
  const made = new Lab().start(path(WIFI, GW1), { remoteCandidates: [{ address: GW1, port: 4500 }, TCP] })
  block(made, ...blocked)
  return made
}

function block(made: Lab, ...blocked: string[]): void {
  made.drops = (from, to) =>
    to.transport === undefined && blocked.some((address) => address === from.address || address === to.address)
}

/** Requests on the wire: Message ID and where to. */
function sent(made: Lab, host: Host): string[] {
  return made.ladder.flatMap((line) => {
    const [, name, , , to, kind, id] = line.split(' ')
    return name === host.name && kind === 'request' ? [`${id} ${to}`] : []
  })
}

describe('MOBIKE between UDP and TCP (RFC 9329 section 7.1)', () => {
  it('D32 the UPDATE goes over UDP first; when nothing comes back the same request goes through TCP, and no other', () => {
    const made = lab(CELL)
    made.client.local(CELL)
    made.run(1500)
    const [first] = sent(made, made.client)
    expect(first).toBe('0 203.0.113.1:4500')
    const attempts = sent(made, made.client).filter((line) => line.startsWith('0 '))
    expect(attempts.at(-1)).toBe('0 203.0.113.1:4500/tcp')
    expect(attempts.slice(0, -1).every((line) => line === '0 203.0.113.1:4500')).toBe(true)
    // Step 7 of appendix B.4: a new UPDATE, made for the stream.
    made.run(1000)
    expect(made.client.requests.map(({ purpose, path: on }) => [purpose, on])).toEqual([
      ['update', path(CELL, GW1)],
      ['update', through(CELL)]
    ])
    expect(made.client.requests[1]?.notifies.map(({ kind }) => kind)).toContain('natDetection')
  })

  it('D32 IKE and ESP are then in the stream on both sides, without return routability and without keepalives', () => {
    const made = lab(CELL)
    made.nats.set(CELL, { address: '192.0.2.99', port: 61_000 })
    made.drops = (from, to) => to.transport === undefined && [from, to].some(({ address }) => address === '192.0.2.99')
    made.client.local(CELL)
    made.run(5000)
    expect(made.client.state).toMatchObject({ ikePath: through(CELL), childPath: through(CELL), encapsulate: true })
    const seen = { ...inbound(CELL), remote: { address: '192.0.2.99', port: 61_000, transport: 'tcp' } }
    expect(made.gateway.state).toMatchObject({ ikePath: seen, childPath: seen, encapsulate: true })
    expect(made.gateway.requests).toEqual([])
    expect(made.client.requests.at(-1)?.notifies.map(({ kind }) => kind)).not.toContain('cookie2')
    expect(made.client.state.keepalive).toBeNull()
    made.client.step({ type: 'livenessDue' })
    made.run(1000)
    expect(made.client.requests.at(-1)).toMatchObject({ purpose: 'liveness', path: through(CELL), notifies: [] })
  })

  it('D32 where UDP is answered nothing goes through TCP', () => {
    const made = lab()
    made.client.local(CELL)
    made.run(30_000)
    expect(made.client.state.childPath).toEqual(path(CELL, GW1))
    expect(sent(made, made.client).some((line) => line.endsWith('/tcp'))).toBe(false)
  })

  it('D32 the next network is tried over UDP first, and ESP is plain there again', () => {
    const made = lab(CELL)
    made.client.local(CELL)
    made.run(5000)
    expect(made.client.state.childPath).toEqual(through(CELL))
    const before = sent(made, made.client).length
    made.client.local(THIRD)
    made.run(5000)
    expect(sent(made, made.client)[before]).toMatch(/ 203\.0\.113\.1:4500$/)
    expect(made.client.state).toMatchObject({
      ikePath: path(THIRD, GW1),
      childPath: path(THIRD, GW1),
      encapsulate: false
    })
    expect(made.gateway.state).toMatchObject({ childPath: path(GW1, THIRD), encapsulate: false })
  })

  it('D32 on the same network UDP is tried again now and then, by an empty probe, and taken when it works', () => {
    const made = lab(CELL)
    made.client.local(CELL)
    made.run(60_000)
    expect(made.client.state.childPath).toEqual(through(CELL))
    expect(made.client.requests.filter(({ purpose }) => purpose === 'update')).toHaveLength(2)
    block(made)
    made.run(60_000)
    expect(made.client.state).toMatchObject({ ikePath: path(CELL, GW1), childPath: path(CELL, GW1) })
    expect(made.gateway.state).toMatchObject({ ikePath: path(GW1, CELL), childPath: path(GW1, CELL) })
  })

  it('D32 NO_NATS_ALLOWED is ignored in a stream, and not sent there', () => {
    const responder = createMobike(DEFAULT_MOBIKE_POLICY, {
      now: 0,
      role: 'responder',
      path: path(GW1, WIFI),
      natTraversal: false,
      nat: null,
      peerAddresses: [],
      localAddresses: [{ address: GW1 }],
      remoteCandidates: [],
      excludedPrefixes: []
    }).state
    const wrong: MobikeNotify = { kind: 'noNatsAllowed', data: new Uint8Array(12) }
    const answerTo = (on: Path): MobikeNotify[] =>
      stepMobike(DEFAULT_MOBIKE_POLICY, responder, {
        type: 'requestReceived',
        now: 1,
        messageId: 0,
        path: on,
        notifies: [{ kind: 'updateSaAddresses' }, wrong],
        nat: null
      }).actions.flatMap((action) => (action.type === 'answer' ? [...action.notifies] : []))
    expect(answerTo(path(GW1, CELL))).toContainEqual({ kind: 'unexpectedNatDetected' })
    expect(answerTo(inbound(CELL))).toEqual([])

    const made = new Lab().start(path(WIFI, GW1), {
      natTraversal: false,
      remoteCandidates: [{ address: GW1, port: 4500 }, TCP]
    })
    block(made, CELL)
    made.client.local(CELL)
    made.run(5000)
    const { path: on, notifies } = made.client.requests.at(-1) ?? {}
    expect(on).toEqual(through(CELL))
    expect(notifies?.map(({ kind }) => kind)).toEqual(['updateSaAddresses'])
    expect(made.client.state).toMatchObject({ childPath: through(CELL), encapsulate: true })
    expect(made.gateway.state).toMatchObject({ childPath: inbound(CELL), encapsulate: true })
  })

  it('D32 ESP is never plain in a stream, not even before the UPDATE is answered; nothing is checked again and again there', () => {
    const policy = { routability: { ...DEFAULT_MOBIKE_POLICY.routability, periodicMs: 2000 } }
    const made = new Lab(policy, policy).start(path(WIFI, GW1), { remoteCandidates: [TCP] })
    block(made, CELL)
    made.client.local(CELL)
    made.run(3000)
    expect(made.client.state.childPath).toEqual(through(CELL))
    const count = made.client.requests.length
    made.run(20_000)
    for (const host of [made.client, made.gateway]) {
      const moves = host.actions.flatMap((action) =>
        action.type === 'moveChildSas' && action.to.remote.transport === 'tcp' ? [action.encapsulate] : []
      )
      expect(new Set(moves)).toEqual(new Set([true]))
    }
    const purposes = [...made.client.requests.slice(count), ...made.gateway.requests].map(({ purpose }) => purpose)
    expect(purposes).not.toContain('routability')
  })

  it('D32 UDP stays a candidate where TCP is in use or named: on the usual port of an address that is announced', () => {
    const common = {
      now: 0,
      role: 'initiator' as const,
      natTraversal: true,
      nat: null,
      peerAddresses: ['203.0.113.2'],
      localAddresses: [{ address: WIFI }],
      excludedPrefixes: []
    }
    const tls: Endpoint = { address: GW1, port: 443, transport: 'tcp' }
    const remotes = (on: Path, remoteCandidates: readonly Endpoint[]): Endpoint[] =>
      pathTable(createMobike(DEFAULT_MOBIKE_POLICY, { ...common, path: on, remoteCandidates }).state).map(
        ({ path: { remote } }) => remote
      )
    const own = { address: GW1, port: 4500 }
    const second = { address: '203.0.113.2', port: 4500 }
    expect(remotes({ ...path(WIFI, GW1), remote: tls }, [])).toEqual([tls, own, second])
    expect(remotes(path(WIFI, GW1), [{ ...second, transport: 'tcp' }])).toEqual([
      own,
      { ...second, transport: 'tcp' },
      second
    ])
  })

  it('D32 a stream opened anew is told with an UPDATE, when the host asks for it', () => {
    const made = lab(CELL)
    made.client.local(CELL)
    made.run(5000)
    const count = made.client.requests.length
    made.client.step({ type: 'updateForced' })
    made.run(1000)
    expect(made.client.requests.slice(count)).toMatchObject([{ purpose: 'update', path: through(CELL) }])
  })

  it('D32 UDP and TCP of one address and port are two endpoints', () => {
    expect(sameEndpoint(TCP, { address: GW1, port: 4500 })).toBe(false)
    expect(sameEndpoint(TCP, { ...TCP })).toBe(true)
  })
})
