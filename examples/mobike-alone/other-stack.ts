// One end of another IKEv2 stack: its own exchanges, and Child SAs of which only the outer addresses are of interest here.
// IKE_SA_INIT and IKE_AUTH are behind it; both ends said MOBIKE_SUPPORTED.

import type { Endpoint, Path } from 'ikev2-mobike'
import { decodeMessage, messageSummary, type NotifyPayload } from 'ikev2-mobike/codec'
import type { LocalAddress, MobikeCloseReason, MobikeInit, MobikePolicy, MobikeReport } from 'ikev2-mobike/mobike'
import { Exchanges, type OpenRequest } from './exchanges.ts'
import { MobikeDriver, type Stack } from './mobike-driver.ts'
import type { Host, World } from './world.ts'

/** SHA-1 of both SPIs, address and port in a real stack (RFC 7296 section 2.23), which has the means for it. */
export type NatHash = (spis: readonly [Uint8Array, Uint8Array], end: Endpoint) => Uint8Array

/** What the exchanges before have agreed on. */
export interface StackOptions {
  readonly name: string
  readonly world: World
  readonly spis: readonly [initiator: Uint8Array, responder: Uint8Array]
  readonly policy: MobikePolicy
  readonly init: Omit<MobikeInit, 'now'>
  readonly natHash: NatHash
  readonly random: (length: number) => Uint8Array
}

/** A host that runs one such end. */
export class OtherStack implements Host, Stack {
  readonly name: string
  readonly exchanges: Exchanges
  readonly mobike: MobikeDriver
  /** Of all Child SAs. */
  childPath: Path
  encapsulate = false
  /** Every IKE message sent: where, and its octets. */
  readonly sent: { readonly path: Path; readonly bytes: Uint8Array }[] = []
  readonly keepalives = new Map<string, number>()
  closed: MobikeCloseReason | null = null
  private addresses: readonly LocalAddress[]

  constructor(private readonly options: StackOptions) {
    const { name, world, spis, init, policy } = options
    this.name = name
    this.addresses = init.localAddresses
    this.childPath = init.path
    this.exchanges = new Exchanges({
      initiatorSpi: spis[0],
      responderSpi: spis[1],
      isInitiator: init.role === 'initiator',
      now: () => world.now,
      send: (path, bytes) => this.send(path, bytes),
      events: {
        requestReceived: (messageId, payloads, path) => this.mobike.requestReceived(messageId, payloads, path),
        responseReceived: (request, payloads, path) => this.mobike.responseReceived(request, payloads, path),
        retransmitted: ({ token, attempt }) =>
          this.mobike.tell({ type: 'requestRetransmitted', now: world.now, token, attempt }),
        exhausted: ({ token }: OpenRequest) => this.mobike.tell({ type: 'requestExhausted', now: world.now, token })
      }
    })
    this.mobike = new MobikeDriver(policy, this, { ...init, now: world.now })
    world.add(this)
    this.mobike.windowOpened()
  }

  /** What the platform says of this host's addresses. */
  setAddresses(addresses: readonly LocalAddress[]): void {
    this.addresses = addresses
    this.options.world.say(this.name, `has ${addresses.map(({ address }) => address).join(', ') || 'no address'}`)
    this.mobike.tell({ type: 'localAddressesChanged', now: this.now(), addresses })
  }

  // What the network wants.

  holds(address: string): boolean {
    return this.addresses.some((each) => each.address === address)
  }

  receive(bytes: Uint8Array, path: Path): void {
    if (this.closed === null) this.exchanges.received(bytes, path)
  }

  wakeAt(): number | undefined {
    const times = [this.mobike.wakeAt(), this.exchanges.wakeAt()].filter((at) => at !== undefined)
    return this.closed !== null || times.length === 0 ? undefined : Math.min(...times)
  }

  wake(): void {
    this.exchanges.wake()
    if ((this.mobike.wakeAt() ?? Number.POSITIVE_INFINITY) <= this.now()) {
      this.mobike.tell({ type: 'tick', now: this.now() })
    }
  }

  // What MOBIKE wants.

  now(): number {
    return this.options.world.now
  }

  random(length: number): Uint8Array {
    return this.options.random(length)
  }

  natHash(end: Endpoint): Uint8Array {
    return this.options.natHash(this.options.spis, end)
  }

  canRequest(): boolean {
    return this.closed === null && this.exchanges.canRequest()
  }

  sendRequest(token: number, payloads: readonly NotifyPayload[], path: Path): void {
    this.exchanges.sendRequest(token, payloads, path)
  }

  sendResponse(messageId: number, payloads: readonly NotifyPayload[], path: Path): void {
    this.exchanges.sendResponse(messageId, payloads, path)
  }

  transmitOutstanding(path: Path): void {
    this.exchanges.transmitOutstanding(path)
  }

  redirectOutstanding(path: Path): void {
    this.exchanges.redirectOutstanding(path)
  }

  retryOutstanding(): void {
    this.exchanges.retryOutstanding()
  }

  suspend(isSuspended: boolean): void {
    this.exchanges.suspend(isSuspended)
  }

  migrateChildSas(_from: Path, to: Path, encapsulate: boolean): boolean {
    this.childPath = to
    this.encapsulate = encapsulate
    this.options.world.say(this.name, `moves Child SAs to ${pathText(to)}${encapsulate ? ', UDP-encapsulated' : ''}`)
    return true
  }

  renewChildSas(): void {
    // Only asked for where a migration failed.
  }

  keepalive(path: Path, intervalMs: number | null): void {
    if (intervalMs === null) this.keepalives.delete(pathText(path))
    else this.keepalives.set(pathText(path), intervalMs)
    this.options.world.say(this.name, `${intervalMs === null ? 'stops' : 'starts'} keepalives on ${pathText(path)}`)
  }

  close(reason: MobikeCloseReason): void {
    this.closed = reason
    this.exchanges.close()
    this.options.world.say(this.name, `closes: ${reason}`)
  }

  report({ kind }: MobikeReport): void {
    this.options.world.say(this.name, `reports ${kind}`)
  }

  private send(path: Path, bytes: Uint8Array): void {
    this.sent.push({ path, bytes })
    const decoded = decodeMessage(bytes)
    if (decoded.ok) this.options.world.say(this.name, `${pathText(path)}  ${messageSummary(decoded.value)}`)
    this.options.world.send(path, bytes)
  }
}

function pathText({ local, remote }: Path): string {
  return `${local.address}:${local.port} > ${remote.address}:${remote.port}`
}
