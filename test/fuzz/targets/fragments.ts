import { decodeMessage, decodePayloads } from '../../../src/codec/index.ts'
import { openFragment, type ProtectedHeader, sealFragment } from '../../../src/crypto/index.ts'
import {
  type AuthenticFragment,
  addFragment,
  type FragmentDefect,
  type FragmentOutcome,
  fragmentDefect,
  type Reassembly
} from '../../../src/exchange/index.ts'
import { isSame, isSameOctets, show } from '../equal.ts'
import { FuzzedData } from '../fuzzed-data.ts'
import { havoc } from '../havoc.ts'
import { readChain } from '../oracle/read-message.ts'
import type { FuzzTarget, Recordings } from '../target.ts'
import { claim } from '../violation.ts'
import { FUZZED_SAS, type FuzzedSa } from './protection.ts'

/**
 * Fragments in any order, twice, not at all, changed, or lying about their numbers: reassembly gives the content of the
 * original or nothing, holds no more than it may, and does what a plain model of RFC 7383 section 2.6 does.
 */
export const fragmentsTarget: FuzzTarget = {
  name: 'fragments',
  fuzz,
  seeds,
  workLimit: (octets) => 200_000 + 20_000 * octets
}

const ACTS = [anythingGoes, cutAndSealed] as const
const MOST_FRAGMENTS = 256
const MOST_OCTETS = 65_535

function seeds({ chains }: Recordings): readonly Uint8Array[] {
  const sealed = chains.map(({ firstPayload, octets }, i) => Uint8Array.of(1, i, 3 + i, firstPayload, ...octets))
  return [...sealed, Uint8Array.of(0, 0, 0, 1, 0, 2, 0, 9, 0, 0, 2, 0, 2, 0, 9, 0, 1, 0, 1, 0, 3, 3, 5)]
}

export function fuzz(data: Uint8Array): void {
  const decisions = new FuzzedData(data)
  decisions.among(ACTS)(decisions)
}

/** Authentic fragments that a peer with keys makes up. */
function anythingGoes(decisions: FuzzedData): void {
  const model = new Model()
  let reassembly: Reassembly | undefined
  for (let acts = 0; acts < 24 && !decisions.isUsedUp; acts++) {
    const run = decisions.below(3)
    const first = decisions.uint16()
    const total = decisions.uint16()
    const firstInner = decisions.octet()
    const length = decisions.below(4) === 0 ? decisions.below(MOST_OCTETS + 10) : decisions.octet()
    // One fragment, or some in a row, or as many as there may be.
    const count = [1, 1 + decisions.octet(), MOST_FRAGMENTS + 2][run] as number
    for (let i = 0; i < count && (i === 0 || first + i <= total); i++) {
      const inner = new Uint8Array(length).fill(first + i + acts)
      const fragment = { fragmentNumber: first + i, totalFragments: total, firstInner, inner }
      reassembly = checkedAdd(model, reassembly, fragment)
    }
  }
}

/** One step of the reassembly and of its model. */
function checkedAdd(model: Model, before: Reassembly | undefined, fragment: AuthenticFragment): Reassembly | undefined {
  const inner = fragment.inner.slice()
  const defect = fragmentDefect(before, fragment)
  const outcome = addFragment(before, fragment)
  fragment.inner.fill(0xee)
  const expected = model.add({ ...fragment, inner })
  claim(outcome.kind === expected.kind, 'a fragment is stored, completes or is discarded as RFC 7383 says', () =>
    show([outcome.kind, expected.kind, fragment.fragmentNumber, fragment.totalFragments])
  )
  const named = outcome.kind === 'discarded' ? outcome.defect : undefined
  claim(named === expected.defect, 'a discarded fragment is discarded for what is wrong with it', () =>
    show([named, expected.defect, fragment.fragmentNumber, fragment.totalFragments])
  )
  const isExcluded = defect === expected.defect || (defect === undefined && named === 'limitExceeded')
  claim(isExcluded, 'what the numbers alone exclude is discarded before its checksum is computed', () =>
    show([defect, expected.defect])
  )
  if (outcome.kind === 'complete') {
    claim(isSame(outcome, expected), 'the reassembled content is that of the fragments in order')
    return undefined
  }
  if (outcome.kind === 'discarded') {
    claim(outcome.reassembly === before, 'a discarded fragment changes nothing')
    return before
  }
  checkBounds(outcome.reassembly)
  return outcome.reassembly
}

function checkBounds({ parts, octets, totalFragments }: Reassembly): void {
  const held = parts.reduce((sum, { inner }) => sum + inner.buffer.byteLength, 0)
  claim(held === octets && octets <= MOST_OCTETS, 'no more octets are held than may be, and they are counted', () =>
    show([held, octets])
  )
  claim(parts.length < totalFragments && totalFragments <= MOST_FRAGMENTS, 'fragments held are bounded')
}

