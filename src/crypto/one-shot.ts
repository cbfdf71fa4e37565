import type { CHash } from '@noble/hashes/utils.js'

/**
 * A hash for many short messages: one working object serves them all, as making one costs as much as hashing a block.
 * noble wipes it when the digest is taken.
 */
export function oneShot(hash: CHash): (message: Uint8Array) => Uint8Array {
  const fresh = hash.create()
  const working = fresh.clone()
  return (message) => {
    fresh._cloneInto(working)
    return working.update(message).digest()
  }
}
