import { ikeSendingKeys, type SendingKeys, type Side } from './key-schedule.ts'
import type {
  CipherContext,
  EncryptionAlgorithm,
  IkeSuite,
  IntegrityAlgorithm,
  IntegrityContext,
  PseudoRandomFunction
} from './types.ts'

/**
 * Secrets hold key octets alone, so that they stay small and clonable. What is computed from the keys of an IKE SA (AES
 * round keys, GHASH tables, HMAC pads: about 20 kB) is remembered here, by the identity of the array that holds the keys,
 * for about the {@link PREPARED_KEYS_LIMIT} arrays used last. Nothing ever depends on what is remembered: a forgotten
 * context is made again. It follows that key arrays are never written to, except by {@link forgetKeys}.
 */

/** Cipher and checksum of one direction, ready to use. `integrity` is null exactly for AEAD. */
export interface DirectionContext {
  readonly cipher: CipherContext
  readonly integrity: IntegrityContext | null
  /** Octets after the ciphertext that only authenticate: the truncated checksum, 0 for AEAD. */
  readonly icvOctets: number
}

/** How many key arrays, one an IKE SA, have their contexts remembered. */
export const PREPARED_KEYS_LIMIT = 256

interface Entry {
  /** The algorithms that say where in the array each key lies and what it is for. */
  readonly encryption: EncryptionAlgorithm
  readonly integrity: IntegrityAlgorithm | null
  readonly prf: PseudoRandomFunction
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
  const entry = entryOf(suite, material)
  const context = entry[sender] ?? prepareDirection(suite, ikeSendingKeys(suite, material, sender))
  entry[sender] = context
  return context
}

/**
 * Overwrites key octets with zeros and forgets what was computed from them (RFC 7296 section 2.12). For whoever owns the
 * keys, when no state that may still be stepped holds them. The language may have left copies; they cannot be reached.
 */
export function forgetKeys(material: Uint8Array): void {
  entries.delete(material)
  material.fill(0)
}

function entryOf({ encryption, integrity, prf }: IkeSuite, material: Uint8Array): Entry {
  const found = entries.get(material)
  if (found?.encryption === encryption && found.integrity === integrity && found.prf === prf) {
    found.isUsed = true
    return found
  }
  const entry: Entry = { encryption, integrity, prf, initiator: undefined, responder: undefined, isUsed: false }
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

function prepareDirection({ encryption, integrity }: IkeSuite, keys: SendingKeys): DirectionContext {
  return {
    cipher: encryption.prepare(keys.encryption),
    integrity: integrity === null ? null : integrity.prepare(keys.integrity),
    icvOctets: integrity === null ? 0 : integrity.icvOctets
  }
}
