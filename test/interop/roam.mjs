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
  #servers
  /** Set by {@link connect}. */
  #children = []

  /** `sameEsp`: the ESP SPIs must survive every move. `servers`: where echo goes, each through a Child SA of its own. */
  constructor({ client, gateway, sameEsp = false, servers = [ADDRESSES.server] }) {
    this.#servers = servers
    this.#client = client
    this.#gateway = gateway
    this.#sameEsp = sameEsp
  }

  async connect(expected) {
    const inner = await this.#client.connect()
    if (this.#servers.length > 1) await this.#client.addChild()
    const sa = await until('the gateway has the SA', 3_000, async () => {
      const found = await this.#gateway.sa()
      return found.children.length === this.#servers.length && found
    })
    this.#spis = `${sa.initiatorSpi} ${sa.responderSpi}`
    this.#children = sa.children
    expect(sa.remote.address === expected, `the gateway sees ${seen(sa)} instead of ${expected}`)
    return `inner ${inner}, ${await this.#views(sa)}, IKE SPIs ${this.#spis}, ${await this.echo(5)}`
  }

  /** Every echo comes back. */
  async echo(count = 5) {
    const results = await this.#echoes(count, 50)
    const text = `echo ${results.map(({ received, sent }) => `${received}/${sent}`).join(' and ')}`
    expect(
      results.every(({ received }) => received === count),
      text
    )
    return text
  }

  /** Through every Child SA at once. */
  #echoes(count, interval) {
    return Promise.all(this.#servers.map((server) => this.#client.echo(count, interval, server)))
  }

  /**
   * Runs `change` while echo goes through the tunnel; the gateway must see the client at `expected` on the same IKE SA, and
   * echo must go on. What is outstanding when the address goes may be lost.
   */
  async move(expected, change) {
    const stream = this.#echoes(50, 40)
    stream.catch(() => {})
    await sleep(400)
    await change()
    const sa = await this.#movedTo(expected)
    const streams = await stream
    const end = await this.echo(5)
    const rekeyed = (await this.#installed()).children.some(
      (child) => !this.#children.some((old) => old.in === child.in)
    )
    expect(!rekeyed || !this.#sameEsp, 'the ESP SPIs changed')
    this.#children = (await this.#gateway.sa()).children
    const traffic = `${streams.map(streamText).join(' and ')}, then ${end}`
    return `${await this.#views(sa)}, same IKE SPIs, ${rekeyed ? 'Child SA rekeyed' : 'same ESP SPIs'}, ${traffic}`
  }

  /** The gateway sees the client at `expected` on the same IKE SA. */
  async movedWithLoss(expected, change) {
    await change()
    return `${await this.#views(await this.#movedTo(expected, 60_000))}, same IKE SPIs`
  }

  async #movedTo(expected, patience = PATIENCE_MS) {
    const matches = typeof expected === 'string' ? (remote) => remote.address === expected : expected
    let last
    try {
      return await until('the gateway sees the move', patience, async () => {
        last = await this.#gateway.sa()
        expect(`${last.initiatorSpi} ${last.responderSpi}` === this.#spis, 'another IKE SA')
        return matches(last.remote) && last
      })
    } catch (error) {
      throw new Error(`${error.message}; it sees ${last && seen(last)}`)
    }
  }

  /** Waits until exactly one Child SA for each server is left installed. */
  async #installed() {
    return until('each Child SA installed once', 8_000, async () => {
      const sa = await this.#gateway.sa()
      return installedOf(sa).length === this.#servers.length && sa
    })
  }

  /** At least some of a longer row of echoes come back: for a network that loses packets. */
  async someEcho(share) {
    const results = await this.#echoes(40, 20)
    const text = `echo ${results.map(({ received, sent }) => `${received}/${sent}`).join(' and ')}`
    expect(
      results.every(({ received, sent }) => received >= sent * share),
      text
    )
    return text
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

  /** The gateway's outer address is taken away: the SA goes on at another one, with or without echo meanwhile. */
  async gatewayMoved(change, { sending }) {
    const before = await this.#gateway.sa()
    const stream = sending ? this.#echoes(100, 40) : undefined
    stream?.catch(() => {})
    if (sending) await sleep(400)
    const started = performance.now()
    await change(before.local.address)
    const after = await until('another gateway address', 25_000, async () => {
      const sa = await this.#gateway.sa()
      expect(`${sa.initiatorSpi} ${sa.responderSpi}` === this.#spis, 'another IKE SA')
      return sa.local.address !== before.local.address && sa
    })
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    const traffic = stream === undefined ? '' : `, ${(await stream).map(streamText).join(' and ')}`
    await this.#installed()
    this.#children = (await this.#gateway.sa()).children
    const echo = await until('echo comes back', 15_000, () => this.echo())
    return `${after.local.address} instead of ${before.local.address} after ${seconds} s, same IKE SPIs${traffic}, ${echo}`
  }

  /** A rekey that starts as the client moves: both come to an end. */
  async rekeyedWhileMoving(what, expected, start) {
    const renewed = await this.#renewed(what, start, 20_000)
    const views = await this.#views(await this.#movedTo(expected))
    await this.#installed()
    this.#children = (await this.#gateway.sa()).children
    return `${views}, new SPIs ${renewed}, ${await until('echo comes back', 15_000, () => this.echo())}`
  }

  /** The IKE SA, or every Child SA, has new SPIs. */
  async rekeyed(what, start) {
    const renewed = await this.#renewed(what, start, 10_000)
    return `new SPIs ${renewed}, ${await this.#views(await this.#gateway.sa())}, ${await this.echo(5)}`
  }

  /** The new SPIs as text; remembers them. */
  async #renewed(what, start, ms) {
    const before = await this.#gateway.sa()
    await start()
    const after = await until(`${what} rekeyed`, ms, async () => {
      const sa = await this.#gateway.sa()
      const installed = installedOf(sa)
      if (installed.length !== this.#servers.length) return false
      const changed =
        what === 'IKE SA'
          ? sa.initiatorSpi !== before.initiatorSpi
          : !installed.some((child) => before.children.some((old) => old.in === child.in))
      return changed && sa
    })
    if (what !== 'IKE SA') expect(after.initiatorSpi === before.initiatorSpi, 'the IKE SA changed')
    this.#spis = `${after.initiatorSpi} ${after.responderSpi}`
    this.#children = after.children
    const installed = installedOf(after).map((child) => `${child.in} ${child.out}`)
    return what === 'IKE SA' ? this.#spis : installed.join(' and ')
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

const installedOf = ({ children }) => children.filter(({ state }) => state === 'INSTALLED')

const streamText = ({ received, sent, longestGapMs }) => `stream ${received}/${sent}, longest gap ${longestGapMs} ms`

const seen = ({ remote }) =>
  remote.address.includes(':') ? `[${remote.address}]:${remote.port}` : `${remote.address}:${remote.port}`
