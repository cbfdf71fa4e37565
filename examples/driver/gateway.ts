// A gateway on real sockets, with the server "behind" it inside: it answers UDP echo itself, in user space. Driven by lines on
// standard input, it prints JSON lines.

import { endpoint, type IpAddress } from 'ikev2-mobike'
import { skipTime } from './clock.ts'
import { print, printSocketFailure, readCommands } from './control.ts'
import { GatewayRunner } from './gateway-runner.ts'
import { echoReply } from './inner-echo.ts'
import { watchLocalAddresses } from './local-addresses.ts'
import { type DriverOptions, readOptions } from './options.ts'
import { answerFrom, responderConfig } from './session-config.ts'
import { describeSession } from './session-text.ts'
import { UdpSockets } from './udp-sockets.ts'

interface GatewayOptions extends DriverOptions {
  /** Inner addresses to give to clients. */
  readonly innerAddresses: readonly IpAddress[]
  /** Further addresses of the echo service. */
  readonly moreServers?: readonly IpAddress[]
  /** Half-open IKE SAs from which on strangers must return a COOKIE; default the library's. */
  readonly cookieThreshold?: number
}

const options = readOptions<GatewayOptions>()
const config = responderConfig(options)
const servers = [options.server.address, ...(options.moreServers ?? [])].map((address) =>
  endpoint(address, options.server.port)
)
const free = [...options.innerAddresses]

const sockets = new UdpSockets([config.ports.ike, config.ports.natTraversal], {
  datagramReceived: (path, bytes) => runner.datagramReceived(path, bytes),
  socketFailed: printSocketFailure
})
const runner: GatewayRunner = new GatewayRunner(
  {
    session: config,
    limits: options.cookieThreshold === undefined ? {} : { cookieThreshold: options.cookieThreshold }
  },
  (id) => {
    let inner: IpAddress | undefined
    return {
      sendDatagram: (path, bytes) => sockets.send(path, bytes),
      answer(question) {
        if (question.kind === 'configuration') inner ??= free.shift()
        return answerFrom(options, question, inner)
      },
      reported(report) {
        print('report', { session: id, ...report })
        if (report.kind === 'closed' && inner !== undefined) free.push(inner)
      },
      configured: () => {},
      innerPacketReceived(packet) {
        const reply = servers.map((server) => echoReply(packet, server)).find((found) => found !== undefined)
        const own = runner.sessions().find((session) => session.id === id)
        if (reply !== undefined) own?.effects.sendInnerPacket(reply)
      }
    }
  },
  (path, bytes) => sockets.send(path, bytes)
)

const stopWatching = watchLocalAddresses(options, 250, (addresses) => {
  print('localAddresses', { addresses: addresses.map(({ address }) => address) })
  sockets.setAddresses(addresses.map(({ address }) => address))
  runner.localAddressesChanged(addresses)
})

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
  const newest = runner.sessions().at(-1)
  switch (command) {
    case 'status':
      print('status', { sessions: runner.sessions().map(({ session, effects }) => describeSession(session, effects)) })
      break
    case 'skip':
      skipTime(1000 * Number(words[0] ?? 0))
      runner.tick()
      break
    case 'rekey-ike':
      if (newest !== undefined) runner.dispatch(newest.id, { type: 'ikeSaRekeyRequested' })
      break
    case 'rekey-child': {
      const child = newest?.effects.childSas().at(-1)
      if (newest !== undefined && child !== undefined) {
        runner.dispatch(newest.id, { type: 'childSaRekeyRequested', id: child.id })
      }
      break
    }
    case 'liveness':
      if (newest !== undefined) runner.dispatch(newest.id, { type: 'livenessRequested' })
      break
    case 'close':
      if (newest !== undefined) runner.dispatch(newest.id, { type: 'closeRequested' })
      break
    case 'quit':
      stop()
      break
    default:
      print('unknownCommand', { command })
  }
}, stop)
print('ready')
