import { type Endpoint, endpointText, type IpAddress, ipFamily, type Path, readUint32, toHex } from '../bytes/index.ts'
import { classifyUdpDatagram, EXCHANGE, peekHeader } from '../codec/index.ts'
import type { LocalAddress } from '../mobike/index.ts'
import {
  type Answer,
  createInitiatorSession,
  createResponderSession,
  type Identity,
  type InnerConfiguration,
  type Question,
  type Session,
  type SessionConfig,
  type SessionNews,
  type SessionReport
} from '../session/index.ts'
import type { SeededRandom } from './seeded-random.ts'
import { createSessionRunner, type SessionRunner } from './session-runner.ts'
import type { SimDatagram, SimHost, SimHostEvent, SimHostOutput } from './types.ts'

/** A host of the simulator that speaks IKEv2: one session as initiator, any number as responder. */
export interface SessionHostOptions {
  readonly role: 'initiator' | 'responder'
  readonly config: SessionConfig
  readonly random: SeededRandom
  /** Null where there is no key for this pair of identities. */
  readonly preSharedKey: (local: Identity, peer: Identity | null) => Uint8Array | null
  /** What clients get that ask for inner addresses: one entry for each identity, in order of their coming. */
  readonly innerAddresses?: readonly InnerConfiguration[]
  /** An inner packet that came out of a tunnel. */
  readonly onInner?: (packet: Uint8Array, now: number) => void
  readonly onReport?: (report: SessionReport, now: number) => void
  /** After each step of a session. */
  readonly onStep?: (config: SessionConfig, session: Session) => void
}

/** A {@link SimHost} that runs sessions. Give what the methods return to `network.perform`. */
export interface SessionHost extends SimHost {
  /** Sessions that are not closed, and the last that closed; oldest first. */
  sessions(): readonly SessionRunner[]
  /** Gives an event to the session of an initiator, or the newest of a responder; nothing happens when there is none. */
  command(news: SessionNews, now: number): SimHostOutput
  /** Sends an inner packet through the first tunnel that takes it; without one it is noted and dropped. */
  sendInner(packet: Uint8Array): SimHostOutput
}

/** Sessions a responder of the simulator holds at most; more IKE_SA_INITs are ignored. */
const SESSION_LIMIT = 1024

