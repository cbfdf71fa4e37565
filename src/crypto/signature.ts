import { concatBytes, fromHex, toHex } from '../bytes/index.ts'
import { HASH_ALGORITHM } from '../codec/index.ts'

/** What signs and what is signed, as RFC 7427 names it on the wire: by the DER octets of an AlgorithmIdentifier. */
export interface SignatureAlgorithm {
  readonly name: string
  /** Ed25519 and Ed448 take the octets themselves; the others sign a hash of them. */
  readonly scheme: 'rsaPkcs1' | 'rsaPss' | 'ecdsa' | 'ed25519' | 'ed448'
  /** Number in the registry of SIGNATURE_HASH_ALGORITHMS: `HASH_ALGORITHM`; IDENTITY for EdDSA (RFC 8420 section 2). */
  readonly hash: number
  /** DER octets of the AlgorithmIdentifier this library sends. */
  readonly identifier: Uint8Array
  /** Other encodings of the same that are accepted: default or absent fields written out or left out (RFC 4055). */
  readonly alsoAccepted: readonly Uint8Array[]
}

/** Every algorithm of RFC 7427 appendix A but DSA, with the SHA-2 hashes RSASSA-PSS adds, and the two of RFC 8420. */
export const SIGNATURE_ALGORITHMS: readonly SignatureAlgorithm[] = /* @__PURE__ */ Object.freeze([
  algorithm('RSA-PKCS1-SHA1', 'rsaPkcs1', HASH_ALGORITHM.SHA1, '300d06092a864886f70d0101050500'),
  algorithm('RSA-PKCS1-SHA2-256', 'rsaPkcs1', HASH_ALGORITHM.SHA2_256, '300d06092a864886f70d01010b0500'),
  algorithm('RSA-PKCS1-SHA2-384', 'rsaPkcs1', HASH_ALGORITHM.SHA2_384, '300d06092a864886f70d01010c0500'),
  algorithm('RSA-PKCS1-SHA2-512', 'rsaPkcs1', HASH_ALGORITHM.SHA2_512, '300d06092a864886f70d01010d0500'),
  algorithm('ECDSA-SHA1', 'ecdsa', HASH_ALGORITHM.SHA1, '300906072a8648ce3d0401'),
  algorithm('ECDSA-SHA2-256', 'ecdsa', HASH_ALGORITHM.SHA2_256, '300a06082a8648ce3d040302'),
  algorithm('ECDSA-SHA2-384', 'ecdsa', HASH_ALGORITHM.SHA2_384, '300a06082a8648ce3d040303'),
  algorithm('ECDSA-SHA2-512', 'ecdsa', HASH_ALGORITHM.SHA2_512, '300a06082a8648ce3d040304'),
  // Appendix A.4.1 and A.4.2: every field is the default, left out or written out.
  algorithm('RSA-PSS-SHA1', 'rsaPss', HASH_ALGORITHM.SHA1, '300d06092a864886f70d01010a3000', [
    pssIdentifier('300906052b0e03021a0500', 20, true)
  ]),
  pss('RSA-PSS-SHA2-256', HASH_ALGORITHM.SHA2_256, '0609608648016503040201', 32),
  pss('RSA-PSS-SHA2-384', HASH_ALGORITHM.SHA2_384, '0609608648016503040202', 48),
  pss('RSA-PSS-SHA2-512', HASH_ALGORITHM.SHA2_512, '0609608648016503040203', 64),
  algorithm('Ed25519', 'ed25519', HASH_ALGORITHM.IDENTITY, '300506032b6570'),
  algorithm('Ed448', 'ed448', HASH_ALGORITHM.IDENTITY, '300506032b6571')
])

/** The algorithm these AlgorithmIdentifier octets name, or undefined when it is none of {@link SIGNATURE_ALGORITHMS}. */
export function signatureAlgorithm(identifier: Uint8Array): SignatureAlgorithm | undefined {
  const hex = toHex(identifier)
  return SIGNATURE_ALGORITHMS.find((known) =>
    [known.identifier, ...known.alsoAccepted].some((accepted) => toHex(accepted) === hex)
  )
}

