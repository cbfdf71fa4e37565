import type { Path } from '../../src/bytes/index.ts'
import { DEFAULT_MOBIKE_POLICY, type MobikeHint, type MobikePolicy } from '../../src/mobike/index.ts'
import { DEFAULT_SESSION_LIMITS, type SessionOptions } from '../../src/session/index.ts'
import { createSeededRandom } from '../../src/sim/index.ts'
import { FuzzedData } from '../fuzz/fuzzed-data.ts'
import { Live } from '../fuzz/live/live.ts'
import { disagreement, disagreementOnPaths } from '../session/agreement.ts'
import { Nat } from '../session/nat.ts'
import { other, Pair, type SideName } from '../session/pair.ts'
import { type Deed, gatewayAddresses, perform, storm } from '../session/storm.ts'
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
      return { what: 'move', to: random.below(4), before: random.below(2) === 0 }
    case 6: {
      // Sometimes it has none: its cable is pulled.
      const keep = random.below(6) === 0 ? 0 : 1 + random.below(3)
      return { what: 'gatewayAddress', keep, isDualStack: true }
    }
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
        { what: 'offline', ms: random.below(60_000), to: random.below(4) },
        { what: 'hint', hint: among(random, HINTS) }
      ])
    default:
      return { what: 'bend', octets: random.octets(24) }
  }
}

type When = MobikePolicy['routability']['when']

interface Start {
  readonly when: readonly [When, When]
  readonly window: readonly [number, number]
  readonly natTraversal?: MobikePolicy['natTraversal']
  /** Pairs of a client's and a gateway's address to which the gateway lets no client come. */
  readonly refused?: readonly string[]
}

/** Each client address has a gateway address that takes it, and IKE_AUTH runs where it may. */
const REFUSED = ['10.2.0.2 192.0.2.1', '10.4.0.2 198.51.100.1', '2001:db8:a::2 2001:db8:2::1']

/** Policies of client and gateway: when each checks routability, how wide a window it grants, and whether a NAT may be between. */
const POLICIES: readonly Start[] = [
  { when: ['before', 'before'], window: [1, 1] },
  { when: ['after', 'after'], window: [1, 1] },
  { when: ['never', 'never'], window: [1, 1] },
  { when: ['before', 'before'], window: [4, 4] },
  { when: ['never', 'before'], window: [1, 4] },
  { when: ['before', 'after'], window: [4, 1] },
  { when: ['before', 'before'], window: [1, 1], natTraversal: 'forbid' },
  { when: ['before', 'never'], window: [4, 1], natTraversal: 'forbid' },
  { when: ['before', 'before'], window: [1, 1], refused: REFUSED },
  { when: ['after', 'never'], window: [4, 4], refused: REFUSED }
]

let starts: readonly Pair[] | undefined

