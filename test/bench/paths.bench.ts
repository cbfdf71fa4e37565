import type { Path } from '../../src/bytes/index.ts'
import {
  createMobike,
  DEFAULT_MOBIKE_POLICY,
  type LocalAddress,
  type MobikeEvent,
  type MobikeState,
  nextMobikeRequest,
  stepMobike
} from '../../src/mobike/index.ts'
import { compare } from './measure.ts'

/** The MOBIKE machine with 16 addresses on either side against the same with two: what a step costs does not follow the pairs. */

const policy = DEFAULT_MOBIKE_POLICY
const entropy = new Uint8Array(32).fill(7)
const WORKING = { localBehindNat: false, remoteBehindNat: false, destinationHash: 'a1' }

class Initiator {
  now = 0
  state: MobikeState
  readonly addresses: readonly LocalAddress[]

  constructor(count: number) {
    const numbers = Array.from({ length: count }, (_, index) => index + 1)
    this.addresses = numbers.map((number) => ({ address: `198.51.100.${number}`, cost: number }))
    this.state = createMobike(policy, {
      now: 0,
      role: 'initiator',
      path: {
        local: { address: '198.51.100.1', port: 4500 },
        remote: { address: '192.0.2.1', port: 4500 }
      },
      natTraversal: true,
      nat: WORKING,
      peerAddresses: numbers.slice(1).map((number) => `192.0.2.${number}`),
      localAddresses: this.addresses,
      remoteCandidates: [],
      excludedPrefixes: []
    }).state
  }

  tell(event: MobikeEvent): void {
    this.state = stepMobike(policy, this.state, event).state
  }

  /** Every request the machine has is asked for, and answered at once. */
  exchange(): number {
    for (let count = 0; ; count++) {
      const next = nextMobikeRequest(policy, this.state, { now: this.now, entropy })
      this.state = next.state
      if (next.request === null) return count
      const { token, path, notifies } = next.request
      const nat = notifies.some(({ kind }) => kind === 'natDetection') ? WORKING : null
      const echoed = notifies.filter(({ kind }) => kind === 'cookie2')
      this.tell({ type: 'responseReceived', token, path, ...ends(path), notifies: echoed, nat, now: this.now })
    }
  }

  /** The best address goes, or comes back when it had gone. */
  move(): void {
    const { length } = this.state.local
    const isThere = length === this.addresses.length
    this.now += 60_000
    const addresses = isThere ? this.addresses.slice(1) : this.addresses
    this.tell({ type: 'localAddressesChanged', addresses, now: this.now })
    this.now += 60_000
    this.tell({ type: 'tick', now: this.now })
    const requests = this.exchange()
    if (requests < 1) throw new Error('no request after a move')
    this.tell({ type: 'childSasMoved', now: this.now })
  }

  /** Replies are missing: a test of other pairs begins, its first beats pass, and then the peer answers after all. */
  doubt(): void {
    this.now += 60_000
    this.tell({ type: 'livenessDue', now: this.now })
    const { state, request } = nextMobikeRequest(policy, this.state, { now: this.now, entropy })
    if (request === null) throw new Error('no request')
    this.state = state
    const { token, path } = request
    this.tell({ type: 'requestRetransmitted', token, attempt: 2, now: this.now })
    for (let beat = 0; beat < 4; beat++) {
      this.now += 300
      this.tell({ type: 'tick', now: this.now })
    }
    if (this.state.probing === null) throw new Error('no test of other pairs')
    this.tell({ type: 'responseReceived', token, path, ...ends(path), notifies: [], nat: null, now: this.now })
  }

  liveness(): void {
    this.now += 60_000
    this.tell({ type: 'livenessDue', now: this.now })
    if (this.exchange() !== 1) throw new Error('one request was expected')
  }
}

function ends({ local, remote }: Path): { sources: [Path['local']]; destinations: [Path['remote']] } {
  return { sources: [local], destinations: [remote] }
}

const many = new Initiator(16)
const few = new Initiator(2)
many.tell({ type: 'tick', now: 0 })
few.tell({ type: 'tick', now: 0 })

const kinds: readonly [string, (initiator: Initiator) => void][] = [
  ['a tick', (initiator) => initiator.tell({ type: 'tick', now: initiator.now })],
  ['liveness check', (initiator) => initiator.liveness()],
  ['path test begun and ended', (initiator) => initiator.doubt()],
  ['move and move back', (initiator) => [initiator.move(), initiator.move()]]
]
for (const [kind, run] of kinds) {
  const figure = `16 × 16 pairs for 2 × 2: ${kind}`
  compare({
    figure,
    ours: () => run(many),
    floor: () => run(few),
    bound: 'atMost',
    must: 2,
    aim: 1.25,
    warmUpCalls: 5000
  })
}
