import {
  createDiffieHellman,
  createECDH,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  getDiffieHellman,
  type KeyObject
} from 'node:crypto'
import { fromHex, toHex } from '../bytes/index.ts'
import { requireLength } from '../crypto/key-length.ts'
import type { KeyExchangeMethod, KeyPair } from '../crypto/types.ts'

/** `ecp256` on `node:crypto`: the same key pair from the same seed. */
export const nodeEcp256: KeyExchangeMethod = /* @__PURE__ */ ecp(
  'ECP-256',
  19,
  'prime256v1',
  32,
  48,
  'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
)

/** `ecp384` on `node:crypto`: the same key pair from the same seed. */
export const nodeEcp384: KeyExchangeMethod = /* @__PURE__ */ ecp(
  'ECP-384',
  20,
  'secp384r1',
  48,
  72,
  'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973'
)

/** `ecp521` on `node:crypto`: the same key pair from the same seed. */
export const nodeEcp521: KeyExchangeMethod = /* @__PURE__ */ ecp(
  'ECP-521',
  21,
  'secp521r1',
  66,
  99,
  '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409'
)

/** `brainpool256` on `node:crypto`: the same key pair from the same seed. */
export const nodeBrainpool256: KeyExchangeMethod = /* @__PURE__ */ ecp(
  'Brainpool-256',
  28,
  'brainpoolP256r1',
  32,
  48,
  'a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7'
)

/** `brainpool384` on `node:crypto`: the same key pair from the same seed. */
export const nodeBrainpool384: KeyExchangeMethod = /* @__PURE__ */ ecp(
  'Brainpool-384',
  29,
  'brainpoolP384r1',
  48,
  72,
  '8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565'
)

/** `brainpool512` on `node:crypto`: the same key pair from the same seed. */
export const nodeBrainpool512: KeyExchangeMethod = /* @__PURE__ */ ecp(
  'Brainpool-512',
  30,
  'brainpoolP512r1',
  64,
  96,
  'aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197fac10471db1d381085ddaddb58796829ca90069'
)

/** `modp2048` on `node:crypto`. */
export const nodeModp2048: KeyExchangeMethod = /* @__PURE__ */ modp('MODP-2048', 14, 'modp14', 256, 32)

/** `modp3072` on `node:crypto`. */
export const nodeModp3072: KeyExchangeMethod = /* @__PURE__ */ modp('MODP-3072', 15, 'modp15', 384, 40)

/** `modp4096` on `node:crypto`. */
export const nodeModp4096: KeyExchangeMethod = /* @__PURE__ */ modp('MODP-4096', 16, 'modp16', 512, 48)

/** `modp6144` on `node:crypto`. */
export const nodeModp6144: KeyExchangeMethod = /* @__PURE__ */ modp('MODP-6144', 17, 'modp17', 768, 56)

/** `modp8192` on `node:crypto`. */
export const nodeModp8192: KeyExchangeMethod = /* @__PURE__ */ modp('MODP-8192', 18, 'modp18', 1024, 64)

/** `x25519` on `node:crypto`. */
export const nodeX25519: KeyExchangeMethod = /* @__PURE__ */ montgomery('X25519', 31, 32)

/** `x448` on `node:crypto`. */
export const nodeX448: KeyExchangeMethod = /* @__PURE__ */ montgomery('X448', 32, 56)

