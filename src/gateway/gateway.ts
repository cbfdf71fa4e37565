import { endpointText, type IpAddress, ipAddressBytes, type Path, toHex } from '../bytes/index.ts'
import {
  classifyUdpDatagram,
  decodeMessage,
  decodePayloads,
  EXCHANGE,
  encodeMessage,
  NOTIFY,
  notify,
  type PeekedHeader,
  peekHeader
} from '../codec/index.ts'
import { buildInitRefusal, findNotify, findPayload } from '../ike/index.ts'
import {
  createResponderSession,
  forgetDroppedKeys,
  type Identity,
  type IgnoredReason,
  nextSessionWake,
  type Session,
  type SessionAction,
  type SessionConfig,
  type SessionEvent,
  stepSession
} from '../session/index.ts'
import { hasMarker } from '../session/marker.ts'
import { canBeAnswered } from '../session/source.ts'
import { CookieJar } from './cookies.ts'
import { IdentityIndex } from './identities.ts'
import { reindex } from './reindex.ts'
import {
  type DatagramNews,
  DEFAULT_GATEWAY_LIMITS,
  type Gateway,
  type GatewayAction,
  type GatewayConfig,
  type GatewayLimits,
  type SessionId,
  type TargetedEvent
} from './types.ts'
import { WakeQueue } from './wake-queue.ts'

/**
 * A gateway for responder sessions of one configuration.
 *
 * @example
 * ```ts
 * const gateway = createGateway({ session: sessionConfig(options) })
 * for (const { session, action } of gateway.receive({ now, entropy, path, bytes })) perform(session, action)
 * ```
 */
export function createGateway(options: {
  readonly session: SessionConfig
  readonly limits?: Partial<GatewayLimits>
  /** Default `close`. */
  readonly initialContact?: GatewayConfig['initialContact']
}): Gateway {
  const { session, initialContact = 'close' } = options
  return new SessionTable({ session, limits: { ...DEFAULT_GATEWAY_LIMITS, ...options.limits }, initialContact })
}

const NO_KEY = { kind: 'preSharedKey', secret: null } as const

interface Entry {
  session: Session
  /** Own IKE SPIs and Child SPIs under which it is found. */
  readonly ikeSpis: Set<string>
  readonly childSpis: Set<number>
  /** Set until the session is established; `claims` is whom the peer says to be. */
  halfOpen: { readonly key: string; readonly host: string; claims: Identity | null } | null
  /** Closed, but its last answer may be wanted again (RFC 7296 section 2.1). */
  ended: boolean
}

class SessionTable implements Gateway {
  readonly #config: GatewayConfig
  readonly #entries: Map<SessionId, Entry> = new Map()
  readonly #byIkeSpi: Map<string, readonly SessionId[]> = new Map()
  readonly #byChildSpi: Map<number, readonly SessionId[]> = new Map()
  readonly #halfOpen: Map<string, SessionId> = new Map()
  readonly #halfOpenByHost: Map<string, number> = new Map()
  readonly #identities: IdentityIndex = new IdentityIndex()
  readonly #wakes: WakeQueue = new WakeQueue()
  readonly #cookies: CookieJar
  /** Ended sessions that still repeat their last answer. */
  #lingering = 0
  #nextId: SessionId = 1
  #answerWindow: { since: number; sent: number } = { since: 0, sent: 0 }

  constructor(config: GatewayConfig) {
    this.#config = config
    this.#cookies = new CookieJar(config.limits.cookieSecretMs)
  }

