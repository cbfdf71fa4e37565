import { DEFAULT_MOBIKE_POLICY, type MobikeHint, type MobikePolicy } from '../../src/mobike/index.ts'
import { DEFAULT_SESSION_LIMITS, type SessionOptions } from '../../src/session/index.ts'
import { createSeededRandom } from '../../src/sim/index.ts'
import { FuzzedData } from '../fuzz/fuzzed-data.ts'
import { Live } from '../fuzz/live/live.ts'
import { disagreement, disagreementOnPaths } from '../session/agreement.ts'
import { Nat } from '../session/nat.ts'
import { other, Pair, type SideName } from '../session/pair.ts'
import { type Deed, GATEWAY_ADDRESSES, perform, storm } from '../session/storm.ts'
import { Model } from './model.ts'

/** One thing that happens. */
export type Happening =
  | Deed
  | { readonly what: 'flush' }
  | { readonly what: 'sleep'; readonly ms: number }
  | { readonly what: 'offline'; readonly ms: number; readonly to: number }
  | { readonly what: 'hint'; readonly hint: MobikeHint }
  | { readonly what: 'bend'; readonly octets: Uint8Array }

/** One simulated session: who the ends are, the weather, and what happens. The seed decides all of it. */
export interface Plan {
  readonly seed: number
  readonly start: number
  readonly loss: number
  readonly copies: number
  readonly jitterMs: number
  readonly isHostile: boolean
  readonly happenings: readonly Happening[]
}

type Random = ReturnType<typeof createSeededRandom>

const SIDES: readonly SideName[] = ['client', 'gateway']
const HINTS: readonly MobikeHint[] = ['icmpError', 'linkTrouble', 'noInboundTraffic', 'unprotectedNotify', 'resumed']

function among<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T
}

function happening(random: Random, isHostile: boolean): Happening {
  const who = among(random, SIDES)
  const which = random.below(4)
  switch (random.below(isHostile ? 16 : 14)) {
    case 0:
    case 1:
    case 2:
      return { what: 'wait', ms: random.below(among(random, [20, 400, 6000, 60_000])) }
    case 3:
    case 4:
    case 5:
      return { what: 'move', to: random.below(3), before: random.below(2) === 0 }
    case 6:
      return { what: 'gatewayAddress', keep: 1 + random.below(3) }
    case 7:
      return { what: 'rekeyChild', who, which }
    case 8:
      return among<Happening>(random, [
        { what: 'newChild', who },
        { what: 'deleteChild', who, which }
      ])
    case 9:
      return { what: 'rekeyIke', who }
    case 10:
      return { what: 'liveness', who }
    case 11:
      return { what: 'update' }
    case 12:
      return { what: 'flush' }
    case 13:
      return among<Happening>(random, [
        { what: 'sleep', ms: random.below(120_000) },
        { what: 'offline', ms: random.below(60_000), to: random.below(3) },
        { what: 'hint', hint: among(random, HINTS) }
      ])
    default:
      return { what: 'bend', octets: random.octets(24) }
  }
}

type When = MobikePolicy['routability']['when']

/** Policies of client and gateway: when each checks routability, and how wide a window it grants. */
const POLICIES: readonly { readonly when: readonly [When, When]; readonly window: readonly [number, number] }[] = [
  { when: ['before', 'before'], window: [1, 1] },
  { when: ['after', 'after'], window: [1, 1] },
  { when: ['never', 'never'], window: [1, 1] },
  { when: ['before', 'before'], window: [4, 4] },
  { when: ['never', 'before'], window: [1, 4] },
  { when: ['before', 'after'], window: [4, 1] }
]

let starts: readonly Pair[] | undefined

/** Both ends established, of each policy: made once, for a handshake costs more than what follows. */
function established(index: number): Pair {
  starts ??= POLICIES.map(({ when, window }) => {
    const [client, gateway] = ([0, 1] as const).map((side): Partial<SessionOptions> => {
      const routability = { ...DEFAULT_MOBIKE_POLICY.routability, when: when[side] }
      return {
        mobike: { ...DEFAULT_MOBIKE_POLICY, routability },
        limits: { ...DEFAULT_SESSION_LIMITS, window: window[side] }
      }
    })
    const pair = new Pair(client, gateway)
    pair.isThorough = false
    return pair.establish()
  })
  return (starts[index] as Pair).copy()
}

