// MOBIKE for an IKEv2 stack that has everything else: its own exchanges, keys, timers and IPsec SAs. This file is all that
// stands between such a stack and `ikev2-mobike/mobike`.

import type { Endpoint, Path } from 'ikev2-mobike'
import { isErrorNotify, NOTIFY, type NotifyPayload } from 'ikev2-mobike/codec'
import {
  createMobike,
  type MobikeAction,
  type MobikeCloseReason,
  type MobikeEvent,
  type MobikeInit,
  type MobikeNotify,
  type MobikePolicy,
  type MobikeReport,
  type MobikeState,
  mobikeNotifiesOf,
  mobikeNotifyPayloads,
  type NatObservation,
  nextMobikeRequest,
  nextMobikeWake,
  stepMobike,
  wantsMobikeRequest
} from 'ikev2-mobike/mobike'

/** Other errors mean that a request failed as a whole. */
const MOBIKE_ERRORS: readonly number[] = [NOTIFY.UNACCEPTABLE_ADDRESSES, NOTIFY.UNEXPECTED_NAT_DETECTED]

/** What MOBIKE asks of the stack. All of it does what it says at once; none of it calls back before it returns. */
export interface Stack {
  /** Milliseconds of a monotonic clock. */
  now(): number
  /** Octets that nobody can predict: COOKIE2 is made of them. */
  random(length: number): Uint8Array
  /** The hash of NAT_DETECTION for one end, with the SPIs of the current IKE SA (RFC 7296 section 2.23). */
  natHash(end: Endpoint): Uint8Array
  /** May a request be sent now, or is the window full (RFC 7296 section 2.3)? */
  canRequest(): boolean
  /** A new INFORMATIONAL request with these payloads, first sent on this path. Its answer comes back with the token. */
  sendRequest(token: number, payloads: readonly NotifyPayload[], path: Path): void
  /** The response to a request just received; to where it came from, from where it was sent to. */
  sendResponse(messageId: number, payloads: readonly NotifyPayload[], path: Path): void
  /** The oldest outstanding request once more, the same octets, on this path; retransmissions stay where they are. */
  transmitOutstanding(path: Path): void
  /** All outstanding requests go on on this path: sent there at once, retransmissions counted from zero. */
  redirectOutstanding(path: Path): void
  /** Retransmissions counted from zero again. */
  retryOutstanding(): void
  /** No retransmissions and no timeouts, or again. */
  suspend(isSuspended: boolean): void
  /** Changes the outer addresses of every Child SA, nothing else; false when it cannot be done. */
  migrateChildSas(from: Path, to: Path, encapsulate: boolean): boolean
  /** Rekeys these Child SAs, or all; the new ones live on this path. */
  renewChildSas(path: Path, encapsulate: boolean, ids?: readonly number[]): void
  /** One octet 0xff on this path every so often, or no more. */
  keepalive(path: Path, intervalMs: number | null): void
  /** The IKE SA ends. */
  close(reason: MobikeCloseReason): void
  report(report: MobikeReport): void
}

/** What a stack knows of an answer to a request of its own. */
export interface AnsweredRequest {
  /** Of `sendRequest`; null when the request was the stack's own. */
  readonly token: number | null
  /** Every endpoint the request was ever sent from, and to. */
  readonly sources: readonly Endpoint[]
  readonly destinations: readonly Endpoint[]
}

/** One for each IKE SA with MOBIKE, kept when it is rekeyed. Once made, and after each response, `windowOpened` is called. */
export class MobikeDriver {
  state: MobikeState
  private generation = 0

  constructor(
    private readonly policy: MobikePolicy,
    private readonly stack: Stack,
    init: MobikeInit
  ) {
    const { state, actions } = createMobike(policy, init)
    this.state = state
    this.obey(actions, null)
  }

  /** Addresses, hints, ESP that arrived: whatever is no message. `requestReceived` and `responseReceived` have methods. */
  tell(event: MobikeEvent): void {
    this.step(event, null)
  }

  /** A fresh, authenticated INFORMATIONAL request; one that was answered before gets the kept response without this. */
  requestReceived(messageId: number, payloads: readonly NotifyPayload[], path: Path): void {
    this.step(
      {
        type: 'requestReceived',
        now: this.stack.now(),
        // Message IDs begin at 0 again after a rekey, but later stays later.
        messageId: messageId + this.generation * 2 ** 32,
        path,
        notifies: mobikeNotifiesOf(payloads),
        nat: this.observe(payloads, path)
      },
      { messageId, path }
    )
  }

