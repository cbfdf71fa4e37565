import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Endpoint, fromHex, ipAddressBytes, type Path, toHex } from '../../src/bytes/index.ts'
import { payloadNotation } from '../../src/codec/index.ts'
import type { Payload } from '../../src/codec/types.ts'
import { openMessage } from '../../src/crypto/index.ts'
import { suiteOf } from '../../src/session/turn.ts'
import { read, unmarked } from './forge.ts'
import { CLIENT, type Datagram, Pair, reversed } from './pair.ts'

/**
 * The two runs of RFC 4555 section 2.2, octet by octet. The plaintext of every message is written out here after RFC 7296
 * section 3 and RFC 4555 section 4, with the hashes of section 2.23 made by another implementation of SHA-1. Only what is
 * random is taken from the message: SPIs, nonces, public values, AUTH, COOKIE2.
 */

const I1 = '10.1.0.2'
const I2 = '10.2.0.2'
const R1 = '192.0.2.1'
const R2 = '198.51.100.1'
/** IP_I1 as the responder sees it, where there is a NAT. */
const OUTSIDE = '203.0.113.9'
const QUIET = { livenessMs: null }

const hex = (...octets: readonly number[]): string =>
  octets.map((octet) => octet.toString(16).padStart(2, '0')).join('')
const u16 = (value: number): string => value.toString(16).padStart(4, '0')
const u32 = (value: number): string => value.toString(16).padStart(8, '0')
const text = (value: string): string => Buffer.from(value).toString('hex')
const at = (address: string, port = 4500): Endpoint => ({ address, port })

/** A payload: its type, and what is behind the four octets of its header. */
type Part = readonly [type: number, body: string]

/** The type of the first payload, then each of them: Next Payload, flags, length, body (RFC 7296 section 3.2). */
function chain(...parts: readonly Part[]): string {
  const all = parts.map(([, body], index) => hex(parts[index + 1]?.[0] ?? 0, 0) + u16(4 + body.length / 2) + body)
  return hex(parts[0]?.[0] ?? 0) + all.join('')
}

/** Section 3.10: Protocol ID 0, SPI Size 0, type, data. */
const notification = (type: number, data = ''): Part => [41, hex(0, 0) + u16(type) + data]
const NAT_SOURCE = 16388
const NAT_DESTINATION = 16389
const MOBIKE_SUPPORTED = 16396
const ADDITIONAL_IP4_ADDRESS = 16397
const UPDATE_SA_ADDRESSES = 16400
const COOKIE2 = 16401

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

const natPair = (spis: string, from: Endpoint, to: Endpoint): Part[] => [
  notification(NAT_SOURCE, natHash(spis, from)),
  notification(NAT_DESTINATION, natHash(spis, to))
]

/** A message as it was sent. */
interface Sent {
  readonly ends: string
  /** From exchange's Next Payload, version, type and flags to the Message ID. */
  readonly head: string
  /** Type of the first payload and all payloads, those of the Encrypted payload where there is one. */
  readonly inner: string
  /** Both SPIs. */
  readonly spis: string
}

function ends({ local, remote }: Path): string {
  return `${local.address}:${local.port} > ${remote.address}:${remote.port}`
}

function sentAs(pair: Pair, datagram: Datagram): Sent {
  const bytes = unmarked(datagram)
  const common = { ends: ends(datagram.path), spis: toHex(bytes.subarray(0, 16)) }
  if (bytes[16] !== 46) {
    const inner = hex(bytes[16] ?? 0) + toHex(bytes.subarray(28))
    return { ...common, head: toHex(bytes.subarray(16, 24)), inner }
  }
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
  return { ...common, head: toHex(bytes.subarray(16, 24)), inner: hex(opened.firstInner) + toHex(opened.inner) }
}

const IKE_SA_INIT = 34
const IKE_AUTH = 35
const INFORMATIONAL = 37
const FROM_I = 0x08
const RESPONSE = 0x20
/** Next Payload (the Encrypted payload unless another is named), version 2.0, exchange, flags, Message ID. */
const head = (exchange: number, flags: number, messageId: number, first = 46): string =>
  hex(first, 0x20, exchange, flags) + u32(messageId)
