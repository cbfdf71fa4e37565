import { encode } from './reference/encode.ts'
import type { Attribute, Payload, Proposal, Selector, Transform } from './reference/message.ts'

/** A message of the bench: its octets in the clear, header first. */
export interface Sample {
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * The four shapes of the published measurements, to the octet (sizes with the 28 octets of the header), and one of every
 * other kind there is.
 */
export function samples(): readonly Sample[] {
  return [
    { name: 'IKE_SA_INIT 560', bytes: sized(560, initPayloads(), 34, 0x08, 0) },
    { name: 'AUTH chain 1103', bytes: sized(1103, certificateAuthPayloads(), 35, 0x08, 1) },
    { name: 'AUTH chain 401', bytes: sized(401, pskAuthPayloads(), 35, 0x08, 1) },
    { name: 'MOBIKE INFORMATIONAL 116', bytes: sized(116, updatePayloads(), 37, 0x08, 7) },
    named('MOBIKE list', listPayloads(), 37, 0x08, 8),
    named('CREATE_CHILD_SA chain', rekeyPayloads(), 36, 0x08, 9),
    named('CP reply', [configurationReply(), notify(16417, NONE)], 35, 0x20, 1),
    named('Delete', deletePayloads(), 37, 0x08, 10),
    named('EAP', eapPayloads(), 35, 0x20, 2),
    named('error Notify', [notify(17, Uint8Array.of(0, 20))], 34, 0x20, 0),
    named('SKF fragment', fragmentPayloads(), 35, 0x08, 1)
  ]
}

const NONE = new Uint8Array(0)

/** Octets that look random and are the same in every run. */
export function filler(length: number, seed: number): Uint8Array {
  const octets = new Uint8Array(length)
  let state = seed * 2654435761 + 1
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    octets[i] = state >>> 24
  }
  return octets
}

function sized(length: number, payloads: Payload[], exchange: number, flags: number, id: number): Uint8Array {
  const bytes = written(payloads, exchange, flags, id)
  if (bytes.length !== length) throw new Error(`sample of ${bytes.length} octets, not ${length}`)
  return bytes
}

function named(name: string, payloads: Payload[], exchange: number, flags: number, id: number): Sample {
  const bytes = written(payloads, exchange, flags, id)
  return { name: `${name} ${bytes.length}`, bytes }
}

function written(payloads: Payload[], exchange: number, flags: number, id: number): Uint8Array {
  return encode({
    spiI: filler(8, 1),
    spiR: exchange === 34 ? new Uint8Array(8) : filler(8, 2),
    version: 0x20,
    exchange,
    flags,
    id,
    payloads
  })
}

/** 37 transforms in an AEAD and a CBC proposal, as strongSwan's defaults are; 13 of them with a key length. */
function initPayloads(): Payload[] {
  const cipher = (id: number, keyLength: number): Transform => transform(1, id, keyLength)
  const prfs = [5, 6, 7, 4, 2].map((id) => transform(2, id))
  const groups = [31, 19, 20, 21, 15, 16].map((id) => transform(4, id))
  const integrity = [12, 13, 14, 5, 2].map((id) => transform(3, id))
  const counters = [
    cipher(20, 256),
    cipher(20, 192),
    cipher(20, 128),
    cipher(19, 256),
    cipher(19, 128),
    cipher(18, 256)
  ]
  const blocks = [cipher(12, 256), cipher(12, 192), cipher(12, 128), cipher(13, 256), cipher(13, 192), cipher(13, 128)]
  return [
    {
      type: 33,
      critical: false,
      proposals: [
        proposal(1, 1, NONE, [...blocks, cipher(23, 256), ...integrity, ...prfs.slice(0, 4), ...groups.slice(0, 4)]),
        proposal(2, 1, NONE, [...counters, ...prfs, ...groups])
      ]
    },
    { type: 34, critical: false, group: 31, data: filler(32, 3) },
    { type: 40, critical: false, wireType: 40, data: filler(32, 4) },
    notify(16388, filler(20, 5)),
    notify(16389, filler(20, 6)),
    notify(16430, NONE),
    notify(16431, Uint8Array.of(0, 2, 0, 3, 0, 4, 0, 5)),
    notify(16406, NONE)
  ]
}

function certificateAuthPayloads(): Payload[] {
  return [
    { type: 35, critical: false, kind: 2, data: filler(19, 7) },
    { type: 37, critical: false, kind: 4, data: filler(513, 8) },
    notify(16384, NONE),
    { type: 38, critical: false, kind: 4, data: filler(60, 9) },
    { type: 36, critical: false, kind: 2, data: filler(19, 10) },
    { type: 39, critical: false, kind: 14, data: filler(86, 11) },
    configurationRequest(),
    ...childPayloads(),
    ...mobikePayloads()
  ]
}

