import { describe, expect, it } from 'vitest'
import { equalBytes, fromHex, type Path, toHex } from '../../src/bytes/index.ts'
import { decodeMessage, EXCHANGE, encodeMessage, NOTIFY, peekHeader } from '../../src/codec/index.ts'
import { WakeQueue } from '../../src/gateway/wake-queue.ts'
import { findNotify } from '../../src/ike/index.ts'
import type { Session } from '../../src/session/index.ts'
import { Client, entropy, gatewayWith, serve } from './clients.ts'

function initRequest(): Uint8Array {
  const client = new Client('10.1.0.2')
  client.step({ type: 'connectRequested', paths: [client.path] })
  return client.sent[0]?.bytes as Uint8Array
}

const FROM_CLIENT: Path = {
  local: { address: '192.0.2.1', port: 500 },
  remote: { address: '10.1.0.2', port: 500 }
}

describe('routing', () => {
  it('B014 finds sessions by SPI alone: two clients behind one address are told apart', () => {
    const gateway = gatewayWith()
    const first = new Client('10.1.0.2').connect(gateway)
    const second = new Client('10.1.0.2').connect(gateway)
    expect(first.session.state.phase.name).toBe('established')
    expect(second.session.state.phase.name).toBe('established')
    expect(gateway.ids()).toHaveLength(2)
    for (const id of gateway.ids()) {
      const spi = gateway.session(id)?.state.children[0]?.sa.localSpi as number
      expect(gateway.sessionsOfChildSpi(spi)).toEqual([id])
    }
  })

  it('B040 gives a repeated IKE_SA_INIT the same response and opens no second session', () => {
    const gateway = gatewayWith()
    const bytes = initRequest()
    const answers = [1, 2].map(() => {
      const [action] = gateway.receive({ now: 0, entropy: entropy(), path: FROM_CLIENT, bytes })
      return action?.action.type === 'sendDatagram' ? action.action.bytes : undefined
    })
    expect(answers[0]).toBeDefined()
    expect(answers[1]).toEqual(answers[0])
    expect(gateway.ids()).toHaveLength(1)
  })

  it('B031 still finds the session after an IKE SA rekey, and no longer under the old SPI', () => {
    const gateway = gatewayWith()
    const client = new Client('10.1.0.2').connect(gateway)
    client.step({ type: 'ikeSaRekeyRequested' })
    while (client.sent.length > 0) client.exchange(gateway)
    client.step({ type: 'livenessRequested' })
    client.exchange(gateway)
    expect(client.session.state.ikeSas[0]?.requests.outstanding).toEqual([])
  })

  it('forgets a session whose IKE SA was deleted, and repeats the last response to a repeated Delete', () => {
    const gateway = gatewayWith()
    const client = new Client('10.1.0.2').connect(gateway)
    client.step({ type: 'closeRequested' })
    const deletion = client.sent[0] as { readonly path: Path; readonly bytes: Uint8Array }
    client.exchange(gateway)
    expect(gateway.ids()).toEqual([])
    const path = { local: deletion.path.remote, remote: deletion.path.local }
    const again = gateway.receive({ now: 10, entropy: entropy(), path, bytes: deletion.bytes })
    const action = again[0]?.action
    expect(action?.type === 'sendDatagram' && equalBytes(action.bytes, client.received.at(-1) as Uint8Array)).toBe(true)
  })
})

describe('farewells', () => {
  it('B038 repeats the refusal of an IKE_AUTH whose response was lost, then forgets the session', () => {
    const gateway = gatewayWith()
    const client = new Client('10.1.0.2')
    client.step({ type: 'connectRequested', paths: [client.path] })
    client.exchange(gateway)
    const request = client.sent[0] as { readonly path: Path; readonly bytes: Uint8Array }
    const path = { local: request.path.remote, remote: request.path.local }
    const actions = gateway.receive({ now: 0, entropy: entropy(), path, bytes: request.bytes })
    const [asked] = actions.flatMap(({ session, action }) =>
      action.type === 'ask' ? [{ session, id: action.id }] : []
    )
    const refusals = gateway.tell(asked?.session as number, {
      now: 0,
      entropy: entropy(),
      type: 'answered',
      id: asked?.id as number,
      answer: { kind: 'preSharedKey', secret: null }
    })
    const [refusal] = serve(gateway, refusals, 0)
    expect(refusal).toBeDefined()
    expect(gateway.ids()).toEqual([])
    const again = serve(gateway, gateway.receive({ now: 500, entropy: entropy(), path, bytes: request.bytes }), 500)
    expect(again).toEqual([refusal])
    gateway.tick(gateway.nextWake() as number, entropy)
    expect(gateway.nextWake()).toBeUndefined()
    const late = gateway.receive({ now: 200_000, entropy: entropy(), path, bytes: request.bytes })
    expect(serve(gateway, late, 200_000)).not.toEqual([refusal])
  })
})

