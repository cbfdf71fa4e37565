import { randomFillSync } from 'node:crypto'
import type {
  Answer,
  ChildSaKeys,
  InnerConfiguration,
  Path,
  Question,
  SessionAction,
  SessionNews,
  SessionReport
} from 'ikev2-mobike'
import { createEspTunnel, type TunnelSnapshot } from 'ikev2-mobike/esp'
import { now } from './clock.ts'
import { NatKeepalives } from './nat-keepalives.ts'

/** What a program does for a session. */
export interface SessionHost {
  sendDatagram(path: Path, bytes: Uint8Array): void
  answer(question: Question): Answer
  reported(report: SessionReport): void
  configured(configuration: InnerConfiguration): void
  innerPacketReceived(packet: Uint8Array): void
}

/** What the run loop does for the effects. */
export interface EventSink {
  /** Must take its turn after the actions at hand. */
  dispatch(event: SessionNews): void
  childSaKeys(id: number): ChildSaKeys | undefined
}

/** `espReceived` may be sampled: one a second tells the session that the path is alive. */
const ESP_SAMPLE_MS = 1000

/** Inner packets go out and none comes in for this long: worth a liveness check. */
const SILENCE_MS = 3000

/** Carries out the actions of one session, with ESP in user space, and tells the session what comes of them. */
export class SessionEffects {
  readonly #host: SessionHost
  readonly #loop: EventSink
  readonly #tunnel = createEspTunnel()
  readonly #keepalives: NatKeepalives
  #espSampledAt = Number.NEGATIVE_INFINITY
  /** When the first packet after the last inbound one was sent. */
  #unansweredSince: number | undefined

  constructor(host: SessionHost, loop: EventSink) {
    this.#host = host
    this.#loop = loop
    this.#keepalives = new NatKeepalives((path, bytes) => host.sendDatagram(path, bytes))
  }

  perform(action: SessionAction): void {
    switch (action.type) {
      case 'sendDatagram':
        this.#transmit(action.path, action.bytes)
        break
      case 'installChildSa':
        this.#tunnel.applyChildSaAction(action, this.#loop.childSaKeys(action.child.id))
        break
      case 'removeChildSa':
        this.#tunnel.applyChildSaAction(action)
        break
      case 'moveChildSas': {
        const moved = this.#tunnel.applyChildSaAction(action)
        this.#loop.dispatch(
          moved ? { type: 'childSasMoved' } : { type: 'childSaMoveFailed', reason: 'no such Child SA' }
        )
        break
      }
      case 'startNatKeepalive':
        this.#keepalives.start(action.path, action.intervalMs)
        break
      case 'stopNatKeepalive':
        this.#keepalives.stop(action.path)
        break
      case 'applyConfiguration':
        this.#host.configured(action.configuration)
        break
      case 'ask':
        this.#loop.dispatch({ type: 'answered', id: action.id, answer: this.#host.answer(action.question) })
        break
      case 'report':
        this.#host.reported(action.report)
    }
  }

  /** Takes an ESP packet; false when it is not for this session. */
  espReceived(path: Path, bytes: Uint8Array): boolean {
    const result = this.#tunnel.receive(bytes)
    if (!result.ok) return false
    this.#unansweredSince = undefined
    if (now() - this.#espSampledAt >= ESP_SAMPLE_MS) {
      this.#espSampledAt = now()
      this.#loop.dispatch({ type: 'espReceived', id: result.id, path })
    }
    this.#host.innerPacketReceived(result.packet)
    return true
  }

  /**
   * Sends an inner IP packet through the tunnel; false when no Child SA carries it now. Always UDP-encapsulated, whatever the
   * session says of NATs: without raw sockets there is no other way, and every peer must take it (RFC 7296 section 2.23).
   */
  sendInnerPacket(packet: Uint8Array): boolean {
    const result = this.#tunnel.send(packet, randomFillSync(new Uint8Array(16)))
    if (!result.ok) return false
    this.#transmit(result.path, result.bytes)
    this.#noticeSilence()
    return true
  }

  /** Child SAs in use, oldest first. */
  childSas(): TunnelSnapshot['children'] {
    return this.#tunnel.snapshot().children
  }

  stop(): void {
    this.#keepalives.stopAll()
  }

  /** RFC 4555 section 3.5 allows any hint, for a hint moves nothing by itself. */
  #noticeSilence(): void {
    this.#unansweredSince ??= now()
    if (now() - this.#unansweredSince < SILENCE_MS) return
    this.#unansweredSince = now()
    this.#loop.dispatch({ type: 'hintReceived', hint: 'noInboundTraffic' })
  }

  #transmit(path: Path, bytes: Uint8Array): void {
    this.#keepalives.sent(path)
    this.#host.sendDatagram(path, bytes)
  }
}