function pskAuthPayloads(): Payload[] {
  return [
    { type: 35, critical: false, kind: 2, data: filler(9, 12) },
    notify(16384, NONE),
    { type: 36, critical: false, kind: 2, data: filler(8, 13) },
    { type: 39, critical: false, kind: 2, data: filler(32, 14) },
    configurationRequest(),
    ...childPayloads().slice(0, 3),
    notify(16396, NONE),
    notify(16397, filler(4, 15)),
    notify(16417, NONE)
  ]
}

/** UPDATE_SA_ADDRESSES, the NAT_DETECTION pair and COOKIE2. */
function updatePayloads(): Payload[] {
  return [
    notify(16400, NONE),
    notify(16388, filler(20, 16)),
    notify(16389, filler(20, 17)),
    notify(16401, filler(16, 18))
  ]
}

/** Three IPv4 and two IPv6 addresses, and a COOKIE2. */
function listPayloads(): Payload[] {
  return [
    ...[22, 23, 24].map((seed) => notify(16397, filler(4, seed))),
    ...[25, 26].map((seed) => notify(16398, filler(16, seed))),
    notify(16401, filler(12, 27))
  ]
}

/** A Child SA rekeyed with a key exchange of its own (RFC 7296 section 1.3.3). */
function rekeyPayloads(): Payload[] {
  const [sa, tsi, tsr] = childPayloads() as [Payload, Payload, Payload]
  return [
    { type: 41, critical: false, protocol: 3, spi: filler(4, 28), notify: 16393, data: NONE },
    sa,
    { type: 40, critical: false, wireType: 40, data: filler(24, 29) },
    { type: 34, critical: false, group: 31, data: filler(32, 30) },
    tsi,
    tsr,
    notify(16394, NONE)
  ]
}

function deletePayloads(): Payload[] {
  const spis = Array.from({ length: 17 }, (_, index) => filler(4, 31 + index))
  return [{ type: 42, critical: false, protocol: 3, spiSize: 4, spis }]
}

function eapPayloads(): Payload[] {
  return [{ type: 48, critical: false, code: 1, id: 7, method: 23, data: filler(115, 50) }, notify(16417, NONE)]
}

function fragmentPayloads(): Payload[] {
  const data = filler(1196, 52)
  data.set([0, 2, 0, 3])
  return [{ type: 53, critical: false, first: 0, data }]
}

/** What a remote access client is given. */
function configurationReply(): Payload {
  const ofType = (type: number, length: number): Attribute => ({ type, value: 0, data: filler(length, type) })
  const attributes = [
    ofType(1, 4),
    ofType(2, 4),
    ...[3, 3, 3].map((type) => ofType(type, 4)),
    ofType(8, 17),
    ofType(10, 16),
    ofType(10, 16),
    ofType(13, 8),
    ofType(15, 17),
    ofType(25, 19),
    ofType(25, 11)
  ]
  return { type: 47, critical: false, kind: 2, attributes }
}

function childPayloads(): Payload[] {
  const esn = [transform(5, 0), transform(5, 1)]
  const ciphers = [transform(1, 20, 256), transform(1, 20, 128)]
  const cbc = [transform(1, 12, 256), transform(3, 12), transform(3, 14)]
  return [
    {
      type: 33,
      critical: false,
      proposals: [proposal(1, 3, filler(4, 19), [...ciphers, ...esn]), proposal(2, 3, filler(4, 19), [...cbc, ...esn])]
    },
    { type: 44, critical: false, selectors: [selector(7), selector(8)] },
    { type: 45, critical: false, selectors: [selector(7), selector(8)] }
  ]
}

function mobikePayloads(): Payload[] {
  return [
    notify(16396, NONE),
    notify(16397, filler(4, 15)),
    notify(16397, filler(4, 20)),
    notify(16398, filler(16, 21)),
    notify(16417, NONE),
    notify(16420, NONE)
  ]
}

function configurationRequest(): Payload {
  const attributes: Attribute[] = [1, 3, 8, 10].map((type) => ({ type, value: 0, data: NONE }))
  return { type: 47, critical: false, kind: 1, attributes }
}

function notify(type: number, data: Uint8Array): Payload {
  return { type: 41, critical: false, protocol: 0, spi: NONE, notify: type, data }
}

function proposal(number: number, protocol: number, spi: Uint8Array, transforms: Transform[]): Proposal {
  return { number, protocol, spi, transforms }
}

function transform(type: number, id: number, keyLength = 0): Transform {
  return { type, id, keyLength, attributes: [] }
}

function selector(type: 7 | 8): Selector {
  const size = type === 7 ? 4 : 16
  return {
    type,
    protocol: 0,
    startPort: 0,
    endPort: 65535,
    start: new Uint8Array(size),
    end: new Uint8Array(size).fill(255)
  }
}
