import {
  constants,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  type SigningOptions,
  sign,
  verify,
  X509Certificate
} from 'node:crypto'
import { AUTH_METHOD, HASH_ALGORITHM } from '../codec/index.ts'
import {
  decodeSignatureAuthData,
  encodeSignatureAuthData,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
  signatureAlgorithm
} from '../crypto/signature.ts'

/** Where the key that checks a signature comes from, in DER: a certificate, or a SubjectPublicKeyInfo alone. */
export type VerifyingKey = { readonly certificate: Uint8Array } | { readonly publicKey: Uint8Array }

/**
 * Why a signature does not authenticate the peer:
 * - `unsupportedMethod`: not method 1, 9, 10, 11 or 14
 * - `malformedAuthData`: method 14 without its framing (RFC 7427 section 3)
 * - `unsupportedAlgorithm`: an AlgorithmIdentifier that is not in `SIGNATURE_ALGORITHMS`
 * - `hashNotAccepted`: a hash that is not in `acceptedHashes`
 * - `malformedKey`: the certificate or public key cannot be read
 * - `keyMismatch`: the key is for another algorithm, or on another curve than the method says
 * - `weakKey`: an RSA modulus of fewer than `minimumRsaBits`
 * - `invalidSignature`: the signature is not that of these octets under this key
 */
export type AuthSignatureError =
  | 'unsupportedMethod'
  | 'malformedAuthData'
  | 'unsupportedAlgorithm'
  | 'hashNotAccepted'
  | 'malformedKey'
  | 'keyMismatch'
  | 'weakKey'
  | 'invalidSignature'

/** RSA keys of fewer than 2048 bits SHOULD NOT be used for authentication (RFC 8247 section 3.1.1). */
export const MINIMUM_RSA_BITS = 2048

/** Outcome of {@link verifyAuthSignature}. */
export type AuthSignatureResult =
  | { readonly ok: true; readonly algorithm: SignatureAlgorithm }
  | { readonly ok: false; readonly error: AuthSignatureError }

/**
 * Checks the AUTH payload of a peer that signs: RSA (method 1), ECDSA (methods 9 to 11, RFC 4754) and Digital Signature
 * (method 14, RFC 7427, with EdDSA of RFC 8420). It says that the holder of this key signed these octets, and nothing
 * more: whether the certificate is to be trusted, is in force and stands for the identity in the ID payload is for the
 * caller to decide. Never throws on what a peer sent.
 */
export function verifyAuthSignature(
  inputs: {
    /** Auth Method of the AUTH payload. */
    readonly method: number
    /** Authentication Data of the AUTH payload. */
    readonly authData: Uint8Array
    /** From `signedOctets`. */
    readonly signedOctets: Uint8Array
    /**
     * `HASH_ALGORITHM` numbers a signature may use: in method 14 those this end sent in SIGNATURE_HASH_ALGORITHMS
     * (RFC 7427 section 4). SHA-1 only where it is listed, in method 1 too.
     */
    readonly acceptedHashes: readonly number[]
    /**
     * The least bits of an RSA modulus; {@link MINIMUM_RSA_BITS} where absent. A certificate is signed by who issued it:
     * that says nothing of how soon the key in it can be factored and the peer impersonated.
     */
    readonly minimumRsaBits?: number
  } & VerifyingKey
): AuthSignatureResult {
  const { method, authData, acceptedHashes } = inputs
  const parts = method === AUTH_METHOD.DIGITAL_SIGNATURE ? decodeSignatureAuthData(authData) : undefined
  if (method === AUTH_METHOD.DIGITAL_SIGNATURE && parts === undefined) return failed('malformedAuthData')
  const possible = candidates(method, parts?.identifier)
  if (possible === undefined) return failed('unsupportedMethod')
  if (possible.length === 0) return failed('unsupportedAlgorithm')
  const accepted = possible.filter(({ hash }) => acceptedHashes.includes(hash))
  if (accepted.length === 0) return failed('hashNotAccepted')
  const key = importPublic(inputs)
  if (key === undefined) return failed('malformedKey')
  const fitting = accepted.filter((algorithm) => fits(key, algorithm, method))
  if (fitting.length === 0) return failed('keyMismatch')
  if (!hasEnoughBits(key, inputs.minimumRsaBits ?? MINIMUM_RSA_BITS)) return failed('weakKey')
  const signature = parts?.signature ?? authData
  const algorithm = fitting.find((each) => verified(each, method, inputs.signedOctets, key, signature))
  return algorithm === undefined ? failed('invalidSignature') : { ok: true, algorithm }
}

/**
 * Authentication Data of an AUTH payload of this end, the counterpart of {@link verifyAuthSignature}. Throws RangeError
 * naming `method` or `algorithm` where they do not go together, `privateKey` where it cannot be read or does not fit.
 */