/** A host without sessions (responder), or with one that is idle (initiator). */
export function createSessionHost(options: SessionHostOptions): SessionHost {
  const { config, role, random } = options
  const { innerAddresses = [], onInner = () => {} } = options
  const assigned = new Map<string, InnerConfiguration>()
  /** By initiator SPI and source of the IKE_SA_INIT. */
  const byInit = new Map<string, SessionRunner>()
  let runners: SessionRunner[] = []
  let addresses: readonly LocalAddress[] = []
  let notes: string[] = []

  if (role === 'initiator') runners.push(newRunner())

  function newRunner(): SessionRunner {
    const session = role === 'initiator' ? createInitiatorSession(config) : createResponderSession(config)
    const { onReport, onStep } = options
    return createSessionRunner({ config, session, random: random.fork(), answer, onInner, onReport, onStep })
  }

  function answer(question: Question): Answer {
    if (question.kind === 'preSharedKey') {
      return { kind: 'preSharedKey', secret: options.preSharedKey(question.localIdentity, question.peerIdentity) }
    }
    const key = `${question.peerIdentity.type} ${toHex(question.peerIdentity.data)}`
    const given = assigned.get(key) ?? innerAddresses[assigned.size]
    if (given === undefined) return { kind: 'configuration', configuration: null }
    assigned.set(key, given)
    const wanted = (address: IpAddress) => (ipFamily(address) === 4 ? question.wantsIpv4 : question.wantsIpv6)
    return { kind: 'configuration', configuration: { ...given, addresses: given.addresses.filter(wanted) } }
  }

  function receive(datagram: SimDatagram, now: number): void {
    const onNatTraversalPort = datagram.destination.port === config.ports.natTraversal
    const kind = datagram.protocol === 'esp' ? 'esp' : classifyUdpDatagram(datagram.bytes, onNatTraversalPort)
    if (kind === 'esp') receiveEsp(datagram, now)
    else if (kind === 'ike') receiveIke(datagram, now)
    else if (kind === 'invalid') notes.push('ignored: neither IKE nor ESP')
  }

  function receiveEsp(datagram: SimDatagram, now: number): void {
    const spi = datagram.bytes.length < 4 ? 0 : readUint32(datagram.bytes, 0)
    const runner = runners.find(({ tunnel }) => tunnel.receives(spi))
    if (runner === undefined) notes.push(`ESP dropped: unknownSpi ${spi.toString(16)}`)
    else runner.receiveEsp(datagram, now)
  }

  function receiveIke(datagram: SimDatagram, now: number): void {
    const path: Path = { local: datagram.destination, remote: datagram.source }
    const runner = role === 'initiator' ? runners[0] : runnerFor(datagram, path.remote, now)
    runner?.step({ type: 'datagramReceived', path, bytes: datagram.bytes }, now)
  }

  /** The session a message belongs to: by our own SPI, which the Initiator flag tells apart (RFC 7296 section 2.6). */
  function runnerFor({ destination, bytes }: SimDatagram, source: Endpoint, now: number): SessionRunner | undefined {
    const header = peekHeader(destination.port === config.ports.natTraversal ? bytes.subarray(4) : bytes)
    if (header === undefined) {
      notes.push('ignored: too short for IKE')
      return undefined
    }
    const initiatorSpi = toHex(header.initiatorSpi)
    const responderSpi = toHex(header.responderSpi)
    const ours = header.fromInitiator ? responderSpi : initiatorSpi
    const known = runners.find((runner) =>
      runner.session().state.ikeSas.some((sa) => (sa.startedHere ? sa.initiatorSpi : sa.responderSpi) === ours)
    )
    if (known !== undefined) return known
    if (header.exchangeType !== EXCHANGE.IKE_SA_INIT || header.isResponse || !/^0+$/.test(responderSpi)) {
      notes.push(`ignored: unknown IKE SPI ${ours}`)
      return undefined
    }
    const key = `${initiatorSpi} ${endpointText(source)}`
    return byInit.get(key) ?? admit(key, now)
  }

  function admit(key: string, now: number): SessionRunner | undefined {
    const isOpen = (runner: SessionRunner) => runner.session().state.phase.name !== 'closed'
    runners = runners.filter(isOpen)
    for (const [each, runner] of byInit) if (!isOpen(runner)) byInit.delete(each)
    if (runners.length >= SESSION_LIMIT) {
      notes.push('ignored: too many sessions')
      return undefined
    }
    const runner = newRunner()
    runners.push(runner)
    byInit.set(key, runner)
    runner.step({ type: 'localAddressesChanged', addresses }, now)
    return runner
  }

  function output(): SimHostOutput {
    const outputs = runners.map((runner) => runner.takeOutput())
    const wakes = runners.flatMap((runner) => runner.nextWake() ?? [])
    const result: SimHostOutput = {
      datagrams: outputs.flatMap(({ datagrams }) => datagrams),
      notes: [...notes, ...outputs.flatMap((each) => each.notes)],
      wakeAt: wakes.length === 0 ? undefined : Math.min(...wakes)
    }
    notes = []
    return result
  }

  return {
    sessions: () => runners,
    handle(event: SimHostEvent, now: number) {
      if (event.type === 'datagramArrived') receive(event.datagram, now)
      else if (event.type === 'wake') for (const runner of runners) runner.wake(now)
      else {
        addresses = event.addresses
        for (const runner of runners) runner.step({ type: 'localAddressesChanged', addresses }, now)
      }
      return output()
    },
    command(news, now) {
      runners.at(-1)?.step(news, now)
      return output()
    },
    sendInner(packet) {
      if (!runners.some((runner) => runner.sendInner(packet))) notes.push('inner packet dropped: no Child SA')
      return output()
    }
  }
}
