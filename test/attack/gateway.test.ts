import { describe, expect, it } from 'vitest'
import { type Path, utf8Bytes } from '../../src/bytes/index.ts'
import { decodeMessage, EXCHANGE, encodeMessage, ID_TYPE, NOTIFY, notify } from '../../src/codec/index.ts'
import type { Message, Payload } from '../../src/codec/types.ts'
import { createGateway, type Gateway } from '../../src/gateway/index.ts'
import { findNotify } from '../../src/ike/index.ts'
import { sessionConfig } from '../../src/session/index.ts'
import { Client, entropy, gatewayWith, SECRET, serve } from '../gateway/clients.ts'
import { GATEWAY_OPTIONS, Pair } from '../session/pair.ts'
import { octets } from './hostile.ts'

/** An attacker who forges sources at will. */
class Spoofer {
  now = 0
  received = 0
  readonly gateway: Gateway
  private readonly init: Message
  /** Datagrams and octets that the gateway sent, by where to. */
  readonly drawn = new Map<string, { datagrams: number; octets: number }>()

  constructor(limits: Parameters<typeof createGateway>[0]['limits'] = {}) {
    this.gateway = createGateway({ session: sessionConfig(GATEWAY_OPTIONS), limits })
    const pair = new Pair()
    pair.connect()
    const decoded = decodeMessage((pair.sent[0] as { bytes: Uint8Array }).bytes)
    if (!decoded.ok) throw new Error('no IKE_SA_INIT')
    this.init = decoded.value
  }

  initRequest(seed: number, payloads: readonly Payload[] = this.init.payloads): Uint8Array {
    const initiatorSpi = new Uint8Array(8)
    new DataView(initiatorSpi.buffer).setUint32(4, seed + 1)
    return encodeMessage({ ...this.init, initiatorSpi, payloads })
  }

  get payloads(): readonly Payload[] {
    return this.init.payloads
  }

  send(bytes: Uint8Array, source = '203.0.113.5', port = 500): Uint8Array[] {
    const path: Path = { local: { address: '192.0.2.1', port: 500 }, remote: { address: source, port } }
    const entropy = octets(32)
    new DataView(entropy.buffer).setUint32(0, this.received++)
    return this.gateway.receive({ now: this.now, entropy, path, bytes }).flatMap(({ action }) => {
      if (action.type !== 'sendDatagram') return []
      expect(action.path).toEqual(path)
      const known = this.drawn.get(source) ?? { datagrams: 0, octets: 0 }
      this.drawn.set(source, { datagrams: known.datagrams + 1, octets: known.octets + action.bytes.length })
      return [action.bytes]
    })
  }
}

