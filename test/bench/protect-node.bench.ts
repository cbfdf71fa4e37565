import { type CipherGCM, createCipheriv, createDecipheriv, createHmac, type DecipherGCM } from 'node:crypto'
import type { EncryptionAlgorithm, IkeSuite } from '../../src/crypto/index.ts'
import {
  nodeAes256Cbc,
  nodeAes256Gcm16,
  nodeChacha20Poly1305,
  nodeHmacSha256_128,
  nodePrfHmacSha256,
  nodeX25519
} from '../../src/node/index.ts'
import { compareAll } from './measure.ts'
import { type BareCipher, type MessageParts, protection } from './protection.ts'

/** Protecting and unprotecting on `node:crypto`, against its bare calls. */

const common = { prf: nodePrfHmacSha256, keyExchange: nodeX25519 }
const TARGETS = [
  { octets: 100, must: 1.35, aim: 1.2 },
  { octets: 300, must: 1.35, aim: 1.2 },
  { octets: 1200, must: 1.15, aim: 1.1 }
]

compareAll([
  ...protection('node AES-256-GCM', aeadSuite(nodeAes256Gcm16), bareAead('aes-256-gcm'), TARGETS),
  ...protection('node AES-256-CBC HMAC-SHA2-256', cbcSuite(), bareCbc(), TARGETS),
  ...protection('node ChaCha20-Poly1305', aeadSuite(nodeChacha20Poly1305), bareAead('chacha20-poly1305'), TARGETS)
])

function aeadSuite(encryption: EncryptionAlgorithm): IkeSuite {
  return { ...common, encryption, integrity: null }
}

function cbcSuite(): IkeSuite {
  return { ...common, encryption: nodeAes256Cbc, integrity: nodeHmacSha256_128 }
}

function bareAead(name: string): BareCipher {
  const options = { authTagLength: 16 }
  return {
    seal({ key, nonce, associatedData, plaintext }) {
      const cipher = createCipheriv(name as 'aes-256-gcm', key, nonce, options) as CipherGCM
      cipher.setAAD(associatedData)
      // One array of ciphertext and tag, as noble's call returns it and as everybody writes it.
      return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
    },
    open({ key, nonce, associatedData, ciphertext }) {
      const decipher = createDecipheriv(name as 'aes-256-gcm', key, nonce, options) as DecipherGCM
      decipher.setAAD(associatedData)
      decipher.setAuthTag(ciphertext.subarray(-16))
      const plaintext = decipher.update(ciphertext.subarray(0, -16))
      decipher.final()
      return plaintext
    }
  }
}

function bareCbc(): BareCipher {
  const checksum = ({ integrityKey, checked }: MessageParts): Uint8Array =>
    createHmac('sha256', integrityKey).update(checked).digest().subarray(0, 16)
  return {
    seal(parts) {
      const cipher = createCipheriv('aes-256-cbc', parts.key, parts.iv).setAutoPadding(false)
      cipher.update(parts.plaintext)
      cipher.final()
      return checksum(parts)
    },
    open(parts) {
      checksum(parts)
      const decipher = createDecipheriv('aes-256-cbc', parts.key, parts.iv).setAutoPadding(false)
      const plaintext = decipher.update(parts.ciphertext)
      decipher.final()
      return plaintext
    }
  }
}
