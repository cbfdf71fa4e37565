import { EMPTY, type Path, toHex } from '../bytes/index.ts'
import { NOTIFY, notifyName } from '../codec/index.ts'
import type { Message } from '../codec/types.ts'
import { deriveIkeKeys, type KeyExchangeMethod } from '../crypto/index.ts'
import { createRequestWindow, createResponseCache } from '../exchange/index.ts'
import {
  buildInitRequest,
  findGroup,
  ikeSuiteIds,
  observeNat,
  offerIke,
  readInitAnswer,
  resolveIkeSuite,
  ZERO_SPI
} from '../ike/index.ts'
import { jittered } from './children.ts'
import { offersNatTraversal } from './establishing.ts'
import { fromHexSpi } from './spi.ts'
import type { Attempts, Handshake, IkeSa, InitiatingPhase } from './state.ts'
import {
  close,
  enter,
  ignore,
  keepIkeKeys,
  keepPrivateKey,
  newIkeSpi,
  nextId,
  patch,
  random,
  report,
  retransmissionOf,
  sendMessage,
  type Turn,
  takePrivateKey
} from './turn.ts'

/** Octets of our nonces: at least half of any PRF key used here, and 128 bits of it random (RFC 7296 section 2.10). */
export const NONCE_OCTETS = 32

/** Transmissions of one attempt before the next path is tried (RFC 4555 section 3.1). */
const TRANSMISSIONS_PER_PATH = 2

/** The time of a retransmission, of the next path, or of giving up. */
export function continueInitiating(turn: Turn, phase: InitiatingPhase): void {
  const { failure, paths } = phase
  if (failure !== null && turn.now >= failure.believedAt) {
    close(turn, failure.type === NOTIFY.NO_PROPOSAL_CHOSEN ? 'noProposalChosen' : 'protocolError')
    return
  }
  if (turn.now < phase.nextAt) return
  const policy = retransmissionOf(turn)
  const sent = phase.transmissions + 1
  if (sent > policy.transmissions * paths.length) return close(turn, 'noResponse')
  // A path that brought a COOKIE or another group works.
  if (paths.length > 1 && phase.rounds === 0 && phase.transmissions % TRANSMISSIONS_PER_PATH === 0) {
    takePrivateKey(turn, phase.exchange)
    startAttempt(turn, { ...attemptsOf(phase), attempt: phase.attempt + 1 }, phase.transmissions, failure)
    return
  }
  const path = pathOf(phase)
  enter(turn, { ...phase, transmissions: sent, nextAt: turn.now + interval(turn, phase.transmissions, paths.length) })
  sendMessage(turn, path, phase.request)
  report(turn, { kind: 'retransmitted', messageId: 0, attempt: sent, path })
}

/** A response to IKE_SA_INIT. It is not authenticated, so nothing in it ends the attempt at once (section 2.21.1). */
export function receiveInitResponse(
  turn: Turn,
  phase: InitiatingPhase,
  message: Message,
  bytes: Uint8Array,
  path: Path
): void {
  const { limits, ikeProposals } = turn.config
  const answer = readInitAnswer(message, offerIke(ikeProposals, EMPTY), phase.group)
  switch (answer.kind) {
    case 'cookie':
      if (phase.rounds >= limits.initialRounds) return ignore(turn, 'unauthenticatedError', path)
      // Section 2.6: the cookie goes first and all else is as it was, key and nonce included.
      return sendInitRequest(turn, { ...phase, cookie: answer.cookie.slice(), rounds: phase.rounds + 1 })
    case 'otherGroup': {
      const known = findGroup(ikeProposals, answer.group) !== undefined && answer.group !== phase.group
      if (!known || phase.rounds >= limits.initialRounds) return ignore(turn, 'unauthenticatedError', path)
      // Section 1.2: the retry offers the full set of suites again, with a key of the group that was named.
      return sendInitRequest(turn, withKeyPair(turn, { ...phase, rounds: phase.rounds + 1 }, answer.group))
    }
    case 'error':
      report(turn, { kind: 'violation', rule: `IKE_SA_INIT answered ${notifyName(answer.type)}` })
      if (phase.failure !== null) return
      return enter(turn, {
        ...phase,
        failure: { type: answer.type, believedAt: turn.now + limits.unauthenticatedErrorMs }
      })
    case 'malformed':
      return ignore(turn, 'malformed', path)
    case 'accepted':
      break
  }
  const ids = ikeSuiteIds(answer.choice)
  const suite = ids && resolveIkeSuite(ikeProposals, ids)
  const privateKey = turn.secrets.privateKeys[phase.exchange]
  if (ids === undefined || suite === undefined || suite.keyExchange.id !== phase.group || privateKey === undefined) {
    return ignore(turn, 'malformed', path)
  }
  const responderSpi = toHex(message.responderSpi)
  const sharedSecret = suite.keyExchange.sharedSecret(privateKey, answer.publicValue.data)
  if (sharedSecret === undefined || responderSpi === toHex(ZERO_SPI)) return ignore(turn, 'malformed', path)
  takePrivateKey(turn, phase.exchange)

  const handshake: Handshake = {
    initRequest: phase.request,
    initResponse: bytes.slice(),
    nonceInitiator: phase.nonce,
    nonceResponder: answer.nonce.slice()
  }
  const id = nextId(turn)
  const material = deriveIkeKeys({
    suite,
    nonceInitiator: handshake.nonceInitiator,
    nonceResponder: handshake.nonceResponder,
    sharedSecret,
    initiatorSpi: message.initiatorSpi,
    responderSpi: message.responderSpi
  })
  keepIkeKeys(turn, id, material)
  const sa: IkeSa = {
    id,
    startedHere: true,
    initiatorSpi: phase.initiatorSpi,
    responderSpi,
    suite: ids,
    generation: 0,
    // IKE_SA_INIT had Message ID 0 in our direction; the peer's own requests begin at 0 (RFC 7296 section 2.2).
    requests: createRequestWindow(1),
    responses: createResponseCache(0),
    standing: { name: 'active' },
    rekeyAt: jittered(turn, turn.config.lifetimes.ikeSaMs)
  }
  const initPath = pathOf(phase)
  const observed = offersNatTraversal(turn.config, initPath) ? observeNat(message.payloads, message, initPath) : null
  patch(turn, {
    ikeSas: [sa],
    path: observed === null ? initPath : floated(turn, initPath),
    initPath,
    nat: { traversal: observed !== null, observation: observed }
  })
  const question = nextId(turn)
  enter(turn, { ...attemptsOf(phase), name: 'expectOwnCredential', question, handshake })
  turn.actions.push({
    type: 'ask',
    id: question,
    question: {
      kind: 'preSharedKey',
      localIdentity: turn.config.localIdentity,
      peerIdentity: turn.config.peerIdentity
    }
  })
}

