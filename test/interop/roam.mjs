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
  /** Set by {@link connect}. */
  #children = []

  constructor({ client, gateway }) {
    this.#client = client
    this.#gateway = gateway
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
    const echo = await this.echo(5)
    return `inner ${inner}, peer at ${seen(sa)}, IKE SPIs ${this.#spis}, ${echo}`
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
  async move(expected, change, { afterwards } = {}) {
    const stream = this.#client.echo(60, 50)
    stream.catch(() => {})
    await sleep(700)
    await change()
    const sa = await this.#movedTo(expected)
    await afterwards?.()
    const { sent, received, longestGapMs } = await stream
    const end = await this.echo(5)
    const rekeyed = (await this.#installed()).children.some(
      (child) => !this.#children.some((old) => old.in === child.in)
    )
    this.#children = (await this.#gateway.sa()).children
    const traffic = `stream ${received}/${sent}, longest gap ${longestGapMs} ms, then ${end}`
    return `peer now at ${seen(sa)}, same IKE SPIs, ${rekeyed ? 'Child SA rekeyed' : 'same ESP SPIs'}, ${traffic}`
  }

  /** The gateway sees the client at `expected` on the same IKE SA. */
  async movedWithLoss(expected, change) {
    await change()
    const sa = await this.#movedTo(expected)
    return `peer now at ${seen(sa)}, same IKE SPIs`
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
    return `peer at ${seen(after)} instead of ${seen(before)}, same IKE SPIs, ${await this.echo(5)}`
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
    const spis = what === 'IKE SA' ? this.#spis : after.children.map((child) => `${child.in}/${child.out}`).join(' ')
    return `new SPIs ${spis}, peer at ${seen(after)}, ${await this.echo(5)}`
  }
}

/** True for an address the router puts on what it masquerades. */
export function masqueraded(family) {
  return ({ address, port }) => ADDRESSES.router[family].includes(address) && port >= MASQUERADE_PORT
}

const seen = ({ remote }) =>
  remote.address.includes(':') ? `[${remote.address}]:${remote.port}` : `${remote.address}:${remote.port}`
