// The exchanges of another IKEv2 stack, as few as there can be: INFORMATIONAL with a window of one, retransmissions, the
// last response kept. The messages are those of IKEv2, but in the clear; a real stack encrypts what is in them.

import type { Endpoint, Path } from 'ikev2-mobike'
import { decodeMessage, EXCHANGE, encodeMessage, type NotifyPayload } from 'ikev2-mobike/codec'

/** What the rest of the stack hears. */
export interface ExchangeEvents {
  requestReceived(messageId: number, payloads: readonly NotifyPayload[], path: Path): void
  responseReceived(request: OpenRequest, payloads: readonly NotifyPayload[], path: Path): void
  retransmitted(request: OpenRequest): void
  exhausted(request: OpenRequest): void
}

/** A request that was not answered yet. */
export interface OpenRequest {
  readonly messageId: number
  readonly token: number | null
  /** A retransmission never changes a bit (RFC 7296 section 2.1). */
  readonly bytes: Uint8Array
  readonly sources: Endpoint[]
  readonly destinations: Endpoint[]
  path: Path
  attempt: number
  dueAt: number
}

/** What the exchanges are made of. */
export interface ExchangeOptions {
  readonly initiatorSpi: Uint8Array
  readonly responderSpi: Uint8Array
  /** Did this end start the IKE SA? */
  readonly isInitiator: boolean
  readonly now: () => number
  readonly send: (path: Path, bytes: Uint8Array) => void
  readonly events: ExchangeEvents
}

const FIRST_WAIT_MS = 500
const RETRANSMISSIONS = 8

/** Of one end of one IKE SA. */
export class Exchanges {
  private open: OpenRequest | null = null
  private nextRequestId = 0
  private nextResponseId = 0
  private kept: Uint8Array | null = null
  private isSuspended = false

  constructor(private readonly options: ExchangeOptions) {}

  canRequest(): boolean {
    return this.open === null
  }

  sendRequest(token: number | null, payloads: readonly NotifyPayload[], path: Path): void {
    const messageId = this.nextRequestId++
    const bytes = this.message(messageId, false, payloads)
    const dueAt = this.options.now() + FIRST_WAIT_MS
    this.open = { messageId, token, bytes, sources: [], destinations: [], path, attempt: 0, dueAt }
    this.transmit(this.open, path)
  }

  sendResponse(messageId: number, payloads: readonly NotifyPayload[], path: Path): void {
    this.kept = this.message(messageId, true, payloads)
    this.options.send(path, this.kept)
  }

  transmitOutstanding(path: Path): void {
    if (this.open !== null) this.transmit(this.open, path)
  }

  redirectOutstanding(path: Path): void {
    if (this.open === null) return
    this.open.path = path
    this.retryOutstanding()
    this.transmit(this.open, path)
  }

  retryOutstanding(): void {
    if (this.open === null) return
    this.open.attempt = 0
    this.open.dueAt = this.options.now() + FIRST_WAIT_MS
  }

  suspend(isSuspended: boolean): void {
    this.isSuspended = isSuspended
  }

  close(): void {
    this.open = null
  }

  wakeAt(): number | undefined {
    return this.isSuspended ? undefined : this.open?.dueAt
  }

  wake(): void {
    const { open, options } = this
    if (open === null || this.isSuspended || options.now() < open.dueAt) return
    open.attempt++
    if (open.attempt > RETRANSMISSIONS) {
      open.dueAt = Number.POSITIVE_INFINITY
      options.events.exhausted(open)
      return
    }
    open.dueAt = options.now() + FIRST_WAIT_MS * 2 ** open.attempt
    this.transmit(open, open.path)
    options.events.retransmitted(open)
  }

  received(bytes: Uint8Array, path: Path): void {
    const decoded = decodeMessage(bytes)
    if (!decoded.ok || decoded.value.exchangeType !== EXCHANGE.INFORMATIONAL) return
    const { isResponse, messageId } = decoded.value
    const payloads = decoded.value.payloads.filter((payload) => payload.kind === 'notify')
    if (isResponse) this.receivedResponse(messageId, payloads, path)
    else this.receivedRequest(messageId, payloads, path)
  }

  private receivedRequest(messageId: number, payloads: readonly NotifyPayload[], path: Path): void {
    // To where this copy came from, which may be elsewhere (RFC 7296 section 2.11); nothing else happens.
    if (messageId === this.nextResponseId - 1 && this.kept !== null) this.options.send(path, this.kept)
    if (messageId !== this.nextResponseId) return
    this.nextResponseId++
    this.options.events.requestReceived(messageId, payloads, path)
  }

  private receivedResponse(messageId: number, payloads: readonly NotifyPayload[], path: Path): void {
    const { open } = this
    if (open === null || open.messageId !== messageId) return
    this.open = null
    this.options.events.responseReceived(open, payloads, path)
  }

  private transmit(open: OpenRequest, path: Path): void {
    open.sources.push(path.local)
    open.destinations.push(path.remote)
    this.options.send(path, open.bytes)
  }

  private message(messageId: number, isResponse: boolean, payloads: readonly NotifyPayload[]): Uint8Array {
    const { initiatorSpi, responderSpi, isInitiator } = this.options
    return encodeMessage({
      initiatorSpi,
      responderSpi,
      majorVersion: 2,
      minorVersion: 0,
      exchangeType: EXCHANGE.INFORMATIONAL,
      fromInitiator: isInitiator,
      isResponse,
      messageId,
      payloads
    })
  }
}
