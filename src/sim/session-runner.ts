import { type Path, pathText, readUint32, samePath } from '../bytes/index.ts'
import { createEspTunnel, type EspTunnel } from '../esp/index.ts'
import {
  type Answer,
  childSaKeys,
  type InnerConfiguration,
  nextSessionWake,
  type Question,
  type Session,
  type SessionAction,
  type SessionConfig,
  type SessionEvent,
  type SessionNews,
  type SessionReport,
  stepSession
} from '../session/index.ts'
import { describeAction } from './describe-action.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimDatagram } from './types.ts'

/** What a runner needs. */
export interface SessionRunnerOptions {
  readonly config: SessionConfig
  readonly session: Session
  /** Entropy of events and IVs of ESP. */
  readonly random: SeededRandom
  readonly answer: (question: Question) => Answer
  /** An inner packet that came out of the tunnel. */
  readonly onInner: (packet: Uint8Array, now: number) => void
  readonly onReport?: ((report: SessionReport, now: number) => void) | undefined
  /** After each step: for those who look at states or need keys to read what is on the wire. */
  readonly onStep?: ((config: SessionConfig, session: Session) => void) | undefined
}

/** One session with its ESP tunnel and keepalives: carries out its actions, gathers what is to be sent. */
export interface SessionRunner {
  readonly tunnel: EspTunnel
  session(): Session
  /** Inner addresses given by the peer, or null. */
  configuration(): InnerConfiguration | null
  step(news: SessionNews, now: number): void
  /** Sends due keepalives and ticks the session. */
  wake(now: number): void
  nextWake(): number | undefined
  /** An inner packet for the tunnel; false when no Child SA takes it. */
  sendInner(packet: Uint8Array): boolean
  /** An ESP packet, encapsulated or plain. */
  receiveEsp(datagram: SimDatagram, now: number): void
  /** What has gathered since the last call. */
  takeOutput(): { readonly datagrams: readonly SimDatagram[]; readonly notes: readonly string[] }
}

interface Keepalive {
  readonly path: Path
  readonly intervalMs: number
  lastSent: number
}

const ENTROPY_OCTETS = 64
const IV_OCTETS = 16
/** ESP is news to the session when its path changed, or after so many ms. */
const ESP_SAMPLE_MS = 1000

/** A runner of one session. */
export function createSessionRunner(options: SessionRunnerOptions): SessionRunner {
  const { config, random } = options
  const tunnel = createEspTunnel()
  const keepalives = new Map<string, Keepalive>()
  let session = options.session
  let configuration: InnerConfiguration | null = null
  let datagrams: SimDatagram[] = []
  let notes: string[] = []
  let lastEsp: { readonly path: Path; readonly at: number } | undefined

  function sendUdp(path: Path, bytes: Uint8Array, now: number): void {
    datagrams.push({ source: path.local, destination: path.remote, protocol: 'udp', bytes })
    const keepalive = keepalives.get(pathText(path))
    if (keepalive !== undefined) keepalive.lastSent = now
  }

  /** Carries out one action; gives the event that answers it, where one does. */
  function carryOut(action: SessionAction, now: number): SessionNews | undefined {
    const text = describeAction(action)
    if (text !== undefined) notes.push(text)
    switch (action.type) {
      case 'sendDatagram':
        sendUdp(action.path, action.bytes, now)
        return undefined
      case 'installChildSa':
        tunnel.applyChildSaAction(action, childSaKeys(config, session, action.child.id))
        return undefined
      case 'removeChildSa':
        tunnel.applyChildSaAction(action)
        return undefined
      case 'moveChildSas':
        if (tunnel.applyChildSaAction(action)) return { type: 'childSasMoved' }
        return { type: 'childSaMoveFailed', reason: 'unknown Child SA' }
      case 'startNatKeepalive':
        keepalives.set(pathText(action.path), { path: action.path, intervalMs: action.intervalMs, lastSent: now })
        return undefined
      case 'stopNatKeepalive':
        keepalives.delete(pathText(action.path))
        return undefined
      case 'applyConfiguration':
        configuration = action.configuration
        return undefined
      case 'ask':
        return { type: 'answered', id: action.id, answer: options.answer(action.question) }
      case 'report':
        options.onReport?.(action.report, now)
        return undefined
    }
  }

  function step(news: SessionNews, now: number): void {
    const waiting: SessionNews[] = [news]
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const event = { ...next, now, entropy: random.octets(ENTROPY_OCTETS) } as SessionEvent
      const result = stepSession(config, session, event)
      session = result.session
      options.onStep?.(config, session)
      for (const action of result.actions) {
        const answer = carryOut(action, now)
        if (answer !== undefined) waiting.push(answer)
      }
    }
  }

  /** Plain ESP has no ports: it is on the path of its Child SA when the addresses are. */
  function pathOf(datagram: SimDatagram, id: number): Path {
    const child = tunnel.snapshot().children.find((each) => each.id === id)
    if (datagram.protocol === 'udp' || child === undefined)
      return { local: datagram.destination, remote: datagram.source }
    const { local, remote } = child.path
    return {
      local: { address: datagram.destination.address, port: local.port },
      remote: { address: datagram.source.address, port: remote.port }
    }
  }

  return {
    tunnel,
    session: () => session,
    configuration: () => configuration,
    step,
    wake(now) {
      const due = nextSessionWake(session)
      if (due !== undefined && due <= now) step({ type: 'tick' }, now)
      // A request of the session serves as a keepalive.
      for (const keepalive of keepalives.values()) {
        if (now >= keepalive.lastSent + keepalive.intervalMs) sendUdp(keepalive.path, Uint8Array.of(0xff), now)
      }
    },
    nextWake() {
      const times = [...keepalives.values()].map(({ lastSent, intervalMs }) => lastSent + intervalMs)
      const due = nextSessionWake(session)
      if (due !== undefined) times.push(due)
      return times.length === 0 ? undefined : Math.min(...times)
    },
    sendInner(packet) {
      const result = tunnel.send(packet, random.octets(IV_OCTETS))
      if (!result.ok) return false
      const { local, remote } = result.path
      datagrams.push(
        result.encapsulate
          ? { source: local, destination: remote, protocol: 'udp', bytes: result.bytes }
          : {
              source: { address: local.address, port: 0 },
              destination: { address: remote.address, port: 0 },
              protocol: 'esp',
              bytes: result.bytes
            }
      )
      return true
    },
    receiveEsp(datagram, now) {
      const result = tunnel.receive(datagram.bytes)
      if (!result.ok) {
        notes.push(`ESP dropped: ${result.error}, SPI ${readUint32(datagram.bytes, 0).toString(16)}`)
        return
      }
      const path = pathOf(datagram, result.id)
      if (lastEsp === undefined || !samePath(path, lastEsp.path) || now >= lastEsp.at + ESP_SAMPLE_MS) {
        lastEsp = { path, at: now }
        step({ type: 'espReceived', id: result.id, path, encapsulated: datagram.protocol === 'udp' }, now)
      }
      options.onInner(result.packet, now)
    },
    takeOutput() {
      const output = { datagrams, notes }
      datagrams = []
      notes = []
      return output
    }
  }
}
