import type { MontgomeryECDH } from '@noble/curves/abstract/montgomery.js'
import { requireLength } from './key-length.ts'
import type { KeyExchangeMethod, KeyPair } from './types.ts'

/** A function of RFC 7748 as a key exchange method (RFC 8031): seed, private key, public value and secret have one length. */
export function montgomeryGroup(name: string, id: number, curve: MontgomeryECDH, octets: number): KeyExchangeMethod {
  return Object.freeze({
    kind: 'keyExchange',
    name,
    id,
    seedOctets: octets,
    publicOctets: octets,
    keyPair(seed: Uint8Array): KeyPair {
      requireLength(seed, octets, 'seed', name)
      const privateKey = seed.slice()
      return { privateKey, publicKey: curve.getPublicKey(privateKey) }
    },
    sharedSecret(privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined {
      requireLength(privateKey, octets, 'privateKey', name)
      if (peerPublic.length !== octets) return undefined
      try {
        return curve.getSharedSecret(privateKey, peerPublic)
      } catch {
        // noble throws on a point of low order, which is what makes the output all zero.
        return undefined
      }
    }
  })
}
