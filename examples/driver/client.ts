// A roaming client on real sockets. It needs neither a TUN device nor IPsec in the kernel: its only traffic is a UDP echo
// through the tunnel, made and read in user space. Driven by lines on standard input, it prints JSON lines.

import { type Endpoint, endpoint, type IpAddress, ipFamily, type Path } from '../../src/index.ts'
import type { LocalAddress } from '../../src/mobike/types.ts'
import { createInitiatorSession } from '../../src/session/index.ts'
import { print, readCommands } from './control.ts'
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
  socketFailed: (where, code) => print('socketFailed', { where, code })
})
const runner = new SessionRunner(config, createInitiatorSession(config), {
  sendDatagram: (path, bytes) => sockets.send(path, bytes),
  answer: (question) => answerFrom(options, question),
  reported(report) {
    print('report', report)
    if (report.kind === 'closed') stop()
  },
  configured(addresses) {
    print('configured', { addresses })
    const inner = addresses.find((address) => ipFamily(address) === ipFamily(server.address))
    if (inner === undefined) return
    echo = new InnerEchoClient(endpoint(inner, 40000), server, (packet) => runner.sendInnerPacket(packet))
    runner.dispatch({
      type: 'excludedPrefixesChanged',
      prefixes: addresses.map((address) => ({ address, prefixLength: ipFamily(address) === 4 ? 32 : 128 }))
    })
  },
  innerPacketReceived: (packet) => echo?.packetReceived(packet)
})

const stopWatching = watchLocalAddresses(options.costs ?? {}, 250, (addresses) => {
  local = addresses
    .filter(({ address }) => options.addresses?.includes(address) ?? true)
    .filter(({ linkLocal }) => linkLocal !== true)
  print('localAddresses', { addresses: local.map(({ address }) => address) })
  sockets.setAddresses(local.map(({ address }) => address))
  runner.dispatch({ type: 'localAddressesChanged', addresses: local })
})

/** Every pair of one family, best local address first: RFC 4555 section 3.1 lets IKE_SA_INIT try them in turn. */
function paths(): readonly Path[] {
  const best = [...local].sort((a, b) => (a.cost ?? 0) - (b.cost ?? 0))
  const to = (address: IpAddress): Endpoint => endpoint(address, config.ports.ike)
  return options.gateway.flatMap((address) => {
    const remote = to(address)
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

readCommands(
  ([command, ...words]) => {
    switch (command) {
      case 'connect':
        return runner.dispatch({ type: 'connectRequested', paths: paths() })
      case 'echo': {
        const [count = 5, intervalMs = 100] = words.map(Number)
        if (echo === undefined) return print('echo', { sent: 0, received: 0, longestGapMs: 0 })
        return void echo.measure(count, intervalMs).then((result) => print('echo', result))
      }
      case 'status':
        return print('status', describeSession(runner))
      case 'rekey-ike':
        return runner.dispatch({ type: 'ikeSaRekeyRequested' })
      case 'rekey-child': {
        const newest = runner.childSas().at(-1)
        if (newest !== undefined) runner.dispatch({ type: 'childSaRekeyRequested', id: newest.id })
        return
      }
      case 'liveness':
        return runner.dispatch({ type: 'livenessRequested' })
      case 'close':
        return runner.dispatch({ type: 'closeRequested' })
      case 'quit':
        return stop()
      default:
        print('unknownCommand', { command })
    }
  },
  () => stop()
)
print('ready')
