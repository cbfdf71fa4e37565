// How long inner traffic stops when a phone moves: what a make-before-break move, and one after a break, may cost at most.

import { createWorld, ROUND_TRIP_MS, type World } from './world.ts'

/** Figures of one direction, from when the new address was usable. */
export interface Outage {
  /**
   * Until the next inner packet came, in whole ms: one leaves every millisecond. Where nothing was broken: the longest
   * silence beyond that.
   */
  readonly outageMs: number
  /** Inner packets sent since then that never came. */
  readonly lost: number
}

/** One case, measured. */
export interface OutageCase {
  readonly title: string
  /** Phone to server. */
  readonly up: Outage
  /** Server to phone. */
  readonly down: Outage
  readonly limit: string
  readonly isWithinLimit: boolean
}

const PACKET_MS = 1
/** How long the phone has no network at all; not a whole number, so that no packet leaves at the very moment it ends. */
const BROKEN_MS = 700.25
const MEASURED_MS = 4000

/** The three cases, each in a world of its own. Nothing is lost on the way, so the figures are those of the protocol. */
export function measureOutages(): readonly OutageCase[] {
  const made = makeBeforeBreak()
  const trusting = breakBeforeMake('after')
  const checking = breakBeforeMake('before')
  return [
    {
      title: 'make before break',
      ...made,
      limit: 'nothing lost, no outage',
      isWithinLimit: [made.up, made.down].every(({ outageMs, lost }) => outageMs === 0 && lost === 0)
    },
    {
      title: 'break before make, routability checked afterwards',
      ...trusting,
      limit: 'up and down one round trip',
      isWithinLimit: trusting.up.outageMs <= ROUND_TRIP_MS && trusting.down.outageMs <= ROUND_TRIP_MS
    },
    {
      title: 'break before make, routability checked first',
      ...checking,
      limit: 'up one round trip, down two',
      isWithinLimit: checking.up.outageMs <= ROUND_TRIP_MS && checking.down.outageMs <= 2 * ROUND_TRIP_MS
    }
  ]
}

type Directions = Pick<OutageCase, 'up' | 'down'>

/** Cellular is there too and costs less; Wi-Fi goes when the tunnel has left it. */
function makeBeforeBreak(): Directions {
  const world = createWorld({ packetMs: PACKET_MS })
  const { network, phone, traffic } = world
  const start = network.now()
  network.changeInterface('phone', 'wwan0', { isUp: true })
  const addresses = [
    { address: '198.18.0.2', interfaceName: 'wlan0', cost: 2 },
    { address: '10.2.0.2', interfaceName: 'wwan0', cost: 1 }
  ]
  network.perform('phone', phone.command({ type: 'localAddressesChanged', addresses }, start))
  network.at(start + MEASURED_MS / 2, () => network.changeInterface('phone', 'wlan0', { isUp: false }))
  network.runUntil(start + MEASURED_MS)
  return directions(
    (from) => {
      const { outageMs } = traffic.figures(from, start, measuredUntil(world))
      return Math.max(0, Math.floor(outageMs - PACKET_MS))
    },
    world,
    start
  )
}

/** Wi-Fi goes, later cellular comes, behind a NAT. */
function breakBeforeMake(routability: 'before' | 'after'): Directions {
  const world = createWorld({ routability, packetMs: PACKET_MS })
  const { network } = world
  network.changeInterface('phone', 'wlan0', { isUp: false })
  network.runUntil(network.now() + BROKEN_MS)
  const usable = network.now()
  network.changeInterface('phone', 'wwan0', { isUp: true })
  network.runUntil(usable + MEASURED_MS)
  return directions(
    (from) => Math.floor(world.firstArrival(from === 'left' ? 'gateway' : 'phone', usable)),
    world,
    usable
  )
}

function directions(outage: (from: 'left' | 'right') => number, world: World, start: number): Directions {
  const figures = (from: 'left' | 'right'): Outage => ({
    outageMs: outage(from),
    lost: world.traffic.figures(from, start, measuredUntil(world)).lost
  })
  return { up: figures('left'), down: figures('right') }
}

/** What was sent in the last round trip may still be under way. */
function measuredUntil({ network }: World): number {
  return network.now() - ROUND_TRIP_MS
}
