import { ikeSendingKeys, type SendingKeys, type Side } from './key-schedule.ts'
import type { CipherContext, EncryptionAlgorithm, IkeSuite, IntegrityAlgorithm, IntegrityContext } from './types.ts'

/**
 * Secrets hold key octets alone, so that they stay small and clonable. What is computed from a key (AES round keys, GHASH
 * table, HMAC pads: about 10 kB) is remembered here, by the identity of the array that holds the key, for about
 * {@link PREPARED_KEYS_LIMIT} arrays used last. Nothing ever depends on what is remembered: a forgotten context is made
 * again. It follows that key arrays are never written to, except by {@link forgetKeys}.
 */

/** Cipher and checksum of one direction, ready to use. `integrity` is null exactly for AEAD. */
export interface DirectionContext {
  readonly encryption: EncryptionAlgorithm
  readonly cipher: CipherContext
  readonly integrity: IntegrityContext | null
  /** Octets after the ciphertext that only authenticate: the truncated checksum, 0 for AEAD. */
  readonly icvOctets: number
}

/** How many key arrays (one an IKE SA, one a direction of a Child SA) have their contexts remembered. */
export const PREPARED_KEYS_LIMIT = 256

interface Entry {
  readonly encryption: EncryptionAlgorithm
  readonly integrity: IntegrityAlgorithm | null
  initiator: DirectionContext | undefined
  responder: DirectionContext | undefined
  /** Used since it was last passed over when something had to go. */
  isUsed: boolean
}

/** In the order in which they are looked at when something has to go. */
const entries: Map<Uint8Array, Entry> = /* @__PURE__ */ new Map()

/**
 * The context for what `sender` sends on an IKE SA with this packed key material.
 *
 * @throws RangeError naming `material` when its length is not the suite's.
 */
export function ikeContext(suite: IkeSuite, material: Uint8Array, sender: Side): DirectionContext {
  const entry = entryOf(material, suite.encryption, suite.integrity)
  const context = entry[sender] ?? prepareDirection(suite, ikeSendingKeys(suite, material, sender))
  entry[sender] = context
  return context
}

/**
 * The context for one direction of a Child SA, remembered by the identity of `keys.encryption`. `keys.integrity` must
 * always be the same one beside it.
 *
 * @throws RangeError naming the key of a wrong length.
 */
export function directionContext(
  suite: { readonly encryption: EncryptionAlgorithm; readonly integrity: IntegrityAlgorithm | null },
  keys: SendingKeys
): DirectionContext {
  const entry = entryOf(keys.encryption, suite.encryption, suite.integrity)
  entry.initiator ??= prepareDirection(suite, keys)
  return entry.initiator
}

/**
 * Overwrites key octets with zeros and forgets what was computed from them (RFC 7296 section 2.12). For whoever owns the
 * keys, when no state that may still be stepped holds them. The language may have left copies; they cannot be reached.
 */
export function forgetKeys(material: Uint8Array): void {
  entries.delete(material)
  material.fill(0)
}

function entryOf(material: Uint8Array, encryption: EncryptionAlgorithm, integrity: IntegrityAlgorithm | null): Entry {
  const found = entries.get(material)
  if (found !== undefined && found.encryption === encryption && found.integrity === integrity) {
    found.isUsed = true
    return found
  }
  const entry: Entry = { encryption, integrity, initiator: undefined, responder: undefined, isUsed: false }
  if (found === undefined && entries.size === PREPARED_KEYS_LIMIT) makeRoom()
  entries.set(material, entry)
  return entry
}

/** Second chance: what was used goes to the end of the queue once. Nearly as good as order of use, at no cost to a hit. */
function makeRoom(): void {
  for (const [material, entry] of entries) {
    entries.delete(material)
    if (!entry.isUsed) return
    entry.isUsed = false
    entries.set(material, entry)
  }
}

function prepareDirection(
  suite: { readonly encryption: EncryptionAlgorithm; readonly integrity: IntegrityAlgorithm | null },
  keys: SendingKeys
): DirectionContext {
  return {
    encryption: suite.encryption,
    cipher: suite.encryption.prepare(keys.encryption),
    integrity: suite.integrity === null ? null : suite.integrity.prepare(keys.integrity),
    icvOctets: suite.integrity === null ? 0 : suite.integrity.icvOctets
  }
}
