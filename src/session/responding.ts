import { EMPTY, equalBytes, type Path, toHex, uint32Bytes } from '../bytes/index.ts'
import { decodePayloads, EXCHANGE, NOTIFY, notify } from '../codec/index.ts'
import type { Message, Payload } from '../codec/types.ts'
import { deriveIkeKeys } from '../crypto/index.ts'
import { createRequestWindow, createResponseCache, recordResponse } from '../exchange/index.ts'
import {
  addressSelector,
  agreeToChild,
  answerProposal,
  authResponsePayloads,
  buildInitRefusal,
  buildInitResponse,
  type ChildAgreement,
  type ChildRefusal,
  chooseProposal,
  configurationReply,
  findNotify,
  findPayload,
  type Identity,
  type InnerConfiguration,
  identityOf,
  ikeSuiteIds,
  observeNat,
  offerChild,
  offerIke,
  readChildOffer,
  readClaim,
  readConfigurationRequest,
  readInitRequest,
  resolveIkeSuite,
  sameIdentity,
  unsupportedCritical
} from '../ike/index.ts'
import { checkNoNatsAllowed } from '../mobike/index.ts'
import { ownAuthentication, provesKey } from './authentication.ts'
import { installChild, jittered, newChildSpi } from './children.ts'
import { agreesToMobike, becomeEstablished, mobikeAuthPayloads, offersNatTraversal } from './establishing.ts'
import { NONCE_OCTETS } from './initiating.ts'
import { excludeAssigned, excludeTunnelled } from './inner-addresses.ts'
import { fromHexSpi } from './spi.ts'
import type { AuthReceived, Handshake, IkeSa } from './state.ts'
import {
  activeIkeSa,
  close,
  enter,
  ignore,
  keepFarewell,
  keepIkeKeys,
  newIkeSpi,
  nextId,
  patch,
  protect,
  putIkeSa,
  random,
  report,
  sendMessage,
  type Turn
} from './turn.ts'
import { windowGrant } from './window.ts'

/** An IKE_SA_INIT request: answers it, or refuses it without keeping anything (RFC 7296 sections 1.2, 2.6, 2.7). */
export function receiveInitRequest(turn: Turn, message: Message, bytes: Uint8Array, path: Path): void {
  const { config } = turn
  const request = readInitRequest(message)
  const critical = unsupportedCritical(message.payloads)
  if (critical !== undefined) {
    const type = NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD
    return sendMessage(turn, path, buildInitRefusal(message.initiatorSpi, type, Uint8Array.of(critical)))
  }
  if (request === undefined) return ignore(turn, 'malformed', path)
  const choice = chooseProposal(request.proposals, offerIke(config.ikeProposals, EMPTY), request.publicValue.group)
  const ids = choice && ikeSuiteIds(choice)
  const suite = ids && resolveIkeSuite(config.ikeProposals, ids)
  if (choice === undefined || ids === undefined || suite === undefined) {
    return sendMessage(turn, path, buildInitRefusal(message.initiatorSpi, NOTIFY.NO_PROPOSAL_CHOSEN))
  }
  if (suite.keyExchange.id !== request.publicValue.group) {
    const group = uint32Bytes(suite.keyExchange.id).slice(2)
    return sendMessage(turn, path, buildInitRefusal(message.initiatorSpi, NOTIFY.INVALID_KE_PAYLOAD, group))
  }
  const { privateKey, publicKey } = suite.keyExchange.keyPair(random(turn, 'ke', suite.keyExchange.seedOctets))
  const sharedSecret = suite.keyExchange.sharedSecret(privateKey, request.publicValue.data)
  if (sharedSecret === undefined) return ignore(turn, 'malformed', path)

  const observation = offersNatTraversal(config, path) ? observeNat(message.payloads, message, path) : null
  const responderSpi = newIkeSpi(turn)
  const spis = { initiatorSpi: message.initiatorSpi.slice(), responderSpi: fromHexSpi(responderSpi) }
  const nonce = random(turn, 'nonce', NONCE_OCTETS)
  const response = buildInitResponse({
    spis,
    proposal: answerProposal(choice, EMPTY),
    publicValue: { group: suite.keyExchange.id, data: publicKey },
    nonce,
    natDetectionPath: observation === null ? null : path
  })
  const handshake: Handshake = {
    initRequest: bytes.slice(),
    initResponse: response,
    nonceInitiator: request.nonce.slice(),
    nonceResponder: nonce
  }
  const id = nextId(turn)
  const { nonceInitiator, nonceResponder } = handshake
  keepIkeKeys(turn, id, deriveIkeKeys({ suite, nonceInitiator, nonceResponder, sharedSecret, ...spis }))
  const sa: IkeSa = {
    id,
    startedHere: false,
    initiatorSpi: toHex(spis.initiatorSpi),
    responderSpi,
    suite: ids,
    generation: 0,
    requests: createRequestWindow(0),
    responses: createResponseCache(1),
    standing: { name: 'active' },
    rekeyAt: jittered(turn, config.lifetimes.ikeSaMs)
  }
  patch(turn, { ikeSas: [sa], path, initPath: path, nat: { traversal: observation !== null, observation } })
  enter(turn, { name: 'expectAuthRequest', handshake, deadline: turn.now + config.limits.halfOpenMs })
  sendMessage(turn, path, response)
}

