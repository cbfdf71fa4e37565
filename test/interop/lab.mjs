// The network every scenario runs in: a client with two links, a router that forwards and can be a NAT, a gateway with
// two addresses, and a server behind the gateway, each in a network namespace of its own.

import { execFile, execFileSync, spawn } from 'node:child_process'
import { promisify } from 'node:util'

const execFileAsync = promisify(execFile)

/** Addresses of the topology; `links` are the client's, `gateway` the gateway's outer ones. */
export const ADDRESSES = {
  wlan0: { 4: '10.1.0.2', 6: '2001:db8:a1::2' },
  wwan0: { 4: '10.2.0.2', 6: '2001:db8:a2::2' },
  gateway: { 4: ['192.0.2.1', '198.51.100.1'], 6: ['2001:db8:1::1', '2001:db8:2::1'] },
  /** What a masqueraded packet comes from, by the gateway address it goes to. */
  router: { 4: ['192.0.2.254', '198.51.100.254'], 6: ['2001:db8:1::ff', '2001:db8:2::ff'] },
  server: '10.9.0.1',
  /** In the upper half of the network behind the gateway, for a Child SA of its own. */
  secondServer: '10.9.0.129'
}

const ROUTES = {
  wlan0: { 4: '10.1.0.1', 6: '2001:db8:a1::1', metric: 100, table: 101 },
  wwan0: { 4: '10.2.0.1', 6: '2001:db8:a2::1', metric: 200, table: 102 }
}

/** Builds the namespaces; {@link Lab.destroy} removes everything again. */
export class Lab {
  #prefix = `ikmb${process.pid}-`
  #children = new Set()

  /** Name of a namespace: `client`, `router`, `gateway` or `server`. */
  namespace(host) {
    return this.#prefix + host
  }

  create() {
    for (const host of ['client', 'router', 'gateway', 'server']) {
      run('ip', ['netns', 'add', this.namespace(host)])
      this.ip(host, 'link set lo up')
      for (const setting of ['accept_dad=0', 'accept_ra=0', 'dad_transmits=0']) {
        for (const scope of ['all', 'default']) this.#sysctl(host, `net.ipv6.conf.${scope}.${setting}`)
      }
    }
    this.#link('client', 'wlan0', 'router', 'wlan')
    this.#link('client', 'wwan0', 'router', 'wwan')
    this.#link('gateway', 'eth0', 'router', 'net0')
    this.#link('gateway', 'eth1', 'router', 'net1')
    this.#link('gateway', 'inside', 'server', 'eth0')
    this.#address('router', 'wlan', ['10.1.0.1/24', '2001:db8:a1::1/64'])
    this.#address('router', 'wwan', ['10.2.0.1/24', '2001:db8:a2::1/64'])
    this.#address('router', 'net0', ['192.0.2.254/24', '2001:db8:1::ff/64'])
    this.#address('router', 'net1', ['198.51.100.254/24', '2001:db8:2::ff/64'])
    this.#address('gateway', 'eth0', ['192.0.2.1/24', '2001:db8:1::1/64'])
    this.#address('gateway', 'eth1', ['198.51.100.1/24', '2001:db8:2::1/64'])
    this.#address('gateway', 'inside', ['10.9.0.254/24', '10.9.0.126/24'])
    this.#address('server', 'eth0', ['10.9.0.1/24', '10.9.0.129/24'])
    for (const host of ['router', 'gateway']) {
      this.#sysctl(host, 'net.ipv4.ip_forward=1')
      this.#sysctl(host, 'net.ipv6.conf.all.forwarding=1')
      for (const scope of ['all', 'default']) this.#sysctl(host, `net.ipv4.conf.${scope}.rp_filter=0`)
    }
    this.ip('server', 'route add default via 10.9.0.254')
    this.ip('gateway', 'route add default via 192.0.2.254 metric 100')
    this.ip('gateway', 'route add default via 198.51.100.254 metric 200')
    this.ip('gateway', '-6 route add default via 2001:db8:1::ff metric 100')
    this.ip('gateway', '-6 route add default via 2001:db8:2::ff metric 200')
    for (const [name, route] of Object.entries(ROUTES)) {
      this.ip('client', `rule add from ${ADDRESSES[name][4]} lookup ${route.table}`)
      this.ip('client', `-6 rule add from ${ADDRESSES[name][6]} lookup ${route.table}`)
    }
    this.nft('router', 'add table inet lab')
    this.nft('router', 'add chain inet lab nat { type nat hook postrouting priority 100; }')
    this.nft('router', 'add chain inet lab filter { type filter hook forward priority 0; }')
  }

  /** Both links down, no NAT, no loss: where every scenario starts. */
  reset() {
    this.clearNat()
    this.clearFilter()
    for (const link of ['wlan0', 'wwan0']) this.linkDown(link)
  }

  /** Brings a client link up with the addresses of these families (default both) and the routes over it. */
  linkUp(link, families = [4, 6]) {
    this.ip('client', `addr flush dev ${link}`)
    this.ip('client', `link set ${link} up`)
    for (const family of families) {
      const { metric, table, [family]: via } = ROUTES[link]
      const flag = family === 6 ? '-6 ' : ''
      this.ip('client', `addr add ${ADDRESSES[link][family]}/${family === 6 ? '64 nodad' : '24'} dev ${link}`)
      this.ip('client', `${flag}route replace default via ${via} dev ${link} metric ${metric}`)
      this.ip('client', `${flag}route replace default via ${via} dev ${link} table ${table}`)
    }
  }

