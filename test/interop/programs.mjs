// The example programs of `examples/driver` as ends of a scenario, and strongSwan behind the same small interface: a client
// connects, sends echo and roams; a gateway tells what it sees of its peer.

import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ADDRESSES, sleep, until } from './lab.mjs'
import { SECRET, StrongSwan } from './strongswan.mjs'

const DIST = fileURLToPath(new URL('../../examples/driver/dist/', import.meta.url))
const UDP_ECHO = fileURLToPath(new URL('./udp-echo.mjs', import.meta.url))
export const ECHO_PORT = 7007
const SERVERS = `${ADDRESSES.server},${ADDRESSES.secondServer}`
const NETWORK = { address: '10.9.0.0', prefixLength: 24 }
const UPPER_HALF = { address: '10.9.0.128', prefixLength: 25 }

/** A running example program: commands in, JSON lines out. */
class Program {
  events = []
  #child
  #log

  constructor(lab, host, name, directory, options) {
    mkdirSync(directory, { recursive: true })
    const file = join(directory, 'options.json')
    this.#log = join(directory, 'log.jsonl')
    writeFileSync(file, JSON.stringify(options, null, 2))
    this.#child = lab.spawn(host, process.execPath, [join(DIST, `${name}.js`), file], {
      stdio: ['pipe', 'pipe', 'pipe']
    })
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      appendFileSync(this.#log, `${line}\n`)
      this.events.push(JSON.parse(line))
    })
    this.#child.stderr.on('data', (chunk) => appendFileSync(this.#log, chunk))
    this.#child.stdin.on('error', () => {})
  }

  send(command) {
    this.#child.stdin.write(`${command}\n`)
  }

  /** The first event from index `from` on that `accepts` likes. */
  waitFor(what, ms, accepts, from = 0) {
    return until(what, ms, () => {
      const event = this.events.slice(from).find(accepts)
      if (event === undefined && this.#child.exitCode !== null) throw new Error('the program ended')
      return event
    })
  }

  /** Sends a command and resolves to its answer. */
  ask(command, type, ms = 5_000) {
    const from = this.events.length
    this.send(command)
    return this.waitFor(`answer to ${command}`, ms, (event) => event.type === type, from)
  }

  /** The reports of one kind from index `from` on; for MOBIKE reports `mobike/KIND`. */
  reports(kind, from = 0) {
    const [outer, inner] = kind.split('/')
    return this.events
      .slice(from)
      .filter((event) => event.type === 'report' && event.kind === outer)
      .map((event) => (inner === undefined ? event : event.report))
      .filter((report) => inner === undefined || report.kind === inner)
  }

  /** The host falls asleep: not one instruction of the program runs. */
  pause() {
    this.#child.kill('SIGSTOP')
  }

  /** It wakes, and its clock has gone on by `seconds` more. */
  wake(seconds) {
    this.send(`skip ${seconds}`)
    this.#child.kill('SIGCONT')
  }

  async stop() {
    if (this.#child.exitCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.send('quit')
    await Promise.race([ended, sleep(2_000).then(() => this.#child.kill('SIGKILL'))])
  }
}

/** Our client. */
export class OurClient extends Program {
  static async start({ lab, host = 'client', directory, suite, remotes, initialContact = true }) {
    const client = new OurClient(lab, host, 'client', join(directory, 'client'), {
      suite: suite.name,
      secret: SECRET,
      ...suite.ours,
      localIdentity: 'client.example',
      peerIdentity: 'gateway.example',
      gateway: remotes,
      initialContact,
      costs: { wlan: 0, wwan: 10 },
      network: suite.network ?? NETWORK,
      server: { address: ADDRESSES.server, port: ECHO_PORT }
    })
    await client.waitFor('the client starts', 5_000, (event) => event.type === 'ready')
    return client
  }

  async connect() {
    this.send('connect')
    await this.waitFor('established', 10_000, (event) => event.kind === 'established')
    const { addresses } = await this.waitFor('inner address', 1_000, (event) => event.type === 'configured')
    await this.waitFor('Child SA', 1_000, (event) => event.kind === 'childSaEstablished')
    return addresses.join(' ')
  }

  /** A second Child SA, for the upper half of the network. */
  async addChild() {
    const from = this.events.length
    this.send(`child ${UPPER_HALF.address} ${UPPER_HALF.prefixLength}`)
    await this.waitFor('second Child SA', 5_000, (event) => event.kind === 'childSaEstablished', from)
  }

  async echo(count, interval, server = ADDRESSES.server) {
    const from = this.events.length
    this.send(`echo ${count} ${interval} ${server}`)
    const isIts = (event) => event.type === 'echo' && event.server === server
    return this.waitFor(`echo from ${server}`, count * interval + 10_000, isIts, from)
  }
}

/** Our responder, with the echo server inside. */
export class OurGateway extends Program {
  static async start({ lab, directory, suite }) {
    const gateway = new OurGateway(lab, 'gateway', 'gateway', join(directory, 'gateway'), {
      suite: suite.name,
      secret: SECRET,
      ...suite.ours,
      localIdentity: 'gateway.example',
      peerIdentity: 'client.example',
      addresses: [...ADDRESSES.gateway[4], ...ADDRESSES.gateway[6]],
      innerAddresses: ['10.99.0.1', '10.99.0.2'],
      network: NETWORK,
      server: { address: ADDRESSES.server, port: ECHO_PORT },
      moreServers: [ADDRESSES.secondServer]
    })
    await gateway.waitFor('the gateway starts', 5_000, (event) => event.type === 'ready')
    return gateway
  }

  /** What it sees of its peer, in the form of {@link StrongSwan.sa}. */
  async sa() {
    const { sessions } = await this.ask('status', 'status')
    const session = sessions.filter(({ phase }) => phase === 'established').at(-1)
    if (session === undefined) throw new Error('no established session')
    const { initiatorSpi, responderSpi } = session.ikeSas[0]
    const path = session.childSas.at(-1)?.path
    return {
      initiatorSpi,
      responderSpi,
      local: path?.local,
      remote: path?.remote,
      children: session.childSas.map((child) => ({ state: 'INSTALLED', in: child.localSpi, out: child.remoteSpi }))
    }
  }
}

/** strongSwan as the roaming client. */
export class StrongSwanClient {
  daemon
  #lab

  static async start({ lab, directory, suite, remotes }) {
    const client = new StrongSwanClient()
    client.#lab = lab
    client.daemon = await StrongSwan.start(lab, 'client', join(directory, 'client'), {
      ...suite.strongSwan,
      REMOTE: remotes.join(',')
    })
    return client
  }

  async connect() {
    await this.daemon.initiate()
    return (await this.daemon.sa()).local.inner
  }

  addChild() {
    return this.daemon.swanctl('--initiate', '--child', 'net2', '--timeout', '10')
  }

  async echo(count, interval, server = ADDRESSES.server) {
    const args = [UDP_ECHO, 'send', server, String(ECHO_PORT), String(count), String(interval)]
    return JSON.parse(await this.#lab.exec('client', process.execPath, args))
  }

  stop() {
    return this.daemon.stop()
  }
}

/** strongSwan as the gateway, with the echo server on the host behind it. */
export class StrongSwanGateway {
  daemon
  #server

  static async start({ lab, directory, suite, userSpaceEsp }) {
    const gateway = new StrongSwanGateway()
    gateway.#server = lab.spawn('server', process.execPath, [UDP_ECHO, 'serve', SERVERS, String(ECHO_PORT)], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    await new Promise((resolve) => gateway.#server.stdout.once('data', resolve))
    gateway.daemon = await StrongSwan.start(lab, 'gateway', join(directory, 'gateway'), {
      ...suite.strongSwan,
      userSpaceEsp
    })
    return gateway
  }

  sa() {
    return this.daemon.sa()
  }

  async stop() {
    this.#server.kill('SIGKILL')
    await this.daemon.stop()
  }
}
