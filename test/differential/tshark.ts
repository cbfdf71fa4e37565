import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { concatBytes, toHex } from '../../src/bytes/index.ts'
import { NON_ESP_MARKER } from '../../src/codec/index.ts'
import { writePcap } from '../../src/sim/index.ts'
import type { Sample } from './messages.ts'
import { type PdmlField, PdmlReader } from './pdml.ts'
import { type Statement, StatementList } from './statement-list.ts'

/** Octets of the IPv4 and UDP headers before a message. */
const HEADERS = 28

/** Fields whose value is a number. */
const NUMBERS: Readonly<Record<string, string>> = {
  'isakmp.nextpayload': 'next',
  'isakmp.version': 'version',
  'isakmp.exchangetype': 'exchangeType',
  'isakmp.flags': 'flags',
  'isakmp.messageid': 'messageId',
  'isakmp.length': 'length',
  'isakmp.typepayload': 'type',
  'isakmp.criticalpayload': 'critical',
  'isakmp.payloadlength': 'length',
  'isakmp.reserved': 'reserved',
  'isakmp.prop.number': 'number',
  'isakmp.prop.protoid': 'protocol',
  'isakmp.prop.transforms': 'transforms',
  'isakmp.spisize': 'spiSize',
  'isakmp.tf.type': 'transformType',
  'isakmp.tf.id': 'transformId',
  'isakmp.tf.id.encr': 'transformId',
  'isakmp.tf.id.prf': 'transformId',
  'isakmp.tf.id.integ': 'transformId',
  'isakmp.tf.id.dh': 'transformId',
  'isakmp.tf.id.esn': 'transformId',
  'isakmp.ike2.attr.format': 'isShort',
  'isakmp.ike2.attr.type': 'attributeType',
  'isakmp.ike2.attr.length': 'length',
  'isakmp.key_exchange.dh_group': 'group',
  'isakmp.id.type': 'idType',
  'isakmp.cert.encoding': 'encoding',
  'isakmp.certreq.type': 'encoding',
  'isakmp.auth.method': 'method',
  'isakmp.notify.protoid': 'protocol',
  'isakmp.notify.msgtype': 'notifyType',
  'isakmp.delete.protoid': 'protocol',
  'isakmp.spinum': 'count',
  'isakmp.ts.number': 'count',
  'isakmp.ts.type': 'selectorType',
  'isakmp.ts.protoid': 'protocol',
  'isakmp.ts.selector_length': 'length',
  'isakmp.ts.start_port': 'startPort',
  'isakmp.ts.end_port': 'endPort',
  'isakmp.cfg.type': 'configurationType',
  'isakmp.cfg.attr.type': 'attributeType',
  'isakmp.cfg.attr.length': 'length',
  'isakmp.frag.number': 'fragmentNumber',
  'isakmp.frag.total': 'totalFragments',
  'eap.code': 'code',
  'eap.id': 'identifier',
  'eap.len': 'length',
  'eap.type': 'eapType'
}

/** Fields that are octets.  */
const OCTETS: Readonly<Record<string, string>> = {
  'isakmp.ispi': 'initiatorSpi',
  'isakmp.rspi': 'responderSpi',
  'isakmp.spi': 'spi',
  'isakmp.delete.spi': 'spi',
  'isakmp.ike2.attr.value': 'value',
  'isakmp.key_exchange.data': 'data',
  'isakmp.id.data': 'data',
  'isakmp.cert.data': 'data',
  'isakmp.ike.certreq.authority': 'data',
  'isakmp.auth.data': 'data',
  'isakmp.nonce': 'data',
  'isakmp.notify.data': 'data',
  'isakmp.vid_bytes': 'data',
  'isakmp.ts.start_ipv4': 'startAddress',
  'isakmp.ts.end_ipv4': 'endAddress',
  'isakmp.ts.start_ipv6': 'startAddress',
  'isakmp.ts.end_ipv6': 'endAddress',
  'isakmp.cfg.attr.value': 'value',
  'isakmp.enc.iv': 'data',
  'isakmp.enc.data': 'data',
  'isakmp.enc.icd': 'data',
  'isakmp.datapayload': 'data'
}

/** What tshark tells in addition about octets that are stated already. */
const DETAILS =
  /^(geninfo|frame|raw|ip|udp|num|len|caplen|timestamp|filtered|isakmp|isakmp\.(mjver|mnver|flag_[irv]|ike2\.attr|ike2\.attr\.key_length|id\.data\..*|auth\.data\..*|notify\.data\..*|ike\.nat_.*|ike\.certreq\.authority\.sig|vid_string|vid\..*|ts\.data|cfg\.attr(\..*)?|enc\.(decrypted|contained|padding|pad_length)|attribute_value_empty))$/

/** Inside these, dissectors of other protocols speak. */
const OTHERS: ReadonlySet<string> = new Set([
  'eap',
  'isakmp.cert.data',
  'isakmp.id.data',
  '_ws.expert',
  '_ws.malformed'
])

/** Fields that tshark divides and we do not: IV, ciphertext and checksum, the hashes of a Certificate Request. */
const DIVIDED: ReadonlySet<string> = new Set([
  'isakmp.enc.iv',
  'isakmp.enc.data',
  'isakmp.enc.icd',
  'isakmp.ike.certreq.authority'
])

