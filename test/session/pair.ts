import type { Path } from '../../src/bytes/index.ts'
import { ID_TYPE } from '../../src/codec/index.ts'
import { aes256Gcm16, prfHmacSha256, x25519 } from '../../src/crypto/index.ts'
import { utf8Bytes } from '../../src/bytes/index.ts'
import { prefixSelector } from '../../src/ike/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import {
  type Answer,
  createInitiatorSession,
  createResponderSession,
  nextSessionWake,
  type Question,
  type Session,
  type SessionAction,
  type SessionConfig,
  type SessionEvent,
  type SessionOptions,
  type SessionReport,
  sessionConfig,
  stepSession
} from '../../src/session/index.ts'

/** Two sessions back to back over a virtual clock: the smallest world in which both roles can be watched. */

export const CLIENT: Path = {
  local: { address: '10.1.0.2', port: 500 },
  remote: { address: '192.0.2.1', port: 500 }
}

const ANY4 = prefixSelector('0.0.0.0', 0)

export const CLIENT_OPTIONS: SessionOptions = {
  localIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('client.example') },
  peerIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('gateway.example') },
  ikeProposals: [{ encryption: [aes256Gcm16], integrity: [], prf: [prfHmacSha256], keyExchange: [x25519] }],
  childProposals: [{ encryption: [aes256Gcm16], integrity: [] }],
  localSelectors: [ANY4],
  remoteSelectors: [prefixSelector('10.9.0.0', 16)],
  requestConfiguration: { ipv4: true, ipv6: false, dns: true },
  mobike: DEFAULT_MOBIKE_POLICY
}

export const GATEWAY_OPTIONS: SessionOptions = {
  localIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('gateway.example') },
  ikeProposals: CLIENT_OPTIONS.ikeProposals,
  childProposals: CLIENT_OPTIONS.childProposals,
  localSelectors: [prefixSelector('10.9.0.0', 16)],
  remoteSelectors: [ANY4],
  mobike: DEFAULT_MOBIKE_POLICY
}

export type SideName = 'client' | 'gateway'

export interface Datagram {
  readonly from: SideName
  readonly path: Path
  readonly bytes: Uint8Array
}

export interface Side {
  readonly config: SessionConfig
  session: Session
  readonly actions: SessionAction[]
}

type News = SessionEvent extends infer Event ? (Event extends SessionEvent ? Omit<Event, 'now' | 'entropy'> : never) : never

/** Deep-frozen input shows at once when a step writes to what it was given. Typed arrays cannot be frozen. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) freeze(part)
  return value
}

export class Pair {
  now = 1000
  private seed = 1
  readonly client: Side
  readonly gateway: Side
  /** On the wire, oldest first. */
  wire: Datagram[] = []
  /** Every datagram ever sent. */
  readonly sent: Datagram[] = []
  /** Returns false to lose a datagram. */
  passes: (datagram: Datagram) => boolean = () => true
  answer: (question: Question) => Answer = (question) =>
    question.kind === 'preSharedKey'
      ? { kind: 'preSharedKey', secret: utf8Bytes('correct horse battery staple') }
      : { kind: 'configuration', configuration: { addresses: ['10.3.0.7'], dnsServers: ['10.9.0.53'] } }

  constructor(client: Partial<SessionOptions> = {}, gateway: Partial<SessionOptions> = {}) {
    const clientConfig = sessionConfig({ ...CLIENT_OPTIONS, ...client })
    const gatewayConfig = sessionConfig({ ...GATEWAY_OPTIONS, ...gateway })
    this.client = { config: clientConfig, session: createInitiatorSession(clientConfig), actions: [] }
    this.gateway = { config: gatewayConfig, session: createResponderSession(gatewayConfig), actions: [] }
  }

  tell(name: SideName, news: News): readonly SessionAction[] {
    const side = this[name]
    const entropy = new Uint8Array(32)
    new DataView(entropy.buffer).setUint32(0, this.seed++)
    const event = { ...news, now: this.now, entropy } as SessionEvent
    const step = stepSession(side.config, freeze(side.session), freeze(event))
    side.session = structuredClone(step.session)
    side.actions.push(...step.actions)
    const all = [...step.actions]
    for (const action of step.actions) {
      if (action.type === 'sendDatagram') {
        const datagram = { from: name, path: action.path, bytes: action.bytes }
        this.sent.push(datagram)
        if (this.passes(datagram)) this.wire.push(datagram)
      } else if (action.type === 'ask') {
        all.push(...this.tell(name, { type: 'answered', id: action.id, answer: this.answer(action.question) }))
      } else if (action.type === 'moveChildSas') {
        all.push(...this.tell(name, { type: 'childSasMoved' }))
      }
    }
    return all
  }

  /** Delivers what is on the wire, and what that leads to, until nothing is left. */
  settle(): void {
    for (let count = 0; this.wire.length > 0; count++) {
      if (count > 1000) throw new Error('the two sides never stop talking')
      const { from, path, bytes } = this.wire.shift() as Datagram
      const to = from === 'client' ? 'gateway' : 'client'
      this.tell(to, { type: 'datagramReceived', path: { local: path.remote, remote: path.local }, bytes })
    }
  }

  /** Lets time pass, with every wake-up on the way. */
  advance(ms: number): void {
    const end = this.now + ms
    for (let count = 0; count < 10_000; count++) {
      const wakes = [nextSessionWake(this.client.session), nextSessionWake(this.gateway.session)]
      const wake = Math.min(...wakes.map((at) => at ?? Number.POSITIVE_INFINITY))
      if (wake > end) {
        this.now = end
        return
      }
      this.now = Math.max(this.now, wake)
      for (const name of ['client', 'gateway'] as const) {
        const at = nextSessionWake(this[name].session)
        if (at !== undefined && at <= this.now) this.tell(name, { type: 'tick' })
      }
      this.settle()
    }
    throw new Error('time does not pass')
  }

  /** Connects and lets things settle; both sides must then be established. */
  establish(): this {
    this.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.1.0.2' }] })
    this.tell('gateway', { type: 'localAddressesChanged', addresses: [{ address: '192.0.2.1' }, { address: '198.51.100.1' }] })
    this.tell('client', { type: 'connectRequested', paths: [CLIENT] })
    this.settle()
    for (const name of ['client', 'gateway'] as const) {
      const { phase } = this[name].session.state
      if (phase.name !== 'established') throw new Error(`${name} is in phase ${phase.name}: ${JSON.stringify([this.reports('client'), this.reports('gateway')])}`)
    }
    return this
  }

  reports(name: SideName): SessionReport[] {
    return this[name].actions.flatMap((action) => (action.type === 'report' ? [action.report] : []))
  }
}
