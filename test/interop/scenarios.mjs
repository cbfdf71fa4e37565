// What is shown, in order.

import { startCapture } from './capture.mjs'
import { ADDRESSES } from './lab.mjs'
import { StrongSwanClient, StrongSwanGateway } from './programs.mjs'
import { masqueraded, Roaming } from './roam.mjs'
import { SUITES } from './suites.mjs'
import { dissectionSteps } from './wire-checks.mjs'

const { wlan0, wwan0, gateway: outer } = ADDRESSES

/** Proves the lab itself: both ends are strongSwan. */
async function strongSwanBothEnds({ lab, directory, step, start, stopAll }, suite) {
  lab.linkUp('wlan0', [4])
  const gateway = await start(StrongSwanGateway.start({ lab, directory, suite }))
  const client = await start(StrongSwanClient.start({ lab, directory, suite, remotes: [outer[4][0]] }))
  const capture = await startCapture(lab, 'client', `${directory}/client.pcap`)
  const roaming = new Roaming({ lab, client, gateway })
  await step('connects, echo', () => roaming.connect(wlan0[4]))
  await step('wlan0 lost, wwan0', () =>
    roaming.move(wwan0[4], () => {
      lab.linkUp('wwan0', [4])
      lab.linkDown('wlan0')
    })
  )
  lab.masquerade('wlan0')
  await step('behind a NAT', () =>
    roaming.move(masqueraded(4), () => {
      lab.linkUp('wlan0', [4])
      lab.linkDown('wwan0')
    })
  )
  lab.clearNat()
  await step('IPv4 to IPv6', () =>
    roaming.move(wwan0[6], () => {
      lab.linkUp('wwan0', [6])
      lab.linkDown('wlan0')
    })
  )
  await capture.stop()
  await stopAll()
  await dissectionSteps({ step, capture: capture.file, log: gateway.daemon.log, suite })
}

const forEachSuite = (name, run) =>
  SUITES.map((suite) => ({ name: `${name}, ${suite.title}`, run: (context) => run(context, suite) }))

export const scenarios = [...forEachSuite('strongSwan both ends', strongSwanBothEnds).slice(0, 1)]
