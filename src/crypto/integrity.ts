import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import type { CHash } from '@noble/hashes/utils.js'
import { hmacWith } from './hmac.ts'
import { requireLength } from './key-length.ts'
import type { IntegrityAlgorithm, IntegrityContext } from './types.ts'

/** AUTH_HMAC_SHA1_96 (RFC 2404). */
export const hmacSha1_96: IntegrityAlgorithm = /* @__PURE__ */ hmacIntegrity('HMAC-SHA1-96', 2, sha1, 12)

/** AUTH_HMAC_SHA2_256_128 (RFC 4868). */
export const hmacSha256_128: IntegrityAlgorithm = /* @__PURE__ */ hmacIntegrity('HMAC-SHA2-256-128', 12, sha256, 16)

/** AUTH_HMAC_SHA2_384_192 (RFC 4868). */
export const hmacSha384_192: IntegrityAlgorithm = /* @__PURE__ */ hmacIntegrity('HMAC-SHA2-384-192', 13, sha384, 24)

/** AUTH_HMAC_SHA2_512_256 (RFC 4868). */
export const hmacSha512_256: IntegrityAlgorithm = /* @__PURE__ */ hmacIntegrity('HMAC-SHA2-512-256', 14, sha512, 32)

function hmacIntegrity(name: string, id: number, hash: CHash, icvOctets: number): IntegrityAlgorithm {
  const keyed = hmacWith(hash)
  return Object.freeze({
    kind: 'integrity',
    name,
    id,
    keyOctets: hash.outputLen,
    icvOctets,
    prepare(key: Uint8Array): IntegrityContext {
      requireLength(key, hash.outputLen, 'key', name)
      const mac = keyed(key)
      return { checksum: (...parts) => mac(...parts).subarray(0, icvOctets) }
    }
  })
}
