import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AuthenticFragment,
  addFragment,
  type FragmentOutcome,
  fragmentDefect,
  REASSEMBLY_LIMITS,
  type Reassembly
} from '../../src/exchange/index.ts'

/** RFC 7383 sections 2.5 and 2.6. */

const FIRST_INNER = 35

/** The content cut into parts of `size`, as a sender does: Next Payload in the first alone. */
function cut(content: Uint8Array, size: number): AuthenticFragment[] {
  const total = Math.max(1, Math.ceil(content.length / size))
  return Array.from({ length: total }, (_, i) => ({
    fragmentNumber: i + 1,
    totalFragments: total,
    firstInner: i === 0 ? FIRST_INNER : 0,
    inner: content.slice(i * size, (i + 1) * size)
  }))
}

function fragment(fragmentNumber: number, totalFragments: number, length = 3): AuthenticFragment {
  return { fragmentNumber, totalFragments, firstInner: 0, inner: new Uint8Array(length).fill(fragmentNumber) }
}

/** The outcomes of adding all, one after the other. */
function addAll(fragments: readonly AuthenticFragment[]): FragmentOutcome[] {
  let reassembly: Reassembly | undefined
  return fragments.map((one) => {
    const outcome = addFragment(reassembly, one)
    reassembly = outcome.kind === 'complete' ? undefined : outcome.reassembly
    return outcome
  })
}

const numbers = (reassembly: Reassembly | undefined) => reassembly?.parts.map(({ fragmentNumber }) => fragmentNumber)
const content = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff)

