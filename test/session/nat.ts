import type { Path } from '../../src/bytes/index.ts'
import type { Datagram, Pair } from './pair.ts'

/** A NAT in front of one client address: other addresses pass as they are. */
export class Nat {
  private base = 40_000
  private readonly pair: Pair
  readonly inside: string
  readonly outside: string

  constructor(pair: Pair, inside = '10.2.0.2', outside = '203.0.113.7') {
    this.pair = pair
    this.inside = inside
    this.outside = outside
    const direct = pair.route
    pair.route = (datagram: Datagram): Path | undefined => {
      const { from, path } = datagram
      if (from === 'client' && path.local.address === this.inside) {
        return {
          local: path.remote,
          remote: { address: this.outside, port: this.port(path.local.port) }
        }
      }
      if (from === 'gateway' && path.remote.address === this.outside) {
        const port = [500, 4500].find((candidate) => this.port(candidate) === path.remote.port)
        if (port === undefined) return undefined
        const arrives = { local: { address: this.inside, port }, remote: path.local }
        const isThere = this.pair.client.session.state.surroundings.localAddresses.some(
          ({ address }) => address === this.inside
        )
        return isThere ? arrives : undefined
      }
      return direct(datagram)
    }
  }

  /** The outside port of an inside one. */
  port(inside: number): number {
    return this.base + (inside === 500 ? 0 : 1)
  }

  /** The NAT forgets its mappings: the next packet gets another port. */
  flush(): void {
    this.base += 1000
  }
}
