import { describe, expect, it } from 'vitest'
import { compareBytes, toHex } from '../../src/bytes/index.ts'
import { EXCHANGE, NOTIFY, notify, PROTOCOL } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { aes256Gcm16, ecp256, x25519 } from '../../src/crypto/index.ts'
import { prefixSelector } from '../../src/ike/index.ts'
import { DEFAULT_SESSION_LIMITS, nextSessionWake } from '../../src/session/index.ts'
import { forge, kinds, read } from './forge.ts'
import { type Datagram, other, Pair, reportsIn, type SideName } from './pair.ts'
import { expectSameChildren, expectSameIkeSa } from './same.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']
const { CREATE_CHILD_SA } = EXCHANGE

/** Every datagram with its contents, as it is sent. */
function watch(pair: Pair): { from: SideName; messageId: number; isResponse: boolean; payloads: readonly Payload[] }[] {
  const seen: ReturnType<typeof watch> = []
  const { passes } = pair
  pair.passes = (datagram) => {
    const { message, payloads } = read(pair, datagram)
    seen.push({ from: datagram.from, messageId: message.messageId, isResponse: message.isResponse, payloads })
    return passes(datagram)
  }
  return seen
}

function rekeyChild(pair: Pair, name: SideName): void {
  pair.tell(name, { type: 'childSaRekeyRequested', id: pair.childIds(name)[0] as number })
}

