// What scenarios have in common: both ends started, links swapped, rekeys that cross, moves on a network that loses packets.

import { startCapture } from './capture.mjs'
import { ADDRESSES, sleep, until } from './lab.mjs'

const { wlan0, gateway: outer } = ADDRESSES

/** Starts both ends and a capture on `host`; the client connects over `family`. */
export async function begin({ lab, directory, start }, suite, Client, Gateway, host, family = 4) {
  const gateway = await start(Gateway.start({ lab, directory, suite }))
  const client = await start(Client.start({ lab, directory, suite, remotes: [outer[family][0]] }))
  const capture = await start(startCapture(lab, host, `${directory}/${host}.pcap`))
  return { client, gateway, capture }
}

/** One link comes up with one family as the other goes down. */
export function swap(lab, from, to, family) {
  lab.linkUp(to, [family])
  lab.linkDown(from)
}

/**
 * Rekeys from both ends cross: our end hears nothing while strongSwan's first request and its answer to ours are under way.
 * strongSwan repeats its request after 1 s, when ours (sent again after 0.5 and 1.5 s) still has no answer.
 */
export async function collide(lab, theirs, ours, deaf = wlan0[4]) {
  lab.blackhole(deaf)
  await theirs()
  ours()
  await sleep(800)
  lab.clearFilter()
  await sleep(2_500)
}

export async function lossyMove(roaming, expected, change) {
  const text = await roaming.movedWithLoss(expected, change)
  // A client that is told late of its move sends late on the new path.
  return `${text}, ${await until('echo comes back', 60_000, () => roaming.someEcho(0.3))}`
}

export async function weDelete(end, daemon) {
  end.send('close')
  const established = async () => (await daemon.sas()).filter(({ state }) => state === 'ESTABLISHED')
  await until('strongSwan has no IKE SA', 5_000, async () => (await established()).length === 0)
  const { reason } = await end.waitFor('closed', 5_000, ({ kind }) => kind === 'closed')
  return `no IKE SA left on strongSwan, closed: ${reason}`
}

/** One scenario for each suite. */
export const forSuites = (suites, name, run) =>
  suites.map((suite) => ({ name: `${name}, ${suite.title}`, run: (context) => run(context, suite) }))
