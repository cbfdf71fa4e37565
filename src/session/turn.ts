import { type Path, toHex } from '../bytes/index.ts'
import { encodePayloads } from '../codec/index.ts'
import type { Payload } from '../codec/types.ts'
import { expandEntropy, type IkeSuite, sealMessage } from '../crypto/index.ts'
import type { RetransmissionPolicy } from '../exchange/index.ts'
import { resolveIkeSuite } from '../ike/proposals.ts'
import { childPath, ikePath, isEncapsulating } from '../mobike/index.ts'
import {
  DEFAULT_LIVENESS_MS,
  DEFAULT_RETRANSMISSION,
  RESPONDER_LIVENESS_MS,
  RESPONDER_RETRANSMISSION,
  type SessionConfig
} from './config.ts'
import { hasMarker } from './marker.ts'
import { fromHexSpi } from './spi.ts'
import type { Child, IkeSa, Phase, Session, SessionSecrets, SessionState } from './state.ts'
import type { CloseReason, IgnoredReason, SessionAction, SessionReport } from './types.ts'

/**
 * One step under way: the next state and secrets as they come about, and the actions so far. Only this object is written
 * to; the values in it are replaced, never changed.
 */
export interface Turn {
  readonly config: SessionConfig
  readonly now: number
  readonly entropy: Uint8Array
  /** Never kept across a {@link patch}, which changes it in place. */
  state: SessionState
  ownsState: boolean
  secrets: SessionSecrets
  readonly actions: SessionAction[]
  /** Random values drawn so far: part of every label, so that no two draws are alike. */
  draws: number
  /** The message that came in this step, without the non-ESP marker. */
  request: Uint8Array
  /** The response sent last in this step. */
  response: Uint8Array | null
}

/** Fresh octets for one purpose of this step (design: no generator lives in a copyable state). */
export function random(turn: Turn, purpose: string, length: number): Uint8Array {
  return expandEntropy(turn.entropy, `${purpose}:${turn.draws++}`, length)
}

/** Replaces fields of the state: of a copy that this turn owns, made when the first field is replaced. */
export function patch(turn: Turn, fields: Partial<SessionState>): void {
  if (!turn.ownsState) {
    turn.state = copyOf(turn.state)
    turn.ownsState = true
  }
  Object.assign(turn.state, fields)
}

/** Field by field: a spread of so many fields costs several times as much. */
function copyOf(state: SessionState): SessionState {
  return {
    role: state.role,
    phase: state.phase,
    path: state.path,
    initPath: state.initPath,
    nat: state.nat,
    keepalive: state.keepalive,
    ikeSas: state.ikeSas,
    children: state.children,
    tasks: state.tasks,
    mobike: state.mobike,
    surroundings: state.surroundings,
    inner: state.inner,
    allowed: state.allowed,
    livenessAt: state.livenessAt,
    suspendedSince: state.suspendedSince,
    mobikeInRow: state.mobikeInRow,
    nextId: state.nextId
  }
}

/** Enters a phase. */
export function enter(turn: Turn, phase: Phase): void {
  patch(turn, { phase })
}

/** A handle that was never used before in this session. */
export function nextId(turn: Turn): number {
  const id = turn.state.nextId
  patch(turn, { nextId: id + 1 })
  return id
}

/** Adds a report. */
export function report(turn: Turn, what: SessionReport): void {
  turn.actions.push({ type: 'report', report: what })
}

/** Says that a datagram had no effect. */
export function ignore(turn: Turn, reason: IgnoredReason, path: Path): void {
  report(turn, { kind: 'ignored', reason, path })
}

/** How requests are repeated: a responder of MOBIKE goes on for longer (RFC 4555 section 3.11, A115, A116). */
export function retransmissionOf(turn: Turn): RetransmissionPolicy {
  const byRole = turn.state.role === 'initiator' ? DEFAULT_RETRANSMISSION : RESPONDER_RETRANSMISSION
  return turn.config.retransmission ?? byRole
}

/** Silence of the peer after which it is asked, ms: a responder waits for longer (RFC 4555 section 3.11, A115). */
export function livenessMsOf({ config, state }: Turn): number | null {
  if (config.livenessMs !== 'byRole') return config.livenessMs
  return state.role === 'initiator' ? DEFAULT_LIVENESS_MS : RESPONDER_LIVENESS_MS
}

