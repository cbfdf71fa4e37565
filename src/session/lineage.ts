import { compareBytes, type Path, readUint16, toHex, uint32Bytes } from '../bytes/index.ts'
import { EXCHANGE, NOTIFY, notify, notifyName } from '../codec/index.ts'
import type { Payload } from '../codec/types.ts'
import { deriveIkeRekeyKeys, ikeKeys } from '../crypto/index.ts'
import { createRequestWindow, createResponseCache } from '../exchange/index.ts'
import {
  answerProposal,
  chooseProposal,
  findError,
  findGroup,
  type IkeSuiteIds,
  ikeRekeyPayloads,
  ikeSuiteIds,
  offerIke,
  readIkeRekey,
  resolveIkeSuite,
  verifyChoice
} from '../ike/index.ts'
import { jittered } from './children.ts'
import { dropIkeSa } from './ike-sa-end.ts'
import { NONCE_OCTETS } from './initiating.ts'
import { sendRequest, sendResponse } from './requests.ts'
import { fromHexSpi } from './spi.ts'
import type { IkeSa, Purpose, Standing, Task } from './state.ts'
import { deletedByPeer, promote, successorOf } from './successor.ts'
import { enqueue, postpone } from './tasks.ts'
import {
  awaitsSuccessor,
  close,
  currentPath,
  ikeKeysOf,
  ikeSaById,
  keepIkeKeys,
  keepPrivateKey,
  newIkeSpi,
  nextId,
  patch,
  putIkeSa,
  random,
  report,
  suiteOf,
  type Turn,
  takePrivateKey
} from './turn.ts'

/** Rekeying the IKE SA: one lineage, several IKE SAs one after the other (RFC 7296 sections 2.8, 2.8.2, 2.18, 2.25.2). */

/** IKE SAs of a lineage while a peer may still ask for one more: it cannot pile them up by rekeying without end. */
const IKE_SAS_KEPT = 8

type RekeyPurpose = Extract<Purpose, { readonly kind: 'rekeyIke' }>

/** Sends our CREATE_CHILD_SA request that rekeys `sa`. */
export function requestIkeRekey(turn: Turn, sa: IkeSa, task: Task & { readonly kind: 'rekeyIke' }): void {
  const { ikeProposals } = turn.config
  const group = task.group ?? sa.suite.keyExchange
  const method = findGroup(ikeProposals, group)
  if (method === undefined) return
  const { privateKey, publicKey } = method.keyPair(random(turn, 'ke', method.seedOctets))
  const exchange = nextId(turn)
  keepPrivateKey(turn, exchange, privateKey)
  const spi = newIkeSpi(turn)
  const nonce = random(turn, 'nonce', NONCE_OCTETS)
  const payloads = ikeRekeyPayloads({
    proposals: offerIke(ikeProposals, fromHexSpi(spi)),
    nonce,
    publicValue: { group, data: publicKey }
  })
  const purpose: RekeyPurpose = { kind: 'rekeyIke', task, spi, nonce, group, exchange }
  sendRequest(turn, sa, EXCHANGE.CREATE_CHILD_SA, payloads, purpose, currentPath(turn.state))
}

