import { expect, test } from 'vitest'
import { echoReply, InnerEchoClient } from '../../examples/driver/inner-echo.ts'
import { endpoint } from '../../src/index.ts'

const source = endpoint('10.99.0.1', 40000)
const server = endpoint('10.9.0.1', 7)

test('the echo client counts what comes back and times the longest silence', async () => {
  let index = 0
  const client: InnerEchoClient = new InnerEchoClient(source, server, (packet) => {
    const reply = echoReply(packet, server)
    if (index++ !== 2 && reply !== undefined) queueMicrotask(() => client.packetReceived(reply))
    return true
  })
  const result = await client.measure(5, 10)
  expect(result.sent).toBe(5)
  expect(result.received).toBe(4)
  expect(result.longestGapMs).toBeGreaterThanOrEqual(18)
})

test('the echo server answers nothing that is not for it', () => {
  expect(echoReply(Uint8Array.of(0x45, 0, 0), server)).toBeUndefined()
  let seen: Uint8Array | undefined
  const client = new InnerEchoClient(source, endpoint('10.9.0.2', 7), (packet) => {
    seen = packet
    return true
  })
  void client.measure(1, 1)
  expect(echoReply(seen as Uint8Array, server)).toBeUndefined()
})
