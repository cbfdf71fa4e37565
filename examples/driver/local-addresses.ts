import { networkInterfaces } from 'node:os'
import { canonicalIpAddress, ipFamily } from '../../src/index.ts'
import type { LocalAddress } from '../../src/mobike/types.ts'

/** Lower is better; by the first letters of an interface's name. */
export type InterfaceCosts = Readonly<Record<string, number>>

/**
 * This host's addresses as the session wants them: links that are up, without loopback and without those the session
 * could never use. Node does not report the temporary and deprecated flags of IPv6: a product reads them from the platform.
 */
export function localAddresses(costs: InterfaceCosts): readonly LocalAddress[] {
  const found: LocalAddress[] = []
  for (const [interfaceName, addresses] of Object.entries(networkInterfaces())) {
    for (const { address: text, internal } of addresses ?? []) {
      const address = canonicalIpAddress(text)
      if (internal || address === undefined) continue
      const prefix = Object.keys(costs).find((name) => interfaceName.startsWith(name))
      found.push({
        address,
        interfaceName,
        cost: prefix === undefined ? 0 : (costs[prefix] ?? 0),
        linkLocal: ipFamily(address) === 4 ? address.startsWith('169.254.') : /^fe[89ab]/.test(address)
      })
    }
  }
  return found
}

/**
 * Calls `changed` with the addresses now and whenever they differ; returns a function that ends it.
 * Polling is for the example: a product listens to rtnetlink, a route socket or the platform's network callbacks.
 */
export function watchLocalAddresses(
  costs: InterfaceCosts,
  intervalMs: number,
  changed: (addresses: readonly LocalAddress[]) => void
): () => void {
  let last = ''
  const look = () => {
    const addresses = localAddresses(costs)
    const text = JSON.stringify(addresses)
    if (text === last) return
    last = text
    changed(addresses)
  }
  look()
  const timer = setInterval(look, intervalMs)
  return () => clearInterval(timer)
}
