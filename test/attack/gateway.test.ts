import { describe, expect, it } from 'vitest'
import type { Path } from '../../src/bytes/index.ts'
import { decodeMessage, EXCHANGE, encodeMessage, NOTIFY, notify } from '../../src/codec/index.ts'
import type { Message, Payload } from '../../src/codec/types.ts'
import { createGateway, type Gateway } from '../../src/gateway/index.ts'
import { findNotify } from '../../src/ike/index.ts'
import { sessionConfig } from '../../src/session/index.ts'
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
