import type { IpAddress, Path } from '../../src/bytes/index.ts'
import type { AddressRangeSelector } from '../../src/codec/index.ts'
import { ID_TYPE } from '../../src/codec/index.ts'
import type { EncryptionAlgorithm, KeyExchangeMethod, PseudoRandomFunction } from '../../src/crypto/index.ts'
import { DEFAULT_MOBIKE_POLICY, type RoutabilityPolicy } from '../../src/mobike/index.ts'
import {
  createInitiatorSession,
  createResponderSession,
  type EventBase,
  type Session,
  type SessionAction,
  type SessionConfig,
  type SessionEvent,
  sessionConfig,
  stepSession
} from '../../src/session/index.ts'
import { filler } from './messages.ts'

/** The algorithms of one library: PSK, one cipher, one PRF, one group. */
export interface Algorithms {
  readonly encryption: EncryptionAlgorithm
  readonly prf: PseudoRandomFunction
  readonly keyExchange: KeyExchangeMethod
}

/** An initiator and a responder with a perfect network between them: what one sends, the other gets at once. */
export interface TwoEnds {
  readonly initiator: End
  readonly responder: End
  /** Milliseconds; a thousandth passes with each event, so that no deadline comes. */
  now: number
  /** Datagrams exchanged so far. */
  datagrams: number
}

export interface End {
  readonly config: SessionConfig
  session: Session
  /** What was reported, by kind; for checking that something happened. */
  readonly reports: Map<string, number>
}

/** Makes the event of what happens to an end, with the fields every event carries. */
export type Happening = (base: EventBase) => SessionEvent

export const WLAN: IpAddress = '10.1.0.2'
export const WWAN: IpAddress = '10.2.0.2'
const GATEWAY: IpAddress = '192.0.2.1'
const SECRET = filler(20, 70)

/** Two configured ends that have not spoken yet. */
export function createTwoEnds(algorithms: Algorithms): TwoEnds {
  const initiator = configure(algorithms, 'phone', 'gateway', {})
  // No address of the phone stays verified beyond its step, so that each move has its return routability check.
  const responder = configure(algorithms, 'gateway', 'phone', { validMs: 0.0001 })
  return {
    initiator: { config: initiator, session: createInitiatorSession(initiator), reports: new Map() },
    responder: { config: responder, session: createResponderSession(responder), reports: new Map() },
    now: 1000,
    datagrams: 0
  }
}

/** IKE_SA_INIT and IKE_AUTH, both ends. */
export function connect(ends: TwoEnds): void {
  happen(ends, ends.responder, addressNow(GATEWAY))
  happen(ends, ends.initiator, addressNow(WLAN))
  const path: Path = { local: { address: WLAN, port: 500 }, remote: { address: GATEWAY, port: 500 } }
  happen(ends, ends.initiator, ({ now, entropy }) => ({ type: 'connectRequested', paths: [path], now, entropy }))
  for (const end of [ends.initiator, ends.responder]) {
    if (end.reports.get('established') !== 1 || end.reports.get('childSaEstablished') !== 1) {
      throw new Error(`not established: ${JSON.stringify([...end.reports])}`)
    }
  }
}

/** The host has this address and no other. */
export function addressNow(address: IpAddress): Happening {
  return ({ now, entropy }) => ({ type: 'localAddressesChanged', addresses: [{ address }], now, entropy })
}

/** Gives an event to one end and delivers everything that follows from it. */
export function happen(ends: TwoEnds, end: End, happening: Happening): void {
  const queue: Due[] = [{ end, event: happening(fresh(ends)) }]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const acting = next.end
    const { session, actions } = stepSession(acting.config, acting.session, next.event)
    acting.session = session
    for (const action of actions) {
      const follows = consequence(ends, acting, action)
      if (follows !== undefined) queue.push(follows)
    }
  }
}

interface Due {
  readonly end: End
  readonly event: SessionEvent
}

/** What an action leads to. Events are written out field by field: their making is no part of what is measured. */
function consequence(ends: TwoEnds, acting: End, action: SessionAction): Due | undefined {
  switch (action.type) {
    case 'sendDatagram': {
      ends.datagrams++
      const { now, entropy } = fresh(ends)
      const path: Path = { local: action.path.remote, remote: action.path.local }
      const other = acting === ends.initiator ? ends.responder : ends.initiator
      return { end: other, event: { type: 'datagramReceived', path, bytes: action.bytes, now, entropy } }
    }
    case 'ask': {
      const { now, entropy } = fresh(ends)
      const answer =
        action.question.kind === 'preSharedKey'
          ? ({ kind: 'preSharedKey', secret: SECRET } as const)
          : ({ kind: 'configuration', configuration: null } as const)
      return { end: acting, event: { type: 'answered', id: action.id, answer, now, entropy } }
    }
    case 'moveChildSas': {
      const { now, entropy } = fresh(ends)
      return { end: acting, event: { type: 'childSasMoved', now, entropy } }
    }
    case 'report':
      count(acting, action.report.kind === 'mobike' ? action.report.report.kind : action.report.kind)
      return undefined
    default:
      return undefined
  }
}

/** A little later, and entropy never given before. */
function fresh(ends: TwoEnds): EventBase {
  ends.now += 0.001
  entropyCounter++
  const entropy = new Uint8Array(32)
  for (let i = 0; i < 4; i++) entropy[i] = entropyCounter >>> (8 * i)
  return { now: ends.now, entropy }
}

let entropyCounter = 0

function count({ reports }: End, kind: string): void {
  reports.set(kind, (reports.get(kind) ?? 0) + 1)
}

function configure(
  { encryption, prf, keyExchange }: Algorithms,
  own: string,
  peer: string,
  routability: Partial<RoutabilityPolicy>
): SessionConfig {
  return sessionConfig({
    localIdentity: identity(own),
    peerIdentity: identity(peer),
    ikeProposals: [{ encryption: [encryption], integrity: [], prf: [prf], keyExchange: [keyExchange] }],
    childProposals: [{ encryption: [encryption], integrity: [] }],
    localSelectors: [ANY],
    remoteSelectors: [ANY],
    mobike: { ...DEFAULT_MOBIKE_POLICY, routability: { ...DEFAULT_MOBIKE_POLICY.routability, ...routability } }
  })
}

function identity(name: string): SessionConfig['localIdentity'] {
  return { type: ID_TYPE.ID_FQDN, data: new TextEncoder().encode(`${name}.example.org`) }
}

const ANY: AddressRangeSelector = {
  type: 7,
  protocol: 0,
  startPort: 0,
  endPort: 65535,
  startAddress: new Uint8Array(4),
  endAddress: new Uint8Array(4).fill(255)
}
