import { isDeepStrictEqual } from 'node:util'
import { type Path, utf8Bytes } from '../../src/bytes/index.ts'
import { ID_TYPE } from '../../src/codec/index.ts'
import { aes256Gcm16, prfHmacSha256, x25519 } from '../../src/crypto/index.ts'
import { prefixSelector } from '../../src/ike/index.ts'
import { DEFAULT_MOBIKE_POLICY, type MobikeReport } from '../../src/mobike/index.ts'
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
import { checkSession, Wiretap } from './invariants.ts'

/** Two sessions back to back over a virtual clock: the smallest world in which both roles can be watched. */

export const CLIENT: Path = {
  local: { address: '10.1.0.2', port: 500 },
  remote: { address: '192.0.2.1', port: 500 }
}

export const PSK: Uint8Array = utf8Bytes('correct horse battery staple')

const ANY4 = prefixSelector('0.0.0.0', 0)

export const CLIENT_OPTIONS: SessionOptions = {
  localIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('client.example') },
  peerIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('gateway.example') },
  ikeProposals: [{ encryption: [aes256Gcm16], integrity: [], prf: [prfHmacSha256], keyExchange: [x25519] }],
  childProposals: [{ encryption: [aes256Gcm16], integrity: [] }],
  localSelectors: [ANY4],
  remoteSelectors: [prefixSelector('10.9.0.0', 16)],
  requestConfiguration: { ipv4: true, ipv6: false, dns: true },
  mobike: DEFAULT_MOBIKE_POLICY,
  lifetimes: { ikeSaMs: null, childSaMs: null }
}

export const GATEWAY_OPTIONS: SessionOptions = {
  localIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('gateway.example') },
  ikeProposals: CLIENT_OPTIONS.ikeProposals,
  childProposals: CLIENT_OPTIONS.childProposals,
  localSelectors: [prefixSelector('10.9.0.0', 16)],
  remoteSelectors: [ANY4],
  mobike: DEFAULT_MOBIKE_POLICY,
  lifetimes: { ikeSaMs: null, childSaMs: null }
}

export type SideName = 'client' | 'gateway'

export interface Datagram {
  readonly from: SideName
  /** As the sender named it. */
  readonly path: Path
  readonly bytes: Uint8Array
}

interface InFlight extends Datagram {
  /** When it arrives, ms. */
  readonly at: number
  readonly order: number
}

export interface Side {
  readonly config: SessionConfig
  session: Session
  readonly actions: SessionAction[]
}

export type News = SessionEvent extends infer Event
  ? Event extends SessionEvent
    ? Omit<Event, 'now' | 'entropy'>
    : never
  : never

/** Deep-frozen input shows at once when a step writes to what it was given. Typed arrays cannot be frozen. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) freeze(part)
  return value
}

export function other(name: SideName): SideName {
  return name === 'client' ? 'gateway' : 'client'
}

/** The addresses of a path from the other end. */
export function reversed(path: Path): Path {
  return { local: path.remote, remote: path.local }
}

export class Pair {
  now = 1000
  private seed = 1
  private order = 0
  readonly client: Side
  readonly gateway: Side
  /** On the wire, oldest first. */
  wire: InFlight[] = []
  /** Every datagram ever sent. */
  readonly sent: Datagram[] = []
  readonly taps: Readonly<Record<SideName, Wiretap>> = { client: new Wiretap(), gateway: new Wiretap() }
  /** Every step twice, and every octet searched for keys: off where thousands of schedules are run. */
  isThorough = true
  /** Every session stored and restored after each step. */
  isRestored = true
  /** Returns false to lose a datagram. */
  passes: (datagram: Datagram) => boolean = () => true
  /** Delays of the copies of a datagram, ms; none loses it. */
  copies: (datagram: Datagram) => readonly number[] = () => [0]
  /** Where a datagram arrives, as the receiver sees it; undefined when no host is there. */
  route: (datagram: Datagram) => Path | undefined = ({ path }) => reversed(path)
  /** How the host of a side answers `moveChildSas`. */
  move: (name: SideName) => News | undefined = () => ({ type: 'childSasMoved' })
  answer: (question: Question) => Answer = (question) =>
    question.kind === 'preSharedKey'
      ? { kind: 'preSharedKey', secret: PSK.slice() }
      : { kind: 'configuration', configuration: { addresses: ['10.3.0.7'], dnsServers: ['10.9.0.53'] } }

  constructor(client: Partial<SessionOptions> = {}, gateway: Partial<SessionOptions> = {}) {
    const clientConfig = sessionConfig({ ...CLIENT_OPTIONS, ...client })
    const gatewayConfig = sessionConfig({ ...GATEWAY_OPTIONS, ...gateway })
    this.client = { config: clientConfig, session: createInitiatorSession(clientConfig), actions: [] }
    this.gateway = { config: gatewayConfig, session: createResponderSession(gatewayConfig), actions: [] }
  }