/** IKE_AUTH showed a NAT where none may be: from IKE_SA_INIT on again, on the next path (RFC 4555 section 3.9, A109). */
export function startAgain(turn: Turn, { given, paths, attempt, natRefusals }: Attempts): void {
  patch(turn, { path: null, initPath: null, nat: { traversal: false, observation: null } })
  startAttempt(turn, { given, paths, attempt: attempt + 1, natRefusals: natRefusals + 1 }, 0, null)
}

/** What of a phase a later attempt needs. */
export function attemptsOf({ given, paths, attempt, natRefusals }: Attempts): Attempts {
  return { given, paths, attempt, natRefusals }
}

/** Starts IKE_SA_INIT on the path whose turn it is. */
export function startAttempt(
  turn: Turn,
  attempts: Attempts,
  transmissions: number,
  failure: InitiatingPhase['failure']
): void {
  const group = turn.config.ikeProposals[0]?.keyExchange[0]?.id as number
  const phase: InitiatingPhase = {
    ...attempts,
    name: 'expectInitResponse',
    // A new attempt is a new message with SPI, nonce and NAT_DETECTION of its own: a retransmission could not change.
    initiatorSpi: newIkeSpi(turn),
    group,
    publicKey: EMPTY,
    nonce: random(turn, 'nonce', NONCE_OCTETS),
    cookie: null,
    rounds: 0,
    request: EMPTY,
    transmissions,
    nextAt: turn.now,
    failure,
    exchange: nextId(turn)
  }
  sendInitRequest(turn, withKeyPair(turn, phase, group))
}

/** The phase with a fresh key pair of `group`, the private key in the secrets. */
function withKeyPair(turn: Turn, phase: InitiatingPhase, group: number): InitiatingPhase {
  const method = findGroup(turn.config.ikeProposals, group) as KeyExchangeMethod
  const { privateKey, publicKey } = method.keyPair(random(turn, 'ke', method.seedOctets))
  keepPrivateKey(turn, phase.exchange, privateKey)
  return { ...phase, group, publicKey }
}

/** Sends IKE_SA_INIT as the phase says. */
function sendInitRequest(turn: Turn, phase: InitiatingPhase): void {
  const path = pathOf(phase)
  const request = buildInitRequest({
    initiatorSpi: fromHexSpi(phase.initiatorSpi),
    proposals: offerIke(turn.config.ikeProposals, EMPTY),
    publicValue: { group: phase.group, data: phase.publicKey },
    nonce: phase.nonce,
    cookie: phase.cookie,
    natDetectionPath: offersNatTraversal(turn.config, path) ? path : null
  })
  enter(turn, {
    ...phase,
    request,
    transmissions: phase.transmissions + 1,
    nextAt: turn.now + interval(turn, phase.transmissions, phase.paths.length)
  })
  sendMessage(turn, path, request)
}

/** The path of an attempt. */
export function pathOf(phase: Attempts): Path {
  return phase.paths[phase.attempt % phase.paths.length] as Path
}

/** Intervals grow with each round over the paths (RFC 7296 section 2.4). */
function interval(turn: Turn, transmissions: number, paths: number): number {
  const { initialMs, factor, maximumMs } = retransmissionOf(turn)
  return Math.min(initialMs * factor ** Math.floor(transmissions / paths), maximumMs)
}

/** IKE goes on on the NAT traversal port as soon as the peer showed that it does NAT traversal (RFC 4555 section 3.3, A026). */
function floated(turn: Turn, path: Path): Path {
  // A stream serves all messages (RFC 9329 section 5).
  if (path.remote.transport === 'tcp') return path
  const { ike, natTraversal } = turn.config.ports
  return {
    local: { address: path.local.address, port: natTraversal },
    remote: { address: path.remote.address, port: path.remote.port === ike ? natTraversal : path.remote.port }
  }
}
