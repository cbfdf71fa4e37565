import type { ECDH } from '@noble/curves/abstract/weierstrass.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { requireLength } from './key-length.ts'
import type { KeyExchangeMethod, KeyPair } from './types.ts'

/** 256-bit random ECP group, NIST P-256 (RFC 5903). */
export const ecp256: KeyExchangeMethod = /* @__PURE__ */ ecpGroup('ECP-256', 19, p256, 32, 48)

/** 384-bit random ECP group, NIST P-384 (RFC 5903). */
export const ecp384: KeyExchangeMethod = /* @__PURE__ */ ecpGroup('ECP-384', 20, p384, 48, 72)

/** 521-bit random ECP group, NIST P-521 (RFC 5903). */
export const ecp521: KeyExchangeMethod = /* @__PURE__ */ ecpGroup('ECP-521', 21, p521, 66, 99)

/** SEC 1 marks an uncompressed point with this octet; RFC 5903 section 7 sends x | y without it. */
const UNCOMPRESSED = 4

/**
 * A curve as a key exchange method: x | y in the KE payload and x as the shared secret (RFC 5903 section 7, RFC 6954 section
 * 2.1). `seedOctets` is half as long again as the field, so that reducing it modulo the order leaves no bias (FIPS 186-5
 * section A.2.1).
 */
export function ecpGroup(
  name: string,
  id: number,
  curve: ECDH,
  fieldOctets: number,
  seedOctets: number
): KeyExchangeMethod {
  return Object.freeze({
    kind: 'keyExchange',
    name,
    id,
    seedOctets,
    publicOctets: 2 * fieldOctets,
    keyPair(seed: Uint8Array): KeyPair {
      requireLength(seed, seedOctets, 'seed', name)
      const privateKey = curve.utils.randomSecretKey(seed)
      return { privateKey, publicKey: curve.getPublicKey(privateKey, false).slice(1) }
    },
    sharedSecret(privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined {
      requireLength(privateKey, fieldOctets, 'privateKey', name)
      if (peerPublic.length !== 2 * fieldOctets) return undefined
      const point = new Uint8Array(1 + 2 * fieldOctets)
      point[0] = UNCOMPRESSED
      point.set(peerPublic, 1)
      try {
        // RFC 5903 section 7: the shared secret is the x coordinate alone.
        return curve.getSharedSecret(privateKey, point, false).slice(1, 1 + fieldOctets)
      } catch {
        // noble throws on a point that is not on the curve.
        return undefined
      }
    }
  })
}