/** Both ends established, of each policy: made once, for a handshake costs more than what follows. */
function established(index: number): Pair {
  starts ??= POLICIES.map(({ when, window, natTraversal = 'allow', refused }) => {
    const acceptPath: MobikePolicy['acceptPath'] = ({ local, remote }) => {
      return refused?.includes(`${remote.address} ${local.address}`) !== true
    }
    const [client, gateway] = ([0, 1] as const).map((side): Partial<SessionOptions> => {
      const routability = { ...DEFAULT_MOBIKE_POLICY.routability, when: when[side] }
      return {
        mobike: { ...DEFAULT_MOBIKE_POLICY, natTraversal, routability, ...(side === 1 ? { acceptPath } : {}) },
        limits: { ...DEFAULT_SESSION_LIMITS, window: window[side] }
      }
    })
    const pair = new Pair(client, gateway)
    pair.isThorough = false
    pair.establish().tell('gateway', { type: 'localAddressesChanged', addresses: gatewayAddresses(3, true) })
    pair.settle()
    return pair
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
  const isNatForbidden = POLICIES[plan.start]?.natTraversal === 'forbid'
  const model = new Model(pair, POLICIES[plan.start]?.when[1] === 'before', isNatForbidden ? nat.outside : null)
  const around = plan.isHostile ? new Live(pair) : undefined
  for (const one of plan.happenings) happen(pair, nat, around, one)
  calm()
  // Nothing works through a NAT that is not allowed: the client goes where there is none.
  if (isNatForbidden) perform(pair, { what: 'move', to: 0, before: false })
  perform(pair, { what: 'gatewayAddress', keep: 3, isDualStack: true })
  // What an attacker changed may have ended the session, or parted the ends: that much is its right.
  const maySayNo = isNatForbidden || POLICIES[plan.start]?.refused !== undefined
  if (plan.isHostile || (maySayNo && hasGivenUp(pair))) return pair.advance(RECOVERY_MS)
  comeTogether(plan, pair, nat, model, maySayNo)
}

/** How long after a path works again both ends may take to carry their traffic on it, ms: a liveness check, and the longest wait between retransmissions. */
const ON_PATH_MS = 180_000
/** How long until nothing is left over either, ms: a Delete of an old IKE SA, which the other end may have forgotten, goes unanswered. */
const RECOVERY_MS = 400_000
/** When the host of a client whose mapping is lost says that nothing arrives, ms: by then the client is to have noticed what it can. */
const HINT_MS = 120_000
/** How often they are looked at meanwhile, ms. */
const LOOK_MS = 5000

/** Both ends are to agree in time. */
function comeTogether(plan: Plan, pair: Pair, nat: Nat, model: Model, maySayNo: boolean): void {
  const seen = ({ local, remote }: Path): Path => {
    const isInside = local.address === nat.inside
    return { local: remote, remote: isInside ? { address: nat.outside, port: nat.port(local.port) } : local }
  }
  const hasEnded = (): boolean => maySayNo && hasGivenUp(pair)
  const onPaths = (): string | undefined => {
    return hasEnded() ? undefined : (model.kernelsDiffer(seen) ?? disagreementOnPaths(pair, seen))
  }
  const hasRekeyed = plan.happenings.some(({ what }) => what === 'rekeyIke')
  const took = waitFor(pair, 0, ON_PATH_MS, onPaths, (took) => {
    // Every fourth client is busy: its exchanges go well whatever address the gateway takes for its.
    if (plan.seed % 4 === 0) perform(pair, { what: 'rekeyChild', who: 'client', which: 0 })
    if (took === HINT_MS && hasRekeyed && isMappingLost(pair, nat))
      pair.tell('client', { type: 'hintReceived', hint: 'noInboundTraffic' })
  })
  waitFor(pair, took, RECOVERY_MS, () => (hasEnded() ? undefined : (onPaths() ?? disagreement(pair))))
}

/** Lets time pass until there is no trouble; what is left of it when time is up is thrown. Returns how long it took. */
function waitFor(
  pair: Pair,
  since: number,
  limit: number,
  trouble: () => string | undefined,
  meanwhile: (took: number) => void = () => {}
): number {
  for (let took = since; ; took += LOOK_MS) {
    const what = trouble()
    if (what === undefined) return took
    if (took >= limit) throw new Error(`after ${took / 1000} s: ${what}`)
    meanwhile(took)
    pair.advance(LOOK_MS)
  }
}

/** A client that had nothing but a way through a NAT, where both forbid one, or that is refused, has ended the session. */
function hasGivenUp(pair: Pair): boolean {
  return pair
    .reports('client')
    .some((report) => report.kind === 'closed' && ['unexpectedNat', 'updateRefused'].includes(report.reason))
}

/** A mapping lost between a rekey and the next check shows only in that nothing arrives any more (D22): the host says so. */
function isMappingLost(pair: Pair, nat: Nat): boolean {
  const mine = pair.client.session.state.mobike?.childPath.local
  const theirs = pair.gateway.session.state.mobike?.childPath.remote
  return mine?.address === nat.inside && theirs?.port !== nat.port(mine.port)
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
