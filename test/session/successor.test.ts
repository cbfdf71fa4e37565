import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes/index.ts'
import { EXCHANGE } from '../../src/codec/index.ts'
import { DEFAULT_MOBIKE_POLICY, type MobikePolicy } from '../../src/mobike/index.ts'
import {
  DEFAULT_RETRANSMISSION,
  DEFAULT_SESSION_LIMITS,
  RESPONDER_RETRANSMISSION,
  type SessionOptions,
  type SessionReport
} from '../../src/session/index.ts'
import { forge, read } from './forge.ts'
import { type Datagram, datagramsIn, other, Pair, type SideName } from './pair.ts'
import { expectSameChildren, expectSameIkeSa } from './same.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']
const HOUR = 3_600_000

/** That side asks no more for what it asked for. */
function forgetRequest(pair: Pair, name: SideName): void {
  const { state, secrets } = pair[name].session
  const ikeSas = state.ikeSas.map((sa) => ({ ...sa, requests: { ...sa.requests, outstanding: [] } }))
  pair[name].session = { state: { ...state, ikeSas }, secrets: { ...secrets, privateKeys: {} } }
}

function outstandingOf(pair: Pair, name: SideName): readonly string[] {
  return pair[name].session.state.ikeSas.flatMap(({ requests }) =>
    requests.outstanding.map(({ purpose }) => purpose.kind)
  )
}

function closingOf(pair: Pair, name: SideName): SessionReport | undefined {
  return pair.reports(name).find(({ kind }) => kind === 'closed')
}

/** That side has gone over to the new IKE SA and knows no other. */
function forgetOldIkeSa(pair: Pair, name: SideName): void {
  const { state, secrets } = pair[name].session
  const fresh = state.ikeSas.find(({ generation }) => generation === 1)
  if (fresh === undefined) throw new Error('a new IKE SA expected')
  pair[name].session = {
    state: { ...state, ikeSas: [{ ...fresh, standing: { name: 'active' } }] },
    secrets: { ...secrets, ikeKeys: { [fresh.id]: secrets.ikeKeys[fresh.id] as Uint8Array } }
  }
}

/** Two ends of which each has these options. */
function pairOf(options: Partial<SessionOptions>): Pair {
  const pair = new Pair(options, options).establish()
  pair.isThorough = false
  return pair
}

/** `name` rekeys and goes over; its Delete for the old IKE SA is lost. */
function goneOver(name: SideName, mobike: MobikePolicy | null): Pair {
  const pair = pairOf({ livenessMs: null, mobike })
  pair.tell(name, { type: 'ikeSaRekeyRequested' })
  pair.deliver(pair.wire.shift() as Datagram)
  pair.deliver(pair.wire.shift() as Datagram)
  pair.wire = []
  return pair
}

/** How long it takes that side to give up from now on, when nothing arrives any more, ms. */
function timeToClose(pair: Pair, name: SideName): number {
  pair.wire = []
  pair.passes = () => false
  const start = pair.now
  while (pair.phase(name) !== 'closed' && pair.now < start + HOUR) pair.advance(1000)
  return pair.now - start
}