describe('Child SAs', () => {
  it('B120 B122 the first and a further Child SA have the same keys at both ends', () => {
    for (const name of BOTH) {
      const pair = new Pair().establish()
      expectSameChildren(pair, 1)
      pair.tell(name, { type: 'childSaRequested' })
      pair.settle()
      expectSameChildren(pair, 2)
    }
  })

  it('B163 B178 B182 B183 a rekey by either side: REKEY_SA names the sender’s inbound SPI, old one deleted by who rekeyed', () => {
    for (const name of BOTH) {
      const pair = new Pair().establish()
      const [old] = pair[name].session.state.children
      const seen = watch(pair)
      rekeyChild(pair, name)
      pair.settle()
      expectSameChildren(pair, 1)
      expect(pair.childIds(name)).not.toContain(old?.sa.id)
      expect(seen.map(({ from, isResponse }) => [from, isResponse])).toEqual([
        [name, false],
        [other(name), true],
        [name, false],
        [other(name), true]
      ])
      const spi = seen[0]?.payloads.find((payload) => payload.kind === 'notify' && payload.type === NOTIFY.REKEY_SA)
      expect(spi).toMatchObject({ protocol: PROTOCOL.ESP })
      expect(spi?.kind === 'notify' && Number.parseInt(toHex(spi.spi), 16)).toBe(old?.sa.localSpi)
      const installs = (side: SideName) => pair[side].actions.filter((action) => action.type === 'installChildSa')
      expect(installs(name).at(-1)).toMatchObject({ outbound: 'now', replaces: expect.any(Number) })
      expect(installs(other(name)).at(-1)).toMatchObject({ outbound: 'afterInbound', replaces: expect.any(Number) })
    }
  })

  it('B182 the responder installs the new Child SA before its response leaves', () => {
    const pair = new Pair().establish()
    rekeyChild(pair, 'client')
    const actions = pair.deliver(pair.wire.shift() as Datagram)
    const kindsOf = actions.map(({ type }) => type)
    expect(kindsOf.indexOf('installChildSa')).toBeLessThan(kindsOf.indexOf('sendDatagram'))
  })

  it('B173 B177 a rekeyed Child SA keeps its selectors, from either side', () => {
    for (const name of BOTH) {
      const pair = new Pair().establish()
      const [before] = pair.client.session.state.children
      rekeyChild(pair, name)
      pair.settle()
      const [after] = pair.client.session.state.children
      expect(after?.sa.localSelectors).toEqual(before?.sa.localSelectors)
      expect(after?.sa.remoteSelectors).toEqual(before?.sa.remoteSelectors)
    }
  })

  it('B121 B158 with perfect forward secrecy both ends agree on keys, also after INVALID_KE_PAYLOAD', () => {
    const proposal = { encryption: [aes256Gcm16], integrity: [] }
    const pair = new Pair(
      { childProposals: [{ ...proposal, keyExchange: [x25519, ecp256] }] },
      { childProposals: [{ ...proposal, keyExchange: [ecp256] }] }
    ).establish()
    for (const name of BOTH) {
      const seen = watch(pair)
      rekeyChild(pair, name)
      pair.settle()
      expectSameChildren(pair, 1)
      const refused = seen.filter(({ payloads }) => kinds(payloads).includes(NOTIFY.INVALID_KE_PAYLOAD))
      expect(refused).toHaveLength(name === 'client' ? 1 : 0)
      expect(
        seen.filter(({ payloads }) => payloads.some(({ kind }) => kind === 'keyExchange')).length
      ).toBeGreaterThanOrEqual(2)
    }
  })

  it('A peer that names one group after the other is obeyed once, not for ever', () => {
    const proposal = { encryption: [aes256Gcm16], integrity: [], keyExchange: [x25519, ecp256] }
    const pair = new Pair({ childProposals: [proposal] }, { childProposals: [proposal] }).establish()
    pair.tell('client', { type: 'childSaRequested' })
    for (const group of [ecp256.id, x25519.id, ecp256.id, x25519.id]) {
      pair.wire = []
      const { outstanding, nextMessageId } = pair.ikeSa('client').requests
      if (outstanding.length === 0) break
      const data = Uint8Array.of(0, group)
      pair.deliver(
        forge(pair, 'gateway', {
          exchangeType: CREATE_CHILD_SA,
          isResponse: true,
          messageId: nextMessageId - 1,
          payloads: [notify(NOTIFY.INVALID_KE_PAYLOAD, data)]
        })
      )
    }
    expect(pair.ikeSa('client').requests.outstanding).toEqual([])
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'childSaFailed', notifyType: NOTIFY.INVALID_KE_PAYLOAD })
  })

  it('B164 B165 B167 later Child SAs: within the assigned address and the configured networks, for both sides', () => {
    const pair = new Pair().establish()
    pair.tell('gateway', { type: 'childSaRequested', remoteSelectors: [prefixSelector('0.0.0.0', 0)] })
    pair.settle()
    expectSameChildren(pair, 2)
    expect(pair.client.session.state.children[1]?.sa.localSelectors).toEqual([prefixSelector('10.3.0.7', 32)])
    pair.tell('client', { type: 'childSaRequested', localSelectors: [prefixSelector('10.99.0.0', 16)] })
    pair.settle()
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'childSaFailed', notifyType: NOTIFY.TS_UNACCEPTABLE })
    expectSameChildren(pair, 2)
  })

  it('Selectors handed in are copied: the caller may reuse its octets', () => {
    const pair = new Pair().establish()
    pair.passes = () => false
    pair.tell('client', { type: 'livenessRequested' })
    const selector = prefixSelector('10.3.0.7', 32)
    pair.tell('client', { type: 'childSaRequested', localSelectors: [selector] })
    selector.startAddress.fill(0)
    const [task] = pair.client.session.state.tasks
    expect(task).toMatchObject({ localSelectors: [prefixSelector('10.3.0.7', 32)] })
  })

  it('B171 B240 an answer wider than the offer is not taken: what the peer made is deleted there', () => {
    const pair = new Pair().establish()
    pair.tell('client', {
      type: 'childSaRequested',
      localSelectors: [prefixSelector('10.3.0.7', 32)],
      remoteSelectors: [prefixSelector('10.9.1.0', 24)]
    })
    const request = pair.wire.shift() as Datagram
    pair.deliver(request)
    const answer = pair.wire.shift() as Datagram
    const { message, payloads } = read(pair, answer)
    const wide = payloads.map((payload) =>
      payload.kind === 'trafficSelectorResponder' ? { ...payload, selectors: [prefixSelector('10.0.0.0', 8)] } : payload
    )
    pair.deliver(
      forge(pair, 'gateway', {
        exchangeType: CREATE_CHILD_SA,
        isResponse: true,
        messageId: message.messageId,
        payloads: wide
      })
    )
    expect(pair.childIds('client')).toHaveLength(1)
    pair.settle()
    expectSameChildren(pair, 1)
  })

  it('B196 TEMPORARY_FAILURE: not retried at once, retried after a while', () => {
    const pair = new Pair().establish()
    rekeyChild(pair, 'client')
    pair.wire = []
    refuse(pair, NOTIFY.TEMPORARY_FAILURE)
    const before = pair.sent.length
    pair.advance(DEFAULT_SESSION_LIMITS.temporaryFailureRetryMs - 1)
    expect(pair.sent).toHaveLength(before)
    pair.advance(DEFAULT_SESSION_LIMITS.temporaryFailureRetryMs + 2)
    expectSameChildren(pair, 1)
    expect(pair.sent.length).toBeGreaterThan(before)
  })

  it('B197 B067 TEMPORARY_FAILURE for minutes closes the IKE SA, with a Delete', () => {
    const pair = new Pair().establish()
    pair.passes = () => false
    rekeyChild(pair, 'client')
    for (let i = 0; i < 1000 && pair.client.session.state.tasks.every(({ kind }) => kind !== 'closeIke'); i++) {
      const { outstanding } = pair.ikeSa('client').requests
      if (outstanding[0]?.purpose.kind === 'deleteIke') break
      if (outstanding.length > 0) refuse(pair, NOTIFY.TEMPORARY_FAILURE)
      else pair.advance(1000)
    }
    expect(pair.now).toBeGreaterThan(DEFAULT_SESSION_LIMITS.temporaryFailureLimitMs / 3)
    pair.passes = () => true
    pair.advance(60_000)
    expect(pair.reports('client')).toContainEqual({ kind: 'closed', reason: 'rekeyFailed' })
    expect(pair.reports('gateway')).toContainEqual({ kind: 'closed', reason: 'closedByPeer' })
  })

  it('B198 B199 CHILD_SA_NOT_FOUND names the SPI; the asker drops its Child SA silently and makes a new one', () => {
    const pair = new Pair().establish()
    const [gone] = pair.gateway.session.state.children
    // The gateway has lost it.
    pair.gateway.session = {
      state: { ...pair.gateway.session.state, children: [] },
      secrets: { ...pair.gateway.session.secrets, childKeys: {} }
    }
    const seen = watch(pair)
    rekeyChild(pair, 'client')
    pair.settle()
    const answer = seen.find(({ isResponse }) => isResponse)
    expect(answer?.payloads).toMatchObject([{ type: NOTIFY.CHILD_SA_NOT_FOUND, protocol: PROTOCOL.ESP }])
    const [first] = answer?.payloads ?? []
    expect(first?.kind === 'notify' && Number.parseInt(toHex(first.spi), 16)).toBe(gone?.sa.remoteSpi)
    expect(seen.some(({ payloads }) => payloads.some(({ kind }) => kind === 'delete'))).toBe(false)
    expectSameChildren(pair, 1)
  })

  it('B200 a rekey of a Child SA that is being closed is answered TEMPORARY_FAILURE', () => {
    const pair = new Pair().establish()
    pair.tell('gateway', { type: 'childSaDeleteRequested', id: pair.childIds('gateway')[0] as number })
    const seen = watch(pair)
    rekeyChild(pair, 'client')
    pair.deliver(pair.wire.pop() as Datagram)
    expect(kinds(seen.at(-1)?.payloads ?? [])).toEqual([NOTIFY.TEMPORARY_FAILURE])
    pair.settle()
    pair.advance(60_000)
    expectSameChildren(pair, 0)
  })

  it('B203 a Delete of a Child SA that is being rekeyed is answered with Delete, and nothing is left', () => {
    const pair = new Pair().establish()
    rekeyChild(pair, 'client')
    const rekey = pair.wire.shift() as Datagram
    pair.tell('gateway', { type: 'childSaDeleteRequested', id: pair.childIds('gateway')[0] as number })
    const seen = watch(pair)
    pair.deliver(pair.wire.shift() as Datagram)
    expect(kinds(seen[0]?.payloads ?? [])).toEqual(['delete'])
    pair.settle()
    pair.deliver(rekey)
    pair.settle()
    pair.advance(100_000)
    expectSameChildren(pair, 0)
  })

  it('A Child SA that the peer deletes before its response has come is not installed', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'childSaRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    const late = pair.wire.shift() as Datagram
    pair.tell('gateway', { type: 'childSaDeleteRequested', id: pair.childIds('gateway')[1] as number })
    pair.settle()
    expectSameChildren(pair, 1)
    pair.deliver(late)
    pair.settle()
    expectSameChildren(pair, 1)
  })

  it('A rekey of a Child SA whose response has not come is put off, not refused for good', () => {
    const pair = new Pair().establish()
    rekeyChild(pair, 'client')
    pair.deliver(pair.wire.shift() as Datagram)
    const late = pair.wire.shift() as Datagram
    pair.tell('gateway', { type: 'childSaRekeyRequested', id: pair.childIds('gateway')[1] as number })
    pair.settle()
    pair.deliver(late)
    pair.settle()
    pair.advance(60_000)
    expectSameChildren(pair, 1)
  })

  it('A replaced Child SA that the peer never deletes is deleted here after a while', () => {
    const pair = new Pair().establish()
    rekeyChild(pair, 'client')
    pair.deliver(pair.wire.shift() as Datagram)
    pair.wire = []
    pair.passes = ({ from }) => from === 'gateway'
    const ids = pair.childIds('gateway')
    expect(ids).toHaveLength(2)
    pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 5)
    const purposes = pair.ikeSa('gateway').requests.outstanding.map(({ purpose }) => purpose.kind)
    const waiting = pair.gateway.session.state.children.find(({ sa }) => sa.id === ids[0])
    expect(waiting === undefined || waiting.closing || purposes.includes('deleteChild')).toBe(true)
  })
})

