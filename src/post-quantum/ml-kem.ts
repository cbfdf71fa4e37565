import { ml_kem512, ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js'
import { requireLength } from '../crypto/key-length.ts'
import type { Encapsulation, KeyEncapsulationMethod, KeyPair } from '../crypto/types.ts'

/** d | z of FIPS 203 section 7.1. */
const SEED_OCTETS = 64
/** m of FIPS 203 section 7.2. */
const ENCAPSULATION_SEED_OCTETS = 32

/** ML-KEM-512 (FIPS 203, draft-ietf-ipsecme-ikev2-mlkem). */
export const mlKem512: KeyEncapsulationMethod = /* @__PURE__ */ mlKem('ML-KEM-512', 35, ml_kem512, 800, 768)

/** ML-KEM-768 (FIPS 203, draft-ietf-ipsecme-ikev2-mlkem). */
export const mlKem768: KeyEncapsulationMethod = /* @__PURE__ */ mlKem('ML-KEM-768', 36, ml_kem768, 1184, 1088)

/** ML-KEM-1024 (FIPS 203, draft-ietf-ipsecme-ikev2-mlkem). */
export const mlKem1024: KeyEncapsulationMethod = /* @__PURE__ */ mlKem('ML-KEM-1024', 37, ml_kem1024, 1568, 1568)

/**
 * The private key is the seed, which FIPS 203 section 3.3 allows to keep in place of the decapsulation key: at a twentieth
 * to a fiftieth of its size, for the time of making the key once more.
 */
function mlKem(
  name: string,
  id: number,
  noble: typeof ml_kem512,
  publicOctets: number,
  ciphertextOctets: number
): KeyEncapsulationMethod {
  return Object.freeze({
    kind: 'keyEncapsulation',
    name,
    id,
    seedOctets: SEED_OCTETS,
    encapsulationSeedOctets: ENCAPSULATION_SEED_OCTETS,
    publicOctets,
    ciphertextOctets,
    keyPair(seed: Uint8Array): KeyPair {
      requireLength(seed, SEED_OCTETS, 'seed', name)
      const privateKey = seed.slice()
      return { privateKey, publicKey: noble.keygen(privateKey).publicKey }
    },
    encapsulate(peerPublic: Uint8Array, seed: Uint8Array): Encapsulation | undefined {
      requireLength(seed, ENCAPSULATION_SEED_OCTETS, 'seed', name)
      if (peerPublic.length !== publicOctets) return undefined
      try {
        const { cipherText, sharedSecret } = noble.encapsulate(peerPublic, seed)
        return { ciphertext: cipherText, sharedSecret }
      } catch {
        // noble throws when a coefficient is not reduced: the modulus check of FIPS 203 section 7.2.
        return undefined
      }
    },
    decapsulate(privateKey: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined {
      requireLength(privateKey, SEED_OCTETS, 'privateKey', name)
      if (ciphertext.length !== ciphertextOctets) return undefined
      const { secretKey } = noble.keygen(privateKey)
      const sharedSecret = noble.decapsulate(ciphertext, secretKey)
      secretKey.fill(0)
      return sharedSecret
    }
  })
}
