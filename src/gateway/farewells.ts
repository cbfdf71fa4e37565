import { equalBytes } from '../bytes/index.ts'
import type { SessionAction, SessionEvent } from '../session/index.ts'

const FLAGS_OFFSET = 19
const RESPONSE_FLAG = 0x20

/**
 * The last responses of sessions that ended by a request of the peer: should the response to its Delete (or the refusal of
 * its IKE_AUTH) be lost, the peer repeats the request and gets the same octets again (RFC 7296 section 2.1). Nothing is
 * decrypted for it: only the very same octets as before are answered.
 */
export class Farewells {
  readonly #limit: number
  readonly #keepMs: number
  #kept: readonly { readonly request: Uint8Array; readonly response: Uint8Array; readonly until: number }[] = []

  constructor(limit: number, keepMs: number) {
    this.#limit = limit
    this.#keepMs = keepMs
  }

  /** Notes the exchange that ended a session. */
  remember(event: SessionEvent, actions: readonly SessionAction[], natTraversalPort: number): void {
    if (event.type !== 'datagramReceived') return
    const sent = actions.find((action) => action.type === 'sendDatagram')
    const skip = event.path.local.port === natTraversalPort ? 4 : 0
    // A response that ended the session, by a wrong COOKIE2 for one, is not answered, now or later.
    const isResponse = ((event.bytes[skip + FLAGS_OFFSET] ?? 0) & RESPONSE_FLAG) !== 0
    if (sent?.type !== 'sendDatagram' || isResponse) return
    const farewell = {
      request: event.bytes.slice(skip),
      response: sent.bytes.slice(skip),
      until: event.now + this.#keepMs
    }
    this.#kept = [farewell, ...this.#kept].slice(0, this.#limit)
  }

  /** The response to this very request, if its session ended with it. */
  find(request: Uint8Array, now: number): Uint8Array | undefined {
    const kept = this.#kept.find((farewell) => equalBytes(farewell.request, request))
    return kept === undefined || now >= kept.until ? undefined : kept.response
  }
}
