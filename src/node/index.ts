export {
  nodeAes128Cbc,
  nodeAes128Gcm16,
  nodeAes192Cbc,
  nodeAes256Cbc,
  nodeAes256Gcm16,
  nodeChacha20Poly1305
} from './ciphers.ts'
export {
  nodeBrainpool256,
  nodeBrainpool384,
  nodeBrainpool512,
  nodeEcp256,
  nodeEcp384,
  nodeEcp521,
  nodeModp2048,
  nodeModp3072,
  nodeModp4096,
  nodeModp6144,
  nodeModp8192,
  nodeX448,
  nodeX25519
} from './key-exchange.ts'
export {
  nodeHmacSha1_96,
  nodeHmacSha256_128,
  nodeHmacSha384_192,
  nodeHmacSha512_256,
  nodePrfHmacSha1,
  nodePrfHmacSha256,
  nodePrfHmacSha384,
  nodePrfHmacSha512
} from './macs.ts'
export {
  type AuthSignatureError,
  type AuthSignatureResult,
  MINIMUM_RSA_BITS,
  signAuth,
  type VerifyingKey,
  verifyAuthSignature
} from './signatures.ts'
