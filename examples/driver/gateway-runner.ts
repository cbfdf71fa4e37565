import { randomFillSync } from 'node:crypto'
import { childSaKeys, type Path, readUint32, type Session, type SessionConfig, type SessionNews } from 'ikev2-mobike'
import { classifyUdpDatagram } from 'ikev2-mobike/codec'
import { createGateway, type GatewayAction, type GatewayLimits, type SessionId } from 'ikev2-mobike/gateway'
import type { LocalAddress } from 'ikev2-mobike/mobike'
import { now } from './clock.ts'
import { SessionEffects, type SessionHost } from './session-effects.ts'

/** Events of a session but for the datagram and the tick, which the gateway hands out itself. */
type SessionHostEvent = Exclude<SessionNews, { type: 'datagramReceived' | 'tick' }>

/** The run loop of a gateway: many sessions, one timer. */
export class GatewayRunner {
  readonly #config: SessionConfig
  readonly #gateway
  readonly #hostOf: (id: SessionId) => SessionHost
  readonly #sendDatagram: SessionHost['sendDatagram']
  readonly #effects = new Map<SessionId, SessionEffects>()
  readonly #queue: (() => readonly GatewayAction[])[] = []
  #addresses: readonly LocalAddress[] = []
  #timer: NodeJS.Timeout | undefined
  #running = false

  /** `hostOf` is called once for each session; `sendDatagram` sends what belongs to no session. */
  constructor(
    options: { readonly session: SessionConfig; readonly limits?: Partial<GatewayLimits> },
    hostOf: (id: SessionId) => SessionHost,
    sendDatagram: SessionHost['sendDatagram']
  ) {
    this.#config = options.session
    this.#gateway = createGateway(options)
    this.#hostOf = hostOf
    this.#sendDatagram = sendDatagram
  }

  /** A UDP datagram: IKE finds its session by SPI, and so does ESP. */
  datagramReceived(path: Path, bytes: Uint8Array): void {
    const isEsp = classifyUdpDatagram(bytes, path.local.port === this.#config.ports.natTraversal) === 'esp'
    if (!isEsp) {
      this.#run(() => this.#gateway.receive({ ...surroundings(), path, bytes }))
      return
    }
    for (const id of this.#gateway.sessionsOfChildSpi(readUint32(bytes, 0))) {
      if (this.#effects.get(id)?.espReceived(path, bytes)) return
    }
  }

  /** Gives an event to one session. */
  dispatch(id: SessionId, event: SessionHostEvent): void {
    this.#run(() => this.#gateway.tell(id, { ...event, ...surroundings() }))
  }

  /** Tells every session, and those to come. */
  localAddressesChanged(addresses: readonly LocalAddress[]): void {
    this.#addresses = addresses
    for (const id of this.#gateway.ids()) this.dispatch(id, { type: 'localAddressesChanged', addresses })
  }

  /** The time may have come for something; harmless when it has not. */
  tick(): void {
    this.#run(() => this.#gateway.tick(now(), entropy))
  }

  /** Live sessions, oldest first. */
  sessions(): readonly { readonly id: SessionId; readonly session: Session; readonly effects: SessionEffects }[] {
    return this.#gateway.ids().flatMap((id) => {
      const session = this.#gateway.session(id)
      const effects = this.#effects.get(id)
      return session === undefined || effects === undefined ? [] : [{ id, session, effects }]
    })
  }

  stop(): void {
    clearTimeout(this.#timer)
    for (const effects of this.#effects.values()) effects.stop()
  }

  /** One call of the gateway, its actions in order; what comes of actions waits for its turn. */
  #run(call: () => readonly GatewayAction[]): void {
    this.#queue.push(call)
    if (this.#running) return
    this.#running = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      for (const action of next()) this.#perform(action)
    }
    this.#running = false
    this.#armTimer()
  }

  #perform({ session: id, action }: GatewayAction): void {
    if (id !== null) this.#effectsOf(id).perform(action)
    else if (action.type === 'sendDatagram') this.#sendDatagram(action.path, action.bytes)
    if (id !== null && action.type === 'report' && action.report.kind === 'closed') {
      this.#effects.get(id)?.stop()
      this.#effects.delete(id)
    }
  }

  #effectsOf(id: SessionId): SessionEffects {
    const known = this.#effects.get(id)
    if (known !== undefined) return known
    const effects = new SessionEffects(this.#hostOf(id), {
      dispatch: (event) => this.dispatch(id, event as SessionHostEvent),
      childSaKeys: (child) => {
        const session = this.#gateway.session(id)
        return session && childSaKeys(this.#config, session, child)
      }
    })
    this.#effects.set(id, effects)
    this.dispatch(id, { type: 'localAddressesChanged', addresses: this.#addresses })
    return effects
  }

  #armTimer(): void {
    clearTimeout(this.#timer)
    const wake = this.#gateway.nextWake()
    if (wake === undefined) return
    this.#timer = setTimeout(() => this.tick(), Math.max(0, wake - now()))
  }
}

const entropy = () => randomFillSync(new Uint8Array(32))
const surroundings = () => ({ now: now(), entropy: entropy() })