const request = (messageId: number): string => head(INFORMATIONAL, FROM_I, messageId)
const response = (messageId: number): string => head(INFORMATIONAL, RESPONSE, messageId)

/** COOKIE2 of a request: the 32 octets at its end. */
const cookieOf = (inner = ''): string => inner.slice(-64)

const NAMES: Readonly<Record<string, string>> = {
  [I1]: 'IP_I1',
  [I2]: 'IP_I2',
  [R1]: 'IP_R1',
  [R2]: 'IP_R2',
  [OUTSIDE]: 'IP_I1'
}

/** Messages in the notation of section 2.2, without retransmissions. */
function ladder(pair: Pair, sent: readonly Datagram[]): string[] {
  const isFirst = ({ path, bytes }: Datagram, index: number): boolean =>
    !sent.slice(0, index).some((other) => ends(other.path) === ends(path) && toHex(other.bytes) === toHex(bytes))
  return sent.filter(isFirst).map((datagram) => {
    const { local, remote } = datagram.path
    const { message, payloads } = read(pair, datagram)
    const list = payloads.map(payloadNotation).join(', ')
    const isEncrypted = message.payloads.at(-1)?.kind === 'encrypted'
    const inside = isEncrypted ? `SK {${list === '' ? '' : ` ${list} `}}` : list
    return `(${NAMES[local.address]}:${local.port} -> ${NAMES[remote.address]}:${remote.port}) HDR, ${inside}`
  })
}

function established(gatewayAddresses: readonly string[], route?: Pair['route']): Pair {
  const pair = new Pair(QUIET, QUIET)
  if (route !== undefined) pair.route = route
  pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: I1 }] })
  pair.tell('gateway', {
    type: 'localAddressesChanged',
    addresses: gatewayAddresses.map((address) => ({ address }))
  })
  pair.tell('client', { type: 'connectRequested', paths: [CLIENT] })
  pair.settle()
  expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
  return pair
}

/** The octets that were drawn at random for a message. */
function drawn(pair: Pair, index: number) {
  const { payloads } = read(pair, pair.sent[index] as Datagram)
  const only = <Kind extends Payload['kind']>(kind: Kind) =>
    payloads.find((payload): payload is Extract<Payload, { kind: Kind }> => payload.kind === kind)
  return {
    publicValue: toHex(only('keyExchange')?.data ?? new Uint8Array()),
    nonce: toHex(only('nonce')?.data ?? new Uint8Array()),
    auth: toHex(only('authentication')?.data ?? new Uint8Array()),
    espSpi: toHex(only('securityAssociation')?.proposals[0]?.spi ?? new Uint8Array())
  }
}

/** Last (0) or more (3, 2) substructures, RESERVED, length: sections 3.3.1 and 3.3.2. */
const transform = (more: number, type: number, id: number, attribute = ''): string =>
  hex(more, 0) + u16(8 + attribute.length / 2) + hex(type, 0) + u16(id) + attribute
const proposal = (protocol: number, spi: string, transforms: readonly string[]): Part => {
  const body = hex(1, protocol, spi.length / 2, transforms.length) + spi + transforms.join('')
  return [33, hex(0, 0) + u16(4 + body.length / 2) + body]
}
const KEY_256 = u16(0x800e) + u16(256)
const selector = (first: string, last: string): string => hex(7, 0) + u16(16) + u16(0) + u16(65535) + first + last
const selectors = (type: number, one: string): Part => [type, hex(1, 0, 0, 0) + one]
const ANYWHERE = selector('00000000', 'ffffffff')
const SERVERS = selector('0a090000', '0a09ffff')
const ASSIGNED = '0a030007'
const DNS_SERVER = '0a090035'

