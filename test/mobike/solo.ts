import type { Endpoint, Path } from '../../src/bytes/index.ts'
import {
  createMobike,
  DEFAULT_MOBIKE_POLICY,
  type MobikeAction,
  type MobikeInit,
  type MobikeNotify,
  type MobikePolicy,
  type MobikeReport,
  type MobikeRequest,
  type MobikeState,
  type NatObservation,
  nextMobikeRequest,
  nextMobikeWake,
  stepMobike
} from '../../src/mobike/index.ts'
import { deepFreeze, type EventInput, entropy, path } from './host.ts'

export const WIFI = '198.18.0.1'
export const CELL = '198.18.7.2'
export const LAN = '198.18.9.9'
export const GW1 = '203.0.113.1'
export const GW2 = '203.0.113.2'

const NO_NAT: NatObservation = { localBehindNat: false, remoteBehindNat: false, destinationHash: '00' }

interface Answered {
  readonly path: Path
  readonly sources: readonly Endpoint[]
  readonly destinations: readonly Endpoint[]
  readonly notifies: readonly MobikeNotify[]
  readonly nat: NatObservation | null
  readonly failedWith: number
}

/** One machine without a peer, a host or a clock that runs: each step is asked for, and looked at whole. */
export class Solo {
  state: MobikeState
  now = 0
  /** What `createMobike` asked for. */
  readonly first: readonly MobikeAction[]
  private seed = 1
  private messageId = 0

  constructor(
    init: Partial<MobikeInit> = {},
    readonly policy: MobikePolicy = DEFAULT_MOBIKE_POLICY
  ) {
    const { state, actions } = createMobike(policy, {
      now: 0,
      role: 'initiator',
      path: path(WIFI, GW1),
      natTraversal: true,
      nat: NO_NAT,
      peerAddresses: [],
      localAddresses: [{ address: WIFI }, { address: CELL }],
      remoteCandidates: [],
      excludedPrefixes: [],
      ...init
    })
    this.state = deepFreeze(state)
    this.first = actions
  }

  do(event: EventInput): readonly MobikeAction[] {
    const { state, actions } = stepMobike(this.policy, this.state, deepFreeze({ ...event, now: this.now }))
    this.state = deepFreeze(state)
    return actions
  }

  /** The machine's clock is `now`: a tick. */
  at(now: number): readonly MobikeAction[] {
    this.now = now
    return this.do({ type: 'tick' })
  }

  local(...addresses: string[]): readonly MobikeAction[] {
    return this.do({ type: 'localAddressesChanged', addresses: addresses.map((address) => ({ address })) })
  }

  /** The next request, which a host whose window is open would send. */
  ask(): MobikeRequest | null {
    const input = { now: this.now, entropy: entropy(this.seed++) }
    const { state, request } = nextMobikeRequest(this.policy, this.state, input)
    this.state = deepFreeze(state)
    return request
  }

  /** The request that must be there now. */
  must(): MobikeRequest {
    const request = this.ask()
    if (request === null) throw new Error('no request')
    return request
  }

  /** The request that must be there at the next deadline. */
  mustLater(): MobikeRequest {
    this.at(this.wake() as number)
    return this.must()
  }

  /** The peer's answer to `request`, sent on its path once and answered there, with the COOKIE2 that was in it. */
  answer(request: MobikeRequest | null, patch: Partial<Answered> = {}): readonly MobikeAction[] {
    const on = request?.path ?? this.state.ikePath
    const echo = request?.notifies.filter(({ kind }) => kind === 'cookie2' || kind === 'natDetection') ?? []
    return this.do({
      type: 'responseReceived',
      token: request?.token ?? null,
      path: on,
      sources: [on.local],
      destinations: [on.remote],
      notifies: echo,
      nat: echo.some(({ kind }) => kind === 'natDetection') ? NO_NAT : null,
      ...patch
    })
  }

  /** A request of the peer with these notifications. */
  hear(on: Path, notifies: readonly MobikeNotify[], nat: NatObservation | null = null): readonly MobikeAction[] {
    return this.do({ type: 'requestReceived', messageId: this.messageId++, path: on, notifies, nat })
  }

  wake(): number | undefined {
    return nextMobikeWake(this.state)
  }
}

/** Kinds of a request's notifications, in their order. */
export function kinds(request: MobikeRequest | null): readonly string[] | null {
  return request === null ? null : request.notifies.map(({ kind }) => kind)
}

/** The COOKIE2 that a request has, for an answer of one's own. */
export function cookie2Of(request: MobikeRequest): MobikeNotify[] {
  return request.notifies.filter(({ kind }) => kind === 'cookie2')
}

export function report(reported: MobikeReport): MobikeAction {
  return { type: 'report', report: reported }
}
