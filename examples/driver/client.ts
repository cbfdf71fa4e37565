// A roaming client on real sockets. It needs neither a TUN device nor IPsec in the kernel: its only traffic is a UDP echo
// through the tunnel, made and read in user space. Driven by lines on standard input, it prints JSON lines.

import { createInitiatorSession, endpoint, type IpAddress, ipFamily, type Path } from 'ikev2-mobike'
import { prefixSelector } from 'ikev2-mobike/ike'
import type { LocalAddress } from 'ikev2-mobike/mobike'
import { skipTime } from './clock.ts'
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
let inner: IpAddress | undefined
/** One for each server, by its address. */
const echoClients = new Map<string, InnerEchoClient>()

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
    inner = addresses.find((address) => ipFamily(address) === ipFamily(server.address))
  },
  innerPacketReceived(packet) {
    for (const client of echoClients.values()) client.packetReceived(packet)
  }
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

/** Echo through the tunnel, once there is an inner address. */
function echoClient(address: string): InnerEchoClient | undefined {
  if (inner === undefined) return undefined
  const known = echoClients.get(address)
  if (known !== undefined) return known
  const source = endpoint(inner, 40000)
  const client = new InnerEchoClient(source, endpoint(address, server.port), (packet) =>
    runner.effects.sendInnerPacket(packet)
  )
  echoClients.set(address, client)
  return client
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
      const [count = '5', intervalMs = '100', address = server.address] = words
      const measured = echoClient(address)?.measure(Number(count), Number(intervalMs))
      const nothing = Promise.resolve({ sent: 0, received: 0, longestGapMs: 0 })
      ;(measured ?? nothing).then((result) => print('echo', { server: address, ...result }))
      break
    }
    case 'status':
      print('status', describeSession(runner.session, runner.effects))
      break
    case 'child': {
      // A further Child SA for another part of the network behind the gateway.
      const [address = '', prefixLength = '32'] = words
      const remoteSelectors = [prefixSelector(address, Number(prefixLength))]
      runner.dispatch({ type: 'childSaRequested', remoteSelectors })
      break
    }
    case 'skip':
      skipTime(1000 * Number(words[0] ?? 0))
      runner.dispatch({ type: 'tick' })
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