/** A refusal of the client's outstanding CREATE_CHILD_SA, as if the gateway had got it. */
function refuse(pair: Pair, type: number, data?: Uint8Array): void {
  const messageId = pair.ikeSa('client').requests.nextMessageId - 1
  const { state, secrets } = pair.gateway.session
  const responses = { nextMessageId: messageId + 1, size: 1, responses: [] }
  pair.gateway.session = { secrets, state: { ...state, ikeSas: state.ikeSas.map((sa) => ({ ...sa, responses })) } }
  pair.deliver(
    forge(pair, 'gateway', {
      exchangeType: CREATE_CHILD_SA,
      isResponse: true,
      messageId,
      payloads: [data === undefined ? notify(type) : notify(type, data)]
    })
  )
}

describe('simultaneous rekeys of one Child SA', () => {
  it('B188 B189 B201 both answer; the one with the lowest nonce is deleted by its creator, the old one by the other', () => {
    const outcomes = new Set<string>()
    for (let seed = 0; seed < 8; seed++) {
      const pair = new Pair().establish()
      for (let i = 0; i < seed; i++) pair.tell('client', { type: 'tick' })
      const old = pair.client.session.state.children[0]?.sa
      const seen = watch(pair)
      for (const name of BOTH) rekeyChild(pair, name)
      pair.settle()
      const nonces = seen
        .filter(({ payloads }) => payloads.some(({ kind }) => kind === 'nonce'))
        .map(({ from, isResponse, payloads }) => ({
          // The exchange belongs to who sent the request.
          owner: isResponse ? other(from) : from,
          nonce: (payloads.find(({ kind }) => kind === 'nonce') as { data: Uint8Array }).data
        }))
        .sort((a, b) => compareBytes(a.nonce, b.nonce))
      expect(nonces).toHaveLength(4)
      const loser = nonces[0]?.owner as SideName
      outcomes.add(loser)
      const deletes = seen.filter(
        ({ isResponse, payloads }) => !isResponse && payloads.some(({ kind }) => kind === 'delete')
      )
      expect(deletes).toHaveLength(2)
      const oldSpi = (name: SideName) => (name === 'client' ? old?.localSpi : old?.remoteSpi)
      for (const { from, payloads } of deletes) {
        const [payload] = payloads
        const spi = payload?.kind === 'delete' ? Number.parseInt(toHex(payload.spis[0] as Uint8Array), 16) : 0
        if (from === loser) expect(spi).not.toBe(oldSpi(from))
        else expect(spi).toBe(oldSpi(from))
      }
      expectSameChildren(pair, 1)
    }
    expect([...outcomes].sort()).toEqual(['client', 'gateway'])
  })

  it('B190 every loss pattern of the first eight datagrams leaves one Child SA, the same at both ends', () => {
    for (let mask = 0; mask < 256; mask++) everyLoss(mask, rekeyChild, (pair) => expectSameChildren(pair, 1))
  }, 120_000)
})

