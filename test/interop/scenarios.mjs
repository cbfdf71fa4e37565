// What is shown, in order. A scenario is one session (or a few) whose steps are rows of the table.

import { startCapture } from './capture.mjs'
import { ADDRESSES, until } from './lab.mjs'
import { OurClient, OurGateway, StrongSwanClient, StrongSwanGateway } from './programs.mjs'
import { masqueraded, Roaming } from './roam.mjs'
import { expect } from './scenario.mjs'
import { SUITES } from './suites.mjs'
import { dissectionSteps, routabilityOrder } from './wire-checks.mjs'

const { wlan0, wwan0, gateway: outer } = ADDRESSES
const NEW_GATEWAY_ADDRESS = '198.51.100.9'

/** Proves the lab itself: both ends are strongSwan. */
async function strongSwanBothEnds(context, suite) {
  const { lab, step } = context
  lab.linkUp('wlan0', [4])
  const { client, gateway, capture } = await begin(context, suite, StrongSwanClient, StrongSwanGateway, 'client')
  const roaming = new Roaming({ lab, client, gateway })
  await step('connects, echo', () => roaming.connect(wlan0[4]))
  await step('wlan0 lost, wwan0', () => roaming.move(wwan0[4], () => swap(lab, 'wlan0', 'wwan0', 4)))
  lab.masquerade('wlan0')
  await step('behind a NAT', () => roaming.move(masqueraded(4), () => swap(lab, 'wwan0', 'wlan0', 4)))
  lab.clearNat()
  await step('IPv4 to IPv6', () => roaming.move(wwan0[6], () => swap(lab, 'wlan0', 'wwan0', 6)))
  await capture.stop()
  await context.stopAll()
  await dissectionSteps({ step, capture: capture.file, log: gateway.daemon.log, suite })
}

/** Our client against strongSwan: the whole of issue 2's case (a) but for pure IPv6. */
async function ourClient(context, suite) {
  const { lab, step } = context
  lab.linkUp('wlan0', [4])
  const { client, gateway, capture } = await begin(context, suite, OurClient, StrongSwanGateway, 'client')
  const { daemon } = gateway
  const roaming = new Roaming({ lab, client, gateway })
  await step('PSK, inner address, echo', () => roaming.connect(wlan0[4]))
  await step("strongSwan's address list", () => addressLists(lab, client))
  await step('wlan0 lost, wwan0', () =>
    roaming.move(wwan0[4], async () => {
      lab.linkUp('wwan0', [4])
      lab.linkDown('wlan0')
    })
  )
  await step("strongSwan's Child SA rekey", () => peerRekeyedChild(client, roaming))
  await step('wlan0 back', () => roaming.move(wlan0[4], () => lab.linkUp('wlan0', [4])))
  lab.masquerade('wwan0')
  await step('behind a NAT', () => roaming.move(masqueraded(4), () => lab.linkDown('wlan0')))
  await step('out of the NAT', () => roaming.move(wlan0[4], () => lab.linkUp('wlan0', [4])))
  lab.clearNat()
  await step("gateway's address fails", () => gatewayAddressFails(lab, client, gateway, roaming))
  lab.linkDown('wwan0')
  await step('IPv4 to IPv6', () => roaming.move(wwan0[6], () => swap(lab, 'wlan0', 'wwan0', 6)))
  await step('IPv6 to IPv4', () => roaming.move(wlan0[4], () => lab.linkUp('wlan0', [4])))
  await step('strongSwan rekeys IKE', () => roaming.rekeyed('IKE SA', () => daemon.swanctl('--rekey', '--ike', 'roam')))
  await step('strongSwan rekeys ESP', () =>
    roaming.rekeyed('Child SA', () => daemon.swanctl('--rekey', '--child', 'net'))
  )
  await step('we rekey IKE', () => roaming.rekeyed('IKE SA', () => client.send('rekey-ike')))
  await step('we rekey ESP', () => roaming.rekeyed('Child SA', () => client.send('rekey-child')))
  await step('move after the rekeys', () => roaming.move(wwan0[6], () => lab.linkDown('wlan0')))
  await step('we delete', () => weDelete(client, daemon))
  await capture.stop()
  await context.stopAll()
  await dissectionSteps({ step, capture: capture.file, log: daemon.log, suite })
}