  /**
   * One step of one side, with everything a step promises: it changes nothing it was given, gives the same for the same,
   * keeps no octets it was given, and leaves a session that survives being copied.
   */
  tell(name: SideName, news: News): readonly SessionAction[] {
    const side = this[name]
    const entropy = new Uint8Array(32)
    new DataView(entropy.buffer).setUint32(0, this.seed++)
    const event = structuredClone({ ...news, now: this.now, entropy }) as SessionEvent
    const twin = structuredClone(event)
    const before = freeze(side.session)
    const step = stepSession(side.config, before, freeze(event))
    event.entropy.fill(0xee)
    if (event.type === 'datagramReceived') event.bytes.fill(0xee)
    if (event.type === 'answered' && event.answer.kind === 'preSharedKey') event.answer.secret?.fill(0xee)
    side.session = this.isRestored ? structuredClone(step.session) : step.session
    if (this.isThorough && !isDeepStrictEqual(stepSession(side.config, before, freeze(twin)), step)) {
      throw new Error(`${name}: the same ${event.type} gave something else, or what was given was kept`)
    }
    side.actions.push(...step.actions)
    this.taps[name].steps(before, side.session, step.actions, this.isThorough ? PSK : null)
    checkSession(name, side.session)
    const all = [...step.actions]
    for (const action of step.actions) {
      if (action.type === 'sendDatagram') {
        const datagram = { from: name, path: action.path, bytes: action.bytes }
        this.sent.push(datagram)
        if (!this.passes(datagram)) continue
        for (const delay of this.copies(datagram)) this.put(datagram, delay)
      } else if (action.type === 'ask') {
        all.push(...this.tell(name, { type: 'answered', id: action.id, answer: this.answer(action.question) }))
      } else if (action.type === 'moveChildSas') {
        const news = this.move(name)
        if (news !== undefined) all.push(...this.tell(name, news))
      }
    }
    return all
  }

  /** Another pair that goes on from here; what was sent before is not watched any more. How the network treats it is shared. */
  copy(): Pair {
    const twin: Pair = Object.create(Pair.prototype)
    return Object.assign(twin, this, {
      client: { ...this.client, actions: [] },
      gateway: { ...this.gateway, actions: [] },
      wire: [...this.wire],
      sent: [],
      taps: { client: new Wiretap(), gateway: new Wiretap() }
    })
  }

  /** Puts a datagram on the wire. */
  put(datagram: Datagram, delay = 0): void {
    this.wire.push({ ...datagram, at: this.now + delay, order: this.order++ })
    this.wire.sort((a, b) => a.at - b.at || a.order - b.order)
  }

  /** Delivers one datagram. */
  deliver(datagram: Datagram): readonly SessionAction[] {
    const path = this.route(datagram)
    if (path === undefined) return []
    return this.tell(other(datagram.from), { type: 'datagramReceived', path, bytes: datagram.bytes })
  }

  /** Delivers what is due on the wire, and what that leads to, until nothing is left. */
  settle(): void {
    for (let count = 0; (this.wire[0]?.at ?? Number.POSITIVE_INFINITY) <= this.now; count++) {
      if (count > 2000) throw new Error('the two sides never stop talking')
      this.deliver(this.wire.shift() as InFlight)
    }
  }

  /** Lets time pass, with every wake-up and every arrival on the way. */
  advance(ms: number): void {
    const end = this.now + ms
    for (let count = 0; count < 20_000; count++) {
      const at = Math.min(this.wakeOf('client'), this.wakeOf('gateway'), this.wire[0]?.at ?? Number.POSITIVE_INFINITY)
      if (at > end) {
        this.now = end
        return
      }
      this.now = Math.max(this.now, at)
      for (const name of ['client', 'gateway'] as const) {
        if (this.wakeOf(name) > this.now) continue
        this.tell(name, { type: 'tick' })
        if (this.wakeOf(name) <= this.now) throw new Error(`${name} wants a tick at once after a tick: a busy loop`)
      }
      this.settle()
    }
    throw new Error('time does not pass')
  }

  private wakeOf(name: SideName): number {
    return nextSessionWake(this[name].session) ?? Number.POSITIVE_INFINITY
  }

  /** Starts to connect, with the addresses both hosts have. */
  connect(paths: readonly Path[] = [CLIENT]): this {
    this.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.1.0.2' }] })
    this.tell('gateway', {
      type: 'localAddressesChanged',
      addresses: [{ address: '192.0.2.1' }, { address: '198.51.100.1' }]
    })
    this.tell('client', { type: 'connectRequested', paths })
    return this
  }

  /** Connects and lets things settle; both sides must then be established. */
  establish(): this {
    this.connect().settle()
    for (const name of ['client', 'gateway'] as const) {
      const { phase } = this[name].session.state
      if (phase.name !== 'established') {
        const reports = JSON.stringify([this.reports('client'), this.reports('gateway')])
        throw new Error(`${name} is in phase ${phase.name}: ${reports}`)
      }
    }
    return this
  }

  reports(name: SideName): SessionReport[] {
    return reportsIn(this[name].actions)
  }

  /** The state of one side's only active IKE SA. */
  ikeSa(name: SideName): Session['state']['ikeSas'][number] {
    const sa = this[name].session.state.ikeSas.find(({ standing }) => standing.name === 'active')
    if (sa === undefined) throw new Error(`${name} has no active IKE SA`)
    return sa
  }

  /** Handles of a side's Child SAs. */
  childIds(name: SideName): number[] {
    return this[name].session.state.children.map(({ sa }) => sa.id)
  }

  phase(name: SideName): string {
    return this[name].session.state.phase.name
  }
}

export function reportsIn(actions: readonly SessionAction[]): SessionReport[] {
  return actions.flatMap((action) => (action.type === 'report' ? [action.report] : []))
}

/** Reports of the MOBIKE machine. */
export function mobikeReports(actions: readonly SessionAction[]): MobikeReport[] {
  return reportsIn(actions).flatMap((report) => (report.kind === 'mobike' ? [report.report] : []))
}

export function datagramsIn(actions: readonly SessionAction[]): Extract<SessionAction, { type: 'sendDatagram' }>[] {
  return actions.flatMap((action) => (action.type === 'sendDatagram' ? [action] : []))
}
