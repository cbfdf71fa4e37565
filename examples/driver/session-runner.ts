import { randomFillSync } from 'node:crypto'
import { classifyUdpDatagram } from '../../src/codec/index.ts'
import { createEspTunnel } from '../../src/esp/index.ts'
import type { IpAddress, Path } from '../../src/index.ts'
import {
  type Answer,
  childSaKeys,
  type EventBase,
  nextSessionWake,
  type Question,
  type Session,
  type SessionAction,
  type SessionConfig,
  type SessionEvent,
  type SessionReport,
  stepSession
} from '../../src/session/index.ts'
import { NatKeepalives } from './nat-keepalives.ts'

/** A `SessionEvent` before the runner adds the time and the entropy. */
export type HostEvent = SessionEvent extends infer Event
  ? Event extends SessionEvent
    ? Omit<Event, keyof EventBase>
    : never
  : never

/** What the runner needs from the program around it. */
export interface SessionHost {
  sendDatagram(path: Path, bytes: Uint8Array): void
  answer(question: Question): Answer
  reported(report: SessionReport): void
  configured(addresses: readonly IpAddress[]): void
  innerPacketReceived(packet: Uint8Array): void
}

/** `espReceived` may be sampled: one a second tells the session that the path is alive. */
const ESP_SAMPLE_MS = 1000

/** Runs one session on real time, real randomness, real sockets and user-space ESP. */
export class SessionRunner {
  readonly #config: SessionConfig
  readonly #host: SessionHost
  readonly #tunnel = createEspTunnel()
  readonly #keepalives: NatKeepalives
  readonly #queue: HostEvent[] = []
  #session: Session
  #timer: NodeJS.Timeout | undefined
  #running = false
  #espSampledAt = Number.NEGATIVE_INFINITY

  constructor(config: SessionConfig, session: Session, host: SessionHost) {
    this.#config = config
    this.#session = session
    this.#host = host
    this.#keepalives = new NatKeepalives((path, bytes) => host.sendDatagram(path, bytes))
  }

  /** The run loop: one event, one step, its actions in order; events that actions cause wait for their turn. */
  dispatch(event: HostEvent): void {
    this.#queue.push(event)
    if (this.#running) return
    this.#running = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { session, actions } = stepSession(this.#config, this.#session, {
        ...next,
        now: performance.now(),
        entropy: randomFillSync(new Uint8Array(32))
      })
      this.#session = session
      for (const action of actions) this.#perform(action)
    }
    this.#running = false
    this.#armTimer()
  }

  /** A UDP datagram: IKE goes to the session, ESP to the tunnel. */
  datagramReceived(path: Path, bytes: Uint8Array): void {
    if (classifyUdpDatagram(bytes, path.local.port === this.#config.ports.natTraversal) !== 'esp') {
      this.dispatch({ type: 'datagramReceived', path, bytes })
      return
    }
    const result = this.#tunnel.receive(bytes)
    if (!result.ok) return
    const now = performance.now()
    if (now - this.#espSampledAt >= ESP_SAMPLE_MS) {
      this.#espSampledAt = now
      this.dispatch({ type: 'espReceived', id: result.id, path })
    }
    this.#host.innerPacketReceived(result.packet)
  }

  /** Sends an inner IP packet through the tunnel; false when no Child SA carries it now. */
  sendInnerPacket(packet: Uint8Array): boolean {
    const result = this.#tunnel.send(packet, randomFillSync(new Uint8Array(16)))
    if (!result.ok) return false
    this.#transmit(result.path, result.bytes)
    return true
  }

  /** True when an ESP packet with this SPI is for this session. */
  receivesSpi(spi: number): boolean {
    return this.#tunnel.receives(spi)
  }

  /** Child SAs in use, oldest first. */
  childSas(): ReturnType<ReturnType<typeof createEspTunnel>['snapshot']>['children'] {
    return this.#tunnel.snapshot().children
  }

  /** The session as it is now. */
  get session(): Session {
    return this.#session
  }

  /** Ends timers without telling the peer; dispatch `closeRequested` before for a proper end. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#keepalives.stopAll()
  }

  #perform(action: SessionAction): void {
    switch (action.type) {
      case 'sendDatagram':
        this.#transmit(action.path, action.bytes)
        break
      case 'installChildSa':
        this.#tunnel.applyChildSaAction(action, childSaKeys(this.#config, this.#session, action.child.id))
        break
      case 'removeChildSa':
        this.#tunnel.applyChildSaAction(action)
        break
      case 'moveChildSas': {
        const moved = this.#tunnel.applyChildSaAction(action)
        this.dispatch(moved ? { type: 'childSasMoved' } : { type: 'childSaMoveFailed', reason: 'unknown Child SA' })
        break
      }
      case 'startNatKeepalive':
        this.#keepalives.start(action.path, action.intervalMs)
        break
      case 'stopNatKeepalive':
        this.#keepalives.stop(action.path)
        break
      case 'applyConfiguration':
        this.#host.configured(action.configuration.addresses)
        break
      case 'ask':
        this.dispatch({ type: 'answered', id: action.id, answer: this.#host.answer(action.question) })
        break
      case 'report':
        this.#host.reported(action.report)
    }
  }

  #transmit(path: Path, bytes: Uint8Array): void {
    this.#keepalives.sent(path)
    this.#host.sendDatagram(path, bytes)
  }

  #armTimer(): void {
    clearTimeout(this.#timer)
    const wake = nextSessionWake(this.#session)
    if (wake === undefined || wake === null) return
    const delay = Math.min(Math.max(0, Math.ceil(wake - performance.now())), 0x7fffffff)
    this.#timer = setTimeout(() => this.dispatch({ type: 'tick' }), delay)
  }
}
