import { hmac } from '@noble/hashes/hmac.js'
import type { CHash } from '@noble/hashes/utils.js'

/** HMAC under one key over all parts in order. */
export type PreparedHmac = (...parts: readonly Uint8Array[]) => Uint8Array

/**
 * HMAC (RFC 2104) whose two key blocks are hashed once: each call copies the kept state into one reused working object,
 * which noble wipes when the digest is taken.
 */
export function prepareHmac(hash: CHash, key: Uint8Array): PreparedHmac {
  const kept = hmac.create(hash, key)
  const working = kept.clone()
  return (...parts) => {
    kept._cloneInto(working)
    for (const part of parts) working.update(part)
    const digest = new Uint8Array(hash.outputLen)
    working.digestInto(digest)
    return digest
  }
}