/** IKE_SA_INIT again: the same octets get the same response (section 2.1, B040), anything else is another's business. */
export function receiveInitRepetition(turn: Turn, handshake: Handshake, bytes: Uint8Array, path: Path): void {
  if (!equalBytes(handshake.initRequest, bytes)) return ignore(turn, 'busy', path)
  sendMessage(turn, path, handshake.initResponse)
}

/** The IKE_AUTH request, opened: looks at its form, then asks for the pre-shared key. */
export function receiveAuthRequest(
  turn: Turn,
  handshake: Handshake,
  deadline: number,
  request: {
    readonly path: Path
    /** The message as it came, without the non-ESP marker. */
    readonly bytes: Uint8Array
    readonly messageId: number
    readonly firstInner: number
    readonly inner: Uint8Array
    readonly payloads: readonly Payload[]
  }
): void {
  const sa = activeIkeSa(turn.state) as IkeSa
  const received: AuthReceived = {
    handshake,
    request: request.bytes.slice(),
    messageId: request.messageId,
    path: request.path,
    firstInner: request.firstInner,
    inner: request.inner.slice()
  }
  // RFC 4555 section 3.3: the IKE SA's addresses are those of the header of the first IKE_AUTH request.
  patch(turn, { path: request.path })
  // RFC 7296 section 2.21.2: form comes before authentication.
  const critical = unsupportedCritical(request.payloads)
  if (critical !== undefined) {
    const refusal = notify(NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(critical))
    return refuse(turn, sa, received, [refusal], 'protocolError')
  }
  const noNats = findNotify(request.payloads, NOTIFY.NO_NATS_ALLOWED)
  if (noNats !== undefined && agreesToMobike(turn.config, request.payloads)) {
    // RFC 4555 section 3.9: nothing asked for is carried out. The contents would serve for logging only.
    if (!checkNoNatsAllowed(noNats.data, request.path)) {
      return refuse(turn, sa, received, [notify(NOTIFY.UNEXPECTED_NAT_DETECTED)], 'unexpectedNat')
    }
  }
  const claim = readClaim(request.payloads, 'initiator')
  const identity = claim && identityOf(claim.identification)
  const { peerIdentity, localIdentity } = turn.config
  if (identity === undefined || (peerIdentity !== null && !sameIdentity(peerIdentity, identity))) {
    return refuse(turn, sa, received, [notify(NOTIFY.AUTHENTICATION_FAILED)], 'authenticationFailed')
  }
  const question = nextId(turn)
  enter(turn, { ...received, name: 'expectPeerCredential', question, deadline })
  turn.actions.push({
    type: 'ask',
    id: question,
    question: { kind: 'preSharedKey', localIdentity, peerIdentity: identity }
  })
}

/** The pre-shared key is known: verifies the initiator, then asks for its inner addresses if it wants any. */
export function verifyInitiator(turn: Turn, received: AuthReceived, deadline: number, secret: Uint8Array | null): void {
  const sa = activeIkeSa(turn.state) as IkeSa
  const payloads = payloadsOf(received)
  const claim = readClaim(payloads, 'initiator')
  const proven = secret !== null && claim !== undefined && provesKey(turn, sa, received.handshake, secret, claim)
  if (!proven) return refuse(turn, sa, received, [notify(NOTIFY.AUTHENTICATION_FAILED)], 'authenticationFailed')

  const peerIdentity = identityOf(claim.identification)
  turn.secrets = { ...turn.secrets, preSharedKey: secret.slice() }
  const wanted = readConfigurationRequest(findPayload(payloads, 'configuration'))
  if (wanted === undefined) return acceptInitiator(turn, received, peerIdentity, null)
  const question = nextId(turn)
  enter(turn, { ...received, name: 'expectConfiguration', question, deadline, peerIdentity })
  turn.actions.push({
    type: 'ask',
    id: question,
    question: { kind: 'configuration', peerIdentity, wantsIpv4: wanted.ipv4, wantsIpv6: wanted.ipv6 }
  })
}

