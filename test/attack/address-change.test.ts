import { describe, expect, it } from 'vitest'
import { ipAddressBytes, toHex } from '../../src/bytes/index.ts'
import { EXCHANGE, encodeMessage, NOTIFY, notify } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { fromHexSpi } from '../../src/session/spi.ts'
import { forge, kinds, marked, read } from '../session/forge.ts'
import { type Datagram, datagramsIn, other, Pair, reversed, type SideName } from '../session/pair.ts'
import { cookie2, established, fromClient } from './hostile.ts'

const BOTH: readonly SideName[] = ['client', 'gateway']
const ATTACKER = { address: '203.0.113.66', port: 4500 }
const CHANGES: readonly Payload[] = [
  notify(NOTIFY.UPDATE_SA_ADDRESSES),
  notify(NOTIFY.ADDITIONAL_IP4_ADDRESS, ipAddressBytes('203.0.113.67'))
]

/** What a datagram from the attacker's address does to the addresses a side knows. */
function changes(pair: Pair, victim: SideName, bytes: Uint8Array): unknown[] {
  const view = () => {
    const { ikePath, childPath, peerAddresses } = pair[victim].session.state.mobike ?? {}
    return { ikePath, childPath, peerAddresses }
  }
  const before = view()
  const { local } = before.ikePath as { local: { address: string; port: number } }
  const actions = pair.tell(victim, { type: 'datagramReceived', path: { local, remote: ATTACKER }, bytes })
  expect(view()).toEqual(before)
  return actions.filter(({ type }) => type === 'moveChildSas')
}

describe('address changes without the keys (RFC 4555 section 5.1)', () => {
  it.each(BOTH)(
    'A138 in the clear, under real SPIs and the Message ID that is due, are nothing to the %s',
    (victim) => {
      const pair = new Pair().establish()
      const from = other(victim)
      const sa = pair.ikeSa(from)
      const message = encodeMessage({
        initiatorSpi: fromHexSpi(sa.initiatorSpi),
        responderSpi: fromHexSpi(sa.responderSpi),
        majorVersion: 2,
        minorVersion: 0,
        exchangeType: EXCHANGE.INFORMATIONAL,
        fromInitiator: sa.startedHere,
        isResponse: false,
        messageId: sa.requests.nextMessageId,
        payloads: CHANGES
      })
      expect(changes(pair, victim, marked({ local: ATTACKER, remote: ATTACKER }, message))).toEqual([])
    }
  )

  it.each(BOTH)('A138 under other keys, or with an octet changed, are nothing to the %s', (victim) => {
    const pair = new Pair().establish()
    const from = other(victim)
    const messageId = pair.ikeSa(from).requests.nextMessageId
    const { bytes } = forge(pair, from, { messageId, payloads: CHANGES })
    for (let at = 4; at < bytes.length; at += 7) {
      const changed = bytes.slice()
      changed[at] = (changed[at] as number) ^ 0x10
      expect(changes(pair, victim, changed)).toEqual([])
    }
    const { session } = pair[from]
    const ikeKeys = Object.fromEntries(
      Object.entries(session.secrets.ikeKeys).map(([id, keys]) => [id, keys.map((octet) => octet ^ 1)])
    )
    pair[from].session = { ...session, secrets: { ...session.secrets, ikeKeys } }
    expect(changes(pair, victim, forge(pair, from, { messageId, payloads: CHANGES }).bytes)).toEqual([])
  })

  it('A138 F27 once seen, sent again from elsewhere, bring at most the kept answer', () => {
    const pair = new Pair().establish()
    const moves: Datagram[] = []
    for (const address of ['10.2.0.2', '10.3.0.2']) {
      pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address }] })
      moves.push(pair.wire[0] as Datagram)
      pair.settle()
    }
    for (const { bytes } of moves) expect(changes(pair, 'gateway', bytes)).toEqual([])
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe('10.3.0.2')
  })
})

describe('a check that is answered with an error', () => {
  it('F59 A-O1 TEMPORARY_FAILURE is no proof and no refusal: asked again, the IKE SA stands, Child SAs wait', () => {
    const hostile = established('client')
    const { pair } = hostile
    hostile.notifies([NOTIFY.UPDATE_SA_ADDRESSES], fromClient('10.2.0.2'))
    const refused = hostile.respond([notify(NOTIFY.TEMPORARY_FAILURE)], fromClient('10.2.0.2'))
    expect(datagramsIn(refused)).toEqual([])
    expect(hostile.alive).toBe(true)
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe('10.1.0.2')
    pair.advance(1001)
    const again = pair.sent.at(-1) as Datagram
    expect(again.from).toBe('gateway')
    expect(kinds(read(pair, again).payloads)).toContain(NOTIFY.COOKIE2)
    const cookie = hostile.cookieOf()
    expect(toHex(cookie ?? new Uint8Array())).toHaveLength(64)
    hostile.respond([cookie2(cookie ?? new Uint8Array())], fromClient('10.2.0.2'))
    expect(pair.gateway.session.state.mobike?.childPath).toEqual(reversed(fromClient('10.2.0.2')))
  })
})
