// What is shown, in order. A scenario is one session (or a few) whose steps are rows of the table.

import { fileURLToPath } from 'node:url'
import { hardMovesOfOurs, hardMovesOfTheirs } from './hard-moves.mjs'
import { ADDRESSES, sleep, until } from './lab.mjs'
import { OurClient, OurGateway, StrongSwanClient, StrongSwanGateway } from './programs.mjs'
import { masqueraded, Roaming } from './roam.mjs'
import { expect } from './scenario.mjs'
import { begin, collide, forSuites, lossyMove, swap, weDelete } from './steps.mjs'
import { CLIENT_NEGOTIATION, GATEWAY_NEGOTIATION, SUITES } from './suites.mjs'
import { dissectionSteps, routabilityOrder } from './wire-checks.mjs'

const { wlan0, wwan0, gateway: outer } = ADDRESSES
const HALF_OPEN = fileURLToPath(new URL('./half-open.mjs', import.meta.url))
const NEW_GATEWAY_ADDRESS = '198.51.100.9'

/** Proves the lab itself: both ends are strongSwan. */
async function strongSwanBothEnds(context, suite) {
  const { lab, step } = context
  lab.linkUp('wlan0', [4])
  const { client, gateway, capture } = await begin(context, suite, StrongSwanClient, StrongSwanGateway, 'client')
  const roaming = new Roaming({ client, gateway })
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
  const roaming = new Roaming({ client, gateway })
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
  const roaming = new Roaming({ client, gateway })
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
  const roaming = new Roaming({ client, gateway })
  await step('PSK, inner address, echo', () => roaming.connect(wlan0[4]))
  await step('wlan0 lost, wwan0', () => roaming.move(wwan0[4], () => swapUnproven(lab, 'wlan0', 'wwan0')))
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
  await step('return routability first', () => routabilityOrder(packets, outer, { heldBack: true }))
}

