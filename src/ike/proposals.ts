import { ESN, PROTOCOL, TRANSFORM_TYPE } from '../codec/index.ts'
import type { Proposal, Transform } from '../codec/types.ts'
import type { ChildSuite, EncryptionAlgorithm, IkeSuite, KeyExchangeMethod } from '../crypto/types.ts'
import type { ChildProposal, ChildSuiteIds, IkeProposal, IkeSuiteIds } from './types.ts'

/** Transform ID of "no integrity" and "no key exchange" (RFC 7296 sections 3.3.2). */
const NONE = 0

/** The SA payload's proposals for an IKE SA: `spi` is empty in IKE_SA_INIT, 8 octets for a rekey (RFC 7296 section 3.3.1). */
export function offerIke(proposals: readonly IkeProposal[], spi: Uint8Array): readonly Proposal[] {
  return proposals.map((proposal, index) => ({
    number: index + 1,
    protocol: PROTOCOL.IKE,
    spi,
    transforms: [
      ...proposal.encryption.map(encryptionTransform),
      ...proposal.prf.map((prf) => ({ type: TRANSFORM_TYPE.PRF, id: prf.id })),
      ...proposal.integrity.map((integrity) => ({ type: TRANSFORM_TYPE.INTEG, id: integrity.id })),
      ...proposal.keyExchange.map((method) => ({ type: TRANSFORM_TYPE.KE, id: method.id }))
    ]
  }))
}

/**
 * The SA payload's proposals for an ESP Child SA with our inbound `spi`. Groups are left out of IKE_AUTH, whose first
 * Child SA never has a key exchange of its own (RFC 7296 section 1.2).
 */
export function offerChild(
  proposals: readonly ChildProposal[],
  spi: Uint8Array,
  exchange: 'auth' | 'createChild'
): readonly Proposal[] {
  return proposals.map((proposal, index) => ({
    number: index + 1,
    protocol: PROTOCOL.ESP,
    spi,
    transforms: [
      ...proposal.encryption.map(encryptionTransform),
      ...proposal.integrity.map((integrity) => ({ type: TRANSFORM_TYPE.INTEG, id: integrity.id })),
      ...(exchange === 'auth' ? [] : (proposal.keyExchange ?? [])).map((method) => ({
        type: TRANSFORM_TYPE.KE,
        id: method.id
      })),
      ...(proposal.extendedSequenceNumbers ?? [true, false]).map((extended) => ({
        type: TRANSFORM_TYPE.ESN,
        id: extended ? ESN.EXTENDED_SEQUENCE_NUMBERS : ESN.NO_EXTENDED_SEQUENCE_NUMBERS
      }))
    ]
  }))
}

/** The proposal a responder picked: the peer's SPI and number, and the single transform of each type. */
export interface Choice {
  readonly number: number
  readonly protocol: number
  readonly peerSpi: Uint8Array
  readonly transforms: readonly Transform[]
}

/**
 * Picks the first offered proposal that one of ours can satisfy (RFC 7296 sections 2.7 and 3.3.6): the offerer's order
 * between proposals, ours between transforms, but the group of its KE payload first, which saves a round trip.
 */
export function chooseProposal(
  offered: readonly Proposal[],
  own: readonly Proposal[],
  preferredGroup: number | undefined
): Choice | undefined {
  for (const theirs of offered) {
    for (const ours of own) {
      if (theirs.protocol !== ours.protocol || theirs.spi.length !== ours.spi.length) continue
      const transforms = chooseTransforms(theirs.transforms, ours.transforms, preferredGroup)
      if (transforms !== undefined) {
        return { number: theirs.number, protocol: theirs.protocol, peerSpi: theirs.spi, transforms }
      }
    }
  }
  return undefined
}

/** The SA payload that answers with `choice` and our `spi`, attributes as they were offered (B096, B097). */
export function answerProposal(choice: Choice, spi: Uint8Array): Proposal {
  return { number: choice.number, protocol: choice.protocol, spi, transforms: choice.transforms }
}

