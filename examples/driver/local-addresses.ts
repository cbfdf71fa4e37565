import { networkInterfaces } from 'node:os'
import { canonicalIpAddress } from 'ikev2-mobike'
import type { LocalAddress } from 'ikev2-mobike/mobike'

/** Which addresses to use, and what they cost. */
export interface AddressOptions {
  /** Only these; default all there are. */
  readonly addresses?: readonly string[]
  /** Cost by the first letters of an interface's name; lower is better, default 0. */
  readonly costs?: Readonly<Record<string, number>>
}

/** 169.254.0.0/16 and fe80::/10. */
const LINK_LOCAL = /^(169\.254\.|fe[89ab])/

/**
 * This host's addresses on links that are up, without loopback and link-local ones. Node does not report the temporary and
 * deprecated flags of IPv6: a product reads them from the platform.
 */
export function localAddresses({ addresses: only, costs = {} }: AddressOptions): readonly LocalAddress[] {
  const found: LocalAddress[] = []
  for (const [interfaceName, entries] of Object.entries(networkInterfaces())) {
    const prefix = Object.keys(costs).find((name) => interfaceName.startsWith(name))
    const cost = prefix === undefined ? 0 : (costs[prefix] ?? 0)
    for (const { address: text, internal } of entries ?? []) {
      const address = canonicalIpAddress(text)
      if (internal || address === undefined || LINK_LOCAL.test(address)) continue
      if (only === undefined || only.includes(address)) found.push({ address, interfaceName, cost })
    }
  }
  return found
}

/**
 * Calls `changed` with the addresses now and whenever they differ; returns a function that ends it. Polling is for the
 * example: a product listens to rtnetlink, a route socket or the platform's network callbacks.
 */
export function watchLocalAddresses(
  options: AddressOptions,
  intervalMs: number,
  changed: (addresses: readonly LocalAddress[]) => void
): () => void {
  let last = ''
  const look = () => {
    const addresses = localAddresses(options)
    const text = JSON.stringify(addresses)
    if (text === last) return
    last = text
    changed(addresses)
  }
  look()
  const timer = setInterval(look, intervalMs)
  return () => clearInterval(timer)
}
