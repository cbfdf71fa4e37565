import { type Endpoint, readUint32, sameEndpoint, writeUint32 } from '../bytes/index.ts'
import { buildUdpPacket, readUdpPacket } from '../esp/index.ts'
import type { Network } from './network.ts'

/** One end of inner traffic: its inner endpoint, and how it hands an inner packet to its tunnel. */
export interface TrafficEnd {
  readonly endpoint: Endpoint
  readonly send: (packet: Uint8Array) => void
}

/** Steady traffic through a tunnel: each end sends a numbered UDP datagram to the other every `intervalMs`. */
export interface TrafficOptions {
  readonly intervalMs: number
  readonly left: TrafficEnd
  readonly right: TrafficEnd
  /** Octets of a UDP payload, at least 4; default 32. */
  readonly payloadOctets?: number
}

/** What one direction went through in a stretch of time. */
export interface TrafficFigures {
  readonly sent: number
  /** Of those sent in the stretch: how many never arrived, up to now. */
  readonly lost: number
  /**
   * The longest silence at the receiver, ms, between the last arrival before the stretch and its end. Undisturbed traffic
   * shows its interval and jitter here.
   */
  readonly outageMs: number
}

/** Running traffic. Directions are named by their sender. */
export interface Traffic {
  /** Call it with each inner packet that leaves a tunnel; true when it is of this traffic. Never throws. */
  arrived(packet: Uint8Array): boolean
  stop(): void
  /** Figures of a direction between two times (ms); what was sent at the very end may still be under way. */
  figures(from: 'left' | 'right', startMs: number, endMs: number): TrafficFigures
}

interface Flight {
  readonly sentAt: number
  arrivedAt: number | null
}

/** Starts traffic at once, the two ends half an interval apart. */
export function startTraffic(network: Network, options: TrafficOptions): Traffic {
  const { intervalMs, left, right, payloadOctets = 32 } = options
  const flights: Record<'left' | 'right', Flight[]> = { left: [], right: [] }
  let running = true

  function sendNext(name: 'left' | 'right', from: TrafficEnd, to: TrafficEnd): void {
    if (!running) return
    const payload = new Uint8Array(payloadOctets)
    writeUint32(payload, 0, flights[name].push({ sentAt: network.now(), arrivedAt: null }) - 1)
    network.at(network.now() + intervalMs, () => sendNext(name, from, to))
    from.send(buildUdpPacket({ source: from.endpoint, destination: to.endpoint, payload }))
  }

  network.at(network.now(), () => sendNext('left', left, right))
  network.at(network.now() + intervalMs / 2, () => sendNext('right', right, left))

  return {
    arrived(packet) {
      const udp = readUdpPacket(packet)
      if (udp === undefined || udp.payload.length < 4) return false
      const name = sameEndpoint(udp.source, left.endpoint) ? 'left' : 'right'
      const [from, to] = name === 'left' ? [left, right] : [right, left]
      if (!sameEndpoint(udp.source, from.endpoint) || !sameEndpoint(udp.destination, to.endpoint)) return false
      const flight = flights[name][readUint32(udp.payload, 0)]
      if (flight === undefined) return false
      flight.arrivedAt ??= network.now()
      return true
    },
    stop() {
      running = false
    },
    figures(from, startMs, endMs) {
      const sent = flights[from].filter(({ sentAt }) => sentAt >= startMs && sentAt < endMs)
      const arrivals = flights[from].flatMap(({ arrivedAt }) => arrivedAt ?? []).sort((a, b) => a - b)
      let last = arrivals.findLast((time) => time < startMs) ?? startMs
      let outageMs = 0
      for (const time of [...arrivals.filter((each) => each >= startMs && each < endMs), endMs]) {
        outageMs = Math.max(outageMs, time - last)
        last = time
      }
      return { sent: sent.length, lost: sent.filter(({ arrivedAt }) => arrivedAt === null).length, outageMs }
    }
  }
}
