import { EMPTY, type Path, readUint16 } from '../bytes/index.ts'
import { EXCHANGE, encodeMessage, NOTIFY, notify } from '../codec/index.ts'
import type { Message, Payload, Proposal } from '../codec/types.ts'
import { type HeaderSpis, natDetectionPayloads } from './nat-detection.ts'
import { findError, findNotify, findPayload } from './payloads.ts'
import { type Choice, verifyChoice } from './proposals.ts'

/** IKE_SA_INIT (RFC 7296 section 1.2): what either side says, and what it heard. */

/** A group and a public value of it. */
export interface PublicValue {
  readonly group: number
  readonly data: Uint8Array
}

/** Responder SPI of the first message (RFC 7296 section 3.1, B004). */
export const ZERO_SPI: Uint8Array = new Uint8Array(8)

/** The octets of an IKE_SA_INIT request. With a cookie, COOKIE comes first and all else is unchanged (section 2.6, B090). */
export function buildInitRequest(request: {
  readonly initiatorSpi: Uint8Array
  readonly proposals: readonly Proposal[]
  readonly publicValue: PublicValue
  readonly nonce: Uint8Array
  readonly cookie: Uint8Array | null
  /** Null leaves NAT_DETECTION out: NAT traversal is not offered. */
  readonly natDetectionPath: Path | null
}): Uint8Array {
  const spis = { initiatorSpi: request.initiatorSpi, responderSpi: ZERO_SPI }
  const payloads: Payload[] = [
    ...(request.cookie === null ? [] : [notify(NOTIFY.COOKIE, request.cookie)]),
    { kind: 'securityAssociation', proposals: request.proposals },
    { kind: 'keyExchange', group: request.publicValue.group, data: request.publicValue.data },
    { kind: 'nonce', data: request.nonce },
    ...(request.natDetectionPath === null ? [] : natDetectionPayloads(spis, request.natDetectionPath))
  ]
  return encodeMessage(initMessage(spis, false, payloads))
}

/** The octets of the IKE_SA_INIT response that accepts. */
export function buildInitResponse(response: {
  readonly spis: HeaderSpis
  readonly proposal: Proposal
  readonly publicValue: PublicValue
  readonly nonce: Uint8Array
  readonly natDetectionPath: Path | null
}): Uint8Array {
  const payloads: Payload[] = [
    { kind: 'securityAssociation', proposals: [response.proposal] },
    { kind: 'keyExchange', group: response.publicValue.group, data: response.publicValue.data },
    { kind: 'nonce', data: response.nonce },
    ...(response.natDetectionPath === null ? [] : natDetectionPayloads(response.spis, response.natDetectionPath))
  ]
  return encodeMessage(initMessage(response.spis, true, payloads))
}

/** The octets of an IKE_SA_INIT response that only holds one notification and keeps no state (sections 2.6, 2.21.1). */
export function buildInitRefusal(initiatorSpi: Uint8Array, type: number, data: Uint8Array = EMPTY): Uint8Array {
  return encodeMessage(initMessage({ initiatorSpi, responderSpi: ZERO_SPI }, true, [notify(type, data)]))
}

/** What an IKE_SA_INIT request asks for; undefined when a mandatory payload is missing. */
export interface InitRequest {
  readonly proposals: readonly Proposal[]
  readonly publicValue: PublicValue
  readonly nonce: Uint8Array
}

/** Reads an IKE_SA_INIT request. */
export function readInitRequest(message: Message): InitRequest | undefined {
  const association = findPayload(message.payloads, 'securityAssociation')
  const keyExchange = findPayload(message.payloads, 'keyExchange')
  const nonce = findPayload(message.payloads, 'nonce')
  if (association === undefined || keyExchange === undefined || nonce === undefined) return undefined
  return {
    proposals: association.proposals,
    publicValue: { group: keyExchange.group, data: keyExchange.data },
    nonce: nonce.data
  }
}

/** What an IKE_SA_INIT response says. All of it is unauthenticated. */
export type InitAnswer =
  | { readonly kind: 'cookie'; readonly cookie: Uint8Array }
  | { readonly kind: 'otherGroup'; readonly group: number }
  | { readonly kind: 'error'; readonly type: number }
  | { readonly kind: 'malformed' }
  | {
      readonly kind: 'accepted'
      readonly choice: Choice
      readonly publicValue: PublicValue
      readonly nonce: Uint8Array
    }

/** Reads an IKE_SA_INIT response to a request that offered `offered` with a key of `group`. */
export function readInitAnswer(message: Message, offered: readonly Proposal[], group: number): InitAnswer {
  const association = findPayload(message.payloads, 'securityAssociation')
  if (association === undefined) {
    const cookie = findNotify(message.payloads, NOTIFY.COOKIE)
    if (cookie !== undefined && cookie.data.length >= 1 && cookie.data.length <= 64) {
      return { kind: 'cookie', cookie: cookie.data }
    }
    const error = findError(message.payloads)
    if (error === undefined) return { kind: 'malformed' }
    if (error.type === NOTIFY.INVALID_KE_PAYLOAD && error.data.length === 2) {
      return { kind: 'otherGroup', group: readUint16(error.data, 0) }
    }
    return { kind: 'error', type: error.type }
  }
  const keyExchange = findPayload(message.payloads, 'keyExchange')
  const nonce = findPayload(message.payloads, 'nonce')
  const choice = verifyChoice(offered, association.proposals)
  if (keyExchange === undefined || nonce === undefined || choice === undefined || keyExchange.group !== group) {
    return { kind: 'malformed' }
  }
  return {
    kind: 'accepted',
    choice,
    publicValue: { group: keyExchange.group, data: keyExchange.data },
    nonce: nonce.data
  }
}

function initMessage(spis: HeaderSpis, isResponse: boolean, payloads: readonly Payload[]): Message {
  return {
    initiatorSpi: spis.initiatorSpi,
    responderSpi: spis.responderSpi,
    majorVersion: 2,
    minorVersion: 0,
    exchangeType: EXCHANGE.IKE_SA_INIT,
    fromInitiator: !isResponse,
    isResponse,
    messageId: 0,
    payloads
  }
}
