import { forgetKeys } from '../crypto/index.ts'
import type { Session, SessionSecrets } from './state.ts'

/**
 * Overwrites every key that `before` holds and `after` does not: SAs that were closed or replaced, exchanges that are
 * over (RFC 7296 section 2.12). A step cannot do this, as it must not change what it was given; call it in the run loop
 * once `before` will never be stepped again, and with `after` null when a session is given up. Copies that a snapshot or
 * the engine of the language made are out of reach.
 */
export function forgetDroppedKeys(before: Session, after: Session | null): void {
  if (before.secrets === after?.secrets) return
  const kept = new Set(after === null ? [] : keysOf(after.secrets))
  for (const key of keysOf(before.secrets)) if (!kept.has(key)) forgetKeys(key)
}

function keysOf(secrets: SessionSecrets): readonly Uint8Array[] {
  const { ikeKeys, childKeys, privateKeys, preSharedKey } = secrets
  return [
    ...Object.values(ikeKeys),
    ...Object.values(childKeys),
    ...Object.values(privateKeys),
    ...(preSharedKey === null ? [] : [preSharedKey])
  ]
}
