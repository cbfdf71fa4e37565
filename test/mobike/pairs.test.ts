import { describe, expect, it } from 'vitest'
import { type Path, pathText } from '../../src/bytes/index.ts'
import {
  type CandidatePair,
  createMobike,
  DEFAULT_MOBIKE_POLICY,
  type MobikeAction,
  type MobikeInit,
  type MobikePolicy,
  type MobikeStep,
  nextMobikeRequest,
  nextMobikeWake,
  type ProbingPolicy,
  pathTable,
  reachability,
  type SelectionPolicy,
  stepMobike
} from '../../src/mobike/index.ts'
import { withRecord, withRecords } from '../../src/mobike/path-table.ts'
import { candidatePaths } from '../../src/mobike/selection.ts'
import { at, Lab, path } from './harness.ts'

const A = '198.18.0.1'
const B = '198.18.7.2'
const GW1 = '203.0.113.1'
const GW2 = '203.0.113.2'

/** An initiator just established, without a peer to talk to. */
function established(init: Partial<MobikeInit> = {}, policy: MobikePolicy = DEFAULT_MOBIKE_POLICY): MobikeStep {
  return createMobike(policy, {
    now: 0,
    role: 'initiator',
    path: path(A, GW1),
    natTraversal: true,
    nat: { localBehindNat: false, remoteBehindNat: false, destinationHash: '00' },
    peerAddresses: [],
    localAddresses: [{ address: A }],
    remoteCandidates: [],
    excludedPrefixes: [],
    ...init
  })
}

describe('ports', () => {
  it('ESP is not UDP-encapsulated on the IKE port of the configuration, and is on any other', () => {
    const nat = { localBehindNat: true, remoteBehindNat: false, destinationHash: '00' }
    const isEncapsulated = (ports: MobikeInit['ports'], port: number): boolean =>
      established({
        nat,
        path: path(`${A}#${port}`, `${GW1}#${port}`),
        ...(ports === undefined ? {} : { ports })
      }).state.encapsulate
    expect(isEncapsulated(undefined, 500)).toBe(false)
    expect(isEncapsulated(undefined, 4500)).toBe(true)
    expect(isEncapsulated({ ike: 10_500, natTraversal: 14_500 }, 10_500)).toBe(false)
    expect(isEncapsulated({ ike: 10_500, natTraversal: 14_500 }, 500)).toBe(true)
    // One port for both, as behind firewalls that let nothing else pass.
    expect(isEncapsulated({ ike: 4500, natTraversal: 4500 }, 4500)).toBe(true)
  })
})

const NOBODY: MobikePolicy = {
  ...DEFAULT_MOBIKE_POLICY,
  routability: { ...DEFAULT_MOBIKE_POLICY.routability, when: 'never' }
}

function selection(patch: Partial<SelectionPolicy>, probing: Partial<ProbingPolicy> = {}): Partial<MobikePolicy> {
  return {
    selection: { ...DEFAULT_MOBIKE_POLICY.selection, ...patch },
    probing: { ...DEFAULT_MOBIKE_POLICY.probing, ...probing }
  }
}

