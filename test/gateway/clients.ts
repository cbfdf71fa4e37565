import type { Path } from '../../src/bytes/index.ts'
import { createGateway, type Gateway, type GatewayAction, type GatewayLimits } from '../../src/gateway/index.ts'
import {
  createInitiatorSession,
  type Session,
  type SessionAction,
  type SessionConfig,
  type SessionEvent,
  type SessionOptions,
  sessionConfig,
  stepSession
} from '../../src/session/index.ts'
import { CLIENT_OPTIONS, GATEWAY_OPTIONS } from '../session/pair.ts'

type MoveAnswer = { readonly type: 'childSasMoved' } | { readonly type: 'childSaMoveFailed'; readonly reason: string }

export const SECRET = Uint8Array.from('correct horse battery staple', (character) => character.charCodeAt(0))
let seed = 1

/** Entropy of an event: never the same twice. */
export function entropy(): Uint8Array {
  const octets = new Uint8Array(32)
  new DataView(octets.buffer).setUint32(0, seed++)
  return octets
}

/** A client with an address of its own, talking to a gateway over a wire that loses nothing. */
export class Client {
  readonly config: SessionConfig
  session: Session
  readonly path: Path
  readonly received: Uint8Array[] = []
  readonly sent: { readonly path: Path; readonly bytes: Uint8Array }[] = []
  now = 0
  /** Entropy of its events. */
  draw: (type: string) => Uint8Array = entropy
  /** What it takes for the pre-shared key. */
  answer: Uint8Array = SECRET
  /** How the gateway's host answers `moveChildSas` of this client's session. */
  moved: MoveAnswer = { type: 'childSasMoved' }
  /** Its address as the gateway sees it. */
  seenAt: (path: Path) => Path['local'] = ({ local }) => local

  constructor(address: string, options: Partial<SessionOptions> = {}) {
    this.config = sessionConfig({ ...CLIENT_OPTIONS, ...options })
    this.session = createInitiatorSession(this.config)
    this.path = { local: { address, port: 500 }, remote: { address: '192.0.2.1', port: 500 } }
  }

  step(news: { readonly type: string; readonly [field: string]: unknown }): void {
    const result = stepSession(this.config, this.session, {
      ...news,
      now: this.now,
      entropy: this.draw(news.type)
    } as SessionEvent)
    this.session = result.session
    for (const action of result.actions) this.perform(action)
  }

  perform(action: SessionAction): void {
    if (action.type === 'sendDatagram') this.sent.push(action)
    if (action.type === 'ask') {
      this.step({ type: 'answered', id: action.id, answer: { kind: 'preSharedKey', secret: this.answer } })
    }
    if (action.type === 'moveChildSas') this.step({ type: 'childSasMoved' })
  }

  /** One datagram to the gateway and its direct answers back. */
  exchange(gateway: Gateway, draw = entropy): void {
    const datagram = this.sent.shift()
    if (datagram === undefined) throw new Error('the client has nothing to send')
    const path = { local: datagram.path.remote, remote: this.seenAt(datagram.path) }
    const actions = gateway.receive({ now: this.now, entropy: draw(), path, bytes: datagram.bytes })
    for (const { path: back, bytes } of serve(gateway, actions, this.now, draw, this.moved)) {
      this.received.push(bytes)
      this.step({ type: 'datagramReceived', path: { local: datagram.path.local, remote: back.local }, bytes })
    }
  }

  connect(gateway: Gateway, draw = entropy): this {
    this.step({ type: 'connectRequested', paths: [this.path] })
    while (this.sent.length > 0) this.exchange(gateway, draw)
    return this
  }
}

/** Answers what sessions ask; returns what they send. */
export function serve(
  gateway: Gateway,
  actions: readonly GatewayAction[],
  now: number,
  draw = entropy,
  moved: MoveAnswer = { type: 'childSasMoved' }
): { path: Path; bytes: Uint8Array }[] {
  const sent: { path: Path; bytes: Uint8Array }[] = []
  for (const { session, action } of actions) {
    if (action.type === 'sendDatagram') sent.push({ path: action.path, bytes: action.bytes })
    if (session === null) continue
    const base = { now, entropy: draw() }
    if (action.type === 'moveChildSas')
      sent.push(...serve(gateway, gateway.tell(session, { ...base, ...moved }), now, draw, moved))
    if (action.type !== 'ask') continue
    const answer =
      action.question.kind === 'preSharedKey'
        ? ({ kind: 'preSharedKey', secret: SECRET } as const)
        : ({ kind: 'configuration', configuration: { addresses: ['10.3.0.7'], dnsServers: [] } } as const)
    sent.push(...serve(gateway, gateway.tell(session, { ...base, type: 'answered', id: action.id, answer }), now, draw))
  }
  return sent
}

/** A gateway of the usual configuration. */
export function gatewayWith(limits: Partial<GatewayLimits> = {}): Gateway {
  return createGateway({ session: sessionConfig(GATEWAY_OPTIONS), limits })
}