  /** The authenticated response to a request, MOBIKE's or not: each shows which pair works. */
  responseReceived(answered: AnsweredRequest, payloads: readonly NotifyPayload[], path: Path): void {
    const failure = payloads.find(({ type }) => isErrorNotify(type) && !MOBIKE_ERRORS.includes(type))
    const ours = answered.token === null ? [] : payloads
    this.tell({
      type: 'responseReceived',
      now: this.stack.now(),
      ...answered,
      path,
      notifies: mobikeNotifiesOf(ours),
      nat: this.observe(ours, path),
      ...(failure === undefined ? {} : { failedWith: failure.type })
    })
  }

  /** The IKE SA was rekeyed, by whichever end; the stack's `natHash` knows the new SPIs. */
  rekeyed(): void {
    this.generation++
    this.tell({ type: 'ikeSaRekeyed', now: this.stack.now() })
  }

  /** Call it whenever there is room in the window for a request. */
  windowOpened(): void {
    const { policy, stack } = this
    while (stack.canRequest() && wantsMobikeRequest(this.state, stack.now())) {
      const next = nextMobikeRequest(policy, this.state, { now: stack.now(), entropy: stack.random(32) })
      this.state = next.state
      if (next.request === null) return
      const { token, notifies, path } = next.request
      stack.sendRequest(token, this.payloads(notifies, path), path)
    }
  }

  /** When `tell({ type: 'tick' })` is due, in ms; undefined for never. */
  wakeAt(): number | undefined {
    return nextMobikeWake(this.state)
  }

  private step(event: MobikeEvent, request: { readonly messageId: number; readonly path: Path } | null): void {
    const events = [event]
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      const { state, actions } = stepMobike(this.policy, this.state, next)
      this.state = state
      events.push(...this.obey(actions, request))
    }
    this.windowOpened()
  }

  /** Does what the machine wants, in order; what is to be told then is returned. */
  private obey(
    actions: readonly MobikeAction[],
    request: { readonly messageId: number; readonly path: Path } | null
  ): MobikeEvent[] {
    const { stack } = this
    const news: MobikeEvent[] = []
    for (const action of actions) {
      switch (action.type) {
        case 'answer':
          if (request === null) break
          stack.sendResponse(request.messageId, this.payloads(action.notifies, request.path), request.path)
          break
        case 'transmitOutstanding':
          stack.transmitOutstanding(action.path)
          break
        case 'redirectOutstanding':
          stack.redirectOutstanding(action.path)
          break
        case 'retryOutstanding':
          stack.retryOutstanding()
          break
        case 'suspendRetransmission':
          stack.suspend(true)
          break
        case 'resumeRetransmission':
          stack.suspend(false)
          break
        case 'moveChildSas': {
          const now = stack.now()
          const isMoved = stack.migrateChildSas(action.from, action.to, action.encapsulate)
          news.push(isMoved ? { type: 'childSasMoved', now } : { type: 'childSaMoveFailed', now, reason: 'refused' })
          break
        }
        case 'renewChildSas':
          stack.renewChildSas(action.path, action.encapsulate, action.ids)
          break
        case 'startNatKeepalive':
          stack.keepalive(action.path, action.intervalMs)
          break
        case 'stopNatKeepalive':
          stack.keepalive(action.path, null)
          break
        case 'closeIkeSa':
          stack.close(action.reason)
          break
        case 'report':
          stack.report(action.report)
          break
      }
    }
    return news
  }

  /** NAT_DETECTION is made for exactly the path that the message takes, ours first. */
  private payloads(notifies: readonly MobikeNotify[], path: Path): readonly NotifyPayload[] {
    return mobikeNotifyPayloads(notifies, {
      source: this.stack.natHash(path.local),
      destination: this.stack.natHash(path.remote)
    })
  }

  private observe(payloads: readonly NotifyPayload[], path: Path): NatObservation | null {
    const of = (type: number): string[] =>
      payloads.filter((payload) => payload.type === type).map(({ data }) => Buffer.from(data).toString('hex'))
    const hash = (end: Endpoint): string => Buffer.from(this.stack.natHash(end)).toString('hex')
    const sources = of(NOTIFY.NAT_DETECTION_SOURCE_IP)
    const [destination] = of(NOTIFY.NAT_DETECTION_DESTINATION_IP)
    if (destination === undefined || sources.length === 0) return null
    return {
      localBehindNat: destination !== hash(path.local),
      remoteBehindNat: !sources.includes(hash(path.remote)),
      destinationHash: destination
    }
  }
}
