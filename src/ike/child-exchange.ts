import { EMPTY, readUint32, uint32Bytes } from '../bytes/index.ts'
import { NOTIFY, PROTOCOL } from '../codec/index.ts'
import type { AddressRangeSelector, NotifyPayload, Payload, Proposal, TrafficSelector } from '../codec/types.ts'
import type { PublicValue } from './initial-exchange.ts'
import { findNotify, findPayload } from './payloads.ts'
import { type Choice, childSuiteIds, chooseProposal, chosenGroup, verifyChoice } from './proposals.ts'
import { isSubset, keepSelectors, narrowSelectors } from './traffic-selectors.ts'
import type { ChildSuiteIds } from './types.ts'

/** The negotiation of one Child SA, in IKE_AUTH or CREATE_CHILD_SA (RFC 7296 sections 1.2, 1.3.1, 1.3.3, 2.9). */

/** What the exchange initiator offers. Traffic selectors are from the exchange initiator's view. */
export interface ChildOffer {
  readonly proposals: readonly Proposal[]
  readonly selectorsInitiator: readonly TrafficSelector[]
  readonly selectorsResponder: readonly TrafficSelector[]
}

/** A CREATE_CHILD_SA request for a Child SA, new or rekeyed. */
export interface CreateChildRequest extends ChildOffer {
  readonly nonce: Uint8Array
  readonly publicValue: PublicValue | null
  /** The SPI of REKEY_SA: the one the requester receives on (section 1.3.3). */
  readonly rekeyedSpi: number | null
}

/** SA, TSi and TSr payloads of an offer, in the order of RFC 7296's figures, with what CREATE_CHILD_SA puts around them. */
export function createChildPayloads(request: CreateChildRequest): readonly Payload[] {
  return [
    ...(request.rekeyedSpi === null ? [] : [espNotify(NOTIFY.REKEY_SA, request.rekeyedSpi)]),
    { kind: 'securityAssociation', proposals: request.proposals },
    { kind: 'nonce', data: request.nonce },
    ...keyExchangePayloads(request.publicValue),
    { kind: 'trafficSelectorInitiator', selectors: request.selectorsInitiator },
    { kind: 'trafficSelectorResponder', selectors: request.selectorsResponder }
  ]
}

/** The payloads of the response that accepts. */
export function createdChildPayloads(response: {
  readonly proposal: Proposal
  readonly nonce: Uint8Array
  readonly publicValue: PublicValue | null
  readonly selectorsInitiator: readonly AddressRangeSelector[]
  readonly selectorsResponder: readonly AddressRangeSelector[]
}): readonly Payload[] {
  return [
    { kind: 'securityAssociation', proposals: [response.proposal] },
    { kind: 'nonce', data: response.nonce },
    ...keyExchangePayloads(response.publicValue),
    { kind: 'trafficSelectorInitiator', selectors: response.selectorsInitiator },
    { kind: 'trafficSelectorResponder', selectors: response.selectorsResponder }
  ]
}

/** The Child SA offer inside IKE_AUTH or CREATE_CHILD_SA; undefined when one of SA, TSi, TSr is missing. */
export function readChildOffer(payloads: readonly Payload[]): ChildOffer | undefined {
  const association = findPayload(payloads, 'securityAssociation')
  const initiator = findPayload(payloads, 'trafficSelectorInitiator')
  const responder = findPayload(payloads, 'trafficSelectorResponder')
  if (association === undefined || initiator === undefined || responder === undefined) return undefined
  return {
    proposals: association.proposals,
    selectorsInitiator: initiator.selectors,
    selectorsResponder: responder.selectors
  }
}

/** Reads a CREATE_CHILD_SA request for a Child SA; undefined when a mandatory payload is missing. */
export function readCreateChild(payloads: readonly Payload[]): CreateChildRequest | undefined {
  const offer = readChildOffer(payloads)
  const nonce = findPayload(payloads, 'nonce')
  if (offer === undefined || nonce === undefined) return undefined
  const rekey = findNotify(payloads, NOTIFY.REKEY_SA)
  if (rekey !== undefined && rekey.spi.length !== 4) return undefined
  return {
    ...offer,
    nonce: nonce.data,
    publicValue: publicValueOf(payloads),
    rekeyedSpi: rekey === undefined ? null : readUint32(rekey.spi, 0)
  }
}