/** Authentication Data of method 14, Digital Signature, in its parts (RFC 7427 section 3). */
export interface SignatureAuthData {
  /** DER octets of the AlgorithmIdentifier: one SEQUENCE, 2 to 255 octets. */
  readonly identifier: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Takes Authentication Data of method 14 apart. Undefined when it is cut short, has no signature, or when what stands
 * before the signature is not one SEQUENCE that fills the octets the ASN.1 Length says.
 */
export function decodeSignatureAuthData(data: Uint8Array): SignatureAuthData | undefined {
  const length = data[0] ?? 0
  const identifier = data.slice(1, 1 + length)
  const signature = data.slice(1 + length)
  return isSequence(identifier, length) && signature.length > 0 ? { identifier, signature } : undefined
}

/**
 * Authentication Data of method 14: ASN.1 Length, AlgorithmIdentifier, signature (RFC 7427 section 3). Throws RangeError
 * naming `identifier` when that is not one SEQUENCE of at most 255 octets, or `signature` when that is empty.
 */
export function encodeSignatureAuthData({ identifier, signature }: SignatureAuthData): Uint8Array {
  if (identifier.length > 255 || !isSequence(identifier, identifier.length)) {
    throw new RangeError('identifier: must be one DER SEQUENCE of at most 255 octets')
  }
  if (signature.length === 0) throw new RangeError('signature: must not be empty')
  return concatBytes(Uint8Array.of(identifier.length), identifier, signature)
}

/** DER: tag 0x30, then the length in one octet, or behind 0x81 when it is 128 or more. */
function isSequence(octets: Uint8Array, length: number): boolean {
  if (octets.length !== length || octets[0] !== 0x30) return false
  if (octets[1] === 0x81) return (octets[2] ?? 0) >= 128 && octets[2] === length - 3
  return (octets[1] ?? 128) < 128 && octets[1] === length - 2
}

function algorithm(
  name: string,
  scheme: SignatureAlgorithm['scheme'],
  hash: number,
  identifier: string,
  alsoAccepted: readonly string[] = []
): SignatureAlgorithm {
  return Object.freeze({
    name,
    scheme,
    hash,
    identifier: fromHex(identifier),
    alsoAccepted: Object.freeze(alsoAccepted.map(fromHex))
  })
}

/**
 * RSASSA-PSS whose mask generation uses the same hash and whose salt is as long as the hash: all RFC 8247 section 3.2.1
 * and RFC 7427 appendix A.4.3 speak of. RFC 4055 section 2.1 asks to accept a hash with and without NULL parameters; the
 * trailer field may stand there although it is the default.
 */
function pss(name: string, hash: number, oid: string, saltOctets: number): SignatureAlgorithm {
  const withNull = sequence(`${oid}0500`)
  const without = sequence(oid)
  return algorithm(name, 'rsaPss', hash, pssIdentifier(withNull, saltOctets, false), [
    pssIdentifier(withNull, saltOctets, true),
    pssIdentifier(without, saltOctets, false),
    pssIdentifier(without, saltOctets, true)
  ])
}

function pssIdentifier(hash: string, saltOctets: number, trailer: boolean): string {
  const maskGeneration = sequence(`06092a864886f70d010108${hash}`)
  const salt = `0201${saltOctets.toString(16).padStart(2, '0')}`
  const fields = `${der('a0', hash)}${der('a1', maskGeneration)}${der('a2', salt)}${trailer ? 'a303020101' : ''}`
  return sequence(`06092a864886f70d01010a${sequence(fields)}`)
}

function sequence(contents: string): string {
  return der('30', contents)
}

/** All of them are shorter than 128 octets. */
function der(tag: string, contents: string): string {
  return `${tag}${(contents.length / 2).toString(16).padStart(2, '0')}${contents}`
}
