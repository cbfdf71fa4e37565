// Moves at the worst moment, with two Child SAs: the gateway's own address goes, a NAT starts anew, three of ten packets are
// lost, strongSwan rekeys just then, the client sleeps for ten minutes.

import { ADDRESSES, sleep } from './lab.mjs'
import { OurClient, OurGateway, StrongSwanClient, StrongSwanGateway } from './programs.mjs'
import { masqueraded, Roaming } from './roam.mjs'
import { begin, lossyMove, swap, weDelete } from './steps.mjs'
import { retransmission } from './strongswan.mjs'
import { dissectionSteps } from './wire-checks.mjs'

const { wlan0, wwan0, server, secondServer } = ADDRESSES
const servers = [server, secondServer]
const LOWER_HALF = { address: '10.9.0.0', prefixLength: 25 }
const TEN_MINUTES = 600
/** strongSwan takes no ESP after a move until its Child SA rekeys are through: several exchanges, each of which may lose packets. */
const STEADY = retransmission(0.4, 1.1, 15)

/** Our client, strongSwan's gateway. */
export async function hardMovesOfOurs(context, suite) {
  const { lab, step } = context
  lab.linkUp('wlan0', [4])
  const halved = {
    ...suite,
    network: LOWER_HALF,
    ours: { ...suite.ours, livenessMs: 5_000 },
    strongSwan: { ...suite.strongSwan, RETRANSMISSION: STEADY }
  }
  const { client, gateway, capture } = await begin(context, halved, OurClient, StrongSwanGateway, 'client')
  const { daemon } = gateway
  const roaming = new Roaming({ client, gateway, servers })
  await step('two Child SAs, echo', () => roaming.connect(wlan0[4]))
  await gatewayAddressGoes(context, roaming)
  lab.masquerade('wwan0')
  await step('behind a NAT', () => roaming.move(masqueraded(4), () => swap(lab, 'wlan0', 'wwan0', 4)))
  await step('NAT with other ports', () => roaming.move(otherPorts, () => lab.masquerade('wwan0', OTHER_PORTS)))
  await step('asleep for 10 minutes', () => roaming.remapped(() => asleep(lab, client)))
  await step('out of the NAT', () => roaming.move(wlan0[4], () => swap(lab, 'wwan0', 'wlan0', 4)))
  lab.clearNat()
  await step('strongSwan rekeys IKE in a move', () =>
    roaming.rekeyedWhileMoving('IKE SA', wwan0[4], () =>
      rekeying(daemon, '--ike', 'roam', () => swap(lab, 'wlan0', 'wwan0', 4))
    )
  )
  await step('strongSwan rekeys ESP in a move', () =>
    roaming.rekeyedWhileMoving('Child SA', wlan0[4], () =>
      rekeying(daemon, '--child', 'net', () => swap(lab, 'wwan0', 'wlan0', 4))
    )
  )
  await lossyMoves(context, roaming)
  await step('we delete', () => weDelete(client, daemon))
  await capture.stop()
  await context.stopAll()
  await dissectionSteps({ step, capture: capture.file, log: daemon.log, suite })
}

/** strongSwan's client, our gateway. */
export async function hardMovesOfTheirs(context, suite) {
  const { lab, step } = context
  lab.linkUp('wlan0', [4])
  const halved = {
    ...suite,
    strongSwan: { ...suite.strongSwan, DPD: '2s', NETWORK: '10.9.0.0/25', RETRANSMISSION: STEADY }
  }
  const { client, gateway, capture } = await begin(context, halved, StrongSwanClient, OurGateway, 'gateway')
  const { daemon } = client
  const roaming = new Roaming({ client, gateway, servers })
  await step('two Child SAs, echo', () => roaming.connect(wlan0[4]))
  await gatewayAddressGoes(context, roaming)
  lab.masquerade('wwan0')
  await step('behind a NAT', () => roaming.move(masqueraded(4), () => swap(lab, 'wlan0', 'wwan0', 4)))
  await step('NAT with other ports', () => roaming.move(otherPorts, () => lab.masquerade('wwan0', OTHER_PORTS)))
  await step('out of the NAT', () => roaming.move(wlan0[4], () => swap(lab, 'wwan0', 'wlan0', 4)))
  lab.clearNat()
  await step('our gateway asleep for 10 minutes', async () => {
    await asleep(lab, gateway)
    return roaming.echo()
  })
  await step('strongSwan rekeys IKE in a move', () =>
    roaming.rekeyedWhileMoving('IKE SA', wwan0[4], () =>
      rekeyingOnceMoved(gateway, daemon, '--ike', 'roam', () => swap(lab, 'wlan0', 'wwan0', 4))
    )
  )
  await step('strongSwan rekeys ESP in a move', () =>
    roaming.rekeyedWhileMoving('Child SA', wlan0[4], () =>
      rekeyingOnceMoved(gateway, daemon, '--child', 'net', () => swap(lab, 'wwan0', 'wlan0', 4))
    )
  )
  await lossyMoves(context, roaming)
  await step('we delete', () => weDelete(gateway, daemon))
  await capture.stop()
  await context.stopAll()
  await dissectionSteps({ step, capture: capture.file, log: daemon.log, suite })
}

const OTHER_PORTS = '30000-39999'
const otherPorts = (remote) => masqueraded(4)(remote) && remote.port >= 30_000

async function gatewayAddressGoes({ lab, step }, roaming) {
  for (const sending of [false, true]) {
    let gone
    await step(`gateway's address removed, ${sending ? 'client sends' : 'client idle'}`, () =>
      roaming.gatewayMoved(
        (address) => {
          gone = address
          lab.gatewayAddress('del', address)
        },
        { sending }
      )
    )
    lab.gatewayAddress('add', gone)
  }
}

/** strongSwan starts a rekey, and the client's links change before it can be over. */
async function rekeying(daemon, kind, name, change) {
  const rekey = daemon.swanctl('--rekey', kind, name)
  change()
  await rekey
}

/**
 * strongSwan's client never sends an outstanding CREATE_CHILD_SA request from a new address and gives its IKE SA up, whoever
 * the peer is. So it rekeys at once when our gateway has followed its UPDATE, while its own Child SA rekeys are under way.
 */
async function rekeyingOnceMoved(gateway, daemon, kind, name, change) {
  const from = gateway.events.length
  change()
  await gateway.waitFor('the move', 15_000, ({ report }) => report?.kind === 'peerMoved', from)
  await daemon.swanctl('--rekey', kind, name)
}

/** The NAT forgets meanwhile, as it would. */
async function asleep(lab, program) {
  program.pause()
  lab.forgetConnections()
  await sleep(2_000)
  program.wake(TEN_MINUTES)
}

async function lossyMoves({ lab, step }, roaming) {
  lab.loseThreeInTen()
  await step('30 % loss, to wwan0', () => lossyMove(roaming, wwan0[4], () => swap(lab, 'wlan0', 'wwan0', 4)))
  await step('30 % loss, IPv4 to IPv6', () => lossyMove(roaming, wlan0[6], () => swap(lab, 'wwan0', 'wlan0', 6)))
  lab.masquerade('wwan0')
  await step('30 % loss, behind a NAT', () => lossyMove(roaming, masqueraded(4), () => swap(lab, 'wlan0', 'wwan0', 4)))
  await step('30 % loss, out of the NAT', () => lossyMove(roaming, wlan0[4], () => swap(lab, 'wwan0', 'wlan0', 4)))
  lab.clearFilter()
  lab.clearNat()
  await step('no loss', () => roaming.echo())
}
