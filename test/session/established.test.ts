import { describe, expect, it } from 'vitest'
import { uint32Bytes } from '../../src/bytes/index.ts'
import { EXCHANGE, NOTIFY, notify, PROTOCOL } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { LAST_MESSAGE_ID } from '../../src/exchange/index.ts'
import {
  DEFAULT_RETRANSMISSION,
  DEFAULT_SESSION_LIMITS,
  nextSessionWake,
  type Session
} from '../../src/session/index.ts'
import { forge, kinds, read, unmarked } from './forge.ts'
import { type Datagram, datagramsIn, mobikeReports, other, Pair, reportsIn, reversed, type SideName } from './pair.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']

/** What a side answers to a message of the other. */
function answerTo(pair: Pair, datagram: Datagram) {
  const actions = pair.deliver(datagram)
  const name = other(datagram.from)
  const [sent] = datagramsIn(actions)
  const answer = sent && read(pair, { from: name, path: sent.path, bytes: sent.bytes })
  return { actions, answer, reports: reportsIn(actions) }
}

function nextId(pair: Pair, name: SideName): number {
  return pair.ikeSa(name).requests.nextMessageId
}

const deleteIke: Payload = { kind: 'delete', protocol: PROTOCOL.IKE, spiSize: 0, spis: [] }

describe('Message IDs, window, repetition', () => {
  it('B031 B042 after IKE_AUTH: client counts on from 2, gateway starts at 0, one at a time', () => {
    const pair = new Pair().establish()
    expect([nextId(pair, 'client'), nextId(pair, 'gateway')]).toEqual([2, 0])
    for (const name of BOTH) {
      pair.tell(name, { type: 'childSaRequested' })
      pair.tell(name, { type: 'childSaRequested' })
      expect(pair.ikeSa(name).requests.outstanding).toHaveLength(1)
    }
  })

  it('B036 B058 B035 requests are repeated as the same octets at doubling intervals until the peer is given up silently', () => {
    const pair = new Pair({ mobike: null }, { mobike: null }).establish()
    const sent: { at: number; bytes: Uint8Array }[] = []
    pair.passes = ({ from, bytes }) => {
      if (from === 'client') sent.push({ at: pair.now, bytes })
      return false
    }
    pair.tell('client', { type: 'livenessRequested' })
    pair.advance(1_000_000)
    for (const { bytes } of sent) expect(bytes).toEqual(sent[0]?.bytes)
    expect(sent).toHaveLength(DEFAULT_RETRANSMISSION.transmissions)
    const gaps = sent.slice(1).map(({ at }, i) => at - (sent[i]?.at as number))
    expect(gaps).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000, 30_000])
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'noResponse' })
    expect(pair.client.actions.filter(({ type }) => type === 'removeChildSa')).toHaveLength(1)
  })

  it('A005 B037 B213 F27 F35 F36 D30 a repeated request gets the same octets, to where this copy came from, and nothing else', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'livenessRequested' })
    const request = pair.wire.shift() as Datagram
    const first = pair.deliver(request)
    const { state } = pair.gateway.session
    const elsewhere = { address: '10.77.0.1', port: 4500 }
    const again = pair.tell('gateway', {
      type: 'datagramReceived',
      path: { local: request.path.remote, remote: elsewhere },
      bytes: request.bytes
    })
    expect(again).toEqual([
      {
        type: 'sendDatagram',
        path: { local: request.path.remote, remote: elsewhere },
        bytes: datagramsIn(first)[0]?.bytes
      }
    ])
    expect(pair.gateway.session.state).toEqual(state)
  })

  it('B050 a request beyond the window is not acknowledged', () => {
    const pair = new Pair().establish()
    const { answer, reports } = answerTo(
      pair,
      forge(pair, 'client', { messageId: nextId(pair, 'client') + 1, payloads: [] })
    )
    expect(answer).toBeUndefined()
    expect(reports).toMatchObject([{ kind: 'ignored', reason: 'messageIdOutsideWindow' }])
  })

  it('B039 a repeated request whose response is gone is ignored', () => {
    const pair = new Pair().establish()
    const old = forge(pair, 'client', { messageId: 2, payloads: [] })
    pair.deliver(old)
    pair.deliver(forge(pair, 'client', { messageId: 3, payloads: [] }))
    expect(answerTo(pair, old).reports).toMatchObject([{ kind: 'ignored', reason: 'repeatedRequestForgotten' }])
  })

  it('B012 B083 a response to nothing is not answered', () => {
    const pair = new Pair().establish()
    const { answer, reports } = answerTo(pair, forge(pair, 'gateway', { messageId: 9, isResponse: true, payloads: [] }))
    expect(answer).toBeUndefined()
    expect(reports).toMatchObject([{ kind: 'ignored', reason: 'unexpectedResponse' }])
  })

  it('B026 a response of another exchange type, or IKE_AUTH once more, has no effect', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'livenessRequested' })
    const messageId = nextId(pair, 'client') - 1
    const wrong = forge(pair, 'gateway', {
      exchangeType: EXCHANGE.CREATE_CHILD_SA,
      isResponse: true,
      messageId,
      payloads: []
    })
    expect(answerTo(pair, wrong).reports).toMatchObject([{ kind: 'ignored', reason: 'wrongExchange' }])
    expect(pair.ikeSa('client').requests.outstanding).toHaveLength(1)
    const auth = forge(pair, 'gateway', { exchangeType: EXCHANGE.IKE_AUTH, messageId: 0, payloads: [] })
    expect(answerTo(pair, auth).reports).toMatchObject([{ kind: 'ignored', reason: 'wrongExchange' }])
  })

  it('B046 the peer’s requests are answered while own ones are outstanding', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'childSaRequested' })
    const { answer } = answerTo(pair, forge(pair, 'gateway', { messageId: 0, payloads: [] }))
    expect(answer?.message).toMatchObject({ isResponse: true, messageId: 0 })
  })

  it('B030 before Message IDs run out the IKE SA is rekeyed', () => {
    const pair = new Pair().establish()
    skipTo(pair, LAST_MESSAGE_ID - 0xffff)
    pair.tell('client', { type: 'livenessRequested' })
    pair.settle()
    pair.advance(100)
    expect(pair.ikeSa('client').generation).toBe(1)
    expect(pair.ikeSa('gateway').generation).toBe(1)
    expect(nextId(pair, 'client')).toBeLessThan(10)
  })

  it('B030 an IKE SA whose Message IDs have run out is closed', () => {
    const pair = new Pair().establish()
    skipTo(pair, LAST_MESSAGE_ID)
    pair.tell('client', { type: 'livenessRequested' })
    pair.settle()
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'messageIdsExhausted' })
  })
})

