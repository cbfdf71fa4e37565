import { afterEach, expect, test, vi } from 'vitest'
import { echoReply, InnerEchoClient } from '../../examples/driver/inner-echo.ts'
import type { DriverOptions } from '../../examples/driver/options.ts'
import { answerFrom, initiatorConfig, responderConfig, type SuiteName } from '../../examples/driver/session-config.ts'
import { SessionRunner } from '../../examples/driver/session-runner.ts'
import { UdpSockets } from '../../examples/driver/udp-sockets.ts'
import { endpoint } from '../../src/index.ts'
import {
  createInitiatorSession,
  createResponderSession,
  type Session,
  type SessionConfig,
  type SessionReport
} from '../../src/session/index.ts'

const PORTS = [25501, 24501] as const
const server = endpoint('10.9.0.1', 7)
const ends: { close(): void }[] = []

afterEach(() => {
  for (const end of ends.splice(0)) end.close()
})

function options(suite: SuiteName, localIdentity: string, peerIdentity: string) {
  return {
    suite,
    secret: 'open sesame',
    localIdentity,
    peerIdentity,
    ports: PORTS,
    network: { address: '10.9.0.0', prefixLength: 24 },
    server
  } satisfies DriverOptions
}

/** One end on real sockets of the loopback network. */
function startEnd(settings: DriverOptions, config: SessionConfig, session: Session, addresses: readonly string[]) {
  const reports: SessionReport[] = []
  let innerPacketReceived = (_packet: Uint8Array): void => {}
  let inner: string | undefined
  const sockets = new UdpSockets(PORTS, {
    datagramReceived: (path, bytes) => runner.datagramReceived(path, bytes),
    socketFailed: () => {}
  })
  const runner = new SessionRunner(config, session, {
    sendDatagram: (path, bytes) => sockets.send(path, bytes),
    answer: (question) => answerFrom(settings, question, '10.99.0.1'),
    reported: (report) => reports.push(report),
    configured: ({ addresses }) => {
      inner = addresses[0]
    },
    innerPacketReceived: (packet) => innerPacketReceived(packet)
  })
  const end = {
    runner,
    reports,
    kinds: () => reports.map((report) => (report.kind === 'mobike' ? report.report.kind : report.kind)),
    inner: () => inner,
    onInnerPacket: (handler: (packet: Uint8Array) => void) => {
      innerPacketReceived = handler
    },
    setAddresses(list: readonly string[]) {
      sockets.setAddresses(list)
      runner.dispatch({ type: 'localAddressesChanged', addresses: list.map((address) => ({ address })) })
    },
    close() {
      runner.stop()
      sockets.close()
    }
  }
  ends.push(end)
  end.setAddresses(addresses)
  return end
}

test.each<SuiteName>(['aes-gcm-x25519', 'aes-cbc-modp2048', 'chacha20-ecp384'])(
  'the run loop carries echo over real sockets, through a move to another address, until it is closed: %s',
  async (suite) => {
    const clientOptions = options(suite, 'client.example', 'gateway.example')
    const gatewayOptions = options(suite, 'gateway.example', 'client.example')
    const clientConfig = initiatorConfig(clientOptions)
    const gatewayConfig = responderConfig(gatewayOptions)
    const gateway = startEnd(gatewayOptions, gatewayConfig, createResponderSession(gatewayConfig), ['127.0.0.3'])
    const client = startEnd(clientOptions, clientConfig, createInitiatorSession(clientConfig), [
      '127.0.0.1',
      '127.0.0.2'
    ])
    gateway.onInnerPacket((packet) => {
      const reply = echoReply(packet, server)
      if (reply !== undefined) gateway.runner.effects.sendInnerPacket(reply)
    })

    const path = (local: string) => ({ local: endpoint(local, PORTS[0]), remote: endpoint('127.0.0.3', PORTS[0]) })
    client.runner.dispatch({ type: 'connectRequested', paths: [path('127.0.0.1')] })
    await vi.waitFor(() => expect(client.kinds()).toContain('childSaEstablished'), { timeout: 5000 })
    expect(client.inner()).toBe('10.99.0.1')

    const echo = new InnerEchoClient(endpoint('10.99.0.1', 40000), server, (packet) =>
      client.runner.effects.sendInnerPacket(packet)
    )
    client.onInnerPacket((packet) => echo.packetReceived(packet))
    expect((await echo.measure(3, 10)).received).toBe(3)
    const spis = client.runner.effects.childSas().map(({ localSpi, remoteSpi }) => [localSpi, remoteSpi])

    client.setAddresses(['127.0.0.2'])
    await vi.waitFor(() => expect(gateway.runner.effects.childSas()[0]?.path.remote.address).toBe('127.0.0.2'), {
      timeout: 5000
    })
    expect((await echo.measure(3, 10)).received).toBe(3)
    expect(client.runner.effects.childSas().map(({ localSpi, remoteSpi }) => [localSpi, remoteSpi])).toEqual(spis)

    client.runner.dispatch({ type: 'closeRequested' })
    await vi.waitFor(() => expect(gateway.kinds()).toContain('closed'), { timeout: 5000 })
    expect(gateway.reports.at(-1)).toEqual({ kind: 'closed', reason: 'closedByPeer' })
    expect(client.kinds()).toContain('closed')
  }
)
