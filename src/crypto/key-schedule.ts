import { concatBytes } from '../bytes/index.ts'
import { prfPlus } from './prf-plus.ts'
import type { ChildSuite, EncryptionAlgorithm, IkeSuite, IntegrityAlgorithm, PseudoRandomFunction } from './types.ts'

/** An end of an SA: the original initiator of this IKE SA, or the initiator of the exchange that made a Child SA. */
export type Side = 'initiator' | 'responder'

/** Where each key lies in packed IKE key material, as `[start, end)` octets. Keys that do not exist have no length. */
export interface IkeKeyLayout {
  readonly d: readonly [number, number]
  readonly ai: readonly [number, number]
  readonly ar: readonly [number, number]
  readonly ei: readonly [number, number]
  readonly er: readonly [number, number]
  readonly pi: readonly [number, number]
  readonly pr: readonly [number, number]
  /** Octets altogether. */
  readonly length: number
}

/** The keys of an IKE SA as views of its packed material. `ai` and `ar` are empty for AEAD (RFC 5282 section 8). */
export interface IkeKeys {
  readonly d: Uint8Array
  readonly ai: Uint8Array
  readonly ar: Uint8Array
  readonly ei: Uint8Array
  readonly er: Uint8Array
  readonly pi: Uint8Array
  readonly pr: Uint8Array
}

/** Keys one side sends with; the other side receives with them. */
export interface SendingKeys {
  /** Cipher key material, AEAD salt included. */
  readonly encryption: Uint8Array
  /** Empty for AEAD. */
  readonly integrity: Uint8Array
}

/** What every derivation of IKE keys takes. Nonces and SPIs are those of the exchange that makes the new IKE SA. */
export interface IkeKeyInputs {
  readonly suite: IkeSuite
  readonly nonceInitiator: Uint8Array
  readonly nonceResponder: Uint8Array
  /** g^ir as {@link KeyExchangeMethod.sharedSecret} gives it. */
  readonly sharedSecret: Uint8Array
  /** Eight octets of the new IKE SA. */
  readonly initiatorSpi: Uint8Array
  /** Eight octets of the new IKE SA. */
  readonly responderSpi: Uint8Array
}

/**
 * Keys of an IKE SA made by IKE_SA_INIT, packed as prf+ yields them: SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr
 * (RFC 7296 section 2.14). Read them with {@link ikeKeys}.
 */
export function deriveIkeKeys(inputs: IkeKeyInputs): Uint8Array {
  const { nonceInitiator, nonceResponder, sharedSecret } = inputs
  const { prf } = inputs.suite
  const key = concatBytes(
    nonceInitiator.subarray(0, prf.seedNonceOctets),
    nonceResponder.subarray(0, prf.seedNonceOctets)
  )
  return expandIkeKeys(inputs, prf.prepare(key)(sharedSecret))
}

/**
 * Keys of an IKE SA made by rekeying another (RFC 7296 section 2.18), packed like {@link deriveIkeKeys}. SKEYSEED comes
 * from the old SA's SK_d under the old SA's PRF, the keys from the new PRF.
 *
 * After an additional key exchange in IKE_INTERMEDIATE the keys are made in the same way: from SK_d in use, the shared
 * secret of that exchange, the nonces and SPIs of IKE_SA_INIT, and one PRF (RFC 9370 section 2.2.2).
 */
export function deriveIkeRekeyKeys(
  inputs: IkeKeyInputs & { readonly oldPrf: PseudoRandomFunction; readonly oldSkD: Uint8Array }
): Uint8Array {
  const seed = inputs.oldPrf.prepare(inputs.oldSkD)(inputs.sharedSecret, inputs.nonceInitiator, inputs.nonceResponder)
  return expandIkeKeys(inputs, seed)
}

function expandIkeKeys(inputs: IkeKeyInputs, skeyseed: Uint8Array): Uint8Array {
  const { suite, nonceInitiator, nonceResponder, initiatorSpi, responderSpi } = inputs
  const seed = concatBytes(nonceInitiator, nonceResponder, initiatorSpi, responderSpi)
  const material = prfPlus(suite.prf, skeyseed, seed, ikeKeyLayout(suite).length)
  skeyseed.fill(0)
  return material
}

