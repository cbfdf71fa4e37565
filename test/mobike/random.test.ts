import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Endpoint, Path } from '../../src/bytes/index.ts'
import {
  createMobike,
  DEFAULT_MOBIKE_POLICY,
  type LocalAddress,
  type MobikeAction,
  type MobikeEvent,
  type MobikeNotify,
  type MobikePolicy,
  type MobikeState,
  nextMobikeRequest,
  nextMobikeWake,
  stepMobike
} from '../../src/mobike/index.ts'
import { deepFreeze, type EventInput, entropy, path } from './harness.ts'

const LOCALS = ['198.18.0.1', '10.0.0.2', '198.18.7.2', '2001:db8:1::7']
const REMOTES = ['203.0.113.1', '203.0.113.2', '2001:db8:2::1']

const endpoint = (addresses: string[]): fc.Arbitrary<Endpoint> =>
  fc.record({ address: fc.constantFrom(...addresses), port: fc.constantFrom(500, 4500, 33000) })
const anyPath: fc.Arbitrary<Path> = fc.record({ local: endpoint(LOCALS), remote: endpoint(REMOTES) })
const octets = fc.uint8Array({ maxLength: 40 })
const nat = fc.option(
  fc.record({
    localBehindNat: fc.boolean(),
    remoteBehindNat: fc.boolean(),
    destinationHash: fc.constantFrom('aa', 'bb', 'cc')
  }),
  { nil: null }
)
const notifies: fc.Arbitrary<MobikeNotify[]> = fc.array(
  fc.oneof(
    fc.constantFrom<MobikeNotify>(
      { kind: 'updateSaAddresses' },
      { kind: 'noAdditionalAddresses' },
      { kind: 'natDetection' },
      { kind: 'unacceptableAddresses' },
      { kind: 'unexpectedNatDetected' }
    ),
    fc.record({
      kind: fc.constant('additionalAddress' as const),
      address: fc.constantFrom(...LOCALS, ...REMOTES, '::1')
    }),
    fc.record({ kind: fc.constantFrom('cookie2' as const, 'noNatsAllowed' as const), data: octets })
  ),
  { maxLength: 5 }
)
const locals: fc.Arbitrary<LocalAddress[]> = fc.uniqueArray(
  fc.record({
    address: fc.constantFrom(...LOCALS),
    cost: fc.integer({ min: 0, max: 3 }),
    routable: fc.boolean(),
    deprecated: fc.boolean()
  }),
  { selector: ({ address }) => address, maxLength: 4 }
)
const token = fc.option(fc.integer({ min: 0, max: 12 }), { nil: null })

/** `own` stands for the token and the COOKIE2 of a request really outstanding. */
type Input = EventInput & { own?: boolean; wait: number; open: boolean }
const input: fc.Arbitrary<Input> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom<EventInput>(
        { type: 'tick' },
        { type: 'hintReceived', hint: 'icmpError' },
        { type: 'hintReceived', hint: 'noInboundTraffic' },
        { type: 'hintReceived', hint: 'resumed' },
        { type: 'livenessDue' },
        { type: 'updateForced' },
        { type: 'ikeSaRekeyed' },
        { type: 'childSaInstalled' },
        { type: 'childSasMoved' },
        { type: 'childSaMoveFailed', reason: 'no' }
      ),
      fc.record({ type: fc.constant('localAddressesChanged' as const), addresses: locals }),
      fc.record({
        type: fc.constant('remoteCandidatesChanged' as const),
        endpoints: fc.array(endpoint(REMOTES), { maxLength: 3 })
      }),
      fc.record({
        type: fc.constant('excludedPrefixesChanged' as const),
        prefixes: fc.array(
          fc.record({ address: fc.constantFrom(...LOCALS), prefixLength: fc.integer({ min: 0, max: 32 }) }),
          {
            maxLength: 1
          }
        )
      }),
      fc.record({
        type: fc.constant('requestReceived' as const),
        messageId: fc.integer({ min: 0, max: 20 }),
        path: anyPath,
        notifies,
        nat
      }),
      fc.record({
        type: fc.constant('responseReceived' as const),
        token,
        path: anyPath,
        sources: fc.array(endpoint(LOCALS), { maxLength: 2 }),
        destinations: fc.array(endpoint(REMOTES), { maxLength: 2 }),
        notifies,
        nat,
        own: fc.boolean()
      }),
      fc.record({ type: fc.constant('requestRetransmitted' as const), token, attempt: fc.integer({ min: 1, max: 9 }) }),
      fc.record({ type: fc.constant('requestExhausted' as const), token }),
      fc.record(
        { type: fc.constant('espReceived' as const), path: anyPath, encapsulated: fc.boolean() },
        { requiredKeys: ['type', 'path'] }
      )
    ),
    fc.constantFrom(0, 10, 300, 1000, 40_000),
    fc.boolean()
  )
  .map(([event, wait, open]) => ({ ...event, wait, open }) as Input)