function montgomery(curve: 'X25519' | 'X448', id: number, octets: number): KeyExchangeMethod {
  /** Importing a private key costs as much as the exchange: the one that made a key pair is kept while its octets live. */
  const kept = new WeakMap<Uint8Array, KeyObject>()
  /** JWK imports nine times as fast as PKCS #8. `x` must be there; the public value is made from `d`. */
  const importPrivate = (privateKey: Uint8Array): KeyObject => {
    const d = base64Url(privateKey)
    return createPrivateKey({ key: { kty: 'OKP', crv: curve, d, x: d }, format: 'jwk' })
  }
  return Object.freeze({
    kind: 'keyExchange',
    name: curve,
    id,
    seedOctets: octets,
    publicOctets: octets,
    keyPair(seed: Uint8Array): KeyPair {
      requireLength(seed, octets, 'seed', curve)
      const privateKey = seed.slice()
      const imported = importPrivate(privateKey)
      kept.set(privateKey, imported)
      const { x } = createPublicKey(imported).export({ format: 'jwk' })
      return { privateKey, publicKey: new Uint8Array(Buffer.from(x as string, 'base64url')) }
    },
    sharedSecret(privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined {
      requireLength(privateKey, octets, 'privateKey', curve)
      if (peerPublic.length !== octets) return undefined
      const imported = kept.get(privateKey) ?? importPrivate(privateKey)
      const peer = { kty: 'OKP', crv: curve, x: base64Url(peerPublic) }
      try {
        const publicKey = createPublicKey({ key: peer, format: 'jwk' })
        return new Uint8Array(diffieHellman({ privateKey: imported, publicKey }))
      } catch {
        // OpenSSL refuses an all-zero result (RFC 7748 section 6).
        return undefined
      }
    }
  })
}

function base64Url(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64url')
}

function ecp(
  name: string,
  id: number,
  curve: string,
  fieldOctets: number,
  seedOctets: number,
  orderHex: string
): KeyExchangeMethod {
  return Object.freeze({
    kind: 'keyExchange',
    name,
    id,
    seedOctets,
    publicOctets: 2 * fieldOctets,
    keyPair(seed: Uint8Array): KeyPair {
      requireLength(seed, seedOctets, 'seed', name)
      // FIPS 186-5 section A.2.1: half as many octets again as the order leave no bias.
      const scalar = (BigInt(`0x${toHex(seed)}`) % (BigInt(`0x${orderHex}`) - 1n)) + 1n
      const privateKey = fromHex(scalar.toString(16).padStart(2 * fieldOctets, '0'))
      const own = createECDH(curve)
      own.setPrivateKey(privateKey)
      return { privateKey, publicKey: new Uint8Array(own.getPublicKey().subarray(1)) }
    },
    sharedSecret(privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined {
      requireLength(privateKey, fieldOctets, 'privateKey', name)
      if (peerPublic.length !== 2 * fieldOctets) return undefined
      const point = new Uint8Array(1 + 2 * fieldOctets)
      point[0] = 4
      point.set(peerPublic, 1)
      const own = createECDH(curve)
      own.setPrivateKey(privateKey)
      try {
        return new Uint8Array(own.computeSecret(point))
      } catch {
        // Node throws on a point that is not on the curve.
        return undefined
      }
    }
  })
}

function modp(name: string, id: number, group: string, publicOctets: number, seedOctets: number): KeyExchangeMethod {
  const withKey = (prime: Buffer, privateKey: Uint8Array): ReturnType<typeof createDiffieHellman> => {
    const own = createDiffieHellman(prime, 2)
    own.setPrivateKey(privateKey)
    return own
  }
  return Object.freeze({
    kind: 'keyExchange',
    name,
    id,
    seedOctets,
    publicOctets,
    keyPair(seed: Uint8Array): KeyPair {
      requireLength(seed, seedOctets, 'seed', name)
      if (seed.every((octet) => octet === 0)) throw new RangeError('seed: all octets are zero')
      const own = withKey(getDiffieHellman(group).getPrime(), seed)
      own.generateKeys()
      return { privateKey: seed.slice(), publicKey: padded(own.getPublicKey(), publicOctets) }
    },
    sharedSecret(privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined {
      if (peerPublic.length !== publicOctets) return undefined
      const prime = getDiffieHellman(group).getPrime()
      // OpenSSL reduces a value above the prime instead of refusing it.
      const value = BigInt(`0x${toHex(peerPublic)}`)
      if (value <= 1n || value >= BigInt(`0x${toHex(prime)}`) - 1n) return undefined
      try {
        return padded(withKey(prime, privateKey).computeSecret(peerPublic), publicOctets)
      } catch {
        // What else OpenSSL refuses differs between its versions.
        return undefined
      }
    }
  })
}

function padded(octets: Uint8Array, length: number): Uint8Array {
  const whole = new Uint8Array(length)
  whole.set(octets, length - octets.length)
  return whole
}