export function planOf(seed: number): Plan {
  const random = createSeededRandom(seed)
  const isHostile = random.below(8) === 0
  return {
    seed,
    start: random.below(POLICIES.length),
    loss: among(random, [0, 0, 0.1, 0.3]),
    copies: among(random, [0, 0.2]),
    jitterMs: among(random, [0, 30, 700]),
    isHostile,
    happenings: Array.from({ length: 2 + random.below(7) }, () => happening(random, isHostile))
  }
}

/** Lives one session; throws what does not hold. */
export function live(plan: Plan): void {
  const pair = established(plan.start)
  const calm = storm(pair, plan)
  // One in sixteen is stored and restored after every step, which must change nothing.
  pair.isThorough = plan.seed % 64 === 0
  pair.isRestored = plan.seed % 16 === 0
  const nat = new Nat(pair)
  const route = pair.route
  pair.route = (datagram) => {
    const arrival = route(datagram)
    const { localAddresses } = pair[other(datagram.from)].session.state.surroundings
    return localAddresses.some(({ address }) => address === arrival?.local.address) ? arrival : undefined
  }
  const model = new Model(pair, POLICIES[plan.start]?.when[1] === 'before')
  const around = plan.isHostile ? new Live(pair) : undefined
  for (const one of plan.happenings) happen(pair, nat, around, one)
  calm()
  const addresses = GATEWAY_ADDRESSES.map((address) => ({ address }))
  pair.tell('gateway', { type: 'localAddressesChanged', addresses })
  pair.advance(400_000)
  // What an attacker changed may have ended the session, or parted the ends: that much is its right.
  if (plan.isHostile) return
  findMapping(pair, nat)
  const isInside = pair.client.session.state.mobike?.childPath.local.address === nat.inside
  const trouble = disagreement(pair) ?? (isInside ? undefined : disagreementOnPaths(pair))
  if (trouble !== undefined) throw new Error(trouble)
  model.kernelsMeet(({ local, remote }) => {
    const seen = isInside ? { address: nat.outside, port: nat.port(local.port) } : local
    return { local: remote, remote: seen }
  })
}

/** A mapping lost between a rekey and the next check shows only in that nothing arrives any more (D22): the host says so. */
function findMapping(pair: Pair, nat: Nat): void {
  for (let count = 0; count < 3; count++) {
    const mine = pair.client.session.state.mobike?.childPath.local
    const theirs = pair.gateway.session.state.mobike?.childPath.remote
    if (mine?.address !== nat.inside || theirs?.port === nat.port(mine.port)) return
    pair.tell('client', { type: 'hintReceived', hint: 'noInboundTraffic' })
    pair.advance(60_000)
  }
}

function happen(pair: Pair, nat: Nat, around: Live | undefined, one: Happening): void {
  switch (one.what) {
    case 'flush':
      return nat.flush()
    case 'sleep':
      pair.now += one.ms
      return pair.advance(0)
    case 'offline':
      pair.tell('client', { type: 'localAddressesChanged', addresses: [] })
      pair.advance(one.ms)
      return perform(pair, { what: 'move', to: one.to, before: false })
    case 'hint':
      pair.tell('client', { type: 'hintReceived', hint: one.hint })
      return
    case 'bend':
      return around?.bend(new FuzzedData(one.octets))
    default:
      return perform(pair, one)
  }
}

/** The same plan with as little in it as still fails. */
export function smallest(plan: Plan): Plan {
  const fails = (candidate: Plan): boolean => {
    try {
      live(candidate)
      return false
    } catch {
      return true
    }
  }
  let least = plan
  for (let at = 0; at < least.happenings.length; ) {
    const less = { ...least, happenings: least.happenings.filter((_, index) => index !== at) }
    if (fails(less)) least = less
    else at++
  }
  const calmer = { ...least, loss: 0, copies: 0, jitterMs: 0 }
  return fails(calmer) ? calmer : least
}