/** Both ends as if this many requests of the client had been made. */
function skipTo(pair: Pair, messageId: number): void {
  const edit = (session: Session, change: (sa: Session['state']['ikeSas'][number]) => object): Session => ({
    ...session,
    state: { ...session.state, ikeSas: session.state.ikeSas.map((sa) => ({ ...sa, ...change(sa) })) }
  })
  pair.client.session = edit(pair.client.session, ({ requests }) => ({
    requests: { ...requests, nextMessageId: messageId }
  }))
  pair.gateway.session = edit(pair.gateway.session, ({ responses }) => ({
    responses: { ...responses, nextMessageId: messageId, responses: [] }
  }))
}

describe('INFORMATIONAL', () => {
  it('B055 B070 a liveness check is an empty request, and any INFORMATIONAL is answered', () => {
    const pair = new Pair().establish()
    pair.tell('gateway', { type: 'livenessRequested' })
    const request = pair.wire.shift() as Datagram
    expect(read(pair, request).payloads).toEqual([])
    const { answer } = answerTo(pair, request)
    expect(answer?.payloads).toEqual([])
    const odd = forge(pair, 'client', { messageId: 2, payloads: [notify(40_000, Uint8Array.of(1, 2)), notify(8191)] })
    expect(answerTo(pair, odd).answer?.message.isResponse).toBe(true)
  })

  it('B053 B054 after silence a liveness check goes out by itself; anything fresh from the peer puts it off', () => {
    for (const name of BOTH) {
      const every = (side: SideName) => ({ livenessMs: side === name ? 20_000 : null })
      const pair = new Pair(every('client'), every('gateway')).establish()
      const before = pair.sent.length
      pair.advance(15_000)
      pair.tell(other(name), { type: 'livenessRequested' })
      pair.settle()
      pair.advance(19_999)
      expect(pair.sent).toHaveLength(before + 2)
      pair.advance(1)
      expect(pair.sent[before + 2]?.from).toBe(name)
      expect(pair.sent).toHaveLength(before + 4)
    }
  })

  it('A118 A119 ESP on the addresses in use puts the liveness check off, ESP from elsewhere does not', () => {
    const pair = new Pair({ livenessMs: 60_000 }, { livenessMs: null }).establish()
    const path = pair.client.session.state.mobike?.childPath
    if (path === undefined) throw new Error('MOBIKE expected')
    pair.advance(50_000)
    pair.tell('client', { type: 'espReceived', id: 1, path })
    expect(nextSessionWake(pair.client.session)).toBe(pair.now + 60_000)
    pair.advance(10_000)
    pair.tell('client', { type: 'espReceived', id: 1, path: { ...path, remote: { ...path.remote, port: 9 } } })
    expect(pair.client.session.state.livenessAt).toBe(pair.now + 50_000)
  })

  it('B067 B072 B076 the Delete of the IKE SA closes everything on both sides; its answer is empty', () => {
    for (const name of BOTH) {
      const pair = new Pair().establish()
      pair.tell(name, { type: 'closeRequested' })
      expect(read(pair, pair.wire[0] as Datagram).payloads).toMatchObject([deleteIke])
      pair.settle()
      expect(pair.reports(name).at(-1)).toEqual({ kind: 'closed', reason: 'closedLocally' })
      expect(pair.reports(other(name)).at(-1)).toEqual({ kind: 'closed', reason: 'closedByPeer' })
      for (const side of BOTH) {
        expect(pair[side].session.secrets).toEqual({ ikeKeys: {}, childKeys: {}, privateKeys: {}, preSharedKey: null })
        expect(pair[side].actions.filter(({ type }) => type === 'removeChildSa')).toHaveLength(1)
      }
    }
  })

  it('B038 a Delete whose answer was lost is answered again after the session has closed', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'closeRequested' })
    let lost = 0
    pair.passes = ({ from }) => from !== 'gateway' || lost++ >= 2
    pair.settle()
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'closed'])
    pair.advance(10_000)
    expect(pair.reports('client')).toContainEqual({ kind: 'closed', reason: 'closedLocally' })
    const other = forgeAfterClose(pair)
    expect(reportsIn(pair.deliver(other))).toMatchObject([{ kind: 'ignored', reason: 'closed' }])
    pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs)
    expect(nextSessionWake(pair.gateway.session)).toBeUndefined()
  })

  it('B209 crossing Deletes of the IKE SA close both sides', () => {
    const pair = new Pair().establish()
    for (const name of BOTH) pair.tell(name, { type: 'closeRequested' })
    pair.settle()
    pair.advance(1000)
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['closed', 'closed'])
  })

  it('F38 a Delete of the IKE SA wins over an UPDATE in the same message', () => {
    const pair = new Pair().establish()
    const { actions } = answerTo(
      pair,
      forge(pair, 'client', { messageId: 2, payloads: [notify(NOTIFY.UPDATE_SA_ADDRESSES), deleteIke] })
    )
    expect(mobikeReports(actions)).toEqual([])
    expect(pair.phase('gateway')).toBe('closed')
  })

  it('A session that is told to close while it has no network closes at once', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'localAddressesChanged', addresses: [] })
    const before = pair.sent.length
    pair.tell('client', { type: 'closeRequested' })
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'closedLocally' })
    expect(pair.sent).toHaveLength(before)
  })

  it('B237 B241 B243 a malformed request: INVALID_SYNTAX under protection, and both ends drop the IKE SA without Delete', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'livenessRequested' })
    pair.wire = []
    const messageId = nextId(pair, 'client') - 1
    const chain = { firstPayload: 41, bytes: Uint8Array.of(0, 0, 0, 99) }
    const bad = forge(pair, 'client', { messageId, payloads: [], chain })
    const { answer } = answerTo(pair, bad)
    expect(kinds(answer?.payloads ?? [])).toEqual([NOTIFY.INVALID_SYNTAX])
    expect(pair.reports('gateway').at(-1)).toEqual({ kind: 'closed', reason: 'invalidSyntax' })
    pair.settle()
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'invalidSyntax' })
    expect(pair.wire).toEqual([])
  })

  it('B019 an unknown critical payload in a request is refused by its type; the SA stands', () => {
    const pair = new Pair().establish()
    const chain = { firstPayload: 222, bytes: Uint8Array.of(0, 0x80, 0, 4) }
    const { answer } = answerTo(pair, forge(pair, 'client', { messageId: 2, payloads: [], chain }))
    expect(answer?.payloads).toMatchObject([{ type: NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD, data: Uint8Array.of(222) }])
    expect(pair.phase('gateway')).toBe('established')
  })

  it('B240 B242 a malformed response ends the IKE SA, and no message follows', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'livenessRequested' })
    pair.wire = []
    const chain = { firstPayload: 41, bytes: Uint8Array.of(0, 0, 0, 99) }
    const actions = pair.deliver(
      forge(pair, 'gateway', { messageId: nextId(pair, 'client') - 1, isResponse: true, payloads: [], chain })
    )
    expect(datagramsIn(actions)).toEqual([])
    expect(pair.phase('client')).toBe('closed')
  })

  it('B156 AUTHENTICATION_FAILED in an INFORMATIONAL ends the IKE SA without a Delete', () => {
    const pair = new Pair().establish()
    const { answer } = answerTo(
      pair,
      forge(pair, 'client', { messageId: 2, payloads: [notify(NOTIFY.AUTHENTICATION_FAILED)] })
    )
    expect(answer?.payloads).toEqual([])
    expect(pair.reports('gateway').at(-1)).toEqual({ kind: 'closed', reason: 'authenticationFailed' })
  })

  it('B057 B085 without MOBIKE too, unprotected messages start at most one liveness check in a while', () => {
    const pair = new Pair({ mobike: null }, { mobike: null }).establish()
    const real = forge(pair, 'gateway', { messageId: 0, payloads: [] })
    const message = unmarked(real).slice(0, 28)
    message[16] = 41
    const forged = Uint8Array.of(0, 0, 0, 0, ...message, 0, 0, 0, 8, 0, 0, 0, 4)
    new DataView(forged.buffer).setUint32(28, forged.length - 4)
    const bad = { ...real, bytes: forged }
    const before = pair.sent.length
    for (let i = 0; i < 10; i++) pair.deliver(bad)
    expect(pair.sent).toHaveLength(before)
    pair.advance(2000)
    for (let i = 0; i < 10; i++) pair.deliver(bad)
    expect(pair.sent).toHaveLength(before + 1)
    pair.settle()
    for (let i = 0; i < 10; i++) pair.deliver(bad)
    expect(pair.sent.filter(({ from }) => from === 'client').length).toBeLessThanOrEqual(before + 1)
  })

  it('The queue of a caller’s wishes is bounded and says so', () => {
    const pair = new Pair().establish()
    pair.passes = () => false
    for (let i = 0; i < 100; i++) pair.tell('client', { type: 'childSaRequested' })
    expect(pair.client.session.state.tasks.length).toBeLessThanOrEqual(DEFAULT_SESSION_LIMITS.tasks)
    expect(pair.reports('client').at(-1)).toMatchObject({ kind: 'eventIgnored', event: 'childSaRequested' })
  })

  it('Misuse by the caller throws, naming the argument', () => {
    const pair = new Pair()
    expect(() => pair.tell('client', { type: 'connectRequested', paths: [] })).toThrow(/paths/)
    pair.now = Number.NaN
    expect(() => pair.tell('client', { type: 'tick' })).toThrow(/now/)
  })
})

