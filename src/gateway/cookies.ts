import { constantTimeEqual } from '../bytes/index.ts'
import { expandEntropy, statelessCookie } from '../crypto/index.ts'

/** What a cookie is bound to (RFC 7296 section 2.6). */
export interface CookieClaim {
  readonly initiatorSpi: Uint8Array
  readonly nonce: Uint8Array
  readonly address: string
  readonly port: number
}

interface Secret {
  readonly version: number
  readonly octets: Uint8Array
  readonly madeAt: number
}

/**
 * Cookies of a responder under load: made from the request and a secret, so that nothing is kept for them. The secret
 * changes often; the one before is accepted for one more period (RFC 7296 section 2.6, B088, B091, B092).
 */
export class CookieJar {
  readonly #periodMs: number
  #secrets: readonly Secret[] = []

  constructor(periodMs: number) {
    this.#periodMs = periodMs
  }

  /** A cookie for this request. `entropy` is used when it is time for a new secret. */
  make(claim: CookieClaim, now: number, entropy: Uint8Array): Uint8Array {
    return cookieOf(this.#current(now, entropy), claim)
  }

  /** True when the cookie was made here for this claim, not too long ago. */
  accepts(cookie: Uint8Array, claim: CookieClaim, now: number): boolean {
    return this.#secrets.some(
      (secret) =>
        cookie[0] === secret.version &&
        now - secret.madeAt < 2 * this.#periodMs &&
        constantTimeEqual(cookie, cookieOf(secret, claim))
    )
  }

  #current(now: number, entropy: Uint8Array): Secret {
    const newest = this.#secrets[0]
    if (newest !== undefined && now - newest.madeAt < this.#periodMs) return newest
    const version = newest === undefined ? 0 : (newest.version + 1) & 0xff
    const made: Secret = { version, octets: expandEntropy(entropy, 'cookie secret', 32), madeAt: now }
    this.#secrets = newest === undefined ? [made] : [made, newest]
    return made
  }
}

function cookieOf(secret: Secret, claim: CookieClaim): Uint8Array {
  return statelessCookie({ secret: secret.octets, version: secret.version, ...claim })
}
