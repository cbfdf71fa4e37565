import { type Endpoint, endpoint } from '../../src/bytes/index.ts'
import type { SimDatagram, SimHost, SimHostEvent } from '../../src/sim/index.ts'

export interface RecordingHost extends SimHost {
  readonly events: { readonly event: SimHostEvent; readonly now: number }[]
  arrivals(): readonly (SimDatagram & { readonly at: number })[]
}

/** A host that only remembers, or sends each datagram back where it came from. */
export function recordingHost(echo = false): RecordingHost {
  const events: RecordingHost['events'] = []
  return {
    events,
    arrivals: () =>
      events.flatMap(({ event, now }) => (event.type === 'datagramArrived' ? [{ ...event.datagram, at: now }] : [])),
    handle(event, now) {
      events.push({ event, now })
      if (!echo || event.type !== 'datagramArrived') return { datagrams: [] }
      const { source, destination } = event.datagram
      return { datagrams: [{ ...event.datagram, source: destination, destination: source }] }
    }
  }
}

export function udp(source: Endpoint, destination: Endpoint, text = 'hi'): SimDatagram {
  return { source, destination, protocol: 'udp', bytes: Uint8Array.from(text, (c) => c.charCodeAt(0)) }
}

export const text = (datagram: SimDatagram): string => String.fromCharCode(...datagram.bytes)

export const phoneEnd = endpoint('10.1.0.2', 4500)
export const gatewayEnd = endpoint('192.0.2.1', 4500)