/** Steps 1 and 2, which both runs have: every octet but those drawn. `additional` are the responder's other addresses. */
function expectInitialExchanges(pair: Pair, additional: readonly Part[]): void {
  const [asked, answered, told, agreed] = pair.sent.slice(0, 4).map((datagram) => sentAs(pair, datagram))
  const initiatorSpi = answered?.spis.slice(0, 16) ?? ''
  const spis = answered?.spis ?? ''
  const suite = proposal(1, '', [transform(3, 1, 20, KEY_256), transform(3, 2, 5), transform(0, 4, 31)])
  const initial = (index: number, hashed: string, from: Endpoint, to: Endpoint): string => {
    const { publicValue, nonce } = drawn(pair, index)
    expect([publicValue.length, nonce.length]).toEqual([64, 64])
    return chain(suite, [34, u16(31) + u16(0) + publicValue], [40, nonce], ...natPair(hashed, from, to))
  }
  // The responder's SPI is not known yet.
  const half = initiatorSpi + '0'.repeat(16)
  expect(asked).toEqual({
    spis: half,
    ends: `${I1}:500 > ${R1}:500`,
    head: head(IKE_SA_INIT, FROM_I, 0, 33),
    inner: initial(0, half, at(I1, 500), at(R1, 500))
  })
  const seen = pair.sent[1]?.path.remote as Endpoint
  expect(answered).toEqual({
    spis,
    ends: `${R1}:500 > ${seen.address}:500`,
    head: head(IKE_SA_INIT, RESPONSE, 0, 33),
    inner: initial(1, spis, at(R1, 500), seen)
  })
  const child = (index: number, sequenceNumbers: readonly string[]): Part =>
    proposal(3, drawn(pair, index).espSpi, [transform(3, 1, 20, KEY_256), ...sequenceNumbers])
  const sharedKey = (index: number): Part => [39, hex(2, 0, 0, 0) + drawn(pair, index).auth]
  expect(told).toEqual({
    spis,
    ends: `${I1}:4500 > ${R1}:4500`,
    head: head(IKE_AUTH, FROM_I, 1),
    inner: chain(
      [35, hex(2, 0, 0, 0) + text('client.example')],
      [36, hex(2, 0, 0, 0) + text('gateway.example')],
      sharedKey(2),
      // CFG_REQUEST: INTERNAL_IP4_ADDRESS and INTERNAL_IP4_DNS, empty.
      [47, hex(1, 0, 0, 0) + u16(1) + u16(0) + u16(3) + u16(0)],
      child(2, [transform(3, 5, 1), transform(0, 5, 0)]),
      selectors(44, ANYWHERE),
      selectors(45, SERVERS),
      notification(MOBIKE_SUPPORTED)
    )
  })
  expect(agreed).toEqual({
    spis,
    ends: `${R1}:4500 > ${seen.address}:4500`,
    head: head(IKE_AUTH, RESPONSE, 1),
    inner: chain(
      [36, hex(2, 0, 0, 0) + text('gateway.example')],
      sharedKey(3),
      [47, hex(2, 0, 0, 0) + u16(1) + u16(4) + ASSIGNED + u16(3) + u16(4) + DNS_SERVER],
      child(3, [transform(0, 5, 1)]),
      selectors(44, selector(ASSIGNED, ASSIGNED)),
      selectors(45, SERVERS),
      notification(MOBIKE_SUPPORTED),
      ...additional
    )
  })
}

const NATS = 'N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP)'
/** Without CERT, as a pre-shared key is what is agreed; IDr is optional in the request (RFC 7296 section 1.2). */
const INITIAL = [
  `(IP_I1:500 -> IP_R1:500) HDR, SA, KE, No, ${NATS}`,
  `(IP_R1:500 -> IP_I1:500) HDR, SA, KE, No, ${NATS}`,
  '(IP_I1:4500 -> IP_R1:4500) HDR, SK { IDi, IDr, AUTH, CP, SA, TSi, TSr, N(MOBIKE_SUPPORTED) }'
]

