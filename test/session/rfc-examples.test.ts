import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Endpoint, fromHex, ipAddressBytes, toHex } from '../../src/bytes/index.ts'
import { openMessage } from '../../src/crypto/index.ts'
import { suiteOf } from '../../src/session/turn.ts'
import { unmarked } from './forge.ts'
import { type Datagram, Pair, reversed } from './pair.ts'

/**
 * The two runs of RFC 4555 section 2.2, octet by octet: the plaintext of every message is written out here after RFC 7296
 * sections 3.1 and 3.10 and RFC 4555 section 4, with the hashes of section 2.23 made by another implementation of SHA-1.
 */

const I1 = '10.1.0.2'
const I2 = '10.2.0.2'
const R1 = '192.0.2.1'
const R2 = '198.51.100.1'
const QUIET = { livenessMs: null }

const hex = (...octets: readonly number[]): string =>
  octets.map((octet) => octet.toString(16).padStart(2, '0')).join('')
const u16 = (value: number): string => value.toString(16).padStart(4, '0')
const u32 = (value: number): string => value.toString(16).padStart(8, '0')

/** Notify payloads as a chain: Next Payload, flags, length, Protocol ID 0, SPI Size 0, type, data. */
function chain(...notifies: readonly (readonly [type: number, data: string])[]): string {
  return notifies
    .map(([type, data], index) => {
      const next = index === notifies.length - 1 ? 0 : 41
      return hex(next, 0) + u16(8 + data.length / 2) + hex(0, 0) + u16(type) + data
    })
    .join('')
}

/** The data of a NAT_DETECTION notification: SHA-1 of both SPIs, address and port. */
function natHash(spis: string, { address, port }: Endpoint): string {
  const octets = ipAddressBytes(address)
  if (octets === undefined) throw new Error('no address')
  return createHash('sha1')
    .update(fromHex(spis))
    .update(octets)
    .update(fromHex(u16(port)))
    .digest('hex')
}

/** The four octets of a header from Next Payload to flags, the Message ID, and what is inside the Encrypted payload. */
function plaintext(pair: Pair, datagram: Datagram): { ends: string; head: string; inner: string; spis: string } {
  const bytes = unmarked(datagram)
  const { local, remote } = datagram.path
  const { session, config } = pair[datagram.from]
  const sa = pair.ikeSa(datagram.from)
  const opened = openMessage({
    suite: suiteOf(config, sa),
    material: session.secrets.ikeKeys[sa.id] as Uint8Array,
    sender: sa.startedHere ? 'initiator' : 'responder',
    message: bytes,
    offset: 28
  })
  if (!opened.ok) throw new Error('not opened')
  return {
    ends: `${local.address}:${local.port} > ${remote.address}:${remote.port}`,
    head: toHex(bytes.subarray(16, 24)),
    inner: hex(opened.firstInner) + toHex(opened.inner),
    spis: toHex(bytes.subarray(0, 16))
  }
}

/** Next Payload 46, version 2.0, INFORMATIONAL (37). */
const head = (flags: number, messageId: number): string => hex(46, 0x20, 37, flags) + u32(messageId)
const FROM_I = 0x08
const RESPONSE = 0x20

const NOTIFY_FIRST = hex(41)
const NOTHING = hex(0)
const NAT_SOURCE = 16388
const NAT_DESTINATION = 16389
const UPDATE = 16400
const COOKIE2 = 16401
const at = (address: string): Endpoint => ({ address, port: 4500 })

/** COOKIE2 of a request: the 32 octets at its end. */
const cookieOf = (inner: string): string => inner.slice(-64)

const natPair = (spis: string, from: string, to: string): [number, string][] => [
  [NAT_SOURCE, natHash(spis, at(from))],
  [NAT_DESTINATION, natHash(spis, at(to))]
]

function established(): Pair {
  const pair = new Pair(QUIET, QUIET).establish()
  const first = pair.sent[0] as Datagram
  const second = pair.sent[1] as Datagram
  // Step 1: the pair is there, made for exactly these ports; the responder's SPI is zero in the request.
  for (const { path, bytes, from } of [first, second]) {
    const spis = toHex(bytes.subarray(0, 16))
    expect([path.local.port, path.remote.port]).toEqual([500, 500])
    expect(spis.slice(16) === '0'.repeat(16)).toBe(from === 'client')
    const message = toHex(bytes)
    expect(message).toContain(hex(0, 28, 0, 0) + u16(NAT_SOURCE) + natHash(spis, path.local))
    expect(message).toContain(hex(0, 28, 0, 0) + u16(NAT_DESTINATION) + natHash(spis, path.remote))
  }
  // Step 2, on port 4500.
  const [asked, answered] = pair.sent.slice(2, 4).map((datagram) => plaintext(pair, datagram))
  expect([asked?.ends, answered?.ends]).toEqual([`${I1}:4500 > ${R1}:4500`, `${R1}:4500 > ${I1}:4500`])
  expect([asked?.head.slice(4, 6), answered?.head.slice(4, 6)]).toEqual([hex(35), hex(35)])
  for (const message of [asked, answered]) expect(message?.inner).toContain(hex(0, 8, 0, 0) + u16(16396))
  // The responder has another address, the initiator has none.
  const other = hex(0, 12, 0, 0) + u16(16397)
  expect(asked?.inner).not.toContain(other)
  expect(answered?.inner).toContain(other + hex(198, 51, 100, 1))
  return pair
}

