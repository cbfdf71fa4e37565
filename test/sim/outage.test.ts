import { describe, expect, it } from 'vitest'
import { measureOutages } from '../../examples/demo/outage.ts'

const ROUND_TRIP_MS = 50

/**
 * What `npm run demo` prints last, in virtual time: 50 ms there and back, nothing lost on the way, an inner packet each way
 * every millisecond.
 */
describe('outage of inner traffic', () => {
  const [made, trusting, checking] = measureOutages()

  it('make before break: not one packet is lost, either way, and none comes late', () => {
    expect(made?.up).toEqual({ outageMs: 0, lost: 0 })
    expect(made?.down).toEqual({ outageMs: 0, lost: 0 })
  })

  it('break before make: what the client sends from the moment its new address is usable arrives, half a round trip later', () => {
    for (const { up } of [trusting, checking].map((each) => each ?? expect.fail())) {
      expect(up.lost).toBe(0)
      expect(up.outageMs).toBe(ROUND_TRIP_MS / 2)
    }
  })

  it('break before make, routability checked afterwards: traffic to the client is back after one round trip', () => {
    expect(trusting?.down.outageMs).toBe(ROUND_TRIP_MS)
    // All that was sent before the UPDATE came, and nothing after.
    expect(trusting?.down.lost).toBe(ROUND_TRIP_MS / 2)
  })

  it('break before make, routability checked first: traffic to the client is back one round trip after that', () => {
    expect(checking?.down.outageMs).toBe(2 * ROUND_TRIP_MS)
    expect(checking?.down.lost).toBe((3 * ROUND_TRIP_MS) / 2)
  })
})