/** Wireshark's severities from warnings on. */
const SEVERITIES: Readonly<Record<string, string>> = { 8388608: 'error', 6291456: 'warning' }

/** Asks tshark about messages in one capture; `directory` is for its files. */
export async function dissectWithTshark(
  samples: readonly Sample[],
  directory: string
): Promise<readonly (readonly Statement[])[]> {
  mkdirSync(directory, { recursive: true })
  const capture = join(directory, 'messages.pcap')
  writeFileSync(capture, captured(samples))
  const answers: (readonly Statement[])[] = []
  const reader = new PdmlReader((fields) => {
    answers.push(tsharkStatements(fields, samples[answers.length]!))
  })
  const tshark = spawn('tshark', ['-n', '-r', capture, '-T', 'pdml', '-J', 'isakmp eap'], {
    env: { ...process.env, WIRESHARK_CONFIG_DIR: directory },
    stdio: ['ignore', 'pipe', 'ignore']
  })
  for await (const line of createInterface({ input: tshark.stdout })) reader.line(line)
  if (answers.length !== samples.length)
    throw new Error(`tshark answered ${answers.length} of ${samples.length} messages`)
  return answers
}

/** The messages as UDP datagrams, raw IPv4 packets. */
export function captured(samples: readonly Sample[]): Uint8Array {
  return writePcap(
    samples.map(({ bytes: message, port }, time) => ({
      kind: 'sent',
      id: time,
      host: 'one',
      towards: undefined,
      time,
      datagram: {
        source: { address: '192.0.2.1', port },
        destination: { address: '192.0.2.2', port },
        protocol: 'udp',
        bytes: port === 4500 ? concatBytes(NON_ESP_MARKER, message) : message
      }
    }))
  )
}

/** What tshark states about a message, from the fields of its packet. */
export function tsharkStatements(fields: readonly PdmlField[], { bytes, port }: Sample): readonly Statement[] {
  const base = port === 4500 ? HEADERS + NON_ESP_MARKER.length : HEADERS
  const collector = new FieldCollector(bytes, base)
  for (const field of fields) collector.take(field)
  return collector.all()
}

/** Collects statements about one run of octets; `base` is where tshark begins to count. */
class FieldCollector {
  private readonly list = new StatementList()
  private readonly octets: Uint8Array
  private readonly base: number
  /** Behind the last octet that tshark has read. */
  private end = 0
  private lastOctets: Statement | undefined
  private expert = { at: 0, message: '' }

  constructor(octets: Uint8Array, base: number) {
    this.octets = octets
    this.base = base
  }

  take(field: PdmlField): void {
    const { name, octets } = field
    const at = field.at - this.base
    if (!field.parents.some((parent) => parent === 'isakmp')) return
    const number = NUMBERS[name]
    const run = OCTETS[name]
    if (name.startsWith('_ws.')) this.takeExpert(field)
    else if (number !== undefined) this.addNumber(at, number, field)
    else if (run !== undefined) this.addOctets(at, run, octets, name)
    else if (name === 'isakmp.reserved7') this.addReservedBits(at, field)
    else if (name === 'eap') this.addOctets(at + 5, 'data', octets - 5, name)
    else if (!DETAILS.test(name) && !field.parents.some((parent) => OTHERS.has(parent))) this.add(at, name, field.show)
  }

  all(): readonly Statement[] {
    return this.list.all()
  }

  private add(at: number, name: string, value: number | string): void {
    this.list.add(at, name, value)
  }

  private addNumber(at: number, name: string, { show, octets, name: field }: PdmlField): void {
    this.add(at, name, field === 'isakmp.reserved' ? Number.parseInt(this.hex(at, octets), 16) : Number(show))
    if (name !== 'type') this.end = at + octets
  }

  /** The seven bits behind the Critical bit: worth a statement when they are not zero. */
  private addReservedBits(at: number, { show }: PdmlField): void {
    if (Number(show) !== 0) this.add(at, 'reserved', Number(show))
  }

  private addOctets(at: number, name: string, octets: number, field: string): void {
    if (octets <= 0) return
    const last = this.lastOctets
    const isPart = DIVIDED.has(field) && last !== undefined && last.at + String(last.value).length / 2 === at
    const start = isPart ? last.at : at
    if (isPart) this.list.remove(start, name)
    const value = this.hex(start, at + octets - start)
    this.add(start, name, value)
    this.lastOctets = DIVIDED.has(field) ? { at: start, name, value } : undefined
    this.end = at + octets
  }

  /** Complaints: their place is that of the field they are in, or where tshark stopped. */
  private takeExpert({ name, show, parents, parentAt }: PdmlField): void {
    if (name === '_ws.expert') {
      this.expert = { at: parents.at(-1) === '_ws.malformed' ? this.end : parentAt - this.base, message: '' }
    } else if (name === '_ws.expert.message') {
      this.expert.message = show
    } else if (name === '_ws.expert.severity' && SEVERITIES[show] !== undefined) {
      this.add(this.expert.at, 'complaint', `${SEVERITIES[show]}: ${this.expert.message}`)
    }
  }

  private hex(at: number, octets: number): string {
    const missing = at + octets - this.octets.length
    return `${toHex(this.octets.subarray(at, at + octets))}${missing > 0 ? ` and ${missing} octets more` : ''}`
  }
}