  /** Takes a client link down; its addresses and routes go with it. */
  linkDown(link) {
    this.ip('client', `link set ${link} down`)
    this.ip('client', `addr flush dev ${link}`)
  }

  /** The router masquerades what comes from this client link, with ports of this range. */
  masquerade(link, ports = '20000-29999') {
    this.nft('router', 'flush chain inet lab nat')
    for (const [family, keyword] of [
      [4, 'ip'],
      [6, 'ip6']
    ]) {
      this.nft(
        'router',
        `add rule inet lab nat ${keyword} saddr ${ADDRESSES[link][family]} meta l4proto udp masquerade to :${ports}`
      )
    }
    this.forgetConnections()
  }

  clearNat() {
    this.nft('router', 'flush chain inet lab nat')
    this.forgetConnections()
  }

  /** Drops what the router forwards to this address. */
  blackhole(address) {
    this.nft('router', `add rule inet lab filter ${address.includes(':') ? 'ip6' : 'ip'} daddr ${address} drop`)
  }

  /** Drops one of so many packets the router forwards, counted over both ways: never two in a row, so nothing fails by chance. */
  loseOneIn(count) {
    this.nft('router', `add rule inet lab filter numgen inc mod ${count} == 0 drop`)
  }

  /** Drops three of ten packets the router forwards, never two in a row. */
  loseThreeInTen() {
    this.nft('router', 'add rule inet lab filter numgen inc mod 10 { 1, 4, 8 } drop')
  }

  /** Takes an outer IPv4 address of the gateway away, or gives it back, with its default route (`change`: `del` or `add`). */
  gatewayAddress(change, address) {
    const index = ADDRESSES.gateway[4].indexOf(address)
    this.ip('gateway', `addr ${change} ${address}/24 dev eth${index}`)
    if (change === 'del') return
    this.ip('gateway', `route replace default via ${ADDRESSES.router[4][index]} metric ${100 * (index + 1)}`)
  }

  /**
   * Drops IKE requests (Response flag clear, behind a non-ESP marker) from port 4500 of this IPv4 address; its responses and ESP
   * pass.
   */
  dropRequestsFrom(address) {
    const [marker, flags] = ['@th,64,32 0', '@th,248,8 & 0x20 == 0']
    this.nft('router', `add rule inet lab filter ip saddr ${address} udp sport 4500 ${marker} ${flags} drop`)
  }

  clearFilter() {
    this.nft('router', 'flush chain inet lab filter')
  }

  /** Makes the NAT forget its mappings. */
  forgetConnections() {
    // conntrack exits with 1 when there is nothing to flush on some versions.
    runQuietly('ip', ['netns', 'exec', this.namespace('router'), 'conntrack', '-F'])
  }

  ip(host, command) {
    return run('ip', ['-n', this.namespace(host), ...command.split(' ')])
  }

  nft(host, command) {
    return run('ip', ['netns', 'exec', this.namespace(host), 'nft', command])
  }

  /** Runs a program on a host to its end; resolves to its standard output. */
  async exec(host, file, args, options = {}) {
    const { stdout } = await execFileAsync('ip', ['netns', 'exec', this.namespace(host), file, ...args], options)
    return stdout
  }

  /** Starts a program on a host; it is killed by {@link Lab.destroy} if it still runs then. */
  spawn(host, file, args, options = {}) {
    const child = spawn('ip', ['netns', 'exec', this.namespace(host), file, ...args], options)
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return child
  }

  destroy() {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const host of ['client', 'router', 'gateway', 'server']) {
      runQuietly('ip', ['netns', 'del', this.namespace(host)])
    }
  }

  #link(hostA, nameA, hostB, nameB) {
    run('ip', [
      ...['link', 'add', nameA, 'netns', this.namespace(hostA), 'type', 'veth'],
      ...['peer', 'name', nameB, 'netns', this.namespace(hostB)]
    ])
    this.ip(hostA, `link set ${nameA} up`)
    this.ip(hostB, `link set ${nameB} up`)
  }

  #address(host, link, addresses) {
    for (const address of addresses) {
      this.ip(host, `addr add ${address} dev ${link}${address.includes(':') ? ' nodad' : ''}`)
    }
  }

  #sysctl(host, setting) {
    run('ip', ['netns', 'exec', this.namespace(host), 'sysctl', '-qw', setting])
  }
}

function run(file, args) {
  try {
    return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    throw new Error(`${file} ${args.join(' ')}: ${String(error.stderr).trim()}`)
  }
}

function runQuietly(file, args) {
  try {
    execFileSync(file, args, { stdio: 'ignore' })
  } catch {
    // Best effort: what is to be removed may be gone already.
  }
}

/** Resolves after `ms` milliseconds. */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Polls until `probe` returns something truthy and resolves to it; rejects after `ms` with `what` and the last error. */
export async function until(what, ms, probe) {
  const end = performance.now() + ms
  let last = ''
  while (performance.now() < end) {
    try {
      const value = await probe()
      if (value) return value
    } catch (error) {
      last = `: ${error.message}`
    }
    await sleep(100)
  }
  throw new Error(`not within ${ms} ms: ${what}${last}`)
}
