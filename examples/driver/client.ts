// A roaming client on real sockets. It needs neither a TUN device nor IPsec in the kernel: its only traffic is a UDP echo
// through the tunnel, made and read in user space. Driven by lines on standard input, it prints JSON lines.

import { createInitiatorSession, endpoint, ipFamily, type Path } from 'ikev2-mobike'
import type { LocalAddress } from 'ikev2-mobike/mobike'
import { print, printSocketFailure, readCommands } from './control.ts'
import { InnerEchoClient } from './inner-echo.ts'
import { watchLocalAddresses } from './local-addresses.ts'
import { type DriverOptions, readOptions } from './options.ts'
import { answerFrom, initiatorConfig } from './session-config.ts'
import { SessionRunner } from './session-runner.ts'
import { describeSession } from './session-text.ts'
import { UdpSockets } from './udp-sockets.ts'

interface ClientOptions extends DriverOptions {
  /** Addresses of the gateway to try, best first. */
  readonly gateway: readonly string[]
}

const options = readOptions<ClientOptions>()
const config = initiatorConfig(options)
const server = endpoint(options.server.address, options.server.port)
let local: readonly LocalAddress[] = []
let echo: InnerEchoClient | undefined

const sockets = new UdpSockets([config.ports.ike, config.ports.natTraversal], {
  datagramReceived: (path, bytes) => runner.datagramReceived(path, bytes),
  socketFailed: printSocketFailure
})
const runner: SessionRunner = new SessionRunner(config, createInitiatorSession(config), {
  sendDatagram: (path, bytes) => sockets.send(path, bytes),
  answer: (question) => answerFrom(options, question),
  reported(report) {
    print('report', report)
    if (report.kind === 'closed') stop()
  },
  configured({ addresses, dnsServers }) {
    print('configured', { addresses, dnsServers })
    const inner = addresses.find((address) => ipFamily(address) === ipFamily(server.address))
    if (inner === undefined) return
    echo = new InnerEchoClient(endpoint(inner, 40000), server, (packet) => runner.effects.sendInnerPacket(packet))
  },
  innerPacketReceived: (packet) => echo?.packetReceived(packet)
})

const stopWatching = watchLocalAddresses(options, 250, (addresses) => {
  print('localAddresses', { addresses: addresses.map(({ address }) => address) })
  local = addresses
  sockets.setAddresses(addresses.map(({ address }) => address))
  runner.dispatch({ type: 'localAddressesChanged', addresses })
})

/** Every pair of one family, best local address first: RFC 4555 section 3.1 lets IKE_SA_INIT try them in turn. */
function paths(): readonly Path[] {
  const best = [...local].sort((a, b) => (a.cost ?? 0) - (b.cost ?? 0))
  return options.gateway.flatMap((address) => {
    const remote = endpoint(address, config.ports.ike)
    return best
      .filter((own) => ipFamily(own.address) === ipFamily(remote.address))
      .map((own) => ({ local: { address: own.address, port: config.ports.ike }, remote }))
  })
}

function stop(): void {
  stopWatching()
  runner.stop()
  // The last datagrams and lines leave first.
  setTimeout(() => {
    sockets.close()
    process.exit(0)
  }, 100)
}

readCommands(([command, ...words]) => {
  switch (command) {
    case 'connect':
      runner.dispatch({ type: 'connectRequested', paths: paths() })
      break
    case 'echo': {
      const [count = 5, intervalMs = 100] = words.map(Number)
      const measured = echo?.measure(count, intervalMs) ?? Promise.resolve({ sent: 0, received: 0, longestGapMs: 0 })
      measured.then((result) => print('echo', result))
      break
    }
    case 'status':
      print('status', describeSession(runner.session, runner.effects))
      break
    case 'rekey-ike':
      runner.dispatch({ type: 'ikeSaRekeyRequested' })
      break
    case 'rekey-child': {
      const child = runner.effects.childSas().at(-1)
      if (child !== undefined) runner.dispatch({ type: 'childSaRekeyRequested', id: child.id })
      break
    }
    case 'liveness':
      runner.dispatch({ type: 'livenessRequested' })
      break
    case 'close':
      runner.dispatch({ type: 'closeRequested' })
      break
    case 'quit':
      stop()
      break
    default:
      print('unknownCommand', { command })
  }
}, stop)
print('ready')