async function ourClientIpv6(context, suite) {
  const { lab, step } = context
  lab.linkUp('wlan0', [6])
  const { client, gateway, capture } = await begin(context, suite, OurClient, StrongSwanGateway, 'client', 6)
  const roaming = new Roaming({ lab, client, gateway })
  await step('PSK, inner address, echo', () => roaming.connect(wlan0[6]))
  await step('wlan0 lost, wwan0', () => roaming.move(wwan0[6], () => swap(lab, 'wlan0', 'wwan0', 6)))
  await step('wlan0 back', () => roaming.move(wlan0[6], () => lab.linkUp('wlan0', [6])))
  lab.masquerade('wwan0')
  await step('behind a NAT', () => roaming.move(masqueraded(6), () => lab.linkDown('wlan0')))
  await step('out of the NAT', () => roaming.move(wlan0[6], () => lab.linkUp('wlan0', [6])))
  await step('strongSwan deletes', async () => {
    await gateway.daemon.swanctl('--terminate', '--ike', 'roam')
    const { reason } = await client.waitFor('closed', 5_000, ({ kind }) => kind === 'closed')
    expect(reason === 'closedByPeer', `closed for ${reason}`)
    return `closed: ${reason}`
  })
  await capture.stop()
  await context.stopAll()
  await dissectionSteps({ step, capture: capture.file, log: gateway.daemon.log, suite })
}

/** strongSwan as the roaming client of our responder: case (b). */
async function ourResponder(context, suite) {
  const { lab, step } = context
  lab.linkUp('wlan0', [4])
  const { client, gateway, capture } = await begin(context, suite, StrongSwanClient, OurGateway, 'gateway')
  const { daemon } = client
  const roaming = new Roaming({ lab, client, gateway })
  await step('PSK, inner address, echo', () => roaming.connect(wlan0[4]))
  await step('wlan0 lost, wwan0', () => roaming.move(wwan0[4], () => swap(lab, 'wlan0', 'wwan0', 4)))
  await step('wlan0 back', () => roaming.move(wlan0[4], () => swap(lab, 'wwan0', 'wlan0', 4)))
  lab.masquerade('wwan0')
  await step('behind a NAT', () => roaming.move(masqueraded(4), () => swap(lab, 'wlan0', 'wwan0', 4)))
  await step('out of the NAT', () => roaming.move(wlan0[4], () => swap(lab, 'wwan0', 'wlan0', 4)))
  lab.clearNat()
  await step('IPv4 to IPv6', () => roaming.move(wwan0[6], () => swap(lab, 'wlan0', 'wwan0', 6)))
  await step('IPv6 to IPv4', () => roaming.move(wlan0[4], () => swap(lab, 'wwan0', 'wlan0', 4)))
  await step('strongSwan rekeys IKE', () => roaming.rekeyed('IKE SA', () => daemon.swanctl('--rekey', '--ike', 'roam')))
  await step('strongSwan rekeys ESP', () =>
    roaming.rekeyed('Child SA', () => daemon.swanctl('--rekey', '--child', 'net'))
  )
  await step('we rekey IKE', () => roaming.rekeyed('IKE SA', () => gateway.send('rekey-ike')))
  await step('we rekey ESP', () => roaming.rekeyed('Child SA', () => gateway.send('rekey-child')))
  await step('move after the rekeys', () => roaming.move(wwan0[4], () => swap(lab, 'wlan0', 'wwan0', 4)))
  await step('strongSwan deletes', async () => {
    await daemon.swanctl('--terminate', '--ike', 'roam')
    const { reason } = await gateway.waitFor('closed', 5_000, ({ kind }) => kind === 'closed')
    expect(reason === 'closedByPeer', `closed for ${reason}`)
    return `closed: ${reason}`
  })
  await capture.stop()
  await context.stopAll()
  const packets = await dissectionSteps({ step, capture: capture.file, log: daemon.log, suite })
  await step('return routability first', () => routabilityOrder(packets, outer))
}

async function ourResponderIpv6(context, suite) {
  const { lab, step } = context
  lab.linkUp('wlan0', [6])
  const { client, gateway, capture } = await begin(context, suite, StrongSwanClient, OurGateway, 'gateway', 6)
  const roaming = new Roaming({ lab, client, gateway })
  await step('PSK, inner address, echo', () => roaming.connect(wlan0[6]))
  await step('wlan0 lost, wwan0', () => roaming.move(wwan0[6], () => swap(lab, 'wlan0', 'wwan0', 6)))
  lab.masquerade('wlan0')
  await step('behind a NAT', () => roaming.move(masqueraded(6), () => swap(lab, 'wwan0', 'wlan0', 6)))
  await step('out of the NAT', () => roaming.move(wwan0[6], () => swap(lab, 'wlan0', 'wwan0', 6)))
  await step('we delete', () => weDelete(gateway, client.daemon))
  await capture.stop()
  await context.stopAll()
  const packets = await dissectionSteps({ step, capture: capture.file, log: client.daemon.log, suite })
  await step('return routability first', () => routabilityOrder(packets, outer))
}

/**
 * Without its user-space ESP strongSwan tells the truth about NATs, and refuses the Child SA beside a valid AUTH: the IKE SA
 * alone roams.
 */