describe('an IKE SA that the peer made by rekeying', () => {
  it('A peer that makes a new IKE SA and never uses it nor deletes the old one: it is asked on the new one, and time alone decides nothing', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    const request = pair.wire.shift() as Datagram
    pair.deliver(request)
    const response = pair.wire.shift() as Datagram
    pair.passes = ({ from }) => from === 'gateway'
    pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 1)
    // The client cannot answer: it does not know the new one.
    expect(pair.ikeSa('gateway').generation).toBe(0)
    const asked = pair.sent.filter(({ from }) => from === 'gateway').at(-1) as Datagram
    expect(read(pair, asked)).toMatchObject({
      message: { exchangeType: EXCHANGE.INFORMATIONAL, messageId: 0 },
      payloads: []
    })
    // The response was only late: the client still asks, is answered from memory, and both go on.
    pair.wire = []
    pair.passes = () => true
    const repeated = pair.deliver(request)
    expect(datagramsIn(repeated).map(({ bytes }) => toHex(bytes))).toEqual([toHex(response.bytes)])
    pair.settle()
    pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 5000)
    expectSameIkeSa(pair, 1)
  })

  it('A peer that went over to the new IKE SA and forgot the old one, its Delete lost: its answer on the new one tells', () => {
    for (const name of BOTH) {
      const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
      pair.tell(name, { type: 'ikeSaRekeyRequested' })
      pair.deliver(pair.wire.shift() as Datagram)
      pair.deliver(pair.wire.shift() as Datagram)
      pair.wire = []
      pair.passes = () => false
      pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs - 1000)
      pair.passes = ({ bytes }) => bytes.length > 0
      forgetOldIkeSa(pair, name)
      pair.advance(10_000)
      expect(pair.ikeSa(other(name)).generation, name).toBe(1)
      pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 1)
      expectSameIkeSa(pair, 1)
    }
  })

  it('a request on the old IKE SA that is not answered at once hastens the question on the new one', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    pair.deliver(pair.wire.shift() as Datagram)
    pair.wire = []
    // The gateway has forgotten the old IKE SA, and the client does not know.
    forgetOldIkeSa(pair, 'gateway')
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    pair.advance(5000)
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe('10.2.0.2')
    pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 1)
    expectSameIkeSa(pair, 1)
  })

  it('no answer on the new IKE SA: it is asked again later, and both end on it once the response is there', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    const response = pair.wire.shift() as Datagram
    pair.passes = () => false
    const successor = () => pair.gateway.session.state.ikeSas.find(({ standing }) => standing.name === 'successor')
    // The client gives up at last; until then nothing is decided, and no more is kept than one question.
    let questions = 0
    for (let minute = 0; minute < 8 && pair.phase('client') === 'established'; minute++) {
      const { outstanding = [] } = successor()?.requests ?? {}
      expect(outstanding.length).toBeLessThanOrEqual(1)
      questions += outstanding.length
      pair.advance(60_000)
    }
    expect(questions).toBeGreaterThan(1)
    expect(pair.ikeSa('gateway').generation).toBe(0)
    if (pair.phase('client') !== 'established') return
    pair.passes = () => true
    pair.deliver(response)
    pair.advance(400_000)
    expectSameIkeSa(pair, 1)
  })

  it('a peer that never got our response, nor asks again, can go on with the old IKE SA: Child SAs, another rekey, closing', () => {
    const stuck = (): Pair => {
      const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
      pair.tell('client', { type: 'ikeSaRekeyRequested' })
      pair.deliver(pair.wire.shift() as Datagram)
      pair.wire = []
      forgetRequest(pair, 'client')
      pair.advance(2 * DEFAULT_SESSION_LIMITS.replacedSaMs + 5000)
      expect(pair.gateway.session.state.ikeSas).toHaveLength(2)
      return pair
    }
    for (const name of BOTH) {
      const pair = stuck()
      pair.tell(name, { type: 'childSaRequested' })
      pair.advance(5000)
      expectSameChildren(pair, 2)
    }
    const again = stuck()
    again.tell('client', { type: 'ikeSaRekeyRequested' })
    again.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 5000)
    expectSameIkeSa(again, 1)
    const closing = stuck()
    closing.tell('gateway', { type: 'closeRequested' })
    closing.advance(5000)
    expect(closing.reports('client')).toContainEqual({ kind: 'closed', reason: 'closedByPeer' })
  })

  it('A question on the new IKE SA that is given up keeps its Message ID: the same octets go out again, and then all else works', () => {
    const patient = { ...DEFAULT_RETRANSMISSION, transmissions: 60, factor: 1, initialMs: 20_000, maximumMs: 20_000 }
    const pair = new Pair({ livenessMs: null, retransmission: patient }, { livenessMs: null }).establish()
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    pair.wire = []
    const asked: string[] = []
    const old = pair.ikeSa('gateway').initiatorSpi
    pair.passes = (datagram) => {
      const { message } = read(pair, datagram)
      const { isResponse, messageId, exchangeType } = message
      const isNew = toHex(message.initiatorSpi) !== old
      const isQuestion = datagram.from === 'gateway' && !isResponse && exchangeType === EXCHANGE.INFORMATIONAL
      if (isNew && isQuestion && messageId === 0) asked.push(toHex(datagram.bytes))
      // On the old IKE SA the peer is there.
      return datagram.from === 'client' || (!isNew && message.exchangeType === EXCHANGE.INFORMATIONAL)
    }
    pair.advance(800_000)
    expect(pair.gateway.session.state.ikeSas.at(-1)?.standing).toMatchObject({ name: 'successor' })
    expect(pair.ikeSa('gateway').generation).toBe(0)
    // More often than one schedule has it.
    expect(asked.length).toBeGreaterThan(RESPONDER_RETRANSMISSION.transmissions)
    expect(new Set(asked).size).toBe(1)
    pair.passes = () => true
    pair.advance(100_000)
    expectSameIkeSa(pair, 1)
  })

  it('Whoever closes while the peer may have gone over closes what the peer has: the new IKE SA, or the old', () => {
    for (const hasGoneOver of [true, false]) {
      for (const lost of [0, 1, 2]) {
        const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
        pair.tell('client', { type: 'ikeSaRekeyRequested' })
        pair.deliver(pair.wire.shift() as Datagram)
        if (hasGoneOver) {
          pair.deliver(pair.wire.shift() as Datagram)
          forgetOldIkeSa(pair, 'client')
        } else {
          forgetRequest(pair, 'client')
        }
        pair.wire = []
        let sent = 0
        pair.passes = ({ from }) => from !== 'gateway' || sent++ >= lost
        pair.tell('gateway', { type: 'closeRequested' })
        pair.advance(600_000)
        expect(closingOf(pair, 'client'), `${hasGoneOver} ${lost}`).toEqual({
          kind: 'closed',
          reason: 'closedByPeer'
        })
        expect(closingOf(pair, 'gateway')).toEqual({ kind: 'closed', reason: 'closedLocally' })
      }
    }
  })

  it('a Delete under way on the old IKE SA when the peer is found on the new one: the session is closed there as well', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    const response = pair.wire.shift() as Datagram
    pair.passes = ({ from }) => from === 'client'
    pair.tell('gateway', { type: 'closeRequested' })
    // Nothing of the gateway's arrives until its question has waited long enough and its Delete is on the way.
    pair.advance(2 * DEFAULT_SESSION_LIMITS.replacedSaMs)
    expect(outstandingOf(pair, 'gateway')).toContain('deleteIke')
    pair.passes = () => true
    pair.deliver(response)
    pair.advance(100_000)
    expect(closingOf(pair, 'client')).toEqual({ kind: 'closed', reason: 'closedByPeer' })
    expect(closingOf(pair, 'gateway')).toEqual({ kind: 'closed', reason: 'closedLocally' })
  })

  it('A rekey of ours that is never answered, as the peer went over to its own: that takes over', () => {
    for (const mobike of [DEFAULT_MOBIKE_POLICY, null]) {
      const pair = new Pair({ livenessMs: null, mobike }, { livenessMs: null, mobike }).establish()
      pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
      pair.wire = []
      pair.tell('client', { type: 'ikeSaRekeyRequested' })
      pair.deliver(pair.wire.shift() as Datagram)
      pair.deliver(pair.wire.shift() as Datagram)
      pair.wire = []
      forgetOldIkeSa(pair, 'client')
      pair.advance(600_000)
      expect(pair.phase('gateway')).toBe('established')
      expectSameIkeSa(pair, 1)
    }
  })

  it('B053 a peer that dies in the middle of its rekey is noticed as soon as any other', () => {
    const closedAt = (isRekeying: boolean): number => {
      const pair = new Pair({ livenessMs: null }, { livenessMs: 20_000 }).establish()
      if (isRekeying) {
        pair.tell('client', { type: 'ikeSaRekeyRequested' })
        pair.deliver(pair.wire.shift() as Datagram)
      }
      pair.passes = () => false
      const start = pair.now
      while (pair.phase('gateway') !== 'closed' && pair.now < start + 3_600_000) pair.advance(1000)
      return pair.now - start
    }
    expect(closedAt(true)).toBeLessThanOrEqual(closedAt(false) + 20_000)
  })

  it('A112 the peer went over and forgot the old IKE SA, and then the path fails: the question finds it by another', () => {
    const pair = new Pair({}, { livenessMs: null }).establish()
    pair.tell('client', {
      type: 'localAddressesChanged',
      addresses: [{ address: '10.1.0.2' }, { address: '10.2.0.2' }]
    })
    pair.settle()
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    pair.deliver(pair.wire.shift() as Datagram)
    pair.wire = []
    forgetOldIkeSa(pair, 'gateway')
    pair.passes = ({ path }) => path.local.address !== '10.1.0.2' && path.remote.address !== '10.1.0.2'
    pair.advance(300_000)
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe('10.2.0.2')
    expectSameIkeSa(pair, 1)
  })

  it('The session is not closed on an IKE SA that is about to be replaced: the Delete goes on the new one', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    pair.tell('gateway', { type: 'closeRequested' })
    // The client's own Delete for the old IKE SA is lost at first.
    let lost = 0
    pair.passes = ({ from }) => from !== 'client' || lost++ > 0
    pair.settle()
    pair.advance(5000)
    expect(pair.reports('gateway')).toContainEqual({ kind: 'closed', reason: 'closedLocally' })
    expect(pair.reports('client')).toContainEqual({ kind: 'closed', reason: 'closedByPeer' })
  })

  it('An old IKE SA that the peer never deletes is forgotten once the peer was heard on the new one', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    const response = pair.wire.shift() as Datagram
    pair.passes = () => false
    pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 1)
    pair.deliver(response)
    expect(pair.gateway.session.state.ikeSas).toHaveLength(2)
    // The Delete for it never arrives; anything on the new one does.
    pair.passes = () => true
    pair.deliver(forge(pair, 'client', { exchangeType: EXCHANGE.INFORMATIONAL, messageId: 0, payloads: [] }))
    pair.passes = () => false
    pair.wire = []
    pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 1)
    expect(pair.gateway.session.state.ikeSas).toHaveLength(1)
  })

  it('An unanswered Delete for a replaced IKE SA says nothing of the path: no other path is tried', () => {
    const pair = new Pair({ livenessMs: null }, { livenessMs: null }).establish()
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    pair.deliver(pair.wire.shift() as Datagram)
    // The gateway has gone over and forgotten the old IKE SA already.
    forgetOldIkeSa(pair, 'gateway')
    pair.advance(400_000)
    expect(pair.sent.every(({ path }) => [path.local.address, path.remote.address].includes('192.0.2.1'))).toBe(true)
    expectSameIkeSa(pair, 1)
  })

  it('B053 nor is one noticed later that dies in the middle of a collision, or with MOBIKE off', () => {
    for (const mobike of [DEFAULT_MOBIKE_POLICY, null]) {
      for (const name of BOTH) {
        const closedAt = (isRekeying: boolean): number => {
          const pair = pairOf({ mobike, livenessMs: null, ...(name === 'client' ? { livenessMs: 20_000 } : {}) })
          if (isRekeying) {
            pair.tell(other(name), { type: 'ikeSaRekeyRequested' })
            const request = pair.wire.shift() as Datagram
            pair.tell(name, { type: 'ikeSaRekeyRequested' })
            pair.deliver(request)
          } else pair.tell(name, { type: 'ikeSaRekeyRequested' })
          return timeToClose(pair, name)
        }
        expect(closedAt(true)).toBeLessThanOrEqual(closedAt(false) + 5000)
      }
    }
  })

  it('B053 a peer that dies when nobody checks liveness: nothing is asked without end', () => {
    const pair = pairOf({ livenessMs: null })
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    expect(timeToClose(pair, 'gateway')).toBeLessThan(HOUR)
  })

  it('a peer that lives on the old IKE SA and never answers on the new one is asked ever more seldom', () => {
    const pair = pairOf({ livenessMs: null })
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    pair.wire = []
    forgetRequest(pair, 'client')
    pair.advance(12 * HOUR)
    const before = pair.sent.length
    pair.advance(12 * HOUR)
    expect(pair.phase('gateway')).toBe('established')
    expect(pair.sent.length - before).toBeLessThan(12 * 2 * RESPONDER_RETRANSMISSION.transmissions)
  })

  it('closing with a peer that died in the middle of its rekey takes a minute longer at most', () => {
    for (const mobike of [DEFAULT_MOBIKE_POLICY, null]) {
      for (const name of BOTH) {
        const closedAt = (isRekeying: boolean): number => {
          const pair = pairOf({ mobike, livenessMs: null })
          if (isRekeying) {
            pair.tell(other(name), { type: 'ikeSaRekeyRequested' })
            pair.deliver(pair.wire.shift() as Datagram)
          }
          pair.tell(name, { type: 'closeRequested' })
          return timeToClose(pair, name)
        }
        expect(closedAt(true)).toBeLessThanOrEqual(closedAt(false) + DEFAULT_SESSION_LIMITS.replacedSaMs + 5000)
      }
    }
  })

  it('B076 both ends are closed after an outage of whatever length, although the Delete for the old IKE SA was lost', () => {
    for (const mobike of [DEFAULT_MOBIKE_POLICY, null]) {
      for (const name of BOTH) {
        for (const seconds of [0, 5, 30, 60, 65, 70, 90, 120, 180]) {
          const pair = goneOver(name, mobike)
          pair.passes = () => false
          pair.advance(5000)
          pair.tell(other(name), { type: 'closeRequested' })
          pair.advance(1000 * seconds)
          pair.passes = () => true
          pair.advance(600_000)
          expect(closingOf(pair, other(name)), `${name} ${seconds}`).toEqual({
            kind: 'closed',
            reason: 'closedLocally'
          })
          expect(closingOf(pair, name), `${name} ${seconds}`).toEqual({ kind: 'closed', reason: 'closedByPeer' })
        }
      }
    }
  })

  it('B076 a peer that closes on its new IKE SA has closed the session, although its Delete for the old one was lost', () => {
    for (const mobike of [DEFAULT_MOBIKE_POLICY, null]) {
      for (const name of BOTH) {
        const pair = goneOver(name, mobike)
        pair.tell(name, { type: 'closeRequested' })
        pair.advance(60_000)
        expect(closingOf(pair, other(name))).toEqual({ kind: 'closed', reason: 'closedByPeer' })
      }
    }
  })

  it('without an address nothing is sent, even if the new IKE SA takes over then', () => {
    const pair = pairOf({ livenessMs: null })
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    pair.deliver(pair.wire.shift() as Datagram)
    const farewell = pair.wire.shift() as Datagram
    pair.wire = []
    pair.passes = () => false
    pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 2000)
    pair.tell('client', { type: 'localAddressesChanged', addresses: [] })
    // The Delete for the old one waits in the socket.
    pair.deliver(farewell)
    expect(pair.ikeSa('client').generation).toBe(1)
    const sent = (): number => pair.sent.filter(({ from }) => from === 'client').length
    const before = sent()
    pair.advance(1_200_000)
    expect(sent()).toBe(before)
    pair.passes = () => true
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.1.0.2' }] })
    pair.advance(400_000)
    expectSameIkeSa(pair, 1)
  })

  it('with a window above 1 a request that is given up beside our rekey does not end the session: the peer’s IKE SA takes over', () => {
    for (const mobike of [DEFAULT_MOBIKE_POLICY, null]) {
      for (const name of BOTH) {
        const pair = pairOf({ livenessMs: null, mobike, limits: { ...DEFAULT_SESSION_LIMITS, window: 4 } })
        pair.tell(other(name), { type: 'livenessRequested' })
        pair.tell(other(name), { type: 'ikeSaRekeyRequested' })
        pair.wire = []
        pair.tell(name, { type: 'ikeSaRekeyRequested' })
        pair.deliver(pair.wire.shift() as Datagram)
        pair.deliver(pair.wire.shift() as Datagram)
        pair.wire = []
        forgetOldIkeSa(pair, name)
        pair.advance(900_000)
        expectSameIkeSa(pair, 1)
      }
    }
  })

  it('The Delete of a replaced IKE SA that the peer has forgotten is given up, however often the host moves', () => {
    const pair = goneOver('client', DEFAULT_MOBIKE_POLICY)
    forgetOldIkeSa(pair, 'gateway')
    for (let minute = 0; minute < 60; minute++) {
      pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: `10.2.0.${2 + (minute % 2)}` }] })
      pair.advance(60_000)
    }
    expectSameIkeSa(pair, 1)
  })

  it('B196 B197 two refusals with minutes of silence between them are not minutes of refusals', () => {
    const pair = pairOf({ livenessMs: null })
    pair.copies = () => [20]
    pair.tell('gateway', { type: 'childSaDeleteRequested', id: pair.childIds('gateway')[0] as number })
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    // The Delete is not answered, so that the gateway refuses the rekey.
    pair.passes = (datagram) => datagram.from === 'gateway' || !read(pair, datagram).message.isResponse
    pair.advance(100)
    pair.tell('client', { type: 'livenessRequested' })
    pair.passes = () => false
    pair.advance(190_000)
    pair.passes = () => true
    pair.advance(300_000)
    expect([closingOf(pair, 'client'), closingOf(pair, 'gateway')]).toEqual([undefined, undefined])
  })
})