function forgeAfterClose(pair: Pair): Datagram {
  const request = pair.sent.findLast(({ from }) => from === 'client') as Datagram
  const bytes = request.bytes.slice()
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
  return { ...request, bytes }
}

describe('without MOBIKE', () => {
  it('B228 D34 F52 a side not behind a NAT follows the peer’s translated address, for IKE and ESP; a repeat changes nothing', () => {
    const pair = new Pair({ mobike: null }, { mobike: null })
    let outside = 30_000
    pair.route = ({ from, path }) =>
      from === 'client'
        ? { local: path.remote, remote: { address: '203.0.113.7', port: outside + path.local.port } }
        : { local: { address: '10.1.0.2', port: path.remote.port - outside }, remote: path.local }
    pair.establish()
    expect(pair.gateway.session.state.path?.remote).toEqual({ address: '203.0.113.7', port: 34_500 })
    pair.tell('client', { type: 'livenessRequested' })
    const request = pair.wire.shift() as Datagram
    pair.deliver(request)
    pair.settle()
    outside = 40_000
    pair.deliver(request)
    pair.wire = []
    expect(pair.gateway.session.state.path?.remote.port).toBe(34_500)
    pair.tell('client', { type: 'livenessRequested' })
    pair.settle()
    expect(pair.gateway.session.state.path?.remote.port).toBe(44_500)
    expect(pair.gateway.actions.filter(({ type }) => type === 'moveChildSas')).toHaveLength(1)
    expect(pair.client.actions.some(({ type }) => type === 'startNatKeepalive')).toBe(true)
    expect(pair.client.actions.some(({ type }) => type === 'moveChildSas')).toBe(false)
  })

  it('B229 D34 a side behind a NAT does not follow', () => {
    const pair = new Pair({ mobike: null }, { mobike: null })
    pair.route = ({ from, path }) =>
      from === 'client'
        ? { local: path.remote, remote: { address: '203.0.113.7', port: 30_000 + path.local.port } }
        : { local: { address: '10.1.0.2', port: path.remote.port - 30_000 }, remote: path.local }
    pair.establish()
    const before = pair.client.session.state.path
    const request = forge(pair, 'gateway', { messageId: 0, payloads: [] })
    pair.tell('client', {
      type: 'datagramReceived',
      path: { ...(before ?? reversed(request.path)), remote: { address: '198.51.100.9', port: 4500 } },
      bytes: request.bytes
    })
    expect(pair.client.session.state.path).toEqual(before)
  })
})

