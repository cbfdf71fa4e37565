import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReplayWindow } from '../../src/esp/index.ts'

/** A genuine packet: its checksum is right only under its own whole number, so another deduction is a refusal. */
function receive(window: ReturnType<typeof createReplayWindow>, sequence: number): 'accepted' | 'refused' {
  if (window.check(sequence % 2 ** 32) !== sequence) return 'refused'
  window.accept(sequence)
  return 'accepted'
}

/** RFC 4303 section 3.4.3 told plainly: a set of everything ever received. */
function model(size: number) {
  const seen = new Set<number>([0])
  let highest = 0
  return (sequence: number) => {
    if (sequence <= highest - size || seen.has(sequence)) return 'refused'
    seen.add(sequence)
    highest = Math.max(highest, sequence)
    return 'accepted'
  }
}

describe('anti-replay window', () => {
  it.each([32, 64, 1024])('of %i packets answers as RFC 4303 section 3.4.3 does, in any order', (size) => {
    const jump = fc.oneof(fc.integer({ min: -80, max: 80 }), fc.integer({ min: -2 * size, max: 3 * size }))
    fc.assert(
      fc.property(fc.boolean(), fc.array(jump, { maxLength: 200 }), (extended, jumps) => {
        const window = createReplayWindow(size, extended)
        const expected = model(size)
        let at = 1
        for (const step of jumps) {
          at = Math.max(0, at + step)
          expect(receive(window, at)).toBe(expected(at))
        }
      })
    )
  })

  it('deduces the high half over the 2^32 boundary in any order (RFC 4303 appendix A2.2)', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -300, max: 300 }), { maxLength: 100 }), (offsets) => {
        const size = 1024
        const base = 5 * 2 ** 32
        const window = createReplayWindow(size, true, { highest: base - 310, received: new Uint32Array(size / 32) })
        const seen = new Set<number>()
        for (const offset of offsets) {
          expect(receive(window, base + offset)).toBe(seen.has(offset) ? 'refused' : 'accepted')
          seen.add(offset)
        }
      })
    )
  })

  it('takes a number below the window of the first subspace for a replay, not for subspace -1', () => {
    const window = createReplayWindow(64, true)
    expect(window.check(2 ** 32 - 1)).toBe('replayed')
  })

  it('takes a low half below the window for the next subspace with ESN, for old without', () => {
    const state = { highest: 1000, received: new Uint32Array(2) }
    expect(createReplayWindow(64, true, state).check(900)).toBe(2 ** 32 + 900)
    expect(createReplayWindow(64, false, state).check(900)).toBe('replayed')
  })

  it('moves only when told that the packet was authentic', () => {
    const window = createReplayWindow(64, false)
    expect(window.check(5000)).toBe(5000)
    expect(window.check(1)).toBe(1)
    expect(window.snapshot().highest).toBe(0)
  })

  it('continues from a snapshot as if nothing had happened', () => {
    const window = createReplayWindow(64, true)
    for (const sequence of [1, 2, 5, 70]) receive(window, sequence)
    const copy = createReplayWindow(64, true, structuredClone(window.snapshot()))
    for (const sequence of [5, 6, 7, 70, 71, 8]) expect(receive(copy, sequence)).toBe(receive(window, sequence))
  })

  it('refuses numbers beyond what it can count exactly', () => {
    const window = createReplayWindow(64, true, { highest: Number.MAX_SAFE_INTEGER - 1, received: new Uint32Array(2) })
    expect(window.check(0xffffffff)).toBe(Number.MAX_SAFE_INTEGER)
    expect(window.check(0)).toBe('sequenceExhausted')
  })

  it.each([0, 31, 40, 1056, Number.NaN])('of %d packets cannot be', (size) => {
    expect(() => createReplayWindow(size, false)).toThrow(/^size/)
  })
})
