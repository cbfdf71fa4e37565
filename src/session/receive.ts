import { equalBytes, type Path, sameEndpoint, toHex } from '../bytes/index.ts'
import {
  classifyUdpDatagram,
  decodeMessage,
  decodePayloads,
  EXCHANGE,
  NOTIFY,
  notify,
  peekHeader
} from '../codec/index.ts'
import type { Message, Payload } from '../codec/types.ts'
import { openMessage } from '../crypto/index.ts'
import { classifyRequest, takeAnswered } from '../exchange/index.ts'
import { findNotify, unsupportedCritical } from '../ike/index.ts'
import { moveChildren } from './child-moves.ts'
import { answerCreateChild, isIkeRekey } from './create-child.ts'
import { answerInformational, deletesIkeSa } from './informational.ts'
import { receiveInitResponse } from './initiating.ts'
import { answerIkeRekey } from './lineage.ts'
import { suspectPeer, watchesMapping } from './liveness.ts'
import { hasMarker } from './marker.ts'
import { sendResponse } from './requests.ts'
import { receiveAuthRequest, receiveInitRepetition, receiveInitRequest } from './responding.ts'
import { receiveResponse } from './responses.ts'
import { canBeAnswered } from './source.ts'
import type { Farewell, IkeSa } from './state.ts'
import { promoteSuccessor, successorAnswered } from './successor.ts'
import {
  close,
  encapsulating,
  ignore,
  ikeKeysOf,
  ikeSaById,
  keepFarewell,
  livenessDueAt,
  patch,
  putIkeSa,
  report,
  sendMessage,
  suiteOf,
  type Turn
} from './turn.ts'
import { hearWindow } from './window.ts'

/** A UDP datagram from the network. Whatever it holds, nothing changes before its checksum is right (section 2.21). */
export function receiveDatagram(turn: Turn, path: Path, datagram: Uint8Array): void {
  if (!canBeAnswered(path.remote)) return ignore(turn, 'unanswerableSource', path)
  if (datagram.length > turn.config.limits.datagramOctets) return ignore(turn, 'tooLarge', path)
  const marked = hasMarker(turn.config.ports, path)
  const kind = classifyUdpDatagram(datagram, marked)
  if (kind === 'keepalive') return ignore(turn, 'keepalive', path)
  if (kind !== 'ike') return ignore(turn, 'notIke', path)
  const bytes = marked ? datagram.subarray(4) : datagram
  const header = peekHeader(bytes)
  if (header === undefined) return ignore(turn, 'malformed', path)
  if (header.majorVersion !== 2) return ignore(turn, 'unsupportedVersion', path)
  if (turn.state.phase.name === 'closed') return answerOnceMore(turn, turn.state.phase.farewell, path, bytes)
  if (header.exchangeType === EXCHANGE.IKE_SA_INIT) return receiveInit(turn, path, bytes)

  // Section 2.6: the IKE SA is found by our own SPI alone, never by an address; the Initiator flag tells which is ours.
  const ownSpi = toHex(header.fromInitiator ? header.responderSpi : header.initiatorSpi)
  const peerSpi = toHex(header.fromInitiator ? header.initiatorSpi : header.responderSpi)
  const sa = turn.state.ikeSas.find((candidate) =>
    candidate.startedHere
      ? !header.fromInitiator && candidate.initiatorSpi === ownSpi && candidate.responderSpi === peerSpi
      : header.fromInitiator && candidate.responderSpi === ownSpi && candidate.initiatorSpi === peerSpi
  )
  if (sa === undefined) return ignore(turn, 'unknownSpi', path)
  receiveProtected(turn, sa, path, bytes)
}

/** A closed session only repeats what it said last (RFC 7296 section 2.1). */
function answerOnceMore(turn: Turn, farewell: Farewell | null, path: Path, bytes: Uint8Array): void {
  if (farewell === null || !equalBytes(farewell.request, bytes)) return ignore(turn, 'closed', path)
  sendMessage(turn, path, farewell.response)
}