/** A peer's CREATE_CHILD_SA request for an IKE SA. */
export function answerIkeRekey(
  turn: Turn,
  sa: IkeSa,
  messageId: number,
  payloads: readonly Payload[],
  path: Path
): void {
  const { ikeProposals } = turn.config
  const respond = (answer: readonly Payload[]): void =>
    sendResponse(turn, sa.id, EXCHANGE.CREATE_CHILD_SA, messageId, answer, path)
  // Sections 2.25.1 and 2.25.2: not while a Child SA is being made or closed, nor while this IKE SA is.
  const busy = sa.requests.outstanding.some(({ purpose }) =>
    ['createChild', 'deleteChild', 'deleteIke'].includes(purpose.kind)
  )
  const full = turn.state.ikeSas.length >= IKE_SAS_KEPT
  if (busy || full || awaitsSuccessor(turn.state) || sa.standing.name !== 'active')
    return respond([notify(NOTIFY.TEMPORARY_FAILURE)])
  // It rekeys once more the one that it has: what it made before, and does not answer on, is nothing.
  const abandoned = successorOf(turn)
  if (abandoned !== undefined) dropIkeSa(turn, abandoned.id)
  const request = readIkeRekey(payloads)
  if (request === undefined) {
    respond([notify(NOTIFY.INVALID_SYNTAX)])
    return close(turn, 'invalidSyntax')
  }
  const spi = newIkeSpi(turn)
  const own = offerIke(ikeProposals, fromHexSpi(spi))
  const choice = chooseProposal(request.proposals, own, request.publicValue.group)
  const suite = choice && ikeSuiteIds(choice)
  const method = suite && findGroup(ikeProposals, suite.keyExchange)
  if (choice === undefined || suite === undefined || method === undefined) {
    return respond([notify(NOTIFY.NO_PROPOSAL_CHOSEN)])
  }
  if (method.id !== request.publicValue.group) {
    return respond([notify(NOTIFY.INVALID_KE_PAYLOAD, uint32Bytes(method.id).slice(2))])
  }
  const { privateKey, publicKey } = method.keyPair(random(turn, 'ke', method.seedOctets))
  const sharedSecret = method.sharedSecret(privateKey, request.publicValue.data)
  const peerSpi = toHex(choice.peerSpi)
  if (sharedSecret === undefined || peerSpi === '0000000000000000') {
    respond([notify(NOTIFY.INVALID_SYNTAX)])
    return close(turn, 'invalidSyntax')
  }
  const nonce = random(turn, 'nonce', NONCE_OCTETS)
  const lowestNonce = lower(request.nonce, nonce).slice()
  addIkeSa(turn, sa, {
    suite,
    sharedSecret,
    startedHere: false,
    initiatorSpi: peerSpi,
    responderSpi: spi,
    nonceInitiator: request.nonce,
    nonceResponder: nonce,
    standing: {
      name: 'successor',
      lowestNonce,
      askAt: turn.now + turn.config.limits.replacedSaMs,
      asked: 0,
      path
    }
  })
  const proposal = answerProposal(choice, fromHexSpi(spi))
  respond(ikeRekeyPayloads({ proposals: [proposal], nonce, publicValue: { group: method.id, data: publicKey } }))
}

