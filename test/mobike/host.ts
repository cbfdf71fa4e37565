import { type Endpoint, endpointText, type Path, sameEndpoint } from '../../src/bytes/index.ts'
import {
  createMobike,
  type LocalAddress,
  type MobikeAction,
  type MobikeCloseReason,
  type MobikeEvent,
  type MobikeInit,
  type MobikeNotify,
  type MobikePolicy,
  type MobikePurpose,
  type MobikeReport,
  type MobikeState,
  type NatObservation,
  nextMobikeRequest,
  nextMobikeWake,
  stepMobike
} from '../../src/mobike/index.ts'

/** An endpoint from `192.0.2.1` (port 4500) or `192.0.2.1#500`. */
export function at(text: string): Endpoint {
  const [address, port] = text.split('#')
  return { address: address as string, port: port === undefined ? 4500 : Number(port) }
}

export function path(local: string, remote: string): Path {
  return { local: at(local), remote: at(remote) }
}

export function entropy(seed: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => (seed * 31 + i * 7 + (seed >> 8)) & 255)
}

/** Freezes all the way down, so that a step that writes to what it was given throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const member of Object.values(value)) deepFreeze(member)
  }
  return value
}

export type EventInput = MobikeEvent extends infer E ? (E extends unknown ? Omit<E, 'now'> : never) : never

export interface Packet {
  readonly from: Endpoint
  readonly to: Endpoint
  readonly isResponse: boolean
  readonly messageId: number
  readonly notifies: readonly MobikeNotify[]
  /** NAT_DETECTION_SOURCE_IP and _DESTINATION_IP; the endpoint's text stands for its hash. */
  readonly nat: { readonly source: string; readonly destination: string } | null
}

interface Outstanding {
  readonly token: number | null
  readonly messageId: number
  readonly packet: Packet
  path: Path
  sources: Endpoint[]
  destinations: Endpoint[]
  attempt: number
  retransmitAt: number
}

const RETRANSMIT_MS = 1000

/** What a host needs of the world around it. */
export interface World {
  readonly now: number
  send(from: Host, packet: Packet): void
  note(host: Host, action: MobikeAction): void
  later(delay: number, run: () => void): void
}

/** A host around one machine: window 1, retransmission, cached responses, no crypto. */
export class Host {
  state!: MobikeState
  readonly actions: MobikeAction[] = []
  readonly reports: MobikeReport[] = []
  closed: MobikeCloseReason | null = null
  suspended = false
  outstanding: Outstanding | null = null
  /** Nothing happens here: no timer, no packet. */
  asleep = false
  /** NAT_DETECTION_SOURCE_IP of this host's packets, if it is not that of their source: it pretends to be behind a NAT. */
  claims: string | null = null
  /** Whether the host can migrate Child SAs. */
  canMove = true
  /** Answers no migration by itself. */
  silent = false
  /** Changes notifications this host's stack answers with: a peer with quirks. */
  mangleAnswer: (notifies: readonly MobikeNotify[]) => readonly MobikeNotify[] = (notifies) => notifies
  readonly requests: { purpose: MobikePurpose | 'other'; path: Path; notifies: readonly MobikeNotify[] }[] = []
  private nextMessageId = 0
  private otherWaiting = 0
  private readonly answered = new Map<number, Packet>()
  private seed: number

  constructor(
    readonly lab: World,
    readonly name: string,
    readonly policy: MobikePolicy,
    private readonly maxAttempts: number,
    seed: number
  ) {
    this.seed = seed
  }

  start(init: MobikeInit): void {
    const { state, actions } = createMobike(this.policy, init)
    this.state = deepFreeze(state)
    this.perform(actions)
    this.pump()
  }

  step(event: EventInput): MobikeAction[] {
    const full = { ...event, now: this.lab.now } as MobikeEvent
    const { state, actions } = stepMobike(this.policy, this.state, deepFreeze(full))
    this.state = deepFreeze(state)
    this.perform(actions)
    this.pump()
    return [...actions]
  }

  local(...addresses: (string | LocalAddress)[]): void {
    this.step({
      type: 'localAddressesChanged',
      addresses: addresses.map((address) => (typeof address === 'string' ? { address } : address))
    })
  }

  /** A request of the IKE SA itself takes the next free place in the window. */
  sendOther(): void {
    this.otherWaiting++
    this.pump()
  }

  wakeAt(): number | undefined {
    const mobike = nextMobikeWake(this.state)
    const retransmit = this.suspended ? undefined : this.outstanding?.retransmitAt
    const times = [mobike, retransmit].filter((time) => time !== undefined)
    return this.asleep || this.closed !== null || times.length === 0 ? undefined : Math.min(...times)
  }

  wake(): void {
    const { outstanding } = this
    if (outstanding !== null && !this.suspended && outstanding.retransmitAt <= this.lab.now)
      this.retransmit(outstanding)
    const due = nextMobikeWake(this.state)
    if (this.closed === null && due !== undefined && due <= this.lab.now) this.step({ type: 'tick' })
  }

  receive(packet: Packet): void {
    if (this.asleep || this.closed !== null) return
    if (packet.isResponse) this.receiveResponse(packet)
    else this.receiveRequest(packet)
  }

  private receiveRequest(packet: Packet): void {
    const cached = this.answered.get(packet.messageId)
    if (cached !== undefined) {
      this.lab.send(this, { ...cached, from: packet.to, to: packet.from })
      return
    }
    const arrival = { local: packet.to, remote: packet.from }
    const actions = this.stepBeforePump({
      type: 'requestReceived',
      messageId: packet.messageId,
      path: arrival,
      notifies: packet.notifies,
      nat: observe(packet)
    })
    const answers = actions.filter((action) => action.type === 'answer')
    if (answers.length !== 1) throw new Error(`${answers.length} answers to one request`)
    const notifies = this.mangleAnswer((answers[0] as { notifies: readonly MobikeNotify[] }).notifies)
    const response: Packet = {
      from: packet.to,
      to: packet.from,
      isResponse: true,
      messageId: packet.messageId,
      notifies,
      nat: natOf(notifies, arrival, this.claims)
    }
    this.answered.set(packet.messageId, response)
    this.lab.send(this, response)
    this.perform(actions)
    this.pump()
  }

