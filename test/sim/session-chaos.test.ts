import { describe, expect, it } from 'vitest'
import { corruptWhen, createNat, delayWhen, dropWhen, duplicateWhen, type FaultPlace } from '../../src/sim/index.ts'
import { scene } from './scene.ts'

const share = (part: number) => (_: unknown, place: FaultPlace) => place.random.fraction() < part

/** Twelve things at random times while the network loses, copies, delays and damages; then a quiet minute. */
function run(seed: number) {
  const cellularNat = createNat({ name: 'carrier NAT', publicAddress: '203.0.113.7' })
  const stage = scene({ seed, cellular: { nat: cellularNat } })
  const { network, phone, gateway } = stage
  const faults = [
    dropWhen(share(0.15)),
    duplicateWhen(share(0.1)),
    delayWhen(share(0.2), 150),
    corruptWhen(share(0.05))
  ].map((fault) => network.addFault(fault))
  let onWifi = true
  const happenings = [
    () => {
      onWifi = !onWifi
      network.changeInterface('phone', 'wlan0', { isUp: onWifi })
      network.changeInterface('phone', 'wwan0', { isUp: !onWifi })
    },
    () => cellularNat.flush(),
    () => network.perform('phone', phone.command({ type: 'updateRequested' }, network.now())),
    () => network.perform('phone', phone.command({ type: 'livenessRequested' }, network.now())),
    () => network.perform('gateway', gateway.command({ type: 'livenessRequested' }, network.now()))
  ]
  let time = 2000
  for (let i = 0; i < 12; i++) {
    time += network.random.below(1500)
    network.at(time, happenings[network.random.below(happenings.length)] as () => void)
  }
  network.runUntil(time + 3000)
  for (const remove of faults) remove()
  network.runUntil(time + 75_000)
  return stage
}

describe('sessions', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'E4.16 F48 come out of moves under loss, copies, delay and damage on the same SAs, carrying traffic (seed %i)',
    (seed) => {
      const { network, traffic, spis, reports, ladder } = run(seed)
      const end = network.now()
      const figures = (['left', 'right'] as const).map((side) => traffic.figures(side, end - 3000, end - 200))
      expect(
        reports.filter(({ report }) => report.kind === 'closed'),
        ladder()
      ).toEqual([])
      expect(figures, ladder()).toMatchObject([{ lost: 0 }, { lost: 0 }])
      expect(spis()).toEqual(scene({ seed }).spis())
    }
  )
})
