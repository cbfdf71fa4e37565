// Two ends of another IKEv2 stack, with MOBIKE: a client that changes its network, a gateway that loses an address, an hour
// without any network.

import type { Path } from 'ikev2-mobike'
import { DEFAULT_MOBIKE_POLICY, type NatObservation } from 'ikev2-mobike/mobike'
import { type NatHash, OtherStack } from './other-stack.ts'
import { World } from './world.ts'

const WIFI = '198.18.0.2'
/** Behind a NAT that shows it as 203.0.113.7. */
const CELLULAR = '10.2.0.2'
const GATEWAY = ['192.0.2.1', '198.51.100.1'] as const
const HOUR_MS = 3_600_000

/** Both ends, as they stand when all is over. */
export interface Story {
  readonly world: World
  readonly client: OtherStack
  readonly gateway: OtherStack
}

/** Plays it. `random` must be unpredictable wherever it is more than a story. */
export function playStory(natHash: NatHash, random: (length: number) => Uint8Array): Story {
  const world = new World({ inside: '10.2.', outside: '203.0.113.7' })
  const spis = [spi(0x11), spi(0x22)] as const
  const path: Path = { local: { address: WIFI, port: 4500 }, remote: { address: GATEWAY[0], port: 4500 } }
  const none: Omit<NatObservation, 'destinationHash'> = { localBehindNat: false, remoteBehindNat: false }
  const common = {
    world,
    spis,
    policy: DEFAULT_MOBIKE_POLICY,
    natHash,
    random
  }
  const agreed = { natTraversal: true, remoteCandidates: [], excludedPrefixes: [] }
  const client = new OtherStack({
    ...common,
    name: 'client',
    init: {
      ...agreed,
      role: 'initiator',
      path,
      nat: { ...none, destinationHash: hex(natHash(spis, path.local)) },
      localAddresses: [{ address: WIFI }],
      peerAddresses: [GATEWAY[1]]
    }
  })
  const gateway = new OtherStack({
    ...common,
    name: 'gateway',
    init: {
      ...agreed,
      role: 'responder',
      path: { local: path.remote, remote: path.local },
      nat: { ...none, destinationHash: hex(natHash(spis, path.remote)) },
      localAddresses: GATEWAY.map((address) => ({ address })),
      peerAddresses: []
    }
  })

  const part = (title: string, lasts: number, happens: () => void): void => {
    world.lines.push('', title)
    happens()
    world.run(world.now + lasts)
  }
  part('Wi-Fi is lost, cellular is there', 1000, () => client.setAddresses([{ address: CELLULAR }]))
  part('An address of the gateway fails, and nobody says so', 9000, () => {
    world.dead.add(GATEWAY[0])
    client.mobike.tell({ type: 'hintReceived', now: world.now, hint: 'noInboundTraffic' })
  })
  part('No network for an hour', HOUR_MS, () => client.setAddresses([]))
  part('Wi-Fi is back', 1000, () => client.setAddresses([{ address: WIFI }]))
  return { world, client, gateway }
}

function spi(value: number): Uint8Array {
  return new Uint8Array(8).fill(value)
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex')
}
