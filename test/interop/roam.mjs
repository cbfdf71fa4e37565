// Steps of a roaming session, the same for every pair of ends: a `client` that connects and sends echo, a `gateway` that
// tells what it sees of its peer.

import { ADDRESSES, sleep, until } from './lab.mjs'
import { expect } from './scenario.mjs'

/** Time a client has to notice what happened and to move. */
const PATIENCE_MS = 15_000
const MASQUERADE_PORT = 20_000

/** One session in which a client moves about. */
export class Roaming {
  #client
  #gateway
  #spis
  #sameEsp
  /** Set by {@link connect}. */
  #children = []

  /** `sameEsp`: the ESP SPIs must survive every move. */
  constructor({ client, gateway, sameEsp = false }) {
    this.#client = client
    this.#gateway = gateway
    this.#sameEsp = sameEsp
  }

  async connect(expected) {
    const inner = await this.#client.connect()
    const sa = await until('the gateway has the SA', 3_000, async () => {
      const found = await this.#gateway.sa()
      return found.children.length > 0 && found
    })
    this.#spis = `${sa.initiatorSpi} ${sa.responderSpi}`
    this.#children = sa.children
    expect(sa.remote.address === expected, `the gateway sees ${seen(sa)} instead of ${expected}`)
    return `inner ${inner}, ${await this.#views(sa)}, IKE SPIs ${this.#spis}, ${await this.echo(5)}`
  }

  /** Every echo comes back. */
  async echo(count = 5) {
    const result = await this.#client.echo(count, 50)
    expect(result.received === count, `echo ${result.received}/${count}`)
    return `echo ${result.received}/${count}`
  }

  /**
   * Runs `change` while echo goes through the tunnel; the gateway must see the client at `expected` on the same IKE SA, and
   * echo must go on. What is outstanding when the address goes may be lost.
   */
  async move(expected, change) {
    const stream = this.#client.echo(50, 40)
    stream.catch(() => {})
    await sleep(400)
    await change()
    const sa = await this.#movedTo(expected)
    const { sent, received, longestGapMs } = await stream
    const end = await this.echo(5)
    const rekeyed = (await this.#installed()).children.some(
      (child) => !this.#children.some((old) => old.in === child.in)
    )
    expect(!rekeyed || !this.#sameEsp, 'the ESP SPIs changed')
    this.#children = (await this.#gateway.sa()).children
    const traffic = `stream ${received}/${sent}, longest gap ${longestGapMs} ms, then ${end}`
    return `${await this.#views(sa)}, same IKE SPIs, ${rekeyed ? 'Child SA rekeyed' : 'same ESP SPIs'}, ${traffic}`
  }

  /** The gateway sees the client at `expected` on the same IKE SA. */
  async movedWithLoss(expected, change) {
    await change()
    return `${await this.#views(await this.#movedTo(expected))}, same IKE SPIs`
  }

  async #movedTo(expected) {
    const matches = typeof expected === 'string' ? (remote) => remote.address === expected : expected
    let last
    try {
      return await until('the gateway sees the move', PATIENCE_MS, async () => {
        last = await this.#gateway.sa()
        expect(`${last.initiatorSpi} ${last.responderSpi}` === this.#spis, 'another IKE SA')
        return matches(last.remote) && last
      })
    } catch (error) {
      throw new Error(`${error.message}; it sees ${last && seen(last)}`)
    }
  }

  /** Waits until exactly one Child SA is left installed. */
  async #installed() {
    return until('one Child SA installed', 8_000, async () => {
      const sa = await this.#gateway.sa()
      return sa.children.filter((child) => child.state === 'INSTALLED').length === 1 && sa
    })
  }

  /** At least some of a longer row of echoes come back: for a network that loses packets. */
  async someEcho(share) {
    const { sent, received } = await this.#client.echo(40, 20)
    expect(received >= sent * share, `echo ${received}/${sent}`)
    return `echo ${received}/${sent}`
  }

  /** The client did not move, but the gateway sees it at another port, or at another address as well. */
  async remapped(change, address) {
    const before = await this.#gateway.sa()
    await change()
    const after = await this.#movedTo(
      (remote) => remote.address === (address ?? before.remote.address) && remote.port !== before.remote.port
    )
    await this.#installed()
    this.#children = (await this.#gateway.sa()).children
    return `${await this.#views(after)} instead of ${seen(before)}, same IKE SPIs, ${await this.echo(5)}`
  }

  /** The IKE SA has new SPIs; remembers them. */
  async rekeyed(what, start) {
    const before = await this.#gateway.sa()
    await start()
    const after = await until(`${what} rekeyed`, 10_000, async () => {
      const sa = await this.#gateway.sa()
      const installed = sa.children.filter((child) => child.state === 'INSTALLED')
      if (installed.length !== 1) return false
      const changed =
        what === 'IKE SA'
          ? sa.initiatorSpi !== before.initiatorSpi
          : !before.children.some((child) => child.in === installed[0].in)
      return changed && sa
    })
    if (what !== 'IKE SA') expect(after.initiatorSpi === before.initiatorSpi, 'the IKE SA changed')
    this.#spis = `${after.initiatorSpi} ${after.responderSpi}`
    this.#children = after.children
    const installed = after.children.find((child) => child.state === 'INSTALLED')
    const spis = what === 'IKE SA' ? this.#spis : `${installed.in} ${installed.out}`
    return `new SPIs ${spis}, ${await this.#views(after)}, ${await this.echo(5)}`
  }

  /** Where each strongSwan says, with swanctl, that the SA runs; a client must name the same IKE SPIs as its gateway. */
  async #views(sa) {
    const gateway = `${this.#gateway.daemon === undefined ? 'we see' : 'swanctl: remote'} ${seen(sa)}`
    if (this.#client.daemon === undefined) return gateway
    const own = await until('both ends agree on the IKE SA', 3_000, async () => {
      const found = await this.#client.daemon.sa()
      return `${found.initiatorSpi} ${found.responderSpi}` === this.#spis && found
    })
    return `swanctl: local ${own.local.address}, ${gateway}`
  }
}

/** True for an address the router puts on what it masquerades. */
export function masqueraded(family) {
  return ({ address, port }) => ADDRESSES.router[family].includes(address) && port >= MASQUERADE_PORT
}

const seen = ({ remote }) =>
  remote.address.includes(':') ? `[${remote.address}]:${remote.port}` : `${remote.address}:${remote.port}`