/** `count` addresses of a documentation prefix. */
const many = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}.${index + 1}`)

/** Where an initiator whose peer says nothing has sent to, in order, as the host's retransmission goes on. */
function probed(policy: MobikePolicy, init: Partial<MobikeInit>, ms: number): string[] {
  const sent: string[] = []
  let { state } = established(init, policy)
  const take = (step: MobikeStep): void => {
    state = step.state
    for (const action of step.actions) if (action.type === 'transmitOutstanding') sent.push(pathText(action.path))
  }
  take(stepMobike(policy, state, { type: 'livenessDue', now: 0 }))
  take({ ...nextMobikeRequest(policy, state, { now: 0, entropy: new Uint8Array(32) }), actions: [] })
  take(stepMobike(policy, state, { type: 'requestRetransmitted', token: 1, attempt: 9, now: 0 }))
  for (;;) {
    const at = nextMobikeWake(state)
    if (at === undefined || at > ms) return sent
    take(stepMobike(policy, state, { type: 'tick', now: at }))
  }
}

describe('many pairs', () => {
  const sixteen = {
    localAddresses: [A, ...many('198.51.100', 15)].map((address) => ({ address })),
    peerAddresses: many('192.0.2', 15)
  }

  it('C38 every one of 16 × 16 pairs is tested before the peer counts as unreachable, each as often as policy says', () => {
    const sent = probed({ ...NOBODY, ...selection({}, { attemptsPerPair: 2 }) }, sixteen, 3_600_000)
    const counts = new Map<string, number>()
    for (const pair of sent) counts.set(pair, (counts.get(pair) ?? 0) + 1)
    const current = `${A}:4500 > ${GW1}:4500`
    expect(counts.size).toBe(256)
    expect([...counts].filter(([pair, count]) => pair !== current && count !== 2)).toEqual([])
  })

  it('a pair that failed stays marked until it may be tried again, however many others failed since', () => {
    const { state } = established(sixteen, NOBODY)
    const paths = pathTable(state).map((view) => view.path)
    const failed = { ...state, pairs: withRecords(state, paths, { status: 'failed', until: 30_000 }) }
    expect(pathTable(failed).map(({ status }) => status)).toEqual(Array.from({ length: 256 }, () => 'failed'))
    expect(candidatePaths(failed, 29_999, 300, false)).toEqual([])
    expect(candidatePaths(failed, 30_000, 300, false)).toHaveLength(256)
  })

  it('the table is bounded by maxPairs: the peer cannot crowd out our own addresses, nor they the one in use', () => {
    const policy = { ...NOBODY, ...selection({ maxPairs: 12 }), maxPeerAddresses: 100 }
    const { state } = established(
      { localAddresses: sixteen.localAddresses.slice(0, 4), peerAddresses: many('192.0.2', 99) },
      policy
    )
    expect(pathTable(state)).toHaveLength(12)
    expect(new Set(pathTable(state).map(({ path: { local } }) => local.address)).size).toBe(4)
    const crowded = established(
      { localAddresses: [...many('198.51.100', 200), A].map((address) => ({ address })) },
      policy
    ).state
    expect(pathTable(crowded)).toHaveLength(12)
    expect(pathTable(crowded).some(({ current }) => current)).toBe(true)
  })

  it('what is known of a pair outlives an address event unless that event concerns its address', () => {
    let { state } = established(sixteen, NOBODY)
    const [one, two] = [path('198.51.100.1', '192.0.2.3'), path('198.51.100.2', '192.0.2.3')]
    for (const pair of [one, two]) {
      state = { ...state, pairs: withRecord(state, pair, { status: 'failed', until: 1_000_000 }) }
    }
    const without = sixteen.localAddresses.filter(({ address }) => address !== '198.51.100.1').reverse()
    const gone = stepMobike(NOBODY, state, { type: 'localAddressesChanged', addresses: without, now: 1 })
    const back = stepMobike(NOBODY, gone.state, {
      type: 'localAddressesChanged',
      addresses: sixteen.localAddresses,
      now: 2
    })
    const failed = pathTable(back.state).filter(({ status }) => status === 'failed')
    expect(failed.map((view) => view.path)).toEqual([two])
  })
})

describe('order of preference', () => {
  const two = {
    localAddresses: [
      { address: A, cost: 1 },
      { address: B, cost: 3 }
    ],
    remoteCandidates: [{ ...at(GW1), cost: 1 }, at(GW2)]
  }

  it('C38 the costs of both ends are added; a peer endpoint that costs less is gone back to', () => {
    const { state } = established(two, NOBODY)
    expect(candidatePaths(state, 0, 9, true)).toEqual([path(A, GW2), path(A, GW1), path(B, GW2), path(B, GW1)])
    // The one in use costs 2, the same address to GW2 costs 1.
    const told = stepMobike(NOBODY, state, { type: 'localAddressesChanged', addresses: two.localAddresses, now: 0 })
    const due = stepMobike(NOBODY, told.state, { type: 'tick', now: nextMobikeWake(told.state) ?? 0 })
    expect(due.actions).toContainEqual({ type: 'transmitOutstanding', path: path(A, GW2) })
  })

  it('the rank hook decides instead of costs, and null keeps a pair from ever being used', () => {
    const rank = ({ local, remote }: CandidatePair): number | null =>
      local.address === B && remote.address === GW1 ? null : local.address === B ? -1 : 5
    const policy = { ...NOBODY, ...selection({ rank }) }
    const { state } = established(two, policy)
    expect(candidatePaths(state, 0, 9, true)).toEqual([path(B, GW2), path(A, GW1), path(A, GW2)])
    const sent = probed(policy, two, 600_000)
    expect(new Set(sent)).toEqual(new Set([path(B, GW2), path(A, GW2), path(A, GW1)].map(pathText)))
  })

  it('the hook is asked when addresses change, not when packets come', () => {
    let asked = 0
    const rank = (): number => asked++
    const policy = { ...NOBODY, ...selection({ rank }) }
    let { state } = established(two, policy)
    const before = asked
    for (const event of [
      { type: 'tick' },
      { type: 'livenessDue' },
      { type: 'requestReceived', messageId: 0, path: path(A, GW1), notifies: [], nat: null },
      { type: 'requestRetransmitted', token: null, attempt: 3 }
    ] as const) {
      state = stepMobike(policy, state, { ...event, now: 1 }).state
    }
    expect(asked).toBe(before)
    stepMobike(policy, state, { type: 'localAddressesChanged', addresses: two.localAddresses, now: 2 })
    expect(asked).toBe(before + 4)
  })

  it('a rank that is no number is none', () => {
    const policy = { ...NOBODY, ...selection({ rank: () => Number.NaN }) }
    expect(candidatePaths(established(two, policy).state, 0, 9, true)).toEqual([])
  })
})

describe('width of a path test', () => {
  it('the one outstanding request goes out on as many pairs at a time as policy says, best first', () => {
    const init = { localAddresses: [{ address: A }, { address: B }], peerAddresses: [GW2] }
    const policy = { ...NOBODY, ...selection({}, { width: 3, attemptsPerPair: 2 }) }
    let { state } = established(init, policy)
    state = stepMobike(policy, state, { type: 'livenessDue', now: 0 }).state
    state = nextMobikeRequest(policy, state, { now: 0, entropy: new Uint8Array(32) }).state
    const beats: string[][] = []
    let step = stepMobike(policy, state, { type: 'requestRetransmitted', token: 1, attempt: 2, now: 0 })
    const times: number[] = []
    for (let now = 0; step.state.probing !== null; ) {
      times.push(now)
      beats.push(
        step.actions.flatMap((action) => (action.type === 'transmitOutstanding' ? [pathText(action.path)] : []))
      )
      now = nextMobikeWake(step.state) ?? Number.NaN
      step = stepMobike(policy, step.state, { type: 'tick', now })
    }
    const round = [[path(A, GW2), path(B, GW1), path(B, GW2)].map(pathText), [pathText(path(A, GW1))]]
    expect(beats).toEqual([...round, ...round])
    expect(times).toEqual([0, 300, 600, 1200])
  })
})

describe('NAT_DETECTION by pair', () => {
  const V6 = '2001:db8:1::1'
  const GW6 = '2001:db8:2::1'
  const natDetection = ({ local }: Path): boolean => !local.address.includes(':')

  it('F58 no request on a pair that policy excepts carries NAT_DETECTION, and ESP is plain there', () => {
    const lab = new Lab({ natDetection })
    lab.nats.set(A, at('192.0.2.77#1024'))
    lab.start(path(A, GW1), { gateway: [{ address: GW1 }, { address: GW6 }] })
    expect(lab.client.state.encapsulate).toBe(true)
    lab.client.local(V6)
    lab.run(1000)
    lab.client.step({ type: 'livenessDue' })
    lab.run(1000)
    expect(lab.client.state.childPath).toEqual(path(V6, GW6))
    expect(lab.client.state).toMatchObject({ encapsulate: false, keepalive: null })
    const there = lab.client.requests.filter((request) => request.path.local.address === V6)
    expect(there.map(({ purpose }) => purpose)).toContain('update')
    expect(there.flatMap(({ notifies }) => notifies.filter(({ kind }) => kind === 'natDetection'))).toEqual([])

    // Back on a pair that has it all is as before.
    lab.client.local(A)
    lab.run(1000)
    const update = lab.client.requests.filter(({ purpose }) => purpose === 'update').at(-1)
    expect(update?.notifies.map(({ kind }) => kind)).toContain('natDetection')
    expect(lab.client.state.encapsulate).toBe(true)
  })
})

describe('what the responder accepts', () => {
  it('F70 policy sees where an UPDATE comes from and what it shows of NATs: a responder behind one need not obey', () => {
    const seen: unknown[] = []
    const lab = new Lab(
      {},
      {
        acceptPath: (to, update) => {
          seen.push([to, update])
          return update.nat?.localBehindNat !== true
        }
      }
    )
    lab.start(path(A, GW1))
    const nat = (localBehindNat: boolean) => ({ localBehindNat, remoteBehindNat: false, destinationHash: '00' })
    const update = (messageId: number, from: string, localBehindNat: boolean): MobikeAction[] =>
      lab.gateway.step({
        type: 'requestReceived',
        messageId,
        path: path(GW1, from),
        notifies: [{ kind: 'updateSaAddresses' }, { kind: 'natDetection' }],
        nat: nat(localBehindNat)
      })
    expect(update(0, B, true)[0]).toMatchObject({ type: 'answer', notifies: [{ kind: 'unacceptableAddresses' }, {}] })
    expect(lab.gateway.state).toMatchObject({ ikePath: path(GW1, A), childPath: path(GW1, A) })
    expect(update(1, B, false)[0]).toEqual({ type: 'answer', notifies: [{ kind: 'natDetection' }] })
    expect(lab.gateway.state.ikePath).toEqual(path(GW1, B))
    expect(seen).toEqual([
      [path(GW1, B), { from: path(GW1, A), nat: nat(true) }],
      [path(GW1, B), { from: path(GW1, A), nat: nat(false) }]
    ])
  })
})

describe('reachability', () => {
  it('F71 a peer that vanished: probing, then unreachable since then after so many rounds, until one reply', () => {
    const lab = new Lab().start(path(A, GW1), { client: [{ address: A }, { address: B, cost: 1 }] })
    expect(reachability(lab.client.state)).toEqual({ state: 'working', since: null, rounds: 0 })
    lab.run(1000)
    lab.drops = () => true
    lab.client.step({ type: 'livenessDue' })
    // The host repeats after 1000 ms and 2000 ms more: only then is the pair in doubt.
    lab.run(2900)
    expect(reachability(lab.client.state).state).toBe('working')
    lab.run(200)
    const { state, since, rounds } = reachability(lab.client.state)
    expect([state, rounds]).toEqual(['probing', 0])
    expect(since).toBeGreaterThan(3000)
    const seen: number[] = []
    for (let second = 0; second < 25 && lab.client.closed === null; second++) {
      lab.run(1000)
      const now = reachability(lab.client.state)
      expect(now.since).toBe(since)
      expect(now.state).toBe(now.rounds === 0 ? 'probing' : 'unreachable')
      seen.push(now.rounds)
    }
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBeGreaterThan(0)
    expect(lab.client.closed).toBe(null)
    lab.drops = () => false
    lab.run(40_000)
    expect(reachability(lab.client.state)).toEqual({ state: 'working', since: null, rounds: 0 })
  })

  it('without an address to send from there is no path, since the address went', () => {
    const lab = new Lab().start(path(A, GW1))
    lab.run(5000)
    lab.client.local()
    lab.run(5000)
    expect(reachability(lab.client.state)).toEqual({ state: 'noPath', since: 5000, rounds: 0 })
    lab.client.local(B)
    lab.run(1000)
    expect(reachability(lab.client.state).state).toBe('working')
  })

  it('F71 one pair alone, in either role: each repetition in vain is a round', () => {
    const lab = new Lab().start(path(A, GW1))
    lab.drops = () => true
    lab.client.step({ type: 'livenessDue' })
    lab.gateway.step({ type: 'livenessDue' })
    lab.run(20_000)
    for (const host of [lab.client, lab.gateway]) {
      expect(reachability(host.state).state).toBe('unreachable')
      expect(reachability(host.state).rounds).toBeGreaterThan(1)
    }
  })
})
