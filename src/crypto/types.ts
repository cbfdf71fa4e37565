/**
 * Algorithms are imported values: a bundle holds those that are named. Each is a frozen object with its IANA transform
 * identity and pure functions. Nothing here draws randomness: seeds and IVs come in as octets.
 *
 * `prepare*` turns a key into a context that holds its key schedule (AES round keys, GHASH table, HMAC pads), so the
 * schedule is paid once per SA and not once per message.
 */

/** Encryption (transform type 1): CBC needs an integrity algorithm beside it, AEAD forbids one (RFC 7296 section 3.3). */
export interface EncryptionAlgorithm {
  readonly kind: 'encryption'
  /** `'AES-GCM-16-256'`: for people. */
  readonly name: string
  /** IANA transform ID of type 1. */
  readonly id: number
  /** Key Length attribute in bits; undefined where the transform has one fixed length. */
  readonly keyLength: number | undefined
  readonly aead: boolean
  /** Octets of key material of one direction, AEAD salt included. */
  readonly keyOctets: number
  /** Octets of the IV on the wire. */
  readonly ivOctets: number
  /** Alignment of plaintext with padding, in octets (1 for AEAD). */
  readonly blockOctets: number
  /** Octets of the AEAD tag; 0 for CBC. */
  readonly tagOctets: number
  /** A context for one direction's key material. `keyMaterial` is copied. Throws on a wrong length, naming it. */
  prepare(keyMaterial: Uint8Array): CipherContext
}

/** One direction's cipher with its key schedule. */
export interface CipherContext {
  /**
   * Ciphertext, followed by the tag for AEAD. `plaintext` is a multiple of `blockOctets`. Written into `target`, where
   * given: it has exactly the length of the result, and may start where `plaintext` does, to seal a packet in place.
   */
  seal(iv: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array, target?: Uint8Array): Uint8Array
  /** Plaintext, or undefined when the tag is wrong or the length is impossible. Never throws on input. */
  open(iv: Uint8Array, ciphertext: Uint8Array, associatedData: Uint8Array): Uint8Array | undefined
}

/** Integrity (transform type 3). */
export interface IntegrityAlgorithm {
  readonly kind: 'integrity'
  readonly name: string
  readonly id: number
  readonly keyOctets: number
  /** Octets of the truncated checksum. */
  readonly icvOctets: number
  prepare(key: Uint8Array): IntegrityContext
}

/** One direction's checksum with its prepared key. */
export interface IntegrityContext {
  /** The truncated checksum over all parts in order. */
  checksum(...parts: readonly Uint8Array[]): Uint8Array
}

/** Pseudo-random function (transform type 2). */
export interface PseudoRandomFunction {
  readonly kind: 'prf'
  readonly name: string
  readonly id: number
  /** Preferred key size = output size for HMAC (RFC 7296 section 2.13). */
  readonly keyOctets: number
  readonly outputOctets: number
  /**
   * How many octets of each nonce key the SKEYSEED of an initial exchange: 8 for AES-XCBC and AES-CMAC (RFC 7296 section
   * 2.14). The whole nonces where it is absent.
   */
  readonly seedNonceOctets?: number
  prepare(key: Uint8Array): PrfContext
}

/** A PRF with its prepared key: prf(K, parts joined). */
export type PrfContext = (...parts: readonly Uint8Array[]) => Uint8Array

/** Key exchange method (transform type 4). */
export interface KeyExchangeMethod {
  readonly kind: 'keyExchange'
  readonly name: string
  readonly id: number
  /** Octets of uniformly random seed a key pair is made from. */
  readonly seedOctets: number
  /** Octets of the Key Exchange Data of a public value. */
  readonly publicOctets: number
  /** A key pair from a seed that is used for nothing else. Throws on a wrong seed length, naming it. */
  keyPair(seed: Uint8Array): KeyPair
  /**
   * g^ir as RFC 7296 section 2.14 wants it (MODP: padded to the modulus length; ECP: x alone, RFC 5903), or undefined
   * when the peer's value is no valid public value (wrong length, 0, 1, p-1, not on the curve, all-zero X25519 output).
   */
  sharedSecret(privateKey: Uint8Array, peerPublic: Uint8Array): Uint8Array | undefined
}

/** A key pair; `publicKey` is the Key Exchange Data of a KE payload (ECP: x | y without a leading octet). */
export interface KeyPair {
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
}

/**
 * Key exchange method (transform type 4) whose ends are not alike: a key encapsulation mechanism. The responder makes its
 * Key Exchange Data, a ciphertext, from the initiator's public key (draft-ietf-ipsecme-ikev2-mlkem section 2).
 */
export interface KeyEncapsulationMethod {
  readonly kind: 'keyEncapsulation'
  readonly name: string
  readonly id: number
  /** Octets of uniformly random seed a key pair is made from. */
  readonly seedOctets: number
  /** Octets of uniformly random seed one ciphertext is made from. */
  readonly encapsulationSeedOctets: number
  /** Octets of the Key Exchange Data of the initiator. */
  readonly publicOctets: number
  /** Octets of the Key Exchange Data of the responder. */
  readonly ciphertextOctets: number
  /** The initiator's key pair, from a seed that is used for nothing else. Throws on a wrong seed length, naming it. */
  keyPair(seed: Uint8Array): KeyPair
  /**
   * The responder's half, from a seed that is used for nothing else, or undefined when the initiator's value is no valid
   * public key. Throws on a wrong seed length, naming it.
   */
  encapsulate(peerPublic: Uint8Array, seed: Uint8Array): Encapsulation | undefined
  /**
   * The initiator's half: the shared secret, or undefined when the ciphertext has another length. A ciphertext that was
   * tampered with gives another secret, which shows when the first message under it does not open.
   */
  decapsulate(privateKey: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined
}

/** What a responder makes of a public key. */
export interface Encapsulation {
  /** The responder's Key Exchange Data. */
  readonly ciphertext: Uint8Array
  /** Takes the place of g^ir. */
  readonly sharedSecret: Uint8Array
}

/** What one IKE SA negotiated. `integrity` is null exactly when `encryption.aead`. */
export interface IkeSuite {
  readonly encryption: EncryptionAlgorithm
  readonly integrity: IntegrityAlgorithm | null
  readonly prf: PseudoRandomFunction
  readonly keyExchange: KeyExchangeMethod
}

/** What one Child SA negotiated. */
export interface ChildSuite {
  readonly encryption: EncryptionAlgorithm
  readonly integrity: IntegrityAlgorithm | null
  /** Extended Sequence Numbers (transform type 5). */
  readonly extendedSequenceNumbers: boolean
}
