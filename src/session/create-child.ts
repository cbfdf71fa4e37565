import { compareBytes, type Path, readUint16, uint32Bytes } from '../bytes/index.ts'
import { EXCHANGE, NOTIFY, notify, PROTOCOL } from '../codec/index.ts'
import type { AddressRangeSelector, Payload } from '../codec/types.ts'
import {
  agreedGroup,
  agreeToChild,
  answerProposal,
  type CreateChildRequest,
  createChildPayloads,
  createdChildPayloads,
  espNotify,
  findError,
  findGroup,
  offerChild,
  readCreateChild,
  verifyChild
} from '../ike/index.ts'
import { giveUpStranded } from './child-moves.ts'
import { childOffer, deleteChild, installChild, newChildSpi, removeChild } from './children.ts'
import { NONCE_OCTETS } from './initiating.ts'
import { excludeTunnelled } from './inner-addresses.ts'
import { tellMobike } from './mobike-bridge.ts'
import { editOutstanding, sendRequest, sendResponse } from './requests.ts'
import type { Child, IkeSa, Purpose, Task } from './state.ts'
import { enqueue, postpone } from './tasks.ts'
import {
  awaitsSuccessor,
  childById,
  close,
  currentPath,
  keepPrivateKey,
  nextId,
  patch,
  putChild,
  random,
  report,
  type Turn,
  takePrivateKey
} from './turn.ts'

/** CREATE_CHILD_SA for Child SAs, new and rekeyed, from either side (RFC 7296 sections 1.3.1, 1.3.3, 2.8.1, 2.25.1). */

type CreatePurpose = Extract<Purpose, { readonly kind: 'createChild' }>

/** Sends our request for a new Child SA, or for one that replaces `replaces`. */
export function requestChild(
  turn: Turn,
  sa: IkeSa,
  task: Task & { readonly kind: 'createChild' | 'rekeyChild' },
  selectors: { readonly local: readonly AddressRangeSelector[]; readonly remote: readonly AddressRangeSelector[] },
  replaces: Child | null
): void {
  const { childProposals } = turn.config
  const group = task.group ?? childProposals[0]?.keyExchange?.[0]?.id ?? null
  const method = group === null ? undefined : findGroup(childProposals, group)
  const exchange = nextId(turn)
  const pair = method?.keyPair(random(turn, 'ke', method.seedOctets))
  if (pair !== undefined) keepPrivateKey(turn, exchange, pair.privateKey)
  const spi = newChildSpi(turn)
  const nonce = random(turn, 'nonce', NONCE_OCTETS)
  const payloads = createChildPayloads({
    ...childOffer(turn.config, spi, selectors, 'createChild'),
    nonce,
    publicValue: method === undefined || pair === undefined ? null : { group: method.id, data: pair.publicKey },
    rekeyedSpi: replaces === null ? null : replaces.sa.localSpi
  })
  const purpose: CreatePurpose = {
    kind: 'createChild',
    task,
    spi,
    nonce,
    group: method?.id ?? null,
    exchange,
    localSelectors: selectors.local,
    remoteSelectors: selectors.remote,
    replaces: replaces?.sa.id ?? null,
    rivalNonce: null,
    deletedSpis: []
  }
  sendRequest(turn, sa, EXCHANGE.CREATE_CHILD_SA, payloads, purpose, currentPath(turn.state))
}