describe('cookies', () => {
  it('B088 B089 asks for a COOKIE of 1 to 64 octets above the threshold and keeps nothing', () => {
    const gateway = gatewayWith({ cookieThreshold: 0 })
    const bytes = initRequest()
    const [action] = gateway.receive({ now: 0, entropy: entropy(), path: FROM_CLIENT, bytes })
    expect(action?.session).toBeNull()
    const sent = action?.action.type === 'sendDatagram' ? action.action.bytes : new Uint8Array()
    const decoded = decodeMessage(sent)
    const cookie = decoded.ok ? findNotify(decoded.value.payloads, NOTIFY.COOKIE) : undefined
    expect(cookie?.data.length).toBeGreaterThanOrEqual(1)
    expect(cookie?.data.length).toBeLessThanOrEqual(64)
    expect(decoded.ok && decoded.value.isResponse).toBe(true)
    expect(gateway.ids()).toEqual([])
  })

  it('B090 lets a client in that returns the COOKIE first, all else unchanged', () => {
    const gateway = gatewayWith({ cookieThreshold: 0 })
    const client = new Client('10.1.0.2').connect(gateway)
    expect(client.session.state.phase.name).toBe('established')
    expect(gateway.ids()).toHaveLength(1)
  })

  it('B091 answers a wrong COOKIE with a new one', () => {
    const gateway = gatewayWith({ cookieThreshold: 0 })
    const request = decodeMessage(initRequest())
    if (!request.ok) throw new Error('the client sent no message')
    const cookie = {
      kind: 'notify',
      protocol: 0,
      spi: new Uint8Array(),
      type: NOTIFY.COOKIE,
      data: new Uint8Array(33)
    } as const
    const bytes = encodeMessage({ ...request.value, payloads: [cookie, ...request.value.payloads] })
    const [action] = gateway.receive({ now: 0, entropy: entropy(), path: FROM_CLIENT, bytes })
    const decoded = decodeMessage(action?.action.type === 'sendDatagram' ? action.action.bytes : new Uint8Array())
    expect(decoded.ok && findNotify(decoded.value.payloads, NOTIFY.COOKIE)).toBeDefined()
    expect(gateway.ids()).toEqual([])
  })

  it('B092 binds the COOKIE to the address and lets it expire', () => {
    for (const change of ['address', 'time'] as const) {
      const gateway = gatewayWith({ cookieThreshold: 0, cookieSecretMs: 1000 })
      const client = new Client('10.1.0.2')
      client.step({ type: 'connectRequested', paths: [client.path] })
      client.exchange(gateway)
      const retry = client.sent[0]?.bytes as Uint8Array
      const remote = { address: change === 'address' ? '10.1.0.3' : '10.1.0.2', port: 500 }
      const now = change === 'time' ? 2000 : 0
      gateway.receive({ now, entropy: entropy(), path: { local: FROM_CLIENT.local, remote }, bytes: retry })
      expect(gateway.ids()).toEqual([])
    }
  })
})

