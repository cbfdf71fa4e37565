import { afterEach, expect, test, vi } from 'vitest'
import { UdpSockets } from '../../examples/driver/udp-sockets.ts'
import { type Path, pathText } from '../../src/index.ts'

const PORTS = [25500, 24500] as const
const open: UdpSockets[] = []

function sockets(addresses: readonly string[]) {
  const received: { path: Path; text: string }[] = []
  const failures: string[] = []
  const made = new UdpSockets(PORTS, {
    datagramReceived: (path, bytes) => received.push({ path, text: new TextDecoder().decode(bytes) }),
    socketFailed: (where, code) => failures.push(`${where} ${code}`)
  })
  open.push(made)
  made.setAddresses(addresses)
  return { made, received, failures }
}

const path = (local: string, remote: string, index = 0): Path => ({
  local: { address: local, port: PORTS[index] as number },
  remote: { address: remote, port: PORTS[index] as number }
})
const bytes = (text: string) => new TextEncoder().encode(text)

afterEach(() => {
  for (const made of open.splice(0)) made.close()
})

test('a datagram leaves from the address and port of its path and arrives with both ends named', async () => {
  const a = sockets(['127.0.0.1', '127.0.0.2'])
  const b = sockets(['127.0.0.3'])
  await vi.waitFor(() => {
    a.made.send(path('127.0.0.2', '127.0.0.3', 1), bytes('hello'))
    expect(b.received).not.toHaveLength(0)
  })
  expect(b.received[0]?.text).toBe('hello')
  expect(pathText(b.received[0]?.path as Path)).toBe('127.0.0.3:24500 > 127.0.0.2:24500')
})

test('an address that went away is no longer sent from; that is told, not thrown', async () => {
  const a = sockets(['127.0.0.1'])
  a.made.setAddresses([])
  a.made.send(path('127.0.0.1', '127.0.0.3'), bytes('lost'))
  expect(a.failures).toEqual(['127.0.0.1:25500 > 127.0.0.3:25500 ENOSOCKET'])
})

test('an address this host does not have is told, not thrown', async () => {
  const a = sockets(['192.0.2.77'])
  await vi.waitFor(() => expect(a.failures).toContain('192.0.2.77:25500 EADDRNOTAVAIL'))
  a.made.setAddresses(['127.0.0.1'])
})

test('a destination without a route is told, not thrown', async () => {
  const a = sockets(['127.0.0.1'])
  a.made.send(path('127.0.0.1', '192.0.2.77'), bytes('nowhere'))
  await vi.waitFor(() => expect(a.failures).toHaveLength(1))
  expect(a.failures[0]).toMatch(/^127\.0\.0\.1:25500 > 192\.0\.2\.77:25500 E[A-Z]+$/)
})

test('an address that comes back is bound again', async () => {
  const a = sockets(['127.0.0.1'])
  const b = sockets(['127.0.0.3'])
  a.made.setAddresses([])
  a.made.setAddresses(['127.0.0.1'])
  await vi.waitFor(() => {
    a.made.send(path('127.0.0.1', '127.0.0.3'), bytes('again'))
    expect(b.received).not.toHaveLength(0)
  })
  expect(a.failures).toEqual([])
})