/** When the next liveness check is due if the peer shows no life from now on, ms; null for never. */
export function livenessDueAt(turn: Turn): number | null {
  const livenessMs = livenessMsOf(turn)
  return livenessMs === null ? null : turn.now + livenessMs
}

/** Where IKE runs now. */
export function currentPath(state: SessionState): Path {
  return state.mobike === null ? (state.path as Path) : ikePath(state.mobike)
}

/** Where ESP runs now: behind {@link currentPath} while return routability is being checked (design decision 2). */
export function currentChildPath(state: SessionState): Path {
  return state.mobike === null ? (state.path as Path) : childPath(state.mobike)
}

/** Whether ESP is UDP-encapsulated now: on both sides as soon as either is behind a NAT (RFC 7296 section 2.23). */
export function encapsulating(state: SessionState): boolean {
  if (state.mobike !== null) return isEncapsulating(state.mobike)
  if (state.path?.remote.transport === 'tcp') return true
  const { observation } = state.nat
  return observation !== null && (observation.localBehindNat || observation.remoteBehindNat)
}

/** Puts an IKE message on the wire, with the non-ESP marker where the port wants it (RFC 7296 section 2.23, B002). */
export function sendMessage(turn: Turn, path: Path, message: Uint8Array): void {
  turn.actions.push({ type: 'sendDatagram', path, bytes: framed(turn.config, path, message) })
}

function framed(config: SessionConfig, path: Path, message: Uint8Array): Uint8Array {
  if (!hasMarker(config.ports, path)) return message
  const datagram = new Uint8Array(4 + message.length)
  datagram.set(message, 4)
  return datagram
}

/** The IKE SA of this handle, if it still exists. */
export function ikeSaById(state: SessionState, id: number): IkeSa | undefined {
  return state.ikeSas.find((sa) => sa.id === id)
}

/**
 * True while the peer is given time to go over to an IKE SA that it made. Once it was asked there in vain what else is to be
 * done no longer waits: it may never have got our response.
 */
export function awaitsSuccessor({ ikeSas }: SessionState): boolean {
  return ikeSas.some(({ standing }) => standing.name === 'successor' && standing.asked < 2)
}

/** The IKE SA that new requests go to. */
export function activeIkeSa(state: SessionState): IkeSa | undefined {
  return state.ikeSas.find((sa) => sa.standing.name === 'active')
}

/** Replaces the IKE SA of the same handle. */
export function putIkeSa(turn: Turn, sa: IkeSa): void {
  patch(turn, { ikeSas: turn.state.ikeSas.map((known) => (known.id === sa.id ? sa : known)) })
}

/** Replaces the Child SA of the same handle. */
export function putChild(turn: Turn, child: Child): void {
  patch(turn, { children: turn.state.children.map((known) => (known.sa.id === child.sa.id ? child : known)) })
}

/** The Child SA with this handle. */
export function childById(state: SessionState, id: number): Child | undefined {
  return state.children.find((child) => child.sa.id === id)
}

/** The Child SA that the peer made by rekeying the one with this handle. */
export function replacementOf(state: SessionState, id: number): Child | undefined {
  return state.children.find(({ startedHere, rekeyOf }) => !startedHere && rekeyOf === id)
}

/** Algorithms of an IKE SA. They were chosen from the configuration, which a caller must not change under a session. */
export function suiteOf(config: SessionConfig, sa: Pick<IkeSa, 'suite'>): IkeSuite {
  const suite = resolveIkeSuite(config.ikeProposals, sa.suite)
  if (suite === undefined) throw new TypeError('config.ikeProposals: an algorithm of an established IKE SA is missing')
  return suite
}

/** Packed keys of an IKE SA. */
export function ikeKeysOf(secrets: SessionSecrets, sa: Pick<IkeSa, 'id'>): Uint8Array {
  const keys = secrets.ikeKeys[sa.id]
  if (keys === undefined) throw new TypeError('session.secrets: the keys of an IKE SA of session.state are missing')
  return keys
}

