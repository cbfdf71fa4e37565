import { aes256Gcm16, prfHmacSha256, x25519 } from '../../src/crypto/index.ts'
import { nodeAes256Gcm16, nodePrfHmacSha256, nodeX25519 } from '../../src/node/index.ts'
import { type SessionEvent, stepSession } from '../../src/session/index.ts'
import { type BareLibrary, bareHandshake, bareUpdate, nobleLibrary, nodeLibrary } from './bare-crypto.ts'
import { compare, send, time } from './measure.ts'
import { type Algorithms, addressNow, connect, createTwoEnds, happen, WLAN, WWAN } from './two-ends.ts'

/** Whole handshakes and MOBIKE updates, both ends, against their bare crypto; and a step that does nothing. */

const noble: Algorithms = { encryption: aes256Gcm16, prf: prfHmacSha256, keyExchange: x25519 }
const node: Algorithms = { encryption: nodeAes256Gcm16, prf: nodePrfHmacSha256, keyExchange: nodeX25519 }

// First the fast library: a session has much code, and the compiler is done with it after thousands of handshakes only.
handshake('node handshake PSK + X25519', node, nodeLibrary, { must: 1.25, aim: 1.12, warmUpCalls: many(4000) })
handshake('handshake PSK + X25519', noble, nobleLibrary, { must: 1.05, aim: 1.02, warmUpCalls: many(1000) })
update('MOBIKE update', noble, nobleLibrary, { must: 0.6, aim: 0.4, warmUpCalls: many(5000) })
update('node MOBIKE update', node, nodeLibrary, { must: 1.5, aim: 1.25, warmUpCalls: many(5000) })
idleStep()

interface Limits {
  readonly must: number
  readonly aim: number
  readonly warmUpCalls: number
}

function many(calls: number): number {
  return process.argv.includes('--quick') ? calls / 10 : calls
}

function handshake(figure: string, algorithms: Algorithms, library: BareLibrary, limits: Limits): void {
  const ours = (): unknown => {
    const ends = createTwoEnds(algorithms)
    connect(ends)
    return ends
  }
  compare({ figure, ours, floor: () => bareHandshake(library), bound: 'atMost', ...limits })
}

/** The phone goes back and forth between two networks: UPDATE_SA_ADDRESSES, return routability, nothing else. */
function update(figure: string, algorithms: Algorithms, library: BareLibrary, limits: Limits): void {
  const ends = createTwoEnds(algorithms)
  connect(ends)
  let address = WLAN
  const move = (): void => {
    address = address === WLAN ? WWAN : WLAN
    happen(ends, ends.initiator, addressNow(address))
  }
  move()
  const before = ends.datagrams
  move()
  // What the bare crypto is that of: update and check, request and response each.
  const { reports } = ends.responder
  if (ends.datagrams - before !== 4 || reports.get('peerMoved') !== 2 || reports.get('routabilityVerified') !== 2) {
    throw new Error(`${ends.datagrams - before} messages, ${JSON.stringify([...reports])}`)
  }
  compare({ figure, ours: move, floor: () => bareUpdate(library), bound: 'atMost', ...limits })
}

function idleStep(): void {
  const ends = createTwoEnds(noble)
  connect(ends)
  const { config, session } = ends.initiator
  const event: SessionEvent = { type: 'tick', now: ends.now, entropy: new Uint8Array(32) }
  const ours = time(() => stepSession(config, session, event))
  send({
    figure: 'a step without crypto',
    unit: 'µs',
    ours,
    floor: null,
    ratio: ours,
    bound: 'atMost',
    must: 2,
    aim: 0.5
  })
}
