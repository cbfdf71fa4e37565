import { decodeMessage, decodePayloads } from '../../../src/codec/index.ts'
import {
  type OpenedFragment,
  type OpenedMessage,
  type OpenFailure,
  openFragment,
  openMessage,
  type ProtectedHeader,
  type Side,
  sealFragment,
  sealMessage
} from '../../../src/crypto/index.ts'
import { isSame, isSameOctets, show } from '../equal.ts'
import { FuzzedData } from '../fuzzed-data.ts'
import { havoc } from '../havoc.ts'
import { readChain } from '../oracle/read-message.ts'
import type { FuzzTarget, Recordings } from '../target.ts'
import { claim } from '../violation.ts'
import { FUZZED_SAS, type FuzzedSa, sealAnything } from './protection.ts'

/**
 * Protected messages of every suite: changed on the wire they never open, changed before they were sealed they open to
 * just that, and authentic ones with impossible padding or lengths are malformed. Nothing throws.
 */
export const unprotectTarget: FuzzTarget = {
  name: 'unprotect',
  fuzz,
  seeds,
  workLimit: (octets) => 4000 + 400 * octets
}

/** What is done to a message, by the second octet of an input. */
const DEEDS = [changedOnTheWire, sealedAsItIs, authenticButOdd] as const

/** Suite, deed, header, fragment numbers and padding in 12 octets, then a payload chain behind its first type. */
function seeds({ chains }: Recordings): readonly Uint8Array[] {
  return chains
    .filter(({ octets }) => octets.length < 600)
    .map(({ firstPayload, octets }, i) => {
      const deed = Math.floor(i / FUZZED_SAS.length)
      return Uint8Array.of(i, deed, 0, 37, 0, i, i & 1, 1, 2, 0, 0, firstPayload, ...octets)
    })
}

export function fuzz(data: Uint8Array): void {
  const decisions = new FuzzedData(data)
  const sa = decisions.among(FUZZED_SAS)
  const deed = decisions.among(DEEDS)
  deed(sa, readDraft(decisions, sa), decisions)
}

/** A message before it is sealed. */
interface Draft {
  readonly header: ProtectedHeader
  readonly sender: Side
  /** Undefined for a message that is no fragment. */
  readonly fragment: { readonly fragmentNumber: number; readonly totalFragments: number } | undefined
  readonly iv: Uint8Array
  /** Octets of padding beyond the least, in blocks. */
  readonly morePadding: number
  readonly firstInner: number
}

function readDraft(decisions: FuzzedData, { suite }: FuzzedSa): Draft {
  const flags = decisions.octet()
  const header: ProtectedHeader = {
    initiatorSpi: new Uint8Array(8).fill(0x11),
    responderSpi: new Uint8Array(8).fill(0x22),
    exchangeType: decisions.octet(),
    fromInitiator: (flags & 1) === 0,
    isResponse: (flags & 2) !== 0,
    messageId: decisions.uint16()
  }
  const isFragment = decisions.below(2) === 1
  const fragmentNumber = 1 + decisions.octet()
  const totalFragments = fragmentNumber + decisions.octet()
  return {
    header,
    sender: header.fromInitiator ? 'initiator' : 'responder',
    fragment: isFragment ? { fragmentNumber, totalFragments } : undefined,
    iv: new Uint8Array(suite.encryption.ivOctets).fill(1 + decisions.octet()),
    morePadding: decisions.octet(),
    firstInner: decisions.octet()
  }
}

/** An honest message changed by anybody: it opens only when nothing was changed after all. */
function changedOnTheWire(sa: FuzzedSa, draft: Draft, decisions: FuzzedData): void {
  const inner = decisions.take(decisions.below(64))
  const message = sealed(sa, draft, inner, undefined)
  let changed = message
  for (let changes = 1 + decisions.below(4); changes > 0; changes--) {
    changed = havoc(changed, decisions, message)
  }
  const isHonest = isSameOctets(changed, message)
  const anyOffset = decisions.below(changed.length + 40) - 8
  const offsets = [28, offsetOf(changed), anyOffset]
  for (const offset of offsets) {
    for (const open of [openMessage, openFragment]) {
      const opened = open({ suite: sa.suite, material: sa.material, sender: draft.sender, message: changed, offset })
      claim(isHonest || !opened.ok, 'a message that was changed does not open', () => show([message, changed, offset]))
    }
  }
  const reflected = open(sa, { ...draft, sender: draft.sender === 'initiator' ? 'responder' : 'initiator' }, message)
  claim(!reflected.ok, 'a message does not open as one of the other side')
  const opened = open(sa, draft, message)
  claim(opened.ok && isSameOctets(opened.inner, inner), 'an honest message opens to what was sealed', () =>
    show(opened)
  )
}

