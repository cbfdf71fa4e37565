import { concatBytes, constantTimeEqual, utf8Bytes } from '../bytes/index.ts'
import type { PseudoRandomFunction } from './types.ts'

const KEY_PAD = 'Key Pad for IKEv2'

/**
 * The octets one end signs or MACs in AUTH (RFC 7296 section 2.15): its own first message, the peer's nonce, and
 * prf(SK_p of its own, body of its ID payload).
 */
export function signedOctets(inputs: {
  /**
   * The signer's own IKE_SA_INIT message, from the first octet of the SPI (no non-ESP marker) to its last; the last
   * version where it was repeated for a cookie or another group.
   */
  readonly message: Uint8Array
  /** Nonce Data of the other end. */
  readonly nonce: Uint8Array
  readonly prf: PseudoRandomFunction
  /** SK_pi where the original initiator signs, SK_pr where the responder does. */
  readonly skP: Uint8Array
  /** The signer's ID payload without its generic header: ID type, three RESERVED octets, identification data. */
  readonly idBody: Uint8Array
}): Uint8Array {
  return concatBytes(inputs.message, inputs.nonce, inputs.prf.prepare(inputs.skP)(inputs.idBody))
}

/** AUTH data of a shared secret: prf(prf(secret, "Key Pad for IKEv2"), signed octets) (RFC 7296 section 2.15). */
export function pskAuth(inputs: {
  readonly prf: PseudoRandomFunction
  readonly secret: Uint8Array
  /** From {@link signedOctets}. */
  readonly signedOctets: Uint8Array
}): Uint8Array {
  const key = inputs.prf.prepare(inputs.secret)(utf8Bytes(KEY_PAD))
  return inputs.prf.prepare(key)(inputs.signedOctets)
}

/** True when `auth` is what {@link pskAuth} gives, in time that does not depend on where it differs. */
export function verifyPskAuth(inputs: {
  readonly prf: PseudoRandomFunction
  readonly secret: Uint8Array
  readonly signedOctets: Uint8Array
  /** Authentication Data of the peer's AUTH payload. */
  readonly auth: Uint8Array
}): boolean {
  return constantTimeEqual(pskAuth(inputs), inputs.auth)
}