/** What both sides agreed on for one Child SA, from our view. */
export interface ChildAgreement {
  readonly choice: Choice
  readonly suite: ChildSuiteIds
  /** The SPI the peer receives on. */
  readonly remoteSpi: number
  readonly localSelectors: readonly AddressRangeSelector[]
  readonly remoteSelectors: readonly AddressRangeSelector[]
}

/** Why there is no agreement: the error notification to answer with. */
export interface ChildRefusal {
  readonly refusedWith: number
}

/** As exchange responder: picks algorithms and narrows selectors, or says with which error to refuse. */
export function agreeToChild(
  offer: ChildOffer,
  own: readonly Proposal[],
  allowed: { readonly local: readonly AddressRangeSelector[]; readonly remote: readonly AddressRangeSelector[] },
  offeredGroup: number | undefined
): ChildAgreement | ChildRefusal {
  const choice = chooseProposal(offer.proposals, own, offeredGroup)
  const suite = choice && childSuiteIds(choice)
  if (choice === undefined || suite === undefined || !isEspSpi(choice.peerSpi)) {
    return { refusedWith: NOTIFY.NO_PROPOSAL_CHOSEN }
  }
  const remoteSelectors = narrowSelectors(offer.selectorsInitiator, allowed.remote)
  const localSelectors = narrowSelectors(offer.selectorsResponder, allowed.local)
  if (remoteSelectors.length === 0 || localSelectors.length === 0) return { refusedWith: NOTIFY.TS_UNACCEPTABLE }
  return {
    choice,
    suite,
    remoteSpi: readUint32(choice.peerSpi, 0),
    localSelectors: keepSelectors(localSelectors, allowed.local),
    remoteSelectors: keepSelectors(remoteSelectors, allowed.remote)
  }
}

/** As exchange initiator: checks the answer against the offer (B098, B171); undefined when it breaks either rule. */
export function verifyChild(
  answer: ChildOffer,
  own: readonly Proposal[],
  offered: { readonly local: readonly AddressRangeSelector[]; readonly remote: readonly AddressRangeSelector[] }
): ChildAgreement | undefined {
  const choice = verifyChoice(own, answer.proposals)
  const suite = choice && childSuiteIds(choice)
  if (choice === undefined || suite === undefined || !isEspSpi(choice.peerSpi)) return undefined
  const { selectorsInitiator, selectorsResponder } = answer
  if (!isSubset(selectorsInitiator, offered.local) || !isSubset(selectorsResponder, offered.remote)) return undefined
  return {
    choice,
    suite,
    remoteSpi: readUint32(choice.peerSpi, 0),
    localSelectors: keepSelectors(selectorsInitiator, offered.local),
    remoteSelectors: keepSelectors(selectorsResponder, offered.remote)
  }
}

/** The group an agreement wants a key exchange of; undefined for none. */
export function agreedGroup(agreement: ChildAgreement): number | undefined {
  return chosenGroup(agreement.choice)
}

/** A notification about one ESP SA, named by its SPI (RFC 7296 section 3.10, B233). */
export function espNotify(type: number, spi: number): NotifyPayload {
  return { kind: 'notify', protocol: PROTOCOL.ESP, spi: uint32Bytes(spi), type, data: EMPTY }
}

/** The KE payload's group and data, or null. */
export function publicValueOf(payloads: readonly Payload[]): PublicValue | null {
  const payload = findPayload(payloads, 'keyExchange')
  return payload === undefined ? null : { group: payload.group, data: payload.data }
}

/** RFC 4303 section 2.1: 0 is never sent (in UDP it would look like the non-ESP marker), 1 to 255 are reserved. */
function isEspSpi(spi: Uint8Array): boolean {
  return spi.length === 4 && readUint32(spi, 0) > 255
}

function keyExchangePayloads(value: PublicValue | null): readonly Payload[] {
  return value === null ? [] : [{ kind: 'keyExchange', group: value.group, data: value.data }]
}
