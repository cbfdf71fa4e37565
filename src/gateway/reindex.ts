import type { SessionId } from './types.ts'

/** A session is found under `wanted` from now on, and no more under what it `held` else. */
export function reindex<Key>(
  index: Map<Key, readonly SessionId[]>,
  held: Set<Key>,
  wanted: readonly Key[],
  id: SessionId
): void {
  for (const key of held) {
    if (wanted.includes(key)) continue
    held.delete(key)
    const others = (index.get(key) ?? []).filter((other) => other !== id)
    if (others.length === 0) index.delete(key)
    else index.set(key, others)
  }
  for (const key of wanted) {
    if (held.has(key)) continue
    held.add(key)
    index.set(key, [...(index.get(key) ?? []), id])
  }
}
