// `npm run demo`: a phone roams, its tunnel stays. Everything happens on a virtual clock; the run is the same every time.

import { measureOutages } from './outage.ts'
import { createWorld, PACKET_MS, ROUND_TRIP_MS, type World } from './world.ts'

/** A thing that happens to the network, and what is then measured. */
interface Move {
  readonly title: string
  /** Milliseconds that are measured and drawn. */
  readonly lasts: number
  readonly happens: (world: World) => void
}

const moves: readonly Move[] = [
  {
    title: 'Break before make: Wi-Fi is lost, cellular comes up behind a carrier NAT',
    lasts: 2000,
    happens({ network }) {
      network.changeInterface('phone', 'wlan0', { isUp: false })
      network.changeInterface('phone', 'wwan0', { isUp: true })
    }
  },
  {
    title: 'Break before make: cellular is lost, Wi-Fi is back, the NAT is gone',
    lasts: 2000,
    happens({ network }) {
      network.changeInterface('phone', 'wwan0', { isUp: false })
      network.changeInterface('phone', 'wlan0', { isUp: true })
    }
  },
  {
    title: 'Make before break: cellular is there too, Wi-Fi gets weak (its cost rises), later it goes',
    lasts: 4000,
    happens({ network, phone }) {
      network.changeInterface('phone', 'wwan0', { isUp: true })
      const now = network.now()
      const weak = [
        { address: '198.18.0.2', interfaceName: 'wlan0', cost: 2 },
        { address: '10.2.0.2', interfaceName: 'wwan0', cost: 1 }
      ]
      network.at(now + 100, () => {
        network.perform('phone', phone.command({ type: 'localAddressesChanged', addresses: weak }, network.now()))
      })
      network.at(now + 2500, () => network.changeInterface('phone', 'wlan0', { isUp: false }))
    }
  },
  {
    title: 'Make before break: Wi-Fi is back and costs less, cellular goes later',
    lasts: 4000,
    happens({ network }) {
      network.changeInterface('phone', 'wlan0', { isUp: true })
      network.at(network.now() + 2500, () => network.changeInterface('phone', 'wwan0', { isUp: false }))
    }
  },
  {
    title: "The gateway's active address 192.0.2.1 fails",
    lasts: 3000,
    happens({ network }) {
      network.changeInterface('gateway', 'eth0', { isUp: false })
    }
  }
]

const world = createWorld()
const { network, traffic } = world
const before = world.identity()
const rows: string[][] = [['move', 'outage up', 'outage down', 'lost up', 'lost down', 'tunnel afterwards']]
let failures = 0

console.log('A phone (Wi-Fi 198.18.0.2, cellular 10.2.0.2 behind 203.0.113.7) and a gateway (192.0.2.1, 198.51.100.1).')
console.log(
  `One round trip takes ${ROUND_TRIP_MS} ms. An inner packet leaves each way every ${PACKET_MS} ms, all the time.`
)
console.log(`\nConnecting\n${world.ladder(0, 250)}`)
console.log(`\n${before}`)

for (const [index, move] of moves.entries()) {
  const start = network.now()
  move.happens(world)
  network.runUntil(start + move.lasts)
  console.log(`\n${index + 1}. ${move.title}\n${world.ladder(start, start + move.lasts)}`)
  // What was sent in the last round trip may still be under way.
  const up = traffic.figures('left', start, network.now() - 100)
  const down = traffic.figures('right', start, network.now() - 100)
  const outage = (ms: number): string => `${Math.max(0, Math.round(ms - PACKET_MS))} ms`
  rows.push([
    `${index + 1}. ${move.title.split(':')[0]}`,
    outage(up.outageMs),
    outage(down.outageMs),
    String(up.lost),
    String(down.lost),
    world.tunnel()
  ])
  const after = world.identity()
  if (after !== before) {
    failures++
    console.log(`FAIL the tunnel is no longer the same: ${after}`)
  }
  const settled = traffic.figures('right', network.now() - 600, network.now() - 100)
  const answered = traffic.figures('left', network.now() - 600, network.now() - 100)
  if (settled.lost + answered.lost > 0) {
    failures++
    console.log('FAIL traffic does not flow again')
  }
}

function print(title: string, table: readonly (readonly string[])[]): void {
  console.log(`\n${title}`)
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  for (const row of table) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0))
    console.log(cells.join('  ').trimEnd())
  }
}

print('Outage of inner traffic (up: phone to server) and inner packets lost in each move', rows)

const outages = measureOutages()
print(
  `The same, a packet every millisecond: from when the new address is usable; a round trip takes ${ROUND_TRIP_MS} ms`,
  [
    ['case', 'outage up', 'outage down', 'lost up', 'lost down', 'limit'],
    ...outages.map(({ title, up, down, isWithinLimit, limit }) => [
      title,
      `${up.outageMs} ms`,
      `${down.outageMs} ms`,
      String(up.lost),
      String(down.lost),
      `${limit}${isWithinLimit ? '' : ': FAIL'}`
    ])
  ]
)
failures += outages.filter(({ isWithinLimit }) => !isWithinLimit).length

console.log(
  failures === 0
    ? `\nok IKE SPIs, ESP SPIs and the inner address never changed: ${before}`
    : `\nFAIL ${failures} of ${moves.length + outages.length} moves went wrong`
)
process.exitCode = failures === 0 ? 0 : 1