describe('Child SAs', () => {
  it('B071 B072 B073 closing a Child SA closes both halves: SPIs are those of the sender’s inbound packets', () => {
    for (const name of BOTH) {
      const pair = new Pair().establish()
      const [child] = pair[name].session.state.children
      if (child === undefined) throw new Error('a Child SA expected')
      pair.tell(name, { type: 'childSaDeleteRequested', id: child.sa.id })
      const request = pair.wire.shift() as Datagram
      expect(read(pair, request).payloads).toMatchObject([
        { kind: 'delete', protocol: PROTOCOL.ESP, spiSize: 4, spis: [uint32Bytes(child.sa.localSpi)] }
      ])
      const { answer } = answerTo(pair, request)
      expect(answer?.payloads).toMatchObject([
        { kind: 'delete', protocol: PROTOCOL.ESP, spis: [uint32Bytes(child.sa.remoteSpi)] }
      ])
      pair.settle()
      expect([pair.childIds('client'), pair.childIds('gateway')]).toEqual([[], []])
      expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
    }
  })

  it('B075 B202 crossing Deletes of one Child SA: neither answer holds a Delete', () => {
    const pair = new Pair().establish()
    for (const name of BOTH) pair.tell(name, { type: 'childSaDeleteRequested', id: pair.childIds(name)[0] as number })
    const requests = pair.wire.splice(0)
    for (const request of requests) expect(answerTo(pair, request).answer?.payloads).toEqual([])
    pair.settle()
    expect([pair.childIds('client'), pair.childIds('gateway')]).toEqual([[], []])
  })

  it('B204 a Delete for an unknown Child SA is answered without Delete', () => {
    const pair = new Pair().establish()
    const payload: Payload = { kind: 'delete', protocol: PROTOCOL.ESP, spiSize: 4, spis: [uint32Bytes(0x12345678)] }
    expect(answerTo(pair, forge(pair, 'client', { messageId: 2, payloads: [payload] })).answer?.payloads).toEqual([])
    expect(pair.childIds('gateway')).toHaveLength(1)
  })

  it('A024 F28 a Child SA is installed on the addresses valid at installation', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'childSaRequested' })
    const request = pair.wire.shift() as Datagram
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    pair.settle()
    pair.deliver(request)
    pair.settle()
    pair.advance(2000)
    const installed = pair.client.actions.filter((action) => action.type === 'installChildSa')
    expect(installed).toHaveLength(2)
    expect(installed[1]).toMatchObject({ path: { local: { address: '10.2.0.2' } } })
  })

  it('B157 NO_ADDITIONAL_SAS beyond the limit, and nothing changes', () => {
    const limits = { ...DEFAULT_SESSION_LIMITS, childSas: 1 }
    const pair = new Pair({}, { limits }).establish()
    pair.tell('client', { type: 'childSaRequested' })
    pair.settle()
    expect(pair.reports('client')).toContainEqual({ kind: 'childSaFailed', notifyType: NOTIFY.NO_ADDITIONAL_SAS })
    expect(pair.childIds('client')).toHaveLength(1)
    expect(pair.phase('client')).toBe('established')
  })

  it('B234 an unknown error in a response fails the request, and the IKE SA stands', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'childSaRequested' })
    pair.wire = []
    const messageId = nextId(pair, 'client') - 1
    const { exchangeType } = { exchangeType: EXCHANGE.CREATE_CHILD_SA }
    pair.deliver(forge(pair, 'gateway', { exchangeType, isResponse: true, messageId, payloads: [notify(9999)] }))
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'childSaFailed', notifyType: 9999 })
    expect(pair.phase('client')).toBe('established')
  })
})
