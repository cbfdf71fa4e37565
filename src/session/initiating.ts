import { EMPTY, type Path, toHex } from '../bytes/index.ts'
import { EXCHANGE, NOTIFY, notifyName } from '../codec/index.ts'
import type { Message, Payload } from '../codec/types.ts'
import { deriveIkeKeys, type KeyExchangeMethod } from '../crypto/index.ts'
import { createRequestWindow, createResponseCache, recordRequest } from '../exchange/index.ts'
import {
  addressSelector,
  authRequestPayloads,
  buildInitRequest,
  configurationRequest,
  findError,
  findGroup,
  findNotify,
  findPayload,
  identityOf,
  ikeSuiteIds,
  observeNat,
  offerIke,
  readChildOffer,
  readClaim,
  readConfigurationReply,
  readInitAnswer,
  resolveIkeSuite,
  sameIdentity,
  verifyChild,
  ZERO_SPI
} from '../ike/index.ts'
import { ownAuthentication, provesKey } from './authentication.ts'
import { childOffer, installChild, jittered, newChildSpi } from './children.ts'
import { becomeEstablished, mobikeAuthPayloads, offersNatTraversal } from './establishing.ts'
import { fromHexSpi } from './spi.ts'
import type { AuthRequested, Handshake, IkeSa, InitiatingPhase } from './state.ts'
import { enqueue } from './tasks.ts'
import {
  activeIkeSa,
  close,
  currentPath,
  enter,
  ignore,
  keepIkeKeys,
  keepPrivateKey,
  newIkeSpi,
  nextId,
  patch,
  protect,
  putIkeSa,
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

/** Starts IKE_SA_INIT on the first of the paths. */
export function connect(turn: Turn, paths: readonly Path[]): void {
  if (paths.length === 0) throw new RangeError('event.paths: at least one path is needed')
  startAttempt(turn, paths, 0, 0, null)
}

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
    startAttempt(turn, paths, phase.attempt + 1, phase.transmissions, failure)
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
  const observed = offersNatTraversal(turn.config) ? observeNat(message.payloads, message, initPath) : null
  patch(turn, {
    ikeSas: [sa],
    path: observed === null ? initPath : floated(turn, initPath),
    initPath,
    nat: { traversal: observed !== null, observation: observed }
  })
  const question = nextId(turn)
  enter(turn, { name: 'expectOwnCredential', question, handshake })
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

/** The pre-shared key is known: sends IKE_AUTH (RFC 7296 sections 1.2, 2.15). */
export function authenticate(turn: Turn, handshake: Handshake, secret: Uint8Array | null): void {
  const sa = activeIkeSa(turn.state)
  if (secret === null || sa === undefined) return close(turn, 'authenticationFailed')
  turn.secrets = { ...turn.secrets, preSharedKey: secret.slice() }
  const { config } = turn
  const path = currentPath(turn.state)
  const childSpi = newChildSpi(turn)
  const selectors = { local: config.localSelectors, remote: config.remoteSelectors }
  const payloads = authRequestPayloads({
    identity: config.localIdentity,
    peerIdentity: config.peerIdentity,
    initialContact: config.initialContact,
    authentication: ownAuthentication(turn, sa, handshake, secret),
    configuration: config.requestConfiguration === null ? null : configurationRequest(config.requestConfiguration),
    child: childOffer(config, childSpi, selectors, 'auth'),
    notifies: mobikeAuthPayloads(turn, path)
  })
  const bytes = protect(turn, sa, { exchangeType: EXCHANGE.IKE_AUTH, isResponse: false, messageId: 1, payloads })
  const request = { purpose: { kind: 'auth' } as const, bytes, path, now: turn.now }
  putIkeSa(turn, { ...sa, requests: recordRequest(sa.requests, retransmissionOf(turn), request) })
  enter(turn, { name: 'expectAuthResponse', handshake, childSpi })
  sendMessage(turn, path, bytes)
}

/** The IKE_AUTH response, opened: the responder proves who it is, and the first Child SA is there or refused. */
export function receiveAuthResponse(turn: Turn, phase: AuthRequested, sa: IkeSa, payloads: readonly Payload[]): void {
  const { config } = turn
  const claim = readClaim(payloads, 'responder')
  if (claim === undefined) {
    if (findNotify(payloads, NOTIFY.UNEXPECTED_NAT_DETECTED) !== undefined) return close(turn, 'unexpectedNat')
    const error = findError(payloads)
    return close(
      turn,
      error === undefined || error.type !== NOTIFY.AUTHENTICATION_FAILED ? 'protocolError' : 'authenticationFailed'
    )
  }
  const peerIdentity = identityOf(claim.identification)
  const secret = turn.secrets.preSharedKey
  const expected = config.peerIdentity === null || sameIdentity(config.peerIdentity, peerIdentity)
  const proven = secret !== null && provesKey(turn, sa, phase.handshake, secret, claim)
  if (!expected || !proven) return refuseResponder(turn, sa)

  becomeEstablished(turn, peerIdentity, payloads)
  const configuration = readConfigurationReply(findPayload(payloads, 'configuration'))
  const assigned = config.requestConfiguration === null ? undefined : configuration
  if (assigned !== undefined) turn.actions.push({ type: 'applyConfiguration', configuration: assigned })
  const inner = assigned?.addresses ?? []
  const local = inner.length === 0 ? config.localSelectors : inner.map(addressSelector)
  patch(turn, { allowed: { local, remote: config.remoteSelectors } })
  const answer = readChildOffer(payloads)
  if (answer === undefined) {
    // The IKE SA stands although its first Child SA was refused (RFC 7296 section 2.21.2, B155).
    report(turn, { kind: 'childSaFailed', notifyType: findError(payloads)?.type ?? NOTIFY.NO_PROPOSAL_CHOSEN })
    return
  }
  const selectors = { local: config.localSelectors, remote: config.remoteSelectors }
  const offer = childOffer(config, phase.childSpi, selectors, 'auth')
  const agreement = verifyChild(answer, offer.proposals, selectors)
  if (agreement === undefined) {
    report(turn, { kind: 'violation', rule: 'the first Child SA is not among what was offered' })
    report(turn, { kind: 'childSaFailed', notifyType: NOTIFY.NO_PROPOSAL_CHOSEN })
    // The peer has it: it is deleted there (section 2.21, B240).
    return enqueue(turn, { kind: 'deleteChild', id: nextId(turn), spi: phase.childSpi })
  }
  const { nonceInitiator, nonceResponder } = phase.handshake
  const keys = { ikeSa: sa, nonceInitiator, nonceResponder, startedHere: true }
  const child = installChild(turn, agreement, phase.childSpi, keys)
  if (child !== undefined) report(turn, { kind: 'childSaEstablished', id: child.sa.id })
}

/** Section 2.21.2: the initiator tells the responder in an INFORMATIONAL of its own, and waits for nothing. */
function refuseResponder(turn: Turn, sa: IkeSa): void {
  const bytes = protect(turn, sa, {
    exchangeType: EXCHANGE.INFORMATIONAL,
    isResponse: false,
    messageId: sa.requests.nextMessageId,
    payloads: [{ kind: 'notify', protocol: 0, spi: EMPTY, type: NOTIFY.AUTHENTICATION_FAILED, data: EMPTY }]
  })
  sendMessage(turn, currentPath(turn.state), bytes)
  close(turn, 'authenticationFailed')
}

function startAttempt(
  turn: Turn,
  paths: readonly Path[],
  attempt: number,
  transmissions: number,
  failure: InitiatingPhase['failure']
): void {
  const group = turn.config.ikeProposals[0]?.keyExchange[0]?.id as number
  const phase: InitiatingPhase = {
    name: 'expectInitResponse',
    paths,
    attempt,
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
    natDetectionPath: offersNatTraversal(turn.config) ? path : null
  })
  enter(turn, {
    ...phase,
    request,
    transmissions: phase.transmissions + 1,
    nextAt: turn.now + interval(turn, phase.transmissions, phase.paths.length)
  })
  sendMessage(turn, path, request)
}

function pathOf(phase: InitiatingPhase): Path {
  return phase.paths[phase.attempt % phase.paths.length] as Path
}

/** Intervals grow with each round over the paths (RFC 7296 section 2.4). */
function interval(turn: Turn, transmissions: number, paths: number): number {
  const { initialMs, factor, maximumMs } = retransmissionOf(turn)
  return Math.min(initialMs * factor ** Math.floor(transmissions / paths), maximumMs)
}

/** IKE goes on on the NAT traversal port as soon as the peer showed that it does NAT traversal (RFC 4555 section 3.3, A026). */
function floated(turn: Turn, path: Path): Path {
  const { ike, natTraversal } = turn.config.ports
  return {
    local: { address: path.local.address, port: natTraversal },
    remote: { address: path.remote.address, port: path.remote.port === ike ? natTraversal : path.remote.port }
  }
}