/** Layout of the material of {@link deriveIkeKeys} and {@link deriveIkeRekeyKeys}. */
export function ikeKeyLayout(suite: IkeSuite): IkeKeyLayout {
  let end = 0
  const next = (octets: number): readonly [number, number] => {
    end += octets
    return [end - octets, end]
  }
  const prf = suite.prf.keyOctets
  const integrity = suite.integrity === null ? 0 : suite.integrity.keyOctets
  const encryption = suite.encryption.keyOctets
  const d = next(prf)
  const ai = next(integrity)
  const ar = next(integrity)
  const ei = next(encryption)
  const er = next(encryption)
  const pi = next(prf)
  const pr = next(prf)
  return { d, ai, ar, ei, er, pi, pr, length: end }
}

/**
 * All keys of packed IKE material, as views of it.
 *
 * @throws RangeError naming `material` when its length is not the suite's.
 */
export function ikeKeys(suite: IkeSuite, material: Uint8Array): IkeKeys {
  const layout = ikeKeyLayout(suite)
  if (material.length !== layout.length) {
    throw new RangeError(`material: the suite needs ${layout.length} octets, got ${material.length}`)
  }
  const view = ([start, end]: readonly [number, number]): Uint8Array => material.subarray(start, end)
  return {
    d: view(layout.d),
    ai: view(layout.ai),
    ar: view(layout.ar),
    ei: view(layout.ei),
    er: view(layout.er),
    pi: view(layout.pi),
    pr: view(layout.pr)
  }
}

/** The keys that protect what `sender` sends on an IKE SA: SK_ei, SK_ai or SK_er, SK_ar. Views of `material`. */
export function ikeSendingKeys(suite: IkeSuite, material: Uint8Array, sender: Side): SendingKeys {
  const keys = ikeKeys(suite, material)
  return sender === 'initiator'
    ? { encryption: keys.ei, integrity: keys.ai }
    : { encryption: keys.er, integrity: keys.ar }
}

/**
 * KEYMAT of a Child SA pair (RFC 7296 section 2.17), packed as prf+ yields it: keys of what the initiator sends, encryption
 * then integrity, then the same for the responder. Read them with {@link childSendingKeys}.
 *
 * The nonces are those of IKE_SA_INIT for the first Child SA, otherwise of CREATE_CHILD_SA; initiator means the initiator
 * of that exchange. `sharedSecret` is g^ir of CREATE_CHILD_SA where it had a key exchange.
 */
export function deriveChildKeys(inputs: {
  /** The PRF of the IKE SA. */
  readonly prf: PseudoRandomFunction
  readonly skD: Uint8Array
  readonly suite: ChildSuite
  readonly nonceInitiator: Uint8Array
  readonly nonceResponder: Uint8Array
  readonly sharedSecret?: Uint8Array | undefined
}): Uint8Array {
  const { prf, skD, suite, nonceInitiator, nonceResponder, sharedSecret } = inputs
  const seed =
    sharedSecret === undefined
      ? concatBytes(nonceInitiator, nonceResponder)
      : concatBytes(sharedSecret, nonceInitiator, nonceResponder)
  return prfPlus(prf, skD, seed, 2 * directionOctets(suite))
}

/**
 * The keys of what `sender` sends on a Child SA, as views of its packed material.
 *
 * @throws RangeError naming `material` when its length is not the suite's.
 */
export function childSendingKeys(suite: ChildSuite, material: Uint8Array, sender: Side): SendingKeys {
  const octets = directionOctets(suite)
  if (material.length !== 2 * octets) {
    throw new RangeError(`material: the suite needs ${2 * octets} octets, got ${material.length}`)
  }
  const start = sender === 'initiator' ? 0 : octets
  const middle = start + suite.encryption.keyOctets
  return { encryption: material.subarray(start, middle), integrity: material.subarray(middle, start + octets) }
}

function directionOctets(suite: {
  readonly encryption: EncryptionAlgorithm
  readonly integrity: IntegrityAlgorithm | null
}): number {
  return suite.encryption.keyOctets + (suite.integrity === null ? 0 : suite.integrity.keyOctets)
}
