import { type Endpoint, endpointText } from 'ikev2-mobike'
import { buildUdpPacket, readUdpPacket } from 'ikev2-mobike/esp'

/** What an echo run saw. `longestGapMs`: the longest time without a reply, from the first request to the last one. */
export interface EchoResult {
  readonly sent: number
  readonly received: number
  readonly longestGapMs: number
}

/** Time the last replies get to arrive. */
const PATIENCE_MS = 700

/** A UDP echo client on inner packets: no TUN device, no kernel. */
export class InnerEchoClient {
  readonly #source: Endpoint
  readonly #server: Endpoint
  readonly #send: (packet: Uint8Array) => boolean
  #waiting = new Map<string, () => void>()
  #run = 0

  constructor(source: Endpoint, server: Endpoint, send: (packet: Uint8Array) => boolean) {
    this.#source = source
    this.#server = server
    this.#send = send
  }

  /** Sends `count` requests `intervalMs` apart and counts what comes back. */
  async measure(count: number, intervalMs: number): Promise<EchoResult> {
    const run = ++this.#run
    let received = 0
    let lastReply = performance.now()
    let longestGapMs = 0
    const noteGap = () => {
      longestGapMs = Math.max(longestGapMs, Math.round(performance.now() - lastReply))
    }
    for (let index = 0; index < count; index++) {
      const text = `echo ${run} ${index}`
      this.#waiting.set(text, () => {
        received++
        noteGap()
        lastReply = performance.now()
      })
      this.#send(
        buildUdpPacket({ source: this.#source, destination: this.#server, payload: new TextEncoder().encode(text) })
      )
      await sleep(intervalMs)
    }
    if (received < count) noteGap()
    const end = performance.now() + PATIENCE_MS
    while (received < count && performance.now() < end) await sleep(20)
    this.#waiting.clear()
    return { sent: count, received, longestGapMs }
  }

  /** Takes an inner packet that came out of the tunnel. */
  packetReceived(packet: Uint8Array): void {
    const udp = readUdpPacket(packet)
    if (udp === undefined || endpointText(udp.source) !== endpointText(this.#server)) return
    const text = new TextDecoder().decode(udp.payload)
    const reply = this.#waiting.get(text)
    this.#waiting.delete(text)
    reply?.()
  }
}

/** The reply to an inner UDP packet for `server`, or undefined when it is not for it. */
export function echoReply(packet: Uint8Array, server: Endpoint): Uint8Array | undefined {
  const udp = readUdpPacket(packet)
  if (udp === undefined || endpointText(udp.destination) !== endpointText(server)) return undefined
  return buildUdpPacket({ source: udp.destination, destination: udp.source, payload: udp.payload })
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