describe('RFC 4555 section 2.2, octet by octet', () => {
  it('E5.1 a mobile client', () => {
    const pair = established()
    const before = pair.sent.length
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: I2 }] })
    pair.settle()
    const [update, updated, check, checked, ...more] = pair.sent.slice(before).map((sent) => plaintext(pair, sent))
    const spis = update?.spis ?? ''
    const [told, asked] = [cookieOf(update?.inner ?? ''), cookieOf(check?.inner ?? '')]
    expect(told).not.toBe(asked)
    const there = `${I2}:4500 > ${R1}:4500`
    const back = `${R1}:4500 > ${I2}:4500`
    // Step 3, with COOKIE2 besides, and step 4, with NAT_DETECTION besides: sections 3.7 and 3.8 allow both.
    expect(update).toEqual({
      spis,
      ends: there,
      head: head(FROM_I, 2),
      inner: NOTIFY_FIRST + chain([UPDATE, ''], ...natPair(spis, I2, R1), [COOKIE2, told])
    })
    expect(updated).toEqual({
      spis,
      ends: back,
      head: head(RESPONSE, 2),
      inner: NOTIFY_FIRST + chain(...natPair(spis, R1, I2), [COOKIE2, told])
    })
    expect(check).toEqual({
      spis,
      ends: back,
      head: head(0, 0),
      inner: NOTIFY_FIRST + chain(...natPair(spis, R1, I2), [COOKIE2, asked])
    })
    expect(checked).toEqual({
      spis,
      ends: there,
      head: head(FROM_I | RESPONSE, 0),
      inner: NOTIFY_FIRST + chain(...natPair(spis, I2, R1), [COOKIE2, asked])
    })
    expect(more).toEqual([])
    expect(pair.gateway.session.state.mobike?.childPath).toEqual({ local: at(R1), remote: at(I2) })
  })

  it('E5.2 a responder with several addresses', () => {
    const pair = established()
    pair.route = ({ path }) => ([path.local.address, path.remote.address].includes(R1) ? undefined : reversed(path))
    const before = pair.sent.length
    pair.tell('client', { type: 'livenessRequested' })
    pair.settle()
    pair.advance(20_000)
    const sent = pair.sent.slice(before)
    const all = sent.map((datagram) => plaintext(pair, datagram))
    const spis = all[0]?.spis ?? ''
    // The probe of R2 is the liveness check of R1 itself, the same octets.
    const probe = { spis, head: head(FROM_I, 2), inner: NOTHING }
    const found = all.findIndex(({ head: sentHead }) => sentHead === head(RESPONSE, 2))
    expect(found).toBeGreaterThan(1)
    expect(all[0]).toEqual({ ...probe, ends: `${I1}:4500 > ${R1}:4500` })
    expect(all[found - 1]).toEqual({ ...probe, ends: `${I1}:4500 > ${R2}:4500` })
    expect(new Set(sent.slice(0, found).map(({ bytes }) => toHex(bytes))).size).toBe(1)
    expect(all[found]).toEqual({ spis, ends: `${R2}:4500 > ${I1}:4500`, head: head(RESPONSE, 2), inner: NOTHING })
    const [update, updated] = all.slice(found + 1)
    const cookie = cookieOf(update?.inner ?? '')
    expect(update).toEqual({
      spis,
      ends: `${I1}:4500 > ${R2}:4500`,
      head: head(FROM_I, 3),
      inner: NOTIFY_FIRST + chain([UPDATE, ''], ...natPair(spis, I1, R2), [COOKIE2, cookie])
    })
    expect(updated).toEqual({
      spis,
      ends: `${R2}:4500 > ${I1}:4500`,
      head: head(RESPONSE, 3),
      inner: NOTIFY_FIRST + chain(...natPair(spis, R2, I1), [COOKIE2, cookie])
    })
    expect(pair.client.session.state.mobike?.childPath).toEqual({ local: at(I1), remote: at(R2) })
  })
})