export function signAuth(inputs: {
  /** 1 (RSA), 9 to 11 (ECDSA) or 14 (Digital Signature). */
  readonly method: number
  /**
   * One of `SIGNATURE_ALGORITHMS`, whose hash the peer listed in SIGNATURE_HASH_ALGORITHMS for method 14. Method 1 takes
   * RSA-PKCS1 with any hash, SHA-1 being what every peer knows (RFC 7296 section 3.8); methods 9 to 11 allow one each.
   */
  readonly algorithm: SignatureAlgorithm
  /** From `signedOctets`. */
  readonly signedOctets: Uint8Array
  /** PKCS #8 in DER. */
  readonly privateKey: Uint8Array
}): Uint8Array {
  const { method, algorithm } = inputs
  const possible = candidates(method, algorithm.identifier)
  if (possible === undefined) throw new RangeError(`method: ${method} is not a signature`)
  if (!possible.includes(algorithm)) throw new RangeError(`algorithm: ${algorithm.name} is not of method ${method}`)
  const key = importPrivate(inputs.privateKey)
  if (key === undefined || !fits(key, algorithm, method)) {
    throw new RangeError(`privateKey: is no PKCS #8 key for ${algorithm.name} in method ${method}`)
  }
  const signature = made(algorithm, method, inputs.signedOctets, key)
  if (signature === undefined) throw new RangeError(`privateKey: cannot sign with ${algorithm.name}`)
  return method === AUTH_METHOD.DIGITAL_SIGNATURE
    ? encodeSignatureAuthData({ identifier: algorithm.identifier, signature })
    : signature
}

/** OpenSSL's names of what RFC 4754 binds to each method. */
const ECDSA_METHODS: Readonly<Record<number, { readonly hash: number; readonly curve: string }>> = {
  [AUTH_METHOD.ECDSA_SHA2_256_P256]: { hash: HASH_ALGORITHM.SHA2_256, curve: 'prime256v1' },
  [AUTH_METHOD.ECDSA_SHA2_384_P384]: { hash: HASH_ALGORITHM.SHA2_384, curve: 'secp384r1' },
  [AUTH_METHOD.ECDSA_SHA2_512_P521]: { hash: HASH_ALGORITHM.SHA2_512, curve: 'secp521r1' }
}

const HASH_NAMES: Readonly<Record<number, string>> = {
  [HASH_ALGORITHM.SHA1]: 'sha1',
  [HASH_ALGORITHM.SHA2_256]: 'sha256',
  [HASH_ALGORITHM.SHA2_384]: 'sha384',
  [HASH_ALGORITHM.SHA2_512]: 'sha512'
}

const KEY_TYPES: Readonly<Record<SignatureAlgorithm['scheme'], readonly string[]>> = {
  rsaPkcs1: ['rsa'],
  rsaPss: ['rsa', 'rsa-pss'],
  ecdsa: ['ec'],
  ed25519: ['ed25519'],
  ed448: ['ed448']
}

/** Algorithms an AUTH payload of this method may be of. The hash of method 1 stands inside the signature only. */
function candidates(method: number, identifier: Uint8Array | undefined): readonly SignatureAlgorithm[] | undefined {
  if (method === AUTH_METHOD.RSA_DIGITAL_SIGNATURE) {
    return SIGNATURE_ALGORITHMS.filter(({ scheme }) => scheme === 'rsaPkcs1')
  }
  if (method === AUTH_METHOD.DIGITAL_SIGNATURE) {
    const named = identifier === undefined ? undefined : signatureAlgorithm(identifier)
    return named === undefined ? [] : [named]
  }
  const fixed = ECDSA_METHODS[method]
  return fixed && SIGNATURE_ALGORITHMS.filter(({ scheme, hash }) => scheme === 'ecdsa' && hash === fixed.hash)
}

function fits(key: KeyObject, algorithm: SignatureAlgorithm, method: number): boolean {
  const curve = ECDSA_METHODS[method]?.curve
  const details = key.asymmetricKeyDetails
  return (
    KEY_TYPES[algorithm.scheme].includes(key.asymmetricKeyType ?? '') &&
    (curve === undefined || details?.namedCurve === curve)
  )
}

/** True for every key that is not RSA. A minimum that is no number lets no RSA key pass. */
function hasEnoughBits(key: KeyObject, minimum: number): boolean {
  const isRsa = key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'rsa-pss'
  return !isRsa || (key.asymmetricKeyDetails?.modulusLength ?? 0) >= minimum
}

/** RFC 4754 section 7 sets r and s side by side; RFC 7427 appendix A.3 has the DER of ECDSA-Sig-Value. */
function options({ scheme }: SignatureAlgorithm, method: number): SigningOptions {
  if (scheme === 'ecdsa') return { dsaEncoding: method === AUTH_METHOD.DIGITAL_SIGNATURE ? 'der' : 'ieee-p1363' }
  return scheme === 'rsaPss'
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {}
}

function verified(
  algorithm: SignatureAlgorithm,
  method: number,
  octets: Uint8Array,
  key: KeyObject,
  signature: Uint8Array
): boolean {
  try {
    return verify(HASH_NAMES[algorithm.hash], octets, { key, ...options(algorithm, method) }, signature)
  } catch {
    // OpenSSL throws on keys it finds too weak or bound to other parameters.
    return false
  }
}

function made(
  algorithm: SignatureAlgorithm,
  method: number,
  octets: Uint8Array,
  key: KeyObject
): Uint8Array | undefined {
  try {
    return new Uint8Array(sign(HASH_NAMES[algorithm.hash], octets, { key, ...options(algorithm, method) }))
  } catch {
    return undefined
  }
}

function importPublic(source: VerifyingKey): KeyObject | undefined {
  try {
    return 'certificate' in source
      ? new X509Certificate(source.certificate).publicKey
      : createPublicKey({ key: Buffer.from(source.publicKey), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

function importPrivate(privateKey: Uint8Array): KeyObject | undefined {
  try {
    return createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' })
  } catch {
    return undefined
  }
}

function failed(error: AuthSignatureError): AuthSignatureResult {
  return { ok: false, error }
}