/** Where the Encrypted payload starts, as whoever received the message finds it. */
function offsetOf(message: Uint8Array): number {
  const decoded = decodeMessage(message)
  const last = decoded.ok ? decoded.value.payloads.at(-1) : undefined
  if (last?.kind === 'encrypted') return message.length - last.body.length - 4
  return last?.kind === 'encryptedFragment' ? message.length - last.body.length - 8 : 28
}

/** A peer with keys seals any chain it likes: it arrives octet for octet, and decoding it is what RFC 7296 makes of it. */
function sealedAsItIs(sa: FuzzedSa, draft: Draft, decisions: FuzzedData): void {
  const inner = decisions.rest()
  const { blockOctets } = sa.suite.encryption
  const least = blockOctets - 1 - (inner.length % blockOctets)
  const padLength = Math.min(least + draft.morePadding * blockOctets, 255 - ((255 - least) % blockOctets))
  const padding = new Uint8Array(padLength).fill(draft.morePadding)
  const message = sealed(sa, draft, inner, padding)
  const plaintext = Uint8Array.of(...inner, ...padding, padLength)
  const outside = sealAnything(sa, draft.header, payloadHeader(draft), draft.iv, plaintext)
  claim(isSameOctets(message, outside), 'sealing gives the octets of OpenSSL', () => show([message, outside]))
  const opened = open(sa, draft, message)
  checkOpened(opened, draft, { inner, padding })
  const decoded = decodeMessage(message)
  const last = decoded.ok ? decoded.value.payloads.at(-1) : undefined
  claim(last?.kind === (draft.fragment ? 'encryptedFragment' : 'encrypted'), 'what was sealed decodes', () =>
    show(decoded)
  )
  const chain = decodePayloads(inner, draft.firstInner)
  const reading = readChain(inner, draft.firstInner)
  claim(chain.ok === reading.ok, 'a sealed chain is taken or refused as RFC 7296 says', () => show([chain, reading]))
  if (chain.ok && reading.ok) claim(isSame(chain.value, reading.value), 'a sealed chain has the values of RFC 7296')
}

/** A peer with keys and without scruples: any plaintext, any Pad Length, any length at all, under a right checksum. */
function authenticButOdd(sa: FuzzedSa, draft: Draft, decisions: FuzzedData): void {
  const iv = draft.iv.subarray(0, decisions.below(8) === 0 ? decisions.below(draft.iv.length + 1) : draft.iv.length)
  const { encryption } = sa.suite
  // Ciphers take no shorter IV; a body that ends within it has nothing behind it.
  const isCut = iv.length < encryption.ivOctets
  const plaintext = isCut ? new Uint8Array(0) : decisions.rest()
  if (isCut && encryption.aead) return
  const message = sealAnything(sa, draft.header, payloadHeader(draft), iv, plaintext)
  const opened = open(sa, draft, message)
  const padLength = plaintext.at(-1) ?? 0
  const innerEnd = plaintext.length - 1 - padLength
  if (innerEnd < 0 || (!encryption.aead && plaintext.length % encryption.blockOctets !== 0)) {
    claim(isSame(opened, { ok: false, error: 'malformed' }), 'impossible lengths and padding are malformed', () =>
      show([message, opened])
    )
    return
  }
  const parts = { inner: plaintext.slice(0, innerEnd), padding: plaintext.slice(innerEnd, innerEnd + padLength) }
  checkOpened(opened, draft, parts)
}

type Opened = OpenedMessage | OpenedFragment | OpenFailure

function checkOpened(opened: Opened, draft: Draft, parts: Pick<OpenedMessage, 'inner' | 'padding'>): void {
  const { fragment, firstInner, iv } = draft
  const isFirst = fragment === undefined || fragment.fragmentNumber === 1
  const expected = { ok: true, firstInner: isFirst ? firstInner : 0, iv, ...parts, ...fragment }
  claim(isSame(opened, expected), 'an authentic message opens to what was sealed', () => show([opened, expected]))
}

function open({ suite, material }: FuzzedSa, { sender, fragment }: Draft, message: Uint8Array): Opened {
  const input = { suite, material, sender, message, offset: 28 }
  return fragment === undefined ? openMessage(input) : openFragment(input)
}

function sealed(
  { suite, material }: FuzzedSa,
  draft: Draft,
  inner: Uint8Array,
  padding: Uint8Array | undefined
): Uint8Array {
  const { header, firstInner, iv, fragment } = draft
  const input = { suite, material, header, firstInner, inner, iv, padding }
  return fragment === undefined ? sealMessage(input) : sealFragment({ ...input, ...fragment })
}

function payloadHeader({ fragment, firstInner }: Draft): Uint8Array {
  if (fragment === undefined) return Uint8Array.of(firstInner, 0, 0, 0)
  const { fragmentNumber: number, totalFragments: total } = fragment
  return Uint8Array.of(number === 1 ? firstInner : 0, 0, 0, 0, number >> 8, number, total >> 8, total)
}