function receiveInit(turn: Turn, path: Path, bytes: Uint8Array): void {
  const decoded = decodeMessage(bytes)
  if (!decoded.ok) return report(turn, { kind: 'ignored', reason: 'malformed', path, error: decoded.error })
  const message = decoded.value
  if (message.messageId !== 0 || message.fromInitiator === message.isResponse)
    return ignore(turn, 'wrongDirection', path)
  const { phase } = turn.state
  if (message.isResponse) {
    if (phase.name !== 'expectInitResponse') return ignore(turn, 'unexpectedResponse', path)
    if (toHex(message.initiatorSpi) !== phase.initiatorSpi) return ignore(turn, 'unknownSpi', path)
    return receiveInitResponse(turn, phase, message, bytes, path)
  }
  if (message.responderSpi.some((octet) => octet !== 0)) return ignore(turn, 'malformed', path)
  if (phase.name === 'expectInitRequest') return receiveInitRequest(turn, message, bytes, path)
  if (phase.name === 'expectAuthRequest') return receiveInitRepetition(turn, phase.handshake, bytes, path)
  ignore(turn, 'wrongExchange', path)
}

function receiveProtected(turn: Turn, sa: IkeSa, path: Path, bytes: Uint8Array): void {
  const outer = decodeMessage(bytes)
  if (!outer.ok) return report(turn, { kind: 'ignored', reason: 'malformed', path, error: outer.error })
  const message = outer.value
  const encrypted = message.payloads[message.payloads.length - 1]
  // Unprotected messages of an IKE SA are hints at most (section 2.21.4).
  if (encrypted?.kind !== 'encrypted') {
    ignore(turn, 'unprotected', path)
    return suspectPeer(turn, 'unprotectedNotify')
  }
  const opened = openMessage({
    suite: suiteOf(turn.config, sa),
    material: ikeKeysOf(turn.secrets, sa),
    sender: sa.startedHere ? 'responder' : 'initiator',
    message: bytes,
    offset: bytes.length - encrypted.body.length - 4
  })
  if (!opened.ok) return ignore(turn, opened.error === 'malformed' ? 'malformed' : 'integrityFailed', path)
  const inner = { bytes, firstInner: opened.firstInner, inner: opened.inner }
  if (message.isResponse) return receiveProtectedResponse(turn, sa, path, message, inner)
  turn.request = bytes
  receiveProtectedRequest(turn, sa, path, message, inner)
  if (turn.response !== null) keepFarewell(turn, bytes, turn.response)
}

interface Inner {
  /** The message as it came, without the non-ESP marker. */
  readonly bytes: Uint8Array
  readonly firstInner: number
  readonly inner: Uint8Array
}

function receiveProtectedResponse(
  turn: Turn,
  sa: IkeSa,
  path: Path,
  message: Message,
  { firstInner, inner }: Inner
): void {
  const { window, record } = takeAnswered(sa.requests, message.messageId)
  if (record === undefined) return ignore(turn, 'unexpectedResponse', path)
  const expected = exchangeOf(record.purpose.kind)
  if (message.exchangeType !== expected) return ignore(turn, 'wrongExchange', path)
  putIkeSa(turn, { ...sa, requests: window })
  if (sa.standing.name === 'successor') successorAnswered(turn)
  const decoded = decodePayloads(inner, firstInner)
  const comparesNat = decoded.ok && findNotify(decoded.value, NOTIFY.NAT_DETECTION_DESTINATION_IP) !== undefined
  showedLife(turn, path, comparesNat || !watchesMapping(turn))
  // Sections 2.21.2, 2.21.3: an authentic response that makes no sense ends the IKE SA without another message.
  if (!decoded.ok || unsupportedCritical(decoded.value) !== undefined) {
    report(turn, { kind: 'violation', rule: 'the response is malformed or holds an unknown critical payload' })
    return close(turn, 'invalidSyntax')
  }
  receiveResponse(turn, ikeSaById(turn.state, sa.id) as IkeSa, record, decoded.value, path)
}