/** Checks that an accepted offer is exactly one of ours with one transform of each type (RFC 7296 section 3.3.6, B098). */
export function verifyChoice(own: readonly Proposal[], answer: readonly Proposal[]): Choice | undefined {
  const [theirs, ...more] = answer
  if (theirs === undefined || more.length > 0) return undefined
  const ours = own.find((proposal) => proposal.number === theirs.number)
  if (ours === undefined || ours.protocol !== theirs.protocol || ours.spi.length !== theirs.spi.length) return undefined
  const transforms = chooseTransforms(theirs.transforms, ours.transforms, undefined)
  if (transforms === undefined) return undefined
  // Nor may the group we asked for be dropped: that would quietly undo perfect forward secrecy.
  if (ours.transforms.some(isGroup) && !theirs.transforms.some(isGroup)) return undefined
  // A second transform of a type leaves one over that was not chosen.
  if (theirs.transforms.filter(saysSomething).length !== transforms.filter(saysSomething).length) return undefined
  return { number: theirs.number, protocol: theirs.protocol, peerSpi: theirs.spi, transforms }
}

/** The algorithms of an IKE SA choice; undefined when a mandatory one is missing. */
export function ikeSuiteIds(choice: Choice): IkeSuiteIds | undefined {
  const encryption = transformOf(choice, TRANSFORM_TYPE.ENCR)
  const prf = transformOf(choice, TRANSFORM_TYPE.PRF)
  const keyExchange = transformOf(choice, TRANSFORM_TYPE.KE)
  if (encryption === undefined || prf === undefined || keyExchange === undefined) return undefined
  return {
    encryption: encryption.id,
    keyLength: encryption.keyLength ?? null,
    integrity: idUnlessNone(transformOf(choice, TRANSFORM_TYPE.INTEG)),
    prf: prf.id,
    keyExchange: keyExchange.id
  }
}

/** The algorithms of a Child SA choice; undefined when a mandatory one is missing. */
export function childSuiteIds(choice: Choice): ChildSuiteIds | undefined {
  const encryption = transformOf(choice, TRANSFORM_TYPE.ENCR)
  const sequenceNumbers = transformOf(choice, TRANSFORM_TYPE.ESN)
  if (encryption === undefined || sequenceNumbers === undefined) return undefined
  return {
    encryption: encryption.id,
    keyLength: encryption.keyLength ?? null,
    integrity: idUnlessNone(transformOf(choice, TRANSFORM_TYPE.INTEG)),
    extendedSequenceNumbers: sequenceNumbers.id === ESN.EXTENDED_SEQUENCE_NUMBERS
  }
}

/** The group of a choice, or undefined when there is none. */
export function chosenGroup(choice: Choice): number | undefined {
  return idUnlessNone(transformOf(choice, TRANSFORM_TYPE.KE)) ?? undefined
}

/** The algorithm values behind the IDs, from the lists they were negotiated from; undefined when one is not there. */
export function resolveIkeSuite(proposals: readonly IkeProposal[], ids: IkeSuiteIds): IkeSuite | undefined {
  for (const proposal of proposals) {
    const encryption = findEncryption(proposal.encryption, ids)
    const prf = proposal.prf.find((candidate) => candidate.id === ids.prf)
    const keyExchange = proposal.keyExchange.find((candidate) => candidate.id === ids.keyExchange)
    const integrity =
      ids.integrity === null ? null : proposal.integrity.find((candidate) => candidate.id === ids.integrity)
    if (encryption && prf && keyExchange && integrity !== undefined && encryption.aead === (integrity === null)) {
      return { encryption, integrity, prf, keyExchange }
    }
  }
  return undefined
}

