import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NatKeepalives } from '../../examples/driver/nat-keepalives.ts'
import type { Path } from '../../src/index.ts'

const path: Path = { local: { address: '10.0.0.1', port: 4500 }, remote: { address: '192.0.2.1', port: 4500 } }

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('one octet 0xFF goes out each interval while nothing else is sent (RFC 3948 section 2.3)', () => {
  const sent: Uint8Array[] = []
  const keepalives = new NatKeepalives((_, bytes) => sent.push(bytes))
  keepalives.start(path, 20_000)
  vi.advanceTimersByTime(60_000)
  expect(sent).toEqual([Uint8Array.of(0xff), Uint8Array.of(0xff), Uint8Array.of(0xff)])
  keepalives.stop(path)
  vi.advanceTimersByTime(60_000)
  expect(sent).toHaveLength(3)
})

test('traffic on the path stands in for a keepalive (RFC 3948 section 4)', () => {
  let sent = 0
  const keepalives = new NatKeepalives(() => sent++)
  keepalives.start(path, 20_000)
  vi.advanceTimersByTime(19_000)
  keepalives.sent(path)
  vi.advanceTimersByTime(1_000)
  expect(sent).toBe(0)
  vi.advanceTimersByTime(20_000)
  expect(sent).toBe(1)
  keepalives.stopAll()
})
