import { type Path, readUint32 } from '../bytes/index.ts'
import type { ChildSuite } from '../crypto/types.ts'
import {
  createInboundEspSa,
  createOutboundEspSa,
  type DecapsulateError,
  type EncapsulateError,
  type EspKeys,
  type InboundEspSa,
  type OutboundEspSa
} from './esp-sa.ts'
import { readInnerPacket } from './inner-packet.ts'
import type { ReplayState } from './replay-window.ts'
import { matchesInbound, matchesOutbound, type SelectorPair } from './traffic-selectors.ts'

/** A Child SA to carry traffic; the session's `ChildSa` is one. */
export interface TunnelChild extends SelectorPair {
  /** Unique in the tunnel. */
  readonly id: number
  /** SPI of packets we receive. */
  readonly localSpi: number
  /** SPI of packets we send. */
  readonly remoteSpi: number
}

/** Keys of both directions; the session's `ChildSaKeys` is one. Copied, never kept. */
export interface TunnelChildKeys {
  readonly suite: ChildSuite
  readonly inbound: EspKeys
  readonly outbound: EspKeys
}

/** Work on Child SAs; the session's actions of these types fit. */
export type ChildSaAction =
  | {
      readonly type: 'installChildSa'
      readonly child: TunnelChild
      readonly path: Path
      readonly encapsulate: boolean
      readonly replaces: number | null
      readonly outbound: 'now' | 'afterInbound'
    }
  | { readonly type: 'removeChildSa'; readonly id: number }
  | {
      readonly type: 'moveChildSas'
      readonly ids: readonly number[]
      readonly to: Path
      readonly encapsulate: boolean
      /** Selectors to change with the addresses, at most all of the session's `selectorsAtEndpoint`. */
      readonly rewritten?: readonly RewrittenSelectors[]
    }

/** New selectors of one side of a Child SA; the session's `SelectorsAtEndpoint` is one. */
export interface RewrittenSelectors {
  readonly id: number
  readonly side: 'local' | 'remote'
  readonly selectors: SelectorPair['localSelectors']
}

/** Settings of a tunnel. `replayWindow` in packets: a multiple of 32 up to 1024, default 64. */
export interface EspTunnelOptions {
  readonly replayWindow?: number
}

/** What to send for one inner packet. */
export type TunnelSendResult =
  | {
      readonly ok: true
      readonly id: number
      readonly path: Path
      /** As a UDP datagram on this path (RFC 3948); else as IP protocol 50 between its addresses. */
      readonly encapsulate: boolean
      readonly bytes: Uint8Array
      readonly sequence: number
    }
  | { readonly ok: false; readonly error: TunnelSendError }

/** `noChildSa`: no usable Child SA has selectors for it. */
export type TunnelSendError = EncapsulateError | 'noChildSa'

/** What came of one ESP packet. */
export type TunnelReceiveResult =
  | { readonly ok: true; readonly id: number; readonly packet: Uint8Array; readonly sequence: number }
  | { readonly ok: false; readonly error: TunnelReceiveError }

/** `outsideSelectors`: authentic, but not what the Child SA may carry (RFC 4301 section 5.2). */
export type TunnelReceiveError = DecapsulateError | 'outsideSelectors'

/** One Child SA as plain data: what must survive a move. No keys. */
export interface TunnelChildSnapshot {
  readonly id: number
  readonly localSpi: number
  readonly remoteSpi: number
  readonly path: Path
  readonly encapsulate: boolean
  readonly outboundActive: boolean
  /** The last sequence number sent. */
  readonly sent: number
  readonly replay: ReplayState
  readonly packetsSent: number
  readonly packetsReceived: number
}

/** The tunnel as plain data. */
export interface TunnelSnapshot {
  /** Oldest first. */
  readonly children: readonly TunnelChildSnapshot[]
  /** Packets not sent and not delivered, by reason. */
  readonly dropped: Readonly<Partial<Record<TunnelSendError | TunnelReceiveError, number>>>
}

/**
 * Several Child SAs of one session in user space: inner packets out through the newest usable Child SA whose selectors
 * fit, ESP packets in by SPI. An engine with state of its own, not a protocol machine: it is driven by the actions of one.
 *
 * The outer IP header belongs to the sockets of the caller. Copying DSCP and ECN between the headers (RFC 4301 section
 * 5.1.2, RFC 6040) is the caller's, where its sockets allow it; the inner header is never changed, nor its hop limit.
 */
export interface EspTunnel {
  /**
   * Carries out an action of the session. `keys` come with `installChildSa`. False when it names a Child SA that is not
   * here: then nothing was done.
   *
   * @throws TypeError naming `keys` or `child` (an id or SPI that is in use); RangeError naming `path`: no UDP encapsulation
   * on port 500 (RFC 7296 section 2.23).
   */
  applyChildSaAction(action: ChildSaAction, keys?: TunnelChildKeys): boolean
  /** Starts sending on a Child SA installed with `afterInbound`; false when it is not here. */
  activateOutbound(id: number): boolean
  /** True when `spi` is the inbound SPI of a Child SA here: for a host that runs several tunnels. */
  receives(spi: number): boolean
  /**
   * The ESP packet for an inner IP packet. `entropy`: 16 fresh random octets for the IV.
   *
   * @throws RangeError naming `entropy` when it is shorter than the IV.
   */
  send(packet: Uint8Array, entropy: Uint8Array): TunnelSendResult
  /** The inner packet of an ESP packet, whether it came UDP-encapsulated or plain, from any address. Never throws. */
  receive(bytes: Uint8Array): TunnelReceiveResult
  snapshot(): TunnelSnapshot
}