/** Both sides start at once; datagram i is lost when bit i is set. */
function everyLoss(mask: number, start: (pair: Pair, name: SideName) => void, check: (pair: Pair) => void): void {
  const pair = new Pair().establish()
  pair.isThorough = false
  for (let i = 0; i < mask % 5; i++) pair.tell('client', { type: 'tick' })
  let count = 0
  pair.copies = () => ((mask >> count++) & 1 ? [] : [10 + (count % 3)])
  for (const name of BOTH) start(pair, name)
  pair.advance(150_000)
  pair.copies = () => [0]
  try {
    check(pair)
  } catch (error) {
    throw new Error(`loss pattern ${mask.toString(2)}: ${error}`)
  }
}

describe('the IKE SA', () => {
  it('B013 B031 B161 B178 B179 B180 a rekey by either side: same keys and Child SAs, new SPIs, IDs from 0, Delete comes last', () => {
    for (const name of BOTH) {
      const pair = new Pair().establish()
      const before = pair.ikeSa('client')
      const children = pair.childIds('client')
      const seen = watch(pair)
      pair.tell(name, { type: 'ikeSaRekeyRequested' })
      pair.settle()
      expect(kinds(seen[0]?.payloads ?? [])).toEqual(['securityAssociation', 'nonce', 'keyExchange'])
      expect(kinds(seen[1]?.payloads ?? [])).toEqual(['securityAssociation', 'nonce', 'keyExchange'])
      expect(seen[2]).toMatchObject({ from: name, payloads: [{ kind: 'delete', protocol: PROTOCOL.IKE }] })
      pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 1)
      const after = pair.ikeSa(name)
      expect(after.initiatorSpi).not.toBe(before.initiatorSpi)
      expect(after.responderSpi).not.toBe(before.responderSpi)
      expect(after.startedHere).toBe(true)
      expect(pair.childIds('client')).toEqual(children)
      expect(pair.client.session.state.role).toBe('initiator')
      expectSameChildren(pair, 1)
      expectSameIkeSa(pair, 1)
    }
  })

  it('B123 rekeys again and again by turns work on, each under the keys of the one before', () => {
    const pair = new Pair().establish()
    for (let i = 1; i <= 6; i++) {
      pair.tell(BOTH[i % 2] as SideName, { type: 'ikeSaRekeyRequested' })
      pair.settle()
      rekeyChild(pair, BOTH[(i + 1) % 2] as SideName)
      pair.settle()
      expect(pair.ikeSa('client').generation).toBe(i)
      expectSameChildren(pair, 1)
    }
    pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 1)
    expectSameIkeSa(pair, 6)
  })

  it('B205 an IKE rekey while a Child SA is made, rekeyed or closed: TEMPORARY_FAILURE, and it succeeds later', () => {
    const deeds = [
      (pair: Pair) => void pair.tell('gateway', { type: 'childSaRequested' }),
      (pair: Pair) => rekeyChild(pair, 'gateway'),
      (pair: Pair) =>
        void pair.tell('gateway', { type: 'childSaDeleteRequested', id: pair.childIds('gateway')[0] as number })
    ]
    for (const deed of deeds) {
      const pair = new Pair().establish()
      deed(pair)
      const seen = watch(pair)
      pair.tell('client', { type: 'ikeSaRekeyRequested' })
      pair.deliver(pair.wire.pop() as Datagram)
      expect(kinds(seen.at(-1)?.payloads ?? [])).toEqual([NOTIFY.TEMPORARY_FAILURE])
      pair.settle()
      pair.advance(100_000)
      expectSameIkeSa(pair, 1)
    }
  })

  it('B207 an IKE rekey while it is being closed: TEMPORARY_FAILURE', () => {
    const pair = new Pair().establish()
    pair.tell('gateway', { type: 'closeRequested' })
    const seen = watch(pair)
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.pop() as Datagram)
    expect(kinds(seen.at(-1)?.payloads ?? [])).toEqual([NOTIFY.TEMPORARY_FAILURE])
    pair.settle()
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['closed', 'closed'])
  })

  it('B162 B210 B211 while the IKE SA is rekeyed: new Child SA and rekey TEMPORARY_FAILURE, Delete as usual', () => {
    const pair = new Pair().establish()
    pair.tell('gateway', { type: 'childSaRequested' })
    pair.settle()
    pair.tell('gateway', { type: 'ikeSaRekeyRequested' })
    pair.wire = []
    const seen = watch(pair)
    pair.tell('client', { type: 'childSaRequested' })
    pair.settle()
    expect(kinds(seen.at(-1)?.payloads ?? [])).toEqual([NOTIFY.TEMPORARY_FAILURE])
    rekeyChild(pair, 'client')
    pair.settle()
    expect(kinds(seen.at(-1)?.payloads ?? [])).toEqual([NOTIFY.TEMPORARY_FAILURE])
    pair.tell('client', { type: 'childSaDeleteRequested', id: pair.childIds('client')[1] as number })
    pair.settle()
    expect(kinds(seen.at(-1)?.payloads ?? [])).toEqual(['delete'])
    pair.advance(100_000)
    expectSameIkeSa(pair, 1)
    expectSameChildren(pair, 2)
  })

  it('B193 B208 a Delete of the IKE SA while our own rekey is pending is answered, and the rekey forgotten', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.wire = []
    pair.tell('gateway', { type: 'closeRequested' })
    pair.settle()
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['closed', 'closed'])
    expect(pair.client.session.secrets.privateKeys).toEqual({})
  })

  it('B124 an IKE rekey without a key exchange is refused with INVALID_SYNTAX', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    const { message, payloads } = read(pair, pair.wire.shift() as Datagram)
    const without = payloads.filter(({ kind }) => kind !== 'keyExchange')
    const seen = watch(pair)
    pair.deliver(
      forge(pair, 'client', { exchangeType: CREATE_CHILD_SA, messageId: message.messageId, payloads: without })
    )
    expect(kinds(seen.at(-1)?.payloads ?? [])).toEqual([NOTIFY.INVALID_SYNTAX])
  })

  it('B176 a rekey at the end of a lifetime that is refused for good closes the IKE SA; one that a caller wished for does not', () => {
    for (const due of [true, false]) {
      const pair = new Pair({ lifetimes: { ikeSaMs: due ? 10_000 : 3_600_000, childSaMs: null } }).establish()
      if (due) pair.advance(9_000)
      pair.passes = () => false
      if (!due) pair.tell('client', { type: 'ikeSaRekeyRequested' })
      else {
        while (pair.ikeSa('client').requests.outstanding[0]?.purpose.kind !== 'rekeyIke') pair.advance(100)
      }
      refuse(pair, NOTIFY.NO_ADDITIONAL_SAS)
      pair.passes = () => true
      pair.advance(5000)
      expect(pair.phase('client')).toBe(due ? 'closed' : 'established')
      if (due) {
        expect(pair.reports('client')).toContainEqual({ kind: 'closed', reason: 'rekeyFailed' })
        expect(pair.reports('gateway')).toContainEqual({ kind: 'closed', reason: 'closedByPeer' })
      }
    }
  })

  it('B176 the same for a Child SA', () => {
    for (const due of [true, false]) {
      const pair = new Pair({ lifetimes: { ikeSaMs: null, childSaMs: due ? 10_000 : 3_600_000 } }).establish()
      if (due) pair.advance(8_900)
      pair.passes = () => false
      if (!due) rekeyChild(pair, 'client')
      else while (pair.ikeSa('client').requests.outstanding.length === 0) pair.advance(100)
      refuse(pair, NOTIFY.NO_PROPOSAL_CHOSEN)
      pair.passes = () => true
      pair.advance(5000)
      expect(pair.reports('client')).toContainEqual(
        expect.objectContaining({ kind: 'childSaFailed', notifyType: NOTIFY.NO_PROPOSAL_CHOSEN })
      )
      expect(pair.phase('client')).toBe(due ? 'closed' : 'established')
    }
  })

  it('B185 B186 lifetimes are jittered by up to a tenth, and SAs are replaced in time, for hours', () => {
    const times = new Set<number>()
    for (let seed = 0; seed < 6; seed++) {
      const pair = new Pair(
        { lifetimes: { ikeSaMs: 100_000, childSaMs: 40_000 }, livenessMs: null },
        { livenessMs: null }
      )
      for (let i = 0; i < seed; i++) pair.tell('client', { type: 'tick' })
      pair.establish()
      const wake = (nextSessionWake(pair.client.session) as number) - pair.now
      expect(wake).toBeGreaterThanOrEqual(36_000)
      expect(wake).toBeLessThanOrEqual(40_000)
      times.add(wake)
      if (seed > 0) continue
      pair.advance(3_600_000)
      expectSameChildren(pair, 1)
      expect(pair.ikeSa('client').generation).toBeGreaterThanOrEqual(30)
      expect(pair.reports('client').filter(({ kind }) => kind === 'childSaRekeyed').length).toBeGreaterThan(80)
    }
    expect(times.size).toBe(6)
  })

  it('Equal lifetimes at both ends and a slow network: hours of rekeys, some of them at once, and the tunnel stands', () => {
    const lifetimes = { ikeSaMs: 9_000, childSaMs: 5_000 }
    const pair = new Pair({ lifetimes }, { lifetimes })
    pair.isThorough = false
    pair.copies = () => [150]
    pair.connect()
    pair.advance(1_000_000)
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
    expect(pair.ikeSa('client').generation).toBeGreaterThan(100)
    for (const name of BOTH) {
      expect(pair[name].session.state.children.length).toBeLessThanOrEqual(4)
      expect(pair[name].session.state.ikeSas.length).toBeLessThanOrEqual(20)
    }
  })

  it('F20 a Delete of a Child SA that went down with the old IKE SA is sent again on the new one', () => {
    const pair = new Pair().establish()
    pair.tell('client', { type: 'ikeSaRekeyRequested' })
    pair.deliver(pair.wire.shift() as Datagram)
    const response = pair.wire.shift() as Datagram
    pair.tell('gateway', { type: 'childSaDeleteRequested', id: pair.childIds('gateway')[0] as number })
    // Lost, together with what would repeat it.
    pair.wire = []
    pair.deliver(response)
    pair.settle()
    pair.advance(1000)
    expectSameChildren(pair, 0)
  })
})