describe('a gateway under attack by strangers', () => {
  it('a flood of IKE_SA_INIT from forged sources: half-open state is bounded, each draws one datagram at most, and it heals', () => {
    const spoofer = new Spoofer({ cookieThreshold: 8, halfOpen: 16 })
    let asked = 0
    let answered = 0
    for (let seed = 0; seed < 400; seed++) {
      const request = spoofer.initRequest(seed)
      const answers = spoofer.send(request, `203.0.${seed >> 8}.${seed & 255}`)
      expect(answers.length).toBeLessThanOrEqual(1)
      for (const answer of answers) {
        // UDP and IP headers aside, an answer is not larger than what drew it by more than a little.
        expect(answer.length).toBeLessThan(1.2 * request.length)
        const decoded = decodeMessage(answer)
        if (decoded.ok && findNotify(decoded.value.payloads, NOTIFY.COOKIE) !== undefined) asked++
        else answered++
      }
    }
    expect([answered, asked]).toEqual([8, 392])
    expect(spoofer.gateway.ids()).toHaveLength(8)
    spoofer.now = 31_000
    spoofer.gateway.tick(spoofer.now, () => octets(32))
    expect(spoofer.gateway.ids()).toEqual([])
  })

  it('who does return cookies cannot open more than the limit either', () => {
    const spoofer = new Spoofer({ cookieThreshold: 0, halfOpen: 16, halfOpenPerHost: 16 })
    for (let seed = 0; seed < 40; seed++) {
      const [first] = spoofer.send(spoofer.initRequest(seed))
      const decoded = decodeMessage(first ?? octets(0))
      const cookie = decoded.ok ? findNotify(decoded.value.payloads, NOTIFY.COOKIE)?.data : undefined
      spoofer.send(spoofer.initRequest(seed, [notify(NOTIFY.COOKIE, cookie ?? octets(0)), ...spoofer.payloads]))
      // The same cookie serves no other SPI, address or port.
      const stolen = [notify(NOTIFY.COOKIE, cookie ?? octets(0)), ...spoofer.payloads]
      const before = spoofer.gateway.ids().length
      spoofer.send(spoofer.initRequest(seed + 1000, stolen))
      spoofer.send(spoofer.initRequest(seed, stolen), '203.0.113.6')
      spoofer.send(spoofer.initRequest(seed, stolen), '203.0.113.5', 501)
      expect(spoofer.gateway.ids()).toHaveLength(before)
    }
    expect(spoofer.gateway.ids()).toHaveLength(16)
  })

  it('RFC 8019 section 3: one host that returns cookies, with one IPv4 address or an IPv6 /64, leaves room for others', () => {
    const spoofer = new Spoofer({ cookieThreshold: 1000, halfOpen: 16, halfOpenPerHost: 8 })
    for (let seed = 0; seed < 20; seed++) spoofer.send(spoofer.initRequest(seed), '203.0.113.5', 1024 + seed)
    expect(spoofer.gateway.ids()).toHaveLength(8)
    expect(spoofer.send(spoofer.initRequest(50), '203.0.113.6')).toHaveLength(1)
    spoofer.now = 31_000
    spoofer.gateway.tick(spoofer.now, () => octets(32))
    for (let seed = 0; seed < 20; seed++) spoofer.send(spoofer.initRequest(seed), `2001:db8::${seed + 1}`)
    expect(spoofer.gateway.ids()).toHaveLength(8)
    expect(spoofer.send(spoofer.initRequest(50), '2001:db8:0:1::1')).toHaveLength(1)
  })

  it('the smallest datagram that draws an answer: less than twice its octets with headers, and no more than one', () => {
    const spoofer = new Spoofer({ cookieThreshold: 0 })
    const nonce = spoofer.payloads.filter(({ kind }) => kind === 'nonce')
    const small = [{ kind: 'nonce' as const, data: octets(16) }]
    for (const payloads of [[], nonce, small]) {
      const request = spoofer.initRequest(7, payloads)
      const octetsOut = spoofer.send(request).map(({ length }) => length + 28)
      expect(octetsOut.length).toBeLessThanOrEqual(1)
      for (const out of octetsOut) expect(out).toBeLessThan(1.5 * (request.length + 28))
    }
  })

  it('unknown SPIs, versions and garbage at a high rate: twenty answers a second in all, none to IKEv1 or to responses', () => {
    const spoofer = new Spoofer()
    const unknown = encodeMessage({
      initiatorSpi: octets(8, 1),
      responderSpi: octets(8, 2),
      majorVersion: 2,
      minorVersion: 0,
      exchangeType: EXCHANGE.INFORMATIONAL,
      fromInitiator: true,
      isResponse: false,
      messageId: 0,
      payloads: []
    })
    const kinds: ((bytes: Uint8Array) => void)[] = [
      () => {},
      (bytes) => bytes.set([0x30], 17),
      (bytes) => bytes.set([0x10], 17),
      (bytes) => bytes.set([0x28], 19)
    ]
    const drawn = kinds.map((change) => {
      spoofer.now += 10_000
      let count = 0
      for (let index = 0; index < 2000; index++) {
        const bytes = unknown.slice()
        change(bytes)
        bytes.set([index >> 8, index & 255], 2)
        count += spoofer.send(bytes).length
        for (const answer of spoofer.send(bytes.slice(0, index % 28))) expect(answer).toEqual([])
      }
      return count
    })
    expect(drawn).toEqual([20, 20, 0, 0])
  })
})

