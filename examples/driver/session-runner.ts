import { randomFillSync } from 'node:crypto'
import {
  childSaKeys,
  forgetDroppedKeys,
  nextSessionWake,
  type Path,
  type Session,
  type SessionConfig,
  type SessionNews,
  stepSession
} from 'ikev2-mobike'
import { classifyUdpDatagram } from 'ikev2-mobike/codec'
import { now } from './clock.ts'
import { SessionEffects, type SessionHost } from './session-effects.ts'

/** The run loop of one session: events in, actions out, one timer. */
export class SessionRunner {
  readonly effects: SessionEffects
  readonly #config: SessionConfig
  readonly #queue: SessionNews[] = []
  #session: Session
  #timer: NodeJS.Timeout | undefined
  #running = false

  constructor(config: SessionConfig, session: Session, host: SessionHost) {
    this.#config = config
    this.#session = session
    this.effects = new SessionEffects(host, {
      dispatch: (event) => this.dispatch(event),
      childSaKeys: (id) => childSaKeys(this.#config, this.#session, id)
    })
  }

  /** One event, one step, its actions in order; events that come of actions wait for their turn. */
  dispatch(event: SessionNews): void {
    this.#queue.push(event)
    if (this.#running) return
    this.#running = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { session, actions } = stepSession(this.#config, this.#session, {
        ...next,
        now: now(),
        entropy: randomFillSync(new Uint8Array(32))
      })
      forgetDroppedKeys(this.#session, session)
      this.#session = session
      for (const action of actions) this.effects.perform(action)
    }
    this.#running = false
    this.#armTimer()
  }

  /** A UDP datagram: IKE goes to the session, ESP to the tunnel. */
  datagramReceived(path: Path, bytes: Uint8Array): void {
    const isEsp = classifyUdpDatagram(bytes, path.local.port === this.#config.ports.natTraversal) === 'esp'
    if (isEsp) this.effects.espReceived(path, bytes)
    else this.dispatch({ type: 'datagramReceived', path, bytes })
  }

  /** The session as it is now. */
  get session(): Session {
    return this.#session
  }

  /** Ends the timers without telling the peer: dispatch `closeRequested` before, for a proper end. */
  stop(): void {
    clearTimeout(this.#timer)
    this.effects.stop()
  }

  #armTimer(): void {
    clearTimeout(this.#timer)
    const wake = nextSessionWake(this.#session)
    if (wake === undefined) return
    this.#timer = setTimeout(() => this.dispatch({ type: 'tick' }), Math.max(0, wake - now()))
  }
}