describe('reassembly of a fragmented message (RFC 7383 section 2.6)', () => {
  it('gives the content of the original in whatever order fragments arrive, and nothing before the last', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.integer({ min: 2, max: 50 }),
        fc.infiniteStream(fc.nat()),
        (octets, size, dice) => {
          const shuffled = cut(octets, size)
            .map((one) => ({ one, order: dice.next().value as number }))
            .sort((a, b) => a.order - b.order)
            .map(({ one }) => one)
          const outcomes = addAll(shuffled)
          expect(outcomes.slice(0, -1).every(({ kind }) => kind === 'stored')).toBe(true)
          expect(outcomes.at(-1)).toEqual({ kind: 'complete', firstInner: FIRST_INNER, inner: octets })
        }
      )
    )
  })

  it('a message of one fragment is complete at once, and so is one without octets', () => {
    expect(addAll(cut(content(10), 20))).toEqual([{ kind: 'complete', firstInner: FIRST_INNER, inner: content(10) }])
    expect(addAll(cut(content(0), 20))).toEqual([
      { kind: 'complete', firstInner: FIRST_INNER, inner: new Uint8Array(0) }
    ])
  })

  it('takes Next Payload from fragment 1 alone, wherever it stands in the order of arrival', () => {
    const [one, two, three] = cut(content(9), 3) as [AuthenticFragment, AuthenticFragment, AuthenticFragment]
    const outcomes = addAll([{ ...three, firstInner: 41 }, one, { ...two, firstInner: 42 }])
    expect(outcomes[2]).toEqual({ kind: 'complete', firstInner: FIRST_INNER, inner: content(9) })
  })

  it('discards a fragment that is here already, among others', () => {
    const outcomes = addAll([fragment(1, 3), fragment(2, 3), fragment(1, 3), fragment(2, 3)])
    expect(outcomes.slice(2)).toMatchObject([
      { kind: 'discarded', defect: 'duplicate' },
      { kind: 'discarded', defect: 'duplicate' }
    ])
  })

  it('discards number 0, a total of 0, and a number above the total', () => {
    for (const [number, total] of [
      [0, 0],
      [0, 2],
      [1, 0],
      [3, 2],
      [Number.NaN, 2],
      [1, Number.NaN],
      [1.5, 2],
      [1, 1.5]
    ] as const) {
      const outcome = addFragment(undefined, fragment(number, total))
      expect(outcome, `${number} of ${total}`).toEqual({
        kind: 'discarded',
        defect: 'invalidNumber',
        reassembly: undefined
      })
    }
  })

  it('discards a fragment that is already here, whatever it says now', () => {
    const [stored, repeated] = addAll([fragment(2, 3), { ...fragment(2, 3), firstInner: 9, inner: content(30) }])
    if (stored?.kind !== 'stored' || repeated?.kind !== 'discarded') return expect.fail('not stored or not discarded')
    expect(repeated.defect).toBe('duplicate')
    expect(repeated.reassembly).toBe(stored.reassembly)
  })

  it('B258 a larger total discards what was there and starts over with that fragment; then a smaller one is stale', () => {
    const outcomes = addAll([fragment(1, 2), fragment(1, 3), fragment(2, 2), fragment(2, 3), fragment(3, 3)])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['stored', 'stored', 'discarded', 'stored', 'complete'])
    const [, restarted, stale] = outcomes
    if (restarted?.kind !== 'stored' || stale?.kind !== 'discarded') return expect.fail('other outcomes')
    expect(restarted.reassembly.totalFragments).toBe(3)
    expect(numbers(restarted.reassembly)).toEqual([1])
    expect(restarted.reassembly.octets).toBe(3)
    expect(stale.defect).toBe('staleTotal')
    expect(outcomes.at(-1)).toMatchObject({ inner: Uint8Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3) })
  })

  it('a larger total after the whole of the smaller but one, in fragment 2, forgets the old fragment 1', () => {
    const outcomes = addAll([{ ...fragment(1, 2), firstInner: 33 }, fragment(2, 3), fragment(3, 3), fragment(1, 3)])
    expect(outcomes.at(-1)).toMatchObject({ kind: 'complete', firstInner: 0 })
  })

  it('holds at most 256 fragments: a larger total is discarded and leaves what is there', () => {
    const last = REASSEMBLY_LIMITS.fragments
    expect(last).toBe(256)
    const [first, beyond] = addAll([fragment(1, last), fragment(1, last + 1), fragment(1, 0xffff)])
    expect(first?.kind).toBe('stored')
    expect(beyond).toMatchObject({ kind: 'discarded', defect: 'limitExceeded', reassembly: { totalFragments: last } })
    const all = Array.from({ length: last }, (_, i) => fragment(last - i, last, 1))
    expect(addAll(all).at(-1)).toMatchObject({ kind: 'complete' })
  })

  it('holds at most 65535 octets: the fragment beyond is discarded, and a smaller one still fits', () => {
    const outcomes = addAll([fragment(1, 3, 65_000), fragment(2, 3, 536), fragment(2, 3, 535), fragment(3, 3, 0)])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['stored', 'discarded', 'stored', 'complete'])
    expect(outcomes[1]).toMatchObject({ defect: 'limitExceeded', reassembly: { octets: 65_000 } })
    expect(addFragment(undefined, fragment(1, 1, 65_536))).toMatchObject({ kind: 'discarded', defect: 'limitExceeded' })
  })

  it('the numbers alone tell, before any checksum is computed, what adding would discard them for', () => {
    const small = { min: 0, max: 5 }
    const pair = fc.record({ fragmentNumber: fc.integer(small), totalFragments: fc.integer(small) })
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 12 }), (all) => {
        let reassembly: Reassembly | undefined
        for (const one of all) {
          const told = fragmentDefect(reassembly, one)
          const outcome = addFragment(reassembly, { ...one, firstInner: 0, inner: content(2) })
          expect(outcome.kind === 'discarded' ? outcome.defect : undefined).toBe(told)
          reassembly = outcome.kind === 'complete' ? undefined : outcome.reassembly
        }
      })
    )
  })

  it('keeps no octets it was given, changes no reassembly it was given, and survives being copied', () => {
    const buffer = content(20)
    const first = addFragment(undefined, { ...fragment(1, 2), inner: buffer.subarray(4, 8) })
    if (first.kind !== 'stored') return expect.fail(first.kind)
    buffer.fill(0xee)
    const before = structuredClone(first.reassembly)
    const second = addFragment(first.reassembly, fragment(2, 2))
    expect(first.reassembly).toEqual(before)
    expect(second).toMatchObject({ inner: Uint8Array.of(28, 35, 42, 49, 2, 2, 2) })
    expect(addFragment(before, fragment(2, 2))).toEqual(second)
  })
})