const policies: fc.Arbitrary<MobikePolicy> = fc
  .record({
    when: fc.constantFrom('before' as const, 'after' as const, 'never' as const),
    mode: fc.constantFrom('stay' as const, 'preferBetter' as const),
    natTraversal: fc.constantFrom('allow' as const, 'forbid' as const),
    espUpdates: fc.constantFrom('ignore' as const, 'follow' as const),
    natDetectionInLiveness: fc.constantFrom('behindNat' as const, 'never' as const),
    checkUnchangedAddresses: fc.boolean()
  })
  .map(({ when, mode, ...rest }) => ({
    ...DEFAULT_MOBIKE_POLICY,
    ...rest,
    routability: { ...DEFAULT_MOBIKE_POLICY.routability, when, periodicMs: 50_000 },
    selection: { ...DEFAULT_MOBIKE_POLICY.selection, mode },
    outageLimitMs: 500_000
  }))

/** Plays the inputs and hands every step to `check`. */
function play(
  policy: MobikePolicy,
  role: 'initiator' | 'responder',
  inputs: readonly Input[],
  check: (before: MobikeState, event: MobikeEvent, after: MobikeState, actions: readonly MobikeAction[]) => void
): MobikeState {
  let now = 0
  let state = deepFreeze(
    createMobike(policy, {
      now,
      role,
      path: path('198.18.0.1', '203.0.113.1'),
      natTraversal: true,
      nat: { localBehindNat: role === 'initiator', remoteBehindNat: role === 'responder', destinationHash: 'aa' },
      peerAddresses: REMOTES.slice(1),
      localAddresses: LOCALS.slice(0, 2).map((address) => ({ address })),
      remoteCandidates: [],
      excludedPrefixes: []
    }).state
  )
  inputs.forEach(({ wait, open, own, ...raw }, index) => {
    now += wait
    const request = state.outstanding[0]
    const honest =
      own === true && raw.type === 'responseReceived' && request !== undefined
        ? {
            ...raw,
            token: request.token,
            path: request.path,
            destinations: [request.path.remote],
            sources: [request.path.local],
            notifies:
              request.cookie2 === null
                ? raw.notifies.filter(({ kind }) => kind !== 'cookie2')
                : [
                    {
                      kind: 'cookie2' as const,
                      data: Uint8Array.from(request.cookie2.match(/../g) ?? [], (x) => Number.parseInt(x, 16))
                    }
                  ]
          }
        : raw
    const event = deepFreeze({ ...honest, now } as MobikeEvent)
    const { state: after, actions } = stepMobike(policy, state, event)
    check(state, event, after, actions)
    state = deepFreeze(after)
    if (open && state.outstanding.length === 0) {
      state = deepFreeze(nextMobikeRequest(policy, state, { now, entropy: entropy(index + 5000) }).state)
    }
  })
  return state
}

const runs = { numRuns: 1500 }
const scenario = [
  policies,
  fc.constantFrom('initiator' as const, 'responder' as const),
  fc.array(input, { maxLength: 40 })
] as const

