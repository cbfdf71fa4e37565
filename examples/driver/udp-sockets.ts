import { createSocket, type Socket } from 'node:dgram'
import {
  canonicalIpAddress,
  type Endpoint,
  endpointText,
  type IpAddress,
  ipFamily,
  type Path,
  pathText
} from 'ikev2-mobike'

/** What the sockets tell their owner. */
export interface UdpSocketsHandler {
  /** `bytes` is the socket's buffer: copy what you keep. */
  datagramReceived(path: Path, bytes: Uint8Array): void
  /** A bind or a send failed: the address went away, or there is no route. Not an error of the program. */
  socketFailed(where: string, code: string): void
}

/** An address can be listed a moment before it can be bound, an IPv6 one above all. */
const REBIND_MS = 250

/**
 * One UDP socket per local address and port, so that every datagram leaves from the address the session chose and the
 * address it arrived at is known. A wildcard socket can do neither in Node.
 */
export class UdpSockets {
  readonly #ports: readonly number[]
  readonly #handler: UdpSocketsHandler
  readonly #sockets = new Map<string, Socket>()
  #wanted = new Set<string>()

  constructor(ports: readonly number[], handler: UdpSocketsHandler) {
    this.#ports = ports
    this.#handler = handler
  }

  /** Opens what is missing and closes what is gone. */
  setAddresses(addresses: readonly IpAddress[]): void {
    const wanted = addresses.flatMap((address) => this.#ports.map((port) => ({ address, port })))
    this.#wanted = new Set(wanted.map(endpointText))
    for (const [name, socket] of this.#sockets) {
      if (this.#wanted.has(name)) continue
      this.#sockets.delete(name)
      socket.close()
    }
    for (const local of wanted) this.#open(local)
  }

  send(path: Path, bytes: Uint8Array): void {
    const socket = this.#sockets.get(endpointText(path.local))
    if (socket === undefined) {
      this.#handler.socketFailed(pathText(path), 'ENOSOCKET')
      return
    }
    socket.send(bytes, path.remote.port, path.remote.address, (error) => {
      if (error !== null) this.#handler.socketFailed(pathText(path), codeOf(error))
    })
  }

  close(): void {
    this.setAddresses([])
  }

  #open(local: Endpoint): void {
    const name = endpointText(local)
    if (this.#sockets.has(name) || !this.#wanted.has(name)) return
    const socket = createSocket(ipFamily(local.address) === 4 ? { type: 'udp4' } : { type: 'udp6', ipv6Only: true })
    this.#sockets.set(name, socket)
    socket.on('error', (error) => {
      this.#handler.socketFailed(name, codeOf(error))
      if (this.#sockets.get(name) === socket) this.#sockets.delete(name)
      socket.close()
      setTimeout(() => this.#open(local), REBIND_MS).unref()
    })
    socket.on('message', (bytes, from) => {
      const remote = canonicalIpAddress(from.address)
      if (remote === undefined) return
      this.#handler.datagramReceived({ local, remote: { address: remote, port: from.port } }, bytes)
    })
    socket.bind(local.port, local.address)
  }
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message
}