/** A peer's request for a Child SA. */
export function answerCreateChild(
  turn: Turn,
  sa: IkeSa,
  messageId: number,
  payloads: readonly Payload[],
  path: Path
): void {
  const respond = (answer: readonly Payload[]): void =>
    sendResponse(turn, sa.id, EXCHANGE.CREATE_CHILD_SA, messageId, answer, path)
  const request = readCreateChild(payloads)
  if (request === undefined) {
    // Section 2.21.3: a request with a mandatory payload missing is fatal, and both sides drop the IKE SA.
    respond([notify(NOTIFY.INVALID_SYNTAX)])
    return close(turn, 'invalidSyntax')
  }
  const rekeyed = turn.state.children.find((child) => child.sa.remoteSpi === request.rekeyedSpi)
  const refusal = refusalOf(turn, sa, request, rekeyed)
  if (refusal !== undefined) return respond([refusal])
  const localSpi = newChildSpi(turn)
  const own = offerChild(turn.config.childProposals, uint32Bytes(localSpi), 'createChild')
  // A rekeyed Child SA keeps its selectors (section 2.9.2).
  const allowed =
    rekeyed === undefined
      ? turn.state.allowed
      : { local: rekeyed.sa.localSelectors, remote: rekeyed.sa.remoteSelectors }
  const agreement = agreeToChild(request, own, allowed, request.publicValue?.group)
  if ('refusedWith' in agreement) return respond([notify(agreement.refusedWith)])
  const group = agreedGroup(agreement)
  const method = group === undefined ? undefined : findGroup(turn.config.childProposals, group)
  if (method !== undefined && request.publicValue?.group !== method.id) {
    return respond([notify(NOTIFY.INVALID_KE_PAYLOAD, uint32Bytes(method.id).slice(2))])
  }
  const pair = method?.keyPair(random(turn, 'ke', method.seedOctets))
  const sharedSecret =
    method === undefined || pair === undefined || request.publicValue === null
      ? undefined
      : method.sharedSecret(pair.privateKey, request.publicValue.data)
  if (method !== undefined && sharedSecret === undefined) return respond([notify(NOTIFY.NO_PROPOSAL_CHOSEN)])
  const nonce = random(turn, 'nonce', NONCE_OCTETS)
  const keys = { ikeSa: sa, nonceInitiator: request.nonce, nonceResponder: nonce, sharedSecret, startedHere: false }
  const child = installChild(
    turn,
    agreement,
    localSpi,
    keys,
    rekeyed && {
      replaces: rekeyed.sa.id,
      rekeyOf: rekeyed.sa.id,
      // Section 2.8: the responder goes on sending on the old SA until it knows that the new one is in place.
      outbound: 'afterInbound'
    }
  )
  if (child === undefined) return respond([notify(NOTIFY.NO_PROPOSAL_CHOSEN)])
  // The host may still migrate the others: should that fail, they are not all in one place.
  tellMobike(turn, { type: 'childSaInstalled', now: turn.now })
  if (rekeyed === undefined) {
    report(turn, { kind: 'childSaEstablished', id: child.sa.id })
    excludeTunnelled(turn, child)
  } else {
    noteRival(turn, rekeyed.sa.id, lower(request.nonce, nonce).slice())
    // The peer deletes it; if it does not, it must not live on here for ever.
    putChild(turn, { ...rekeyed, rekeyAt: turn.now + turn.config.limits.replacedSaMs })
    report(turn, { kind: 'childSaRekeyed', oldId: rekeyed.sa.id, newId: child.sa.id })
  }
  respond(
    createdChildPayloads({
      proposal: answerProposal(agreement.choice, uint32Bytes(localSpi)),
      nonce,
      publicValue: method === undefined || pair === undefined ? null : { group: method.id, data: pair.publicKey },
      selectorsInitiator: agreement.remoteSelectors,
      selectorsResponder: agreement.localSelectors
    })
  )
}

/** Why a request for a Child SA cannot be served now (sections 1.3.1, 2.25). */
function refusalOf(
  turn: Turn,
  sa: IkeSa,
  request: CreateChildRequest,
  rekeyed: Child | undefined
): ReturnType<typeof notify> | undefined {
  const outstanding = sa.requests.outstanding.map(({ purpose }) => purpose.kind)
  if (
    outstanding.includes('rekeyIke') ||
    outstanding.includes('deleteIke') ||
    awaitsSuccessor(turn.state) ||
    sa.standing.name !== 'active'
  ) {
    return notify(NOTIFY.TEMPORARY_FAILURE)
  }
  if (request.rekeyedSpi === null) {
    return turn.state.children.length >= turn.config.limits.childSas ? notify(NOTIFY.NO_ADDITIONAL_SAS) : undefined
  }
  if (rekeyed === undefined) {
    // The peer may rekey a Child SA that we have asked for and whose response has not come yet.
    if (outstanding.includes('createChild')) return notify(NOTIFY.TEMPORARY_FAILURE)
    return espNotify(NOTIFY.CHILD_SA_NOT_FOUND, request.rekeyedSpi)
  }
  // Twice the limit leaves room for every Child SA and its replacement.
  const full = turn.state.children.length >= 2 * turn.config.limits.childSas
  return rekeyed.closing || full ? notify(NOTIFY.TEMPORARY_FAILURE) : undefined
}

