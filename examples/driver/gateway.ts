// A gateway on real sockets for a few clients, with the server "behind" it inside: it answers UDP echo itself, in user space.
// Driven by lines on standard input, it prints JSON lines.

import { classifyUdpDatagram } from '../../src/codec/index.ts'
import { endpoint, type Path, readUint32, toHex } from '../../src/index.ts'
import type { LocalAddress } from '../../src/mobike/types.ts'
import { createResponderSession } from '../../src/session/index.ts'
import { print, readCommands } from './control.ts'
import { echoReply } from './inner-echo.ts'
import { watchLocalAddresses } from './local-addresses.ts'
import { type DriverOptions, readOptions } from './options.ts'
import { answerFrom, responderConfig } from './session-config.ts'
import { SessionRunner } from './session-runner.ts'
import { describeSession } from './session-text.ts'
import { UdpSockets } from './udp-sockets.ts'

interface GatewayOptions extends DriverOptions {
  /** The inner address given to every client: this example serves one client at a time. */
  readonly innerAddress: string
}

const options = readOptions<GatewayOptions>()
const config = responderConfig(options)
const server = endpoint(options.server.address, options.server.port)
/** A closed session stays a while to answer retransmissions. */
const LINGER_MS = 30_000
let local: readonly LocalAddress[] = []

/** By hexadecimal initiator SPI; after an IKE SA rekey by the old one and the new one. */
const runners = new Map<string, SessionRunner>()

const sockets = new UdpSockets([config.ports.ike, config.ports.natTraversal], {
  datagramReceived(path, bytes) {
    if (classifyUdpDatagram(bytes, path.local.port === config.ports.natTraversal) === 'esp') {
      const spi = readUint32(bytes, 0)
      for (const runner of new Set(runners.values())) {
        if (runner.receivesSpi(spi)) return runner.datagramReceived(path, bytes)
      }
      return
    }
    runnerFor(path, bytes)?.datagramReceived(path, bytes)
  },
  socketFailed: (where, code) => print('socketFailed', { where, code })
})

/** The session an IKE message belongs to; a new one for an IKE_SA_INIT request of an unknown initiator SPI. */
function runnerFor(path: Path, bytes: Uint8Array): SessionRunner | undefined {
  const message = path.local.port === config.ports.ike ? bytes : bytes.subarray(4)
  if (message.length < 28) return undefined
  const initiatorSpi = toHex(message.subarray(0, 8))
  const known = runners.get(initiatorSpi)
  const isFirst = message.subarray(8, 16).every((octet) => octet === 0)
  if (known !== undefined || !isFirst) return known
  const runner = new SessionRunner(config, createResponderSession(config), {
    sendDatagram: (to, datagram) => sockets.send(to, datagram),
    answer: (question) => answerFrom(options, question),
    reported(report) {
      print('report', report)
      if (report.kind === 'ikeSaRekeyed') runners.set(report.initiatorSpi, runner)
      if (report.kind === 'closed') setTimeout(() => forget(runner), LINGER_MS).unref()
    },
    configured: () => {},
    innerPacketReceived(packet) {
      const reply = echoReply(packet, server)
      if (reply !== undefined) runner.sendInnerPacket(reply)
    }
  })
  runners.set(initiatorSpi, runner)
  runner.dispatch({ type: 'localAddressesChanged', addresses: local })
  return runner
}

function forget(runner: SessionRunner): void {
  runner.stop()
  for (const [spi, other] of runners) if (other === runner) runners.delete(spi)
}

const stopWatching = watchLocalAddresses(options.costs ?? {}, 250, (addresses) => {
  local = addresses
    .filter(({ address }) => options.addresses?.includes(address) ?? true)
    .filter(({ linkLocal }) => linkLocal !== true)
  print('localAddresses', { addresses: local.map(({ address }) => address) })
  sockets.setAddresses(local.map(({ address }) => address))
  for (const runner of new Set(runners.values())) runner.dispatch({ type: 'localAddressesChanged', addresses: local })
})

function stop(): void {
  stopWatching()
  for (const runner of runners.values()) runner.stop()
  // The last datagrams and lines leave first.
  setTimeout(() => {
    sockets.close()
    process.exit(0)
  }, 100)
}

/** The session commands are for: the one that started last. */
const newest = (): SessionRunner | undefined => [...runners.values()].at(-1)

readCommands(
  ([command]) => {
    switch (command) {
      case 'status':
        return print('status', { sessions: [...new Set(runners.values())].map(describeSession) })
      case 'rekey-ike':
        return newest()?.dispatch({ type: 'ikeSaRekeyRequested' })
      case 'rekey-child': {
        const id = newest()?.childSas().at(-1)?.id
        if (id !== undefined) newest()?.dispatch({ type: 'childSaRekeyRequested', id })
        return
      }
      case 'liveness':
        return newest()?.dispatch({ type: 'livenessRequested' })
      case 'close':
        return newest()?.dispatch({ type: 'closeRequested' })
      case 'quit':
        return stop()
      default:
        print('unknownCommand', { command })
    }
  },
  () => stop()
)
print('ready')