interface Child {
  child: TunnelChild
  readonly inbound: InboundEspSa
  readonly outbound: OutboundEspSa
  readonly replaces: number | null
  path: Path
  encapsulate: boolean
  outboundActive: boolean
  packetsSent: number
  packetsReceived: number
}

/** A tunnel without Child SAs. */
export function createEspTunnel(options: EspTunnelOptions = {}): EspTunnel {
  const children = new Map<number, Child>()
  const bySpi = new Map<number, Child>()
  const dropped = new Map<TunnelSendError | TunnelReceiveError, number>()

  function drop<E extends TunnelSendError | TunnelReceiveError>(error: E): { readonly ok: false; readonly error: E } {
    dropped.set(error, (dropped.get(error) ?? 0) + 1)
    return { ok: false, error }
  }

  function install(action: ChildSaAction & { type: 'installChildSa' }, keys: TunnelChildKeys | undefined): void {
    const { child, path, encapsulate } = action
    if (keys === undefined) throw new TypeError('keys: missing for installChildSa')
    if (children.has(child.id) || bySpi.has(child.localSpi)) throw new TypeError('child: id or localSpi in use')
    const replay = options.replayWindow === undefined ? {} : { replayWindow: options.replayWindow }
    const entry: Child = {
      child,
      inbound: createInboundEspSa({ spi: child.localSpi, suite: keys.suite, keys: keys.inbound, ...replay }),
      outbound: createOutboundEspSa({ spi: child.remoteSpi, suite: keys.suite, keys: keys.outbound }),
      replaces: action.replaces,
      path: checked(path, encapsulate),
      encapsulate,
      outboundActive: action.outbound === 'now',
      packetsSent: 0,
      packetsReceived: 0
    }
    children.set(child.id, entry)
    bySpi.set(child.localSpi, entry)
  }

  function remove(id: number): boolean {
    const entry = children.get(id)
    if (entry === undefined) return false
    children.delete(id)
    bySpi.delete(entry.child.localSpi)
    for (const other of children.values()) if (other.replaces === id) other.outboundActive = true
    return true
  }

  function move({ ids, to, encapsulate, rewritten = [] }: ChildSaAction & { type: 'moveChildSas' }): boolean {
    const entries = ids.map((id) => children.get(id))
    if (entries.includes(undefined) || rewritten.some(({ id }) => !ids.includes(id))) return false
    checked(to, encapsulate)
    for (const entry of entries as Child[]) {
      entry.path = to
      entry.encapsulate = encapsulate
    }
    for (const { id, side, selectors } of rewritten) {
      const entry = children.get(id) as Child
      const own = side === 'local' ? { localSelectors: selectors } : { remoteSelectors: selectors }
      entry.child = { ...entry.child, ...own }
    }
    return true
  }

  return {
    applyChildSaAction(action, keys) {
      if (action.type === 'removeChildSa') return remove(action.id)
      if (action.type === 'moveChildSas') return move(action)
      install(action, keys)
      return true
    },
    activateOutbound(id) {
      const entry = children.get(id)
      if (entry !== undefined) entry.outboundActive = true
      return entry !== undefined
    },
    receives: (spi) => bySpi.has(spi),
    send(packet, entropy) {
      const inner = readInnerPacket(packet)
      if (inner === undefined) return drop('malformed')
      const entry = [...children.values()].findLast((each) => each.outboundActive && matchesOutbound(each.child, inner))
      if (entry === undefined) return drop('noChildSa')
      const result = entry.outbound.encapsulate(packet, entropy)
      if (!result.ok) return drop(result.error)
      entry.packetsSent++
      const { path, encapsulate } = entry
      return { ok: true, id: entry.child.id, path, encapsulate, bytes: result.bytes, sequence: result.sequence }
    },
    receive(bytes) {
      if (bytes.length < 8) return drop('malformed')
      const entry = bySpi.get(readUint32(bytes, 0))
      if (entry === undefined) return drop('unknownSpi')
      const result = entry.inbound.decapsulate(bytes)
      if (!result.ok) {
        if (result.error === 'dummy') entry.outboundActive = true
        return drop(result.error)
      }
      // RFC 7296 section 2.8: the peer uses the new SA, so it has it: time to send on it as well.
      entry.outboundActive = true
      const inner = readInnerPacket(result.packet)
      if (inner === undefined) return drop('malformed')
      if (!matchesInbound(entry.child, inner)) return drop('outsideSelectors')
      entry.packetsReceived++
      return { ok: true, id: entry.child.id, packet: result.packet, sequence: result.sequence }
    },
    snapshot: () => ({
      children: [...children.values()].map((entry) => ({
        id: entry.child.id,
        localSpi: entry.child.localSpi,
        remoteSpi: entry.child.remoteSpi,
        path: entry.path,
        encapsulate: entry.encapsulate,
        outboundActive: entry.outboundActive,
        sent: entry.outbound.sequence(),
        replay: entry.inbound.replay(),
        packetsSent: entry.packetsSent,
        packetsReceived: entry.packetsReceived
      })),
      dropped: Object.fromEntries(dropped)
    })
  }
}

function checked(path: Path, encapsulate: boolean): Path {
  if (encapsulate && path.local.port === 500) throw new RangeError('path: no UDP encapsulation of ESP on port 500')
  return path
}
