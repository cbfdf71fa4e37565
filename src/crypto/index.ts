export { aes128Cbc, aes192Cbc, aes256Cbc } from './aes-cbc.ts'
export { aes128Gcm16, aes256Gcm16 } from './aes-gcm.ts'
export { aesCmac96, aesXcbc96, prfAesCmac, prfAesXcbc } from './aes-mac.ts'
export { pskAuth, signedOctets, verifyPskAuth } from './auth.ts'
export { brainpool256, brainpool384, brainpool512 } from './brainpool.ts'
export { chacha20Poly1305 } from './chacha20-poly1305.ts'
export { forgetKeys, PREPARED_KEYS_LIMIT } from './context-cache.ts'
export { STATELESS_COOKIE_OCTETS, statelessCookie } from './cookie.ts'
export { ecp256, ecp384, ecp521 } from './ecp.ts'
export { expandEntropy } from './entropy.ts'
export { hmacSha1_96, hmacSha256_128, hmacSha384_192, hmacSha512_256 } from './integrity.ts'
export {
  childSendingKeys,
  deriveChildKeys,
  deriveIkeKeys,
  deriveIkeRekeyKeys,
  type IkeKeyInputs,
  type IkeKeyLayout,
  type IkeKeys,
  ikeKeyLayout,
  ikeKeys,
  ikeSendingKeys,
  type SendingKeys,
  type Side
} from './key-schedule.ts'
export {
  type ModpParameters,
  modp2048,
  modp3072,
  modp4096,
  modp6144,
  modp8192,
  modpGroup
} from './modp.ts'
export { natDetectionHash } from './nat-detection.ts'
export { prfHmacSha1, prfHmacSha256, prfHmacSha384, prfHmacSha512 } from './prf.ts'
export { prfPlus } from './prf-plus.ts'
export {
  type OpenError,
  type OpenedFragment,
  type OpenedMessage,
  type OpenFailure,
  type OpenInput,
  openFragment,
  openMessage,
  type ProtectedHeader,
  type SealFragmentInput,
  type SealInput,
  sealedFragmentOctets,
  sealedMessageOctets,
  sealFragment,
  sealMessage
} from './protect.ts'
export {
  decodeSignatureAuthData,
  encodeSignatureAuthData,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
  type SignatureAuthData,
  signatureAlgorithm
} from './signature.ts'
export type {
  ChildSuite,
  CipherContext,
  Encapsulation,
  EncryptionAlgorithm,
  IkeSuite,
  IntegrityAlgorithm,
  IntegrityContext,
  KeyEncapsulationMethod,
  KeyExchangeMethod,
  KeyPair,
  PrfContext,
  PseudoRandomFunction
} from './types.ts'
export { x448 } from './x448.ts'
export { x25519 } from './x25519.ts'
