import { toHex } from '../bytes/index.ts'
import type { Identity } from '../session/index.ts'
import type { SessionId } from './types.ts'

/** Sessions by the identity their peer proved: a peer that roams is found by who it is, not by where (RFC 4555 appendix A.2). */
export class IdentityIndex {
  readonly #sessions: Map<string, Set<SessionId>> = new Map()
  readonly #keys: Map<SessionId, string> = new Map()

  add(id: SessionId, identity: Identity): void {
    if (this.#keys.has(id)) return
    const key = keyOf(identity)
    this.#keys.set(id, key)
    const sessions = this.#sessions.get(key)
    if (sessions === undefined) this.#sessions.set(key, new Set([id]))
    else sessions.add(id)
  }

  remove(id: SessionId): void {
    const key = this.#keys.get(id)
    if (key === undefined) return
    this.#keys.delete(id)
    const sessions = this.#sessions.get(key)
    sessions?.delete(id)
    if (sessions?.size === 0) this.#sessions.delete(key)
  }

  /** Oldest first. */
  of(identity: Identity): readonly SessionId[] {
    return [...(this.#sessions.get(keyOf(identity)) ?? [])]
  }
}

function keyOf({ type, data }: Identity): string {
  return `${type} ${toHex(data)}`
}