/** The response to our request. */
export function receiveCreateChild(turn: Turn, sa: IkeSa, purpose: CreatePurpose, payloads: readonly Payload[]): void {
  const privateKey = takePrivateKey(turn, purpose.exchange)
  const old = purpose.replaces === null ? undefined : childById(turn.state, purpose.replaces)
  const error = findError(payloads)
  if (error !== undefined) return refused(turn, purpose, error.type, error.data, old)
  const answer = readCreateChild(payloads)
  const selectors = { local: purpose.localSelectors, remote: purpose.remoteSelectors }
  const own = offerChild(turn.config.childProposals, uint32Bytes(purpose.spi), 'createChild')
  const agreement = answer && verifyChild(answer, own, selectors)
  const group = agreement && (agreedGroup(agreement) ?? null)
  const method = typeof group === 'number' ? findGroup(turn.config.childProposals, group) : undefined
  const sharedSecret =
    method !== undefined && privateKey !== undefined && answer?.publicValue?.group === method.id
      ? method.sharedSecret(privateKey, answer.publicValue.data)
      : undefined
  const keyed = group === null || (group === purpose.group && sharedSecret !== undefined)
  if (answer === undefined || agreement === undefined || !keyed) return rejectAnswer(turn, purpose, old)
  if (purpose.deletedSpis.includes(agreement.remoteSpi)) {
    // The peer closed it before we could know of it; what it would have replaced goes the same way.
    if (old !== undefined) deleteChild(turn, old)
    return
  }
  const keys = {
    ikeSa: sa,
    nonceInitiator: purpose.nonce,
    nonceResponder: answer.nonce,
    sharedSecret,
    startedHere: true
  }
  // Section 2.8.1: of two replacements the one with the lowest nonce is deleted by its creator; the creator of the other
  // deletes the old one. The peer may have done its part before our response came.
  const { rivalNonce } = purpose
  const lost = rivalNonce !== null && compareBytes(lower(purpose.nonce, answer.nonce), rivalNonce) < 0
  const child = installChild(turn, agreement, purpose.spi, keys, {
    replaces: old?.sa.id ?? null,
    rekeyOf: purpose.replaces,
    outbound: lost ? 'afterInbound' : 'now'
  })
  if (child === undefined) return rejectAnswer(turn, purpose, old)
  tellMobike(turn, { type: 'childSaInstalled', now: turn.now })
  if (lost) return deleteChild(turn, child)
  if (old === undefined) {
    report(turn, { kind: 'childSaEstablished', id: child.sa.id })
    return excludeTunnelled(turn, child)
  }
  report(turn, { kind: 'childSaRekeyed', oldId: old.sa.id, newId: child.sa.id })
  deleteChild(turn, old)
}

function refused(turn: Turn, purpose: CreatePurpose, type: number, data: Uint8Array, old: Child | undefined): void {
  const { task } = purpose
  if (type === NOTIFY.TEMPORARY_FAILURE) return postpone(turn, task)
  // Once: two answers that name different groups would go on for ever.
  if (type === NOTIFY.INVALID_KE_PAYLOAD && data.length === 2 && 'group' in task && task.group === null) {
    const named = readUint16(data, 0)
    if (named !== purpose.group && findGroup(turn.config.childProposals, named) !== undefined) {
      return patch(turn, { tasks: [{ ...task, group: named }, ...turn.state.tasks] })
    }
  }
  if (type === NOTIFY.CHILD_SA_NOT_FOUND && purpose.replaces !== null) {
    // Section 2.25: the peer no longer has it. Gone here too, without a Delete; a new one takes its place unless it was
    // closed on purpose or there is another already.
    if (old === undefined) return
    const replaced = old.closing || hasTwin(turn, old)
    removeChild(turn, old.sa.id)
    if (replaced) return
    const { localSelectors, remoteSelectors } = old.sa
    return enqueue(turn, { kind: 'createChild', localSelectors, remoteSelectors, group: null })
  }
  failed(turn, type, old)
}

/** There will be no Child SA. If the time of the one it was to replace is up, the IKE SA goes with it (section 2.8, B176). */
function failed(turn: Turn, notifyType: number, old: Child | undefined): void {
  report(turn, { kind: 'childSaFailed', notifyType, ...(old === undefined ? {} : { replaces: old.sa.id }) })
  if (old?.stranded && !old.closing && !hasTwin(turn, old)) return giveUpStranded(turn, old)
  const expired = turn.config.lifetimes.childSaMs !== null && old?.rekeyAt === null
  if (expired && !old.closing) enqueue(turn, { kind: 'closeIke', reason: 'rekeyFailed' })
}

/** True when another Child SA replaced it, or replaced the same one (section 2.8.1). */
function hasTwin(turn: Turn, { sa, rekeyOf }: Child): boolean {
  return turn.state.children.some(
    (twin) => twin.rekeyOf === sa.id || (twin.sa.id !== sa.id && rekeyOf !== null && twin.rekeyOf === rekeyOf)
  )
}

/** Our own rekey of Child SA `id` may be on its way: nonces decide when its response comes (section 2.8.1). */
function noteRival(turn: Turn, id: number, rivalNonce: Uint8Array): void {
  editOutstanding(turn, (purpose) =>
    purpose.kind === 'createChild' && purpose.replaces === id ? { ...purpose, rivalNonce } : purpose
  )
}

/** The peer made a Child SA that we cannot accept: it is deleted there (section 2.21). */
function rejectAnswer(turn: Turn, purpose: CreatePurpose, old: Child | undefined): void {
  report(turn, { kind: 'violation', rule: 'the answer to CREATE_CHILD_SA is not among what was offered' })
  failed(turn, NOTIFY.NO_PROPOSAL_CHOSEN, old)
  enqueue(turn, { kind: 'deleteChild', id: nextId(turn), spi: purpose.spi })
}

/** True when a CREATE_CHILD_SA request is about an IKE SA rather than a Child SA (section 1.3.2). */
export function isIkeRekey(payloads: readonly Payload[]): boolean {
  return payloads.some(
    (payload) =>
      payload.kind === 'securityAssociation' && payload.proposals.some(({ protocol }) => protocol === PROTOCOL.IKE)
  )
}

function lower(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareBytes(a, b) <= 0 ? a : b
}