/** RFC 7383 section 2.6, sentence by sentence, with the limits that this library sets. */
class Model {
  private readonly parts = new Map<number, AuthenticFragment>()
  private total = 0

  add(fragment: AuthenticFragment): { readonly kind: FragmentOutcome['kind']; readonly defect?: FragmentDefect } {
    const { fragmentNumber: number, totalFragments: total, inner } = fragment
    const discarded = (defect: FragmentDefect) => ({ kind: 'discarded' as const, defect })
    if (number === 0 || total === 0 || number > total) return discarded('invalidNumber')
    if (total > MOST_FRAGMENTS) return discarded('limitExceeded')
    if (total < this.total) return discarded('staleTotal')
    if (total === this.total && this.parts.has(number)) return discarded('duplicate')
    const kept = total > this.total ? [] : [...this.parts.values()]
    const octets = kept.reduce((sum, part) => sum + part.inner.length, inner.length)
    if (octets > MOST_OCTETS) return discarded('limitExceeded')
    if (total > this.total) this.parts.clear()
    this.total = total
    this.parts.set(number, fragment)
    if (this.parts.size < total) return { kind: 'stored' }
    const numbers = Array.from({ length: total }, (_, i) => this.parts.get(i + 1) as AuthenticFragment)
    const content = Uint8Array.from(Buffer.concat(numbers.map((part) => part.inner)))
    const complete = { kind: 'complete' as const, firstInner: numbers[0]?.firstInner, inner: content }
    this.parts.clear()
    this.total = 0
    return complete
  }
}

const HEADER: ProtectedHeader = {
  initiatorSpi: new Uint8Array(8).fill(0x33),
  responderSpi: new Uint8Array(8).fill(0x44),
  exchangeType: 35,
  fromInitiator: true,
  isResponse: false,
  messageId: 1
}

/** A chain cut and sealed by an honest sender, on a network that does what it likes. */
function cutAndSealed(decisions: FuzzedData): void {
  const sa = decisions.among(FUZZED_SAS)
  const size = 1 + decisions.octet()
  const firstInner = decisions.octet()
  const events = decisions.take(decisions.below(32))
  const content = decisions.rest().subarray(0, 60 * size)
  const fragments = cut(sa, content, size, firstInner)
  const deeds = new FuzzedData(events)
  const waiting = [...fragments.keys()]
  let reassembly: Reassembly | undefined
  let complete: Extract<FragmentOutcome, { kind: 'complete' }> | undefined
  while (waiting.length > 0 && complete === undefined) {
    const at = deeds.below(waiting.length)
    const index = waiting[at] as number
    const message = fragments[index] as Uint8Array
    const deed = deeds.below(4)
    if (deed === 1) {
      const forged = havoc(message, deeds, content)
      const outcome = isSameOctets(forged, message) ? undefined : receive(sa, reassembly, forged)
      claim(outcome === undefined, 'a forged fragment adds nothing', () => show([message, forged]))
      continue
    }
    // Deed 2 leaves a copy that arrives again.
    if (deed !== 2) waiting.splice(at, 1)
    const outcome = receive(sa, reassembly, message)
    if (outcome?.kind === 'stored') {
      checkBounds(outcome.reassembly)
      reassembly = structuredClone(outcome.reassembly)
    }
    if (outcome?.kind === 'complete') complete = outcome
  }
  claim(complete !== undefined, 'a message is complete when every fragment has arrived')
  claim(isSameOctets(complete.inner, content), 'the content of the original comes out')
  claim(complete.firstInner === firstInner, 'the type of the first payload is that of the original')
  const chain = decodePayloads(complete.inner, complete.firstInner)
  claim(chain.ok === readChain(content, firstInner).ok, 'a reassembled chain is taken or refused as RFC 7296 says')
}

function cut({ suite, material }: FuzzedSa, content: Uint8Array, size: number, firstInner: number): Uint8Array[] {
  const totalFragments = Math.max(1, Math.ceil(content.length / size))
  return Array.from({ length: totalFragments }, (_, i) => {
    const inner = content.subarray(i * size, (i + 1) * size)
    const iv = new Uint8Array(suite.encryption.ivOctets).fill(i)
    return sealFragment({
      suite,
      material,
      header: HEADER,
      firstInner,
      inner,
      iv,
      fragmentNumber: i + 1,
      totalFragments
    })
  })
}

/** What a receiver does with a datagram; undefined when it is dropped. */
function receive(
  { suite, material }: FuzzedSa,
  reassembly: Reassembly | undefined,
  message: Uint8Array
): FragmentOutcome | undefined {
  const decoded = decodeMessage(message)
  const last = decoded.ok ? decoded.value.payloads.at(-1) : undefined
  if (last?.kind !== 'encryptedFragment' || fragmentDefect(reassembly, last) !== undefined) return undefined
  const offset = message.length - last.body.length - 8
  const opened = openFragment({ suite, material, sender: 'initiator', message, offset })
  return opened.ok ? addFragment(reassembly, opened) : undefined
}