describe('a gateway under attack by one who has a key', () => {
  const named = (name: string) => ({ type: ID_TYPE.ID_FQDN, data: utf8Bytes(name) })
  const MINE = named('client.example')
  const flood = (gateway: Gateway, count: number, options: ConstructorParameters<typeof Client>[1] = {}) =>
    Array.from({ length: count }, (_, index) => new Client(`10.66.0.${index + 1}`, options).connect(gateway))
  const phaseOf = ({ session }: Client) => session.state.phase

  it('session after session under one identity: so many and no more, others get in, and a place that is free is given again', () => {
    const gateway = gatewayWith({ sessionsPerIdentity: 8, sessions: 40 })
    const clients = flood(gateway, 30)
    expect(gateway.sessionsOfIdentity(MINE)).toHaveLength(8)
    expect(clients.map((client) => phaseOf(client).name).filter((name) => name === 'established')).toHaveLength(8)
    expect(phaseOf(clients[8] as Client)).toMatchObject({ name: 'closed', reason: 'authenticationFailed' })
    const other = new Client('10.1.0.3', { localIdentity: named('other.example') }).connect(gateway)
    expect(phaseOf(other).name).toBe('established')
    const first = clients[0] as Client
    first.step({ type: 'closeRequested' })
    while (first.sent.length > 0) first.exchange(gateway)
    expect(phaseOf(new Client('10.1.0.4').connect(gateway)).name).toBe('established')
    expect(gateway.sessionsOfIdentity(MINE)).toHaveLength(8)
  })

  it('all at once: half open side by side they are counted as they prove themselves', () => {
    const gateway = gatewayWith({ sessionsPerIdentity: 3 })
    const clients = Array.from({ length: 10 }, (_, index) => new Client(`10.66.0.${index + 1}`))
    for (const client of clients) client.step({ type: 'connectRequested', paths: [client.path] })
    for (const client of clients) client.exchange(gateway)
    for (const client of clients) while (client.sent.length > 0) client.exchange(gateway)
    expect(gateway.sessionsOfIdentity(MINE)).toHaveLength(3)
  })

  it('who only claims an identity takes none of its places', () => {
    const gateway = gatewayWith({ sessionsPerIdentity: 2 })
    for (let index = 0; index < 10; index++) {
      const impostor = new Client(`10.66.0.${index + 1}`)
      impostor.answer = utf8Bytes('not the secret')
      impostor.connect(gateway)
    }
    expect(gateway.ids()).toEqual([])
    expect(phaseOf(new Client('10.1.0.2').connect(gateway)).name).toBe('established')
  })

  it('with all its places taken, who restarted and says INITIAL_CONTACT gets in, and takes the place of the others', () => {
    const gateway = gatewayWith({ sessionsPerIdentity: 1 })
    const lost = new Client('10.66.0.1').connect(gateway)
    expect(phaseOf(lost).name).toBe('established')
    expect(phaseOf(new Client('10.66.0.2').connect(gateway)).name).toBe('closed')
    const before = gateway.ids()
    const restarted = new Client('10.66.0.1', { initialContact: true }).connect(gateway)
    expect(phaseOf(restarted).name).toBe('established')
    expect(gateway.ids()).toHaveLength(1)
    expect(gateway.ids()).not.toEqual(before)
    // Without the key it is a word like any other.
    const impostor = new Client('10.66.0.3', { initialContact: true })
    impostor.answer = utf8Bytes('not the secret')
    impostor.connect(gateway)
    expect(phaseOf(impostor).name).toBe('closed')
    expect(phaseOf(restarted).name).toBe('established')
    expect(gateway.sessionsOfIdentity(MINE)).toHaveLength(1)
  })

  it('where INITIAL_CONTACT ends no other session it makes no room either', () => {
    const session = sessionConfig(GATEWAY_OPTIONS)
    const gateway = createGateway({ session, limits: { sessionsPerIdentity: 1 }, initialContact: 'report' })
    new Client('10.66.0.1').connect(gateway)
    expect(phaseOf(new Client('10.66.0.2', { initialContact: true }).connect(gateway)).name).toBe('closed')
    expect(gateway.ids()).toHaveLength(1)
  })

  it('proved and waiting for inner addresses counts: slow address management opens no more places', () => {
    const gateway = gatewayWith({ sessionsPerIdentity: 3 })
    const waiting: { session: number; id: number }[] = []
    const hold = (actions: ReturnType<Gateway['receive']>, now: number): { path: Path; bytes: Uint8Array }[] => {
      for (const { session, action } of actions) {
        if (session !== null && action.type === 'ask' && action.question.kind === 'configuration') {
          waiting.push({ session, id: action.id })
        }
      }
      const rest = actions.filter(({ action }) => action.type !== 'ask' || action.question.kind !== 'configuration')
      return rest.flatMap((one) =>
        one.action.type === 'ask' && one.session !== null
          ? hold(
              gateway.tell(one.session, {
                type: 'answered',
                id: one.action.id,
                answer: { kind: 'preSharedKey', secret: SECRET.slice() },
                now,
                entropy: entropy()
              }),
              now
            )
          : serve(gateway, [one], now)
      )
    }
    const clients = Array.from({ length: 10 }, (_, index) => new Client(`10.66.0.${index + 1}`))
    for (const client of clients) {
      client.step({ type: 'connectRequested', paths: [client.path] })
      while (client.sent.length > 0) {
        const { path: outgoing, bytes } = client.sent.shift() as { path: Path; bytes: Uint8Array }
        const path = { local: outgoing.remote, remote: outgoing.local }
        for (const back of hold(gateway.receive({ now: 0, entropy: entropy(), path, bytes }), 0)) {
          client.step({ type: 'datagramReceived', path: outgoing, bytes: back.bytes })
        }
      }
    }
    expect(waiting).toHaveLength(3)
    expect(gateway.sessionsOfIdentity(MINE)).toEqual([])
    const addresses = { addresses: ['10.3.0.7'], dnsServers: [] }
    for (const { session, id } of waiting) {
      const answer = { kind: 'configuration', configuration: addresses } as const
      gateway.tell(session, { type: 'answered', id, answer, now: 0, entropy: entropy() })
    }
    expect(gateway.sessionsOfIdentity(MINE)).toHaveLength(3)
  })

  it('INITIAL_CONTACT each time: one session at a time, and none of the others ever sends again', () => {
    const gateway = gatewayWith({ sessionsPerIdentity: 4 })
    flood(gateway, 30, { initialContact: true })
    expect(gateway.ids()).toHaveLength(1)
    expect(gateway.sessionsOfIdentity(MINE)).toHaveLength(1)
    const woken = gateway.tick(600_000, entropy).flatMap(({ session }) => session ?? [])
    expect(new Set(woken).size).toBeLessThanOrEqual(1)
  })

  it('all its sessions move to a victim at once: each draws an answer and one check, paced, and no ESP goes there', () => {
    const gateway = gatewayWith({ sessionsPerIdentity: 16 })
    const clients = flood(gateway, 40).filter((client) => phaseOf(client).name === 'established')
    const toVictim: number[] = []
    let moved = 0
    const note = (actions: ReturnType<Gateway['receive']>, now: number): void => {
      for (const { action } of actions) {
        if (action.type === 'moveChildSas') moved++
        if (action.type === 'sendDatagram' && action.path.remote.address === '203.0.113.99') toVictim.push(now)
      }
    }
    for (const client of clients) {
      client.step({ type: 'localAddressesChanged', addresses: [{ address: '203.0.113.99' }] })
      for (const { path, bytes } of client.sent.splice(0)) {
        note(
          gateway.receive({ now: 0, entropy: entropy(), path: { local: path.remote, remote: path.local }, bytes }),
          0
        )
      }
    }
    expect(clients).toHaveLength(16)
    // An answer to the UPDATE and one request each.
    expect(toVictim).toHaveLength(32)
    for (let now = 100; now <= 600_000; now += 100) note(gateway.tick(now, entropy), now)
    // The victim says nothing: retransmissions become rare, and end with the sessions.
    expect(toVictim.filter((now) => now > 1000 && now <= 11_000).length).toBeLessThanOrEqual(16 * 5)
    expect(toVictim.length).toBeLessThanOrEqual(16 * 16)
    expect(moved).toBe(0)
    expect(gateway.ids()).toEqual([])
  })
})