/** As {@link resolveIkeSuite}, for a Child SA. */
export function resolveChildSuite(proposals: readonly ChildProposal[], ids: ChildSuiteIds): ChildSuite | undefined {
  for (const proposal of proposals) {
    const encryption = findEncryption(proposal.encryption, ids)
    const integrity =
      ids.integrity === null ? null : proposal.integrity.find((candidate) => candidate.id === ids.integrity)
    if (encryption && integrity !== undefined && encryption.aead === (integrity === null)) {
      return { encryption, integrity, extendedSequenceNumbers: ids.extendedSequenceNumbers }
    }
  }
  return undefined
}

/** The key exchange method of this group in any of the proposals. */
export function findGroup(
  proposals: readonly { readonly keyExchange?: readonly KeyExchangeMethod[] }[],
  group: number
): KeyExchangeMethod | undefined {
  for (const proposal of proposals) {
    const method = proposal.keyExchange?.find((candidate) => candidate.id === group)
    if (method !== undefined) return method
  }
  return undefined
}

function encryptionTransform(algorithm: EncryptionAlgorithm): Transform {
  return algorithm.keyLength === undefined
    ? { type: TRANSFORM_TYPE.ENCR, id: algorithm.id }
    : { type: TRANSFORM_TYPE.ENCR, id: algorithm.id, keyLength: algorithm.keyLength }
}

function findEncryption(
  algorithms: readonly EncryptionAlgorithm[],
  ids: { readonly encryption: number; readonly keyLength: number | null }
): EncryptionAlgorithm | undefined {
  return algorithms.find(
    (candidate) => candidate.id === ids.encryption && (candidate.keyLength ?? null) === ids.keyLength
  )
}

/** One transform for each type; undefined when some type has no common one. Types of `theirs` we do not know void it (B099). */
function chooseTransforms(
  theirs: readonly Transform[],
  ours: readonly Transform[],
  preferredGroup: number | undefined
): readonly Transform[] | undefined {
  const chosen: Transform[] = []
  const types = [...new Set([...theirs, ...ours].map((transform) => transform.type))].sort((a, b) => a - b)
  for (const type of types) {
    const offered = theirs.filter((transform) => transform.type === type)
    const accepted = ours.filter((transform) => transform.type === type)
    if (offered.length === 0 && type === TRANSFORM_TYPE.KE) continue
    const common = accepted.flatMap((mine) => offered.filter((candidate) => sameTransform(candidate, mine)).slice(0, 1))
    const preferred =
      type === TRANSFORM_TYPE.KE ? common.find((transform) => transform.id === preferredGroup) : undefined
    const pick =
      preferred ??
      common[0] ??
      // Where we know no algorithm of this type, an offered NONE is as good as none offered (RFC 7296 section 3.3.6).
      (accepted.length === 0 && type !== TRANSFORM_TYPE.ESN
        ? offered.find((transform) => transform.id === NONE && mayBeNone(type))
        : undefined)
    if (pick === undefined) return undefined
    chosen.push(pick)
  }
  return chosen
}

function mayBeNone(type: number): boolean {
  return type === TRANSFORM_TYPE.INTEG || type === TRANSFORM_TYPE.KE
}

/** An attribute not known here makes a transform unacceptable (RFC 7296 section 3.3.6). */
function sameTransform(a: Transform, b: Transform): boolean {
  return a.id === b.id && a.keyLength === b.keyLength && (a.attributes === undefined || a.attributes.length === 0)
}

/** A spelled-out NONE is as good as a transform left out. */
function saysSomething(transform: Transform): boolean {
  return transform.id !== NONE || !mayBeNone(transform.type)
}

function isGroup(transform: Transform): boolean {
  return transform.type === TRANSFORM_TYPE.KE && transform.id !== NONE
}

function transformOf(choice: Choice, type: number): Transform | undefined {
  return choice.transforms.find((transform) => transform.type === type)
}

function idUnlessNone(transform: Transform | undefined): number | null {
  return transform === undefined || transform.id === NONE ? null : transform.id
}
