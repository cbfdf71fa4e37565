import { EMPTY } from '../bytes/index.ts'
import { EXCHANGE, NOTIFY } from '../codec/index.ts'
import type { Payload } from '../codec/types.ts'
import { recordRequest } from '../exchange/index.ts'
import {
  addressSelector,
  authRequestPayloads,
  configurationRequest,
  findError,
  findNotify,
  findPayload,
  identityOf,
  readChildOffer,
  readClaim,
  readConfigurationReply,
  sameIdentity,
  verifyChild
} from '../ike/index.ts'
import { ownAuthentication, provesKey } from './authentication.ts'
import { childOffer, installChild, newChildSpi } from './children.ts'
import { becomeEstablished, mobikeAuthPayloads } from './establishing.ts'
import { dropIkeSa } from './ike-sa-end.ts'
import { attemptsOf, startAgain } from './initiating.ts'
import { excludeAssigned, excludeTunnelled } from './inner-addresses.ts'
import type { Attempts, AuthRequested, Handshake, IkeSa } from './state.ts'
import { enqueue } from './tasks.ts'
import {
  activeIkeSa,
  close,
  currentPath,
  enter,
  nextId,
  patch,
  protect,
  putIkeSa,
  report,
  retransmissionOf,
  sendMessage,
  type Turn
} from './turn.ts'
import { windowGrant } from './window.ts'

/** The initiator's part of IKE_AUTH (RFC 7296 sections 1.2, 2.15, 2.21.2). */

/** The pre-shared key is known: sends IKE_AUTH (RFC 7296 sections 1.2, 2.15). */
export function authenticate(
  turn: Turn,
  phase: Attempts & { readonly handshake: Handshake },
  secret: Uint8Array | null
): void {
  const sa = activeIkeSa(turn.state)
  if (secret === null || sa === undefined) return close(turn, 'authenticationFailed')
  turn.secrets = { ...turn.secrets, preSharedKey: secret.slice() }
  const { config } = turn
  const { handshake } = phase
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
    notifies: [...mobikeAuthPayloads(turn, path), ...windowGrant(turn)]
  })
  const bytes = protect(turn, sa, { exchangeType: EXCHANGE.IKE_AUTH, isResponse: false, messageId: 1, payloads })
  const request = { purpose: { kind: 'auth' } as const, bytes, path, now: turn.now }
  putIkeSa(turn, { ...sa, requests: recordRequest(sa.requests, retransmissionOf(turn), request) })
  enter(turn, { ...attemptsOf(phase), name: 'expectAuthResponse', handshake, childSpi })
  sendMessage(turn, path, bytes)
}

/** The IKE_AUTH response, opened: the responder proves who it is, and the first Child SA is there or refused. */
export function receiveAuthResponse(turn: Turn, phase: AuthRequested, sa: IkeSa, payloads: readonly Payload[]): void {
  const { config } = turn
  const claim = readClaim(payloads, 'responder')
  if (claim === undefined) {
    const { mobike } = config
    // Only NO_NATS_ALLOWED can be answered so.
    const prohibited = mobike !== null && !turn.state.nat.traversal
    if (prohibited && findNotify(payloads, NOTIFY.UNEXPECTED_NAT_DETECTED) !== undefined) {
      return natRefused(turn, phase, sa, mobike.natRetryLimit)
    }
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
  excludeAssigned(turn, inner)
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
  if (child === undefined) return
  report(turn, { kind: 'childSaEstablished', id: child.sa.id })
  excludeTunnelled(turn, child)
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

/**
 * UNEXPECTED_NAT_DETECTED: set-up is tried several times from IKE_SA_INIT on, so that an attacker who changes one packet
 * does not cost the path (RFC 4555 section 3.9, A109): on each path as often as an UPDATE would be.
 */
function natRefused(turn: Turn, phase: AuthRequested, sa: IkeSa, natRetryLimit: number): void {
  report(turn, { kind: 'mobike', report: { kind: 'unexpectedNat', by: 'peer' } })
  if (phase.natRefusals + 1 >= (natRetryLimit + 1) * phase.paths.length) return close(turn, 'unexpectedNat')
  dropIkeSa(turn, sa.id)
  turn.secrets = { ...turn.secrets, preSharedKey: null }
  startAgain(turn, phase)
}