describe('limits', () => {
  it('drops IKE_SA_INIT beyond the limit of half-open IKE SAs, and frees the place when one times out', () => {
    const gateway = gatewayWith({ cookieThreshold: 100, halfOpen: 1 })
    gateway.receive({ now: 0, entropy: entropy(), path: FROM_CLIENT, bytes: initRequest() })
    const [second] = gateway.receive({ now: 0, entropy: entropy(), path: FROM_CLIENT, bytes: initRequest() })
    expect(second?.action).toMatchObject({ type: 'report', report: { kind: 'ignored', reason: 'busy' } })
    const wake = gateway.nextWake() as number
    gateway.tick(wake, entropy)
    expect(gateway.ids()).toEqual([])
    gateway.receive({ now: wake, entropy: entropy(), path: FROM_CLIENT, bytes: initRequest() })
    expect(gateway.ids()).toHaveLength(1)
  })

  it('B082 B245 answers requests with unknown SPIs unprotected, fields copied, and only so often', () => {
    const gateway = gatewayWith({ unprotectedAnswersPerSecond: 2 })
    const bytes = encodeMessage({
      initiatorSpi: fromHex('0102030405060708'),
      responderSpi: fromHex('1112131415161718'),
      majorVersion: 2,
      minorVersion: 0,
      exchangeType: EXCHANGE.INFORMATIONAL,
      fromInitiator: true,
      isResponse: false,
      messageId: 7,
      payloads: []
    })
    const answers = [1, 2, 3].map(
      () => gateway.receive({ now: 0, entropy: entropy(), path: FROM_CLIENT, bytes })[0]?.action
    )
    const first = answers[0]?.type === 'sendDatagram' ? answers[0].bytes : new Uint8Array()
    expect(answers.map((answer) => answer?.type)).toEqual(['sendDatagram', 'sendDatagram', 'report'])
    const header = peekHeader(first)
    expect(header && toHex(header.initiatorSpi)).toBe('0102030405060708')
    expect(header && toHex(header.responderSpi)).toBe('1112131415161718')
    expect(header).toMatchObject({ exchangeType: EXCHANGE.INFORMATIONAL, isResponse: true, messageId: 7 })
    const decoded = decodeMessage(first)
    expect(decoded.ok && findNotify(decoded.value.payloads, NOTIFY.INVALID_IKE_SPI)).toBeDefined()
  })

  it('B083 does not answer a response with unknown SPIs', () => {
    const gateway = gatewayWith()
    const bytes = initRequest().slice()
    bytes[19] = 0x28 // Response and Initiator flags
    bytes[18] = EXCHANGE.INFORMATIONAL
    const actions = gateway.receive({ now: 0, entropy: entropy(), path: FROM_CLIENT, bytes })
    expect(actions.map(({ action }) => action.type)).toEqual(['report'])
  })

  it('B007 answers a higher major version with INVALID_MAJOR_VERSION and its own', () => {
    const gateway = gatewayWith()
    const bytes = initRequest().slice()
    bytes[17] = 0x30
    const [action] = gateway.receive({ now: 0, entropy: entropy(), path: FROM_CLIENT, bytes })
    const decoded = decodeMessage(action?.action.type === 'sendDatagram' ? action.action.bytes : new Uint8Array())
    const told = decoded.ok ? findNotify(decoded.value.payloads, NOTIFY.INVALID_MAJOR_VERSION) : undefined
    expect(told?.data).toEqual(Uint8Array.of(2))
  })
})

describe('wake queue', () => {
  it('gives handles in the order of their times, each once, whatever was armed anew', () => {
    const queue = new WakeQueue()
    for (let id = 0; id < 200; id++) queue.arm(id, (id * 7919) % 1000)
    for (let id = 0; id < 200; id += 2) queue.arm(id, 2000 + id)
    for (let id = 1; id < 200; id += 4) queue.arm(id, undefined)
    const taken: number[] = []
    for (let id = queue.takeDue(5000); id !== undefined; id = queue.takeDue(5000)) taken.push(id)
    const times = taken.map((id) => (id % 2 === 0 ? 2000 + id : (id * 7919) % 1000))
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(new Set(taken).size).toBe(150)
    expect(queue.next()).toBeUndefined()
  })
})

describe('keys', () => {
  it('B111 overwrites the keys of an IKE SA and its Child SA when they go', () => {
    const gateway = gatewayWith()
    const client = new Client('10.1.0.2').connect(gateway)
    const { secrets } = gateway.session(gateway.ids()[0] as number) as Session
    const keys = [...Object.values(secrets.ikeKeys), ...Object.values(secrets.childKeys)]
    expect(keys).toHaveLength(2)
    expect(keys.every((key) => key.some((octet) => octet !== 0))).toBe(true)
    client.step({ type: 'closeRequested' })
    client.exchange(gateway)
    expect(keys.every((key) => key.every((octet) => octet === 0))).toBe(true)
  })
})