describe('RFC 4555 section 2.2, octet by octet', () => {
  it('E5.1 a mobile client', () => {
    const pair = established([R1])
    expectInitialExchanges(pair, [])
    const before = pair.sent.length
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: I2 }] })
    pair.settle()
    expect(ladder(pair, pair.sent)).toEqual([
      ...INITIAL,
      '(IP_R1:4500 -> IP_I1:4500) HDR, SK { IDr, AUTH, CP, SA, TSi, TSr, N(MOBIKE_SUPPORTED) }',
      // Step 3, with COOKIE2 besides, and step 4, with NAT_DETECTION besides: sections 3.7 and 3.8 allow both.
      `(IP_I2:4500 -> IP_R1:4500) HDR, SK { N(UPDATE_SA_ADDRESSES), ${NATS}, N(COOKIE2) }`,
      `(IP_R1:4500 -> IP_I2:4500) HDR, SK { ${NATS}, N(COOKIE2) }`,
      `(IP_R1:4500 -> IP_I2:4500) HDR, SK { ${NATS}, N(COOKIE2) }`,
      `(IP_I2:4500 -> IP_R1:4500) HDR, SK { ${NATS}, N(COOKIE2) }`
    ])
    const [update, updated, check, checked, ...more] = pair.sent.slice(before).map((sent) => sentAs(pair, sent))
    const spis = update?.spis ?? ''
    const [told, asked] = [cookieOf(update?.inner), cookieOf(check?.inner)]
    expect(told).not.toBe(asked)
    const there = { spis, ends: `${I2}:4500 > ${R1}:4500` }
    const back = { spis, ends: `${R1}:4500 > ${I2}:4500` }
    const up = natPair(spis, at(I2), at(R1))
    const down = natPair(spis, at(R1), at(I2))
    expect(update).toEqual({
      ...there,
      head: request(2),
      inner: chain(notification(UPDATE_SA_ADDRESSES), ...up, notification(COOKIE2, told))
    })
    expect(updated).toEqual({ ...back, head: response(2), inner: chain(...down, notification(COOKIE2, told)) })
    expect(check).toEqual({
      ...back,
      head: head(INFORMATIONAL, 0, 0),
      inner: chain(...down, notification(COOKIE2, asked))
    })
    expect(checked).toEqual({
      ...there,
      head: head(INFORMATIONAL, FROM_I | RESPONSE, 0),
      inner: chain(...up, notification(COOKIE2, asked))
    })
    expect(more).toEqual([])
    expect(pair.gateway.session.state.mobike?.childPath).toEqual({ local: at(R1), remote: at(I2) })
  })

  it('E5.2 a responder with several addresses', () => {
    const pair = established([R1, R2])
    expectInitialExchanges(pair, [notification(ADDITIONAL_IP4_ADDRESS, hex(198, 51, 100, 1))])
    pair.route = ({ path }) => ([path.local.address, path.remote.address].includes(R1) ? undefined : reversed(path))
    const before = pair.sent.length
    pair.tell('client', { type: 'livenessRequested' })
    pair.settle()
    pair.advance(20_000)
    const sent = pair.sent.slice(before)
    expect(ladder(pair, pair.sent)).toEqual([
      ...INITIAL,
      '(IP_R1:4500 -> IP_I1:4500) HDR, SK { IDr, AUTH, CP, SA, TSi, TSr, N(MOBIKE_SUPPORTED), N(ADDITIONAL_IP4_ADDRESS) }',
      // Without a NAT there is no need for NAT_DETECTION in steps 3 and 4 (section 3.8).
      '(IP_I1:4500 -> IP_R1:4500) HDR, SK {}',
      '(IP_I1:4500 -> IP_R2:4500) HDR, SK {}',
      '(IP_R2:4500 -> IP_I1:4500) HDR, SK {}',
      `(IP_I1:4500 -> IP_R2:4500) HDR, SK { N(UPDATE_SA_ADDRESSES), ${NATS}, N(COOKIE2) }`,
      `(IP_R2:4500 -> IP_I1:4500) HDR, SK { ${NATS}, N(COOKIE2) }`
    ])
    expectSecondRun(pair, sent, { messageId: 2, probe: () => [], client: I1 })
    expect(pair.client.session.state.mobike?.childPath).toEqual({ local: at(I1), remote: at(R2) })
  })

  it('E5.2 the same from behind a NAT: steps 3 and 4 have NAT_DETECTION, as in the text', () => {
    const through = ({ from, path }: Datagram): Path =>
      from === 'client'
        ? { local: path.remote, remote: at(OUTSIDE, path.local.port) }
        : { local: at(I1, path.remote.port), remote: path.local }
    const pair = established([R1, R2], through)
    expectInitialExchanges(pair, [notification(ADDITIONAL_IP4_ADDRESS, hex(198, 51, 100, 1))])
    pair.route = (datagram) =>
      [datagram.path.local.address, datagram.path.remote.address].includes(R1) ? undefined : through(datagram)
    const before = pair.sent.length
    pair.tell('client', { type: 'livenessRequested' })
    pair.settle()
    pair.advance(20_000)
    const sent = pair.sent.slice(before)
    expect(ladder(pair, sent).slice(0, 5)).toEqual([
      `(IP_I1:4500 -> IP_R1:4500) HDR, SK { ${NATS} }`,
      `(IP_I1:4500 -> IP_R2:4500) HDR, SK { ${NATS} }`,
      `(IP_R2:4500 -> IP_I1:4500) HDR, SK { ${NATS} }`,
      `(IP_I1:4500 -> IP_R2:4500) HDR, SK { N(UPDATE_SA_ADDRESSES), ${NATS}, N(COOKIE2) }`,
      `(IP_R2:4500 -> IP_I1:4500) HDR, SK { ${NATS}, N(COOKIE2) }`
    ])
    // Message ID 2 was the check that took the mapping right after IKE_AUTH.
    expectSecondRun(pair, sent, { messageId: 3, probe: natPair, client: OUTSIDE })
    expect(pair.client.session.state.mobike?.childPath).toEqual({ local: at(I1), remote: at(R2) })
    expect(pair.gateway.session.state.mobike?.childPath).toEqual({ local: at(R2), remote: at(OUTSIDE) })
  })
})

