import { x25519 as noble } from '@noble/curves/ed25519.js'
import { requireLength } from './key-length.ts'
import type { KeyExchangeMethod, KeyPair } from './types.ts'

const OCTETS = 32

/** Curve25519 (RFC 8031). An all-zero result is refused (RFC 7748 section 6.1). */
export const x25519: KeyExchangeMethod = /* @__PURE__ */ Object.freeze({
  kind: 'keyExchange',
  name: 'X25519',
  id: 31,
  seedOctets: OCTETS,
  publicOctets: OCTETS,
  keyPair(seed: Uint8Array): KeyPair {
    requireLength(seed, OCTETS, 'seed', 'X25519')
    const privateKey = seed.slice()
    return { privateKey, publicKey: noble.getPublicKey(privateKey) }
  },
  sharedSecret(privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined {
    requireLength(privateKey, OCTETS, 'privateKey', 'X25519')
    if (peerPublic.length !== OCTETS) return undefined
    try {
      return noble.getSharedSecret(privateKey, peerPublic)
    } catch {
      // noble throws on a point of low order, which is what makes the output all zero.
      return undefined
    }
  }
})