async function withoutChildSa({ lab, directory, step, start }, suite) {
  lab.linkUp('wlan0', [4])
  const gateway = await start(StrongSwanGateway.start({ lab, directory, suite, userSpaceEsp: false }))
  const client = await start(OurClient.start({ lab, directory, suite, remotes: [outer[4][0]] }))
  const movedTo = async (what, matches, change) => {
    const from = client.events.length
    await change()
    const sa = await until(what, 12_000, async () => {
      const found = await gateway.sa()
      return matches(found.remote) && found
    })
    const { report } = await client.waitFor('moved', 3_000, ({ report }) => report?.kind === 'moved', from)
    return { text: `peer now at ${sa.remote.address}:${sa.remote.port}, encapsulate: ${report.encapsulate}`, report }
  }
  await step('IKE SA without Child SA', async () => {
    client.send('connect')
    await client.waitFor('established', 10_000, ({ kind }) => kind === 'established')
    const { notifyType } = await client.waitFor('Child SA refused', 2_000, ({ kind }) => kind === 'childSaFailed')
    const sa = await gateway.sa()
    return `peer at ${sa.remote.address}, Child SA refused with ${notifyType}`
  })
  await step('moves without NAT', async () => {
    const { text, report } = await movedTo(
      'the move',
      ({ address }) => address === wwan0[4],
      () => swap(lab, 'wlan0', 'wwan0', 4)
    )
    expect(report.encapsulate === false, text)
    return text
  })
  lab.masquerade('wlan0')
  await step('NAT detected', async () => {
    const { text, report } = await movedTo('the move', masqueraded(4), () => lab.linkUp('wlan0', [4]))
    expect(report.encapsulate === true, text)
    return text
  })
  await step('NAT gone', async () => {
    const { text, report } = await movedTo(
      'the move',
      ({ address }) => address === wwan0[4],
      () => lab.linkDown('wlan0')
    )
    expect(report.encapsulate === false, text)
    return text
  })
  await step('we delete', () => weDelete(client, gateway.daemon))
}

/** Starts both ends and a capture on `host`; the client connects over `family`. */
async function begin({ lab, directory, start }, suite, Client, Gateway, host, family = 4) {
  const gateway = await start(Gateway.start({ lab, directory, suite }))
  const client = await start(Client.start({ lab, directory, suite, remotes: [outer[family][0]] }))
  const capture = await startCapture(lab, host, `${directory}/${host}.pcap`)
  return { client, gateway, capture }
}

/** One link comes up with one family as the other goes down. */
function swap(lab, from, to, family) {
  lab.linkUp(to, [family])
  lab.linkDown(from)
}

/** strongSwan lists its addresses in IKE_AUTH, and sends a new list when one appears. */
async function addressLists(lab, client) {
  const lists = () => client.reports('mobike/peerAddresses').map(({ addresses }) => addresses)
  lab.ip('gateway', `addr add ${NEW_GATEWAY_ADDRESS}/24 dev eth1`)
  const longer = await until('a longer list', 8_000, () => lists().find((list) => list.includes(NEW_GATEWAY_ADDRESS)))
  lab.ip('gateway', `addr del ${NEW_GATEWAY_ADDRESS}/24 dev eth1`)
  await until('a shorter list', 8_000, () => !lists().at(-1).includes(NEW_GATEWAY_ADDRESS))
  return `${longer.length} addresses after one came, ${lists().at(-1).length} after it went`
}

/** With kernel-libipsec strongSwan replaces the Child SA after a move, while the UPDATE is outstanding or just after. */
async function peerRekeyedChild(client, roaming) {
  const [{ oldId, newId }] = await until('Child SA rekeyed by strongSwan', 5_000, () => {
    const reports = client.reports('childSaRekeyed')
    return reports.length > 0 && reports
  })
  return `Child SA ${oldId} replaced by ${newId}, ${await roaming.echo()}`
}

async function gatewayAddressFails(lab, client, gateway, roaming) {
  const failed = (await gateway.sa()).local.address
  lab.blackhole(failed)
  client.send('liveness')
  const sa = await until('another gateway address', 25_000, async () => {
    const found = await gateway.sa()
    return found.local.address !== failed && found
  })
  const text = `gateway at ${sa.local.address} instead of ${failed}, ${await roaming.echo()}`
  lab.clearFilter()
  return text
}

async function weDelete(end, daemon) {
  end.send('close')
  await until('strongSwan has no IKE SA', 5_000, async () => (await daemon.sas()).length === 0)
  const { reason } = await end.waitFor('closed', 5_000, ({ kind }) => kind === 'closed')
  return `no IKE SA left on strongSwan, closed: ${reason}`
}

const forSuites = (suites, name, run) =>
  suites.map((suite) => ({ name: `${name}, ${suite.title}`, run: (context) => run(context, suite) }))

export const scenarios = [
  ...forSuites(SUITES.slice(0, 1), 'strongSwan both ends', strongSwanBothEnds),
  ...forSuites(SUITES, 'our client', ourClient),
  ...forSuites(SUITES, 'our client on IPv6', ourClientIpv6),
  ...forSuites(SUITES, 'our responder', ourResponder),
  ...forSuites(SUITES, 'our responder on IPv6', ourResponderIpv6),
  ...forSuites(SUITES.slice(0, 1), 'our client, no ESP', withoutChildSa)
]