describe('any sequence of events', () => {
  it('never throws or writes to what it was given; the state stays plain JSON data of bounded size', () => {
    fc.assert(
      fc.property(...scenario, (policy, role, inputs) => {
        const state = play(policy, role, inputs, () => {})
        expect(JSON.parse(JSON.stringify(state))).toEqual(state)
        expect(JSON.stringify(state).length).toBeLessThan(40_000)
      }),
      runs
    )
  })

  it('same state and event, same step: also from a clone, so that a restored session goes on unchanged', () => {
    fc.assert(
      fc.property(...scenario, (policy, role, inputs) => {
        play(policy, role, inputs, (before, event, after, actions) => {
          const again = stepMobike(policy, structuredClone(before), structuredClone(event))
          expect(again).toEqual({ state: after, actions })
        })
      }),
      { numRuns: 400 }
    )
  })

  it('A075 A088 exactly one answer to a request, with every COOKIE2, and none to anything else; first of all actions', () => {
    fc.assert(
      fc.property(...scenario, (policy, role, inputs) => {
        play(policy, role, inputs, (_before, event, _after, actions) => {
          const answers = actions.filter((action) => action.type === 'answer')
          expect(answers).toHaveLength(event.type === 'requestReceived' ? 1 : 0)
          if (event.type !== 'requestReceived' || answers[0]?.type !== 'answer') return
          expect(actions[0]).toBe(answers[0])
          const cookies = (all: readonly MobikeNotify[]) => all.filter(({ kind }) => kind === 'cookie2')
          expect(cookies(answers[0].notifies)).toEqual(cookies(event.notifies))
        })
      }),
      runs
    )
  })

  it('F49 F50 an UPDATE that is not stale is carried out or answered with an error: never plain success for nothing', () => {
    const seen = { carriedOut: 0, refused: 0 }
    fc.assert(
      fc.property(policies, fc.array(input, { maxLength: 40 }), fc.boolean(), (policy, inputs, isPicky) => {
        const picky = { ...policy, acceptPath: ({ remote }: Path) => !isPicky || !remote.address.includes(':') }
        play(picky, 'responder', inputs, (before, event, after, [answer]) => {
          if (event.type !== 'requestReceived' || answer?.type !== 'answer' || before.closed) return
          if (!event.notifies.some(({ kind }) => kind === 'updateSaAddresses')) return
          if (event.messageId <= (before.lastUpdateMessageId ?? -1)) return
          const errors = ['unacceptableAddresses', 'unexpectedNatDetected']
          const isRefused = answer.notifies.some(({ kind }) => errors.includes(kind))
          seen[isRefused ? 'refused' : 'carriedOut']++
          // Section 3.5, last paragraph: the responder's own end is somewhere else where its address is gone meanwhile.
          if (isRefused) expect(after.ikePath).toEqual(before.ikePath)
          else if (after.choseSource) expect(after.ikePath.remote).toEqual(event.path.remote)
          else expect(after.ikePath).toEqual(event.path)
          if (isPicky && event.path.remote.address.includes(':')) expect(isRefused).toBe(true)
        })
      }),
      runs
    )
    expect(Math.min(seen.carriedOut, seen.refused)).toBeGreaterThan(20)
  })

  it('A009 A102 the responder moves its Child SAs only for an UPDATE, a finished check, its own lost source or, if policy says so, ESP', () => {
    const causes = [
      'requestReceived',
      'responseReceived',
      'localAddressesChanged',
      'excludedPrefixesChanged',
      'remoteCandidatesChanged'
    ]
    fc.assert(
      fc.property(policies, fc.array(input, { maxLength: 40 }), (policy, inputs) => {
        play(policy, 'responder', inputs, (_before, event, _after, actions) => {
          if (!actions.some(({ type }) => type === 'moveChildSas')) return
          expect(policy.espUpdates === 'follow' ? [...causes, 'espReceived'] : causes).toContain(event.type)
          if (event.type !== 'requestReceived') return
          expect(event.notifies.map(({ kind }) => kind)).toContain('updateSaAddresses')
        })
      }),
      runs
    )
  })

  it('A084 with routability "before", Child SAs never go to an address that has not proven itself', () => {
    const policy: MobikePolicy = { ...DEFAULT_MOBIKE_POLICY, espUpdates: 'follow' }
    fc.assert(
      fc.property(
        fc.constantFrom('initiator' as const, 'responder' as const),
        fc.array(input, { maxLength: 40 }),
        (role, inputs) => {
          const proven = new Set(['203.0.113.1'])
          play(policy, role, inputs, (_before, _event, _after, actions) => {
            for (const action of actions) {
              if (action.type === 'report' && action.report.kind === 'routabilityVerified')
                proven.add(action.report.address)
              if (action.type === 'moveChildSas') expect(proven).toContain(action.to.remote.address)
            }
          })
        }
      ),
      runs
    )
  })

  it('every wake is a time after the tick it asks for: no busy loop', () => {
    fc.assert(
      fc.property(...scenario, (policy, role, inputs) => {
        const state = play(policy, role, inputs, () => {})
        const wake = nextMobikeWake(state)
        if (wake === undefined) return
        const now = wake + 5
        const ticked = stepMobike(policy, state, { type: 'tick', now }).state
        expect(nextMobikeWake(ticked) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(now)
      }),
      runs
    )
  })

  it('F62 keepalives start and stop in pairs, one pair of addresses at a time', () => {
    fc.assert(
      fc.property(...scenario, (policy, role, inputs) => {
        let running: Path | null = null
        play(policy, role, inputs, (before, _event, _after, actions) => {
          running = before.keepalive
          for (const action of actions) {
            if (action.type === 'stopNatKeepalive') {
              expect(action.path).toEqual(running)
              running = null
            }
            if (action.type === 'startNatKeepalive') {
              expect(running).toBeNull()
              running = action.path
            }
          }
          expect(_after.keepalive).toEqual(running)
        })
      }),
      runs
    )
  })

  it('suspension is resumed before anything is sent again, and only then', () => {
    fc.assert(
      fc.property(...scenario, (policy, role, inputs) => {
        let suspended = false
        play(policy, role, inputs, (_before, _event, after, actions) => {
          for (const { type } of actions) {
            if (type === 'suspendRetransmission') {
              expect(suspended).toBe(false)
              suspended = true
            }
            if (type === 'resumeRetransmission') {
              expect(suspended).toBe(true)
              suspended = false
            }
            if (type === 'redirectOutstanding' || type === 'transmitOutstanding') expect(suspended).toBe(false)
          }
          if (suspended) {
            expect(nextMobikeRequest(policy, after, { now: 1e9, entropy: entropy(1) }).request).toBeNull()
          }
        })
      }),
      runs
    )
  })
})