/** Header SPIs of an IKE SA as octets. */
export function spisOf(sa: Pick<IkeSa, 'initiatorSpi' | 'responderSpi'>): {
  readonly initiatorSpi: Uint8Array
  readonly responderSpi: Uint8Array
} {
  return { initiatorSpi: fromHexSpi(sa.initiatorSpi), responderSpi: fromHexSpi(sa.responderSpi) }
}

/** The octets of a protected message of `sa`, with a random IV drawn from this step's entropy (RFC 7296 section 3.14). */
export function protect(
  turn: Turn,
  sa: IkeSa,
  message: {
    readonly exchangeType: number
    readonly isResponse: boolean
    readonly messageId: number
    readonly payloads: readonly Payload[]
  }
): Uint8Array {
  const suite = suiteOf(turn.config, sa)
  const chain = encodePayloads(message.payloads)
  return sealMessage({
    suite,
    material: ikeKeysOf(turn.secrets, sa),
    header: {
      initiatorSpi: fromHexSpi(sa.initiatorSpi),
      responderSpi: fromHexSpi(sa.responderSpi),
      exchangeType: message.exchangeType,
      fromInitiator: sa.startedHere,
      isResponse: message.isResponse,
      messageId: message.messageId
    },
    firstInner: chain.firstPayload,
    inner: chain.bytes,
    // With the message's own name in the label, not even entropy used twice by mistake repeats an IV.
    iv: random(turn, `iv${message.isResponse ? 'r' : 'q'}${message.messageId}`, suite.encryption.ivOctets)
  })
}

/** Takes a private key out of the secrets: it is used once. */
export function takePrivateKey(turn: Turn, exchange: number): Uint8Array | undefined {
  const { [exchange]: key, ...privateKeys } = turn.secrets.privateKeys
  turn.secrets = { ...turn.secrets, privateKeys }
  return key
}

/** Keeps a private key until its exchange is over. */
export function keepPrivateKey(turn: Turn, exchange: number, key: Uint8Array): void {
  turn.secrets = { ...turn.secrets, privateKeys: { ...turn.secrets.privateKeys, [exchange]: key } }
}

/** Keeps the keys of a new IKE SA. */
export function keepIkeKeys(turn: Turn, id: number, keys: Uint8Array): void {
  turn.secrets = { ...turn.secrets, ikeKeys: { ...turn.secrets.ikeKeys, [id]: keys } }
}

/** Ends the session: every SA and key goes, nothing more is sent. */
export function close(turn: Turn, reason: CloseReason): void {
  if (turn.state.phase.name === 'closed') return
  for (const { sa } of turn.state.children) turn.actions.push({ type: 'removeChildSa', id: sa.id })
  const keepalive = turn.state.mobike?.keepalive ?? turn.state.keepalive
  if (keepalive != null) turn.actions.push({ type: 'stopNatKeepalive', path: keepalive })
  turn.secrets = NO_SECRETS
  patch(turn, {
    phase: { name: 'closed', reason, farewell: null },
    ikeSas: [],
    children: [],
    tasks: [],
    mobike: null,
    keepalive: null
  })
  report(turn, { kind: 'closed', reason })
}

/** Keeps the last answer of a closed session for a while: the peer may not have got it (RFC 7296 section 2.1, B038). */
export function keepFarewell(turn: Turn, request: Uint8Array, response: Uint8Array): void {
  const { phase } = turn.state
  if (phase.name !== 'closed') return
  const until = turn.now + turn.config.limits.replacedSaMs
  enter(turn, { ...phase, farewell: { request: request.slice(), response, until } })
}

/** The secrets of a session that has none. */
export const NO_SECRETS: SessionSecrets = { ikeKeys: {}, childKeys: {}, privateKeys: {}, preSharedKey: null }

/** The session a turn has come to. */
export function sessionOf(turn: Turn): Session {
  return { state: turn.state, secrets: turn.secrets }
}

/** A new IKE SPI in hexadecimal: random, never zero, not one of ours (RFC 7296 section 2.6, B003, B015). */
export function newIkeSpi(turn: Turn): string {
  for (;;) {
    const spi = toHex(random(turn, 'spi', 8))
    const taken = turn.state.ikeSas.some((sa) => (sa.startedHere ? sa.initiatorSpi : sa.responderSpi) === spi)
    if (!taken && spi !== '0000000000000000') return spi
  }
}
