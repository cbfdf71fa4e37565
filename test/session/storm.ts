import { DEFAULT_SESSION_LIMITS, type SessionOptions } from '../../src/session/index.ts'
import { createSeededRandom } from '../../src/sim/index.ts'
import { type News, Pair, type SideName } from './pair.ts'

/** What happens to two sessions, and a network that loses, copies and delays. */

export type Deed =
  | { readonly what: 'wait'; readonly ms: number }
  | { readonly what: 'move'; readonly to: number; readonly before: boolean }
  | { readonly what: 'gatewayAddress'; readonly keep: number; readonly isDualStack?: boolean }
  | { readonly what: 'rekeyChild'; readonly who: SideName; readonly which: number }
  | { readonly what: 'newChild'; readonly who: SideName }
  | { readonly what: 'deleteChild'; readonly who: SideName; readonly which: number }
  | { readonly what: 'rekeyIke'; readonly who: SideName }
  | { readonly what: 'liveness'; readonly who: SideName }
  | { readonly what: 'update' }

/** Addresses of the hosts, one after the other or together. */
export const CLIENT_ADDRESSES = ['10.1.0.2', '10.2.0.2', '10.4.0.2']
export const GATEWAY_ADDRESSES = ['192.0.2.1', '198.51.100.1']
/** Those of hosts with IPv6 besides: a client that moves past the last IPv4 address has IPv6 alone, a gateway both at each site. */
const CLIENT_ADDRESS6 = '2001:db8:a::2'
const GATEWAY_ADDRESSES6 = ['2001:db8:1::1', '2001:db8:2::1']

/** Addresses of a gateway at the sites whose bits are set. */
export function gatewayAddresses(sites: number, isDualStack = false): { readonly address: string }[] {
  const all = isDualStack ? [...GATEWAY_ADDRESSES, ...GATEWAY_ADDRESSES6] : GATEWAY_ADDRESSES
  const kept = all.filter((_, index) => (sites & (1 << (index % GATEWAY_ADDRESSES.length))) !== 0)
  return kept.map((address) => ({ address }))
}

/** How bad the network is; the seed decides the rest. */
export interface Weather {
  readonly seed: number
  readonly loss: number
  readonly copies: number
  readonly jitterMs: number
}

/** A pair in this weather, whose hosts own the addresses they say they have. */
export function stormy(
  { seed, loss, copies, jitterMs }: Weather,
  options: Partial<SessionOptions> = {}
): { pair: Pair; calm(): void } {
  // Every third schedule with windows of 4: requests overtake each other and are answered in any order.
  const limits = { ...DEFAULT_SESSION_LIMITS, window: seed % 3 === 0 ? 4 : 1 }
  const pair = new Pair({ limits, ...options }, { limits, ...options })
  return { pair, calm: storm(pair, { seed, loss, copies, jitterMs }) }
}

/** Puts a pair into this weather; what is returned ends it. */
export function storm(pair: Pair, { seed, loss, copies, jitterMs }: Weather): () => void {
  // One schedule in eight is watched in every way, which takes several times as long.
  pair.isThorough = seed % 8 === 0
  const random = createSeededRandom(seed)
  let isCalm = false
  pair.copies = () => {
    const delay = (): number => 5 + (isCalm ? 0 : random.below(jitterMs + 1))
    if (isCalm) return [delay()]
    if (random.fraction() < loss) return []
    return random.fraction() < copies ? [delay(), delay()] : [delay()]
  }
  const owns = (name: SideName, address: string): boolean =>
    pair[name].session.state.surroundings.localAddresses.some((known) => known.address === address)
  pair.route = ({ from, path }) => {
    const to = from === 'client' ? 'gateway' : 'client'
    const reachable = owns(from, path.local.address) && owns(to, path.remote.address)
    return reachable ? { local: path.remote, remote: path.local } : undefined
  }
  return () => {
    isCalm = true
  }
}

/** Does one deed. */
export function perform(pair: Pair, deed: Deed): void {
  const childOf = (name: SideName, index: number): number | undefined => {
    const ids = pair.childIds(name)
    return ids[index % Math.max(1, ids.length)]
  }
  const tell = (name: SideName, news: News): void => void pair.tell(name, news)
  switch (deed.what) {
    case 'wait':
      return pair.advance(deed.ms)
    case 'move': {
      const address = CLIENT_ADDRESSES[deed.to] ?? CLIENT_ADDRESS6
      if (deed.before) {
        const addresses = [...pair.client.session.state.surroundings.localAddresses, { address, cost: -1 }]
        tell('client', { type: 'localAddressesChanged', addresses: addresses.slice(-2) })
        pair.advance(1500)
      }
      return tell('client', { type: 'localAddressesChanged', addresses: [{ address }] })
    }
    case 'gatewayAddress': {
      const addresses = gatewayAddresses(deed.keep, deed.isDualStack)
      return tell('gateway', { type: 'localAddressesChanged', addresses })
    }
    case 'rekeyChild':
    case 'deleteChild': {
      const id = childOf(deed.who, deed.which)
      if (id === undefined) return
      const type = deed.what === 'rekeyChild' ? 'childSaRekeyRequested' : 'childSaDeleteRequested'
      return tell(deed.who, { type, id })
    }
    case 'newChild':
      return tell(deed.who, { type: 'childSaRequested' })
    case 'rekeyIke':
      return tell(deed.who, { type: 'ikeSaRekeyRequested' })
    case 'liveness':
      return tell(deed.who, { type: 'livenessRequested' })
    case 'update':
      return tell('client', { type: 'updateRequested' })
  }
}
