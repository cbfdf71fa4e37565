import type { IpAddress } from '../bytes/index.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimDatagram } from './types.ts'

/** Where a datagram is when a fault sees it: `up` leaves the host's interface, `down` arrives at it. */
export interface FaultPlace {
  readonly now: number
  readonly random: SeededRandom
  readonly host: string
  readonly interfaceName: string
  readonly direction: 'up' | 'down'
}

/** What a fault does to a datagram: lose it for a reason, or change, delay (ms) or copy it. `{}` leaves it alone. */
export type FaultVerdict =
  | { readonly drop: string }
  | {
      readonly drop?: undefined
      readonly bytes?: Uint8Array
      readonly delayMs?: number
      /** How many further copies arrive. */
      readonly copies?: number
    }

/** A fault of the network. It may keep state; it must draw chance from `place.random` only. */
export type Fault = (datagram: SimDatagram, place: FaultPlace) => FaultVerdict

/** Which datagrams a fault is about. */
export type DatagramPredicate = (datagram: SimDatagram, place: FaultPlace) => boolean

const NONE: FaultVerdict = {}

/** Loses what the predicate chooses. */
export function dropWhen(predicate: DatagramPredicate, reason = 'dropped'): Fault {
  return (datagram, place) => (predicate(datagram, place) ? { drop: reason } : NONE)
}

/** Flips one random bit of what the predicate chooses. */
export function corruptWhen(predicate: DatagramPredicate): Fault {
  return (datagram, place) => {
    if (datagram.bytes.length === 0 || !predicate(datagram, place)) return NONE
    const bytes = datagram.bytes.slice()
    const bit = place.random.below(bytes.length * 8)
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
    return { bytes }
  }
}

/** Delays what the predicate chooses by `delayMs` more; what comes behind overtakes it. */
export function delayWhen(predicate: DatagramPredicate, delayMs: number): Fault {
  return (datagram, place) => (predicate(datagram, place) ? { delayMs } : NONE)
}

/** Delivers what the predicate chooses twice. */
export function duplicateWhen(predicate: DatagramPredicate): Fault {
  return (datagram, place) => (predicate(datagram, place) ? { copies: 1 } : NONE)
}

/** Loses everything between two sets of addresses, either way; addresses as the interface sees them. */
export function partition(left: readonly IpAddress[], right: readonly IpAddress[]): Fault {
  const crosses = (a: IpAddress, b: IpAddress): boolean => left.includes(a) && right.includes(b)
  return dropWhen(
    ({ source, destination }) =>
      crosses(source.address, destination.address) || crosses(destination.address, source.address),
    'partition'
  )
}

/** A fault that holds from one time (ms) up to but not another. */
export function during(fromMs: number, toMs: number, fault: Fault): Fault {
  return (datagram, place) => (place.now >= fromMs && place.now < toMs ? fault(datagram, place) : NONE)
}

/** A fault of one interface of a host, in one direction or both. */
export function onInterface(host: string, interfaceName: string, fault: Fault, direction?: 'up' | 'down'): Fault {
  return (datagram, place) =>
    place.host === host &&
    place.interfaceName === interfaceName &&
    (direction === undefined || place.direction === direction)
      ? fault(datagram, place)
      : NONE
}

/** A fault that strikes `count` times and then no more. */
export function atMost(count: number, fault: Fault): Fault {
  let left = count
  return (datagram, place) => {
    if (left === 0) return NONE
    const verdict = fault(datagram, place)
    if (Object.keys(verdict).length > 0) left--
    return verdict
  }
}
