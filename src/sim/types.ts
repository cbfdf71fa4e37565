import type { Endpoint, IpAddress } from '../bytes/index.ts'
import type { LocalAddress } from '../mobike/types.ts'

/** A packet on the simulated network: UDP, or ESP straight over IP (protocol 50), whose ports are 0. */
export interface SimDatagram {
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly protocol: 'udp' | 'esp'
  /** The UDP payload or the ESP packet. */
  readonly bytes: Uint8Array
}

/** What happens to a host. */
export type SimHostEvent =
  | { readonly type: 'datagramArrived'; readonly datagram: SimDatagram }
  /** All addresses of the interfaces that are up. */
  | { readonly type: 'addressesChanged'; readonly addresses: readonly LocalAddress[] }
  | { readonly type: 'wake' }

/** What a host wants after an event. */
export interface SimHostOutput {
  /** Sent at once, in order. */
  readonly datagrams: readonly SimDatagram[]
  /** Lines for the trace: actions and reports. */
  readonly notes?: readonly string[]
  /** The one time (ms) at which the host wants to wake; replaces the earlier one. */
  readonly wakeAt?: number | undefined
}

/** Something with addresses that answers events; runs no clock of its own. */
export interface SimHost {
  handle(event: SimHostEvent, now: number): SimHostOutput
}

/** One line of what happened, in order of time; `id` ties the lines of one datagram together, its copies included. */
export type TraceEntry = { readonly time: number } & (
  | {
      readonly kind: 'sent'
      readonly id: number
      readonly host: string
      /** Who should get it, where that is known. */
      readonly towards: string | undefined
      readonly datagram: SimDatagram
    }
  /** A NAT rewrote it to `datagram`. */
  | { readonly kind: 'translated'; readonly id: number; readonly nat: string; readonly datagram: SimDatagram }
  | { readonly kind: 'delivered'; readonly id: number; readonly host: string; readonly datagram: SimDatagram }
  | { readonly kind: 'lost'; readonly id: number; readonly reason: string; readonly datagram: SimDatagram }
  | { readonly kind: 'addresses'; readonly host: string; readonly addresses: readonly IpAddress[] }
  | { readonly kind: 'note'; readonly host: string; readonly text: string }
)
