// A charon daemon in a namespace of the lab: started with its own /run, driven by swanctl, read by its log.

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sleep, until } from './lab.mjs'

const execFileAsync = promisify(execFile)
const TEMPLATES = fileURLToPath(new URL('./templates/', import.meta.url))

export const SECRET = 'correct horse battery staple'

/** When charon repeats a request: after `timeout` s, then each time `base` times as late, `tries` times. */
export const retransmission = (timeout, base, tries) =>
  `retransmit_timeout = ${timeout}\n  retransmit_base = ${base}\n  retransmit_tries = ${tries}`

export class StrongSwan {
  #child
  #directory
  #uri

  constructor(directory) {
    this.#directory = directory
    this.#uri = `unix://${directory}/charon.vici`
  }

  /**
   * @param lab the network
   * @param host `client` or `gateway`
   * @param directory where its configuration, socket and log go; made here
   * @param settings values for the template's placeholders, `IKE`, `ESP`, `REMOTE`, `DPD`; `userSpaceEsp: false` leaves ESP out
   */
  static async start(lab, host, directory, settings) {
    mkdirSync(directory, { recursive: true })
    const values = {
      DPD: '0s',
      MOBIKE: 'yes',
      REMOTE: '%any',
      NETWORK: '10.9.0.0/24',
      RETRANSMISSION: retransmission(1, 1.5, 6),
      EXTRA: '',
      SECRET,
      ...settings,
      DIRECTORY: directory,
      LIBIPSEC: settings.userSpaceEsp === false ? '' : 'kernel-libipsec'
    }
    fill('strongswan.conf', join(directory, 'strongswan.conf'), values)
    fill(`${host}.swanctl.conf`, join(directory, 'swanctl.conf'), values)
    const daemon = new StrongSwan(directory)
    daemon.#child = lab.spawn(
      host,
      'unshare',
      ['-m', 'sh', '-c', 'mount -t tmpfs tmpfs /run && exec /usr/lib/ipsec/charon'],
      { stdio: 'ignore', env: { ...process.env, STRONGSWAN_CONF: join(directory, 'strongswan.conf') } }
    )
    await until('charon listens', 10_000, () => existsSync(join(directory, 'charon.vici')))
    await until('charon takes its configuration', 5_000, async () => {
      const answer = await daemon.swanctl('--load-all', '--file', join(directory, 'swanctl.conf'))
      return answer.includes('successfully loaded 1 connections')
    })
    return daemon
  }

  async swanctl(command, ...args) {
    try {
      const { stdout } = await execFileAsync('swanctl', [command, '--uri', this.#uri, ...args], {
        timeout: 20_000,
        env: { ...process.env, STRONGSWAN_CONF: join(this.#directory, 'strongswan.conf') }
      })
      return stdout
    } catch (error) {
      throw new Error(`swanctl ${command} ${args.join(' ')}: ${error.stderr || error.stdout || error.message}`)
    }
  }

  initiate() {
    return this.swanctl('--initiate', '--child', 'net', '--timeout', '10')
  }

  /** The IKE SAs `swanctl --list-sas` shows. */
  async sas() {
    return parseSas(await this.swanctl('--list-sas'))
  }

  /** The one established IKE SA; throws when there is none or more. */
  async sa() {
    const sas = (await this.sas()).filter((sa) => sa.state === 'ESTABLISHED')
    if (sas.length !== 1) throw new Error(`${sas.length} established IKE SAs instead of 1`)
    return sas[0]
  }

  get log() {
    return readFileSync(join(this.#directory, 'charon.log'), 'utf8')
  }

  get directory() {
    return this.#directory
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    await Promise.race([ended, sleep(4_000).then(() => this.#child.kill('SIGKILL'))])
  }
}

function fill(template, target, values) {
  const text = readFileSync(join(TEMPLATES, template), 'utf8')
  writeFileSync(
    target,
    text.replace(/@([A-Z]+)@/g, (_, name) => {
      if (values[name] === undefined) throw new Error(`${template}: no value for ${name}`)
      return values[name]
    })
  )
}

/** `swanctl --list-sas` as data. */
export function parseSas(text) {
  const sas = []
  for (const line of text.split('\n')) {
    const current = sas.at(-1)
    const ike = /^\S+: #\d+, (\S+), IKEv2, ([0-9a-f]{16})_i\*? ([0-9a-f]{16})_r/.exec(line)
    if (ike) {
      sas.push({ state: ike[1], initiatorSpi: ike[2], responderSpi: ike[3], children: [] })
      continue
    }
    if (!current) continue
    const end = /^ {2}(local|remote) +'([^']*)' @ (\S+)\[(\d+)\](?: \[([^\]]*)\])?/.exec(line)
    if (end) {
      current[end[1]] = { identity: end[2], address: end[3], port: Number(end[4]), inner: end[5] }
      continue
    }
    const child = /^ {2}\S+: #\d+, reqid \d+, (\S+), /.exec(line)
    if (child) {
      current.children.push({ state: child[1] })
      continue
    }
    const spi = /^ {4}(in|out) +([0-9a-f]{8})/.exec(line)
    if (spi) current.children.at(-1)[spi[1]] = spi[2]
  }
  return sas
}
