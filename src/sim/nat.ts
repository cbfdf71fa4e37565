import { type Endpoint, endpointText, type IpAddress, ipFamily, sameEndpoint } from '../bytes/index.ts'
import type { SimDatagram } from './types.ts'

/** Settings of a NAT; the words are those of RFC 4787 sections 4.1 and 5. */
export interface NatOptions {
  readonly name: string
  readonly publicAddress: IpAddress
  /** Ports given out, one after the other; default 1024 to 65535. */
  readonly firstPort?: number
  readonly lastPort?: number
  /** `symmetric`: another port for each destination (address- and port-dependent mapping). Default `endpointIndependent`. */
  readonly mapping?: 'endpointIndependent' | 'symmetric'
  /** Whose datagrams come in through a mapping. Default `addressAndPortDependent`. */
  readonly filtering?: 'endpointIndependent' | 'addressDependent' | 'addressAndPortDependent'
  /** How long a mapping lives after its last outbound datagram, ms; default two minutes (RFC 4787 REQ-5). */
  readonly expiryMs?: number
}

/** One mapping as data. */
export interface NatMapping {
  readonly internal: Endpoint
  readonly external: Endpoint
  readonly remotes: readonly Endpoint[]
  /** ms of the virtual clock. */
  readonly expiresAt: number
}

/** A datagram with its new endpoint, or why the NAT loses it. */
export type NatResult =
  | { readonly ok: true; readonly datagram: SimDatagram }
  | { readonly ok: false; readonly reason: string }

/** A port-translating NAT for UDP. It has no way to translate ESP without UDP encapsulation, and loses it. */
export interface Nat {
  readonly name: string
  publicAddress(): IpAddress
  /** From inside: the source becomes a public endpoint. */
  outbound(datagram: SimDatagram, now: number): NatResult
  /** From outside: the destination becomes the inner endpoint, where a mapping lets it in. */
  inbound(datagram: SimDatagram, now: number): NatResult
  /** Forgets every mapping, as a reboot does; new ones come from the new ports or address, if given. */
  flush(change?: { readonly publicAddress?: IpAddress; readonly firstPort?: number; readonly lastPort?: number }): void
  mappings(now: number): readonly NatMapping[]
}

interface Mapping {
  readonly internal: Endpoint
  readonly external: Endpoint
  /** The one destination of a symmetric mapping, those contacted of the other kind. */
  readonly remotes: Endpoint[]
  expiresAt: number
}

/**
 * A NAT without mappings.
 *
 * @throws RangeError naming `lastPort` when it lies before `firstPort`.
 */
export function createNat(options: NatOptions): Nat {
  const { name, mapping = 'endpointIndependent', filtering = 'addressAndPortDependent', expiryMs = 120_000 } = options
  let { publicAddress, firstPort = 1024, lastPort = 65535 } = options
  if (lastPort < firstPort) throw new RangeError('lastPort: before firstPort')
  let nextPort = firstPort
  /** By inner endpoint, and destination where the mapping depends on it. */
  const byInside = new Map<string, Mapping>()
  const byPort = new Map<number, Mapping>()

  const insideKey = (source: Endpoint, destination: Endpoint): string =>
    mapping === 'symmetric' ? `${endpointText(source)} ${endpointText(destination)}` : endpointText(source)

  function expire(now: number): void {
    for (const [key, entry] of byInside) {
      if (now < entry.expiresAt) continue
      byInside.delete(key)
      byPort.delete(entry.external.port)
    }
  }

  function allocate(key: string, internal: Endpoint): Mapping | undefined {
    for (let tried = 0; tried <= lastPort - firstPort; tried++) {
      const port = nextPort
      nextPort = nextPort === lastPort ? firstPort : nextPort + 1
      if (byPort.has(port)) continue
      const entry: Mapping = { internal, external: { address: publicAddress, port }, remotes: [], expiresAt: 0 }
      byInside.set(key, entry)
      byPort.set(port, entry)
      return entry
    }
    return undefined
  }

  function letsIn(entry: Mapping, source: Endpoint): boolean {
    if (filtering === 'endpointIndependent') return true
    if (filtering === 'addressDependent') return entry.remotes.some((remote) => remote.address === source.address)
    return entry.remotes.some((remote) => sameEndpoint(remote, source))
  }

  return {
    name,
    publicAddress: () => publicAddress,
    outbound(datagram, now) {
      if (datagram.protocol === 'esp') return { ok: false, reason: `${name}: plain ESP` }
      if (ipFamily(datagram.destination.address) !== ipFamily(publicAddress)) {
        return { ok: false, reason: `${name}: other address family` }
      }
      expire(now)
      const key = insideKey(datagram.source, datagram.destination)
      const entry = byInside.get(key) ?? allocate(key, datagram.source)
      if (entry === undefined) return { ok: false, reason: `${name}: no free port` }
      entry.expiresAt = now + expiryMs
      if (!entry.remotes.some((remote) => sameEndpoint(remote, datagram.destination))) {
        entry.remotes.push(datagram.destination)
      }
      return { ok: true, datagram: { ...datagram, source: entry.external } }
    },
    inbound(datagram, now) {
      if (datagram.protocol === 'esp') return { ok: false, reason: `${name}: plain ESP` }
      expire(now)
      const entry = byPort.get(datagram.destination.port)
      if (entry === undefined) return { ok: false, reason: `${name}: no mapping` }
      if (!letsIn(entry, datagram.source)) return { ok: false, reason: `${name}: filtered` }
      return { ok: true, datagram: { ...datagram, destination: entry.internal } }
    },
    flush(change = {}) {
      byInside.clear()
      byPort.clear()
      publicAddress = change.publicAddress ?? publicAddress
      firstPort = change.firstPort ?? firstPort
      lastPort = change.lastPort ?? Math.max(lastPort, firstPort)
      if (lastPort < firstPort) throw new RangeError('lastPort: before firstPort')
      nextPort = firstPort
    },
    mappings(now) {
      expire(now)
      return [...byInside.values()].map((entry) => ({ ...entry, remotes: [...entry.remotes] }))
    }
  }
}