/** The response to our rekey request. */
export function receiveIkeRekey(turn: Turn, sa: IkeSa, purpose: RekeyPurpose, payloads: readonly Payload[]): void {
  const { ikeProposals } = turn.config
  const privateKey = takePrivateKey(turn, purpose.exchange)
  // The peer's own rekey took over while this one was on its way.
  const overtaken = sa.standing.name !== 'active'
  const error = findError(payloads)
  if (error !== undefined) {
    if (overtaken) return
    if (error.type === NOTIFY.TEMPORARY_FAILURE) return postpone(turn, purpose.task)
    const named = error.type === NOTIFY.INVALID_KE_PAYLOAD && error.data.length === 2 ? readUint16(error.data, 0) : 0
    const { task } = purpose
    // Once: two answers that name different groups would go on for ever.
    const again = task.kind === 'rekeyIke' && task.group === null && named !== purpose.group
    if (again && findGroup(ikeProposals, named) !== undefined) {
      return patch(turn, { tasks: [{ ...task, group: named }, ...turn.state.tasks] })
    }
    report(turn, { kind: 'violation', rule: `rekeying the IKE SA was refused with ${notifyName(error.type)}` })
    // Section 2.8, B176: an IKE SA that cannot be rekeyed does not outlive its time.
    const expired = turn.config.lifetimes.ikeSaMs !== null && sa.rekeyAt === null && successorOf(turn) === undefined
    if (expired) enqueue(turn, { kind: 'closeIke', reason: 'rekeyFailed' })
    return
  }
  const answer = readIkeRekey(payloads)
  const choice = answer && verifyChoice(offerIke(ikeProposals, fromHexSpi(purpose.spi)), answer.proposals)
  const suite = choice && ikeSuiteIds(choice)
  const method = suite && findGroup(ikeProposals, suite.keyExchange)
  const sharedSecret =
    answer && method?.id === purpose.group && answer.publicValue.group === purpose.group && privateKey !== undefined
      ? method.sharedSecret(privateKey, answer.publicValue.data)
      : undefined
  const hasSpi = choice !== undefined && toHex(choice.peerSpi) !== '0000000000000000'
  if (answer === undefined || !hasSpi || suite === undefined || sharedSecret === undefined) {
    report(turn, { kind: 'violation', rule: 'the answer to an IKE SA rekey is not among what was offered' })
    return enqueue(turn, { kind: 'closeIke', reason: 'protocolError' })
  }
  const lowestNonce = lower(purpose.nonce, answer.nonce)
  const successor = successorOf(turn)
  // The peer decided already if it speaks on its own new IKE SA.
  const lost =
    overtaken ||
    (successor?.standing.name === 'successor' && compareBytes(lowestNonce, successor.standing.lowestNonce) < 0)
  const fresh = addIkeSa(turn, sa, {
    suite,
    sharedSecret,
    startedHere: true,
    initiatorSpi: purpose.spi,
    responderSpi: toHex(choice.peerSpi),
    nonceInitiator: purpose.nonce,
    nonceResponder: answer.nonce,
    // Section 2.8.2: of two new IKE SAs the one made with the lowest nonce goes, deleted by whoever made it.
    standing: lost ? DELETED_HERE : { name: 'active' }
  })
  if (lost) return
  if (successor !== undefined) putIkeSa(turn, { ...successor, standing: deletedByPeer(turn) })
  putIkeSa(turn, { ...(ikeSaById(turn.state, sa.id) as IkeSa), standing: DELETED_HERE })
  promote(turn, fresh.id)
}

function addIkeSa(
  turn: Turn,
  old: IkeSa,
  made: {
    readonly suite: IkeSuiteIds
    readonly sharedSecret: Uint8Array
    readonly startedHere: boolean
    readonly initiatorSpi: string
    readonly responderSpi: string
    readonly nonceInitiator: Uint8Array
    readonly nonceResponder: Uint8Array
    readonly standing: Standing
  }
): IkeSa {
  const suite = resolveIkeSuite(turn.config.ikeProposals, made.suite)
  if (suite === undefined) throw new TypeError('config.ikeProposals: changed during a step')
  const oldSuite = suiteOf(turn.config, old)
  const id = nextId(turn)
  const material = deriveIkeRekeyKeys({
    suite,
    oldPrf: oldSuite.prf,
    oldSkD: ikeKeys(oldSuite, ikeKeysOf(turn.secrets, old)).d,
    sharedSecret: made.sharedSecret,
    nonceInitiator: made.nonceInitiator,
    nonceResponder: made.nonceResponder,
    initiatorSpi: fromHexSpi(made.initiatorSpi),
    responderSpi: fromHexSpi(made.responderSpi)
  })
  keepIkeKeys(turn, id, material)
  const sa: IkeSa = {
    id,
    startedHere: made.startedHere,
    initiatorSpi: made.initiatorSpi,
    responderSpi: made.responderSpi,
    suite: made.suite,
    generation: old.generation + 1,
    // Section 2.18: both Message ID counters start again at 0, and the window is 1 (section 2.3).
    requests: createRequestWindow(0),
    responses: createResponseCache(0),
    standing: made.standing,
    rekeyAt: jittered(turn, turn.config.lifetimes.ikeSaMs)
  }
  patch(turn, { ikeSas: [...turn.state.ikeSas, sa] })
  return sa
}

/** Our Delete, and its retransmissions, end it. */
const DELETED_HERE: Standing = { name: 'leaving', deleteHere: true, deadline: null }

function lower(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareBytes(a, b) <= 0 ? a : b
}