/** Answers IKE_AUTH: our own proof, inner addresses, the first Child SA, and what MOBIKE adds. */
export function acceptInitiator(
  turn: Turn,
  received: AuthReceived,
  peerIdentity: Identity,
  configuration: InnerConfiguration | null
): void {
  const { config } = turn
  const sa = activeIkeSa(turn.state) as IkeSa
  const payloads = payloadsOf(received)
  const { handshake } = received
  const authentication = ownAuthentication(turn, sa, handshake, turn.secrets.preSharedKey ?? EMPTY)
  const wanted = readConfigurationRequest(findPayload(payloads, 'configuration'))
  const localSpi = newChildSpi(turn)
  const remote = configuration === null ? config.remoteSelectors : configuration.addresses.map(addressSelector)
  patch(turn, { allowed: { local: config.localSelectors, remote } })
  const agreement =
    wanted !== undefined && configuration === null
      ? { refusedWith: NOTIFY.INTERNAL_ADDRESS_FAILURE }
      : agreeToFirstChild(turn, payloads, localSpi)
  const responsePayloads = authResponsePayloads({
    identity: config.localIdentity,
    authentication,
    configuration: configuration === null ? null : configurationReply(configuration),
    child:
      'refusedWith' in agreement
        ? agreement
        : {
            proposals: [answerProposal(agreement.choice, uint32Bytes(localSpi))],
            selectorsInitiator: agreement.remoteSelectors,
            selectorsResponder: agreement.localSelectors
          },
    notifies: [
      ...(agreesToMobike(config, payloads) ? mobikeAuthPayloads(turn, received.path) : []),
      ...windowGrant(turn)
    ]
  })
  const bytes = protect(turn, sa, {
    exchangeType: EXCHANGE.IKE_AUTH,
    isResponse: true,
    messageId: received.messageId,
    payloads: responsePayloads
  })
  putIkeSa(turn, { ...sa, responses: recordResponse(sa.responses, received.messageId, bytes, received.request) })
  becomeEstablished(turn, peerIdentity, payloads)
  excludeAssigned(turn, configuration?.addresses ?? [])
  if ('refusedWith' in agreement) {
    report(turn, { kind: 'childSaFailed', notifyType: agreement.refusedWith })
  } else {
    // RFC 7296 section 2.8: we can receive on the Child SA before the response leaves.
    const { nonceInitiator, nonceResponder } = handshake
    const keys = { ikeSa: sa, nonceInitiator, nonceResponder, startedHere: false }
    const child = installChild(turn, agreement, localSpi, keys)
    if (child !== undefined) {
      report(turn, { kind: 'childSaEstablished', id: child.sa.id })
      excludeTunnelled(turn, child)
    }
  }
  sendMessage(turn, received.path, bytes)
}

function agreeToFirstChild(turn: Turn, payloads: readonly Payload[], localSpi: number): ChildAgreement | ChildRefusal {
  const offer = readChildOffer(payloads)
  if (offer === undefined) return { refusedWith: NOTIFY.NO_PROPOSAL_CHOSEN }
  const own = offerChild(turn.config.childProposals, uint32Bytes(localSpi), 'auth')
  return agreeToChild(offer, own, turn.state.allowed, undefined)
}

/** Refuses IKE_AUTH with a protected response and ends: no Delete is needed (RFC 7296 section 2.21.2, B156). */
function refuse(
  turn: Turn,
  sa: IkeSa,
  received: AuthReceived,
  payloads: readonly Payload[],
  reason: 'authenticationFailed' | 'protocolError' | 'unexpectedNat'
): void {
  const { messageId } = received
  const bytes = protect(turn, sa, { exchangeType: EXCHANGE.IKE_AUTH, isResponse: true, messageId, payloads })
  sendMessage(turn, received.path, bytes)
  close(turn, reason)
  keepFarewell(turn, received.request, bytes)
}

function payloadsOf(received: AuthReceived): readonly Payload[] {
  const decoded = decodePayloads(received.inner, received.firstInner)
  return decoded.ok ? decoded.value : []
}