function receiveProtectedRequest(
  turn: Turn,
  sa: IkeSa,
  path: Path,
  message: Message,
  { bytes, firstInner, inner }: Inner
): void {
  const { messageId, exchangeType } = message
  const known = classifyRequest(sa.responses, messageId, bytes)
  if (known.kind === 'repeated') {
    // RFC 7296 section 2.1: the same answer, to wherever this copy came from, and nothing else (F27, F36, D30).
    return sendMessage(turn, path, known.response)
  }
  if (known.kind === 'forgotten') return ignore(turn, 'repeatedRequestForgotten', path)
  if (known.kind === 'reused') return ignore(turn, 'messageIdReused', path)
  if (known.kind === 'outsideWindow') return ignore(turn, 'messageIdOutsideWindow', path)
  const { phase } = turn.state
  const decoded = decodePayloads(inner, firstInner)
  if (phase.name === 'expectAuthRequest') {
    if (exchangeType !== EXCHANGE.IKE_AUTH) return ignore(turn, 'wrongExchange', path)
    const payloads = decoded.ok ? decoded.value : []
    if (!decoded.ok) return refuseSyntax(turn, sa, message, path)
    const request = { path, bytes, messageId, firstInner, inner, payloads }
    return receiveAuthRequest(turn, phase.handshake, phase.deadline, request)
  }
  if (phase.name !== 'established') return ignore(turn, 'busy', path)
  if (exchangeType !== EXCHANGE.INFORMATIONAL && exchangeType !== EXCHANGE.CREATE_CHILD_SA) {
    return ignore(turn, 'wrongExchange', path)
  }
  showedLife(turn, path)
  if (!decoded.ok) return refuseSyntax(turn, sa, message, path)
  const critical = unsupportedCritical(decoded.value)
  if (critical !== undefined) {
    const refusal = notify(NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(critical))
    return sendResponse(turn, sa.id, exchangeType, messageId, [refusal], path)
  }
  // The peer speaks on the IKE SA that it made by rekeying: so it has our response, and the old one is done with; unless
  // it deletes what lost a collision (section 2.8.2).
  if (sa.standing.name === 'successor' && !deletesIkeSa(decoded.value)) promoteSuccessor(turn)
  const current = ikeSaById(turn.state, sa.id) as IkeSa
  answerRequest(turn, current, exchangeType, messageId, decoded.value, path)
}

function answerRequest(
  turn: Turn,
  sa: IkeSa,
  exchangeType: number,
  messageId: number,
  payloads: readonly Payload[],
  path: Path
): void {
  if (exchangeType === EXCHANGE.INFORMATIONAL) return answerInformational(turn, sa, messageId, payloads, path)
  if (isIkeRekey(payloads)) return answerIkeRekey(turn, sa, messageId, payloads, path)
  hearWindow(turn, sa.id, payloads)
  answerCreateChild(turn, ikeSaById(turn.state, sa.id) as IkeSa, messageId, payloads, path)
}

/** INVALID_SYNTAX for an authentic request is fatal: both sides drop the IKE SA without a Delete (section 2.21.3, B243). */
function refuseSyntax(turn: Turn, sa: IkeSa, message: Message, path: Path): void {
  sendResponse(turn, sa.id, message.exchangeType, message.messageId, [notify(NOTIFY.INVALID_SYNTAX)], path)
  close(turn, 'invalidSyntax')
}

/**
 * Something fresh and authentic came from the peer (section 2.4). An answer to what we asked opens a NAT's new mapping as it
 * goes, so that it shows nothing of the one that the peer uses: behind a NAT only NAT_DETECTION and what the peer says unasked
 * put off the check of both (RFC 4555 section 3.8).
 */
function showedLife(turn: Turn, path: Path, putsOffCheck = true): void {
  if (putsOffCheck) patch(turn, { livenessAt: livenessDueAt(turn) })
  followPeer(turn, path)
}

/**
 * Without MOBIKE, a host that is not behind a NAT follows the peer's translated address, for IKE and ESP alike, on fresh
 * messages only (RFC 7296 section 2.23, B228, F52). With MOBIKE it must not (RFC 4555 section 3.8, A100).
 */
function followPeer(turn: Turn, path: Path): void {
  const { mobike, nat, path: known, phase } = turn.state
  if (mobike !== null || phase.name !== 'established' || known === null) return
  const { observation } = nat
  if (observation === null || !observation.remoteBehindNat || observation.localBehindNat) return
  if (sameEndpoint(known.remote, path.remote)) return
  const to: Path = { local: known.local, remote: path.remote }
  patch(turn, { path: to })
  moveChildren(turn, known, to, encapsulating(turn.state))
}

function exchangeOf(purpose: string): number {
  if (purpose === 'auth') return EXCHANGE.IKE_AUTH
  return purpose === 'createChild' || purpose === 'rekeyIke' ? EXCHANGE.CREATE_CHILD_SA : EXCHANGE.INFORMATIONAL
}