  private receiveResponse(packet: Packet): void {
    const { outstanding } = this
    if (outstanding === null || outstanding.messageId !== packet.messageId) return
    this.outstanding = null
    this.step({
      type: 'responseReceived',
      token: outstanding.token,
      path: { local: packet.to, remote: packet.from },
      sources: outstanding.sources,
      destinations: outstanding.destinations,
      notifies: packet.notifies,
      nat: observe(packet)
    })
  }

  private stepBeforePump(event: EventInput): readonly MobikeAction[] {
    const full = { ...event, now: this.lab.now } as MobikeEvent
    const { state, actions } = stepMobike(this.policy, this.state, deepFreeze(full))
    this.state = deepFreeze(state)
    return actions
  }

  private pump(): void {
    if (this.outstanding !== null || this.closed !== null) return
    const input = { now: this.lab.now, entropy: entropy(this.seed++) }
    const { state, request } = nextMobikeRequest(this.policy, this.state, input)
    this.state = deepFreeze(state)
    if (request !== null) this.open(request.token, request.purpose, request.path, request.notifies)
    else if (this.otherWaiting > 0 && !this.suspended) {
      this.otherWaiting--
      this.open(null, 'other', this.state.ikePath, [])
    }
  }

  private open(
    token: number | null,
    purpose: MobikePurpose | 'other',
    on: Path,
    notifies: readonly MobikeNotify[]
  ): void {
    const messageId = this.nextMessageId++
    const packet = {
      from: on.local,
      to: on.remote,
      isResponse: false,
      messageId,
      notifies,
      nat: natOf(notifies, on, this.claims)
    }
    this.requests.push({ purpose, path: on, notifies })
    this.outstanding = {
      token,
      messageId,
      packet,
      path: on,
      sources: [],
      destinations: [],
      attempt: 0,
      retransmitAt: this.lab.now + RETRANSMIT_MS
    }
    this.transmit(this.outstanding, on)
  }

  private transmit(outstanding: Outstanding, on: Path): void {
    if (!outstanding.sources.some((end) => sameEndpoint(end, on.local))) outstanding.sources.push(on.local)
    if (!outstanding.destinations.some((end) => sameEndpoint(end, on.remote))) outstanding.destinations.push(on.remote)
    this.lab.send(this, { ...outstanding.packet, from: on.local, to: on.remote })
  }

  private retransmit(outstanding: Outstanding): void {
    outstanding.attempt++
    if (outstanding.attempt > this.maxAttempts) {
      outstanding.retransmitAt = Number.POSITIVE_INFINITY
      const actions = this.step({ type: 'requestExhausted', token: outstanding.token })
      const verdicts = actions.filter(({ type }) => type === 'closeIkeSa' || type === 'retryOutstanding')
      if (verdicts.length !== 1) throw new Error(`${verdicts.length} verdicts on an exhausted request`)
      return
    }
    this.transmit(outstanding, outstanding.path)
    outstanding.retransmitAt = this.lab.now + RETRANSMIT_MS * 2 ** outstanding.attempt
    this.step({ type: 'requestRetransmitted', token: outstanding.token, attempt: outstanding.attempt })
  }

  private restart(outstanding: Outstanding): void {
    outstanding.attempt = 0
    outstanding.retransmitAt = this.lab.now + RETRANSMIT_MS
  }

  private perform(actions: readonly MobikeAction[]): void {
    for (const action of actions) {
      this.actions.push(action)
      this.lab.note(this, action)
      switch (action.type) {
        case 'transmitOutstanding':
          if (this.outstanding !== null) this.transmit(this.outstanding, action.path)
          break
        case 'redirectOutstanding':
          if (this.outstanding !== null && !this.suspended) {
            this.outstanding.path = action.path
            this.restart(this.outstanding)
            this.transmit(this.outstanding, action.path)
          }
          break
        case 'retryOutstanding':
          if (this.outstanding !== null) this.restart(this.outstanding)
          break
        case 'suspendRetransmission':
          this.suspended = true
          break
        case 'resumeRetransmission':
          this.suspended = false
          break
        case 'closeIkeSa':
          this.closed = action.reason
          this.outstanding = null
          break
        case 'report':
          this.reports.push(action.report)
          break
        case 'moveChildSas': {
          if (this.silent) break
          const event: EventInput = this.canMove
            ? { type: 'childSasMoved' }
            : { type: 'childSaMoveFailed', reason: 'kernel refused' }
          this.lab.later(0, () => this.step(event))
          break
        }
        default:
      }
    }
  }
}

/** What NAT_DETECTION of `packet` shows to its receiver. */
function observe(packet: Packet): NatObservation | null {
  if (packet.nat === null) return null
  return {
    localBehindNat: packet.nat.destination !== text(packet.to),
    remoteBehindNat: packet.nat.source !== text(packet.from),
    destinationHash: packet.nat.destination
  }
}

function natOf(notifies: readonly MobikeNotify[], on: Path, claims: string | null): Packet['nat'] {
  if (!notifies.some(({ kind }) => kind === 'natDetection')) return null
  return { source: claims ?? text(on.local), destination: text(on.remote) }
}

/** NAT_DETECTION hashes address and port, whatever the transport. */
function text({ address, port }: Endpoint): string {
  return endpointText({ address, port })
}
