import { hmac } from '@noble/hashes/hmac.js'
import type { CHash } from '@noble/hashes/utils.js'

/** HMAC under one key over all parts in order. */
export type PreparedHmac = (...parts: readonly Uint8Array[]) => Uint8Array

/**
 * HMAC (RFC 2104) with one hash, given a key: its two key blocks are hashed once, and each call copies the kept states into
 * two working objects that all keys share, as making such objects costs more than short messages do. noble wipes them when
 * the digest is taken.
 */
export function hmacWith(hash: CHash): (key: Uint8Array) => PreparedHmac {
  const inner = hash.create()
  const outer = hash.create()
  return (key) => {
    const { iHash, oHash } = hmac.create(hash, key)
    return (...parts) => {
      iHash._cloneInto(inner)
      for (const part of parts) inner.update(part)
      oHash._cloneInto(outer)
      return outer.update(inner.digest()).digest()
    }
  }
}
