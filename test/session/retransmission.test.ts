import { describe, expect, it } from 'vitest'
import { DEFAULT_MOBIKE_POLICY, type MobikePolicy } from '../../src/mobike/index.ts'
import { Pair } from './pair.ts'

/** Until a request that nobody answers is given up, and how often it was sent. */
function patience(
  role: 'client' | 'gateway',
  mobike: MobikePolicy | null = null
): { readonly ms: number; readonly sent: number } {
  const pair = new Pair({ mobike, livenessMs: null }, { mobike, livenessMs: null }).establish()
  pair.passes = () => false
  const start = pair.now
  const before = pair.sent.length
  pair.tell(role, { type: 'livenessRequested' })
  while (pair[role].session.state.phase.name === 'established') pair.advance(1000)
  return { ms: pair.now - start, sent: pair.sent.length - before }
}

describe('patience', () => {
  it.each([
    ['with MOBIKE', DEFAULT_MOBIKE_POLICY],
    ['without', null]
  ])('A115 A116 D25 a responder %s repeats a request for at least five minutes before it gives up', (_, mobike) => {
    expect(patience('gateway', mobike).ms).toBeGreaterThanOrEqual(5 * 60_000)
  })

  it('A115 D25 in silence the initiator asks first, a responder leaves it five minutes to notice and to repair', () => {
    const firstAsked = (role: 'client' | 'gateway'): number => {
      const quiet = { livenessMs: null }
      const pair = new Pair(role === 'client' ? {} : quiet, role === 'client' ? quiet : {}).establish()
      const before = pair.sent.length
      const start = pair.now
      pair.passes = () => false
      while (pair.sent.slice(before).every(({ from }) => from !== role)) pair.advance(1000)
      return pair.now - start
    }
    expect(firstAsked('client')).toBe(60_000)
    expect(firstAsked('gateway')).toBe(300_000)
  })

  it('A115 a time that is configured holds for either role, and null asks never', () => {
    for (const livenessMs of [30_000, null]) {
      const pair = new Pair({ livenessMs: null }, { livenessMs }).establish()
      expect(pair.gateway.session.state.livenessAt).toBe(livenessMs === null ? null : pair.now + livenessMs)
    }
  })

  it('B058 an initiator makes about a dozen tries over several minutes', () => {
    const { ms, sent } = patience('client')
    expect(ms).toBeGreaterThanOrEqual(3 * 60_000)
    expect(sent).toBeGreaterThanOrEqual(12)
  })
})