  receive(datagram: DatagramNews): readonly GatewayAction[] {
    if (datagram.entropy.length < 32) throw new RangeError('entropy: at least 32 octets are needed')
    const { path, bytes } = datagram
    if (!canBeAnswered(path.remote)) return ignored('unanswerableSource', path)
    const marked = hasMarker(this.#config.session.ports, path)
    const kind = classifyUdpDatagram(bytes, marked)
    if (kind === 'keepalive') return ignored('keepalive', path)
    if (kind !== 'ike') return ignored('notIke', path)
    const message = marked ? bytes.subarray(4) : bytes
    const header = peekHeader(message)
    if (header === undefined) return ignored('malformed', path)
    if (header.majorVersion > 2) return this.#answerVersion(datagram, header)
    if (header.majorVersion < 2) return ignored('unsupportedVersion', path)
    const spi = toHex(header.fromInitiator ? header.responderSpi : header.initiatorSpi)
    const known = this.#byIkeSpi.get(spi)?.[0]
    if (known !== undefined) return this.#step(known, { type: 'datagramReceived', ...datagram })
    if (header.exchangeType === EXCHANGE.IKE_SA_INIT) return this.#receiveInit(datagram, message, header)
    return this.#answerUnknownSpi(datagram, header)
  }

  tell(id: SessionId, event: TargetedEvent): readonly GatewayAction[] {
    return this.session(id) === undefined ? [] : this.#step(id, event)
  }

  tick(now: number, entropy: () => Uint8Array): readonly GatewayAction[] {
    const actions: GatewayAction[] = []
    // A session that wants to be woken at once again is woken by the next tick, not in this one.
    const due: SessionId[] = []
    for (let id = this.#wakes.takeDue(now); id !== undefined; id = this.#wakes.takeDue(now)) due.push(id)
    for (const id of due) {
      if (this.#entries.has(id)) actions.push(...this.#step(id, { type: 'tick', now, entropy: entropy() }))
    }
    return actions
  }

  nextWake(): number | undefined {
    return this.#wakes.next()
  }

  session(id: SessionId): Session | undefined {
    const entry = this.#entries.get(id)
    return entry === undefined || entry.ended ? undefined : entry.session
  }

  ids(): readonly SessionId[] {
    return [...this.#entries.keys()].filter((id) => this.#entries.get(id)?.ended === false)
  }

  sessionsOfChildSpi(spi: number): readonly SessionId[] {
    return this.#byChildSpi.get(spi) ?? []
  }

  sessionsOfIdentity(identity: Identity): readonly SessionId[] {
    return this.#identities
      .of(identity)
      .filter((id) => this.#entries.get(id)?.session.state.phase.name === 'established')
  }

  #receiveInit(datagram: DatagramNews, bytes: Uint8Array, header: PeekedHeader): readonly GatewayAction[] {
    const { now, entropy, path } = datagram
    const { limits, session: config } = this.#config
    if (header.isResponse || !header.fromInitiator) return ignored('wrongDirection', path)
    const half = `${toHex(header.initiatorSpi)} ${endpointText(path.remote)}`
    const known = this.#halfOpen.get(half)
    if (known !== undefined) return this.#step(known, { type: 'datagramReceived', ...datagram })
    const decoded = decodeMessage(bytes)
    if (!decoded.ok) return ignored('malformed', path)
    if (this.#halfOpen.size >= limits.cookieThreshold) {
      const nonce = findPayload(decoded.value.payloads, 'nonce')
      if (nonce === undefined) return ignored('malformed', path)
      const { address } = path.remote
      // RFC 9329 section 6.3: the cookie may come back through another stream.
      const port = path.remote.transport === 'tcp' ? 0 : path.remote.port
      const claim = { initiatorSpi: header.initiatorSpi, nonce: nonce.data, address, port }
      const cookie = findNotify(decoded.value.payloads, NOTIFY.COOKIE)
      // Section 2.6: a wrong cookie is as good as none.
      if (cookie === undefined || !this.#cookies.accepts(cookie.data, claim, now)) {
        const fresh = this.#cookies.make(claim, now, entropy)
        return [this.#send(path, buildInitRefusal(header.initiatorSpi, NOTIFY.COOKIE, fresh))]
      }
    }
    const host = hostOf(path.remote.address)
    const held = this.#halfOpenByHost.get(host) ?? 0
    const full = this.#halfOpen.size >= limits.halfOpen || held >= limits.halfOpenPerHost
    if (full || this.#entries.size >= limits.sessions) return ignored('busy', path)
    const id = this.#nextId++
    const entry: Entry = {
      session: createResponderSession(config),
      ikeSpis: new Set(),
      childSpis: new Set(),
      halfOpen: { key: half, host, claims: null },
      ended: false
    }
    this.#entries.set(id, entry)
    this.#halfOpen.set(half, id)
    this.#halfOpenByHost.set(host, held + 1)
    const actions = this.#step(id, { type: 'datagramReceived', ...datagram })
    // A refusal keeps nothing (sections 2.6, 2.21.1).
    if (entry.session.state.phase.name === 'expectInitRequest') this.#remove(id, entry)
    return actions
  }

  #step(id: SessionId, event: SessionEvent): readonly GatewayAction[] {
    const entry = this.#entries.get(id) as Entry
    const before = entry.session
    const told = this.#isCrowded(entry, event) ? ({ ...event, answer: NO_KEY } as const) : event
    const { session, actions } = stepSession(this.#config.session, before, told)
    entry.session = session
    forgetDroppedKeys(before, session)
    const { phase } = session.state
    const isNew = phase.name === 'established' && before.state.phase.name !== 'established'
    if (phase.name === 'closed') {
      this.#end(id, entry, phase.farewell !== null)
    } else {
      if (isNew) this.#leaveHalfOpen(entry)
      // Proved from here on, with or without the inner addresses that the host has yet to name.
      if (isNew || phase.name === 'expectConfiguration') this.#identities.add(id, phase.peerIdentity)
      if (session.state !== before.state) this.#index(id, entry)
      this.#wakes.arm(id, nextSessionWake(session))
    }
    for (const action of actions) {
      const isClaim = action.type === 'ask' && action.question.kind === 'preSharedKey'
      if (isClaim && entry.halfOpen !== null) entry.halfOpen.claims = action.question.peerIdentity
    }
    const own = actions.map((action) => ({ session: id, action }))
    return isNew && this.#config.initialContact === 'close' ? [...own, ...this.#endOlder(id, actions, event)] : own
  }

  /** A key is about to be tried for an identity that has all its places, and would not give the others up. */
  #isCrowded(
    { halfOpen, session }: Entry,
    event: SessionEvent
  ): event is Extract<SessionEvent, { readonly type: 'answered' }> {
    const claims = halfOpen?.claims
    if (!claims || event.type !== 'answered' || event.answer.kind !== 'preSharedKey') return false
    const isFull = this.#identities.of(claims).length >= this.#config.limits.sessionsPerIdentity
    return isFull && !(this.#config.initialContact === 'close' && saysInitialContact(session))
  }

  /** INITIAL_CONTACT: all other sessions of the identity that was just proved are lost to the peer. */
  #endOlder(
    id: SessionId,
    actions: readonly SessionAction[],
    { now, entropy }: SessionEvent
  ): readonly GatewayAction[] {
    const said = actions.flatMap((action) =>
      action.type === 'report' && action.report.kind === 'initialContact' ? [action.report.peerIdentity] : []
    )
    return said
      .flatMap((identity) => this.sessionsOfIdentity(identity))
      .filter((other) => other !== id)
      .flatMap((other) => this.#step(other, { type: 'peerRestarted', now, entropy }))
  }

  #index(id: SessionId, entry: Entry): void {
    const { ikeSas, children } = entry.session.state
    const ikeSpis = ikeSas.map((sa) => (sa.startedHere ? sa.initiatorSpi : sa.responderSpi))
    const childSpis = children.map(({ sa }) => sa.localSpi)
    reindex(this.#byIkeSpi, entry.ikeSpis, ikeSpis, id)
    reindex(this.#byChildSpi, entry.childSpis, childSpis, id)
  }

  /** Frees what an ended session holds; while it `lingers`, its IKE SPIs still lead to it. */
  #end(id: SessionId, entry: Entry, lingers: boolean): void {
    if (!entry.ended && lingers && this.#lingering < this.#config.limits.farewells) {
      entry.ended = true
      this.#lingering++
      this.#leaveHalfOpen(entry)
      this.#identities.remove(id)
      reindex(this.#byChildSpi, entry.childSpis, [], id)
    }
    if (entry.ended && lingers) {
      this.#wakes.arm(id, nextSessionWake(entry.session))
    } else {
      if (entry.ended) this.#lingering--
      this.#remove(id, entry)
    }
  }

  /** The peer is authenticated, or gone. */
  #leaveHalfOpen(entry: Entry): void {
    if (entry.halfOpen === null) return
    const { key, host } = entry.halfOpen
    entry.halfOpen = null
    this.#halfOpen.delete(key)
    const held = (this.#halfOpenByHost.get(host) ?? 1) - 1
    if (held === 0) this.#halfOpenByHost.delete(host)
    else this.#halfOpenByHost.set(host, held)
  }

  #remove(id: SessionId, entry: Entry): void {
    reindex(this.#byIkeSpi, entry.ikeSpis, [], id)
    reindex(this.#byChildSpi, entry.childSpis, [], id)
    this.#leaveHalfOpen(entry)
    this.#identities.remove(id)
    this.#wakes.arm(id, undefined)
    this.#entries.delete(id)
  }

  /** Section 2.5: a higher major version is dropped, and the sender may be told which one we speak (B007). */
  #answerVersion({ now, path }: DatagramNews, header: PeekedHeader): readonly GatewayAction[] {
    if (header.isResponse || !this.#mayAnswer(now)) return ignored('unsupportedVersion', path)
    return [this.#send(path, unprotectedAnswer(header, [notify(NOTIFY.INVALID_MAJOR_VERSION, Uint8Array.of(2))]))]
  }

  /** Sections 1.5 and 2.21.4: requests only, to where they came from, SPIs and Message ID copied, not too often (B082, B083). */
  #answerUnknownSpi({ now, path }: DatagramNews, header: PeekedHeader): readonly GatewayAction[] {
    if (header.isResponse || !this.#mayAnswer(now)) return ignored('unknownSpi', path)
    return [this.#send(path, unprotectedAnswer(header, [notify(NOTIFY.INVALID_IKE_SPI)]))]
  }

  #mayAnswer(now: number): boolean {
    if (now - this.#answerWindow.since >= 1000) this.#answerWindow = { since: now, sent: 0 }
    return this.#answerWindow.sent++ < this.#config.limits.unprotectedAnswersPerSecond
  }

  #send(path: Path, message: Uint8Array): GatewayAction {
    let bytes = message
    if (hasMarker(this.#config.session.ports, path)) {
      bytes = new Uint8Array(4 + message.length)
      bytes.set(message, 4)
    }
    return { session: null, action: { type: 'sendDatagram', path, bytes } }
  }
}

/** Its IKE_AUTH request holds INITIAL_CONTACT: once it is proved, the places of all other sessions are free. */
function saysInitialContact({ state: { phase } }: Session): boolean {
  if (phase.name !== 'expectPeerCredential') return false
  const payloads = decodePayloads(phase.inner, phase.firstInner)
  return payloads.ok && findNotify(payloads.value, NOTIFY.INITIAL_CONTACT) !== undefined
}

/** An IPv6 host has a whole /64 to send from. */
function hostOf(address: IpAddress): string {
  const octets = ipAddressBytes(address)
  return octets?.length === 16 ? toHex(octets.subarray(0, 8)) : address
}

function unprotectedAnswer(header: PeekedHeader, payloads: readonly ReturnType<typeof notify>[]): Uint8Array {
  return encodeMessage({
    initiatorSpi: header.initiatorSpi,
    responderSpi: header.responderSpi,
    majorVersion: 2,
    minorVersion: 0,
    exchangeType: header.exchangeType,
    fromInitiator: !header.fromInitiator,
    isResponse: true,
    messageId: header.messageId,
    payloads
  })
}

function ignored(reason: IgnoredReason, path: Path): readonly GatewayAction[] {
  return [{ session: null, action: { type: 'report', report: { kind: 'ignored', reason, path } } }]
}
