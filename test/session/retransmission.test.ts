import { describe, expect, it } from 'vitest'
import { Pair } from './pair.ts'

/** Until a request that nobody answers is given up, and how often it was sent. */
function patience(role: 'client' | 'gateway'): { readonly ms: number; readonly sent: number } {
  const pair = new Pair({ mobike: null, livenessMs: null }, { mobike: null, livenessMs: null }).establish()
  pair.passes = () => false
  const start = pair.now
  const before = pair.sent.length
  pair.tell(role, { type: 'livenessRequested' })
  while (pair[role].session.state.phase.name === 'established') pair.advance(1000)
  return { ms: pair.now - start, sent: pair.sent.length - before }
}

describe('patience', () => {
  it('A115 A116 a responder repeats a request for at least five minutes before it gives up', () => {
    expect(patience('gateway').ms).toBeGreaterThanOrEqual(5 * 60_000)
  })

  it('B058 an initiator makes about a dozen tries over several minutes', () => {
    const { ms, sent } = patience('client')
    expect(ms).toBeGreaterThanOrEqual(3 * 60_000)
    expect(sent).toBeGreaterThanOrEqual(12)
  })
})