/** Steps 3 to 5 of the second run. `client`: where the responder sees the initiator. */
function expectSecondRun(
  pair: Pair,
  sent: readonly Datagram[],
  {
    messageId,
    probe,
    client
  }: {
    readonly messageId: number
    readonly probe: (spis: string, from: Endpoint, to: Endpoint) => readonly Part[]
    readonly client: string
  }
): void {
  const all = sent.map((datagram) => sentAs(pair, datagram))
  const spis = all[0]?.spis ?? ''
  const found = all.findIndex((message) => message.head === response(messageId))
  // Tried in vain more than once; then the other pair is tested with the same request, made for the first one.
  expect(found).toBeGreaterThan(2)
  const asked = { spis, head: request(messageId), inner: chain(...probe(spis, at(I1), at(R1))) }
  expect(all[0]).toEqual({ ...asked, ends: `${I1}:4500 > ${R1}:4500` })
  expect(all[found - 1]).toEqual({ ...asked, ends: `${I1}:4500 > ${R2}:4500` })
  expect(new Set(sent.slice(0, found).map(({ bytes }) => toHex(bytes))).size).toBe(1)
  expect(all[found]).toEqual({
    spis,
    ends: `${R2}:4500 > ${client}:4500`,
    head: response(messageId),
    inner: chain(...probe(spis, at(R2), at(client)))
  })
  const [update, updated] = all.slice(found + 1)
  const cookie = notification(COOKIE2, cookieOf(update?.inner))
  expect(update).toEqual({
    spis,
    ends: `${I1}:4500 > ${R2}:4500`,
    head: request(messageId + 1),
    inner: chain(notification(UPDATE_SA_ADDRESSES), ...natPair(spis, at(I1), at(R2)), cookie)
  })
  expect(updated).toEqual({
    spis,
    ends: `${R2}:4500 > ${client}:4500`,
    head: response(messageId + 1),
    inner: chain(...natPair(spis, at(R2), at(client)), cookie)
  })
}
