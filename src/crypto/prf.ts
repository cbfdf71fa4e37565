import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import type { CHash } from '@noble/hashes/utils.js'
import { hmacWith } from './hmac.ts'
import type { PseudoRandomFunction } from './types.ts'

/** PRF_HMAC_SHA1 (RFC 2104). */
export const prfHmacSha1: PseudoRandomFunction = /* @__PURE__ */ hmacPrf('PRF-HMAC-SHA1', 2, sha1)

/** PRF_HMAC_SHA2_256 (RFC 4868). */
export const prfHmacSha256: PseudoRandomFunction = /* @__PURE__ */ hmacPrf('PRF-HMAC-SHA2-256', 5, sha256)

/** PRF_HMAC_SHA2_384 (RFC 4868). */
export const prfHmacSha384: PseudoRandomFunction = /* @__PURE__ */ hmacPrf('PRF-HMAC-SHA2-384', 6, sha384)

/** PRF_HMAC_SHA2_512 (RFC 4868). */
export const prfHmacSha512: PseudoRandomFunction = /* @__PURE__ */ hmacPrf('PRF-HMAC-SHA2-512', 7, sha512)

function hmacPrf(name: string, id: number, hash: CHash): PseudoRandomFunction {
  return Object.freeze({
    kind: 'prf',
    name,
    id,
    // RFC 7296 section 2.13: the preferred key size of an HMAC is the output of its hash.
    keyOctets: hash.outputLen,
    outputOctets: hash.outputLen,
    prepare: hmacWith(hash)
  })
}