async function ourResponderIpv6(context, suite) {
  const { lab, step } = context
  lab.linkUp('wlan0', [6])
  const { client, gateway, capture } = await begin(context, suite, StrongSwanClient, OurGateway, 'gateway', 6)
  const roaming = new Roaming({ client, gateway })
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

/** No network, a network that loses packets, a NAT that forgets, both ends rekeying at once. */
async function ourClientInTrouble(context, suite) {
  const { lab, step } = context
  lab.linkUp('wlan0', [4])
  const { client, gateway, capture } = await begin(context, suite, OurClient, StrongSwanGateway, 'client')
  const { daemon } = gateway
  const roaming = new Roaming({ client, gateway })
  await step('PSK, inner address, echo', () => roaming.connect(wlan0[4]))
  await step('no network for 4 s', () => noNetwork(lab, client, roaming))
  lab.masquerade('wlan0')
  await step('behind a NAT', () => roaming.move(masqueraded(4), () => lab.linkUp('wlan0', [4])))
  await step('the NAT forgets', () =>
    roaming.remapped(async () => {
      lab.forgetConnections()
      client.send('liveness')
    })
  )
  await step('the NAT goes away', () =>
    roaming.remapped(async () => {
      lab.clearNat()
      client.send('liveness')
    }, wlan0[4])
  )
  await step('both rekey ESP at once', () =>
    roaming.rekeyed('Child SA', () =>
      collide(
        lab,
        () => daemon.swanctl('--rekey', '--child', 'net'),
        () => client.send('rekey-child')
      )
    )
  )
  await step('both rekey IKE at once', () =>
    roaming.rekeyed('IKE SA', () =>
      collide(
        lab,
        () => daemon.swanctl('--rekey', '--ike', 'roam'),
        () => client.send('rekey-ike')
      )
    )
  )
  lab.loseOneIn(5)
  await step('a move with 20 % loss', () => lossyMove(roaming, wwan0[4], () => swap(lab, 'wlan0', 'wwan0', 4)))
  await step('back with 20 % loss', () => lossyMove(roaming, wlan0[4], () => lab.linkUp('wlan0', [4])))
  lab.clearFilter()
  await step('no loss', () => roaming.echo())
  await step('we delete', () => weDelete(client, daemon))
  await capture.stop()
  await context.stopAll()
  await dissectionSteps({ step, capture: capture.file, log: daemon.log, suite })
}

/** The same for our responder, with strongSwan roaming. */
async function ourResponderInTrouble(context, suite) {
  const { lab, step } = context
  lab.linkUp('wlan0', [4])
  const patient = { ...suite, strongSwan: { ...suite.strongSwan, DPD: '2s' } }
  const { client, gateway, capture } = await begin(context, patient, StrongSwanClient, OurGateway, 'gateway')
  const { daemon } = client
  const roaming = new Roaming({ client, gateway })
  await step('PSK, inner address, echo', () => roaming.connect(wlan0[4]))
  await step('no network for 4 s', async () => {
    lab.linkDown('wlan0')
    await sleep(4_000)
    return roaming.move(wwan0[4], () => lab.linkUp('wwan0', [4]))
  })
  lab.masquerade('wlan0')
  await step('behind a NAT', () => roaming.move(masqueraded(4), () => swap(lab, 'wwan0', 'wlan0', 4)))
  await step('the NAT forgets', () => roaming.remapped(() => lab.forgetConnections()))
  await step('the NAT goes away', () => roaming.remapped(() => lab.clearNat(), wlan0[4]))
  const [ours] = outer[4]
  await step('both rekey ESP at once', () =>
    roaming.rekeyed('Child SA', () =>
      collide(
        lab,
        () => daemon.swanctl('--rekey', '--child', 'net'),
        () => gateway.send('rekey-child'),
        ours
      )
    )
  )
  await step('both rekey IKE at once', () =>
    roaming.rekeyed('IKE SA', () =>
      collide(
        lab,
        () => daemon.swanctl('--rekey', '--ike', 'roam'),
        () => gateway.send('rekey-ike'),
        ours
      )
    )
  )
  lab.loseOneIn(5)
  await step('a move with 20 % loss', () => lossyMove(roaming, wwan0[4], () => swap(lab, 'wlan0', 'wwan0', 4)))
  await step('back with 20 % loss', () => lossyMove(roaming, wlan0[4], () => swap(lab, 'wwan0', 'wlan0', 4)))
  lab.clearFilter()
  await step('no loss', () => roaming.echo())
  await step('we delete', () => weDelete(gateway, daemon))
  await capture.stop()
  await context.stopAll()
  await dissectionSteps({ step, capture: capture.file, log: daemon.log, suite })
}

/** COOKIE and INVALID_KE_PAYLOAD in IKE_SA_INIT, perfect forward secrecy in CREATE_CHILD_SA. */
async function clientNegotiation(context) {
  const { lab, step } = context
  lab.linkUp('wlan0', [4])
  const { client, gateway, capture } = await begin(context, CLIENT_NEGOTIATION, OurClient, StrongSwanGateway, 'client')
  const roaming = new Roaming({ client, gateway })
  const { daemon } = gateway
  await lab.exec('client', process.execPath, [HALF_OPEN, outer[4][0]])
  await step('COOKIE and INVALID_KE', async () => {
    const text = await roaming.connect(wlan0[4])
    expect(daemon.log.includes('generating IKE_SA_INIT response 0 [ N(COOKIE) ]'), 'strongSwan asked for no cookie')
    expect(daemon.log.includes('generating IKE_SA_INIT response 0 [ N(INVAL_KE) ]'), 'strongSwan refused no group')
    return text
  })
  await step('strongSwan rekeys ESP, PFS', () =>
    roaming.rekeyed('Child SA', () => daemon.swanctl('--rekey', '--child', 'net'))
  )
  await step('we rekey ESP, PFS', () => roaming.rekeyed('Child SA', () => client.send('rekey-child')))
  await step('we rekey IKE', () => roaming.rekeyed('IKE SA', () => client.send('rekey-ike')))
  await step('we delete', () => weDelete(client, daemon))
  await capture.stop()
  await context.stopAll()
  await dissectionSteps({ step, capture: capture.file, log: daemon.log, suite: CLIENT_NEGOTIATION })
}

async function gatewayNegotiation(context) {
  const { lab, step } = context
  lab.linkUp('wlan0', [4])
  const { client, gateway, capture } = await begin(
    context,
    GATEWAY_NEGOTIATION,
    StrongSwanClient,
    OurGateway,
    'gateway'
  )
  const roaming = new Roaming({ client, gateway })
  const { daemon } = client
  await step('COOKIE and INVALID_KE', async () => {
    const text = await roaming.connect(wlan0[4])
    expect(daemon.log.includes('parsed IKE_SA_INIT response 0 [ N(COOKIE) ]'), 'we asked for no cookie')
    expect(daemon.log.includes('parsed IKE_SA_INIT response 0 [ N(INVAL_KE) ]'), 'we refused no group')
    return text
  })
  await step('strongSwan rekeys ESP, PFS', () =>
    roaming.rekeyed('Child SA', () => daemon.swanctl('--rekey', '--child', 'net'))
  )
  await step('we rekey ESP, PFS', () => roaming.rekeyed('Child SA', () => gateway.send('rekey-child')))
  await step('strongSwan rekeys IKE', () => roaming.rekeyed('IKE SA', () => daemon.swanctl('--rekey', '--ike', 'roam')))
  await step('we delete', () => weDelete(gateway, daemon))
  await capture.stop()
  await context.stopAll()
  await dissectionSteps({ step, capture: capture.file, log: daemon.log, suite: GATEWAY_NEGOTIATION })
}

/** A peer without MOBIKE: the SA works, where it is. */
async function withoutMobike(context, suite) {
  const { lab, step, stopAll } = context
  lab.linkUp('wlan0', [4])
  const plain = { ...suite, strongSwan: { ...suite.strongSwan, MOBIKE: 'no' } }
  for (const [title, Client, Gateway] of [
    ['our client', OurClient, StrongSwanGateway],
    ['our responder', StrongSwanClient, OurGateway]
  ]) {
    await step(title, async () => {
      const { client, gateway } = await begin(context, plain, Client, Gateway, 'client')
      const text = await new Roaming({ client, gateway }).connect(wlan0[4])
      const ours = client.daemon === undefined ? client : gateway
      const [{ mobike }] = ours.reports('established')
      expect(mobike === false, 'MOBIKE in force')
      return `MOBIKE not in force, ${text}`
    })
    await stopAll()
  }
}

/** Both ends ours, with real sockets and a real NAT: nobody makes up a NAT, and nobody replaces the Child SA. */
async function oursBothEnds(context, suite) {
  const { lab, directory, step, start } = context
  lab.linkUp('wlan0', [4])
  const { client, gateway } = await begin(context, suite, OurClient, OurGateway, 'client')
  const roaming = new Roaming({ client, gateway, sameEsp: true })
  await step('connects, echo', () => roaming.connect(wlan0[4]))
  await step('wlan0 lost, wwan0', () => roaming.move(wwan0[4], () => swap(lab, 'wlan0', 'wwan0', 4)))
  lab.masquerade('wlan0')
  await step('behind a NAT', () => roaming.move(masqueraded(4), () => lab.linkUp('wlan0', [4])))
  await step('the NAT forgets', () =>
    roaming.remapped(async () => {
      lab.forgetConnections()
      client.send('liveness')
    })
  )
  await step('out of the NAT', () => roaming.move(wwan0[4], () => lab.linkDown('wlan0')))
  lab.clearNat()
  await step('IPv4 to IPv6', () => roaming.move(wlan0[6], () => swap(lab, 'wwan0', 'wlan0', 6)))
  await step('a second client', async () => {
    // It has the first one's identity: with INITIAL_CONTACT the gateway would drop the first one's IKE SA.
    const directoryOfIts = `${directory}/second`
    const remotes = [outer[4][0]]
    const options = { lab, host: 'server', directory: directoryOfIts, suite, remotes, initialContact: false }
    const second = await start(OurClient.start(options))
    const inner = await second.connect()
    const { received } = await second.echo(5, 50)
    expect(received === 5, `its echo ${received}/5`)
    return `inner ${inner}, its echo ${received}/5, the first one's ${await roaming.echo()}`
  })
}

/** A wrong pre-shared key is refused by whoever sees it. */
async function wrongSecret(context, suite) {
  const { lab, step, stopAll } = context
  lab.linkUp('wlan0', [4])
  const ours = { ...suite, ours: { secret: 'something else' } }
  await step('our client is refused', async () => {
    const { client, gateway } = await begin(context, ours, OurClient, StrongSwanGateway, 'client')
    client.send('connect')
    const { reason } = await client.waitFor('closed', 10_000, ({ kind }) => kind === 'closed')
    expect(reason === 'authenticationFailed', `closed for ${reason}`)
    expect((await gateway.daemon.sas()).length === 0, 'strongSwan has an IKE SA')
    return `closed: ${reason}`
  })
  await stopAll()
  await step('our responder refuses', async () => {
    const { client, gateway } = await begin(context, ours, StrongSwanClient, OurGateway, 'gateway')
    const failure = await client.connect().catch((error) => error.message)
    expect(String(failure).includes('failed'), `strongSwan connects: ${failure}`)
    expect(client.daemon.log.includes('received AUTHENTICATION_FAILED notify error'), 'no AUTHENTICATION_FAILED')
    const { reason } = await gateway.waitFor('closed', 2_000, ({ kind }) => kind === 'closed')
    return `strongSwan received AUTHENTICATION_FAILED, closed: ${reason}`
  })
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

/** The same; the gateway's request with COOKIE2 is lost for a while, so that traffic comes before the proof. */
async function swapUnproven(lab, from, to) {
  lab.dropRequestsFrom(outer[4][0])
  swap(lab, from, to, 4)
  await sleep(800)
  lab.clearFilter()
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

/** Traffic goes out and none comes in: the client tests other pairs and moves to the gateway's other address. */
async function gatewayAddressFails(lab, client, gateway, roaming) {
  const failed = (await gateway.sa()).local.address
  const from = client.events.length
  lab.blackhole(failed)
  const stream = client.echo(150, 40)
  const sa = await until('another gateway address', 25_000, async () => {
    const found = await gateway.sa()
    return found.local.address !== failed && found
  })
  const { longestGapMs } = await stream
  expect(client.reports('mobike/pathFailed', from).length > 0, 'no pathFailed')
  const text = `swanctl: local ${sa.local.address} instead of ${failed}, gap ${longestGapMs} ms, ${await roaming.echo()}`
  lab.clearFilter()
  return text
}

/** Both links down, then one up again, the other one than before: the SA waits (design decision 9). */
async function noNetwork(lab, client, roaming) {
  const from = client.events.length
  lab.linkDown('wlan0')
  await client.waitFor('no path', 3_000, ({ report }) => report?.kind === 'noPath', from)
  await sleep(4_000)
  const text = await roaming.move(wwan0[4], () => lab.linkUp('wwan0', [4]))
  return `noPath, then ${text}`
}

export const scenarios = [
  ...forSuites(SUITES.slice(0, 1), 'strongSwan both ends', strongSwanBothEnds),
  ...forSuites(SUITES, 'our client', ourClient),
  ...forSuites(SUITES, 'our client on IPv6', ourClientIpv6),
  ...forSuites(SUITES, 'our responder', ourResponder),
  ...forSuites(SUITES, 'our responder on IPv6', ourResponderIpv6),
  ...forSuites(SUITES.slice(0, 1), 'our client in trouble', ourClientInTrouble),
  ...forSuites(SUITES.slice(0, 1), 'our responder in trouble', ourResponderInTrouble),
  ...forSuites(SUITES.slice(0, 1), 'our client, hard moves', hardMovesOfOurs),
  ...forSuites(SUITES.slice(0, 1), 'our responder, hard moves', hardMovesOfTheirs),
  ...forSuites(SUITES.slice(0, 1), 'our client, no ESP', withoutChildSa),
  { name: 'our client negotiates', run: clientNegotiation },
  { name: 'our responder negotiates', run: gatewayNegotiation },
  ...forSuites(SUITES.slice(0, 1), 'wrong secret', wrongSecret),
  ...forSuites(SUITES.slice(0, 1), 'peer without MOBIKE', withoutMobike),
  ...forSuites(SUITES.slice(0, 1), 'ours both ends', oursBothEnds)
]