describe('simultaneous rekeys of the IKE SA', () => {
  it('B191 B206 both answer; the new IKE SA with the lowest nonce goes, deleted by its creator', () => {
    const outcomes = new Set<boolean>()
    for (let seed = 0; seed < 8; seed++) {
      const pair = new Pair().establish()
      for (let i = 0; i < seed; i++) pair.tell('client', { type: 'tick' })
      const seen = watch(pair)
      for (const name of BOTH) pair.tell(name, { type: 'ikeSaRekeyRequested' })
      pair.settle()
      const nonces = seen
        .filter(({ payloads }) => payloads.some(({ kind }) => kind === 'nonce'))
        .map(({ from, isResponse, payloads }) => ({
          owner: isResponse ? other(from) : from,
          nonce: (payloads.find(({ kind }) => kind === 'nonce') as { data: Uint8Array }).data
        }))
        .sort((a, b) => compareBytes(a.nonce, b.nonce))
      const loser = nonces[0]?.owner as SideName
      pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 5000)
      expect(pair.ikeSa(loser).startedHere).toBe(false)
      outcomes.add(loser === 'client')
      expectSameIkeSa(pair, 1)
      expectSameChildren(pair, 1)
    }
    expect(outcomes.size).toBe(2)
  })

  it('B192 B193 every loss pattern of the first eight datagrams leaves one IKE SA and the Child SA', () => {
    for (let mask = 0; mask < 256; mask++) {
      everyLoss(
        mask,
        (pair, name) => void pair.tell(name, { type: 'ikeSaRekeyRequested' }),
        (pair) => {
          expectSameIkeSa(pair, 1)
          expectSameChildren(pair, 1)
        }
      )
    }
  }, 120_000)

  it('B191 the Delete of the losing IKE SA overtakes the response that shows who lost: the session goes on', () => {
    for (let seed = 0; seed < 6; seed++) {
      const pair = new Pair().establish()
      for (let i = 0; i < seed; i++) pair.tell('client', { type: 'tick' })
      for (const name of BOTH) pair.tell(name, { type: 'ikeSaRekeyRequested' })
      // Everything in reverse: whatever was sent last arrives first.
      for (let count = 0; pair.wire.length > 0 && count < 200; count++) pair.deliver(pair.wire.pop() as Datagram)
      pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 5000)
      expectSameIkeSa(pair, 1)
      expectSameChildren(pair, 1)
      expect(reportsIn(pair.client.actions).filter(({ kind }) => kind === 'closed')).toEqual([])
    }
  })

  it('B191 the winner is used before the response arrives that would show who lost: both ends stay with it', () => {
    let shown = 0
    for (let seed = 0; seed < 8; seed++) {
      const pair = new Pair().establish()
      for (let i = 0; i < seed; i++) pair.tell('client', { type: 'tick' })
      for (const name of BOTH) pair.tell(name, { type: 'ikeSaRekeyRequested' })
      const [ours, theirs] = pair.wire.splice(0) as readonly Datagram[] as readonly [Datagram, Datagram]
      pair.deliver(ours)
      const held = pair.wire.shift() as Datagram
      pair.deliver(theirs)
      pair.deliver(pair.wire.shift() as Datagram)
      // The gateway knows who won. If it did, it speaks on its new IKE SA, and that arrives first.
      if (pair.ikeSa('gateway').startedHere) {
        shown++
        pair.wire = []
        pair.tell('gateway', { type: 'livenessRequested' })
        const { message } = read(pair, pair.wire.at(-1) as Datagram)
        expect(toHex(message.initiatorSpi)).toBe(pair.ikeSa('gateway').initiatorSpi)
        pair.settle()
      }
      pair.deliver(held)
      pair.settle()
      pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 5000)
      expectSameIkeSa(pair, 1)
    }
    expect(shown).toBeGreaterThan(0)
  })

  it('B191 both answers, or one, do not arrive for longer than a new IKE SA waits to be used: nonces still decide', () => {
    for (const lost of [BOTH, ['client'], ['gateway']] as const) {
      const winners = new Set<boolean>()
      for (let seed = 0; seed < 6; seed++) {
        const pair = new Pair().establish()
        for (let i = 0; i < seed; i++) pair.tell('client', { type: 'tick' })
        for (const name of BOTH) pair.tell(name, { type: 'ikeSaRekeyRequested' })
        pair.passes = ({ from }) => !(lost as readonly SideName[]).includes(from)
        pair.settle()
        pair.passes = () => false
        pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs + 5000)
        pair.passes = () => true
        // Long enough for a Delete that nobody answers any more to be given up.
        pair.advance(360_000)
        expectSameIkeSa(pair, 1)
        expectSameChildren(pair, 1)
        winners.add(pair.ikeSa('client').startedHere)
      }
      expect(winners.size).toBe(2)
    }
  })

  it('A Child SA rekey on one side and an IKE SA rekey on the other: every loss pattern of the first seven datagrams', () => {
    for (const first of BOTH) {
      for (let mask = 0; mask < 128; mask++) {
        everyLoss(
          mask,
          (pair, name) => {
            if (name === first) rekeyChild(pair, name)
            else pair.tell(name, { type: 'ikeSaRekeyRequested' })
          },
          (pair) => {
            expectSameIkeSa(pair, 1)
            expectSameChildren(pair, 1)
          }
        )
      }
    }
  }, 120_000)
})
